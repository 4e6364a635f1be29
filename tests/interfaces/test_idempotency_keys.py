"""Keys in the journal: recorded with the events they belong to, or not at all."""

from uuid import UUID

import pytest

from application.journal import Journal, PerformedBefore
from domain.errors import ConcurrentChange
from domain.events import Chain, Once
from domain.ids import new_id
from domain.run import Run
from interfaces.event_store import journal_environment
from tests.interfaces.cutting_proxy import CuttingProxy
from tests.interfaces.web.scenes import described

RUN = UUID(int=7)


def once(key: str = "k", digest: bytes = b"d", subject: UUID = RUN) -> Once:
    return Once(key, digest, subject)


def chain(key: Once | None, command: str = "command") -> Chain:
    return Chain("correlation", command, once=key)


def new_run() -> Run:
    run = Run(new_id())
    run.trigger(described())
    return run


def test_a_key_is_recorded_with_its_events_and_refused_the_second_time(database_url: str) -> None:
    with Journal(journal_environment(database_url)) as journal:
        position = journal.record(new_run(), run_id=RUN, chain=chain(once()))
        performed = journal.performed("k")
        assert performed is not None
        assert (performed.digest, performed.subject, performed.position) == (b"d", RUN, position)
        with pytest.raises(PerformedBefore) as refused:
            journal.record(new_run(), run_id=RUN, chain=chain(once(digest=b"other"), "another"))
        assert refused.value.performed == performed
        assert journal.head() == position
        assert journal.performed("unknown") is None


def test_what_cannot_be_appended_leaves_no_key_behind(database_url: str) -> None:
    with Journal(journal_environment(database_url)) as journal:
        run = new_run()
        journal.record(run, run_id=RUN, chain=chain(None))
        rival = Run(run.id)
        rival.trigger(described(name="rival"))
        with pytest.raises(ConcurrentChange):
            journal.record(rival, run_id=RUN, chain=chain(once()))
        assert journal.performed("k") is None


def test_a_command_without_events_is_remembered_where_the_journal_ended(database_url: str) -> None:
    with Journal(journal_environment(database_url)) as journal:
        head = journal.record(new_run(), run_id=RUN, chain=chain(None))
        assert journal.record(run_id=RUN, chain=chain(once())) == head
        journal.record(new_run(), run_id=RUN, chain=chain(None))
        with pytest.raises(PerformedBefore) as refused:
            journal.record(run_id=RUN, chain=chain(once(), "another"))
        assert refused.value.performed.position == head


@pytest.mark.parametrize("with_events", [True, False])
def test_a_lost_answer_to_the_commit_is_no_repetition(database_url: str, with_events: bool) -> None:
    with CuttingProxy(database_url) as proxy, Journal(journal_environment(proxy.url)) as journal:
        runs = [new_run()] if with_events else []
        proxy.cut(b"weaver_append_once", reaches_server=True)
        position = journal.record(*runs, run_id=RUN, chain=chain(once()))
        assert proxy.cuts == 1
        performed = journal.performed("k")
        assert performed is not None
        assert position == performed.position == journal.head()
        assert len(journal.read(0, 10)) == len(runs)


def test_another_request_with_the_key_while_the_connection_broke_is_a_repetition(database_url: str) -> None:
    with (
        CuttingProxy(database_url) as proxy,
        Journal(journal_environment(proxy.url)) as journal,
        Journal(journal_environment(database_url)) as rival,
    ):
        first: list[int] = []

        def be_faster() -> None:
            first.append(rival.record(new_run(), run_id=RUN, chain=chain(once(), "the rival's")))

        proxy.cut(b"weaver_append_once", reaches_server=False, meanwhile=be_faster)
        with pytest.raises(PerformedBefore) as refused:
            journal.record(new_run(), run_id=RUN, chain=chain(once()))
        assert refused.value.performed.position == first[0]
        assert len(journal.read(0, 10)) == 1

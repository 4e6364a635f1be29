"""The journal: whole transactions, no lost and no doubled event, one order."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

import pytest

from application.journal import MAX_BATCH, Journal
from domain.errors import ConcurrentChange, DatabaseUnavailable, InvalidInput
from domain.event_catalogue import decode
from domain.events import Chain, Event, Recorded
from domain.ids import OrderIds, new_id
from domain.order import OrderCreated
from domain.run import CostSettings, Run, RunCreated, RunStartRequested
from interfaces.event_store import journal_environment

AT = datetime(2025, 1, 1, tzinfo=UTC)
CHAIN = Chain("corr-1", "cause-1", "trace-1", actor="test")


@pytest.fixture
def journal(database_url: str) -> Iterator[Journal]:
    with Journal(journal_environment(database_url, pool_size=2)) as opened:
        yield opened


def new_run(run_id: UUID | None = None) -> Run:
    run = Run(run_id or new_id())
    run.trigger(
        RunCreated(
            at=AT,
            name="n",
            strategy_id="s",
            strategy_version="1",
            mode="backtest",
            symbols=("X",),
            timeframe="1m",
            exchange="simulated",
            parameters={"fast": 3, "size": "0.1"},
            initial_cash=Decimal(10),
            costs=CostSettings(),
        )
    )
    return run


def orders(run_id: UUID, count: int, first: int = 1) -> list[Recorded]:
    ids = OrderIds(UUID(int=1), run_id)
    return [
        Recorded(
            ids.order_id(n),
            1,
            OrderCreated(
                at=AT, run_id=run_id, client_order_id=str(n), sequence=n, symbol="X", side="buy", qty=Decimal("0.5")
            ),
        )
        for n in range(first, first + count)
    ]


def test_what_was_recorded_is_loaded_again_as_it_was(journal: Journal) -> None:
    run = new_run()
    run.request_start(AT)
    position = journal.record(run, run_id=run.id, chain=CHAIN)
    loaded = journal.load(Run, run.id)
    assert loaded is not None
    assert (loaded.version, loaded.created, loaded.start_requested) == (2, run.created, True)
    assert position == journal.head()
    assert journal.load(Run, new_id()) is None


def test_entries_carry_the_causal_chain_the_run_and_a_plain_payload(journal: Journal) -> None:
    run = new_run()
    journal.record(run, run_id=run.id, chain=CHAIN)
    (entry,) = journal.read(0, 10)
    assert (entry.stream_id, entry.version, entry.topic, entry.run_id) == (run.id, 1, "run.created", run.id)
    assert entry.meta == {"corr_id": "corr-1", "causation_id": "cause-1", "trace_id": "trace-1", "actor": "test"}
    assert decode(entry.topic, entry.state) == run.created
    assert entry.recorded_at.tzinfo is not None
    assert journal.stream(run.id) == [entry]


def test_of_two_who_decided_on_the_same_version_the_second_is_told_and_nothing_of_it_is_written(
    journal: Journal,
) -> None:
    run = new_run()
    journal.record(run, run_id=run.id, chain=CHAIN)
    first, second = journal.load(Run, run.id), journal.load(Run, run.id)
    assert first is not None
    assert second is not None
    first.request_start(AT)
    second.delete(AT)
    journal.record(first, run_id=run.id, chain=CHAIN)
    other = new_run()
    with pytest.raises(ConcurrentChange):
        journal.record(other, second, run_id=run.id, chain=CHAIN)
    assert [entry.topic for entry in journal.read(0, 10)] == ["run.created", "run.start_requested"]
    assert journal.load(Run, other.id) is None


def test_equal_decisions_by_different_commands_conflict_too(journal: Journal) -> None:
    run_id = new_id()
    journal.record(new_run(run_id), run_id=run_id, chain=CHAIN)
    with pytest.raises(ConcurrentChange):
        journal.record(new_run(run_id), run_id=run_id, chain=Chain("corr-1", "cause-2", "trace-1", actor="test"))


def test_nothing_to_record_answers_with_the_head(journal: Journal) -> None:
    run = new_run()
    position = journal.record(run, run_id=run.id, chain=CHAIN)
    assert journal.record(run, run_id=run.id, chain=CHAIN) == position


def test_an_unregistered_event_is_refused_before_anything_is_written(journal: Journal) -> None:
    class Stranger(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "run.created"

    run = new_run()
    run._pending.append(Recorded(run.id, 2, Stranger(at=AT)))
    with pytest.raises(InvalidInput, match="not a registered event"):
        journal.record(run, run_id=run.id, chain=CHAIN)
    assert journal.head() == 0


def test_a_payload_above_the_limit_is_refused(journal: Journal) -> None:
    run = new_run()
    run._pending.append(Recorded(run.id, 2, RunStartRequested(at=AT)))
    big = new_run()
    big._pending[:] = [
        Recorded(
            big.id,
            1,
            RunCreated(
                **{name: getattr(run.created, name) for name in RunCreated.__struct_fields__} | {"notes": "x" * 100_001}
            ),
        )
    ]
    with pytest.raises(InvalidInput, match="at most 100000"):
        journal.record(big, run_id=big.id, chain=CHAIN)


def test_a_batch_is_appended_in_order_and_equals_single_appends(journal: Journal) -> None:
    run_id = new_id()
    batch = orders(run_id, MAX_BATCH)
    position = journal.append_batch(batch, run_id, CHAIN)
    entries = journal.read(0, 5000, run_id=run_id)
    assert [(entry.stream_id, entry.version) for entry in entries] == [(one.originator_id, 1) for one in batch]
    assert [decode(entry.topic, entry.state) for entry in entries] == [one.event for one in batch]
    assert entries[-1].position == position
    assert entries[0].meta == {"corr_id": "corr-1", "causation_id": "cause-1", "trace_id": "trace-1", "actor": "test"}


def test_a_batch_that_meets_a_taken_version_is_a_conflict_as_a_whole(journal: Journal) -> None:
    run_id = new_id()
    journal.append_batch(orders(run_id, 1, first=5), run_id, CHAIN)
    with pytest.raises(ConcurrentChange):
        journal.append_batch(orders(run_id, 8), run_id, CHAIN)
    assert len(journal.read(0, 100)) == 1


@pytest.mark.parametrize("count", [0, MAX_BATCH + 1])
def test_a_batch_has_a_bounded_size(journal: Journal, count: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        journal.append_batch(orders(new_id(), count), new_id(), CHAIN)


def test_reading_filters_by_topic_and_run_and_goes_on_after_a_position(journal: Journal) -> None:
    one, two = new_run(), new_run()
    for run in (one, two):
        run.request_start(AT)
        journal.record(run, run_id=run.id, chain=CHAIN)
    assert [entry.run_id for entry in journal.read(0, 10, topics=["run.created"])] == [one.id, two.id]
    mine = journal.read(0, 10, run_id=two.id)
    assert [entry.topic for entry in mine] == ["run.created", "run.start_requested"]
    assert journal.read(mine[0].position, 1, run_id=two.id) == mine[1:]


def test_a_database_that_is_away_is_said_in_one_line(tmp_path: object) -> None:
    url = "postgresql://weaver:secret@127.0.0.1:9/weaver"
    with pytest.raises(DatabaseUnavailable) as caught:
        Journal(journal_environment(url, pool_size=1) | {"POSTGRES_CONNECT_TIMEOUT": "1"})
    assert "\n" not in caught.value.message
    assert "secret" not in caught.value.message


def test_the_environment_of_the_user_does_not_configure_the_journal(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PERSISTENCE_MODULE": "eventsourcing.popo",
        "WEAVER_PERSISTENCE_MODULE": "eventsourcing.popo",
        "POSTGRES_ENABLE_DB_FUNCTIONS": "y",
        "WEAVER_POSTGRES_ENABLE_DB_FUNCTIONS": "y",
        "COMPRESSOR_TOPIC": "zlib",
        "IS_SNAPSHOTTING_ENABLED": "y",
    }.items():
        monkeypatch.setenv(name, value)
    with Journal(journal_environment(database_url, pool_size=1)) as opened:
        run = new_run()
        opened.record(run, run_id=run.id, chain=CHAIN)
        assert opened.factory.datastore.enable_db_functions is False  # type: ignore[attr-defined]
        assert opened.load(Run, run.id) is not None


@pytest.mark.parametrize("unstorable", ["a\x00b", "\ud800"])
def test_a_chain_that_postgres_cannot_store_is_refused_by_both_ways_to_append(
    journal: Journal, unstorable: str
) -> None:
    run, chain = new_run(), Chain(unstorable, "cause-1", actor="test")
    with pytest.raises(InvalidInput, match="cannot store"):
        journal.record(run, run_id=run.id, chain=chain)
    with pytest.raises(InvalidInput, match="cannot store"):
        journal.append_batch(orders(run.id, 3), run.id, chain)
    assert journal.head() == 0


def test_a_stream_is_given_by_version_and_an_unknown_one_is_empty(journal: Journal) -> None:
    run = new_run()
    journal.record(run, run_id=run.id, chain=CHAIN)
    other = new_run()
    journal.record(other, run_id=other.id, chain=CHAIN)
    again = journal.load(Run, run.id)
    assert again is not None
    again.request_start(AT)
    again.request_stop(AT)
    journal.record(again, run_id=run.id, chain=CHAIN)
    stream = journal.stream(run.id)
    assert [(entry.version, entry.topic) for entry in stream] == [
        (1, "run.created"),
        (2, "run.start_requested"),
        (3, "run.stop_requested"),
    ]
    assert journal.stream(new_id()) == []

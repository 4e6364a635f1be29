"""The tail: every new entry once and in order, whatever happens to notifications, connections and the server."""

import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep
from uuid import UUID

import pytest

from application.journal import Journal
from domain.events import Chain, JournalEntry
from domain.ids import new_id
from domain.order import Order, OrderCreated
from interfaces import journal_tail
from interfaces.database import connect, migrate
from interfaces.embedded_postgres import EmbeddedPostgres
from interfaces.event_store import journal_environment
from interfaces.journal_tail import PAGE, SAFETY_POLL, STALE, JournalTail, report_progress
from tests.interfaces.cutting_proxy import CuttingProxy
from tests.journal_writers import race

AT = datetime(2025, 1, 1, tzinfo=UTC)
RUN = UUID("01900000-0000-7000-8000-000000000001")
CHAIN = Chain("corr", "cause", actor="test")


class Listener:
    """A subscriber that keeps what it hears."""

    def __init__(self) -> None:
        self.pages: list[int] = []
        self.positions: list[int] = []
        self.streams: list[UUID] = []
        self.progress: list[tuple[UUID, float]] = []

    def on_entries(self, entries: Sequence[JournalEntry]) -> None:
        self.pages.append(len(entries))
        self.positions += [entry.position for entry in entries]
        self.streams += [entry.stream_id for entry in entries]

    def on_progress(self, run_id: UUID, fraction: float) -> None:
        self.progress.append((run_id, fraction))


@pytest.fixture
def journal(database_url: str) -> Iterator[Journal]:
    with Journal(journal_environment(database_url)) as opened:
        yield opened


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def tail(database_url: str, listener: Listener) -> Iterator[JournalTail]:
    """A tail at work, to which a listener is subscribed."""
    tail = JournalTail(database_url)
    tail.subscribe(listener.on_entries, listener.on_progress)
    tail.start()
    until(lambda: tail.alive)
    yield tail
    tail.stop()


def until(is_true: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = monotonic() + seconds
    while not is_true():
        assert monotonic() < deadline, "it has not come about in time"
        sleep(0.002)


def new_order() -> Order:
    order = Order(new_id())
    created = OrderCreated(
        at=AT, run_id=RUN, client_order_id=str(order.id), sequence=1, symbol="X", side="buy", qty=Decimal(1)
    )
    order.trigger(created)
    return order


def record(journal: Journal) -> int:
    return journal.record(new_order(), run_id=RUN, chain=CHAIN)


def append_batch(journal: Journal) -> int:
    return journal.append_batch(new_order().collect_events(), RUN, CHAIN)


def append_silently(database_url: str) -> UUID:
    """Append an event without a notification."""
    stream_id = new_id()
    with connect(database_url) as connection:
        connection.execute(
            "insert into weaver_events (originator_id, originator_version, topic, state, previous, hash) "
            "values (%s, 1, 'order.cancelled', '{}', 0, '')",
            (stream_id,),
        )
    return stream_id


def test_it_begins_at_the_head_and_hands_out_only_what_comes_after(journal: Journal, database_url: str) -> None:
    old = record(journal)
    listener, tail = Listener(), JournalTail(database_url)
    tail.subscribe(listener.on_entries, listener.on_progress)
    assert (tail.head, tail.alive) == (0, False)
    tail.start()
    until(lambda: tail.alive)
    assert tail.head == old
    new = record(journal)
    until(lambda: listener.positions == [new])
    tail.stop()
    assert not tail.alive


def test_whoever_waits_hears_at_once_that_the_journal_has_grown(
    journal: Journal, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_tail, "SAFETY_POLL", 4.0)  # so that only a notification can be that fast
    tail = JournalTail(database_url)
    tail.start()
    until(lambda: tail.alive)
    for append in (record, append_batch):
        writer = threading.Timer(0.05, append, (journal,))
        began, head = monotonic(), tail.head
        writer.start()
        assert tail.wait(head, 10) > head
        assert monotonic() - began < 1.0
        writer.join()
    assert tail.wait(0, 10) == tail.head, "at once, since there is something beyond"
    tail.stop()


def test_waiting_ends_when_the_time_is_up_or_the_tail_is_stopped(tail: JournalTail) -> None:
    began = monotonic()
    assert tail.wait(tail.head, 0.05) == tail.head
    assert 0.04 < monotonic() - began < 1.0
    waiter = threading.Thread(target=tail.wait, args=(tail.head, 60))
    waiter.start()
    tail.stop()
    waiter.join(2)
    assert not waiter.is_alive()


def test_a_lost_notification_costs_no_more_than_one_poll(
    database_url: str, tail: JournalTail, listener: Listener
) -> None:
    assert SAFETY_POLL <= 1.0
    began = monotonic()
    stream_id = append_silently(database_url)
    until(lambda: listener.streams == [stream_id])
    assert monotonic() - began < SAFETY_POLL + 0.5


def test_a_burst_is_read_in_pages_and_each_entry_given_once_and_in_order(
    database_url: str, tail: JournalTail, listener: Listener
) -> None:
    writers, batches = 3, 8
    expected: list[UUID] = []

    def write() -> None:
        with Journal(journal_environment(database_url, pool_size=1)) as own:
            for _ in range(batches):
                orders = [new_order() for _ in range(PAGE)]
                expected.extend(order.id for order in orders)
                own.append_batch([event for order in orders for event in order.collect_events()], RUN, CHAIN)
                record(own)

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = writers * batches * (PAGE + 1)
    until(lambda: len(listener.positions) >= total)
    assert len(listener.positions) == total
    assert listener.positions == sorted(set(listener.positions))
    assert set(listener.streams) >= set(expected)
    assert max(listener.pages) <= PAGE


@pytest.mark.timeout(300)
def test_eight_processes_that_append_at_once_make_the_tail_pass_over_nothing(database_url: str) -> None:
    """Some 10,000 events of each by both paths of the recorder; `make bench` has 10,000 appends of each."""
    outcome = race(database_url, writers=8, appends=500, largest=80)
    assert len(outcome.recorded) > 8 * 9_000
    assert outcome.told == outcome.recorded


def test_subscribers_hear_first_and_those_who_wait_soon_after(
    journal: Journal, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_tail, "HEAD_START", 0.3)
    told: list[float] = []
    tail = JournalTail(database_url)
    tail.subscribe(lambda entries: told.append(monotonic()), lambda run_id, fraction: None)
    tail.start()
    until(lambda: tail.alive)
    writers = [threading.Timer(delay, record, (journal,)) for delay in (0.05, 0.2, 0.35)]
    for writer in writers:
        writer.start()
    assert tail.wait(0, 5) > 0
    woken = monotonic()
    assert 0.25 < woken - told[0] < 1.0, "further entries do not put it off"
    for writer in writers:
        writer.join()
    until(lambda: len(told) == 3)
    tail.stop()


def test_those_who_wait_are_woken_once_the_subscribers_say_so(
    journal: Journal, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_tail, "HEAD_START", 20.0)
    told = threading.Event()
    tail = JournalTail(database_url)
    tail.subscribe(lambda entries: told.set(), lambda run_id, fraction: None)
    tail.start()
    until(lambda: tail.alive)
    heads: list[int] = []
    waiting = threading.Thread(target=lambda: heads.append(tail.wait(0, 10)))
    waiting.start()
    position = record(journal)
    assert told.wait(5)
    waiting.join(0.2)
    assert heads == [], "subscribers have not said that they are done"
    tail.announce()
    waiting.join(5)
    assert heads == [position]
    tail.stop()


def test_without_subscribers_nobody_waits_for_them(
    journal: Journal, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_tail, "HEAD_START", 20.0)
    tail = JournalTail(database_url)
    tail.start()
    until(lambda: tail.alive)
    writer = threading.Timer(0.1, record, (journal,))
    writer.start()
    assert tail.wait(0, 5) > 0
    writer.join()
    tail.stop()


def test_it_counts_what_it_has_seen_and_how_often_it_had_to_connect_again(
    journal: Journal, database_url: str, tail: JournalTail
) -> None:
    assert (tail.entries_seen, tail.reconnects) == (0, 0)
    record(journal)
    until(lambda: tail.entries_seen == 1)
    with connect(database_url) as killer:
        killer.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where application_name = 'weaver tail' and datname = current_database()"
        )
    record(journal)
    until(lambda: tail.entries_seen == 2)
    assert tail.reconnects == 1


def test_a_dropped_connection_is_replaced_and_nothing_missed_or_repeated(
    database_url: str, journal: Journal, tail: JournalTail, listener: Listener
) -> None:
    expected = []
    for _ in range(5):
        expected.append(record(journal))
        with connect(database_url) as killer:
            killed = killer.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
                "where application_name = 'weaver tail' and datname = current_database()"
            ).fetchall()
        expected.append(record(journal))
        assert killed
        until(lambda: tail.head == expected[-1], 5)
    until(lambda: listener.positions == expected)
    assert tail.alive


def test_a_connection_that_breaks_before_the_first_look_costs_nothing(
    journal: Journal, database_url: str, listener: Listener
) -> None:
    with CuttingProxy(database_url) as proxy:
        tail = JournalTail(proxy.url)
        tail.subscribe(listener.on_entries, listener.on_progress)
        tail.start()
        until(lambda: tail.alive)
        first = record(journal)
        until(lambda: listener.positions == [first])
        # Its next connection is cut once it listens, before it has looked.
        proxy.cut(b"listen weaver_progress", reaches_server=True)
        with connect(database_url) as killer:
            killer.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
                "where application_name = 'weaver tail' and datname = current_database()"
            )
        second = record(journal)
        until(lambda: listener.positions == [first, second], 5)
        assert proxy.cuts == 1
        tail.stop()


@pytest.mark.parametrize("way", ["stopped", "killed"])
def test_a_restart_of_the_server_is_survived_within_five_seconds(way: str, listener: Listener) -> None:
    with tempfile.TemporaryDirectory(prefix="weaver-tail-") as directory:
        server = EmbeddedPostgres(Path(directory))
        migrate(server.start())
        tail = JournalTail(server.url)
        tail.subscribe(listener.on_entries, listener.on_progress)
        tail.start()
        until(lambda: tail.alive)
        with Journal(journal_environment(server.url)) as journal:
            expected = [record(journal)]
            until(lambda: listener.positions == expected)
            if way == "stopped":
                server.release()
            else:
                postmaster = int((Path(directory) / "data" / "postmaster.pid").read_text().split()[0])
                os.kill(postmaster, signal.SIGKILL)
            until(lambda: not tail.alive)
            away_since = tail.seconds_since_look
            until(lambda: tail.seconds_since_look > away_since + 0.3)
            assert tail.failure is not None
            server.start()
            began = monotonic()
            expected.append(record(journal))
            until(lambda: listener.positions == expected, 5)
            until(lambda: tail.alive)
            assert monotonic() - began < 5
        tail.stop()
        server.release()


def test_a_tail_that_cannot_look_is_not_alive_and_says_for_how_long(
    database_url: str, journal: Journal, tail: JournalTail, listener: Listener
) -> None:
    with connect(database_url) as operator:
        with operator.transaction():
            operator.execute("lock table weaver_events in access exclusive mode")
            until(lambda: not tail.alive, STALE + 5)
            assert tail.seconds_since_look >= STALE
        until(lambda: tail.alive)
    assert tail.seconds_since_look < STALE
    position = record(journal)
    until(lambda: listener.positions == [position])


def test_without_a_database_it_keeps_trying_and_says_why(caplog: pytest.LogCaptureFixture) -> None:
    tail = JournalTail("postgresql://weaver:secret@127.0.0.1:1/weaver")
    tail.start()
    until(lambda: tail.failure is not None and "refused" in tail.failure)
    assert not tail.alive
    sleep(0.3)
    tail.stop()
    told = [record.getMessage() for record in caplog.records if record.name == "interfaces.journal_tail"]
    assert len(told) == 1, "the same trouble is told once"
    assert "secret" not in told[0]


def test_a_subscriber_that_raises_is_dropped_loudly_and_the_others_go_on(
    database_url: str, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    calls, listener, tail = [], Listener(), JournalTail(database_url)

    def broken(entries: Sequence[JournalEntry]) -> None:
        calls.append(len(entries))
        raise ValueError("this entry is too much for me")

    tail.subscribe(broken, listener.on_progress)
    tail.subscribe(listener.on_entries, listener.on_progress)
    tail.start()
    until(lambda: tail.alive)
    expected = [record(journal)]
    until(lambda: listener.positions == expected)
    expected.append(record(journal))
    until(lambda: listener.positions == expected)
    assert calls == [1]
    assert tail.wait(0, 0) == expected[-1]
    assert not tail.alive
    assert tail.failure is not None
    assert "too much for me" in tail.failure
    assert any(entry.exc_info and entry.levelname == "ERROR" for entry in caplog.records)
    tail.stop()


def test_progress_is_told_to_every_subscriber_and_nonsense_is_passed_over(
    database_url: str, tail: JournalTail, listener: Listener, journal: Journal
) -> None:
    with connect(database_url) as connection:
        connection.execute("select pg_notify('weaver_progress', 'nonsense')")
        for fraction in (0.25, 1.0):
            assert report_progress(connection, RUN, fraction)
    until(lambda: listener.progress == [(RUN, 0.25), (RUN, 1.0)])
    position = record(journal)
    until(lambda: listener.positions == [position])
    assert tail.alive


def test_a_run_goes_on_when_its_progress_cannot_be_told(database_url: str) -> None:
    with connect(database_url) as connection:
        connection.close()
        assert not report_progress(connection, RUN, 0.5)


def test_a_journal_that_was_restored_to_an_earlier_time_is_noticed(
    database_url: str, journal: Journal, tail: JournalTail
) -> None:
    position = record(journal)
    until(lambda: tail.head == position)
    with connect(database_url) as operator:
        operator.execute("delete from weaver_events")
        operator.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'weaver tail' "
            "and datname = current_database()"
        )
    until(lambda: tail.failure is not None and "restored to an earlier time" in tail.failure)
    assert not tail.alive


def test_it_remembers_the_topics_of_the_newest_entries_and_says_when_it_does_not(
    tail: JournalTail, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = tail.head
    assert tail.topics(start, start) == frozenset()
    first = journal.record(new_order(), run_id=RUN, chain=CHAIN)
    until(lambda: tail.head == first)
    assert tail.topics(start, first) == frozenset({OrderCreated.TOPIC})
    assert tail.topics(first, first) == frozenset()
    assert tail.topics(start, first + 1) is None, "nobody has seen that yet"
    assert tail.topics(start - 1, first) is None, "recorded before its first look"
    for _ in range(journal_tail.RECENT):
        last = journal.record(new_order(), run_id=RUN, chain=CHAIN)
    until(lambda: tail.head == last)
    assert tail.topics(first, last) == frozenset({OrderCreated.TOPIC})
    assert tail.topics(first - 1, last) is None, "forgotten"

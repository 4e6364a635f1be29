"""The recorder: one order of positions, whole appends, and no false answer when connections break."""

import itertools
import logging
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent, Tracking
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from application.journal import MAX_BATCH, Journal
from domain.errors import ConcurrentChange, DatabaseUnavailable
from domain.events import Chain
from domain.ids import new_id
from domain.order import Order, OrderCreated
from interfaces.database import connect, migrate
from interfaces.embedded_postgres import EmbeddedPostgres
from interfaces.event_store import _APPEND, APPEND_LOCK, PostgresJournalRecorder, journal_environment
from tests.interfaces.cutting_proxy import CuttingProxy

AT = datetime(2025, 1, 1, tzinfo=UTC)
RUN = UUID("01900000-0000-7000-8000-000000000001")
CHAIN = Chain("corr", "cut here", "trace", actor="test")

type Append = Callable[[Journal, Order, Chain], int]


@pytest.fixture
def journal(database_url: str) -> Iterator[Journal]:
    with Journal(journal_environment(database_url)) as opened:
        yield opened


@pytest.fixture
def proxy(database_url: str) -> Iterator[CuttingProxy]:
    with CuttingProxy(database_url) as running:
        yield running


@pytest.fixture
def cut_off(proxy: CuttingProxy) -> Iterator[Journal]:
    """A journal whose connections pass the proxy."""
    with Journal(journal_environment(proxy.url)) as opened:
        yield opened


def new_order(order_id: UUID | None = None) -> Order:
    order = Order(order_id or new_id())
    created = OrderCreated(
        at=AT, run_id=RUN, client_order_id=str(order.id), sequence=1, symbol="X", side="buy", qty=Decimal("0.5")
    )
    order.trigger(created)
    return order


def record(journal: Journal, order: Order, chain: Chain = CHAIN) -> int:
    return journal.record(order, run_id=RUN, chain=chain)


def append_batch(journal: Journal, order: Order, chain: Chain = CHAIN) -> int:
    return journal.append_batch(order.collect_events(), RUN, chain)


# How to append, and what the client says last before the transaction commits; or first, before it has any lock.
WAYS = pytest.mark.parametrize(
    ("append", "last_words"), [(record, b"cut here"), (append_batch, b"COMMIT")], ids=["record", "append_batch"]
)
BEGINNINGS = pytest.mark.parametrize(
    ("append", "first_words"), [(record, b"cut here"), (append_batch, b"BEGIN")], ids=["record", "append_batch"]
)


@WAYS
def test_an_append_whose_commit_was_not_answered_is_recognised_and_not_repeated(
    append: Append, last_words: bytes, cut_off: Journal, proxy: CuttingProxy
) -> None:
    order = new_order()
    order.cancel(AT, "test")
    proxy.cut(last_words, reaches_server=True)
    position = append(cut_off, order, CHAIN)
    assert proxy.cuts == 1
    assert [(entry.version, entry.position) for entry in cut_off.stream(order.id)] == [(1, position - 1), (2, position)]
    assert cut_off.head() == position


@WAYS
def test_an_append_that_never_reached_the_server_is_made_again(
    append: Append, last_words: bytes, cut_off: Journal, proxy: CuttingProxy
) -> None:
    order = new_order()
    proxy.cut(last_words, reaches_server=False)
    position = append(cut_off, order, CHAIN)
    assert proxy.cuts == 1
    assert [entry.position for entry in cut_off.stream(order.id)] == [position]


@BEGINNINGS
@pytest.mark.parametrize("rival", ["another event", "another cause"])
def test_a_rival_who_was_faster_while_the_connection_broke_is_a_conflict(
    append: Append, first_words: bytes, rival: str, cut_off: Journal, journal: Journal, proxy: CuttingProxy
) -> None:
    order = new_order()
    record(journal, order)
    mine, theirs = journal.load(Order, order.id), journal.load(Order, order.id)
    assert mine is not None
    assert theirs is not None
    mine.cancel(AT, "mine")
    theirs.cancel(AT, "theirs" if rival == "another event" else "mine")
    chain = CHAIN if rival == "another event" else Chain("corr", "other", "trace", actor="test")
    proxy.cut(first_words, reaches_server=False, meanwhile=lambda: record(journal, theirs, chain))
    with pytest.raises(ConcurrentChange):
        append(cut_off, mine, CHAIN)
    assert proxy.cuts == 1
    assert len(journal.stream(order.id)) == 2


@WAYS
def test_equal_events_of_an_equal_chain_conflict_as_long_as_no_connection_broke(
    append: Append, last_words: bytes, journal: Journal
) -> None:
    order_id = new_id()
    append(journal, new_order(order_id), CHAIN)
    with pytest.raises(ConcurrentChange):
        append(journal, new_order(order_id), CHAIN)


def test_every_idle_connection_may_be_broken_and_the_next_call_still_succeeds(
    database_url: str, journal: Journal
) -> None:
    with connect(database_url) as killer:
        for call in (journal.head, lambda: record(journal, new_order()), lambda: journal.read(0, 10)):
            # of this database alone, and not this connection itself
            killer.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
            call()


@pytest.mark.parametrize("call", [Journal.head, lambda j: j.load(Order, RUN), lambda j: record(j, new_order())])
def test_without_a_connection_within_some_seconds_the_database_is_said_to_be_unavailable(
    call: Callable[[Journal], object], database_url: str
) -> None:
    with Journal(journal_environment(database_url, pool_size=1)) as journal, _datastore(journal).pool.connection():
        began = monotonic()
        with pytest.raises(DatabaseUnavailable) as caught:
            call(journal)
        assert monotonic() - began < 4
    assert "\n" not in caught.value.message


def test_after_an_outage_longer_than_anyone_waits_the_first_call_succeeds() -> None:
    with tempfile.TemporaryDirectory(prefix="weaver-outage-") as directory:
        server = EmbeddedPostgres(Path(directory))
        migrate(server.start())
        with Journal(journal_environment(server.url)) as journal:
            record(journal, new_order())
            server.release()
            for _ in range(2):
                with pytest.raises(DatabaseUnavailable):
                    record(journal, new_order())
            server.start()
            began = monotonic()
            record(journal, new_order())
            assert monotonic() - began < 1.5
        server.release()


def test_a_database_url_of_any_form_is_honoured_as_a_whole(database_url: str) -> None:
    given: dict[str, Any] = {**conninfo_to_dict(database_url), "options": "-c work_mem=5MB"}
    given["application_name"] = "it's %20 mine"
    forms = [psycopg.conninfo.make_conninfo(**given), database_url + _separator(database_url) + "application_name=mine"]
    for form, name in zip(forms, ["it's %20 mine", "mine"], strict=True):
        with Journal(journal_environment(form)) as journal, _datastore(journal).get_connection() as connection:
            [row] = connection.execute(
                "select current_setting('application_name') as name, current_setting('TimeZone') as zone"
            )
            assert row == {"name": name, "zone": "UTC"}


def test_the_library_is_configured_by_the_environment_given_and_nothing_else(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stray: Mapping[str, str] = {
        "APPLICATION_RECORDER_TOPIC": "no.such.module:Recorder",
        "CIPHER_KEY": "not a key",
        "CIPHER_TOPIC": "no.such.module:Cipher",
        "COMPRESSOR_TOPIC": "zlib",
        "CREATE_TABLE": "y",
        "IS_SNAPSHOTTING_ENABLED": "y",
        "AGGREGATE_CACHE_MAXSIZE": "10",
        "ORIGINATOR_ID_TYPE": "text",
        "PERSISTENCE_MODULE": "eventsourcing.popo",
        "POSTGRES_CONN_MAX_AGE": "not a number",
        "POSTGRES_ENABLE_DB_FUNCTIONS": "y",
        "POSTGRES_GET_PASSWORD_TOPIC": "no.such.module:password",
        "POSTGRES_HOST": "192.0.2.1",
        "POSTGRES_PRE_PING": "y",
        "POSTGRES_SCHEMA": "elsewhere",
        "TRANSCODER_TOPIC": "no.such.module:Transcoder",
    }
    for name, value in stray.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(f"WEAVER_{name}", value)
    with Journal(journal_environment(database_url)) as journal:
        record(journal, new_order())
        assert isinstance(journal.recorder, PostgresJournalRecorder)
        assert journal.recorder.datastore.enable_db_functions is False
        assert journal.recorder.datastore.schema == "public"
        assert (journal.snapshots, journal.repository.cache) == (None, None)
        assert journal.read(0, 1)[0].state.startswith(b'{"at":')


def test_the_loggers_of_the_database_driver_are_not_silenced() -> None:
    for name in ("psycopg", "psycopg.pool"):
        assert logging.getLogger(name).level <= logging.WARNING


def test_tracking_is_refused_and_not_dropped(journal: Journal) -> None:
    event = StoredEvent(new_id(), 1, "order.cancelled", b"{}")
    with pytest.raises(NotImplementedError, match="tracking"):
        journal.recorder.insert_events([event], tracking=Tracking("upstream", 1))
    with pytest.raises(NotImplementedError, match="causation"):
        journal.recorder.insert_events([event], causation="typo")
    assert journal.head() == 0


def test_five_thousand_events_are_saved_in_seconds_and_not_by_the_library(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library's own insert hangs for ever on a save of this size, and keeps its lock on the table."""

    def stock(*arguments: object, **named: object) -> None:
        pytest.fail("the library's own insert is used")

    for name in ("insert_events", "_insert_events", "_insert_stored_events", "_lock_table"):
        monkeypatch.setattr(PostgresApplicationRecorder, name, stock)
    orders = [new_order() for _ in range(5_000)]
    began = monotonic()
    position = journal.record(*orders, run_id=RUN, chain=CHAIN)
    assert monotonic() - began < 10
    assert [entry.stream_id for entry in journal.read(0, 6_000)] == [order.id for order in orders]
    assert journal.head() == position


def test_readers_that_tail_the_journal_pass_over_no_position(database_url: str, journal: Journal) -> None:
    """Six writers of both kinds against one reader; some transactions roll back and leave gaps."""
    seconds, writers = 3.0, 6
    done = threading.Event()
    written: list[UUID] = []

    def write(number: int) -> None:
        with Journal(journal_environment(database_url, pool_size=1)) as own:
            while not done.is_set():
                orders = [new_order() for _ in range(1 + number * 7)]
                if number % 2:
                    own.append_batch([event for order in orders for event in order.collect_events()], RUN, CHAIN)
                else:
                    own.record(*orders, run_id=RUN, chain=CHAIN)
                written.extend(order.id for order in orders)
                with pytest.raises(ConcurrentChange):
                    own.record(new_order(), new_order(orders[0].id), run_id=RUN, chain=CHAIN)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    seen: list[UUID] = []
    position, deadline = 0, monotonic() + seconds
    while not done.is_set() or any(thread.is_alive() for thread in threads):
        entries = journal.read(position, 500)
        assert [entry.position for entry in entries] == sorted({entry.position for entry in entries})
        seen += [entry.stream_id for entry in entries]
        position = entries[-1].position if entries else position
        if monotonic() > deadline:
            done.set()
    while entries := journal.read(position, 500):
        seen += [entry.stream_id for entry in entries]
        position = entries[-1].position
    assert len(written) > 1_000
    assert len(seen) == len(written) < position, "rolled back appends leave gaps"
    assert set(seen) == set(written)


def test_maintenance_runs_beside_appends_and_neither_waits_for_the_other(database_url: str, journal: Journal) -> None:
    batches = iter(lambda: [new_order().collect_events()[0] for _ in range(MAX_BATCH)], None)
    for batch in itertools.islice(batches, 10):
        journal.append_batch(batch, RUN, CHAIN)
    done = threading.Event()
    slowest: list[float] = []

    def append() -> None:
        with Journal(journal_environment(database_url, pool_size=1)) as own:
            while not done.is_set():
                began = monotonic()
                record(own, new_order())
                slowest[:] = [max(*slowest, monotonic() - began)] if slowest else [monotonic() - began]

    threads = [threading.Thread(target=append) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        with connect(database_url) as operator:
            for _ in range(5):
                for statement in (
                    "vacuum (analyze) weaver_events",
                    "create index concurrently beside on weaver_events (topic)",
                    "analyze weaver_events",
                    "drop index concurrently beside",
                ):
                    operator.execute(statement.encode())
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert slowest[0] < 1.0


def test_appends_lock_out_each_other_but_never_the_table(
    database_url: str, cut_off: Journal, proxy: CuttingProxy
) -> None:
    held: set[tuple[str, str]] = set()
    with connect(database_url) as operator, connect(database_url) as other:

        def look() -> None:
            held.clear()
            held.update(
                operator.execute(
                    "select mode, coalesce(relation::regclass::text, objid::text) from pg_locks "
                    "where granted and pid <> pg_backend_pid() and locktype in ('advisory', 'relation') "
                    "and database = (select oid from pg_database where datname = current_database())"
                ).fetchall()
            )

        expected = {("ExclusiveLock", str(APPEND_LOCK)), ("RowExclusiveLock", "weaver_events")}
        # that of a reader besides: it looks up what the entries are chained to
        modes = {"AccessShareLock", "RowExclusiveLock"}
        proxy.cut(b"COMMIT", reaches_server=False, meanwhile=look)
        append_batch(cut_off, new_order())
        assert held >= expected
        assert {mode for mode, what in held if what == "weaver_events"} == modes
        with other.transaction():
            # What `record` sends, held before its commit.
            state, versions, topics = [b"{}"], [1], ["order.cancelled"]
            other.execute(_APPEND, ([new_id()], versions, topics, state, RUN, "{}"))
            look()
        assert held >= expected
        assert {mode for mode, what in held if what == "weaver_events"} == modes


def test_whoever_waits_too_long_for_the_others_is_told_that_the_database_is_unavailable(
    database_url: str,
) -> None:
    impatient = f"{database_url}{_separator(database_url)}options=-c%20lock_timeout%3D100ms"
    with Journal(journal_environment(impatient)) as journal, connect(database_url) as other:
        other.execute("select pg_advisory_lock(%s)", (APPEND_LOCK,))
        for append in (record, append_batch):
            with pytest.raises(DatabaseUnavailable, match="lock timeout"):
                append(journal, new_order())


def _separator(url: str) -> str:
    return "&" if "?" in url else "?"


def _datastore(journal: Journal) -> PostgresDatastore:
    recorder = journal.recorder
    assert isinstance(recorder, PostgresJournalRecorder)
    return recorder.datastore

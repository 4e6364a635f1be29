"""A rebuild gives the rows the journal means, in place of the live ones, and is in nobody's way."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.errors import InvalidInput
from domain.ids import new_id
from projections import orders
from projections import rebuild as rebuilding
from projections.catalog import READ_MODELS
from projections.orders import OrdersReadModel
from projections.rebuild import RebuildRunning, SwapBlocked, rebuild, running
from projections.view import ReadModel, ReadModelStopped, look
from tests.projections.facts import (
    append,
    dump,
    dump_all,
    fold,
    fold_all,
    forget,
    given_unknown,
    new_order,
    random_facts,
)
from tests.projections.watching import eventually, processing
from tests.system.weaver_process import wait_until

CATALOG = """
select 'index', indexname, indexdef from pg_indexes where schemaname = 'public'
union all
select 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
from pg_constraint where connamespace = 'public'::regnamespace
union all
select 'column', attrelid::regclass || '.' || attnum,
       concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, attstorage,
                 (select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = attrelid and adnum = attnum))
from pg_attribute join pg_class on pg_class.oid = attrelid
where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0
union all
select 'table', relname, concat_ws(' ', reloptions, relacl, relowner::regrole, relpersistence)
from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
union all
select 'schema', nspname, '' from pg_namespace where nspname like 'rebuild%'
order by 1, 2, 3
"""


def catalog(connection: Connection[TupleRow]) -> list[TupleRow]:
    return connection.execute(CATALOG).fetchall()


@pytest.fixture
def facts(connection: Connection[TupleRow]) -> int:
    """Write a journal and fold it live, a batch at a time; give its head."""
    append(connection, list(random_facts(seed=11)))
    fold_all(connection, 17)
    return look(connection, "orders").head


@pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)
def test_a_rebuild_equals_the_live_fold_byte_for_byte(
    connection: Connection[TupleRow], database_url: str, facts: int, model: ReadModel
) -> None:
    live, before = dump_all(connection), catalog(connection)
    seen: list[tuple[int, int]] = []
    result = rebuild(database_url, model.name, lambda position, head: seen.append((position, head)), batch=50)
    assert dump_all(connection) == live
    assert look(connection, model.name).position == facts == result.position
    assert 0 < result.swap_seconds < result.seconds
    assert seen[0] == (50, facts)
    assert seen == sorted(seen)
    assert catalog(connection) == before


def test_what_was_changed_by_hand_is_put_right(connection: Connection[TupleRow], database_url: str, facts: int) -> None:
    right = dump(connection, "orders")
    connection.execute("update orders set status = 'filled', qty = 7 where status = 'pending'")
    connection.execute("delete from orders where status = 'rejected'")
    assert dump(connection, "orders") != right
    rebuild(database_url, "orders")
    assert dump(connection, "orders") == right


def test_rights_and_settings_of_the_tables_survive(
    connection: Connection[TupleRow], database_url: str, facts: int
) -> None:
    role = f"reporting_{connection.info.dbname}"
    connection.execute(f'create role "{role}"')
    try:
        connection.execute(f'grant select on orders to "{role}" with grant option')
        connection.execute("grant select, update on orders to public")
        connection.execute("alter table orders set (fillfactor = 80)")
        before = catalog(connection)
        rebuild(database_url, "orders")
        assert catalog(connection) == before
    finally:
        connection.execute(f'drop owned by "{role}"')
        connection.execute(f'drop role "{role}"')


def test_a_journal_restored_to_an_earlier_time_is_repaired(
    connection: Connection[TupleRow], database_url: str, facts: int
) -> None:
    connection.execute("delete from weaver_events where notification_id > 30")
    for model in READ_MODELS:
        rebuild(database_url, model.name)
        assert fold(connection, model) == 30
    repaired = dump_all(connection)
    forget(connection)
    fold_all(connection)
    assert dump_all(connection) == repaired


def test_an_unknown_name_is_refused(database_url: str) -> None:
    with pytest.raises(InvalidInput, match="there is no read model 'order'"):
        rebuild(database_url, "order")


def test_a_poison_event_leaves_the_live_rows_as_they_were(
    connection: Connection[TupleRow], database_url: str, facts: int
) -> None:
    live, before = dump_all(connection), catalog(connection)
    poison = given_unknown(connection, "order.teleported")
    with pytest.raises(ReadModelStopped, match=f"stops before position {poison}"):
        rebuild(database_url, "orders")
    assert (dump_all(connection), catalog(connection)) == (live, before)
    assert look(connection, "orders").position == facts


def test_of_two_rebuilds_at_once_the_second_is_refused(
    connection: Connection[TupleRow], database_url: str, facts: int
) -> None:
    refused: list[str] = []

    def meanwhile(position: int, head: int) -> None:
        if not refused:
            with pytest.raises(RebuildRunning) as raised:
                rebuild(database_url, "orders")
            refused.append(raised.value.message)
            rebuild(database_url, "fills")  # another read model is nobody's concern

    live = dump_all(connection)
    seen: list[int | None] = []

    def watched(position: int, head: int) -> None:
        seen.append(running(connection, "orders"))
        meanwhile(position, head)

    rebuild(database_url, "orders", watched, batch=50)
    assert seen[:2] == [50, 100]
    # the lock goes with the rebuild's connection, which PostgreSQL ends in its own time
    wait_until(lambda: running(connection, "orders") is None, 10, "the rebuild's lock is free")
    assert refused == ["read model orders is being rebuilt already: wait until that has ended"]
    assert dump_all(connection) == live


def test_a_killed_rebuild_changes_nothing_and_does_not_hinder_the_next(
    connection: Connection[TupleRow], database_url: str, facts: int
) -> None:
    live, before = dump_all(connection), catalog(connection)

    def die(position: int, head: int) -> None:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where application_name = 'weaver rebuild orders' and datname = current_database()"
        )

    with pytest.raises(psycopg.OperationalError):
        rebuild(database_url, "orders", die, batch=50)
    assert dump_all(connection) == live
    assert catalog(connection) != before, "the half-built copy is still there"
    rebuild(database_url, "orders")
    assert (dump_all(connection), catalog(connection)) == (live, before)


@contextmanager
def readers(database_url: str, count: int) -> Iterator[list[tuple[int, float]]]:
    """Read the total of orders over and over; give (total, seconds) of every reading."""
    readings: list[tuple[int, float]] = []
    stopping, failures = threading.Event(), list[BaseException]()

    def read() -> None:
        try:
            with psycopg.connect(database_url, autocommit=True) as own:
                while not stopping.is_set():
                    began = monotonic()
                    total = orders.page(own, limit=5)[1]
                    readings.append((total, monotonic() - began))
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=read) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield readings
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    assert not failures


def has_at_least(found: list[int], count: int) -> bool:
    return len(found) >= count


def test_appending_reading_and_following_go_on_during_rebuilds(
    connection: Connection[TupleRow], database_url: str, facts: int
) -> None:
    stopping = threading.Event()
    appended: list[int] = []

    def write() -> None:
        run_id = new_id()
        with psycopg.connect(database_url, autocommit=True) as own:
            while not stopping.is_set():
                fresh = [
                    fact
                    for number in range(3)
                    for fact in new_order(run_id, len(appended) * 3 + number).collect_events()
                ]
                appended.append(append(own, fresh, run_id)[-1])

    [(total_before,)] = connection.execute("select count(*) from orders")
    writer = threading.Thread(target=write)
    with processing(database_url, OrdersReadModel()) as processor:
        eventually(lambda: processor.state.name == "following")
        with readers(database_url, 1) as readings:
            writer.start()
            try:
                for number in range(1, 4):
                    eventually(partial(has_at_least, appended, 50 * number))
                    rebuild(database_url, "orders", batch=100)
            finally:
                stopping.set()
                writer.join()
        assert processor.wait_for(appended[-1], 10)
        assert processor.state.name == "following"
    totals = [total for total, _ in readings]
    assert totals == sorted(totals), "a reader saw fewer orders than before"
    assert totals[0] >= total_before
    assert max(seconds for _, seconds in readings) < 1
    followed = dump(connection, "orders")
    forget(connection)
    fold(connection, OrdersReadModel())
    assert dump(connection, "orders") == followed


def swap_waits(connection: Connection[TupleRow], *, is_expected: bool) -> bool:
    waiting = connection.execute(
        "select 1 from pg_locks where mode = 'AccessExclusiveLock' and not granted and relation = 'orders'::regclass"
    ).fetchone()
    return (waiting is not None) is is_expected


def test_a_long_reader_delays_the_swap_and_not_the_readers_behind_it(
    connection: Connection[TupleRow], database_url: str, facts: int
) -> None:
    live = dump_all(connection)
    done = threading.Event()

    def work() -> None:
        rebuild(database_url, "orders")
        done.set()

    rebuilding_thread = threading.Thread(target=work)
    with psycopg.connect(database_url) as long_reader:
        long_reader.execute("select count(*) from orders")
        rebuilding_thread.start()
        with readers(database_url, 1) as readings:
            for waits in (True, False, True):
                eventually(partial(swap_waits, connection, is_expected=waits))
            assert not done.is_set()
        assert max(seconds for _, seconds in readings) < 0.5
    rebuilding_thread.join(10)
    assert done.is_set()
    assert dump_all(connection) == live


def test_a_batch_in_progress_is_waited_for_before_the_tables_are_locked(
    connection: Connection[TupleRow], database_url: str, facts: int
) -> None:
    held_while_waiting = """
        select count(*) filter (where mode = 'AccessExclusiveLock' and relation = 'orders'::regclass)
        from pg_stat_activity left join pg_locks using (pid)
        where application_name = 'weaver rebuild orders' and wait_event_type = 'Lock' group by pid
    """
    rebuilding_thread = threading.Thread(target=rebuild, args=(database_url, "orders"))
    with psycopg.connect(database_url) as folding:
        folding.execute("select from projection_position where name = 'orders' for update")
        rebuilding_thread.start()
        eventually(lambda: connection.execute(held_while_waiting).fetchone() is not None)
        assert connection.execute(held_while_waiting).fetchone() == (0,)
    rebuilding_thread.join(10)
    assert not rebuilding_thread.is_alive()


def test_a_reader_that_never_ends_makes_the_rebuild_give_up(
    connection: Connection[TupleRow], database_url: str, facts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, before = dump_all(connection), catalog(connection)
    monkeypatch.setattr(rebuilding, "SWAP_PATIENCE", 0.3)
    with psycopg.connect(database_url) as endless:
        endless.execute("select count(*) from orders")
        with pytest.raises(SwapBlocked, match="somebody has been reading orders"):
            rebuild(database_url, "orders")
    assert (dump_all(connection), catalog(connection)) == (live, before)

"""Processors follow the journal, one leads, and nothing that happens to the database is lost on them."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from time import monotonic

import psycopg
import pytest
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from domain.ids import new_id
from domain.order import Execution
from projections import orders
from projections.activity import ActivityReadModel
from projections.fills import FillsReadModel
from projections.orders import OrdersReadModel
from projections.processor import Processor
from projections.rebuild import rebuild
from projections.view import look
from tests.projections.facts import append, dump, fold, forget, given_unknown, minute, new_order, random_facts
from tests.projections.watching import DeafWatch, eventually, processing

LEADERS = "select pid from pg_stat_activity where datname = current_database() and application_name = 'weaver orders'"


def kill(connection: Connection[TupleRow]) -> int:
    """End every connection of a processor of orders; return how many there were."""
    return len(connection.execute(f"select pg_terminate_backend(pid, 5000) from ({LEADERS}) as found").fetchall())


def add_orders(connection: Connection[TupleRow], count: int, first: int = 1) -> int:
    """Write so many new orders; return the last position."""
    run_id = new_id()
    facts = [fact for number in range(first, first + count) for fact in new_order(run_id, number).collect_events()]
    return append(connection, facts, run_id)[-1]


@contextmanager
def database_away(database_url: str) -> Iterator[None]:
    """Let the database refuse every connection for the length of the block, and end those it has."""
    with psycopg.connect(database_url, autocommit=True) as own:
        name = own.info.dbname
        own_pid = own.info.backend_pid
        administration = psycopg.connect(database_url, dbname="template1", autocommit=True)
    with administration:
        allow = sql.SQL("alter database {} allow_connections {}")
        administration.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        administration.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where datname = %s and pid <> %s and application_name like 'weaver %%'",
            (name, own_pid),
        )
        try:
            yield
        finally:
            administration.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def test_a_processor_catches_up_and_follows(connection: Connection[TupleRow], database_url: str) -> None:
    head = add_orders(connection, 20)
    with processing(database_url, OrdersReadModel()) as processor:
        assert processor.wait_for(head, 10)
        assert str(processor.state) == "following"
        assert processor.position == head
        for number in range(5):
            head = add_orders(connection, 1, first=100 + number)
            assert processor.wait_for(head, 10)
            assert orders.page(connection, limit=1)[1] == 21 + number
        assert processor.snapshot(head).lag_events == 0
        assert processor.snapshot(head + 7).lag_events == 7


def test_a_catch_up_commits_in_batches(connection: Connection[TupleRow], database_url: str) -> None:
    head = add_orders(connection, 950)
    with processing(database_url, OrdersReadModel(), batch=100) as processor:
        assert processor.wait_for(head, 10)
    [(transactions,)] = connection.execute("select count(distinct xmin::text) from orders")
    assert transactions == 10


def test_a_journal_nobody_tells_of_is_followed_all_the_same(
    connection: Connection[TupleRow], database_url: str
) -> None:
    with processing(database_url, OrdersReadModel(), watch=DeafWatch()) as processor:
        eventually(lambda: processor.state.name == "following")
        head = add_orders(connection, 3)
        eventually(lambda: processor.position == head, 5)
        assert processor.wait_for(add_orders(connection, 1, first=10), 5)


def test_a_watch_that_tells_of_events_the_journal_does_not_have_causes_no_storm(
    connection: Connection[TupleRow], database_url: str
) -> None:
    watch = DeafWatch(says=1_000_000)
    with processing(database_url, OrdersReadModel(), watch=watch) as processor:
        eventually(lambda: processor.state.name == "following")
        began, asked = monotonic(), watch.asked
        eventually(lambda: watch.asked >= asked + 5)
        assert monotonic() - began > 0.3
        assert processor.wait_for(add_orders(connection, 3), 5)


def test_a_dropped_connection_is_replaced_and_no_event_is_lost_or_repeated(
    connection: Connection[TupleRow], database_url: str
) -> None:
    append(connection, list(random_facts(seed=1)))
    with processing(database_url, OrdersReadModel(), batch=20) as processor:
        for number in range(5):
            eventually(lambda: processor.state.name == "following")
            eventually(lambda: connection.execute(LEADERS).fetchone() is not None)
            assert kill(connection) == 1
            head = add_orders(connection, 30, first=1 + 100 * number)
            assert processor.wait_for(head, 5)
    followed = dump(connection, "orders")
    forget(connection)
    fold(connection, OrdersReadModel())
    assert dump(connection, "orders") == followed


def test_it_has_caught_up_five_seconds_after_the_database_is_back(
    connection: Connection[TupleRow], database_url: str
) -> None:
    with processing(database_url, OrdersReadModel()) as processor:
        assert processor.wait_for(add_orders(connection, 3), 10)
        with database_away(database_url):
            eventually(lambda: "not currently accepting connections" in str(processor.state))
            assert processor.state.name == "starting"
            head = add_orders(connection, 3, first=10)
            assert not processor.wait_for(head, 0.5)
            assert processor.snapshot(head).lag_events == 3
        assert processor.wait_for(head, 5)
        assert str(processor.state) == "following"


def test_of_two_one_leads_and_the_other_takes_over_when_it_stops(
    connection: Connection[TupleRow], database_url: str
) -> None:
    with processing(database_url, OrdersReadModel()) as first:
        eventually(lambda: first.state.name == "following")
        with processing(database_url, OrdersReadModel()) as second:
            eventually(lambda: second.state.name == "standby")
            assert second.wait_for(add_orders(connection, 5), 5)
            assert (first.state.name, second.state.name) == ("following", "standby")
            first.stop()
            eventually(lambda: second.state.name == "following", 2)
            assert second.wait_for(add_orders(connection, 5, first=10), 5)
    assert orders.page(connection, limit=1)[1] == 10


def test_the_standby_takes_over_from_a_killed_connection(connection: Connection[TupleRow], database_url: str) -> None:
    append(connection, list(random_facts(seed=1)))
    with processing(database_url, OrdersReadModel()) as one, processing(database_url, OrdersReadModel()) as other:
        eventually(lambda: {one.state.name, other.state.name} == {"following", "standby"})
        leader, standby = (one, other) if one.state.name == "following" else (other, one)
        [(holder,)] = connection.execute(
            "select pid from pg_locks where locktype = 'advisory' and granted and database = "
            "(select oid from pg_database where datname = current_database())"
        )
        connection.execute("select pg_terminate_backend(%s, 5000)", (holder,))
        head = add_orders(connection, 5)
        assert standby.wait_for(head, 5)
        assert leader.wait_for(head, 5)
        eventually(lambda: {one.state.name, other.state.name} == {"following", "standby"})


LEAD_AS_A_PROCESS = """
import sys, threading
from projections.orders import OrdersReadModel
from projections.processor import Processor
from tests.projections.watching import JournalPoll
processor = Processor(sys.argv[1], OrdersReadModel(), JournalPoll(sys.argv[1]))
processor.start()
threading.Event().wait(60)
"""


def test_the_standby_takes_over_from_a_killed_process(connection: Connection[TupleRow], database_url: str) -> None:
    command = [sys.executable, "-c", LEAD_AS_A_PROCESS, database_url]
    with subprocess.Popen(command) as leader:
        try:
            eventually(lambda: connection.execute(LEADERS).fetchone() is not None)
            head = add_orders(connection, 5)
            eventually(lambda: look(connection, "orders").position == head)
            with processing(database_url, OrdersReadModel()) as standby:
                eventually(lambda: standby.state.name == "standby")
                leader.kill()
                assert standby.wait_for(add_orders(connection, 5, first=10), 5)
                assert standby.state.name == "following"
        finally:
            leader.kill()


def test_waiting_ends_at_the_timeout(connection: Connection[TupleRow], database_url: str) -> None:
    with processing(database_url, OrdersReadModel()) as processor:
        began = monotonic()
        assert not processor.wait_for(10, 0.3)
        assert 0.3 <= monotonic() - began < 2
        assert processor.wait_for(0, 0)


def test_a_poison_event_stops_the_view_right_before_it_and_says_so(
    connection: Connection[TupleRow], database_url: str
) -> None:
    before = add_orders(connection, 40)
    poison = given_unknown(connection, "order.teleported")
    after = add_orders(connection, 5, first=100)
    with processing(database_url, OrdersReadModel()) as processor:
        began = monotonic()
        assert not processor.wait_for(after, 30)
        assert monotonic() - began < 20
        assert processor.state.name == "stopped"
        assert f"stops before position {poison}" in (processor.state.reason or "")
        assert "order.teleported" in (processor.state.reason or "")
        assert (processor.position, look(connection, "orders").position) == (before, before)
        assert processor.snapshot(after).lag_events == 6
    assert orders.page(connection, limit=1)[1] == 40


def test_an_event_that_cannot_be_applied_stops_its_view_alone(
    connection: Connection[TupleRow], database_url: str
) -> None:
    run_id = new_id()
    positions = []
    for sequence in (1, 2, 3):
        order = new_order(run_id, sequence)
        order.fill(minute(2), "same" if sequence > 1 else "first", Execution(Decimal("1.5"), Decimal(10), Decimal(0)))
        positions += append(connection, order.collect_events(), run_id)
    with processing(database_url, FillsReadModel()) as fills, processing(database_url, OrdersReadModel()) as others:
        assert others.wait_for(positions[-1], 10)
        eventually(lambda: fills.state.name == "stopped")
        assert f"stops after position {positions[-2]}: UniqueViolation" in (fills.state.reason or "")
        assert "\n" not in str(fills.state)
        assert not fills.wait_for(positions[-1], 0)
        assert others.state.name == "following"
    assert len(dump(connection, "fills")) == 2


def test_a_view_of_a_restored_journal_stops_and_goes_on_after_its_rebuild(
    connection: Connection[TupleRow], database_url: str
) -> None:
    append(connection, list(random_facts(seed=1)))
    with processing(database_url, ActivityReadModel()) as processor:
        assert processor.wait_for(look(connection, "activity").head, 10)
        connection.execute("delete from weaver_events where notification_id > 30")
        eventually(lambda: processor.state.name == "stopped")
        assert "run weaver rebuild activity" in (processor.state.reason or "")
        rebuild(database_url, "activity")
        eventually(lambda: processor.state.name == "following")
        assert processor.position == 30


def test_it_stops_promptly_whatever_it_is_doing(connection: Connection[TupleRow], database_url: str) -> None:
    def stopped_within(processor: Processor) -> float:
        began = monotonic()
        processor.stop()
        return monotonic() - began

    with processing(database_url, OrdersReadModel()) as leader, processing(database_url, OrdersReadModel()) as standby:
        eventually(lambda: {leader.state.name, standby.state.name} == {"following", "standby"})
        assert stopped_within(standby) < 1
        assert stopped_within(leader) < 1
    given_unknown(connection, "x")
    with processing(database_url, OrdersReadModel()) as poisoned:
        eventually(lambda: poisoned.state.name == "stopped")
        assert stopped_within(poisoned) < 1
    with processing(database_url, OrdersReadModel()) as away, database_away(database_url):
        eventually(lambda: away.state.name == "starting" and away.state.reason)
        assert stopped_within(away) < 3


def test_stopping_lets_those_go_who_wait(database_url: str) -> None:
    with processing(database_url, OrdersReadModel()) as processor:
        answers: list[bool] = []
        waiter = threading.Thread(target=lambda: answers.append(processor.wait_for(5, 60)))
        waiter.start()
        eventually(lambda: processor.state.name == "following")
        processor.stop()
        waiter.join(5)
        assert answers == [False]


def test_nothing_is_left_connected_after_stop(connection: Connection[TupleRow], database_url: str) -> None:
    with processing(database_url, OrdersReadModel()) as processor:
        eventually(lambda: processor.state.name == "following")
    eventually(lambda: connection.execute(LEADERS).fetchone() is None)


@pytest.mark.parametrize("times", [2])
def test_a_stopped_processor_can_be_started_again(
    connection: Connection[TupleRow], database_url: str, times: int
) -> None:
    with processing(database_url, OrdersReadModel()) as processor:
        for number in range(times):
            assert processor.wait_for(add_orders(connection, 2, first=1 + 10 * number), 5)
            processor.stop()
            processor.start()
        assert processor.wait_for(add_orders(connection, 2, first=100), 5)

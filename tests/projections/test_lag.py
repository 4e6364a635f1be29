"""Lag in positions and in seconds: it falls to nothing at the head, and rises while nobody can look."""

from psycopg import Connection
from psycopg.rows import TupleRow

from domain.ids import new_id
from interfaces.journal_tail import JournalTail
from projections import processor as processing_module
from projections.activity import ActivityReadModel
from projections.orders import OrdersReadModel
from projections.processor import Processor
from projections.view import standing
from tests.interfaces.cutting_proxy import CuttingProxy
from tests.projections.facts import append, fold, given_unknown, new_order
from tests.projections.watching import eventually, processing


def add_orders(connection: Connection[TupleRow], count: int, first: int = 1) -> int:
    run_id = new_id()
    facts = [fact for number in range(first, first + count) for fact in new_order(run_id, number).collect_events()]
    return append(connection, facts, run_id)[-1]


def test_the_age_is_that_of_the_oldest_event_not_folded_yet(connection: Connection[TupleRow]) -> None:
    assert standing(connection, "orders").age == 0
    add_orders(connection, 3)
    connection.execute(
        "update weaver_events set recorded_at = recorded_at - interval '1 hour' where notification_id = 2"
    )
    assert standing(connection, "orders").age < 60
    connection.execute("update projection_position set position = 1")
    assert 3_600 <= standing(connection, "orders").age < 3_660
    assert fold(connection, OrdersReadModel()) == 3
    assert standing(connection, "orders").age == 0


def test_at_the_head_there_is_no_lag_and_what_was_folded_is_counted(
    connection: Connection[TupleRow], database_url: str
) -> None:
    with processing(database_url, OrdersReadModel()) as processor:
        assert processor.wait_for(add_orders(connection, 5), 10)
        assert processor.wait_for(add_orders(connection, 7, first=10), 10)
        eventually(lambda: processor.snapshot().events_folded_total == 12)
        seen = processor.snapshot()
        assert (seen.name, seen.state, seen.reason) == ("orders", "following", None)
        assert (seen.position, seen.head, seen.lag_events, seen.lag_seconds, seen.parked) == (12, 12, 0, 0.0, 0)
        assert processor.snapshot(head=20).lag_events == 8


def test_a_read_model_that_is_stopped_falls_behind_second_by_second(
    connection: Connection[TupleRow], database_url: str
) -> None:
    given_unknown(connection, "order.teleported")
    connection.execute("update weaver_events set recorded_at = recorded_at - interval '1 minute'")
    with processing(database_url, OrdersReadModel()) as processor:
        eventually(lambda: processor.snapshot().state == "stopped")
        seen = processor.snapshot()
        assert seen.lag_events == 1
        assert 60 <= seen.lag_seconds < 120
        eventually(lambda: processor.snapshot().lag_seconds > seen.lag_seconds)


def test_with_the_tail_and_the_database_cut_off_the_lag_keeps_rising(
    connection: Connection[TupleRow], database_url: str
) -> None:
    with CuttingProxy(database_url) as proxy:
        tail = JournalTail(proxy.url)
        processor = Processor(proxy.url, ActivityReadModel(), tail)
        tail.start()
        processor.start()
        try:
            assert processor.wait_for(add_orders(connection, 3), 10)
            assert processor.snapshot(tail.head).lag_seconds == 0
            proxy.refuse()
            eventually(lambda: processor.snapshot(tail.head).state == "starting")
            add_orders(connection, 3, first=10)
            eventually(lambda: processor.snapshot(tail.head).lag_seconds > processing_module.TOLERATED_BLINDNESS)
            earlier = processor.snapshot(tail.head).lag_seconds
            eventually(lambda: processor.snapshot(tail.head).lag_seconds > earlier + 0.3)
            proxy.accept()
            assert processor.wait_for(6, 10)
            eventually(lambda: processor.snapshot(tail.head).lag_seconds == 0)
        finally:
            processor.stop()
            tail.stop()

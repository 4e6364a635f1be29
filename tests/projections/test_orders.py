"""Facts of orders in, rows of orders out."""

from datetime import UTC
from decimal import Decimal

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.event_catalogue import EVENTS
from domain.events import Recorded
from domain.ids import new_id
from domain.order import Execution, Order, OrderCancelled, OrderStatus, OrderType
from projections import orders
from projections.orders import OrderRow, OrdersReadModel
from tests.projections.facts import append, fold, forget, given, minute, new_order, order_created, random_facts

RUN = new_id()


def folded(connection: Connection[TupleRow], order: Order, batch: int = 1_000) -> OrderRow:
    append(connection, order.collect_events(), RUN)
    fold(connection, OrdersReadModel(), batch)
    row = orders.find(connection, order.id)
    assert row is not None
    return row


def test_an_intent_is_a_pending_order_with_everything_the_strategy_asked_for(connection: Connection[TupleRow]) -> None:
    parent = new_id()
    order = new_order(
        RUN,
        3,
        order_type=OrderType.STOP_LIMIT,
        price=Decimal("9.10"),
        stop_price=Decimal("9.00"),
        parent_id=parent,
        tag="x",
    )
    row = folded(connection, order)
    assert row == OrderRow(
        id=order.id,
        run_id=RUN,
        client_order_id=order.created.client_order_id,
        symbol="BTC/USD",
        side="buy",
        order_type="stop_limit",
        qty=Decimal("1.50"),
        price=Decimal("9.10"),
        stop_price=Decimal("9.00"),
        trail=None,
        trail_percent=None,
        take_profit=None,
        stop_loss=None,
        time_in_force="gtc",
        parent_id=parent,
        tag="x",
        created_at=minute(3),
        created_position=1,
        position=1,
        status="pending",
        filled_qty=Decimal(0),
    )
    assert row.created_at.tzinfo is UTC


@pytest.mark.parametrize("batch", [1, 1_000])
def test_fills_add_up_and_the_completing_one_gives_the_time(connection: Connection[TupleRow], batch: int) -> None:
    order = new_order(RUN, 1)
    order.fill(minute(5), "a", Execution(Decimal("0.5"), Decimal(10), Decimal(0)))
    row = folded(connection, order, batch)
    assert (row.status, row.filled_qty, row.filled_avg_price, row.filled_at) == (
        "partial",
        Decimal("0.5"),
        Decimal(10),
        None,
    )
    order.fill(minute(9), "b", Execution(Decimal(1), Decimal(13), Decimal(0)))
    row = folded(connection, order, batch)
    assert (row.status, row.filled_qty, row.filled_avg_price, row.filled_at) == (
        "filled",
        Decimal("1.5"),
        Decimal(12),
        minute(9),
    )
    assert (row.created_position, row.position) == (1, 3)


@pytest.mark.parametrize("batch", [1, 1_000])
def test_a_late_fill_of_a_cancelled_order_is_booked_and_leaves_it_cancelled(
    connection: Connection[TupleRow], batch: int
) -> None:
    order = new_order(RUN, 1)
    order.cancel(minute(2), "the strategy said so")
    order.fill(minute(3), "late", Execution(Decimal("1.5"), Decimal(10), Decimal(0)))
    row = folded(connection, order, batch)
    assert (row.status, row.filled_qty, row.filled_at, row.position) == ("cancelled", Decimal("1.5"), minute(3), 3)


def test_a_rejected_order_says_why(connection: Connection[TupleRow]) -> None:
    order = new_order(RUN, 1)
    order.reject(minute(1), "insufficient cash")
    row = folded(connection, order)
    assert (row.status, row.reject_reason, row.filled_qty) == ("rejected", "insufficient cash", Decimal(0))


def test_the_row_has_the_status_and_quantity_the_aggregate_has(connection: Connection[TupleRow]) -> None:
    facts = list(random_facts(seed=16, orders=60))
    append(connection, facts)
    fold(connection, OrdersReadModel(), 7)
    streams: dict[object, list[Recorded]] = {}
    for fact in facts:
        if fact.event.TOPIC.startswith("order."):
            streams.setdefault(fact.originator_id, []).append(fact)
    assert len(streams) > 100
    for recorded in streams.values():
        order = Order.fold(None, recorded)
        assert order is not None
        row = orders.find(connection, order.id)
        assert row is not None
        for name in ("status", "filled_qty", "filled_avg_price", "exchange_order_id", "cancel_requested"):
            assert getattr(row, name) == getattr(order, name), name
    statuses = {status for (status,) in connection.execute("select distinct status from orders")}
    assert statuses == set(OrderStatus)


def test_an_event_of_an_order_that_was_never_created_stops_the_view(connection: Connection[TupleRow]) -> None:
    stranger = new_id()
    given(connection, stranger, OrderCancelled(at=minute(1), run_id=RUN, reason="?"))
    with pytest.raises(LookupError, match=f"order.cancelled of order {stranger}, whose order.created is missing"):
        fold(connection, OrdersReadModel())


def test_every_event_of_an_order_is_folded() -> None:
    assert OrdersReadModel.topics == {topic for topic in EVENTS if topic.startswith("order.")}


def test_orders_are_listed_newest_first_by_page_and_by_position(connection: Connection[TupleRow]) -> None:
    for sequence in range(1, 8):
        append(connection, new_order(RUN, sequence).collect_events(), RUN)
    fold(connection, OrdersReadModel())
    first, total = orders.page(connection, limit=3)
    assert ([row.created_position for row in first], total) == ([7, 6, 5], 7)
    second, total = orders.page(connection, limit=3, offset=3)
    assert ([row.created_position for row in second], total) == ([4, 3, 2], 7)
    assert orders.page(connection, limit=3, before=5) == (second, 7)
    assert orders.page(connection, limit=3, before=1) == ([], 7)


def test_orders_are_filtered_by_every_field(connection: Connection[TupleRow]) -> None:
    other_run = new_id()
    append(connection, new_order(RUN, 1).collect_events(), RUN)
    append(connection, new_order(RUN, 2, side="sell", symbol="ETH/USD").collect_events(), RUN)
    rejected = new_order(other_run, 3)
    rejected.reject(minute(3), "no")
    append(connection, rejected.collect_events(), other_run)
    fold(connection, OrdersReadModel())

    def found(**filters: object) -> list[int]:
        rows, total = orders.page(connection, limit=10, **filters)  # type: ignore[arg-type]
        assert total == len(rows)
        return [row.created_position for row in rows]

    assert found(run_id=RUN) == [2, 1]
    assert found(status="rejected") == [3]
    assert found(symbol="ETH/USD") == [2]
    assert found(side="buy") == [3, 1]
    assert found(start=minute(2)) == [3, 2]
    assert found(end=minute(2)) == [1]
    assert found(start=minute(2), end=minute(3), run_id=RUN) == [2]
    assert found(symbol="'; drop table orders; --") == []


def test_an_unknown_order_is_not_found(connection: Connection[TupleRow]) -> None:
    assert orders.find(connection, new_id()) is None


def test_times_are_utc_whatever_the_session_prefers(connection: Connection[TupleRow]) -> None:
    connection.execute("set timezone = 'Asia/Kolkata'")
    order = new_order(RUN, 1)
    folded(connection, order)
    order.fill(minute(5), "a", Execution(Decimal("1.5"), Decimal(10), Decimal(0)))
    row = folded(connection, order)
    assert (row.created_at, row.filled_at) == (minute(1), minute(5))
    assert row.created_at.tzinfo is UTC


def test_two_orders_of_one_client_order_id_stop_the_view(connection: Connection[TupleRow]) -> None:
    given(connection, new_id(), order_created(RUN, 1))
    given(connection, new_id(), order_created(RUN, 1))
    with pytest.raises(Exception, match="orders_client_order_id_key"):
        fold(connection, OrdersReadModel())


@pytest.mark.parametrize("batch", [1, 1_000])
def test_an_order_at_an_exchange_shows_what_is_known_of_it(connection: Connection[TupleRow], batch: int) -> None:
    order = new_order(RUN, 1)

    def shown() -> tuple[object, ...]:
        row = folded(connection, order, batch)
        return row.status, row.submitted_at, row.exchange_order_id, row.cancel_requested

    order.submit(minute(2))
    assert shown() == ("submitted", minute(2), None, False)
    order.lose_sight(minute(3), "no answer within 5 s")
    assert shown() == ("unknown", minute(2), None, False)
    order.submit(minute(4))
    assert shown() == ("submitted", minute(4), None, False)
    order.accept(minute(5), "61e69015")
    assert shown() == ("accepted", minute(4), "61e69015", False)
    order.request_cancel(minute(6))
    assert shown() == ("accepted", minute(4), "61e69015", True)
    order.fill(minute(7), "a", Execution(Decimal("0.5"), Decimal(10), Decimal(0)))
    assert shown() == ("partial", minute(4), "61e69015", True)
    order.cancel(minute(8), "canceled")
    assert shown() == ("cancelled", minute(4), "61e69015", True)


@pytest.mark.parametrize(("qty", "status"), [("0.5", "partial"), ("1.5", "filled")])
def test_an_acceptance_that_is_heard_after_a_fill_changes_no_status(
    connection: Connection[TupleRow], qty: str, status: str
) -> None:
    order = new_order(RUN, 1)
    order.submit(minute(2))
    order.fill(minute(3), "a", Execution(Decimal(qty), Decimal(10), Decimal(0)))
    order.accept(minute(4), "61e69015")
    row = folded(connection, order)
    assert (row.status, row.exchange_order_id) == (status, "61e69015")


def test_an_order_that_was_filled_in_part_was_so_when_its_acceptance_was_heard(
    connection: Connection[TupleRow],
) -> None:
    order = new_order(RUN, 1)
    order.submit(minute(2))
    order.fill(minute(3), "a", Execution(Decimal("0.5"), Decimal(10), Decimal(0)))
    order.accept(minute(4), "61e69015")
    order.cancel(minute(5), "canceled")
    folded(connection, order)
    found = {as_of: orders.page_past(connection, as_of, status="partial", limit=5)[1] for as_of in range(1, 6)}
    assert found == {1: 0, 2: 0, 3: 1, 4: 1, 5: 0}


def test_orders_as_they_were_are_those_that_had_been_folded_by_then(connection: Connection[TupleRow]) -> None:
    facts = list(random_facts(seed=19, runs=1, orders=60))
    append(connection, facts)
    fold(connection, OrdersReadModel())
    followed: dict[int, dict[str, list[OrderRow]]] = {}
    for as_of in range(1, len(facts) + 1, 11):
        followed[as_of] = {
            status: orders.page_past(connection, as_of, status=status, limit=500)[0] for status in OrderStatus
        }
    connection.execute("truncate weaver_events restart identity")
    forget(connection)
    done = 0
    for as_of, were in followed.items():
        append(connection, facts[done:as_of])
        done = as_of
        fold(connection, OrdersReadModel())
        for status, rows in were.items():
            assert rows == orders.page(connection, status=status, limit=500)[0], (as_of, status)
    assert {status for were in followed.values() for status, rows in were.items() if rows} >= {
        "submitted",
        "unknown",
        "accepted",
        "partial",
    }

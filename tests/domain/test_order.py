"""Orders: executions add up, final states absorb."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from hypothesis import given as for_all
from hypothesis import strategies as st
from msgspec import structs

from domain.errors import Refused
from domain.order import (
    Execution,
    Order,
    OrderCancelled,
    OrderCancelRequested,
    OrderCreated,
    OrderFilled,
    OrderPartiallyFilled,
    OrderRejected,
    OrderStatus,
)
from tests.specification import given

AT = datetime(2025, 3, 1, 12, tzinfo=UTC)
RUN = UUID(int=7)
CREATED = OrderCreated(
    at=AT, run_id=RUN, client_order_id="wv1-a", sequence=1, symbol="BTC/USD", side="buy", qty=Decimal(2)
)


def fill(
    kind: type[OrderFilled] | type[OrderPartiallyFilled], execution: str, qty: str, total: str, price: str, mean: str
) -> OrderFilled | OrderPartiallyFilled:
    return kind(
        at=AT,
        run_id=RUN,
        execution_id=execution,
        symbol="BTC/USD",
        side="buy",
        qty=Decimal(qty),
        price=Decimal(price),
        fee=Decimal(0),
        filled_qty=Decimal(total),
        filled_avg_price=Decimal(mean),
    )


HALF = fill(OrderPartiallyFilled, "e1", "1", "1", "100", "100")
REST = fill(OrderFilled, "e2", "1", "2", "110", "105")


def test_a_partial_execution_leaves_the_rest_working() -> None:
    scenario = given(Order, CREATED).when(
        lambda order: order.fill(AT, "e1", Execution(Decimal(1), Decimal(100), Decimal(0)))
    )
    scenario.then(HALF)
    assert scenario.aggregate.status is OrderStatus.PARTIAL


def test_the_last_execution_fills_the_order_at_the_mean_price() -> None:
    given(Order, CREATED, HALF).when(
        lambda order: order.fill(AT, "e2", Execution(Decimal(1), Decimal(110), Decimal(0)))
    ).then(REST)


def test_the_same_execution_is_booked_once() -> None:
    given(Order, CREATED, HALF).when(
        lambda order: order.fill(AT, "e1", Execution(Decimal(1), Decimal(100), Decimal(0)))
    ).then()


def test_more_than_was_ordered_is_refused() -> None:
    given(Order, CREATED, HALF).when(
        lambda order: order.fill(AT, "e9", Execution(Decimal("1.1"), Decimal(100), Decimal(0)))
    ).then_refused(Refused, "cannot be filled")


def test_a_fill_after_the_cancel_is_booked_and_the_order_stays_cancelled() -> None:
    late = given(Order, CREATED, OrderCancelled(at=AT, run_id=RUN, reason="by hand")).when(
        lambda order: order.fill(AT, "e1", Execution(Decimal(1), Decimal(100), Decimal(0)))
    )
    late.then(structs.replace(HALF, late=True))
    assert (late.aggregate.status, late.aggregate.filled_qty) == (OrderStatus.CANCELLED, Decimal(1))


def test_an_ended_order_is_not_cancelled_or_rejected_again() -> None:
    rejected = OrderRejected(at=AT, run_id=RUN, reason="no cash")
    given(Order, CREATED, rejected).when(lambda order: order.cancel(AT, "late")).then()
    given(Order, CREATED, rejected).when(lambda order: order.reject(AT, "again")).then()
    given(Order, CREATED, HALF).when(lambda order: order.reject(AT, "late")).then_refused(Refused, "cannot be rejected")


amounts = st.decimals("0.00000001", "5", places=8)


@for_all(st.lists(st.tuples(amounts, st.integers(0, 20)), max_size=20), amounts)
def test_filled_never_exceeds_ordered_and_refolding_gives_the_same_order(
    executions: list[tuple[Decimal, int]], ordered: Decimal
) -> None:
    order = Order(RUN)
    order.trigger(CREATED.__class__(**{**{f: getattr(CREATED, f) for f in CREATED.__struct_fields__}, "qty": ordered}))
    seen: dict[str, Decimal] = {}
    for qty, number in executions:
        try:
            order.fill(AT, str(number), Execution(qty, Decimal(100), Decimal(0)))
        except Refused:
            assert sum(seen.values()) + qty > ordered
        else:
            seen.setdefault(str(number), qty)
        assert order.filled_qty == sum(seen.values()) <= ordered
        assert (order.status is OrderStatus.FILLED) == (order.filled_qty == ordered)
    again = Order.fold(None, order.collect_events())
    assert again is not None
    assert (again.status, again.filled_qty, again.filled_avg_price, again.executions, again.version) == (
        order.status,
        order.filled_qty,
        order.filled_avg_price,
        order.executions,
        order.version,
    )


CANCEL_ASKED = OrderCancelRequested(at=AT, run_id=RUN)


def test_a_working_order_is_asked_to_be_cancelled_once_and_works_on() -> None:
    scenario = given(Order, CREATED, HALF).when(lambda order: order.request_cancel(AT))
    scenario.then(CANCEL_ASKED)
    assert scenario.aggregate.status is OrderStatus.PARTIAL
    given(Order, CREATED, CANCEL_ASKED).when(lambda order: order.request_cancel(AT)).then()
    given(Order, CREATED, HALF, CANCEL_ASKED).when(
        lambda order: order.fill(AT, "e2", Execution(Decimal(1), Decimal(110), Decimal(0)))
    ).then(REST)


def test_there_is_nothing_to_cancel_in_an_order_that_has_ended() -> None:
    given(Order, CREATED, HALF, REST).when(lambda order: order.request_cancel(AT)).then_refused(Refused, "is filled")

"""An order at an exchange: sent once for certain, whatever is heard of it, however often and in whichever order."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec import structs

from domain.errors import Refused
from domain.events import Event
from domain.order import (
    Execution,
    Order,
    OrderAccepted,
    OrderCancelled,
    OrderCreated,
    OrderExpired,
    OrderFilled,
    OrderOutcomeUnknown,
    OrderPartiallyFilled,
    OrderRejected,
    OrderStatus,
    OrderSubmitted,
)
from tests.specification import given

AT = datetime(2025, 3, 1, 12, tzinfo=UTC)
RUN = UUID(int=7)
CREATED = OrderCreated(
    at=AT,
    run_id=RUN,
    client_order_id="wv1-a",
    sequence=1,
    symbol="BTC/USD",
    side="buy",
    qty=Decimal(2),
    valid_until=AT + timedelta(minutes=1),
)
SUBMITTED = OrderSubmitted(at=AT, run_id=RUN)
ACCEPTED = OrderAccepted(at=AT, run_id=RUN, exchange_order_id="61e69015")
UNKNOWN = OrderOutcomeUnknown(at=AT, run_id=RUN, reason="no answer within 5 s")
CANCELLED = OrderCancelled(at=AT, run_id=RUN, reason="canceled")
EXPIRED = OrderExpired(at=AT, run_id=RUN, reason="day: the session closed")
REJECTED = OrderRejected(at=AT, run_id=RUN, reason="insufficient buying power")
HALF = OrderPartiallyFilled(
    at=AT,
    run_id=RUN,
    execution_id="e1",
    symbol="BTC/USD",
    side="buy",
    qty=Decimal(1),
    price=Decimal(100),
    fee=Decimal(0),
    filled_qty=Decimal(1),
    filled_avg_price=Decimal(100),
)
REST = OrderFilled(
    at=AT,
    run_id=RUN,
    execution_id="e2",
    symbol="BTC/USD",
    side="buy",
    qty=Decimal(1),
    price=Decimal(110),
    fee=Decimal(0),
    filled_qty=Decimal(2),
    filled_avg_price=Decimal(105),
)
ENDED = (CANCELLED, EXPIRED, REJECTED)


def status_after(*events: Event) -> OrderStatus:
    return given(Order, CREATED, *events).aggregate.status


def executed(qty: str, price: str) -> Execution:
    return Execution(Decimal(qty), Decimal(price), Decimal(0))


@pytest.mark.parametrize(
    ("heard", "status"),
    [
        ((), "pending"),
        ((SUBMITTED,), "submitted"),
        ((SUBMITTED, ACCEPTED), "accepted"),
        ((SUBMITTED, UNKNOWN), "unknown"),
        ((SUBMITTED, UNKNOWN, ACCEPTED), "accepted"),
        ((SUBMITTED, UNKNOWN, REJECTED), "rejected"),
        ((SUBMITTED, UNKNOWN, EXPIRED), "expired"),
        ((SUBMITTED, UNKNOWN, HALF), "partial"),
        ((SUBMITTED, ACCEPTED, HALF), "partial"),
        ((SUBMITTED, ACCEPTED, HALF, REST), "filled"),
        ((SUBMITTED, ACCEPTED, HALF, CANCELLED), "cancelled"),
        ((SUBMITTED, ACCEPTED, HALF, EXPIRED), "expired"),
        ((SUBMITTED, REJECTED), "rejected"),
        ((SUBMITTED, HALF, ACCEPTED), "partial"),
        ((SUBMITTED, HALF, REST, ACCEPTED), "filled"),
        ((SUBMITTED, CANCELLED, ACCEPTED), "cancelled"),
    ],
    ids=lambda value: " ".join(one.TOPIC.partition(".")[2] for one in value) if isinstance(value, tuple) else None,
)
def test_what_was_heard_last_of_an_order_is_its_status_unless_it_knows_better(
    heard: tuple[Event, ...], status: str
) -> None:
    assert status_after(*heard) == status


def test_an_order_is_recorded_as_sent_before_it_is() -> None:
    given(Order, CREATED).when(lambda order: order.submit(AT)).then(SUBMITTED)


def test_sending_again_after_an_unknown_outcome_counts_the_attempts() -> None:
    scenario = given(Order, CREATED, SUBMITTED, UNKNOWN).when(lambda order: order.submit(AT))
    scenario.then(structs.replace(SUBMITTED, attempt=2))
    order = scenario.aggregate
    assert (order.status, order.attempts) == (OrderStatus.SUBMITTED, 2)
    scenario.when(lambda order: order.lose_sight(AT, UNKNOWN.reason)).then(UNKNOWN)
    scenario.when(lambda order: order.submit(AT)).then(structs.replace(SUBMITTED, attempt=3))


@pytest.mark.parametrize(
    "past",
    [(SUBMITTED, ACCEPTED), (SUBMITTED, HALF), (SUBMITTED, HALF, REST), *((SUBMITTED, end) for end in ENDED)],
    ids=lambda past: past[-1].TOPIC,
)
def test_what_the_exchange_has_or_had_is_not_sent_again(past: tuple[Event, ...]) -> None:
    scenario = given(Order, CREATED, *past)
    assert not scenario.aggregate.submit(AT)
    scenario.when(lambda order: order.submit(AT)).then()


def test_the_exchange_accepts_an_order_once() -> None:
    given(Order, CREATED, SUBMITTED).when(lambda order: order.accept(AT, "61e69015")).then(ACCEPTED)
    given(Order, CREATED, SUBMITTED, ACCEPTED).when(lambda order: order.accept(AT, "61e69015")).then()


@pytest.mark.parametrize("past", [(HALF,), (HALF, REST), (CANCELLED,)], ids=lambda past: past[-1].TOPIC)
def test_what_the_exchange_calls_an_order_is_recorded_however_late_it_is_heard(past: tuple[Event, ...]) -> None:
    before = status_after(SUBMITTED, *past)
    scenario = given(Order, CREATED, SUBMITTED, *past).when(lambda order: order.accept(AT, "61e69015"))
    scenario.then(ACCEPTED)
    assert (scenario.aggregate.status, scenario.aggregate.exchange_order_id) == (before, "61e69015")


@pytest.mark.parametrize(
    "past",
    [(), (SUBMITTED, ACCEPTED), (SUBMITTED, UNKNOWN), (SUBMITTED, HALF), (SUBMITTED, CANCELLED)],
    ids=lambda past: past[-1].TOPIC if past else "order.created",
)
def test_only_an_order_that_was_just_sent_is_lost_sight_of(past: tuple[Event, ...]) -> None:
    given(Order, CREATED, *past).when(lambda order: order.lose_sight(AT, UNKNOWN.reason)).then()


def test_an_execution_may_come_before_the_exchange_has_accepted_the_order() -> None:
    given(Order, CREATED, SUBMITTED).when(lambda order: order.fill(AT, "e1", executed("1", "100"))).then(HALF)
    given(Order, CREATED, SUBMITTED, UNKNOWN, HALF).when(lambda order: order.fill(AT, "e2", executed("1", "110"))).then(
        REST
    )


@pytest.mark.parametrize("past", [(HALF,), (HALF, ACCEPTED), (HALF, CANCELLED), (HALF, REST)])
def test_a_known_execution_is_nothing_new_whatever_happened_since(past: tuple[Event, ...]) -> None:
    scenario = given(Order, CREATED, SUBMITTED, *past)
    assert scenario.aggregate.fill(AT, "e1", executed("1", "100"), is_a_fact=True) is None
    # not even if it is told differently the second time
    scenario.when(lambda order: order.fill(AT, "e1", executed("7", "1"), is_a_fact=True)).then()


@pytest.mark.parametrize("end", ENDED, ids=lambda end: end.TOPIC)
def test_an_execution_after_the_end_is_booked_late_and_the_order_stays_ended(end: Event) -> None:
    scenario = given(Order, CREATED, SUBMITTED, end)
    ended = scenario.aggregate.status
    scenario.when(lambda order: order.fill(AT, "e1", executed("1", "100"))).then(structs.replace(HALF, late=True))
    scenario.when(lambda order: order.fill(AT, "e2", executed("1", "110"))).then(structs.replace(REST, late=True))
    assert (scenario.aggregate.status, scenario.aggregate.filled_qty) == (ended, Decimal(2))


def test_more_than_was_ordered_is_booked_when_the_exchange_says_that_it_happened() -> None:
    def overfill(order: Order, *, is_a_fact: bool) -> None:
        order.fill(AT, "e3", executed("0.5", "120"), is_a_fact=is_a_fact)

    past = CREATED, SUBMITTED, ACCEPTED, HALF, REST
    given(Order, *past).when(lambda order: overfill(order, is_a_fact=False)).then_refused(Refused, "cannot be filled")
    given(Order, *past).when(lambda order: overfill(order, is_a_fact=True)).then(
        structs.replace(
            REST,
            execution_id="e3",
            qty=Decimal("0.5"),
            price=Decimal(120),
            filled_qty=Decimal("2.5"),
            filled_avg_price=Decimal(108),
            late=True,
        )
    )
    at_once = given(Order, CREATED, SUBMITTED)
    event = at_once.aggregate.fill(AT, "e1", executed("3", "100"), is_a_fact=True)
    assert isinstance(event, OrderFilled)
    assert (at_once.aggregate.status, event.late) == (OrderStatus.FILLED, False)


@pytest.mark.parametrize("qty", ["0", "-1"])
def test_nothing_at_all_is_no_execution_whoever_says_so(qty: str) -> None:
    given(Order, CREATED, SUBMITTED).when(
        lambda order: order.fill(AT, "e1", executed(qty, "100"), is_a_fact=True)
    ).then_refused(Refused, "cannot be filled")


@pytest.mark.parametrize("past", [(HALF, REST), *((end,) for end in ENDED)], ids=lambda past: past[-1].TOPIC)
def test_an_order_ends_once(past: tuple[Event, ...]) -> None:
    for again in (lambda order: order.cancel(AT, "canceled"), lambda order: order.expire(AT, "expired")):
        given(Order, CREATED, SUBMITTED, *past).when(again).then()


EXECUTIONS = {f"e{number}": Decimal(number) / 2 for number in range(1, 5)}


class OrderAtAnExchange(RuleBasedStateMachine):
    """Every message in every order; what must hold whatever comes. Executions are told again as they please."""

    def __init__(self) -> None:
        super().__init__()
        self.order = Order(UUID(int=1))
        self.order.trigger(CREATED)
        self.recorded = list(self.order.collect_events())
        self.ended_as: OrderStatus | None = None
        self.told: set[str] = set()
        self.accepted_as: str | None = None

    def ask(self, what: Callable[[Order], object]) -> object:
        """Ask, and keep what comes of it."""
        answer = what(self.order)
        self.recorded += self.order.collect_events()
        if self.ended_as is None and self.order.status.is_final:
            self.ended_as = self.order.status
        return answer

    @rule()
    def submit(self) -> None:
        is_free = self.order.status in {OrderStatus.PENDING, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN}
        attempts = self.order.attempts
        assert self.ask(lambda order: order.submit(AT)) == is_free
        assert self.order.attempts == attempts + is_free

    @rule(name=st.sampled_from(["x1", "x2"]))
    def accept(self, name: str) -> None:
        self.ask(lambda order: order.accept(AT, name))
        self.accepted_as = self.accepted_as or name

    @rule()
    def lose_sight(self) -> None:
        self.ask(lambda order: order.lose_sight(AT, "no answer"))

    @rule()
    def request_cancel(self) -> None:
        try:
            self.ask(lambda order: order.request_cancel(AT))
        except Refused:
            assert self.ended_as is not None

    @rule(execution_id=st.sampled_from(sorted(EXECUTIONS)))
    def fill(self, execution_id: str) -> None:
        qty = EXECUTIONS[execution_id]
        execution = Execution(qty, Decimal(100), Decimal(0))
        late = self.ended_as is not None
        event = self.ask(lambda order: order.fill(AT, execution_id, execution, is_a_fact=True))
        assert (event is None) == (execution_id in self.told)
        if isinstance(event, OrderPartiallyFilled | OrderFilled):
            assert event.late == late
        self.told.add(execution_id)

    @rule(end=st.sampled_from(["cancel", "expire"]))
    def end(self, end: str) -> None:
        self.ask(lambda order: order.cancel(AT, "canceled") if end == "cancel" else order.expire(AT, "expired"))
        assert self.ended_as is not None

    @precondition(lambda self: not self.told)
    @rule()
    def reject(self) -> None:
        self.ask(lambda order: order.reject(AT, "no"))

    @invariant()
    def is_ended_for_ever(self) -> None:
        assert self.ended_as in {None, self.order.status}

    @invariant()
    def has_booked_every_execution_once(self) -> None:
        assert self.order.executions == self.told
        assert self.order.filled_qty == sum((EXECUTIONS[one] for one in self.told), Decimal(0))
        fills = [one.event for one in self.recorded if isinstance(one.event, OrderPartiallyFilled | OrderFilled)]
        assert len(fills) == len(self.told)
        totals = [fill.filled_qty for fill in fills]
        assert totals == sorted(set(totals)), "what is filled only ever grows"

    @invariant()
    def keeps_what_the_exchange_called_it_first(self) -> None:
        assert self.order.exchange_order_id == self.accepted_as

    @invariant()
    def is_working_with_what_it_has(self) -> None:
        if self.ended_as is None and self.told:
            assert self.order.status is OrderStatus.PARTIAL
        elif self.ended_as is None and self.accepted_as:
            assert self.order.status is OrderStatus.ACCEPTED

    @invariant()
    def is_what_its_events_say(self) -> None:
        again = Order.fold(None, self.recorded)
        assert again is not None
        again.collect_events()
        assert vars(again) == vars(self.order)


TestOrderAtAnExchange = OrderAtAnExchange.TestCase
TestOrderAtAnExchange.settings = settings(max_examples=60, stateful_step_count=30)

"""An order: the intent a strategy recorded, and what became of it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from domain.errors import Refused
from domain.events import Aggregate, Event
from domain.money import ZERO

type Side = Literal["buy", "sell"]
type Liquidity = Literal["maker", "taker"]

# The reason of a cancellation that was the strategy's own decision.
CANCELLED_BY_STRATEGY = "cancelled by the strategy"


class OrderType(StrEnum):
    """How an order's price is found."""

    __hash__ = str.__hash__  # Enum's own is a Python function, and orders ask for it at every turn

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class TimeInForce(StrEnum):
    """How long an order works."""

    __hash__ = str.__hash__  # Enum's own is a Python function, and orders ask for it at every turn

    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"


class OrderStatus(StrEnum):
    """Where an order is in its life; see trading rules, orders at an exchange."""

    __hash__ = str.__hash__  # Enum's own is a Python function, and orders ask for it at every turn

    PENDING = "pending"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """Whether nothing more is expected of the order. A late fill may still come, and is booked."""
        return self in _FINAL


_FINAL = frozenset({OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.EXPIRED})
_BEFORE_THE_EXCHANGE = frozenset({OrderStatus.PENDING, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN})
_AT_THE_EXCHANGE = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIAL})


class OrderCreated(Event, frozen=True, kw_only=True):
    """The intent: a strategy decided to trade. Nothing is sent before this is recorded.

    sequence, leg: the identity of the decision, from which `client_order_id` is derived. Leg 0 is the order itself, 1 a
    stop-loss, 2 a take-profit: whichever of the two fills cancels the other. price: the limit. trail: a distance in
    quote currency, trail_percent: in percent of the best price since. take_profit, stop_loss: prices of the legs that
    are placed once this order has filled; their parent_id is this order's id. valid_until: when it is too late to send
    it for the first time; None in a simulation of the past.
    """

    TOPIC: ClassVar[str] = "order.created"

    run_id: UUID
    client_order_id: str
    sequence: int
    symbol: str
    side: Side
    qty: Decimal
    leg: int = 0
    order_type: OrderType = OrderType.MARKET
    price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    trail_percent: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    parent_id: UUID | None = None
    tag: str | None = None
    valid_until: datetime | None = None


class OrderSubmitted(Event, frozen=True, kw_only=True):
    """The order is about to be sent: recorded before, so that after a crash it is known that it may have been.

    attempt: from 1; a later one is sent only after the exchange has said that there is no such order.
    """

    TOPIC: ClassVar[str] = "order.submitted"

    run_id: UUID
    attempt: int = 1


class OrderAccepted(Event, frozen=True, kw_only=True):
    """The exchange has the order."""

    TOPIC: ClassVar[str] = "order.accepted"

    run_id: UUID
    exchange_order_id: str


class OrderOutcomeUnknown(Event, frozen=True, kw_only=True):
    """The order was sent and nobody knows whether it arrived: the exchange is asked before anything is sent again."""

    TOPIC: ClassVar[str] = "order.outcome_unknown"

    run_id: UUID
    reason: str


class OrderFill(Event, frozen=True, kw_only=True):
    """One execution: what both kinds of fill carry.

    execution_id: unique for ever; the same execution is booked once. qty, price, fee: of this execution alone, price
    after slippage, fee in quote currency. filled_qty, filled_avg_price: of the order so far, this execution included.
    base_fee: a fee taken from what was bought, in units of the symbol. slippage: what the execution cost beyond the
    price before slippage, quote currency. ambiguous: the bar would have filled the other order of its pair as well, and
    does not tell which came first. late: it came after the order had ended, and was booked all the same.
    """

    run_id: UUID
    execution_id: str
    symbol: str
    side: Side
    qty: Decimal
    price: Decimal
    fee: Decimal
    filled_qty: Decimal
    filled_avg_price: Decimal
    base_fee: Decimal = ZERO
    slippage: Decimal = ZERO
    liquidity: Liquidity = "taker"
    ambiguous: bool = False
    late: bool = False


class OrderPartiallyFilled(OrderFill, frozen=True, kw_only=True):
    """A part of the order was executed; the rest keeps working."""

    TOPIC: ClassVar[str] = "order.partially_filled"


class OrderFilled(OrderFill, frozen=True, kw_only=True):
    """The order was executed in full."""

    TOPIC: ClassVar[str] = "order.filled"


class OrderCancelRequested(Event, frozen=True, kw_only=True):
    """Somebody wants the order cancelled. It works until the venue says that it has ended."""

    TOPIC: ClassVar[str] = "order.cancel_requested"

    run_id: UUID


class OrderCancelled(Event, frozen=True, kw_only=True):
    """The order ended before it was filled in full."""

    TOPIC: ClassVar[str] = "order.cancelled"

    run_id: UUID
    reason: str


class OrderExpired(Event, frozen=True, kw_only=True):
    """The order's time in force ended before it was filled in full."""

    TOPIC: ClassVar[str] = "order.expired"

    run_id: UUID
    reason: str


class OrderRejected(Event, frozen=True, kw_only=True):
    """A rule or the exchange refused the order. An event, not an error.

    policy: the risk policy that refused, with its figures; None where it was the account or the exchange.
    """

    TOPIC: ClassVar[str] = "order.rejected"

    run_id: UUID
    reason: str
    policy: str | None = None
    figures: Mapping[str, str] = {}


class Execution(msgspec.Struct, frozen=True):
    """What was executed of an order, before the order books it; the fields are those of `OrderFill`."""

    qty: Decimal
    price: Decimal
    fee: Decimal
    base_fee: Decimal = ZERO
    slippage: Decimal = ZERO
    liquidity: Liquidity = "taker"
    ambiguous: bool = False


class Order(Aggregate):
    """An order folded from its events."""

    TOPIC: ClassVar[str] = "order"

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.intent: OrderCreated | None = None
        self.status = OrderStatus.PENDING
        self.filled_qty = ZERO
        self.filled_avg_price: Decimal | None = None
        self.executions: set[str] = set()
        self.reject_reason: str | None = None
        self.cancel_requested = False
        self.attempts = 0
        self.exchange_order_id: str | None = None

    @property
    def created(self) -> OrderCreated:
        """The intent the stream begins with."""
        if self.intent is None:
            raise TypeError(f"stream {self.id} does not begin with {OrderCreated.TOPIC}")
        return self.intent

    def submit(self, at: datetime) -> bool:
        """Record that the order is about to be sent; return False, and change nothing, if it may not be (any more)."""
        if self.status.is_final or self.status in _AT_THE_EXCHANGE:
            return False
        self.trigger(OrderSubmitted(at=at, run_id=self.created.run_id, attempt=self.attempts + 1))
        return True

    def accept(self, at: datetime, exchange_order_id: str) -> None:
        """Record that the exchange has the order; the same word again changes nothing."""
        if self.exchange_order_id is None:
            self.trigger(OrderAccepted(at=at, run_id=self.created.run_id, exchange_order_id=exchange_order_id))

    def lose_sight(self, at: datetime, reason: str) -> None:
        """Record that nobody knows whether the order arrived; an order the exchange has is not lost sight of."""
        if self.status is OrderStatus.SUBMITTED:
            self.trigger(OrderOutcomeUnknown(at=at, run_id=self.created.run_id, reason=reason))

    def request_cancel(self, at: datetime) -> None:
        """Ask for the order to be cancelled. Asking again changes nothing; raise Refused for one that has ended."""
        if self.status.is_final:
            raise Refused(f"order {self.id} is {self.status}: there is nothing to cancel", status=self.status)
        if not self.cancel_requested:
            self.trigger(OrderCancelRequested(at=at, run_id=self.created.run_id))

    def cancel(self, at: datetime, reason: str) -> None:
        """End an order that is still working; an order that has ended stays as it is."""
        if not self.status.is_final:
            self.trigger(OrderCancelled(at=at, run_id=self.created.run_id, reason=reason))

    def expire(self, at: datetime, reason: str) -> None:
        """End an order whose time in force is over; an order that has ended stays as it is."""
        if not self.status.is_final:
            self.trigger(OrderExpired(at=at, run_id=self.created.run_id, reason=reason))

    def reject(
        self, at: datetime, reason: str, policy: str | None = None, figures: Mapping[str, str] | None = None
    ) -> None:
        """Record that the order was refused; raise Refused once anything was filled."""
        if self.filled_qty > 0:
            raise Refused(f"order {self.id} is filled with {self.filled_qty}: it cannot be rejected any more")
        if not self.status.is_final:
            self.trigger(
                OrderRejected(
                    at=at, run_id=self.created.run_id, reason=reason, policy=policy, figures=dict(figures or {})
                )
            )

    def fill(
        self, at: datetime, execution_id: str, execution: Execution, *, is_a_fact: bool = False
    ) -> OrderFill | None:
        """Book an execution and return its event; a known execution id changes nothing and gives None.

        More than was ordered raises Refused, unless an exchange says that it has happened: is_a_fact.
        """
        if execution_id in self.executions:
            return None
        intent = self.created
        qty, price = execution.qty, execution.price
        filled_qty = self.filled_qty + qty
        if qty <= 0 or (filled_qty > intent.qty and not is_a_fact):
            raise Refused(f"order {self.id} of {intent.qty} cannot be filled with {qty}: {self.filled_qty} is filled")
        if qty == filled_qty:
            average = price
        else:
            average = ((self.filled_avg_price or ZERO) * self.filled_qty + price * qty) / filled_qty
        kind = OrderFilled if filled_qty >= intent.qty else OrderPartiallyFilled
        event = kind(
            at=at,
            run_id=intent.run_id,
            execution_id=execution_id,
            symbol=intent.symbol,
            side=intent.side,
            qty=qty,
            price=price,
            fee=execution.fee,
            filled_qty=filled_qty,
            filled_avg_price=average,
            base_fee=execution.base_fee,
            slippage=execution.slippage,
            liquidity=execution.liquidity,
            ambiguous=execution.ambiguous,
            late=self.status.is_final,
        )
        self.trigger(event)
        return event

    def apply(self, event: Event) -> None:
        """Change the state as the event says."""
        match event:
            case OrderCreated():
                self.intent = event
            case OrderFill():
                self.executions.add(event.execution_id)
                self.filled_qty, self.filled_avg_price = event.filled_qty, event.filled_avg_price
                if not self.status.is_final:
                    self.status = OrderStatus.FILLED if isinstance(event, OrderFilled) else OrderStatus.PARTIAL
            case OrderSubmitted() | OrderAccepted() | OrderOutcomeUnknown():
                self._sent(event)
            case OrderCancelRequested():
                self.cancel_requested = True
            case OrderCancelled() | OrderExpired() | OrderRejected():
                self._ended(event)
            case _:
                raise TypeError(f"an order knows no event {type(event).TOPIC}")

    def _sent(self, event: OrderSubmitted | OrderAccepted | OrderOutcomeUnknown) -> None:
        match event:
            case OrderSubmitted():
                self.status, self.attempts = OrderStatus.SUBMITTED, event.attempt
            case OrderAccepted():
                self.exchange_order_id = event.exchange_order_id
                if self.status in _BEFORE_THE_EXCHANGE:
                    self.status = OrderStatus.ACCEPTED
            case OrderOutcomeUnknown():
                self.status = OrderStatus.UNKNOWN

    def _ended(self, event: OrderCancelled | OrderExpired | OrderRejected) -> None:
        match event:
            case OrderCancelled():
                self.status = OrderStatus.CANCELLED
            case OrderExpired():
                self.status = OrderStatus.EXPIRED
            case OrderRejected():
                self.status, self.reject_reason = OrderStatus.REJECTED, event.reason

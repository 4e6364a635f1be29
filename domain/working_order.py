"""An order while it works: what was asked for, what became of it so far, and the handle a strategy holds."""

from decimal import Decimal
from uuid import UUID

from domain.ids import OrderIds
from domain.instruments import Instrument
from domain.money import ZERO
from domain.order import OrderStatus, OrderType, Side, TimeInForce
from domain.order_request import OrderRequest


class Working:
    """An order of a session: light, because a backtest makes tens of thousands. Its events are built from it later.

    sequence, leg: its identity, see `OrderCreated`; key: both in one, within the run. placed_at: microseconds. since:
    place of the bar at whose close it was placed, or became a limit; one that fills at the open after it takes
    liquidity. level: where a trailing stop stands now. triggered: its stop was reached. held: what the account keeps
    back for it, in quote currency and in units. last_filled: of its newest execution. received: what its executions
    brought, fees in base deducted. sibling: the other order of a pair. serial: its place in the order of placement.
    """

    __slots__ = (
        "buys",
        "filled_qty",
        "filled_value",
        "held_cash",
        "held_units",
        "ids",
        "instrument",
        "key",
        "kind",
        "last_filled",
        "leg",
        "level",
        "number_of_fills",
        "on_book",
        "parent_id",
        "placed_at",
        "received",
        "reject_reason",
        "request",
        "sequence",
        "serial",
        "sibling",
        "since",
        "status",
        "triggered",
    )

    def __init__(
        self,
        request: OrderRequest,
        instrument: Instrument,
        ids: OrderIds,
        serial: int,
        sequence: int,
        leg: int,
        placed_at: int,
        since: int = 0,
        parent_id: UUID | None = None,
    ) -> None:
        self.request = request
        self.instrument = instrument
        self.ids = ids
        self.serial = serial
        self.sequence = sequence
        self.leg = leg
        self.key = OrderIds.key(sequence, leg)
        self.placed_at = placed_at
        self.parent_id = parent_id
        self.kind: OrderType = request.order_type
        self.buys = request.side == "buy"
        self.status = OrderStatus.PENDING
        self.reject_reason: str | None = None
        self.level: Decimal | None = None
        self.triggered = False
        self.since = since
        self.on_book = True
        self.number_of_fills = 0
        self.filled_qty = self.filled_value = self.received = self.last_filled = ZERO
        self.held_cash = self.held_units = ZERO
        self.sibling: Working | None = None

    def become(self, other: "Working") -> None:
        """Take the place of an equal order: whoever holds a handle of this one sees from here on what that one does."""
        for name in Working.__slots__:
            setattr(self, name, getattr(other, name))

    @property
    def handle(self) -> "OrderHandle":
        """What a strategy holds of it; made anew: two objects that hold each other would wait for the collector."""
        return OrderHandle(self)

    @property
    def id(self) -> UUID:
        """The order's id, also the one in the journal."""
        return self.ids.order_id(self.sequence, self.leg)

    @property
    def remaining(self) -> Decimal:
        """What can still be filled: of a pair, what neither of the two has filled."""
        left = self.request.qty - self.filled_qty
        return left if self.sibling is None else left - self.sibling.filled_qty

    @property
    def is_immediate(self) -> bool:
        """Whether it is judged once, at the first price it is eligible for."""
        return self.request.tif is TimeInForce.IOC or self.request.tif is TimeInForce.FOK

    @property
    def rests(self) -> bool:
        """Whether it is a limit by now."""
        return self.kind is OrderType.LIMIT or (self.triggered and self.kind is OrderType.STOP_LIMIT)


class OrderHandle:
    """An order the strategy placed, always as it is now: `id, status, filled_quantity`."""

    __slots__ = ("_order",)

    def __init__(self, order: Working) -> None:
        self._order = order

    @property
    def id(self) -> UUID:
        """The order's id, also the one in the journal."""
        return self._order.id

    @property
    def status(self) -> OrderStatus:
        """Where the order is in its life."""
        return self._order.status

    @property
    def filled_quantity(self) -> Decimal:
        """How much of it was executed."""
        return self._order.filled_qty

    @property
    def average_price(self) -> Decimal | None:
        """The average price of what was executed, None before the first execution."""
        return self._order.filled_value / self._order.filled_qty if self._order.filled_qty else None

    @property
    def symbol(self) -> str:
        """What it trades."""
        return self._order.request.symbol

    @property
    def side(self) -> Side:
        """`buy` or `sell`."""
        return self._order.request.side

    @property
    def quantity(self) -> Decimal:
        """How much was ordered."""
        return self._order.request.qty

    @property
    def order_type(self) -> OrderType:
        """How its price is found."""
        return self._order.kind

    @property
    def limit(self) -> Decimal | None:
        """Its limit, None for orders without one."""
        return self._order.request.limit

    @property
    def stop(self) -> Decimal | None:
        """Its trigger, or where a trailing stop stands now; None for orders without one."""
        return self._order.request.stop if self._order.level is None else self._order.level

    @property
    def reject_reason(self) -> str | None:
        """Why it was rejected, None if it was not."""
        return self._order.reject_reason

    @property
    def tag(self) -> str | None:
        """The strategy's own label."""
        return self._order.request.tag

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OrderHandle) and self._order is other._order

    def __hash__(self) -> int:
        return hash(self._order.key)

    def __repr__(self) -> str:
        return f"<order {self.id} {self.side} {self.quantity} {self.symbol}: {self.status}>"

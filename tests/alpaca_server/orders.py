"""An order and an execution as the book holds them, and as the API shows them."""

from decimal import Decimal
from typing import Any

import msgspec

from tests.alpaca_server.times import rfc3339

FINAL = frozenset({"filled", "canceled", "expired", "replaced", "rejected"})


class Execution(msgspec.Struct, frozen=True):
    """One fill. `fee` is in `fee_asset`: what is received pays it."""

    id: str
    order_id: str
    symbol: str
    side: str
    qty: Decimal
    price: Decimal
    at: int
    cum_qty: Decimal
    leaves_qty: Decimal
    fee: Decimal = Decimal(0)
    fee_asset: str = "USD"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order's terms and what has become of it. Times are nanoseconds since 1970, by the market's clock."""

    id: str
    client_order_id: str
    asset_id: str
    symbol: str
    asset_class: str
    side: str
    type: str
    time_in_force: str
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    hwm: Decimal | None = None
    extended_hours: bool = False
    order_class: str = ""
    position_intent: str | None = None
    source: str | None = "access_key"
    status: str = "pending_new"
    created_at: int
    updated_at: int
    submitted_at: int
    filled_at: int | None = None
    expired_at: int | None = None
    expires_at: int | None = None
    cancel_requested_at: int | None = None
    canceled_at: int | None = None
    failed_at: int | None = None
    replaced_at: int | None = None
    replaced_by: str | None = None
    replaces: str | None = None
    filled_qty: Decimal = Decimal(0)
    filled_cost: Decimal = Decimal(0)

    hold_price: Decimal
    """What a unit is reckoned at while the order is open: the limit, or the quote of the moment."""
    triggered: bool = False
    """A stop that has been reached."""
    rested: bool = False
    """The order has been held against a quote and stayed: what it gets from now on, it makes."""
    doomed: str | None = None
    """Accepted, and to be rejected afterwards for this reason."""
    by_hand: bool = False
    """Not matched by the market: it is filled by whoever drives the exchange."""
    cancel_outcome: str = ""
    """What is to come of a cancel: nothing for the usual, `stuck`, `fill` first, `late` fill."""
    patience: float = 0.0
    """Seconds a planned outcome takes beyond the usual."""
    late_qty: Decimal = Decimal(0)
    """What will still be filled after the order was cancelled."""

    @property
    def is_open(self) -> bool:
        return self.status not in FINAL

    @property
    def is_buy(self) -> bool:
        return self.side == "buy"

    @property
    def whole_qty(self) -> Decimal:
        """The quantity asked for; of a notional order, what it comes to at the price it is reckoned at."""
        return self.qty if self.qty is not None else (self.notional or Decimal(0)) / self.hold_price

    @property
    def remaining_qty(self) -> Decimal:
        return max(self.whole_qty - self.filled_qty, Decimal(0))

    @property
    def held_cost(self) -> Decimal:
        """The dollars a buy keeps from being spent again."""
        if self.is_open and self.notional is not None:
            return max(self.notional - self.filled_cost, Decimal(0))
        return self.held_qty * self.hold_price

    @property
    def held_qty(self) -> Decimal:
        """The quantity a sell keeps from being sold again; a cancelled order keeps what will yet be filled."""
        return self.remaining_qty if self.is_open else self.late_qty

    def wire(self) -> dict[str, Any]:
        """Return the order as the API and the stream show it."""
        average = self.filled_cost / self.filled_qty if self.filled_qty else None
        return {
            "id": self.id,
            "client_order_id": self.client_order_id,
            **{name: _time(getattr(self, name)) for name in _TIMES},
            "replaced_by": self.replaced_by,
            "replaces": self.replaces,
            "asset_id": self.asset_id,
            "symbol": self.symbol,
            "asset_class": self.asset_class,
            "notional": amount(self.notional),
            "qty": amount(self.qty),
            "filled_qty": amount(self.filled_qty),
            "filled_avg_price": amount(average),
            "order_class": self.order_class,
            "order_type": self.type,
            "type": self.type,
            "side": self.side,
            "position_intent": self.position_intent,
            "time_in_force": self.time_in_force,
            "limit_price": amount(self.limit_price),
            "stop_price": amount(self.stop_price),
            "status": self.status,
            "extended_hours": self.extended_hours,
            "legs": None,
            "trail_percent": amount(self.trail_percent),
            "trail_price": amount(self.trail_price),
            "hwm": amount(self.hwm),
            "subtag": None,
            "source": self.source,
        }


_TIMES = (
    "created_at",
    "updated_at",
    "submitted_at",
    "filled_at",
    "expired_at",
    "expires_at",
    "cancel_requested_at",
    "canceled_at",
    "failed_at",
    "replaced_at",
)


def _time(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)


def amount(value: Decimal | None) -> str | None:
    """Return an amount as Alpaca writes it: plain digits without trailing zeros, at most nine decimals."""
    if value is None:
        return None
    return plain(value.quantize(Decimal("1e-9")))


def plain(value: Decimal) -> str:
    """Return an exact amount in plain digits without trailing zeros."""
    if not value:
        return "0"
    digits = f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits

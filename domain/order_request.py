"""What a strategy asks for, before any rule has seen it."""

from decimal import Decimal, InvalidOperation

import msgspec

from domain.errors import OrderRefused
from domain.order import OrderCreated, OrderType, Side, TimeInForce

MAX_PRICE = 10**15

type Quantity = Decimal | int | str | float
type Price = Decimal | int | str | float


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy asks for, before any rule has seen it."""

    symbol: str
    side: Side
    qty: Decimal
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail: Decimal | None = None
    trail_percent: Decimal | None = None
    tif: TimeInForce = TimeInForce.GTC
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    tag: str | None = None

    @property
    def order_type(self) -> OrderType:
        """The type that follows from the prices given."""
        if self.trail is not None or self.trail_percent is not None:
            return OrderType.TRAILING_STOP
        if self.stop is not None:
            return OrderType.STOP if self.limit is None else OrderType.STOP_LIMIT
        return OrderType.MARKET if self.limit is None else OrderType.LIMIT


def request_of(intent: OrderCreated) -> OrderRequest:
    """Return what was asked for when an order was recorded."""
    return OrderRequest(
        symbol=intent.symbol,
        side=intent.side,
        qty=intent.qty,
        limit=intent.price,
        stop=intent.stop_price,
        trail=intent.trail,
        trail_percent=intent.trail_percent,
        tif=intent.time_in_force,
        take_profit=intent.take_profit,
        stop_loss=intent.stop_loss,
        tag=intent.tag,
    )


def decimal_of(name: str, given: object) -> Decimal:
    """Return the number a strategy gave as a decimal; raise OrderRefused if it is none."""
    try:
        return given if isinstance(given, Decimal) else Decimal(str(given))
    except InvalidOperation:
        raise OrderRefused(f"{name} must be a number, not {given!r}") from None


def finite(name: str, given: object) -> Decimal:
    """Return the number a strategy gave as a decimal, of either sign; raise OrderRefused if it is not finite."""
    number = decimal_of(name, given)
    if not number.is_finite():
        raise OrderRefused(f"{name} must be a finite number, not {given}")
    return number


def price_of(name: str, given: Price) -> Decimal:
    """Return the price a strategy gave as a decimal; raise OrderRefused unless it is above zero."""
    price = decimal_of(name, given)
    if not price.is_finite() or price <= 0:
        raise OrderRefused(f"{name} must be above zero, not {given}")
    if price > MAX_PRICE:
        raise OrderRefused(f"{name} must be at most {MAX_PRICE}, not {given}")
    return price

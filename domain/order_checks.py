"""Is this an order at all? What a request must be before anything is recorded, and how it gets onto the increments."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from domain.errors import OrderRefused
from domain.instruments import Instrument
from domain.matching import trailing_level
from domain.order import OrderType, Side
from domain.order_request import OrderRequest

MAX_TAG_LENGTH = 100


def checked(request: OrderRequest, instrument: Instrument, last_close: Callable[[str], Decimal]) -> OrderRequest:
    """Return the request with quantity and prices on the instrument's increments.

    Raises OrderRefused, with the reason, for what the venue does not take and for figures that contradict each other.
    """
    if request.tag is not None and len(request.tag) > MAX_TAG_LENGTH:
        raise OrderRefused(f"a tag has at most {MAX_TAG_LENGTH} characters")
    has_legs = request.take_profit is not None or request.stop_loss is not None
    kind, qty = request.order_type, instrument.quantity(request.qty)
    instrument.require_capable(kind, request.tif, has_legs=has_legs)
    if kind is OrderType.MARKET and not has_legs:
        return request if qty is request.qty else msgspec.structs.replace(request, qty=qty)
    _require_consistent(request)
    side = request.side
    if kind is OrderType.TRAILING_STOP:
        trailing_level(instrument, side, last_close(request.symbol), request.trail, request.trail_percent)
    exit_side: Side = "sell" if side == "buy" else "buy"
    limit, stop, take_profit, stop_loss = request.limit, request.stop, request.take_profit, request.stop_loss
    return msgspec.structs.replace(
        request,
        qty=qty,
        limit=None if limit is None else instrument.limit_price(limit, side),
        stop=None if stop is None else instrument.stop_price(stop, side),
        take_profit=None if take_profit is None else instrument.limit_price(take_profit, exit_side),
        stop_loss=None if stop_loss is None else instrument.stop_price(stop_loss, exit_side),
    )


def _require_consistent(request: OrderRequest) -> None:
    if request.trail is not None and request.trail_percent is not None:
        raise OrderRefused("a trailing stop has either trail or trail_percent")
    if request.order_type is OrderType.TRAILING_STOP and (request.limit is not None or request.stop is not None):
        raise OrderRefused("a trailing stop takes neither limit nor stop: its level follows the price")
    if request.trail_percent is not None and request.trail_percent >= 100:
        raise OrderRefused(f"trail_percent must be below 100, not {request.trail_percent}")
    if request.stop_loss is not None and request.take_profit is not None:
        require_around(request.side, request.stop_loss, request.take_profit)


def require_around(entry: Side, stop_loss: Decimal, take_profit: Decimal) -> None:
    """Raise OrderRefused unless the exits of a position entered by this side lie around it."""
    low, high = (stop_loss, take_profit) if entry == "buy" else (take_profit, stop_loss)
    if low >= high:
        raise OrderRefused(f"take_profit {take_profit} and stop_loss {stop_loss} of a {entry} are the wrong way round")

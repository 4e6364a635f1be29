"""Which price does this bar give this order? The rules of fills inside a bar.

A bar is looked at twice: at its open, which is known to come first, and inside, of which only the extremes are known.
All prices are decimals of the ledger, before slippage. A buy is described; a sell is its mirror image.
"""

from decimal import Decimal
from typing import Final

from domain.errors import OrderRefused
from domain.instruments import Instrument
from domain.money import ONE, ZERO, exact, plain
from domain.order import OrderType, Side
from domain.working_order import Working

HUNDRED: Final = Decimal(100)

# open, high, low, volume as the market has them
type Ohlv = tuple[float, float, float, float]


class Bar:
    """One bar of a symbol in decimals of the ledger, each made when it is first looked at.

    opened_at: microseconds since 1970 UTC. index: its place among the bars of its symbol. left: how much of its volume
    may still be taken, None for all.
    """

    __slots__ = ("_high", "_low", "_market", "_volume", "index", "left", "open", "opened_at")

    def __init__(self, market: Ohlv, index: int = 0, opened_at: int = 0) -> None:
        self._market = market
        self.opened_at = opened_at
        self.index = index
        self.left: Decimal | None = None
        self.open = exact(market[0])
        self._high: Decimal | None = None
        self._low: Decimal | None = None
        self._volume: Decimal | None = None

    @property
    def high(self) -> Decimal:
        """The highest price."""
        if self._high is None:
            self._high = exact(self._market[1])
        return self._high

    @property
    def low(self) -> Decimal:
        """The lowest price."""
        if self._low is None:
            self._low = exact(self._market[2])
        return self._low

    @property
    def volume(self) -> Decimal:
        """What was traded, in units of the symbol; 0 where the feed has no volume."""
        if self._volume is None:
            self._volume = exact(self._market[3])
        return self._volume

    def share(self, qty: Decimal) -> Decimal:
        """Return the part of the volume that a quantity is, at most 1; 0 for a bar without volume."""
        return min(qty / self.volume, ONE) if self.volume else ZERO


def trailing_level(
    instrument: Instrument, side: Side, best: Decimal, trail: Decimal | None, trail_percent: Decimal | None
) -> Decimal:
    """Return where a trailing stop stands that has seen `best`; raise OrderRefused for a level below zero.

    trail: the distance in quote currency; else trail_percent, in percent of `best`.
    """
    distance = _required(trail) if trail_percent is None else best * trail_percent / HUNDRED
    level = best + distance if side == "buy" else best - distance
    if level <= 0:
        raise OrderRefused(f"a trail of {plain(distance)} below {plain(best)} is a price below zero")
    return instrument.stop_price(level, side)


def price_at_open(order: Working, bar: Bar) -> Decimal | None:
    """Return the price the order fills at when the bar opens, None if it does not.

    market: the open. limit: the open if it is at the limit or better. stop and trailing stop: the open if it is at the
    stop or beyond, or if an earlier bar reached the stop and could not fill all of it. stop-limit: triggered by an open
    at the stop or beyond, and judged as a limit at once.
    """
    match order.kind:
        case OrderType.MARKET:
            return bar.open
        case OrderType.LIMIT:
            return bar.open if _limit_met(order, bar.open) else None
        case OrderType.STOP_LIMIT:
            if not order.triggered and _triggered(order, bar.open):
                order.since = bar.index - 1
            return bar.open if order.triggered and _limit_met(order, bar.open) else None
        case OrderType.STOP | OrderType.TRAILING_STOP:
            return bar.open if order.triggered or _triggered(order, bar.open) else None


def price_inside(order: Working, bar: Bar) -> Decimal | None:
    """Return the price the order fills at inside the bar, None if it does not; to be asked after the open.

    limit: its limit, once the market traded through it, not merely touched it. stop: the stop once it is reached.
    stop-limit: reached inside a bar it becomes a limit that sees only later bars. trailing stop: the level carried into
    the bar is tested against the adverse extreme first, then moved up to what the favourable extreme allows.
    """
    match order.kind:
        case OrderType.MARKET:
            return None
        case OrderType.LIMIT:
            return _traded_through(order, bar)
        case OrderType.STOP_LIMIT:
            if order.triggered:
                return _traded_through(order, bar)
            if _triggered(order, bar.high if order.buys else bar.low):
                order.since = bar.index
            return None
        case OrderType.STOP:
            extreme = bar.high if order.buys else bar.low
            return order.request.stop if not order.triggered and _triggered(order, extreme) else None
        case OrderType.TRAILING_STOP:
            if order.triggered:
                return None
            if _triggered(order, bar.high if order.buys else bar.low):
                return order.level
            _ratchet(order, bar)
            return None


def _limit_met(order: Working, price: Decimal) -> bool:
    limit = _required(order.request.limit)
    return price <= limit if order.buys else price >= limit


def _traded_through(order: Working, bar: Bar) -> Decimal | None:
    limit = _required(order.request.limit)
    return limit if (bar.low < limit if order.buys else bar.high > limit) else None


def _triggered(order: Working, price: Decimal) -> bool:
    """Whether the price reaches the stop; the order remembers it: what is left of it has been triggered for good."""
    stop = _required(order.request.stop if order.level is None else order.level)
    order.triggered = price >= stop if order.buys else price <= stop
    return order.triggered


def _ratchet(order: Working, bar: Bar) -> None:
    level = _required(order.level)
    candidate = _trailed(order, bar.low if order.buys else bar.high)
    order.level = min(level, candidate) if order.buys else max(level, candidate)


def _trailed(order: Working, best: Decimal) -> Decimal:
    request = order.request
    return trailing_level(order.instrument, request.side, best, request.trail, request.trail_percent)


def _required(price: Decimal | None) -> Decimal:
    if price is None:
        raise TypeError("an order without the price its type needs was put on the book")
    return price


def watched_level(order: Working) -> tuple[bool, float] | None:
    """Return whether the order waits for a rise, and to which price; None if every bar has to be looked at.

    The float is the nearest to the decimal level. Rounding keeps order, so no bar that reaches the level is missed; one
    that only seems to is settled in decimals.
    """
    kind = order.kind
    if kind is OrderType.MARKET or kind is OrderType.TRAILING_STOP:
        return None
    if order.is_immediate or (kind is OrderType.STOP and order.triggered):
        return None
    if order.rests:
        return not order.buys, float(_required(order.request.limit))
    return order.buys, float(_required(order.request.stop))

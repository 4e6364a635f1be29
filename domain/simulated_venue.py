"""A venue in this process: it matches working orders against bars, as the trading rules say."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from domain.matching import Bar, Ohlv, price_at_open, price_inside
from domain.money import plain
from domain.order import Liquidity, TimeInForce
from domain.order_book import OrderBook
from domain.working_order import Working

HUNDRED = Decimal(100)
STOP_LOSS, TAKE_PROFIT = 1, 2


# symbol index; open, high, low, volume; time of the open in microseconds; place among the symbol's bars
type MarketBar = tuple[int, Ohlv, int, int]
type _Due = tuple[int, Working, Bar]


class Floor(Protocol):
    """Who trades at the venue: hears what became of the orders."""

    def execute(
        self, order: Working, qty: Decimal, reference: Decimal, liquidity: Liquidity, bar: Bar, *, ambiguous: bool
    ) -> Sequence[Working]:
        """Book an execution at the price before slippage; return the legs that work from this moment on."""
        ...

    def withdraw(self, order: Working, reason: str) -> Sequence[Working]:
        """Cancel what is left of an order that could only be filled at once; return the legs of what was filled."""
        ...


class SimulatedVenue:
    """The books of all symbols of a run.

    volume_cap: percent of a bar's volume that may be taken, 0 for all. A symbol whose feed has no volume at all is not
    capped; a bar without volume in a feed that has some fills nothing.
    """

    def __init__(self, floor: Floor, volume_cap: Decimal, has_volume: Sequence[bool]) -> None:
        self._floor = floor
        self._share = volume_cap / HUNDRED
        self._is_capped = [bool(volume_cap) and known for known in has_volume]
        self._books = [OrderBook() for _ in has_volume]

    def place(self, symbol_index: int, order: Working) -> None:
        """Let the order work from the next bar on."""
        self._books[symbol_index].put(order)

    def trade(self, bars: Sequence[MarketBar]) -> None:
        """Match every order with the bar of its symbol.

        What fills at the opens comes first, over all symbols in the order of placement; then what fills inside.
        """
        due: list[_Due] = []
        for symbol_index, prices, opened_at, place in bars:
            book = self._books[symbol_index]
            orders = book.take(prices[1], prices[2])
            if orders:
                bar = self._bar(symbol_index, prices, opened_at, place)
                # of two markets whose days differ, one's bar may open before the other's close decided an order
                due += [(symbol_index, order, bar) for order in orders if order.placed_at <= opened_at]
                for order in orders:
                    if order.placed_at > opened_at:
                        book.put(order)
        if len(due) > 1:
            due.sort(key=_serial)
        late: list[_Due] = []
        for symbol_index, order, bar in due:
            if order.on_book and (legs := self._at_open(order, bar)):
                late += [(symbol_index, leg, bar) for leg in legs]
        left = [one for one in due if one[1].on_book]
        if left or late:
            self._trade_inside([*left, *late])

    def _trade_inside(self, orders: Sequence[_Due]) -> None:
        for symbol_index, order, bar in orders:
            if order.on_book:
                # the legs of an order that filled inside the bar see only later bars: what came first is unknown
                for leg in self._inside(order, bar):
                    self._books[symbol_index].put(leg)
        for symbol_index, order, _ in orders:
            if order.on_book:
                self._books[symbol_index].put(order)

    def _bar(self, symbol_index: int, prices: Ohlv, opened_at: int, place: int) -> Bar:
        bar = Bar(prices, place, opened_at)
        if self._is_capped[symbol_index]:
            bar.left = bar.volume * self._share
        return bar

    def _at_open(self, order: Working, bar: Bar) -> Sequence[Working]:
        legs: Sequence[Working] = ()
        price = price_at_open(order, bar)
        liquidity: Liquidity = "maker" if order.rests and bar.index > order.since + 1 else "taker"
        if price is not None:
            legs = self._fill(order, price, liquidity, bar)
        if order.on_book and order.is_immediate:
            legs = self._floor.withdraw(order, _missed(order, price, bar))
        # legs of an order that filled at the open see that open as well: their stop may lie beyond it
        for leg in legs:
            if leg.on_book and (at_once := price_at_open(leg, bar)) is not None:
                self._fill(leg, at_once, "taker", bar)
        return legs

    def _inside(self, order: Working, bar: Bar) -> Sequence[Working]:
        price = price_inside(order, bar)
        if price is None:
            return ()
        sibling = order.sibling
        ambiguous = (
            sibling is not None
            and sibling.on_book
            and order.leg == STOP_LOSS
            and price_inside(sibling, bar) is not None
        )
        return self._fill(order, price, "maker" if order.rests else "taker", bar, ambiguous=ambiguous)

    def _fill(
        self, order: Working, price: Decimal, liquidity: Liquidity, bar: Bar, *, ambiguous: bool = False
    ) -> Sequence[Working]:
        qty = wanted = order.remaining
        if bar.left is not None and bar.left < wanted:
            qty = order.instrument.whole_lots(bar.left)
            if not qty or order.request.tif is TimeInForce.FOK:
                return ()
        before = order.filled_qty
        legs = self._floor.execute(order, qty, price, liquidity, bar, ambiguous=ambiguous)
        if bar.left is not None:
            bar.left -= order.filled_qty - before
        return legs


def _missed(order: Working, price: Decimal | None, bar: Bar) -> str:
    if price is None:
        return f"{order.request.tif}: the open of {plain(bar.open)} is beyond the limit"
    return f"{order.request.tif}: the bar's volume was not enough for all of it"


def _serial(one: _Due) -> int:
    return one[1].serial

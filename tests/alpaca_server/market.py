"""Prices: every symbol is a line of trades, made up from a seed or given; quotes and bars follow from the trades."""

from bisect import bisect_left, bisect_right, insort_right
from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tests.alpaca_server.assets import Asset, Listing
from tests.alpaca_server.bars import MinuteBars
from tests.alpaca_server.conditions import Conditions
from tests.alpaca_server.facts import BarGiven, PriceSet
from tests.alpaca_server.price_path import PricePath
from tests.alpaca_server.times import SECOND


@dataclass(frozen=True)
class Trade:
    """A trade between others: it sets the price."""

    symbol: str
    at: int
    price: Decimal
    size: Decimal
    number: int


@dataclass(frozen=True)
class Quote:
    """What one can sell at (bid) and buy at (ask), and the last trade the two stand around."""

    bid: Decimal
    ask: Decimal
    last: Decimal
    at: int


def _time(trade: Trade) -> int:
    return trade.at


class Market:
    """The prices of all symbols. A symbol whose prices were given has no made-up ones from the first given one on."""

    def __init__(self, listing: Listing, conditions: Conditions) -> None:
        self.listing = listing
        self._conditions = conditions
        self.begin(0)

    def begin(self, seed: int) -> None:
        """Forget what was given, and make prices up from a seed."""
        self.seed = seed
        self._paths: dict[str, PricePath] = {}
        self._given: dict[str, list[Trade]] = defaultdict(list)

    def _asset(self, symbol: str) -> Asset:
        return self.listing.assets[symbol]

    def path(self, symbol: str) -> PricePath:
        """Return the made-up prices of a symbol."""
        if symbol not in self._paths:
            asset = self._asset(symbol)
            self._paths[symbol] = PricePath(asset, self.seed)
        return self._paths[symbol]

    def give_price(self, fact: PriceSet) -> list[Trade]:
        """Take a price, and return the trade it makes."""
        trade = Trade(fact.symbol, fact.at, fact.price, Decimal(1), self._next_number(fact.symbol))
        insort_right(self._given[fact.symbol], trade, key=_time)
        return [trade]

    def give_bar(self, fact: BarGiven) -> list[Trade]:
        """Take a bar as four trades, a quarter of it apart: open, the extremes by the shorter way, close.

        Prices given before for the same time are no longer there.
        """
        rising = fact.close >= fact.open
        extremes = (fact.low, fact.high) if rising else (fact.high, fact.low)
        prices = (fact.open, *extremes, fact.close)
        quarter = int(fact.seconds * SECOND) // 4
        number = self._next_number(fact.symbol)
        end = fact.at + int(fact.seconds * SECOND)
        line = self._given[fact.symbol]
        trades = [
            Trade(fact.symbol, fact.at + index * quarter, price, fact.volume / 4, number + index)
            for index, price in enumerate(prices)
        ]
        first, past = (bisect_left(line, at, key=_time) for at in (fact.at, end))
        line[first:past] = trades
        return trades

    def _next_number(self, symbol: str) -> int:
        return len(self._given[symbol]) + 1

    def given_from(self, symbol: str) -> int | None:
        """Return the time of the first given trade, None when all prices are made up."""
        line = self._given.get(symbol)
        return line[0].at if line else None

    def trades(self, symbol: str, after: int, until: int) -> list[Trade]:
        """Return the trades later than `after` and not later than `until`, in order."""
        line = self._given.get(symbol, [])
        key = bisect_right(line, after, key=_time), bisect_right(line, until, key=_time)
        given = line[slice(*key)]
        first = self.given_from(symbol)
        made_up_until = until if first is None else min(until, first - 1)
        path = self.path(symbol)
        made_up = [
            Trade(symbol, second * SECOND, price, size, second)
            for second, price, size in path.trades(path.seconds(after, made_up_until))
        ]
        return made_up + given

    def last_trade(self, symbol: str, at: int) -> Trade:
        """Return the last trade at a time or before it."""
        line = self._given.get(symbol, [])
        index = bisect_right(line, at, key=_time)
        if index:
            return line[index - 1]
        path = self.path(symbol)
        [(second, price, size)] = path.trades([path.last_second(at)])
        return Trade(symbol, second * SECOND, price, size, second)

    def quote(self, symbol: str, at: int) -> Quote:
        """Return the quote at a time."""
        return self.quote_around(self.last_trade(symbol, at))

    def quote_around(self, trade: Trade) -> Quote:
        """Return the quote a trade leaves: half the spread to either side, outwards to the tick."""
        tick = self._asset(trade.symbol).tick
        half = trade.price * self._conditions.spread_bps / 20_000
        bid = ((trade.price - half) / tick).to_integral_value(ROUND_FLOOR) * tick
        ask = ((trade.price + half) / tick).to_integral_value(ROUND_CEILING) * tick
        return Quote(max(bid, tick), ask, trade.price, trade.at)

    def minutes(self, symbol: str, first: int, last: int) -> MinuteBars:
        """Return the one-minute bars that open from `first` to `last`, both included, in nanoseconds."""
        given_from = self.given_from(symbol)
        if given_from is None:
            return self.path(symbol).minutes(first, last)
        made_up = self.path(symbol).minutes(first, min(last, given_from - 60 * SECOND))
        line = self._given[symbol]
        start = bisect_right(line, first - 1, key=_time)
        end = bisect_right(line, last + 60 * SECOND - 1, key=_time)
        return made_up.followed_by(MinuteBars.of_trades((t.at, t.price, t.size) for t in line[start:end]))

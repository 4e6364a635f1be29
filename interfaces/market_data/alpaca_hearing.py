"""What Alpaca's market data have said so far, by stream and by query: what is there, and what may be missing."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

import structlog

from application.clock import Clock
from application.exchange import FeedBar
from domain.market import Timeframe, to_microseconds
from interfaces.market_data.alpaca_minutes import KEPT, MINUTE, RecentMinutes
from interfaces.market_data.alpaca_second_bars import SecondBars

_log = structlog.get_logger("alpaca")


@dataclass(frozen=True, slots=True)
class Span:
    """The minutes that a bar is made of: opening times of the first and the last, microseconds since 1970 UTC."""

    first: int
    last: int


class Hearing:
    """What was heard and queried of one kind of market; a MarketListener that others wait at."""

    def __init__(self, clock: Clock, came_back: Callable[[], None]) -> None:
        self._clock = clock
        self._came_back = came_back
        self._changed = threading.Condition()
        self._minutes = RecentMinutes()
        self._seconds = SecondBars()
        # since when everything is told of: opening times of the first whole minute, moments for trades
        self._bars_since: dict[str, int] = {}
        self._trades_since: dict[str, int] = {}
        self._told: dict[str, int] = {}
        # opening times of what was traded on: of minutes, and the end of the newest bar made of trades
        self._handed_out: dict[str, set[int]] = {}
        self._seconds_until: dict[str, int] = {}

    def bar(self, bar: FeedBar) -> None:
        """Take a bar from the stream, told for the first time or corrected."""
        with self._changed:
            self._keep(bar)
            self._told[bar.symbol] = max(self._told.get(bar.symbol, bar.opened_at), bar.opened_at)
            self._changed.notify_all()

    def trade(self, symbol: str, at: int, price: float, size: float) -> None:
        """Take a trade from the stream."""
        with self._changed:
            if at < self._seconds_until.get(symbol, 0):
                _log.warning("a trade was told of after its bar was traded on", symbol=symbol, at=at)
            self._seconds.add(symbol, at, price, size)
            self._changed.notify_all()

    def subscribed(self, bars: frozenset[str], trades: frozenset[str]) -> None:
        """Take note from when on everything is told of."""
        now = to_microseconds(self._clock.now())
        # of the minute that is being formed nobody knows whether it will be told of: its end may be near
        minute = (now // MINUTE.microseconds + 1) * MINUTE.microseconds
        with self._changed:
            is_back = bool(self._told) and not self._bars_since
            self._bars_since = {symbol: self._bars_since.get(symbol, minute) for symbol in bars}
            self._trades_since = {symbol: self._trades_since.get(symbol, now) for symbol in trades}
            self._changed.notify_all()
        if is_back:
            self._came_back()

    def silent(self) -> None:
        """Take note that nothing is told of any more."""
        with self._changed:
            self._bars_since, self._trades_since = {}, {}
            self._changed.notify_all()

    def take(self, bars: Sequence[FeedBar]) -> None:
        """Take bars that were queried; those that the stream has told of stay."""
        with self._changed:
            for bar in bars:
                if self._minutes.get(bar.symbol, bar.opened_at) is None:
                    self._keep(bar)
            self._changed.notify_all()

    def wake(self) -> None:
        """Let those who wait look again."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, satisfied: Callable[[], bool], deadline: float) -> bool:
        """Return whether it holds, at once or before a moment of the monotonic clock."""
        with self._changed:
            return self._changed.wait_for(satisfied, max(deadline - monotonic(), 0.0))

    def has_last(self, symbol: str, span: Span) -> bool:
        """Return whether the last minute is there."""
        with self._changed:
            return self._minutes.get(symbol, span.last) is not None

    def has(self, symbol: str, span: Span, is_whole: bool) -> bool:
        """Return whether the last minute is there and none before it can be missing."""
        with self._changed:
            return self.has_last(symbol, span) and self.is_covered(symbol, span, is_whole)

    def is_covered(self, symbol: str, span: Span, is_whole: bool) -> bool:
        """Return whether every minute that has a bar is there; is_whole: a query has answered for all of them."""
        with self._changed:
            since = self._bars_since.get(symbol)
            return is_whole or span.first == span.last or (since is not None and since <= span.first)

    def was_missed(self, symbol: str, span: Span) -> bool:
        """Return whether the last minute is there, and the stream should have told of it and has not."""
        with self._changed:
            since = self._bars_since.get(symbol)
            is_there = self._minutes.get(symbol, span.last) is not None
            return is_there and since is not None and since <= span.last and self._told.get(symbol, 0) < span.last

    def handed_out(self, symbol: str, span: Span) -> list[FeedBar]:
        """Return the minutes of a bar; from now on they are not corrected."""
        with self._changed:
            bars = self._minutes.between(symbol, span.first, span.last + 1)
            handed_out = self._handed_out.setdefault(symbol, set())
            handed_out |= {bar.opened_at for bar in bars}
            if len(handed_out) > 2 * KEPT:
                handed_out -= set(sorted(handed_out)[:KEPT])
            return bars

    def newest(self) -> dict[str, int]:
        """Return the newest minute known of each symbol that is told of."""
        with self._changed:
            known = {symbol: self._minutes.newest(symbol) for symbol in self._bars_since}
            return {symbol: at for symbol, at in known.items() if at is not None}

    def is_past(self, symbols: Sequence[str], end: int) -> bool:
        """Return whether every symbol has traded at a moment or later: nothing more belongs before it."""
        with self._changed:
            return all((self._seconds.newest(symbol) or 0) >= end for symbol in symbols)

    def second_bars(self, symbols: Sequence[str], opened_at: int, timeframe: Timeframe) -> dict[str, FeedBar]:
        """Return the bars of trades; none where not all of their time was heard."""
        found = {}
        with self._changed:
            for symbol in symbols:
                end = opened_at + timeframe.microseconds
                self._seconds_until[symbol] = max(self._seconds_until.get(symbol, end), end)
                since = self._trades_since.get(symbol)
                bar = self._seconds.bar(symbol, opened_at, timeframe.seconds)
                if bar is not None and since is not None and since <= opened_at:
                    found[symbol] = bar
        return found

    def _keep(self, bar: FeedBar) -> None:
        if bar.opened_at not in self._handed_out.get(bar.symbol, ()):
            self._minutes.put(bar)
        elif bar != (known := self._minutes.get(bar.symbol, bar.opened_at)):
            _log.warning("a bar was corrected after it was traded on", symbol=bar.symbol, was=known, is_now=bar)

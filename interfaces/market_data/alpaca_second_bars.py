"""Bars of less than a minute, made from trades: aligned to UTC, and none where nobody traded."""

from dataclasses import dataclass

from application.exchange import FeedBar

SECOND = 1_000_000
KEPT = 600


@dataclass(slots=True)
class _Second:
    """The trades of one second: their times tell which was first and last, for they may come in any order."""

    first_at: int
    open: float
    high: float
    low: float
    last_at: int
    close: float
    volume: float
    trades: int


class SecondBars:
    """What was traded in each second; not for several threads. Times are microseconds since 1970 UTC.

    kept: seconds with trades, of each symbol, after which the first one told of is forgotten.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._seconds: dict[str, dict[int, _Second]] = {}
        self._newest: dict[str, int] = {}

    def add(self, symbol: str, at: int, price: float, size: float) -> None:
        """Take note of a trade; of equal times the one that is told later is the later one."""
        seconds = self._seconds.setdefault(symbol, {})
        self._newest[symbol] = max(self._newest.get(symbol, at), at)
        opened_at = at - at % SECOND
        known = seconds.get(opened_at)
        if known is None:
            seconds[opened_at] = _Second(at, price, price, price, at, price, size, 1)
            if len(seconds) > self._kept:
                del seconds[next(iter(seconds))]
            return
        if at < known.first_at:
            known.first_at, known.open = at, price
        if at >= known.last_at:
            known.last_at, known.close = at, price
        known.high, known.low = max(known.high, price), min(known.low, price)
        known.volume += size
        known.trades += 1

    def newest(self, symbol: str) -> int | None:
        """Return the time of the newest trade, None before the first."""
        return self._newest.get(symbol)

    def bar(self, symbol: str, opened_at: int, seconds: int) -> FeedBar | None:
        """Return the bar of so many seconds that opened at a moment, None if nobody traded."""
        known = self._seconds.get(symbol, {})
        parts = [known[at] for at in range(opened_at, opened_at + seconds * SECOND, SECOND) if at in known]
        if not parts:
            return None
        return FeedBar(
            symbol,
            opened_at,
            open=parts[0].open,
            high=max(part.high for part in parts),
            low=min(part.low for part in parts),
            close=parts[-1].close,
            volume=sum(part.volume for part in parts),
            trade_count=sum(part.trades for part in parts),
        )

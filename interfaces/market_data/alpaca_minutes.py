"""The newest one-minute bars of a feed, and longer bars drawn together from them by the one aggregator."""

from collections.abc import Sequence

import numpy as np

from application.exchange import FeedBar
from domain.aggregation import aggregate
from domain.market import Bars, Timeframe
from domain.sessions import Sessions

MINUTE = Timeframe.parse("1m")
# Two days and more: enough for a bar of a day that a run waits for.
KEPT = 3_000


class RecentMinutes:
    """One-minute bars by symbol and opening time, the newest few thousand; not for several threads."""

    def __init__(self) -> None:
        self._bars: dict[str, dict[int, FeedBar]] = {}

    def put(self, bar: FeedBar) -> FeedBar | None:
        """Keep a bar, and return the one it replaces, None if there was none."""
        bars = self._bars.setdefault(bar.symbol, {})
        replaced = bars.get(bar.opened_at)
        bars[bar.opened_at] = bar
        if len(bars) > KEPT:
            for at in sorted(bars)[: len(bars) - KEPT]:
                del bars[at]
        return replaced

    def get(self, symbol: str, opened_at: int) -> FeedBar | None:
        """Return the bar that opened at a moment, None if there is none."""
        return self._bars.get(symbol, {}).get(opened_at)

    def newest(self, symbol: str) -> int | None:
        """Return when the newest bar opened, None if there is none."""
        return max(self._bars.get(symbol, ()), default=None)

    def between(self, symbol: str, first: int, end: int) -> list[FeedBar]:
        """Return the bars that opened in [first, end), oldest first."""
        bars = self._bars.get(symbol, {})
        return [bars[at] for at in sorted(bars) if first <= at < end]


def columns(symbol: str, timeframe: Timeframe, bars: Sequence[FeedBar]) -> Bars:
    """Return bars one by one as columns."""
    return Bars(
        symbol,
        timeframe,
        np.array([bar.opened_at for bar in bars], np.int64),
        *(
            np.array([getattr(bar, name) for bar in bars], np.float64)
            for name in ("open", "high", "low", "close", "volume")
        ),
    )


def drawn_together(
    minutes: Sequence[FeedBar], timeframe: Timeframe, opened_at: int, sessions: Sessions | None
) -> FeedBar | None:
    """Return the bar that the minutes of one bar add up to, labelled as asked for; None for no minutes."""
    if not minutes:
        return None
    symbol = minutes[0].symbol
    sums = aggregate(columns(symbol, MINUTE, minutes), timeframe, sessions).bars
    if not len(sums):
        return None
    counts = [bar.trade_count for bar in minutes if bar.trade_count is not None]
    return FeedBar(
        symbol,
        opened_at,
        float(sums.open[0]),
        float(sums.high[0]),
        float(sums.low[0]),
        float(sums.close[0]),
        float(sums.volume[0]),
        sum(counts) if counts else None,
    )

"""A timeline that grows while it is read: the bars of a paper or live run, as they close."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

import numpy as np

from domain.aggregation import Coarser, aggregate, bar_closes
from domain.market import Bars, Timeframe
from domain.series import BarSeries
from domain.sessions import Sessions
from domain.timeline import Timeline

COLUMNS = ("time", "open", "high", "low", "close", "volume")


def no_bars(symbol: str, timeframe: Timeframe) -> Bars:
    """Return the bars of a symbol that has none yet."""
    empty = np.empty(0, dtype=np.float64)
    return Bars(symbol, timeframe, np.empty(0, dtype=np.int64), empty, empty, empty, empty, empty)


class GrowingTimeline(Timeline):
    """A timeline over bars that are added at its end; every series handed out grows with it.

    It may begin without any bar. start: microseconds since 1970 UTC, what the time is before the first close. Whether
    bars were added one by one or all at once makes no difference to what is read at any instant.
    """

    def __init__(self, empty: Sequence[Bars], start: int, sessions: Mapping[str, Sessions] | None = None) -> None:
        self._bars = tuple(empty)
        self._sessions = sessions or {}
        self.start = start
        self.shared = None
        self.series = tuple(BarSeries(one) for one in self._bars)
        self._coarser: list[tuple[int, Timeframe, BarSeries]] = []
        self._merge()

    def grow(self, more: Sequence[Bars]) -> None:
        """Add bars, one `Bars` a symbol in the order of the symbols, possibly empty.

        Bars that do not close after everything there is are left out: what was read once does not change.
        """
        end = self.closes[-1] if len(self) else -1
        grown = []
        for old, new in zip(self._bars, more, strict=True):
            later = bar_closes(new, self._sessions.get(new.symbol)) > end if len(new) else np.empty(0, dtype=np.bool_)
            columns = (np.concatenate((getattr(old, name), getattr(new, name)[later])) for name in COLUMNS)
            grown.append(Bars(old.symbol, old.timeframe, *columns))
        self._bars = tuple(grown)
        for series, bars in zip(self.series, self._bars, strict=True):
            series.replace(bars)
        self._merge()

    def coarser(self, symbol_index: int, timeframe: Timeframe, instant: int) -> BarSeries:
        """Return the symbol's bars of a coarser timeframe as a series of their own, which ends at the instant."""
        bars = self._bars[symbol_index]
        made = self._aggregated(symbol_index, timeframe).bars if len(bars) else no_bars(bars.symbol, timeframe)
        series = BarSeries(made)
        self._coarser.append((symbol_index, timeframe, series))
        self._merge()
        self.move_to(instant)
        return series

    def instant_at(self, moment: int) -> int:
        """Return the last instant that is not later than a moment, -1 before the first."""
        # once for every tick of a replay, where it takes a third of what searchsorted does
        return bisect_right(self.closes, moment) - 1

    def move_to(self, instant: int) -> None:
        """Let every series end at the instant; before the first they are empty."""
        for cursor, places in self.lanes:
            cursor.index = places[instant] if instant >= 0 else -1

    def _merge(self) -> None:
        closes = [bar_closes(one, self._sessions.get(one.symbol)) if len(one) else one.time for one in self._bars]
        merged = np.unique(np.concatenate(closes))
        self.closing_times = merged
        self.closes = merged.data
        self.times = tuple(np.ascontiguousarray(one.time).data for one in self._bars)
        self._closing = tuple(np.ascontiguousarray(one).data for one in closes)
        self.lanes = []
        self._places = []
        for series, closing in zip(self.series, closes, strict=True):
            places = np.searchsorted(closing, merged, side="right") - 1
            self._places.append(places)
            self.lanes.append((series.cursor, places.data))
        for symbol_index, timeframe, series in self._coarser:
            if not len(self._bars[symbol_index]):
                continue
            made = self._aggregated(symbol_index, timeframe)
            series.replace(made.bars)
            placed = self._places[symbol_index]
            newest = np.where(placed < 0, -1, made.newest[placed]) if placed is not None else made.newest
            self.lanes.append((series.cursor, np.ascontiguousarray(newest, dtype=np.int64).data))

    def _aggregated(self, symbol_index: int, timeframe: Timeframe) -> Coarser:
        bars = self._bars[symbol_index]
        return aggregate(bars, timeframe, self._sessions.get(bars.symbol))

"""A timeline that grows while it is read: the bars of a paper or live run, as they close."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.aggregation import aggregate, bar_closes
from domain.growing_column import GrowingColumn
from domain.market import BAR_COLUMNS, Bars, Timeframe
from domain.series import BarSeries
from domain.sessions import Sessions
from domain.timeline import Lane, Timeline

COLUMNS = ("time", *BAR_COLUMNS)


def no_bars(symbol: str, timeframe: Timeframe) -> Bars:
    """Return the bars of a symbol that has none yet."""
    empty = np.empty(0, dtype=np.float64)
    return Bars(symbol, timeframe, np.empty(0, dtype=np.int64), empty, empty, empty, empty, empty)


class GrowingTimeline(Timeline):
    """A timeline over bars that are added at its end; every series handed out grows with it.

    It may begin without any bar. start: microseconds since 1970 UTC, what the time is before the first close. Whether
    bars were added one by one or all at once makes no difference to what is read at any instant, and adding one costs
    no more after years than on the first day, with bundled indicators of bars or of each other; any other function is
    computed over whole columns each time.
    """

    def __init__(self, empty: Sequence[Bars], start: int, sessions: Mapping[str, Sessions] | None = None) -> None:
        self._bars = tuple(no_bars(one.symbol, one.timeframe) for one in empty)
        self._sessions = sessions or {}
        self.start = start
        self.shared = None
        self.series = tuple(BarSeries(one) for one in self._bars)
        self._grown = [_GrowingBars(one) for one in self._bars]
        self._closes = [GrowingColumn(np.int64) for _ in self._bars]
        self._placed = [GrowingColumn(np.int64) for _ in self._bars]
        self._merged = GrowingColumn(np.int64)
        self._coarser: list[_GrowingCoarser] = []
        self._look()
        self.grow(empty)

    def grow(self, more: Sequence[Bars]) -> None:
        """Add bars, one `Bars` a symbol in the order of the symbols, possibly empty.

        Bars that do not close after everything there is are left out: what was read once does not change.
        """
        end = int(self.closing_times[-1]) if len(self) else -1
        counts, added = [len(one) for one in self._closes], []
        for new, grown, closes in zip(more, self._grown, self._closes, strict=True):
            closing = bar_closes(new, self._sessions.get(new.symbol)) if len(new) else new.time
            is_later = closing > end
            grown.add({name: getattr(new, name)[is_later] for name in COLUMNS})
            closes.add(closing[is_later])
            added.append(closing[is_later])
        instants = np.unique(np.concatenate(added))
        self._merged.add(instants)
        for count, closing, placed in zip(counts, added, self._placed, strict=True):
            placed.add(count - 1 + np.searchsorted(closing, instants, side="right"))
        self._look()
        for series, bars, count in zip(self.series, self._bars, counts, strict=True):
            series.replace(bars, count)
        for one in self._coarser:
            one.grow(self._bars[one.symbol_index], self._placed[one.symbol_index].values)
        self.lanes = self._new_lanes()

    def coarser(self, symbol_index: int, timeframe: Timeframe, instant: int) -> BarSeries:
        """Return the symbol's bars of a coarser timeframe as a series of their own, which ends at the instant."""
        bars = self._bars[symbol_index]
        made = _GrowingCoarser(symbol_index, no_bars(bars.symbol, timeframe), self._sessions.get(bars.symbol))
        made.grow(bars, self._placed[symbol_index].values)
        self._coarser.append(made)
        self.lanes = self._new_lanes()
        self.move_to(instant)
        return made.series

    def instant_at(self, moment: int) -> int:
        """Return the last instant that is not later than a moment, -1 before the first."""
        # once for every tick of a replay, where it takes a third of what searchsorted does
        return bisect_right(self.closes, moment) - 1

    def move_to(self, instant: int) -> None:
        """Let every series end at the instant; before the first they are empty."""
        for cursor, places in self.lanes:
            cursor.index = places[instant] if instant >= 0 else -1

    def _look(self) -> None:
        """Show the columns as long as they are by now."""
        self._bars = tuple(one.bars for one in self._grown)
        self.closing_times = self._merged.values
        self.closes = self.closing_times.data
        self.times = tuple(one.time.data for one in self._bars)
        self._closing = tuple(one.values.data for one in self._closes)
        self._places = [one.values for one in self._placed]

    def _new_lanes(self) -> list[Lane]:
        own = [(series.cursor, placed.values.data) for series, placed in zip(self.series, self._placed, strict=True)]
        return own + [(one.series.cursor, one.newest.values.data) for one in self._coarser]


class _GrowingBars:
    """Bars of one symbol and timeframe that are added at the end."""

    def __init__(self, empty: Bars) -> None:
        self._empty = empty
        self._columns = {name: GrowingColumn(np.int64 if name == "time" else np.float64) for name in COLUMNS}

    @property
    def bars(self) -> Bars:
        """All of them."""
        columns = (self._columns[name].values for name in COLUMNS)
        return Bars(self._empty.symbol, self._empty.timeframe, *columns)

    def add(self, columns: Mapping[str, NDArray[Any]], after: int | None = None) -> None:
        """Add bars at the end, or after so many, in place of what follows there."""
        for name, values in columns.items():
            self._columns[name].add(values, after)


class _GrowingCoarser:
    """Coarser bars of a symbol. Only the last can still change: nothing before it is made again.

    newest: for each instant the number of the newest one that is closed, -1 before the first.
    """

    def __init__(self, symbol_index: int, empty: Bars, sessions: Sessions | None) -> None:
        self.symbol_index = symbol_index
        self.series = BarSeries(empty)
        self.newest = GrowingColumn(np.int64)
        self._timeframe = empty.timeframe
        self._sessions = sessions
        self._bars = _GrowingBars(empty)
        self._newest_at_bar = GrowingColumn(np.int64)
        self._settled = 0
        self._settled_bars = 0

    def grow(self, bars: Bars, places: NDArray[np.int64]) -> None:
        """Take the finer bars there are by now, and which of them is the newest at each instant."""
        settled = self._settled
        if len(bars):
            made = aggregate(bars.part(self._settled_bars, len(bars)), self._timeframe, self._sessions)
            self._bars.add({name: getattr(made.bars, name) for name in COLUMNS}, after=self._settled)
            # none of what is settled closes after the first bar that is not
            self._newest_at_bar.add(made.newest + self._settled, after=self._settled_bars)
            self._settled += max(len(made.bars) - 1, 0)
            self._settled_bars += made.last_first
        placed = places[len(self.newest) :]
        newest = np.full(len(placed), -1, dtype=np.int64)
        newest[placed >= 0] = self._newest_at_bar.values[placed[placed >= 0]]
        self.newest.add(newest)
        self.series.replace(self._bars.bars, settled)

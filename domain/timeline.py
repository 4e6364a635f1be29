"""One merged timeline over the bars of several symbols."""

from collections.abc import Mapping, Sequence

import numpy as np

from domain.aggregation import aggregate, bar_closes
from domain.market import Bars, Floats, Microseconds, Timeframe
from domain.series import BarSeries, Cursor
from domain.sessions import Sessions

type Lane = tuple[Cursor, memoryview]


class Timeline:
    """The instants at which at least one symbol's bar closes, ascending; `len(timeline)` of them.

    closes: the moment of each instant, microseconds since 1970 UTC. start: the open of the first bar. shared: the
    cursor of all symbols that have a bar at every instant, None if no symbol has. lanes: for each other series its
    cursor and, per instant, the index of its newest closed bar (-1 before its first).
    """

    def __init__(self, bars: Sequence[Bars], sessions: Mapping[str, Sessions] | None = None) -> None:
        self._bars = tuple(bars)
        self._sessions = sessions or {}
        closes = [bar_closes(one, self._sessions.get(one.symbol)) for one in self._bars]
        merged: Microseconds = closes[0] if len(closes) == 1 else np.unique(np.concatenate(closes))
        self.closing_times = merged
        self.closes = merged.data
        self.start = min(int(one.time[0]) for one in self._bars)
        self.times = tuple(np.ascontiguousarray(one.time).data for one in self._bars)
        self.shared: Cursor | None = None
        self.lanes: list[Lane] = []
        self._places: list[Microseconds | None] = []
        series = []
        for one, closing in zip(self._bars, closes, strict=True):
            if len(closing) == len(merged):
                self.shared = self.shared or Cursor()
                self._places.append(None)
                series.append(BarSeries(one, self.shared))
                continue
            places = np.searchsorted(closing, merged, side="right") - 1
            self._places.append(places)
            series.append(BarSeries(one))
            self.lanes.append((series[-1].cursor, places.data))
        self.series = tuple(series)
        self._closing = tuple(np.ascontiguousarray(one).data for one in closes)

    def __len__(self) -> int:
        return len(self.closing_times)

    @property
    def bars(self) -> tuple[Bars, ...]:
        """The bars of each symbol, in the order they were given."""
        return self._bars

    def bar_count(self) -> int:
        """Return the number of bars over all symbols."""
        return sum(len(one) for one in self._bars)

    def move_to(self, instant: int) -> None:
        """Let every series end at the instant."""
        if self.shared is not None:
            self.shared.index = instant
        for cursor, places in self.lanes:
            cursor.index = places[instant]

    def coarser(self, symbol_index: int, timeframe: Timeframe, instant: int) -> BarSeries:
        """Return the symbol's bars of a coarser timeframe as a series of their own, which ends at the instant."""
        bars = self._bars[symbol_index]
        made = aggregate(bars, timeframe, self._sessions.get(bars.symbol))
        places = self._places[symbol_index]
        newest = made.newest if places is None else np.where(places < 0, -1, made.newest[places])
        series = BarSeries(made.bars)
        series.cursor.index = int(newest[instant]) if instant >= 0 else -1
        self.lanes.append((series.cursor, np.ascontiguousarray(newest, dtype=np.int64).data))
        return series

    def newest_closes(self) -> list[Floats]:
        """Return each symbol's newest close at every instant, NaN before its first bar."""
        return [
            one.close if places is None else np.where(places < 0, np.nan, one.close[places])
            for one, places in zip(self._bars, self._places, strict=True)
        ]

    def close_at(self, symbol_index: int, instant: int) -> float:
        """Return a symbol's newest close at the instant; it must have had a bar."""
        return float(self._bars[symbol_index].close[self.place_of(symbol_index, instant)])

    def place_of(self, symbol_index: int, instant: int) -> int:
        """Return the index of a symbol's newest closed bar at the instant, -1 before its first."""
        places = self._places[symbol_index]
        return instant if places is None else int(places[instant])

    def closed_at(self, symbol_index: int, instant: int) -> int:
        """Return when the symbol's newest closed bar at the instant closed; it must have had a bar."""
        return int(self._closing[symbol_index][self.place_of(symbol_index, instant)])

    def has_bar(self, symbol_index: int, instant: int) -> bool:
        """Return whether a bar of the symbol closes at the instant; elsewhere its newest bar is an older one."""
        places = self._places[symbol_index]
        if places is None:
            return True
        place = places[instant]
        return bool(place >= 0 and (instant == 0 or places[instant - 1] != place))

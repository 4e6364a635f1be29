"""One merged timeline over the bars of several symbols."""

from collections.abc import Sequence

import numpy as np

from domain.market import Bars, Floats, Microseconds
from domain.series import BarSeries, Cursor


class Timeline:
    """The instants at which at least one symbol has a bar, ascending; `len(timeline)` of them.

    opens: the open time of each instant's bars, microseconds since 1970 UTC.
    lanes: for each symbol its cursor and, per instant, the index of its newest bar (-1 before its first).
    """

    def __init__(self, bars: Sequence[Bars]) -> None:
        self._bars = tuple(bars)
        self.series = tuple(BarSeries(one) for one in self._bars)
        times = [one.time for one in self._bars]
        merged: Microseconds = times[0] if len(times) == 1 else np.unique(np.concatenate(times))
        self.opens: list[int] = merged.tolist()
        self.duration = self._bars[0].timeframe.microseconds
        self._places = [np.searchsorted(time, merged, side="right") - 1 for time in times]
        self.lanes: list[tuple[Cursor, list[int]]] = [
            (one.cursor, places.tolist()) for one, places in zip(self.series, self._places, strict=True)
        ]

    def __len__(self) -> int:
        return len(self.opens)

    def bar_count(self) -> int:
        """Return the number of bars over all symbols."""
        return sum(len(one) for one in self._bars)

    def closes(self) -> list[Floats]:
        """Return each symbol's newest close at every instant, NaN before its first bar."""
        return [
            np.where(places < 0, np.nan, one.close[places])
            for one, places in zip(self._bars, self._places, strict=True)
        ]

    def close_at(self, symbol_index: int, instant: int) -> float:
        """Return a symbol's newest close at the instant; it must have had a bar."""
        return float(self._bars[symbol_index].close[self.lanes[symbol_index][1][instant]])

    def ends_of_first_symbol(self) -> tuple[float, float]:
        """Return the first and the last close of the run's first symbol."""
        closes = self._bars[0].close
        return float(closes[0]), float(closes[-1])

    def has_bar(self, symbol_index: int, instant: int) -> bool:
        """Return whether the symbol has a bar of its own at the instant; elsewhere its newest bar is an older one."""
        place = self.lanes[symbol_index][1][instant]
        return place >= 0 and (instant == 0 or self.lanes[symbol_index][1][instant - 1] != place)

"""Falls of equity from a peak: how deep, from when to when, and the deepest of a curve.

A drawdown begins at the last point at a peak, and ends at the first point that is at or above that peak again. The next
one can begin there, so drawdowns of a curve never overlap.
"""

from dataclasses import dataclass

import numpy as np

from domain.figures import DAY, StatisticFigure, figure, moment, undefined
from domain.market import Floats, Microseconds

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Drawdown:
    """One fall from a peak and back, times in microseconds since 1970 UTC.

    depth: the fall from peak to trough as a fraction of the peak, above 1 if equity fell below zero.
    start: the peak. trough: the first of the lowest points. recovery: None if the curve ended before. end: the
    recovery, or else the last point of the curve.
    """

    depth: float
    start: int
    trough: int
    recovery: int | None
    end: int

    @property
    def days(self) -> float:
        """The time from peak to recovery, or to the end of the curve, in days of 24 hours."""
        return (self.end - self.start) / DAY


def falls_from_peak(equity: Floats) -> Floats:
    """Return at each point how far it is below the highest so far, as a fraction of that peak; 0 at a peak.

    equity: its first point is above zero.
    """
    peaks = np.maximum.accumulate(equity)
    return np.asarray((peaks - equity) / peaks, dtype=np.float64)


def max_drawdown(equity: Floats) -> float:
    """Return the deepest fall from a peak as a fraction of that peak; 0 for a curve that never falls, or is empty.

    equity: its first point is above zero. The result is in [0, 1], above 1 if equity fell below zero.
    """
    return float(np.max(falls_from_peak(equity))) if len(equity) else 0.0


def deepest_drawdowns(times: Microseconds, equity: Floats, count: int = SHOWN) -> list[Drawdown]:
    """Return at most `count` drawdowns, the deepest first, of equals the earlier first.

    times: ascending. equity: as long as times, its first point above zero.
    """
    peaks = np.maximum.accumulate(equity)
    below = equity < peaks
    edges = np.diff(below, prepend=False)
    falls = np.flatnonzero(edges & below)
    if not len(falls):
        return []
    ends = np.flatnonzero(edges & ~below)
    # until the next fall equity is at a peak again, so the lowest point up to there is the fall's own
    depths = (peaks[falls] - np.minimum.reduceat(equity, falls)) / peaks[falls]
    shown = min(count, len(depths))
    least = np.partition(depths, -shown)[-shown]
    candidates = np.flatnonzero(depths >= least)
    ranked = candidates[np.argsort(-depths[candidates], kind="stable")][:shown]
    return [_drawdown(times, equity, int(falls[place]), ends[place : place + 1].tolist()) for place in ranked]


def drawdown_figures(times: Microseconds, equity: Floats) -> dict[str, StatisticFigure]:
    """Return max_drawdown and drawdown_1 to drawdown_5, each with _start, _trough, _recovery and _duration.

    times, equity: the initial cash at the start of the run, then every bar's close.
    """
    found = deepest_drawdowns(times, equity)
    figures = _described("max_drawdown", "the deepest fall", found[0]) if found else _never_fell()
    for rank in range(1, SHOWN + 1):
        name = f"drawdown_{rank}"
        if rank <= len(found):
            ordinal = "the deepest fall" if rank == 1 else f"the fall number {rank} by depth"
            figures |= _described(name, ordinal, found[rank - 1])
        else:
            times_fallen = f"equity fell from a peak {len(found)} times" if found else "equity never fell from a peak"
            figures |= undefined(times_fallen, name, *(name + part for part in _PARTS))
    return figures


_PARTS = ("_start", "_trough", "_recovery", "_duration")


def _drawdown(times: Microseconds, equity: Floats, fall: int, recovered: list[int]) -> Drawdown:
    """The drawdown whose first point below its peak is `fall`; recovered: the point it ends at, none if it does not."""
    end = recovered[0] if recovered else len(equity)
    trough = fall + int(np.argmin(equity[fall:end]))
    peak = equity[fall - 1]
    last = int(times[min(end, len(times) - 1)])
    return Drawdown(
        depth=float((peak - equity[trough]) / peak),
        start=int(times[fall - 1]),
        trough=int(times[trough]),
        recovery=last if recovered else None,
        end=last,
    )


def _described(name: str, which: str, drawdown: Drawdown) -> dict[str, StatisticFigure]:
    start, trough, recovery, duration = (name + part for part in _PARTS)
    figures = {
        name: figure(drawdown.depth, f"{which} from a peak of equity, marked at every bar, as a fraction of the peak"),
        start: moment(drawdown.start, "close of the last bar at the peak, or the start of the run"),
        trough: moment(drawdown.trough, "close of the bar with the lowest equity before the recovery"),
    }
    if drawdown.recovery is None:
        figures |= undefined("equity was still below the peak at the last bar", recovery)
        figures[duration] = figure(drawdown.days, "days of 24 hours from the peak to the last bar, not recovered")
    else:
        figures[recovery] = moment(drawdown.recovery, "close of the first bar with equity back at the peak")
        figures[duration] = figure(drawdown.days, "days of 24 hours from the peak to the recovery")
    return figures


def _never_fell() -> dict[str, StatisticFigure]:
    none = undefined("equity never fell from a peak", *("max_drawdown" + part for part in _PARTS))
    basis = "the deepest fall from a peak of equity, marked at every bar: it never fell"
    return {"max_drawdown": figure(0.0, basis)} | none

"""Walk-forward: parameters are chosen on one stretch of time and tried on the next, again and again.

What counts is the out-of-sample parts put together: nothing in them was known when their parameters were chosen.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec
import numpy as np

from domain.errors import ParameterInvalid
from domain.figures import StatisticFigure, figure
from domain.market import to_microseconds
from domain.performance import DAYS_A_YEAR, MIN_DAYS_TO_ANNUALISE, EquityCurve

MOST_WINDOWS = 1_000


class WalkForwardWindow(msgspec.Struct, frozen=True):
    """Parameters are chosen on [start, split) and tried on [split, end); UTC."""

    start: datetime
    split: datetime
    end: datetime

    @property
    def in_sample(self) -> timedelta:
        """How long the parameters are chosen on."""
        return self.split - self.start

    @property
    def out_of_sample(self) -> timedelta:
        """How long they are tried on."""
        return self.end - self.split


def walk_forward_windows(
    start: datetime,
    end: datetime,
    in_sample: timedelta,
    out_of_sample: timedelta,
    step: timedelta | None = None,
    anchored: bool = False,
) -> list[WalkForwardWindow]:
    """Return the windows in [start, end), oldest first, at least one; their out-of-sample parts never overlap.

    step: from one window to the next, at least the out-of-sample part, which it is if there is none. anchored: each
    in-sample part begins at `start` and is longer by a step than the one before. The last out-of-sample part ends with
    the period and may be shorter; with less than half of its length it is left out. Raises ParameterInvalid for lengths
    that are not above zero, a shorter step, a period too short for one window, and above MOST_WINDOWS.
    """
    step = out_of_sample if step is None else step
    if min(in_sample, out_of_sample) <= timedelta(0):
        raise ParameterInvalid("the in-sample and the out-of-sample part must be longer than nothing")
    if step < out_of_sample:
        raise ParameterInvalid(
            f"a step of {step} is shorter than the out-of-sample part of {out_of_sample}: the parts would overlap"
        )
    first_split = start + in_sample
    # the last split that leaves half of an out-of-sample part; a part is at least a microsecond
    room = end - first_split - max(out_of_sample / 2, timedelta.resolution)
    if room < timedelta(0):
        needed = in_sample + out_of_sample / 2
        raise ParameterInvalid(f"{end - start} are too short for a walk-forward: one window takes at least {needed}")
    count = room // step + 1
    if count > MOST_WINDOWS:
        raise ParameterInvalid(f"{count} windows are too many: at most {MOST_WINDOWS}, so take longer parts")
    splits = [first_split + number * step for number in range(count)]
    return [
        WalkForwardWindow(start if anchored else split - in_sample, split, min(split + out_of_sample, end))
        for split in splits
    ]


def out_of_sample_curve(window: WalkForwardWindow, times: Sequence[datetime], equity: Sequence[float]) -> EquityCurve:
    """Return the equity curve of a window's out-of-sample part, from its daily equity; both at least one, as long."""
    return EquityCurve(
        to_microseconds(window.split),
        np.array([to_microseconds(time) for time in times], dtype=np.int64),
        np.array(equity, dtype=np.float64),
        np.zeros(len(times), dtype=np.bool_),
    )


def stitched(curves: Sequence[EquityCurve], initial: float) -> EquityCurve:
    """Return one equity curve of several that follow upon each other: each goes on with what the one before left.

    curves: of the out-of-sample parts, at least one, oldest first, each begun with the cash `initial`, above zero; so
    is the result. A position that is open at the end of a part counts at its last close and is not carried over. A part
    that lost everything leaves nothing to those after it. Raises ParameterInvalid for curves that overlap.
    """
    if any(after.start < int(before.times[-1]) for before, after in pairwise(curves)):
        raise ParameterInvalid("out-of-sample parts overlap: equity of one moment would count twice")
    left = np.cumprod([1.0, *(max(float(curve.equity[-1]) / initial, 0.0) for curve in curves[:-1])])
    return EquityCurve(
        curves[0].start,
        np.concatenate([curve.times for curve in curves]),
        np.concatenate([curve.equity * share for curve, share in zip(curves, left, strict=True)]),
        np.concatenate([curve.exposed for curve in curves]),
    )


def efficiency(
    windows: Sequence[WalkForwardWindow], in_sample_returns: Sequence[float], out_of_sample_returns: Sequence[float]
) -> StatisticFigure:
    """Return how much of the in-sample return is left out of sample: 1 for all of it, below 0 for a loss.

    Returns are those of each window's chosen parameters over the whole of its part, 0.1 for 10 %; compounded over all
    windows and then annualised. Undefined if the in-sample return is not above zero, if a part lost everything, and
    under 30 days on either side.
    """
    chosen = _a_year(in_sample_returns, [window.in_sample for window in windows])
    if isinstance(chosen, str):
        return StatisticFigure(None, reason=f"in-sample: {chosen}")
    kept = _a_year(out_of_sample_returns, [window.out_of_sample for window in windows])
    if isinstance(kept, str):
        return StatisticFigure(None, reason=f"out-of-sample: {kept}")
    if chosen <= 0:
        return StatisticFigure(None, reason=f"the chosen parameters made nothing in-sample: {chosen:.2%} a year")
    return figure(
        kept / chosen,
        f"out-of-sample {kept:.2%} over in-sample {chosen:.2%} a year, compounded over {len(windows)} windows",
    )


def _a_year(returns: Sequence[float], lengths: Sequence[timedelta]) -> float | str:
    """The rate a year that the returns over these lengths make together, or why there is none."""
    days = sum(lengths, timedelta()) / timedelta(days=1)
    if days < MIN_DAYS_TO_ANNUALISE:
        return f"{days:.1f} days: nothing is annualised under {MIN_DAYS_TO_ANNUALISE}"
    if min(returns) <= -1:
        return "a part lost everything"
    with np.errstate(over="ignore"):
        rate = float(np.expm1(np.sum(np.log1p(returns)) * DAYS_A_YEAR / days))
    return rate if np.isfinite(rate) else "grew beyond every number within a year"

"""Futures that never were: bars whose later part goes another way, for asking whether somebody knew it."""

import numpy as np

from domain.market import Bars


def scrambled(bars: Bars, kept: int, seed: int) -> Bars:
    """Return the first `kept` bars as they are, then as many others at the same times as there were.

    What each later bar did to the close before it is done in random order, half of it upside down; volumes go with
    their bars. The result is valid where the bars are; equal seeds give equal bars.
    """
    later = len(bars) - kept
    random = np.random.default_rng(seed)
    order = kept + random.permutation(later)
    direction = random.choice((-1.0, 1.0), later)
    before = np.concatenate((bars.open[:1], bars.close[:-1]))[order]
    opened, closed = (direction * np.log(column[order] / before) for column in (bars.open, bars.close))
    outermost = [direction * np.log(column[order] / before) for column in (bars.high, bars.low)]
    start = bars.close[kept - 1] if kept else bars.open[0]
    close = start * np.exp(np.cumsum(closed))
    base = np.concatenate(([start], close[:-1]))[:later]
    open_ = base * np.exp(opened)
    # rounding must not push an end of the bar past its outermost price
    high = np.maximum.reduce((base * np.exp(np.maximum(*outermost)), open_, close))
    low = np.minimum.reduce((base * np.exp(np.minimum(*outermost)), open_, close))
    return Bars(
        bars.symbol,
        bars.timeframe,
        bars.time,
        np.concatenate((bars.open[:kept], open_)),
        np.concatenate((bars.high[:kept], high)),
        np.concatenate((bars.low[:kept], low)),
        np.concatenate((bars.close[:kept], close)),
        np.concatenate((bars.volume[:kept], bars.volume[order])),
    )

"""How far prices move from bar to bar, and the relative strength that follows from it."""

import numpy as np

from domain.market import Floats
from domain.windows import differences


def changes(values: Floats) -> Floats:
    """Return how far each value is above the one before; NaN for the first."""
    found = np.full(len(values), np.nan)
    found[1:] = differences(values[1:], values[:-1])
    return found


def true_ranges(high: Floats, low: Floats, close: Floats) -> Floats:
    """Return the span of each bar's high, its low and the close before; NaN for the first bar, which has none."""
    found = np.full(len(close), np.nan)
    found[1:] = differences(np.maximum(high[1:], close[:-1]), np.minimum(low[1:], close[:-1]))
    return found


def relative_strength(rises: Floats, falls: Floats, moves: Floats, before: float = np.nan) -> Floats:
    """Return 100 * rise / (rise + fall), 50 where both are 0; where nothing moved what it was, to the last bit.

    rises, falls: averages, NaN while they warm up. moves: the change at each place. before: the strength at the place
    before the first.
    """
    both = rises + falls
    strength = np.full(len(moves) + 1, before)
    strength[1:] = 100.0 * np.divide(rises, both, out=np.full(len(moves), 0.5), where=both != 0.0)
    # Both averages shrink alike while nothing changes, but each is rounded: the index would tremble.
    places = np.arange(len(strength))
    places[1:][(moves == 0.0) & np.isfinite(strength[:-1])] = 0
    kept: Floats = strength[np.maximum.accumulate(places)][1:]
    return kept

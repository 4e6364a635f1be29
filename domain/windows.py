"""Sliding windows over whole columns: means, squared deviations and extremes, in time that does not grow with length.

Every function takes a float64 column and a length of at least 1, and returns a column of the same size: value i is that
of the window that ends at i, from its values alone; NaN for the first `length - 1`, and where a window holds a value
that is not finite (extremes: that is no number). Prices of up to eight decimals are added and subtracted as whole
numbers, exactly.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from domain.market import Floats

# Prices with up to eight decimals are whole numbers at this scale.
_SCALE = 10**8
# Up to here float64 holds every whole number.
_EXACT_LIMIT = 2**53


@dataclass(frozen=True, slots=True)
class _Scaled:
    """Values, the whole numbers they are at the scale, and where they are such a number below the limit."""

    values: Floats
    whole: Floats
    exact: NDArray[np.bool_]

    @classmethod
    def of(cls, values: Floats, limit: int) -> Self:
        with np.errstate(invalid="ignore", over="ignore"):
            whole = np.rint(values * _SCALE)
            return cls(values, whole, (whole / _SCALE == values) & (np.abs(whole) < limit))

    def __getitem__(self, key: Any) -> Self:  # noqa: ANN401
        return type(self)(self.values[key], self.whole[key], self.exact[key])

    def __sub__(self, other: Self) -> Floats:
        with np.errstate(invalid="ignore", over="ignore"):
            made = self.whole - other.whole
            made /= _SCALE
            rough = ~(self.exact & other.exact)
            if rough.any():
                np.copyto(made, self.values - other.values, where=rough)
                made[np.isinf(made)] = np.nan
        return made


def differences(minuends: Floats, subtrahends: Floats) -> Floats:
    """Return the minuends less the subtrahends, correctly rounded for values of up to eight decimals.

    Binary subtraction would make unequal moves of equal ones: 100.2 - 100.1 is not 100.3 - 100.2. NaN where a value is
    not finite.
    """
    # below half the limit no difference exceeds it
    return _Scaled.of(minuends, _EXACT_LIMIT // 2) - _Scaled.of(subtrahends, _EXACT_LIMIT // 2)


def window_means(values: Floats, length: int) -> Floats:
    """Return the means: correctly rounded for values of up to eight decimals, equal to the value for equal values."""
    means = np.full(len(values), np.nan)
    if len(values) < length:
        return means
    # no window's sum exceeds 64 bits
    scaled = _Scaled.of(values, min(_EXACT_LIMIT, 2**63 // length))
    sums = _window_sums(np.where(scaled.exact, scaled.whole, 0.0).astype(np.int64), length)
    found = sums / (length * _SCALE)
    # NumPy rounds such sums before it divides; Python divides whole numbers of any size correctly.
    large = np.abs(sums) > _EXACT_LIMIT
    found[large] = [one / (length * _SCALE) for one in sums[large].tolist()]
    inexact = _window_sums((~scaled.exact).astype(np.int64), length) > 0
    if inexact.any():
        found[inexact] = _means_about_a_value(values, length)[length - 1 :][inexact]
    means[length - 1 :] = found
    return means


def window_squared_deviations(values: Floats, length: int) -> Floats:
    """Return the sums of squared deviations from the windows' means: 0 for equal values, never below 0.

    Nothing is subtracted from a sum of squares, so no digits cancel: both parts of a window are summed by Welford's
    update (Technometrics 4, 1962), and joined by the formula of Chan, Golub and LeVeque (STAN-CS-79-773, 1979).
    """
    if len(values) < length:
        return np.full(len(values), np.nan)
    before, after, _ = _parts(values, length)
    counts = np.arange(1.0, length + 1.0)
    earlier_mean, earlier = (_of_the_earlier_part(column) for column in _running_deviations(before))
    later_mean, later = _running_deviations(after)
    deviations = later_mean - earlier_mean
    deviations *= deviations
    deviations *= (length - counts) * counts / length
    deviations += earlier
    deviations += later
    return deviations.reshape(-1)[: len(values)]


def window_maxima(values: Floats, length: int) -> Floats:
    """Return the highest values of the windows."""
    return _window_extremes(np.maximum, values, length)


def window_minima(values: Floats, length: int) -> Floats:
    """Return the lowest values of the windows."""
    return _window_extremes(np.minimum, values, length)


def _window_extremes(extreme: np.ufunc, values: Floats, length: int) -> Floats:
    made = np.full(len(values), np.nan)
    if len(values) < length:
        return made
    # Two windows of one span, shifted by up to it, make a longer one: log2(length) passes over the column.
    found, span = values, 1
    while span < length:
        step = min(span, length - span)
        found = extreme(found[step:], found[:-step])
        span += step
    made[length - 1 :] = found
    return made


def _window_sums(whole: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    # Totals may wrap around; their differences are right as long as one window's sum fits.
    totals = np.cumsum(whole)
    sums = totals[length - 1 :].copy()
    sums[1:] -= totals[:-length]
    return sums


def _means_about_a_value(values: Floats, length: int) -> Floats:
    # Differences from a value of the window are summed: equal values have none.
    before, after, reference = _parts(values, length)
    sums = _of_the_earlier_part(np.cumsum(before, axis=1)) + np.cumsum(after, axis=1)
    means: Floats = (reference + sums / length).reshape(-1)[: len(values)]
    return means


def _parts(values: Floats, length: int) -> tuple[Floats, Floats, Floats]:
    """Cut the column into blocks of `length`, so that every window is the end of a block and the start of the next.

    Returns, a row for each block, the differences of the values before it (nearest first) and of its own values from
    its first value, and that value. Before the first block and after the last value everything is NaN.
    """
    blocks = -(-len(values) // length)
    padded = np.full((blocks + 1) * length, np.nan)
    padded[length : length + len(values)] = values
    rows = _Scaled.of(padded.reshape(blocks + 1, length), _EXACT_LIMIT // 2)
    reference = rows[1:, :1]
    return rows[:-1, ::-1] - reference, rows[1:] - reference, reference.values


def _of_the_earlier_part(running: Floats) -> Floats:
    # Column j of a block is the window that has length - 1 - j values before it; the last one has none.
    made = np.zeros_like(running)
    made[:, :-1] = running[:, -2::-1]
    return made


def _running_deviations(rows: Floats) -> tuple[Floats, Floats]:
    # Returns the mean, and the sum of squared deviations from it, of the first 1, 2, 3… values of each row.
    counts = np.arange(1.0, rows.shape[1] + 1.0)
    means = np.cumsum(rows, axis=1)
    means /= counts
    squared = np.zeros_like(rows)
    np.subtract(rows[:, 1:], means[:, :-1], out=squared[:, 1:])
    squared *= squared
    squared[:, 1:] *= counts[:-1] / counts[1:]
    return means, np.cumsum(squared, axis=1, out=squared)

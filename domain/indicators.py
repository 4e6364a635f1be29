"""Bundled indicators: causal functions of whole columns, value i from values up to i alone, NaN while warming up."""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from domain.errors import InvalidInput
from domain.market import Floats

# Prices with up to eight decimals are whole numbers at this scale, and sums of whole numbers are exact.
_SCALE = 1e8
_EXACT_LIMIT = 2.0**53


def sma(values: Floats, length: int) -> Floats:
    """Return the simple moving average over `length` values.

    Exact for values of up to eight decimals: averages of windows with equal means are equal to the last bit, so that a
    flat market crosses nothing and ties are ties. Other windows are summed as differences from their last value, which
    keeps flat stretches flat.
    """
    _require_length(length)
    averages = np.full(len(values), np.nan)
    if len(values) < length:
        return averages
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.rint(values * _SCALE)
        inexact = ~((scaled / _SCALE == values) & (np.abs(scaled) < _EXACT_LIMIT))
    whole = np.where(inexact, 0.0, scaled).astype(np.int64)
    sums = _window_sums(whole, length)
    averages[length - 1 :] = sums / (length * _SCALE)
    doubtful = (_window_sums(inexact.astype(np.int64), length) > 0) | (np.abs(sums) >= _EXACT_LIMIT)
    if doubtful.any():
        windows = sliding_window_view(values, length)[doubtful]
        last = windows[:, -1]
        averages[length - 1 :][doubtful] = last + (windows - last[:, None]).sum(axis=1) / length
    return averages


def _window_sums(whole: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    # Totals may wrap around; their differences are right as long as one window's sum fits.
    totals = np.cumsum(whole)
    sums = totals[length - 1 :].copy()
    sums[1:] -= totals[:-length]
    return sums


def highest(values: Floats, length: int) -> Floats:
    """Return the highest of the last `length` values."""
    return _rolled(values, length, np.max)


def lowest(values: Floats, length: int) -> Floats:
    """Return the lowest of the last `length` values."""
    return _rolled(values, length, np.min)


def _rolled(values: Floats, length: int, function: Callable[..., Floats]) -> Floats:
    _require_length(length)
    made = np.full(len(values), np.nan)
    if len(values) >= length:
        made[length - 1 :] = function(sliding_window_view(values, length), axis=1)
    return made


def _require_length(length: int) -> None:
    if length < 1:
        raise InvalidInput(f"an indicator's length must be at least 1, not {length}")

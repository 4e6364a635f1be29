"""The bundled indicators of columns that grow: equal to the last bit, and one more bar costs no more after years."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Any

import numpy as np

from domain import indicators
from domain.growing_column import GrowingColumn
from domain.market import Floats
from domain.price_moves import changes, relative_strength, true_ranges
from domain.smoothing import GrowingAverages, ema_decay, wilder_decay


class GrowingIndicator(ABC):
    """An indicator of columns that grow: what was made of what did not change is not made again."""

    def __init__(self, series: int = 1) -> None:
        self.made = [GrowingColumn() for _ in range(series)]

    def grow(self, columns: Sequence[Floats], unchanged: int) -> list[Floats]:
        """Return the series of whole columns, of which so many values are those of the call before.

        unchanged: not less than in the call before; of no account in the first.
        """
        after = min(unchanged, len(self.made[0]))
        for column, values in zip(self.made, self._after(columns, after), strict=True):
            column.add(values, after)
        return [column.values for column in self.made]

    @abstractmethod
    def _after(self, columns: Sequence[Floats], after: int) -> Sequence[Floats]:
        """The values of each series behind the first so many."""


class _Windowed(GrowingIndicator):
    """What is made of a window alone."""

    def __init__(self, function: Callable[..., Any], series: int, window: int) -> None:
        super().__init__(series)
        self._function = function
        self._window = window

    def _after(self, columns: Sequence[Floats], after: int) -> Sequence[Floats]:
        # windows are cut into blocks from the first value on: from the begin of a block they are made of the same sums
        first = max(after - self._window, 0) // self._window * self._window
        made = self._function(*(column[first:] for column in columns))
        return [one[after - first :] for one in (made if isinstance(made, tuple) else (made,))]


class _Ema(GrowingIndicator):
    def __init__(self, length: int) -> None:
        super().__init__()
        self._average = _exponential(length)

    def _after(self, columns: Sequence[Floats], after: int) -> Sequence[Floats]:
        [values] = columns
        return [self._average.add(values[after:], after)]


class _Macd(GrowingIndicator):
    def __init__(self, fast: int, slow: int, signal: int) -> None:
        super().__init__(series=3)
        self._fast, self._slow, self._signal = _exponential(fast), _exponential(slow), _exponential(signal)

    def _after(self, columns: Sequence[Floats], after: int) -> Sequence[Floats]:
        [values] = columns
        line = self._fast.add(values[after:], after) - self._slow.add(values[after:], after)
        average = self._signal.add(line, after)
        return [line, average, line - average]


class _Rsi(GrowingIndicator):
    def __init__(self, length: int) -> None:
        super().__init__()
        self._rises, self._falls = _wilder(length), _wilder(length)

    def _after(self, columns: Sequence[Floats], after: int) -> Sequence[Floats]:
        moves = _with_one_before(changes, columns, after)
        rises = self._rises.add(np.maximum(moves, 0.0), after)
        falls = self._falls.add(np.maximum(-moves, 0.0), after)
        before = float(self.made[0].values[after - 1]) if after else np.nan
        return [relative_strength(rises, falls, moves, before)]


class _Atr(GrowingIndicator):
    def __init__(self, length: int) -> None:
        super().__init__()
        self._average = _wilder(length)

    def _after(self, columns: Sequence[Floats], after: int) -> Sequence[Floats]:
        return [self._average.add(_with_one_before(true_ranges, columns, after), after)]


_SMOOTHED: Mapping[Callable[..., Any], Callable[..., GrowingIndicator]] = {
    indicators.ema: _Ema,
    indicators.macd: _Macd,
    indicators.rsi: _Rsi,
    indicators.atr: _Atr,
}
_WINDOWED = (indicators.sma, indicators.stdev, indicators.highest, indicators.lowest, indicators.bollinger)


def can_grow(function: Callable[..., Any]) -> bool:
    """Return whether the function is one whose values `growing` can go on with: a bundled one, no other is known."""
    return any(one is function for one in (*_SMOOTHED, *_WINDOWED))


def growing(
    function: Callable[..., Any], columns: int, series: int, arguments: Sequence[Any], keywords: Mapping[str, Any]
) -> GrowingIndicator:
    """Return the indicator of no values yet, that grows.

    function: one that can grow. columns, series: how many it takes and gives. arguments, keywords: what follows the
    columns, and was taken by the function.
    """
    bound = signature(function).bind(*[None] * columns, *arguments, **keywords)
    bound.apply_defaults()
    given = dict(list(bound.arguments.items())[columns:])
    if function in _SMOOTHED:
        return _SMOOTHED[function](**{name: int(value) for name, value in given.items()})
    return _Windowed(lambda *parts: function(*parts, **given), series, int(given["length"]))


def _with_one_before(function: Callable[..., Floats], columns: Sequence[Floats], after: int) -> Floats:
    # each value is made of its own place and the one before
    first = max(after - 1, 0)
    return function(*(column[first:] for column in columns))[after - first :]


def _exponential(length: int) -> GrowingAverages:
    return GrowingAverages(length, ema_decay(length))


def _wilder(length: int) -> GrowingAverages:
    return GrowingAverages(length, wilder_decay(length))

"""Series a strategy reads: columns that end at the bar just closed, so that nothing can read past now."""

import operator
from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from domain.declared_indicators import DeclaredIndicator, declared
from domain.errors import InvalidInput
from domain.growing_indicators import GrowingIndicator, can_grow, growing
from domain.market import BAR_COLUMNS, Bars, Floats, Timeframe

type IndicatorFunction = Callable[..., Any]


class Cursor:
    """Where now is in the bars of one symbol and timeframe: `index` of the bar just closed, -1 before the first."""

    __slots__ = ("index",)

    def __init__(self) -> None:
        self.index = -1


class Series(Sequence[float]):
    """Values up to and including now: `series[-1]` is now, `series[-k]` k-1 bars ago, `len(series)` the bars so far.

    Reading past either end raises IndexError. Warm-up values of indicators are NaN.
    """

    __slots__ = ("_above", "_below", "_column", "_is_growing", "_values", "bars", "cursor")

    def __init__(self, column: Floats, bars: "BarSeries") -> None:
        self._column = column
        # reads Python floats straight from the column: no second copy of five million values
        self._values: Sequence[float] = np.ascontiguousarray(column, dtype=np.float64).data
        self.bars = bars
        self.cursor = bars.cursor
        self._above: dict[object, list[bool]] = {}
        self._below: dict[object, list[bool]] = {}
        self._is_growing = False

    def replace(self, column: Floats) -> None:
        """Read another column from now on: the same values, and more of them."""
        self._column = column
        self._values = np.ascontiguousarray(column, dtype=np.float64).data
        self._is_growing = True

    @overload
    def __getitem__(self, key: int) -> float: ...
    @overload
    def __getitem__(self, key: slice) -> list[float]: ...
    def __getitem__(self, key: int | slice) -> float | list[float]:
        now = self.cursor.index
        if isinstance(key, slice):
            return list(self._values[: now + 1][key])
        place = now + 1 + key if key < 0 else key
        if 0 <= place <= now:
            return self._values[place]
        raise IndexError(f"series[{key}]: only {now + 1} bars so far")

    def __len__(self) -> int:
        return self.cursor.index + 1

    def array(self, length: int) -> Floats:
        """Return the last `length` values as a read-only array; fewer while there are fewer."""
        now = self.cursor.index
        part = self._column[max(0, now + 1 - length) : now + 1]
        part.flags.writeable = False
        return part


type Comparable = Series | float


def crossed_above(a: Series, b: Comparable) -> bool:
    """Return whether `a` rose through `b` at this bar: `a[-2] <= b[-2] and a[-1] > b[-1]`, false with a NaN.

    b: another series of the same bars, or a level.
    """
    if a._is_growing:
        return _crosses_now(a, b, operator.le, operator.gt)
    try:
        return a._above[b][a.cursor.index]
    except KeyError:
        a._above[b] = _crossings(a, b, np.less_equal, np.greater)
        return a._above[b][a.cursor.index]


def crossed_below(a: Series, b: Comparable) -> bool:
    """Return whether `a` fell through `b` at this bar: `a[-2] >= b[-2] and a[-1] < b[-1]`, false with a NaN.

    b: another series of the same bars, or a level.
    """
    if a._is_growing:
        return _crosses_now(a, b, operator.ge, operator.lt)
    try:
        return a._below[b][a.cursor.index]
    except KeyError:
        a._below[b] = _crossings(a, b, np.greater_equal, np.less)
        return a._below[b][a.cursor.index]


type _Comparison = Callable[[Any, Any], NDArray[np.bool_]]


def _crosses_now(
    a: Series, b: Comparable, before: Callable[[float, float], bool], now: Callable[[float, float], bool]
) -> bool:
    # of columns that grow: over all bars it would be computed anew at each of them
    index = a.cursor.index
    if isinstance(b, Series):
        _require_same_bars(a, b)
    if index < 1:
        return False
    previous, current = (b._values[index - 1], b._values[index]) if isinstance(b, Series) else (float(b), float(b))
    return before(a._values[index - 1], previous) and now(a._values[index], current)


def _require_same_bars(a: Series, b: Series) -> None:
    if b.bars is not a.bars:
        raise InvalidInput("only series of the same symbol and timeframe can cross each other")


def _crossings(a: Series, b: Comparable, before: _Comparison, now: _Comparison) -> list[bool]:
    # Computed once over all bars: value i depends on bars i-1 and i alone, as in a reading bar by bar.
    if isinstance(b, Series):
        _require_same_bars(a, b)
        other: Any = b._column
        previous: Any = other[:-1]
        current: Any = other[1:]
    else:
        previous = current = float(b)
    crossed = before(a._column[:-1], previous) & now(a._column[1:], current)
    # the last one is what a cursor before the first bar (index -1) reads
    return [False, *crossed.tolist(), False]


class BarSeries:
    """The bars of one symbol and timeframe up to now, as series: `open high low close volume`, and `time` of each open.

    `len(bars)` is the number of bars so far.
    """

    def __init__(self, bars: Bars, cursor: Cursor | None = None) -> None:
        self._bars = bars
        self.cursor = cursor or Cursor()
        self.symbol = bars.symbol
        self.timeframe: Timeframe = bars.timeframe
        self.open = Series(bars.open, self)
        self.high = Series(bars.high, self)
        self.low = Series(bars.low, self)
        self.close = Series(bars.close, self)
        self.volume = Series(bars.volume, self)
        self._indicators: list[_Indicator] = []

    def __len__(self) -> int:
        return self.cursor.index + 1

    @property
    def time(self) -> NDArray[np.datetime64]:
        """The open times so far, UTC, oldest first, as datetime64 of microseconds."""
        opens = self._bars.time[: self.cursor.index + 1].view("datetime64[us]")
        opens.flags.writeable = False
        return opens

    def replace(self, bars: Bars, unchanged: int) -> None:
        """Read longer columns from now on; every indicator made of them grows with them.

        unchanged: how many bars they begin with that are the old ones.
        """
        self._bars = bars
        for name in BAR_COLUMNS:
            getattr(self, name).replace(getattr(bars, name))
        for indicator in self._indicators:
            for series, column in zip(indicator.made, indicator.grown(bars, unchanged), strict=True):
                series.replace(column)

    def indicator(self, function: IndicatorFunction, columns: Sequence[Series], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Return what the function makes of whole columns, as series that end at now; tuples stay tuples."""
        inputs = [self._name_of(column) for column in columns]
        grows = can_grow(function) and all(self._grows(name) for name in inputs)
        indicator = _Indicator(function, columns, args, kwargs, inputs, grows=grows)
        indicator.made = [Series(column, self) for column in indicator.computed(self._bars)]
        self._indicators.append(indicator)
        return tuple(indicator.made) if indicator.is_tuple else indicator.made[0]

    def _grows(self, name: str) -> bool:
        # a function of somebody else's may make other values of a longer column, where they do not matter
        number, _, part = name.partition(".")
        return name in BAR_COLUMNS or bool(part and self._indicators[int(number)].grows)

    def declared(self) -> list[DeclaredIndicator]:
        """Return the indicators that were made of these bars so far, as they are recorded, oldest first."""
        return [one.declared(self._bars) for one in self._indicators]

    def _name_of(self, series: Series) -> str:
        for name in BAR_COLUMNS:
            if getattr(self, name) is series:
                return name
        places = (
            f"{number}.{part}"
            for number, indicator in enumerate(self._indicators)
            for part, made in enumerate(indicator.made)
            if made is series
        )
        return next(places, "?")  # a series of the strategy's own making


class _Indicator:
    """A function of columns and the series made of it, so that it can be computed again when the columns have grown."""

    def __init__(
        self,
        function: IndicatorFunction,
        columns: Sequence[Series],
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
        inputs: Sequence[str],
        *,
        grows: bool,
    ) -> None:
        self._function = function
        self._columns = columns
        self._arguments = arguments
        self._keywords = keywords
        self._inputs = inputs
        # whether it can be gone on with: else it is made of whole columns each time
        self.grows = grows
        self._grown: GrowingIndicator | None = None
        self.is_tuple = False
        self.made: list[Series] = []

    def computed(self, bars: Bars) -> list[Floats]:
        """Return one column a series, each with one value a bar."""
        # nothing is known of a function's result without any bar: it is asked about one that has no price
        columns = [one._column if len(bars) else _NO_PRICE for one in self._columns]
        made = self._function(*columns, *self._arguments, **self._keywords)
        self.is_tuple = isinstance(made, tuple)
        parts = made if self.is_tuple else (made,)
        return [_column(part, len(bars)) for part in parts]

    def grown(self, bars: Bars, unchanged: int) -> list[Floats]:
        """Return the columns of longer bars, of which so many are those of the last call: equal to `computed`."""
        if not self.grows:
            return self.computed(bars)
        if self._grown is None:
            self._grown = growing(self._function, len(self._columns), len(self.made), self._arguments, self._keywords)
        return self._grown.grow([one._column for one in self._columns], unchanged)

    def declared(self, bars: Bars) -> DeclaredIndicator:
        """Return what is recorded of it."""
        return declared(bars, self._function, self._inputs, self._arguments, self._keywords, len(self.made))


def _column(values: object, length: int) -> Floats:
    column = np.asarray(values, dtype=np.float64)
    if column.shape != (max(length, 1),):
        raise InvalidInput(f"an indicator must return one value a bar: got the shape {column.shape} for {length} bars")
    return column[:length]


_NO_PRICE = np.array([np.nan])

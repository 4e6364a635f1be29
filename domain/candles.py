"""Few candles out of many bars, for the eye: of the shortest usual length of which few enough hold them all.

Unlike those of `domain.aggregation` nothing is decided on these: a candle may be of any length, and is of the bars that
open in it.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from domain.market import Microseconds, Timeframe

_SECOND = 1_000_000
_DAY = 86_400
# 1970 began on a Thursday: three days earlier weeks begin on Monday, and shorter candles where they do anyway.
_WEEKDAY_OFFSET = 3 * _DAY * _SECOND
_USUAL_SECONDS = (
    *(1, 2, 5, 10, 15, 30),
    *(minutes * 60 for minutes in (1, 2, 3, 5, 10, 15, 30)),
    *(hours * 3_600 for hours in (1, 2, 3, 4, 6, 8, 12)),
    *(days * _DAY for days in (1, 2, 7, 14, 28, 56, 112, 224, 448)),
)
_UNITS = (("d", _DAY), ("h", 3_600), ("m", 60), ("s", 1))


def candle_seconds(time: Microseconds, timeframe: Timeframe, most: int) -> int:
    """Return the length of candles of which at most `most` hold all the bars: a multiple of the timeframe.

    The timeframe's own length where there are no more bars than that. time: the opens of the bars, ascending, in
    microseconds since 1970 UTC. most: 2 or more; two bars may lie on both sides of whatever boundary.
    """
    if len(time) <= most:
        return timeframe.seconds
    lengths = (seconds for seconds in _lengths() if seconds % timeframe.seconds == 0)
    # A candle holds so many bars at the most: shorter ones need not be counted.
    long_enough = (seconds for seconds in lengths if seconds // timeframe.seconds * most >= len(time))
    return next(seconds for seconds in long_enough if len(candle_starts(time, seconds)) <= most)


def candle_starts(time: Microseconds, seconds: int) -> NDArray[np.intp]:
    """Return the place of the first bar of each candle that holds one; at least one bar is needed."""
    numbers = _numbers(time, seconds)
    return np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))


def candle_opens(time: Microseconds, seconds: int) -> Microseconds:
    """Return for each bar where its candle begins: at a multiple of the length from 00:00 UTC of a Monday."""
    return _numbers(time, seconds) * (seconds * _SECOND) - _WEEKDAY_OFFSET


def candle_name(seconds: int) -> str:
    """Return the length as timeframes are named, in the largest unit that gives a whole number: `3h`, `7d`."""
    unit, length = next((unit, length) for unit, length in _UNITS if seconds % length == 0)
    return f"{seconds // length}{unit}"


def _numbers(time: Microseconds, seconds: int) -> Microseconds:
    return (time + _WEEKDAY_OFFSET) // (seconds * _SECOND)


def _lengths() -> Iterator[int]:
    yield from _USUAL_SECONDS
    length = _USUAL_SECONDS[-1]
    while True:
        length *= 2
        yield length

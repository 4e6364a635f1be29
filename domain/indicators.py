"""Bundled indicators: causal functions of whole columns, value i from values up to i alone, NaN while warming up.

Columns are float64, one value a bar, oldest first; what is returned has the size of what was given. An indicator may be
given another one: it warms up from the first finite value. A later value that is not finite makes every window over it
NaN, and those that never forget (`ema rsi macd atr`) warm up anew after it. A length below 1 raises InvalidInput.
"""

from numbers import Integral

import numpy as np

from domain.errors import InvalidInput
from domain.market import Floats
from domain.price_moves import changes, relative_strength, true_ranges
from domain.smoothing import ema_decay, smoothed, wilder_decay
from domain.windows import window_maxima, window_means, window_minima, window_squared_deviations


def sma(values: Floats, length: int) -> Floats:
    """Return the simple moving average over `length` values; the first at index length-1.

    Exact for values of up to eight decimals: windows with equal means have averages that are equal to the last bit, so
    that a flat market crosses nothing and ties are ties. A flat stretch of any values has that value as its average.
    """
    return window_means(values, _whole(length))


def ema(values: Floats, length: int) -> Floats:
    """Return the exponential moving average of weight 2 / (length + 1); the first at index length-1.

    The first one is the simple average of `length` values, as in TA-Lib. Values that were equal from the beginning have
    exactly that average.
    """
    length = _whole(length)
    return smoothed(values, length, ema_decay(length))


def rsi(values: Floats, length: int = 14) -> Floats:
    """Return the relative strength index, 0 to 100; the first at index length, as there is one change less than values.

    100 * gain / (gain + loss), gain and loss being the averages of the rises and of the falls after Wilder (New
    Concepts in Technical Trading Systems, 1978): the simple average of the first `length`, then weight 1 / length.
    While nothing has moved it is 50, neither strong nor weak (TA-Lib says 0, others 100). A bar without a change keeps
    it to the last bit.
    """
    length = _whole(length)
    moves = changes(values)
    return relative_strength(_wilder(np.maximum(moves, 0.0), length), _wilder(np.maximum(-moves, 0.0), length), moves)


def macd(values: Floats, fast: int = 12, slow: int = 26, signal: int = 9) -> tuple[Floats, Floats, Floats]:
    """Return moving average convergence/divergence, its signal and its histogram, after Gerald Appel.

    The first is ema(fast) - ema(slow), from index slow-1; the signal its ema, from index slow+signal-2; the histogram
    the first less the signal. Each average starts as soon as it can: TA-Lib starts the fast one with the slow one, a
    difference that fades. Raises InvalidInput unless fast < slow.
    """
    if _whole(fast) >= _whole(slow):
        raise InvalidInput(f"macd: the fast length must be below the slow one, not {fast} and {slow}")
    line = ema(values, fast) - ema(values, slow)
    average = ema(line, signal)
    return line, average, line - average


def atr(high: Floats, low: Floats, close: Floats, length: int = 14) -> Floats:
    """Return the average true range, in price units; the first at index length.

    The true range of a bar spans its high, its low and the close before; the first bar has none, as in TA-Lib. The
    average is Wilder's (1978): the simple average of the first `length`, then weight 1 / length.
    """
    length = _whole(length)
    return _wilder(true_ranges(high, low, close), length)


def bollinger(values: Floats, length: int = 20, width: float = 2.0) -> tuple[Floats, Floats, Floats]:
    """Return Bollinger's bands (lower, middle, upper); the first at index length-1.

    The middle is the simple average, the others lie `width` population standard deviations (divisor: length) below and
    above it, as John Bollinger defines them. In a flat window all three are equal. Raises InvalidInput unless width is
    0 or more.
    """
    if not 0 <= width < np.inf:
        raise InvalidInput(f"bollinger: the width must be 0 or more and finite, not {width}")
    middle = sma(values, length)
    away = width * stdev(values, length)
    return middle - away, middle, middle + away


def stdev(values: Floats, length: int, ddof: int = 0) -> Floats:
    """Return the standard deviation of the last `length` values; the first at index length-1.

    ddof: the divisor is length - ddof. 0, the population's, is what `bollinger`, TA-Lib and charts use; 1 estimates it
    from a sample, as pandas does. Exactly 0 for equal values; no digits cancel however small the moves are against
    the price. Raises InvalidInput unless 0 <= ddof < length.
    """
    length = _whole(length)
    if not 0 <= ddof < length:
        raise InvalidInput(f"stdev: ddof must be at least 0 and below the length {length}, not {ddof}")
    deviations: Floats = np.sqrt(window_squared_deviations(values, length) / (length - ddof))
    return deviations


def highest(values: Floats, length: int) -> Floats:
    """Return the highest of the last `length` values; the first at index length-1."""
    return window_maxima(values, _whole(length))


def lowest(values: Floats, length: int) -> Floats:
    """Return the lowest of the last `length` values; the first at index length-1."""
    return window_minima(values, _whole(length))


def _wilder(values: Floats, length: int) -> Floats:
    return smoothed(values, length, wilder_decay(length))


def _whole(length: int) -> int:
    if not isinstance(length, Integral) or length < 1:
        raise InvalidInput(f"an indicator's length must be a whole number of at least 1, not {length}")
    return int(length)

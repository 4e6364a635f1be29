"""Markets to compute indicators of, and every bundled indicator in one shape."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import strategies as st

from domain.indicators import atr, bollinger, ema, highest, lowest, macd, rsi, sma, stdev
from domain.market import Floats

type HighLowClose = Sequence[Floats]
type Computation = Callable[[HighLowClose, int], tuple[Floats, ...]]

# Each indicator of bars and a length, as a tuple of columns.
COMPUTATIONS: dict[str, Computation] = {
    "sma": lambda bars, length: (sma(bars[2], length),),
    "ema": lambda bars, length: (ema(bars[2], length),),
    "rsi": lambda bars, length: (rsi(bars[2], length),),
    "macd": lambda bars, length: macd(bars[2], length, length + 3, 4),
    "atr": lambda bars, length: (atr(bars[0], bars[1], bars[2], length),),
    "bollinger": lambda bars, length: bollinger(bars[2], length, 1.5),
    "stdev": lambda bars, length: (stdev(bars[2], length),),
    "sample stdev": lambda bars, length: (stdev(bars[2], length + 1, ddof=1),),
    "highest": lambda bars, length: (highest(bars[0], length),),
    "lowest": lambda bars, length: (lowest(bars[1], length),),
}

cents = st.integers(1, 10**9).map(lambda value: value / 100)
rough = st.floats(1e-6, 1e6).map(lambda value: value * math.pi)
# Repeated, so that short examples reach far into the recursions.
columns = st.tuples(
    st.lists(cents, min_size=1, max_size=40) | st.lists(rough, min_size=1, max_size=40), st.integers(1, 6)
).map(lambda drawn: drawn[0] * drawn[1])
lengths = st.integers(1, 30)


def bars_around(closes: Sequence[float]) -> HighLowClose:
    """Return high, low and close; the ranges differ from bar to bar."""
    close = np.array(closes)
    wave = np.arange(len(closes)) % 5
    return np.round(close + wave, 2), np.round(close - 1 + wave / 8, 2), close


def walk(size: int, step: float = 20.0, start: float = 50_000.0) -> Floats:
    """Return prices of two decimals that wander, now and then without a move."""
    draw = np.random.default_rng(7)
    moves = draw.normal(0, step, size) * (draw.random(size) < 0.8)
    return np.round(start + np.cumsum(moves), 2)

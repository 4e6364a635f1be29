"""The peers as they are installed: imported without their warnings, and the bars that come with backtesting.py."""

import warnings

import numpy as np

from domain.market import Floats, Microseconds

with warnings.catch_warnings():
    # backtrader has escape sequences that Python warns of when it compiles them; none of it is ours to mend
    warnings.simplefilter("ignore")
    import backtesting  # type: ignore[import-untyped]
    import backtesting.test  # type: ignore[import-untyped]
    import backtrader  # type: ignore[import-untyped]
    import pandas  # type: ignore[import-untyped]

__all__ = ["backtesting", "backtrader", "pandas", "peer_frame"]


def peer_frame(name: str) -> tuple[Microseconds, list[Floats]]:
    """Return times (microseconds since 1970) and columns open, high, low, close, volume of GOOG or EURUSD."""
    frame = getattr(backtesting.test, name)
    time = frame.index.to_numpy().astype("datetime64[us]").astype(np.int64)
    names = ("Open", "High", "Low", "Close", "Volume")
    return time, [frame[column].to_numpy().astype(np.float64) for column in names]

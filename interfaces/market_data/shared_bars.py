"""Bars in files that many processes map into their memory, of which there is then one copy for all of them."""

from pathlib import Path

import numpy as np

from domain.market import BAR_COLUMNS, Bars, Timeframe

COLUMNS = ("time", *BAR_COLUMNS)


def share(bars: Bars, directory: Path, place: int) -> None:
    """Write the bars' columns to files of that directory. place: tells series in one directory apart."""
    for name in COLUMNS:
        np.save(_file(directory, place, name), np.ascontiguousarray(getattr(bars, name)))


def shared(symbol: str, timeframe: Timeframe, directory: Path, place: int) -> Bars:
    """Return the bars that `share` wrote, mapped and read-only; their files may be removed afterwards."""
    columns = {name: np.load(_file(directory, place, name), mmap_mode="r").view(np.ndarray) for name in COLUMNS}
    return Bars(symbol, timeframe, **columns)


def _file(directory: Path, place: int, name: str) -> Path:
    return directory / f"{place}-{name}.npy"

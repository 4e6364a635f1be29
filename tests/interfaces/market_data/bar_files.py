"""Bar files for tests, written the way people and other programs write them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from domain.errors import InvalidInput
from domain.market import Timeframe
from interfaces.market_data.files import FileBars, read_bars
from interfaces.market_data.sample_bars import sample_bars

HEADER = "timestamp,open,high,low,close,volume"
GOOD = "10,12,9,11,5"
FIRST_OPEN = datetime(2024, 1, 1, tzinfo=UTC)


def minute(number: int) -> str:
    """Return the ISO 8601 text of a minute after the first."""
    return f"{FIRST_OPEN + timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}"


def row(number: int, values: str = GOOD) -> str:
    """Return a line of CSV."""
    return f"{minute(number)},{values}"


def csv_file(directory: Path, lines: Sequence[str], header: str = HEADER, name: str = "bars.csv") -> Path:
    """Write a CSV file of a header and lines."""
    path = directory / name
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def sample_file(path: Path, days: int) -> Path:
    """Write the sample bars of so many days to a CSV file."""
    bars = sample_bars(days=days)
    moments = bars.time.view("datetime64[us]")
    rows = zip(moments, bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True)
    lines = [",".join([f"{time}Z", *map(str, map(float, values))]) for time, *values in rows]
    return csv_file(path.parent, lines, name=path.name)


def parquet_file(directory: Path, **columns: Any) -> Path:
    """Write a Parquet file of two bars, with these columns in place of the good ones."""
    path = directory / "bars.parquet"
    good: dict[str, Any] = {
        "timestamp": [FIRST_OPEN, FIRST_OPEN + timedelta(minutes=1)],
        "open": [10.0, 11.0],
        "high": [12.0, 12.0],
        "low": [9.0, 9.5],
        "close": [11.0, 12.0],
        "volume": [5.0, 0.0],
    }
    pl.DataFrame(good | columns).write_parquet(path)
    return path


def read(path: Path, timeframe: str = "1m") -> FileBars:
    """Read a file as bars of BTC/USD."""
    return read_bars(path, "BTC/USD", Timeframe.parse(timeframe))


def refusal(path: Path, timeframe: str = "1m", kind: type[InvalidInput] = InvalidInput) -> str:
    """Return the message of the refusal, which must be one line of a kind."""
    with pytest.raises(InvalidInput) as caught:
        read(path, timeframe)
    assert type(caught.value) is kind, caught.value.message
    assert "\n" not in caught.value.message
    return caught.value.message

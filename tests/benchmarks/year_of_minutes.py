"""A year of generated one-minute bars: the market every speed figure is measured on."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from domain.market import Bars, Timeframe, to_microseconds

MINUTES_A_YEAR = 525_600
SYMBOL = "BENCH/USD"
START = datetime(2025, 1, 1, tzinfo=UTC)
MINUTE = 60_000_000
FIRST_PRICE = 20_000.0
# Of the price, per minute.
WALK = 0.0003
GAP = 0.0001
WICK = 0.0002
USUAL_VOLUME = 1_000.0


def year_of_minutes(bars: int = MINUTES_A_YEAR, seed: int = 7) -> Bars:
    """Return `bars` GENERATED one-minute bars of BENCH/USD from 2025-01-01 UTC, without a gap in time.

    A random walk from 20,000: over the whole year the averages of 10 and 30 closes cross some 20,000 times. Prices have
    two decimals, an open is near the close before it but not on it, volumes are around 1,000. Equal arguments give
    equal bars.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    close = np.round(FIRST_PRICE * np.exp(np.cumsum(WALK * random.standard_normal(bars))), 2)
    before = np.concatenate(([FIRST_PRICE], close[:-1]))
    opened = np.round(before * (1 + GAP * random.standard_normal(bars)), 2)
    wicks = WICK * np.abs(random.standard_normal((2, bars)))
    return Bars(
        SYMBOL,
        Timeframe.parse("1m"),
        to_microseconds(START) + np.arange(bars, dtype=np.int64) * MINUTE,
        open=opened,
        high=np.round(np.maximum(opened, close) * (1 + wicks[0]), 2),
        low=np.round(np.minimum(opened, close) * (1 - wicks[1]), 2),
        close=close,
        volume=np.round(USUAL_VOLUME * np.exp(0.3 * random.standard_normal(bars)), 4),
    ).require_valid()


def write_csv(bars: Bars, path: Path) -> None:
    """Write the bars as CSV with a header; timestamp is the open of a bar, microseconds since 1970 UTC."""
    _frame(bars).write_csv(path)


def write_parquet(bars: Bars, path: Path) -> None:
    """Write the bars as Parquet; timestamp is the open of a bar, a datetime in UTC."""
    opens = pl.from_epoch("timestamp", time_unit="us").dt.replace_time_zone("UTC")
    _frame(bars).with_columns(opens).write_parquet(path)


def _frame(bars: Bars) -> pl.DataFrame:
    values = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    return pl.DataFrame({"timestamp": bars.time, **values})

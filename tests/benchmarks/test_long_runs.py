"""What one more bar costs a live run that has seen many: its own and coarser series, and a bundled indicator."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from domain.growing_timeline import GrowingTimeline, no_bars
from domain.indicators import ema, sma
from domain.market import Bars, Timeframe
from tests.benchmarks.figures import figure

MINUTE, HOUR = Timeframe.parse("1m"), Timeframe.parse("1h")
DAY, YEAR = 1_440, 525_600
TURNS = 20

pytestmark = pytest.mark.benchmark


def bars(first: int, end: int) -> Bars:
    time = np.arange(first, end, dtype=np.int64) * MINUTE.microseconds
    close = 100.0 + np.round(np.random.default_rng(first).standard_normal(end - first), 2)
    return Bars("BTC/USD", MINUTE, time, close, close + 1, close - 1, close, close)


def milliseconds_a_bar(seen: int, indicator: Callable[..., Any] | None) -> float:
    """Return the median of one more bar, after so many."""
    timeline = GrowingTimeline([no_bars("BTC/USD", MINUTE)], 0)
    timeline.grow([bars(0, seen)])
    timeline.coarser(0, HOUR, 0)
    if indicator is not None:
        timeline.series[0].indicator(indicator, [timeline.series[0].close], 50)
    took = []
    for place in range(seen, seen + TURNS):
        more = [bars(place, place + 1)]
        began = perf_counter()
        timeline.grow(more)
        took.append(perf_counter() - began)
    return sorted(took)[TURNS // 2] * 1e3


def test_one_more_bar_after_a_day_and_after_a_year() -> None:
    for name, indicator in (("own and hourly series", None), ("and sma(50)", sma), ("and ema(50)", ema)):
        day, year = (milliseconds_a_bar(seen, indicator) for seen in (DAY, YEAR))
        figure(f"one more minute, {name}, after a day", day, "ms")
        figure(f"one more minute, {name}, after a year", year, "ms")

"""What is recorded of a strategy's indicators: enough to get the very values it read, and harmless whatever it is."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np
import pytest

import weaver
from domain import indicators
from domain.declared_indicators import BUNDLED, MOST_DECLARED, computed
from domain.event_catalogue import MAX_PAYLOAD_BYTES, decode, encode
from domain.indicators import atr, bollinger, ema, macd, rsi, sma
from domain.market import Bars, Floats, Timeframe
from domain.run_log import LogIndicatorsDeclared, RunLog, log_stream_id
from domain.series import BarSeries, Series

AT, RUN = datetime(2025, 1, 1, tzinfo=UTC), UUID(int=7)
COUNT = 80


def bars() -> Bars:
    close = 100 + np.cumsum(np.random.default_rng(3).normal(size=COUNT))
    time = np.arange(COUNT, dtype=np.int64) * 60_000_000
    volume = np.full(COUNT, 2.0)
    return Bars("BTC/USD", Timeframe.parse("1m"), time, close, close + 1, close - 1, close, volume)


def doubled(values: Floats) -> Floats:
    return values * 2


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no text of me")


def columns_of(made: Series | tuple[Series, ...]) -> list[Floats]:
    parts = made if isinstance(made, tuple) else (made,)
    return [one._column for one in parts]


def test_every_bundled_indicator_is_known() -> None:
    public = {
        name: value
        for name, value in vars(weaver).items()
        if getattr(value, "__module__", None) == indicators.__name__ and callable(value)
    }
    assert public
    assert public == BUNDLED


def test_what_was_declared_is_computed_again_to_the_last_bit() -> None:
    source = bars()
    series = BarSeries(source)
    read: list[Any] = [
        series.indicator(sma, [series.close], 5),
        series.indicator(bollinger, [series.close], 10, width=1.5),
        series.indicator(atr, [series.high, series.low, series.close], 7),
        series.indicator(rsi, [series.close]),
        series.indicator(macd, [series.close], np.int64(3), 9),
    ]
    read.append(series.indicator(ema, [read[1][2]], 4))
    read.append(series.indicator(sma, [series.volume], 3))
    declared = series.declared()
    assert [one.inputs for one in declared] == [
        ("close",),
        ("close",),
        ("high", "low", "close"),
        ("close",),
        ("close",),
        ("1.2",),
        ("volume",),
    ]
    assert [one.series for one in declared] == [1, 3, 1, 1, 3, 1, 1]
    event = LogIndicatorsDeclared(at=AT, run_id=RUN, indicators=tuple(declared))
    stored = decode(*encode(event))
    assert stored == event
    for made, again in zip(read, computed(stored.indicators, source), strict=True):
        assert again is not None
        for one, other in zip(columns_of(made), again, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_function_of_the_strategys_own_is_known_by_name_alone() -> None:
    source = bars()
    series = BarSeries(source)
    twice = series.indicator(doubled, [series.close])
    series.indicator(sma, [twice], 3)
    series.indicator(lambda values, _: values, [series.close], Unspeakable())
    series.indicator(partial(doubled), [series.close])
    series.indicator(sma, [Series(source.close, series)], 3)
    declared = series.declared()
    assert [(one.function, one.is_bundled) for one in declared] == [
        ("doubled", False),
        ("sma", True),
        ("<lambda>", False),
        ("doubled", False),
        ("sma", True),
    ]
    assert computed(declared, source) == [None] * 5, "made of what is not known"


def named_sma(values: Floats, length: int) -> Floats:
    return values


def test_a_function_with_the_name_of_a_bundled_one_is_not_taken_for_it() -> None:
    source = bars()
    series = BarSeries(source)
    named_sma.__name__ = "sma"
    series.indicator(named_sma, [series.close], 5)
    assert computed(series.declared(), source) == [None]


@pytest.mark.parametrize("odd", [Decimal("2.5"), "two", float("inf"), None, 1 << 70, "\0\ud800" * 500])
def test_an_argument_that_is_no_plain_number_is_recorded_as_text(odd: object) -> None:
    series = BarSeries(bars())
    series.indicator(lambda values, *_: values, [series.close], odd)
    [one] = series.declared()
    assert isinstance(one.arguments[0], str)
    assert encode(LogIndicatorsDeclared(at=AT, run_id=RUN, indicators=(one,)))


def test_any_number_of_indicators_fits_in_an_event_and_is_recorded_once() -> None:
    series = BarSeries(bars())
    for number in range(MOST_DECLARED + 20):
        series.indicator(lambda values, *_, **__: values, [series.close], *["x" * 200] * 40, name=number)
    log = RunLog(log_stream_id(RUN))
    log.declare(AT, series.declared())
    log.record(RUN)
    log.declare(AT, series.declared())
    log.record(RUN)
    [recorded] = log.collect_events()
    assert isinstance(recorded.event, LogIndicatorsDeclared)
    assert 0 < len(recorded.event.indicators) <= MOST_DECLARED
    assert len(encode(recorded.event)[1]) <= MAX_PAYLOAD_BYTES
    again = RunLog(log_stream_id(RUN))
    again.apply(recorded.event)
    again.declare(AT, series.declared())
    again.record(RUN)
    assert again.collect_events() == []


def test_nothing_declared_is_nothing_recorded() -> None:
    log = RunLog(log_stream_id(RUN))
    log.declare(AT, BarSeries(bars()).declared())
    log.record(RUN)
    assert log.collect_events() == []

"""Averages are exact, causal and equal for equal inputs; series never show what comes after now."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.indicators import highest, lowest, sma
from domain.market import Bars, Timeframe
from domain.series import BarSeries, Series, crossed_above, crossed_below

prices = st.integers(1, 10**9).map(lambda cents: cents / 100)
rough = st.floats(1e-6, 1e6, allow_nan=False).map(lambda value: value * math.pi)


@given(st.lists(prices, min_size=1, max_size=80), st.integers(1, 20))
def test_the_average_of_decimal_prices_is_the_exact_mean_correctly_rounded(values: list[float], length: int) -> None:
    averages = sma(np.array(values), length)
    for end in range(len(values)):
        if end + 1 < length:
            assert math.isnan(averages[end])
        else:
            window = values[end + 1 - length : end + 1]
            assert averages[end] == float(sum(Fraction(repr(value)) for value in window) / length)


@given(st.lists(rough | prices, min_size=1, max_size=60), st.integers(1, 15), st.integers(1, 60))
def test_truncating_the_future_never_changes_an_average(values: list[float], length: int, kept: int) -> None:
    column = np.array(values)
    np.testing.assert_array_equal(sma(column, length)[:kept], sma(column[:kept], length))


@given(rough | prices, st.integers(1, 30), st.integers(1, 30))
def test_a_flat_market_has_equal_averages_whatever_their_length(price: float, fast: int, slow: int) -> None:
    column = np.full(90, price)
    np.testing.assert_array_equal(sma(column, fast)[30:], sma(column, slow)[30:])


def test_a_value_that_is_no_number_makes_only_its_windows_undefined() -> None:
    averages = sma(np.array([1.0, math.nan, 3.0, 4.0, 5.0]), 2)
    np.testing.assert_array_equal(averages, [math.nan, math.nan, math.nan, 3.5, 4.5])


def test_extremes_of_the_last_values() -> None:
    column = np.array([3.0, 1.0, 2.0, 5.0])
    np.testing.assert_array_equal(highest(column, 2), [math.nan, 3.0, 2.0, 5.0])
    np.testing.assert_array_equal(lowest(column, 3), [math.nan, math.nan, 1.0, 1.0])


def test_an_indicator_needs_a_length_of_at_least_one() -> None:
    with pytest.raises(InvalidInput, match="at least 1"):
        sma(np.array([1.0]), 0)


def bar_series(closes: list[float]) -> BarSeries:
    column = np.array(closes)
    time = np.arange(len(closes), dtype=np.int64) * 60_000_000
    return BarSeries(Bars("X/USD", Timeframe.parse("1m"), time, column, column, column, column, column))


def test_a_series_ends_at_now() -> None:
    bars = bar_series([1.0, 2.0, 3.0, 4.0])
    assert len(bars.close) == 0
    with pytest.raises(IndexError, match="only 0 bars so far"):
        bars.close[-1]
    bars.cursor.index = 1
    assert (bars.close[-1], bars.close[-2], bars.close[0], len(bars.close)) == (2.0, 1.0, 1.0, 2)
    assert bars.close[-2:] == [1.0, 2.0]
    assert list(bars.close) == [1.0, 2.0]
    assert len(bars.time) == 2
    for key in (2, -3, 3):
        with pytest.raises(IndexError):
            bars.close[key]
    assert bars.close.array(9).tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        bars.close.array(1)[0] = 9.0


@given(st.lists(st.tuples(*[st.sampled_from([1.0, 2.0, 3.0, math.nan])] * 2), min_size=1, max_size=20))
def test_crossings_follow_their_definition_at_every_bar(pairs: list[tuple[float, float]]) -> None:
    bars = bar_series([1.0] * len(pairs))
    a, b = (Series(np.array(values), bars) for values in zip(*pairs, strict=True))
    bars.cursor.index = -1
    assert not crossed_above(a, b), "before the first bar nothing has crossed"
    assert not crossed_below(a, b)
    for now in range(len(pairs)):
        bars.cursor.index = now
        rose = now > 0 and a[-2] <= b[-2] and a[-1] > b[-1]
        fell = now > 0 and a[-2] >= b[-2] and a[-1] < b[-1]
        assert (crossed_above(a, b), crossed_below(a, b)) == (rose, fell)
        level = now > 0 and a[-2] <= 2.0 and a[-1] > 2.0
        assert crossed_above(a, 2.0) == level


def test_series_of_different_symbols_do_not_cross() -> None:
    with pytest.raises(InvalidInput, match="same symbol"):
        crossed_above(bar_series([1.0]).close, bar_series([1.0]).close)


def test_an_indicator_must_return_one_value_a_bar() -> None:
    bars = bar_series([1.0, 2.0])
    with pytest.raises(InvalidInput, match="one value a bar"):
        bars.indicator(lambda close: close[:1], [bars.close])
    high, low = bars.indicator(lambda close: (close + 1, close - 1), [bars.close])
    bars.cursor.index = 0
    assert (high[-1], low[-1]) == (2.0, 0.0)

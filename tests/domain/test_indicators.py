"""Indicators are causal to the last bit, warm up from the first value there is, and rest where the market rests."""

import inspect
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import weaver
from domain import indicators
from domain.errors import InvalidInput
from domain.indicators import atr, bollinger, ema, highest, macd, rsi, sma, stdev
from tests.domain.indicator_columns import COMPUTATIONS, bars_around, cents, columns, lengths, rough, walk


@pytest.mark.parametrize("name", COMPUTATIONS)
@settings(deadline=None)
@given(columns, lengths, st.data())
def test_truncating_the_future_changes_no_bit(name: str, closes: list[float], length: int, data: st.DataObject) -> None:
    bars = bars_around(closes)
    kept = data.draw(st.integers(0, len(closes)))
    full = COMPUTATIONS[name](bars, length)
    truncated = COMPUTATIONS[name]([column[:kept] for column in bars], length)
    for column, part in zip(full, truncated, strict=True):
        assert column[:kept].tobytes() == part.tobytes()


@pytest.mark.parametrize("name", COMPUTATIONS)
@pytest.mark.parametrize("kept", [1, 63, 64, 65, 78, 79, 128, 500, 1_999])
def test_truncating_a_long_market_changes_no_bit(name: str, kept: int) -> None:
    bars = bars_around(walk(2_000).tolist())
    for length in (1, 14, 15, 64):
        full = COMPUTATIONS[name](bars, length)
        truncated = COMPUTATIONS[name]([column[:kept] for column in bars], length)
        for column, part in zip(full, truncated, strict=True):
            assert column[:kept].tobytes() == part.tobytes()


@pytest.mark.parametrize("name", COMPUTATIONS)
@settings(deadline=None)
@given(columns, lengths, st.integers(1, 70), st.sampled_from([math.nan, math.inf]))
def test_an_indicator_warms_up_from_the_first_finite_value(
    name: str, closes: list[float], length: int, missing: int, absent: float
) -> None:
    if name in ("highest", "lowest"):
        absent = math.nan
    bars = bars_around(closes)
    expected = COMPUTATIONS[name](bars, length)
    late = COMPUTATIONS[name]([np.concatenate([np.full(missing, absent), column]) for column in bars], length)
    for column, late_column in zip(expected, late, strict=True):
        assert np.isnan(late_column[:missing]).all()
        # bands lie close to zero where prices jump: there the size of the prices counts
        np.testing.assert_allclose(late_column[missing:], column, rtol=1e-12, atol=1e-12 * max(closes))


@pytest.mark.parametrize("name", COMPUTATIONS)
@pytest.mark.parametrize("absent", [math.nan, math.inf])
def test_after_a_hole_an_indicator_warms_up_anew(name: str, absent: float) -> None:
    if name in ("highest", "lowest") and absent == math.inf:
        absent = math.nan
    bars = bars_around(walk(300).tolist())
    holed = [column.copy() for column in bars]
    for column in holed:
        column[120] = absent
    made = COMPUTATIONS[name](holed, 14)
    anew = COMPUTATIONS[name]([column[121:] for column in bars], 14)
    before = COMPUTATIONS[name]([column[:120] for column in bars], 14)
    for column, first, second in zip(made, before, anew, strict=True):
        np.testing.assert_array_equal(column[:120], first)
        assert np.isnan(column[120])
        np.testing.assert_allclose(column[121:], second, rtol=1e-12)


def test_an_average_of_an_indicator_starts_where_both_are_warm() -> None:
    close = walk(200)
    averaged = ema(rsi(close, 14), 9)
    assert np.flatnonzero(~np.isnan(averaged))[0] == 14 + 9 - 1
    assert averaged[22] == pytest.approx(rsi(close, 14)[14:23].mean(), rel=1e-14)


@settings(deadline=None)
@given(cents | rough, lengths, st.integers(2, 30))
def test_a_market_that_is_flat_from_the_beginning_is_exactly_flat(price: float, length: int, longer: int) -> None:
    column = np.full(150, price)
    slow = length + longer
    np.testing.assert_array_equal(ema(column, length)[length - 1 :], price)
    np.testing.assert_array_equal(rsi(column, length)[length:], 50.0)
    for part in macd(column, length, slow, 9):
        np.testing.assert_array_equal(part[slow + 8 :], 0.0)
    np.testing.assert_array_equal(atr(column, column, column, length)[length:], 0.0)
    np.testing.assert_array_equal(stdev(column, length)[length - 1 :], 0.0)
    for band in bollinger(column, length):
        np.testing.assert_array_equal(band[length - 1 :], price)


@settings(deadline=None)
@given(st.lists(cents, min_size=31, max_size=40) | st.lists(rough, min_size=31, max_size=40), st.integers(1, 30))
def test_where_the_market_falls_still_indicators_do_too(closes: list[float], length: int) -> None:
    still = len(closes)
    column = np.array(closes + [closes[-1]] * 2_000)
    strength = rsi(column, length)
    np.testing.assert_array_equal(strength[still:], strength[still - 1])
    np.testing.assert_array_equal(ema(column, length)[-100:], closes[-1])
    np.testing.assert_array_equal(stdev(column, length)[still + length - 2 :], 0.0)
    for band in bollinger(column, length):
        np.testing.assert_array_equal(band[still + length - 2 :], closes[-1])


@settings(deadline=None)
@given(columns, lengths)
def test_relative_strength_stays_between_0_and_100(closes: list[float], length: int) -> None:
    strength = rsi(np.array(closes), length)[length:]
    assert ((strength >= 0) & (strength <= 100)).all()


def test_only_rises_are_full_strength_and_only_falls_none() -> None:
    np.testing.assert_array_equal(rsi(np.arange(1.0, 200.0), 14)[14:], 100.0)
    np.testing.assert_array_equal(rsi(np.arange(200.0, 1.0, -1.0), 14)[14:], 0.0)


@pytest.mark.parametrize("length", [2, 3, 14, 100])
def test_bars_of_equal_range_have_exactly_that_average_range(length: int) -> None:
    close = np.round(100 + np.arange(500) * 0.1, 1)
    high, low = np.round(close + 0.1, 1), np.round(close - 0.2, 1)
    np.testing.assert_array_equal(atr(high, low, close, length)[length:], 0.3)


def test_equal_rises_and_falls_are_told_apart_from_nothing_but_their_order() -> None:
    swing = np.array([100.1, 100.2] * 100)
    coarse = np.array([1.0, 2.0] * 100)
    np.testing.assert_allclose(rsi(swing, 2)[2:], rsi(coarse, 2)[2:], rtol=1e-15)


def test_long_windows_take_no_more_memory_than_short_ones() -> None:
    values = np.sin(np.arange(50_000.0)) + 2
    column_bytes = values.nbytes
    for function in (sma, stdev, highest, ema):
        tracemalloc.start()
        function(values, 5_000)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 30 * column_bytes, f"{function.__name__} took {peak / column_bytes:.0f} columns"


@pytest.mark.parametrize("name", COMPUTATIONS)
@pytest.mark.parametrize("length", [0, -3, 2.5])
def test_an_impossible_length_is_refused(name: str, length: float) -> None:
    if name == "sample stdev":
        length -= 1
    bars = bars_around([1.0, 2.0, 3.0])
    with pytest.raises(InvalidInput, match="whole number of at least 1"):
        COMPUTATIONS[name](bars, length)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", COMPUTATIONS)
def test_a_whole_number_of_numpy_is_a_length(name: str) -> None:
    bars = bars_around(walk(60).tolist())
    numpy_length: int = np.int64(5)  # type: ignore[assignment]
    for one, other in zip(COMPUTATIONS[name](bars, numpy_length), COMPUTATIONS[name](bars, 5), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", COMPUTATIONS)
@pytest.mark.parametrize("size", [0, 1, 3])
def test_too_few_bars_leave_an_indicator_undefined(name: str, size: int) -> None:
    for column in COMPUTATIONS[name](bars_around([5.0] * size), 4):
        assert len(column) == size
        assert np.isnan(column).all()


def test_arguments_that_cannot_be_meant_are_refused() -> None:
    column = np.arange(1.0, 50.0)
    with pytest.raises(InvalidInput, match="fast length must be below"):
        macd(column, 26, 12)
    with pytest.raises(InvalidInput, match="fast length must be below"):
        macd(column, 9, 9)
    with pytest.raises(InvalidInput, match="whole number of at least 1"):
        macd(column, 3, 9, 0)
    with pytest.raises(InvalidInput, match="ddof"):
        stdev(column, 5, ddof=5)
    with pytest.raises(InvalidInput, match="ddof"):
        stdev(column, 5, ddof=-1)
    for width in (-1.0, math.nan, math.inf):
        with pytest.raises(InvalidInput, match="width"):
            bollinger(column, 5, width)


def test_every_bundled_indicator_can_be_imported_from_weaver() -> None:
    bundled = {
        name
        for name, function in inspect.getmembers(indicators, inspect.isfunction)
        if function.__module__ == indicators.__name__ and not name.startswith("_")
    }
    assert bundled == {"atr", "bollinger", "ema", "highest", "lowest", "macd", "rsi", "sma", "stdev"}
    for name in bundled:
        assert name in weaver.__all__
        assert getattr(weaver, name) is getattr(indicators, name)

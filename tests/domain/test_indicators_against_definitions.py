"""Indicators equal their definitions, computed plainly in exact arithmetic, to 1e-12, and textbook examples."""

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.indicators import atr, bollinger, ema, highest, lowest, macd, rsi, sma, stdev
from domain.market import Floats
from tests.domain.indicator_columns import bars_around, columns, lengths, rough, walk

type Exact = list[Decimal | None]


def decimals(values: Sequence[float] | Floats) -> list[Decimal]:
    """Return prices of few decimals as what is written, other values as what they are in binary."""
    written = [Decimal(repr(float(value))) for value in values]
    few = all(value == round(value, 8) for value in written)
    return written if few else [Decimal(float(value)) for value in values]


def plain_average(values: list[Decimal], length: int, weight: Decimal, start: int = 0) -> Exact:
    """Return the exponential average in its textbook form, from `start` on."""
    averages: Exact = [None] * len(values)
    if len(values) < start + length:
        return averages
    average = sum(values[start : start + length], Decimal(0)) / length
    averages[start + length - 1] = average
    for i in range(start + length, len(values)):
        average = average * (1 - weight) + values[i] * weight
        averages[i] = average
    return averages


def plain_ema(values: list[Decimal], length: int, start: int = 0) -> Exact:
    return plain_average(values, length, Decimal(2) / (length + 1), start)


def plain_rsi(values: list[Decimal], length: int) -> Exact:
    changes = [Decimal(0), *(now - before for before, now in pairwise(values))]
    gains = plain_average([max(one, Decimal(0)) for one in changes], length, Decimal(1) / length, start=1)
    losses = plain_average([max(-one, Decimal(0)) for one in changes], length, Decimal(1) / length, start=1)
    strength: Exact = []
    kept = Decimal(50)
    for gain, loss in zip(gains, losses, strict=True):
        if gain is None or loss is None:
            strength.append(None)
        else:
            kept = 100 * gain / (gain + loss) if gain + loss else kept
            strength.append(kept)
    return strength


def plain_atr(high: list[Decimal], low: list[Decimal], close: list[Decimal], length: int) -> Exact:
    ranges = [Decimal(0)]
    for i in range(1, len(close)):
        ranges.append(max(high[i] - low[i], abs(high[i] - close[i - 1]), abs(low[i] - close[i - 1])))
    return plain_average(ranges, length, Decimal(1) / length, start=1)


def plain_stdev(values: list[Decimal], length: int, ddof: int) -> Exact:
    found: Exact = [None] * min(length - 1, len(values))
    for end in range(length, len(values) + 1):
        window = values[end - length : end]
        mean = sum(window, Decimal(0)) / length
        found.append((sum(((one - mean) ** 2 for one in window), Decimal(0)) / (length - ddof)).sqrt())
    return found


def assert_follows(made: Floats, exact: Exact, scale: float | None = None) -> None:
    """Check each value within 1e-12 of the exact one, or of the scale, and NaN where there is none."""
    expected = np.array([math.nan if one is None else float(one) for one in exact])
    np.testing.assert_allclose(made, expected, rtol=1e-12 if scale is None else 0, atol=1e-12 * (scale or 0))


@settings(deadline=None)
@given(columns, lengths)
def test_ema_rsi_atr_and_stdev_follow_their_definitions(closes: list[float], length: int) -> None:
    close = np.array(closes)
    with localcontext(prec=80):
        prices = decimals(close)
        assert_follows(ema(close, length), plain_ema(prices, length))
        assert_follows(stdev(close, length), plain_stdev(prices, length, 0))
        assert_follows(stdev(close, length + 1, ddof=1), plain_stdev(prices, length + 1, 1))
        high, low = 2 * close, close / 2
        assert_follows(atr(high, low, close, length), plain_atr(decimals(high), decimals(low), prices, length))
        assert_follows(rsi(close, length), plain_rsi(prices, length))


@pytest.mark.parametrize("length", [1, 2, 14, 64, 65, 200])
def test_over_a_thousand_bars_every_average_follows_its_definition(length: int) -> None:
    high, low, close = bars_around(walk(1_000).tolist())
    with localcontext(prec=60):
        prices = decimals(close)
        slow = length + 17
        assert_follows(ema(close, length), plain_ema(prices, length))
        assert_follows(rsi(close, length), plain_rsi(prices, length))
        assert_follows(atr(high, low, close, length), plain_atr(decimals(high), decimals(low), prices, length))
        assert_follows(stdev(close, length), plain_stdev(prices, length, 0))

        line, signal, histogram = macd(close, length, slow, 9)
        fast_average, slow_average = plain_ema(prices, length)[slow - 1 :], plain_ema(prices, slow)[slow - 1 :]
        exact = [a - b for a, b in zip(fast_average, slow_average, strict=True) if a is not None and b is not None]
        exact_signal = plain_ema(exact, 9)
        assert_follows(line[slow - 1 :], list(exact), scale=5e4)
        assert_follows(signal[slow - 1 :], exact_signal, scale=5e4)
        np.testing.assert_array_equal(histogram, line - signal)
        assert np.isnan(line[: slow - 1]).all()
        assert np.isnan(signal[: slow + 7]).all()

        lower, middle, upper = bollinger(close, length, 2.5)
        np.testing.assert_array_equal(middle, sma(close, length))
        away = [None if one is None else Decimal("2.5") * one for one in plain_stdev(prices, length, 0)]
        assert_follows(upper - middle, away, scale=5e4)
        assert_follows(middle - lower, away, scale=5e4)


def test_the_textbook_example_of_an_exponential_average() -> None:
    nan = math.nan
    np.testing.assert_array_equal(ema(np.array([10.0, 11.0, 12.0, 15.0, 12.0]), 3), [nan, nan, 11.0, 13.0, 12.5])


def test_the_textbook_example_of_relative_strength() -> None:
    # rises 1 0 2 | 0 0 and falls 0 1 0 | 0 3: averages 1 and 1/3, then two thirds of both, then 12/27 and 31/27
    strength = rsi(np.array([10.0, 11.0, 10.0, 12.0, 12.0, 9.0]), 3)
    np.testing.assert_allclose(strength, [math.nan] * 3 + [75.0, 75.0, 1200 / 43], rtol=1e-15)


def test_on_a_steady_rise_averages_lag_by_half_their_length_and_macd_is_constant() -> None:
    ramp = np.arange(100.0, 200.0)
    line, signal, histogram = macd(ramp, 3, 7, 5)
    np.testing.assert_allclose(ema(ramp, 7)[6:], ramp[6:] - 3.0, rtol=1e-15)
    np.testing.assert_allclose(line[6:], 2.0, rtol=1e-13)
    np.testing.assert_allclose(signal[10:], 2.0, rtol=1e-13)
    np.testing.assert_allclose(histogram[10:], 0.0, atol=1e-13)
    assert np.isnan(line[:6]).all()
    assert np.isnan(signal[:10]).all()


def test_the_true_range_spans_a_gap_from_the_close_before() -> None:
    high, low, close = np.array([[10.0, 11.0, 12.0, 9.0], [8.0, 9.0, 11.5, 8.0], [9.0, 10.0, 12.0, 8.5]])
    # ranges: none, 11-9, 12-10 over the gap up, 12-8 over the gap down
    np.testing.assert_array_equal(atr(high, low, close, 2), [math.nan, math.nan, 2.0, 3.0])


def test_the_textbook_example_of_deviations_and_bands() -> None:
    values = np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])
    assert stdev(values, 8)[-1] == 2.0
    assert stdev(values, 8, ddof=1)[-1] == pytest.approx(math.sqrt(32 / 7), rel=1e-15)
    assert [band[-1] for band in bollinger(values, 8)] == [1.0, 5.0, 9.0]
    assert [band[-1] for band in bollinger(values, 8, 0.5)] == [4.0, 5.0, 6.0]


@pytest.mark.parametrize("start", [1e5, 1e7])
def test_tiny_moves_of_a_high_price_lose_no_digits(start: float) -> None:
    close = walk(600, step=0.01, start=start)
    with localcontext(prec=60):
        prices = decimals(close)
        assert_follows(stdev(close, 20), plain_stdev(prices, 20, 0))
        assert_follows(rsi(close, 14), plain_rsi(prices, 14))


@settings(deadline=None)
@given(st.lists(st.sampled_from([1e-6, 1e6 / 3, 1e6 / 3 + 1e-9, 0.1]), min_size=1, max_size=60), st.integers(1, 12))
def test_a_deviation_is_never_negative_and_never_more_than_the_range(values: list[float], length: int) -> None:
    column = np.array(values)
    found = stdev(column, length)[length - 1 :]
    span = (highest(column, length) - lowest(column, length))[length - 1 :]
    assert (found >= 0).all()
    assert (found <= span).all()
    assert ((found == 0) == (span == 0)).all()


@settings(deadline=None)
@given(st.lists(st.sampled_from([1.0, 2.0, 3.0, 4.0, math.nan]), max_size=60), st.integers(1, 40))
def test_extremes_are_those_of_every_window(values: list[float], length: int) -> None:
    column = np.array(values)
    warm = range(length, len(values) + 1)
    cold = [math.nan] * min(length - 1, len(values))
    np.testing.assert_array_equal(highest(column, length), cold + [np.max(column[i - length : i]) for i in warm])
    np.testing.assert_array_equal(lowest(column, length), cold + [np.min(column[i - length : i]) for i in warm])


def test_a_long_average_of_high_prices_is_the_exact_mean_correctly_rounded() -> None:
    # the sum of such a window, in hundred-millionths, is more than float64 can hold exactly
    close, length = walk(3_000), 2_500
    averages = sma(close, length)
    for end in (length, length + 1, len(close)):
        window = close[end - length : end].tolist()
        assert averages[end - 1] == float(sum(Fraction(repr(value)) for value in window) / length)


def test_a_sum_beyond_64_bits_still_has_its_mean() -> None:
    values = np.full(2_100, 90_000_000.25)
    values[::3] += 0.5
    np.testing.assert_allclose(sma(values, 2_100)[-1], 90_000_000.25 + 0.5 / 3, rtol=1e-15)
    np.testing.assert_array_equal(sma(values[1::3], 600)[599:], 90_000_000.25)


@settings(deadline=None)
@given(st.lists(rough, min_size=1, max_size=80), st.integers(1, 30))
def test_an_average_of_any_values_is_their_mean(values: list[float], length: int) -> None:
    averages = sma(np.array(values), length)
    for end in range(length, len(values) + 1):
        mean = float(sum(Fraction(value) for value in values[end - length : end]) / length)
        assert averages[end - 1] == pytest.approx(mean, rel=1e-12)

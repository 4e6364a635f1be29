"""A timeline that grows shows at every instant what one does that was given everything at once."""

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.growing_timeline import GrowingTimeline, no_bars
from domain.indicators import atr, bollinger, ema, highest, lowest, macd, rsi, sma, stdev
from domain.market import BAR_COLUMNS, Bars, Floats, Timeframe, to_microseconds
from domain.series import BarSeries, Series, crossed_above, crossed_below
from domain.sessions import Sessions
from domain.smoothing import GrowingAverages, ema_decay
from domain.timeline import Timeline

MINUTE, QUARTER, HOUR, DAY = (Timeframe.parse(name) for name in ("1m", "15m", "1h", "1d"))
BEGIN = to_microseconds(datetime(2026, 3, 2, tzinfo=UTC))
NIGHT = 24 * HOUR.microseconds


def bars(symbol: str, places: list[int], frame: Timeframe) -> Bars:
    """Bars that open so many lengths after the beginning, each with prices of its own."""
    time = BEGIN + np.array(places, dtype=np.int64) * frame.microseconds
    close = 100.0 + np.array([(place * 37) % 23 for place in places], dtype=np.float64)
    return Bars(symbol, frame, time, close - 1, close + 2, close - 2, close, close * 3)


def split(everything: Bars, ends: list[int]) -> list[Bars]:
    """Cut bars where they open at or after each of these moments."""
    edges = [0, *np.searchsorted(everything.time, np.array(ends, dtype=np.int64)).tolist(), len(everything)]
    return [everything.part(first, last) for first, last in pairwise(edges)]


def seen(series: BarSeries) -> dict[str, list[float]]:
    """Everything a series shows now."""
    columns = {name: list(getattr(series, name)) for name in BAR_COLUMNS}
    return columns | {"time": series.time.astype(np.int64).tolist()}


def grown(whole: list[Bars], cuts: list[int], coarse: list[Timeframe], sessions: dict[str, Sessions]) -> None:
    """Let a timeline grow by these cuts, and hold everything it shows against one that was given everything."""
    timeline = GrowingTimeline([no_bars(one.symbol, one.timeframe) for one in whole], BEGIN, sessions)
    made = [(index, frame, timeline.coarser(index, frame, -1)) for index in range(len(whole)) for frame in coarse]
    for part in zip(*(split(one, cuts) for one in whole), strict=True):
        timeline.grow(part)
    held = [one for one in whole if len(one)]
    if not held:
        assert len(timeline) == 0
        return
    expected = Timeline(held, sessions)
    assert timeline.closing_times.tolist() == expected.closing_times.tolist()
    own = [
        (series, expected.series[held.index(one)])
        for series, one in zip(timeline.series, whole, strict=True)
        if one in held
    ]
    pairs = own + [
        (series, expected.coarser(held.index(whole[index]), frame, 0))
        for index, frame, series in made
        if whole[index] in held
    ]
    for instant in range(len(expected)):
        timeline.move_to(instant)
        expected.move_to(instant)
        for ours, theirs in pairs:
            assert seen(ours) == seen(theirs), instant
        for index, one in enumerate(whole):
            if one in held and timeline.place_of(index, instant) >= 0:
                place = held.index(one)
                assert timeline.has_bar(index, instant) == expected.has_bar(place, instant)
                assert timeline.close_at(index, instant) == expected.close_at(place, instant)
                assert timeline.closed_at(index, instant) == expected.closed_at(place, instant)
    timeline.move_to(-1)
    assert [len(series) for series in timeline.series] == [0] * len(whole)


@given(
    st.sets(st.integers(0, 90), max_size=40),
    st.sets(st.integers(0, 90), max_size=40),
    st.lists(st.integers(0, 95), max_size=8),
)
def test_however_it_grew_it_shows_the_same(first: set[int], second: set[int], cuts: list[int]) -> None:
    ends = sorted(BEGIN + one * MINUTE.microseconds for one in cuts)
    grown(
        [bars("A/USD", sorted(first), MINUTE), bars("B/USD", sorted(second), MINUTE)], ends, [MINUTE, QUARTER, HOUR], {}
    )


@given(st.sets(st.integers(0, 24 * 6), max_size=60), st.lists(st.integers(0, 24 * 6), max_size=8))
def test_days_of_shares_are_sessions_however_it_grew(hours: set[int], cuts: list[int]) -> None:
    opens = BEGIN + np.array([-3, 0, 1, 3, 4, 9], dtype=np.int64) * NIGHT + 29 * HOUR.microseconds // 2
    sessions = Sessions(opens, opens + 13 * HOUR.microseconds // 2)
    ends = sorted(BEGIN + one * HOUR.microseconds for one in cuts)
    grown([bars("SPY", sorted(hours), HOUR)], ends, [DAY], {"SPY": sessions})


def test_what_closes_before_what_is_there_is_left_out() -> None:
    timeline = GrowingTimeline([no_bars("A/USD", MINUTE)], BEGIN)
    timeline.grow([bars("A/USD", [3, 4], MINUTE)])
    timeline.grow([bars("A/USD", [1, 4, 5], MINUTE)])
    assert timeline.times[0].tolist() == [BEGIN + one * MINUTE.microseconds for one in (3, 4, 5)]


def test_indicators_and_crossings_are_those_of_everything_at_once() -> None:
    everything = bars("A/USD", list(range(60)), MINUTE)
    timeline = GrowingTimeline([no_bars("A/USD", MINUTE)], BEGIN)
    whole = Timeline([everything])
    [ours], [theirs] = timeline.series, whole.series
    mean, expected = (one.indicator(ema, [one.close], 5) for one in (ours, theirs))
    crossings = 0
    for place in range(len(everything)):
        timeline.grow([everything.part(place, place + 1)])
        timeline.move_to(place)
        whole.move_to(place)
        np.testing.assert_array_equal(list(mean), list(expected))
        for crossed in (crossed_above, crossed_below):
            for pair in ((ours.close, mean, theirs.close, expected), (mean, ours.close, expected, theirs.close)):
                assert crossed(pair[0], pair[1]) == crossed(pair[2], pair[3])
                crossings += crossed(pair[0], pair[1])
            assert crossed(ours.close, 110.0) == crossed(theirs.close, 110.0)
    assert crossings > 10


PRICES = st.one_of(
    st.integers(1, 30_000_000).map(lambda cents: cents / 100),
    st.floats(1e-9, 1e12),
    st.sampled_from([100.0, 100.1, 0.1, float("nan"), float("inf")]),
)
INDICATORS: tuple[tuple[Callable[..., Any], tuple[float, ...]], ...] = (
    (sma, (3,)),
    (sma, (1,)),
    (stdev, (4,)),
    (highest, (5,)),
    (lowest, (2,)),
    (bollinger, (3, 1.5)),
    (ema, (3,)),
    (ema, (1,)),
    (macd, (2, 5, 3)),
    (rsi, (4,)),
    (atr, (3,)),
)


def inputs(series: BarSeries, function: Callable[..., Any]) -> list[Series]:
    """Return what an indicator is made of."""
    return [series.high, series.low, series.close] if function is atr else [series.close]


def parts(made: Any) -> tuple[Any, ...]:
    """Return the columns an indicator gives, one or several."""
    return made if isinstance(made, tuple) else (made,)


def indicators_held(everything: Bars, cuts: list[int]) -> None:
    """Let a timeline grow by these cuts, and hold every indicator against the function of what the series show."""
    timeline = GrowingTimeline([no_bars("A/USD", MINUTE)], BEGIN)
    made: list[tuple[list[Series], Callable[..., Any], tuple[float, ...], Any]] = []
    for series in (timeline.series[0], timeline.coarser(0, QUARTER, -1)):
        for function, arguments in INDICATORS:
            columns = inputs(series, function)
            made.append((columns, function, arguments, series.indicator(function, columns, *arguments)))
        strength = made[-2][3]
        for function, columns, arguments in (
            (ema, [strength], (4,)),
            (sma, [strength], (2,)),
            (atr, [strength] * 3, (2,)),
        ):
            made.append((columns, function, arguments, series.indicator(function, columns, *arguments)))
    for part in split(everything, sorted(cuts)):
        timeline.grow([part])
        timeline.move_to(len(timeline) - 1)
        for columns, function, arguments, shown in made:
            whole = function(*(np.array(list(one)) for one in columns), *arguments)
            for ours, theirs in zip(parts(shown), parts(whole), strict=True):
                np.testing.assert_array_equal(np.array(list(ours)), theirs, f"{function.__name__}{arguments}")


@given(st.lists(PRICES, min_size=1, max_size=80), st.lists(st.integers(0, 80), max_size=12))
def test_an_indicator_is_to_the_last_bit_what_it_is_over_everything(prices: list[float], cuts: list[int]) -> None:
    indicators_held(priced(np.array(prices)), [BEGIN + one * MINUTE.microseconds for one in cuts])


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.sets(st.integers(0, 900), max_size=60))
def test_so_it_is_over_many_blocks_with_flat_stretches_and_holes(seed: int, cuts: set[int]) -> None:
    draws = np.random.default_rng(seed)
    steps = np.where(draws.random(900) < 0.3, 0.0, draws.standard_normal(900))
    close = 100.0 + np.round(np.cumsum(steps), int(draws.integers(1, 12)))
    close[draws.integers(0, 900, size=int(draws.integers(0, 4)))] = np.nan
    indicators_held(priced(close), [BEGIN + one * MINUTE.microseconds for one in cuts])


def priced(close: Floats) -> Bars:
    """Bars of every minute with these closes."""
    time = BEGIN + np.arange(len(close), dtype=np.int64) * MINUTE.microseconds
    return Bars("A/USD", MINUTE, time, close, close + 0.5, close - 0.25, close, close)


def test_an_average_that_grows_keeps_no_more_than_it_takes_to_go_on() -> None:
    for length in (1, 14, 200):
        averages, sizes = GrowingAverages(length, ema_decay(length)), []
        for place in range(3_000):
            averages.add(np.array([float(place % 7)]), place)
            sizes.append(len(pickle.dumps(averages)))
        assert max(sizes) == max(sizes[:500])


def test_what_was_handed_out_stays_as_it_was() -> None:
    everything = bars("A/USD", list(range(3_000)), MINUTE)
    timeline = GrowingTimeline([no_bars("A/USD", MINUTE)], BEGIN)
    kept = []
    for place in range(0, len(everything), 7):
        timeline.grow([everything.part(place, place + 7)])
        timeline.move_to(len(timeline) - 1)
        kept.append(timeline.series[0].close.array(10_000))
    for number, one in enumerate(kept, 1):
        assert one.tolist() == everything.close[: min(7 * number, 3_000)].tolist()


def test_a_timeframe_that_is_no_multiple_is_refused_once_there_are_bars() -> None:
    timeline = GrowingTimeline([no_bars("A/USD", HOUR)], BEGIN)
    timeline.grow([bars("A/USD", [0], HOUR)])
    with pytest.raises(Exception, match="cannot be made of bars of 1h"):
        timeline.coarser(0, MINUTE, 0)

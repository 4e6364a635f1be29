"""Few candles out of many bars: how long they are, where they begin, and that none of the shorter ones would do."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import candles
from domain.candles import candle_name, candle_opens, candle_seconds, candle_starts
from domain.market import TIMEFRAMES, Microseconds, Timeframe, from_microseconds, to_microseconds

SECOND = 1_000_000
YEAR_OF_MINUTES = to_microseconds(datetime(2024, 1, 1, tzinfo=UTC)) + np.arange(365 * 1_440) * 60 * SECOND


@given(
    name=st.sampled_from(TIMEFRAMES),
    gaps=st.lists(st.sampled_from([1, 1, 1, 2, 7, 60, 1_441, 50_000]), min_size=1, max_size=60),
    first=st.integers(-(10**6), 10**6),
    most=st.integers(min_value=2, max_value=20),
)
def test_at_most_so_many_candles_hold_all_the_bars(name: str, gaps: list[int], first: int, most: int) -> None:
    timeframe = Timeframe.parse(name)
    time: Microseconds = (first + np.cumsum(gaps)) * timeframe.microseconds
    seconds = candle_seconds(time, timeframe, most)
    assert seconds % timeframe.seconds == 0
    if len(time) <= most:
        assert seconds == timeframe.seconds
        return
    opens = candle_opens(time, seconds)
    assert 1 <= len(np.unique(opens)) <= most
    assert opens[candle_starts(time, seconds)].tolist() == sorted(set(opens.tolist()))
    assert ((opens <= time) & (time < opens + seconds * SECOND)).all()
    shorter = [one for one in candles._USUAL_SECONDS if one < seconds and one % timeframe.seconds == 0]
    assert all(len(np.unique(candle_opens(time, one))) > most for one in shorter), "a shorter one would have done"


@pytest.mark.parametrize("name", TIMEFRAMES)
def test_candles_begin_where_bars_of_their_length_do(name: str) -> None:
    length = Timeframe.parse(name)
    opens = candle_opens(YEAR_OF_MINUTES, length.seconds)
    assert not (opens % length.microseconds).any()


@pytest.mark.parametrize("days", [1, 7, 14, 448])
def test_candles_of_days_begin_at_midnight_and_those_of_weeks_on_a_monday(days: int) -> None:
    for opened in np.unique(candle_opens(YEAR_OF_MINUTES, days * 86_400)).tolist():
        moment = from_microseconds(opened)
        assert (moment.hour, moment.minute, moment.second) == (0, 0, 0)
        assert days % 7 or moment.weekday() == 0


@pytest.mark.parametrize(
    ("most", "name"),
    [(1_000_000, "1m"), (525_600, "1m"), (525_599, "2m"), (3_000, "3h"), (366, "1d"), (100, "7d"), (2, "224d")],
)
def test_a_year_of_minutes(most: int, name: str) -> None:
    assert candle_name(candle_seconds(YEAR_OF_MINUTES, Timeframe.parse("1m"), most)) == name


@pytest.mark.parametrize(("seconds", "name"), [(1, "1s"), (45, "45s"), (120, "2m"), (5_400, "90m"), (10_800, "3h")])
def test_a_length_is_named_as_timeframes_are(seconds: int, name: str) -> None:
    assert candle_name(seconds) == name


@pytest.mark.parametrize("name", TIMEFRAMES)
def test_a_timeframe_has_its_own_name(name: str) -> None:
    assert candle_name(Timeframe.parse(name).seconds) == name

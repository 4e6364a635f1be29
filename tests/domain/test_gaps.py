"""Gaps in bars: what is missing while the market was open, and nothing else."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.gaps import Gap, gaps
from domain.market import Microseconds, Timeframe, to_microseconds
from domain.sessions import Sessions

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = (Timeframe.parse(name) for name in ("1m", "1h", "1d"))


def after(**lengths: float) -> datetime:
    return BEGIN + timedelta(**lengths)


def times(*moments: datetime) -> Microseconds:
    return np.array([to_microseconds(moment) for moment in moments], np.int64)


def opened(*days: int) -> Sessions:
    """Sessions from 14:30 to 21:00 UTC of these days after the beginning, and of a day long before and long after."""
    opens = times(*(after(days=day, hours=14.5) for day in (-9, *days, 30)))
    return Sessions(opens, opens + to_microseconds(after(hours=6.5)) - to_microseconds(BEGIN))


@given(st.sets(st.integers(0, 200), min_size=1))
def test_what_is_there_and_what_is_missing_are_all_there_could_be(minutes: set[int]) -> None:
    there = sorted(minutes)
    found = gaps(times(*(after(minutes=one) for one in there)), MINUTE, None)
    missing = [gap.start + timedelta(minutes=i) for gap in found for i in range(gap.bars)]
    everything = {after(minutes=one) for one in range(there[0], there[-1] + 1)}
    assert set(missing) == everything - {after(minutes=one) for one in there}
    assert missing == sorted(missing)
    assert all(gap.end == gap.start + gap.bars * MINUTE.duration for gap in found), "whatever lies between is one gap"


def test_a_night_is_no_gap_and_a_missing_hour_of_a_session_is() -> None:
    sessions = opened(0, 1, 4)
    hours = [after(days=day, hours=hour) for day in (0, 1, 4) for hour in range(14, 21)]
    assert gaps(times(*hours), HOUR, sessions) == []
    del hours[6:9]  # the last of the first day and two of the next
    assert gaps(times(*hours), HOUR, sessions) == [Gap(after(hours=20), after(days=1, hours=16), 3)]


def test_days_of_shares_are_counted_by_sessions_and_not_by_steps() -> None:
    sessions = opened(0, 1, 4, 5, 6)
    midnight = [after(days=day, hours=5) for day in (0, 1, 4, 5, 6)]
    assert gaps(times(*midnight), DAY, sessions) == []
    assert gaps(times(midnight[0], midnight[1], *midnight[3:]), DAY, sessions) == [
        Gap(after(days=4, hours=14.5), midnight[3], 1)
    ]
    assert [gap.bars for gap in gaps(times(midnight[0], midnight[2]), DAY, None)] == [3]


def test_a_bar_of_a_day_without_a_session_is_no_gap() -> None:
    sessions = opened(0, 1, 4)
    days = [after(days=day, hours=5) for day in (0, 1, 2, 4)]
    assert gaps(times(*days), DAY, sessions) == []


def test_where_sessions_are_not_known_nothing_is_said() -> None:
    with pytest.raises(InvalidInput, match="sessions are known"):
        gaps(times(after(days=0, hours=14), after(days=31, hours=14)), HOUR, opened(0, 1))


def test_one_bar_has_no_gap() -> None:
    assert gaps(times(BEGIN), MINUTE, None) == gaps(times(), MINUTE, None) == []

"""Returns by calendar period: cut at midnight UTC, measured from the period before, chaining to the whole."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.market import to_microseconds
from domain.periods import Period, PeriodLength, period_ends, periods

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
LENGTHS: tuple[PeriodLength, ...] = ("day", "month", "year")


def points(*marked: tuple[str, int]) -> list[tuple[datetime, Decimal]]:
    return [(datetime.fromisoformat(at).replace(tzinfo=UTC), Decimal(equity)) for at, equity in marked]


def test_a_point_at_midnight_belongs_to_the_period_it_ends() -> None:
    marked = points(("2024-01-31T12:00", 90), ("2024-02-01T00:00", 110), ("2024-02-01T00:01", 121))
    january, february = periods(marked, Decimal(100), "month")
    assert january == Period(NEW_YEAR, datetime(2024, 2, 1, tzinfo=UTC), Decimal(100), Decimal(110))
    assert (january.pnl, january.change) == (Decimal(10), 0.1)
    assert (february.first, february.change) == (Decimal(110), 0.1)
    [year] = periods(marked, Decimal(100), "year")
    assert (year.start, year.end, year.change) == (NEW_YEAR, datetime(2025, 1, 1, tzinfo=UTC), 0.21)


def test_a_period_that_began_with_nothing_has_no_return() -> None:
    first, second = periods(points(("2024-01-15", 0), ("2024-02-15", 5)), Decimal(100), "month")
    assert (first.change, second.change, second.pnl) == (-1.0, None, Decimal(5))


@pytest.mark.parametrize("length", LENGTHS)
def test_without_points_there_are_no_periods(length: PeriodLength) -> None:
    assert periods([], Decimal(100), length) == []


@given(
    minutes=st.lists(st.integers(0, 3_000_000), min_size=1, max_size=60, unique=True).map(sorted),
    length=st.sampled_from(LENGTHS),
    data=st.data(),
)
def test_periods_chain_to_the_whole_and_hold_every_point(
    minutes: list[int], length: PeriodLength, data: st.DataObject
) -> None:
    amounts = data.draw(st.lists(st.integers(1, 10**6), min_size=len(minutes), max_size=len(minutes)))
    times = [NEW_YEAR + timedelta(minutes=minute) for minute in minutes]
    marked = list(zip(times, map(Decimal, amounts), strict=True))
    found = periods(marked, Decimal(1_000), length)
    assert found[0].first == 1_000
    assert sum(one.pnl for one in found) == marked[-1][1] - 1_000
    assert all(one.end <= other.start and one.last == other.first for one, other in pairwise(found))
    whole = float(marked[-1][1] / 1_000)
    assert math.prod(1 + one.last / one.first - 1 for one in found) == pytest.approx(Decimal(whole))
    assert all(any(one.start < time <= one.end for one in found) for time in times)
    ends = period_ends(np.array([to_microseconds(time) for time in times]), length)
    assert periods([marked[place] for place in ends], Decimal(1_000), length) == found, "the last points are enough"

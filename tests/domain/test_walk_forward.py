"""Walk-forward: which windows there are, one curve of many, and how much of a return is left out of sample."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ParameterInvalid
from domain.performance import EquityCurve
from domain.walk_forward import (
    MOST_WINDOWS,
    WalkForwardWindow,
    efficiency,
    stitched,
    walk_forward_windows,
)

START = datetime(2025, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def days(*windows: WalkForwardWindow) -> list[tuple[float, float, float]]:
    """Start, split and end of windows, in days from START."""
    return [((one.start - START) / DAY, (one.split - START) / DAY, (one.end - START) / DAY) for one in windows]


def test_windows_roll_by_their_out_of_sample_part() -> None:
    windows = walk_forward_windows(START, START + 100 * DAY, 40 * DAY, 20 * DAY)
    assert days(*windows) == [(0, 40, 60), (20, 60, 80), (40, 80, 100)]
    assert [one.in_sample for one in windows] == [40 * DAY] * 3
    assert [one.out_of_sample for one in windows] == [20 * DAY] * 3


def test_anchored_windows_all_begin_with_the_period() -> None:
    windows = walk_forward_windows(START, START + 100 * DAY, 40 * DAY, 20 * DAY, anchored=True)
    assert days(*windows) == [(0, 40, 60), (0, 60, 80), (0, 80, 100)]


def test_a_longer_step_leaves_gaps() -> None:
    windows = walk_forward_windows(START, START + 110 * DAY, 40 * DAY, 20 * DAY, step=50 * DAY)
    assert days(*windows) == [(0, 40, 60), (50, 90, 110)]


@pytest.mark.parametrize(("length", "ends"), [(89, [60, 80]), (90, [60, 80, 90]), (50, [50])])
def test_a_last_part_is_shorter_down_to_half_of_its_length(length: int, ends: list[float]) -> None:
    windows = walk_forward_windows(START, START + length * DAY, 40 * DAY, 20 * DAY)
    assert [end for _, _, end in days(*windows)] == ends


@pytest.mark.parametrize(
    ("length", "in_sample", "out_of_sample", "step", "message"),
    [
        (49, 40, 20, None, "too short for a walk-forward: one window takes at least 50 days"),
        (-5, 40, 20, None, "too short"),
        (100, 0, 20, None, "longer than nothing"),
        (100, 40, 0, None, "longer than nothing"),
        (100, 40, 20, 19, "would overlap"),
        (2000, 1, 1, None, f"at most {MOST_WINDOWS}"),
    ],
)
def test_windows_that_cannot_be_meant_are_refused(
    length: int, in_sample: int, out_of_sample: int, step: int | None, message: str
) -> None:
    with pytest.raises(ParameterInvalid, match=message):
        walk_forward_windows(
            START,
            START + length * DAY,
            in_sample * DAY,
            out_of_sample * DAY,
            None if step is None else step * DAY,
        )


@given(
    length=st.integers(1, 3000),
    in_sample=st.integers(1, 500),
    out_of_sample=st.integers(1, 500).map(lambda half: 2 * half),
    longer=st.none() | st.integers(0, 300),
    anchored=st.booleans(),
)
def test_windows_cover_what_they_can_and_never_see_a_moment_twice(
    length: int, in_sample: int, out_of_sample: int, longer: int | None, anchored: bool
) -> None:
    step = None if longer is None else (out_of_sample + longer) * HOUR
    end = START + length * HOUR
    try:
        windows = walk_forward_windows(START, end, in_sample * HOUR, out_of_sample * HOUR, step, anchored)
    except ParameterInvalid:
        assert length < in_sample + out_of_sample / 2 or length > MOST_WINDOWS
        return
    every = (step or out_of_sample * HOUR) / HOUR
    assert windows[0].start == START
    for number, one in enumerate(windows):
        assert one.split == START + in_sample * HOUR + number * every * HOUR
        assert one.start == START if anchored else one.in_sample == in_sample * HOUR
        assert one.end <= end
        assert out_of_sample * HOUR / 2 <= one.out_of_sample <= out_of_sample * HOUR
        assert one.out_of_sample == out_of_sample * HOUR or one.end == end
    for one, after in pairwise(windows):
        assert one.end <= after.split
        assert one.end == after.split or every > out_of_sample
    # and there is no room for another
    assert windows[-1].split + every * HOUR + out_of_sample * HOUR / 2 > end


def curve(first_day: int, *equity: float) -> EquityCurve:
    """A curve with a point a day, its start on that day."""
    start = first_day * 86_400_000_000
    times = start + 86_400_000_000 * np.arange(1, len(equity) + 1, dtype=np.int64)
    return EquityCurve(start, times, np.array(equity), np.array(equity) != 100)


def test_each_part_goes_on_with_what_the_one_before_left() -> None:
    whole = stitched([curve(0, 100, 110), curve(5, 90, 120), curve(7, 50)], 100)
    assert whole.equity.tolist() == pytest.approx([100, 110, 99, 132, 66])
    assert (whole.times // 86_400_000_000).tolist() == [1, 2, 6, 7, 8]
    assert whole.start == 0
    assert whole.exposed.tolist() == [False, True, True, True, True]


def test_a_part_that_lost_everything_leaves_nothing() -> None:
    assert stitched([curve(0, 100, -20), curve(2, 150)], 100).equity.tolist() == [100, -20, 0]


def test_parts_that_overlap_are_refused() -> None:
    with pytest.raises(ParameterInvalid, match="overlap"):
        stitched([curve(0, 100, 110), curve(1, 100)], 100)


@given(st.lists(st.lists(st.floats(10, 1000), min_size=1, max_size=5), min_size=1, max_size=6))
def test_the_stitched_return_is_the_returns_of_the_parts_compounded(parts: list[list[float]]) -> None:
    curves = [curve(10 * number, *equity) for number, equity in enumerate(parts)]
    grown = 1.0
    for equity in parts:
        grown *= equity[-1] / 100
    assert stitched(curves, 100).equity[-1] == pytest.approx(100 * grown)


WINDOWS = walk_forward_windows(START, START + 400 * DAY, 200 * DAY, 100 * DAY)


def test_efficiency_is_a_rate_a_year_over_another() -> None:
    # given 20 % in each 200 days in-sample, 4 % in each 100 days out of sample
    found = efficiency(WINDOWS, [0.2, 0.2], [0.04, 0.04])
    # then
    assert found.value == pytest.approx((1.04 ** (365.25 / 100) - 1) / (1.2 ** (365.25 / 200) - 1))
    assert found.basis
    assert "compounded over 2 windows" in found.basis


def test_equal_rates_are_an_efficiency_of_one_whatever_the_lengths_and_a_loss_is_below_zero() -> None:
    assert efficiency(WINDOWS, [0.21, 0.21], [0.1, 0.1]).value == pytest.approx(1)
    loss = efficiency(WINDOWS, [0.21, 0.21], [-0.1, 0.05]).value
    assert isinstance(loss, float)
    assert loss < 0


@pytest.mark.parametrize(
    ("windows", "chosen", "kept", "reason"),
    [
        (WINDOWS, [0.1, -0.2], [0.1, 0.1], "made nothing in-sample"),
        (WINDOWS, [0.0, 0.0], [0.1, 0.1], "made nothing in-sample"),
        (WINDOWS, [0.1, 0.1], [-1.0, 0.1], "out-of-sample: a part lost everything"),
        (WINDOWS, [-1.2, 0.1], [0.1, 0.1], "in-sample: a part lost everything"),
        (WINDOWS, [1e300, 1e300], [0.1, 0.1], "in-sample: grew beyond"),
        (walk_forward_windows(START, START + 50 * DAY, 40 * DAY, 10 * DAY), [0.1], [0.1], "out-of-sample: 10.0 days"),
    ],
)
def test_efficiency_says_why_there_is_none(
    windows: list[WalkForwardWindow], chosen: list[float], kept: list[float], reason: str
) -> None:
    found = efficiency(windows, chosen, kept)
    assert found.value is None
    assert found.reason
    assert reason in found.reason

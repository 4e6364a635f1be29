"""Drawdowns: how deep, from when to when, and which are the deepest."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.drawdowns import Drawdown, deepest_drawdowns, max_drawdown
from tests.domain.finished_runs import DAY, HOUR, START, figures_of

EQUITIES = st.lists(st.integers(-3, 12), max_size=60).map(lambda rest: [5.0, *map(float, rest)])


def one_by_one(equity: Sequence[float]) -> list[Drawdown]:
    """Every drawdown of a curve with a point an hour, the deepest first, found by walking along it."""
    found: list[Drawdown] = []
    peak = trough = 0
    for place in range(1, len(equity)):
        if equity[place] >= equity[peak]:
            if trough > peak:
                depth = (equity[peak] - equity[trough]) / equity[peak]
                found.append(Drawdown(depth, peak * HOUR, trough * HOUR, place * HOUR, place * HOUR))
            peak = trough = place
        elif trough == peak or equity[place] < equity[trough]:
            trough = place
    if trough > peak:
        depth = (equity[peak] - equity[trough]) / equity[peak]
        found.append(Drawdown(depth, peak * HOUR, trough * HOUR, None, (len(equity) - 1) * HOUR))
    return sorted(found, key=lambda drawdown: -drawdown.depth)


@given(EQUITIES, st.integers(1, 8))
def test_the_deepest_drawdowns_are_those_found_by_walking_along_the_curve(equity: list[float], count: int) -> None:
    times = HOUR * np.arange(len(equity), dtype=np.int64)
    assert deepest_drawdowns(times, np.array(equity), count) == one_by_one(equity)[:count]


@given(EQUITIES)
def test_the_max_drawdown_is_the_depth_of_the_deepest(equity: list[float]) -> None:
    found = one_by_one(equity)
    assert max_drawdown(np.array(equity)) == (found[0].depth if found else 0)


def test_an_empty_curve_has_no_drawdown() -> None:
    assert max_drawdown(np.array([])) == 0


def test_a_drawdown_says_when_it_began_when_it_was_deepest_and_when_it_was_over() -> None:
    # given equity that peaks on the second and third day, is lowest on the fifth and back on the seventh
    figures = figures_of([1100, 1200, 1200, 1000, 900, 1150, 1200, 1300])
    # then
    assert figures["max_drawdown"].value == 0.25
    assert figures["max_drawdown_start"].value == "2025-01-04T00:00:00Z"
    assert figures["max_drawdown_trough"].value == "2025-01-06T00:00:00Z"
    assert figures["max_drawdown_recovery"].value == "2025-01-08T00:00:00Z"
    assert figures["max_drawdown_duration"].value == 4


def test_a_loss_from_the_first_bar_on_is_a_drawdown_from_the_initial_cash() -> None:
    figures = figures_of([900, 950], step=HOUR)
    assert figures["max_drawdown"].value == 0.1
    assert figures["max_drawdown_start"].value == START.isoformat().replace("+00:00", "Z")
    assert figures["max_drawdown_trough"].value == (START + timedelta(hours=1)).isoformat().replace("+00:00", "Z")


def test_a_drawdown_that_is_not_over_has_no_recovery_and_lasts_to_the_last_bar() -> None:
    figures = figures_of([1000, 800, 900, 999], step=DAY // 2)
    assert figures["max_drawdown_recovery"].value is None
    assert figures["max_drawdown_recovery"].reason == "equity was still below the peak at the last bar"
    assert figures["max_drawdown_duration"].value == 1.5
    assert figures["max_drawdown_duration"].basis == "days of 24 hours from the peak to the last bar, not recovered"


def test_equity_that_never_falls_has_a_drawdown_of_zero_and_no_times() -> None:
    figures = figures_of([1000, 1000, 1100])
    assert figures["max_drawdown"].value == 0
    for name in ("_start", "_trough", "_recovery", "_duration"):
        assert figures["max_drawdown" + name].value is None
        assert figures["max_drawdown" + name].reason == "equity never fell from a peak"
    assert figures["drawdown_1"].value is None


def test_the_five_deepest_are_told_by_depth_and_equals_by_time() -> None:
    # given seven falls from 1000, two of them equally deep
    lows = [950, 800, 900, 700, 990, 800, 850]
    figures = figures_of([point for low in lows for point in (low, 1000)])
    # then
    assert [figures[f"drawdown_{rank}"].value for rank in range(1, 6)] == [0.3, 0.2, 0.2, 0.15, 0.1]
    starts = [figures[f"drawdown_{rank}_start"].value for rank in range(1, 6)]
    assert [str(start)[8:10] for start in starts] == ["07", "03", "11", "13", "05"]
    assert "drawdown_6" not in figures
    for part in ("", "_start", "_trough", "_recovery", "_duration"):
        assert figures["max_drawdown" + part] == figures["drawdown_1" + part]


def test_fewer_than_five_drawdowns_leave_the_rest_undefined_with_the_number_there_were() -> None:
    figures = figures_of([900, 1000, 950, 1000])
    assert [figures[f"drawdown_{rank}"].value for rank in (1, 2)] == [0.1, 0.05]
    for rank in (3, 4, 5):
        for part in ("", "_start", "_trough", "_recovery", "_duration"):
            figure = figures[f"drawdown_{rank}{part}"]
            assert (figure.value, figure.reason) == (None, "equity fell from a peak 2 times")


def test_equity_below_zero_is_a_drawdown_of_more_than_everything() -> None:
    assert figures_of([1000, -250, 500])["max_drawdown"].value == pytest.approx(1.25)

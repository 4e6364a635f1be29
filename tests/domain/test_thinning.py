"""Few points out of many: every stretch keeps its ends, its lowest and its highest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.thinning import thinned

numbers = st.floats(-1e9, 1e9) | st.just(float("nan"))


@given(values=st.lists(numbers, min_size=1, max_size=300), most=st.integers(4, 50))
def test_what_is_left_out_lies_between_what_is_shown(values: list[float], most: int) -> None:
    column = np.array(values)
    places = thinned(most, column)
    assert len(places) == len(values) if len(values) <= most else len(places) <= most
    assert (np.diff(places) > 0).all()
    assert (places[0], places[-1]) == (0, len(values) - 1)
    shown = column[places]
    if not np.isnan(column).all():
        assert (np.nanmin(shown), np.nanmax(shown)) == (np.nanmin(column), np.nanmax(column))


@given(count=st.integers(1, 400), most=st.integers(6, 60), data=st.data())
def test_series_over_the_same_times_all_keep_their_extremes(count: int, most: int, data: st.DataObject) -> None:
    one, other = (
        np.array(data.draw(st.lists(st.integers(0, 99), min_size=count, max_size=count)), float) for _ in "ab"
    )
    places = thinned(most, one, other)
    assert len(places) <= most
    for series in (one, other):
        assert (series[places].min(), series[places].max()) == (series.min(), series.max())


def test_no_peak_of_a_stretch_is_lost() -> None:
    column = np.zeros(10_000)
    column[::1_000] = np.arange(10)
    column[500::1_000] = -1
    shown = column[thinned(40, column)]
    assert sorted(set(shown.tolist())) == [-1, *range(10)]


@pytest.mark.parametrize("count", [1, 4])
def test_few_points_are_all_shown(count: int) -> None:
    assert thinned(4, np.zeros(count)).tolist() == list(range(count))

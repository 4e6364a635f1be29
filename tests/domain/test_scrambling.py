"""Futures that never were: what stays, what changes, and that they are bars."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.market import BAR_COLUMNS
from domain.scrambling import scrambled
from interfaces.market_data.sample_bars import sample_bars

BARS = sample_bars(days=1).part(0, 300)


@given(st.integers(0, 300), st.integers(0, 5))
def test_the_kept_bars_stay_and_the_others_are_valid_bars_at_the_same_times(kept: int, seed: int) -> None:
    other = scrambled(BARS, kept, seed).require_valid()
    assert len(other) == len(BARS)
    assert (other.time == BARS.time).all()
    for name in BAR_COLUMNS:
        assert (getattr(other, name)[:kept] == getattr(BARS, name)[:kept]).all()
    assert kept > 295 or not np.array_equal(other.close, BARS.close)


@given(st.integers(1, 290))
def test_later_bars_move_by_as_much_as_those_there_were(kept: int) -> None:
    other = scrambled(BARS, kept, 3)
    moves = [np.sort(np.abs(np.diff(np.log(bars.close[kept - 1 :])))) for bars in (BARS, other)]
    assert moves[0] == pytest.approx(moves[1], abs=1e-9)
    assert sorted(other.volume) == sorted(BARS.volume)
    assert not np.array_equal(other.volume, BARS.volume), "in another order"


def test_equal_seeds_give_equal_futures_and_others_do_not() -> None:
    one, again, other = (scrambled(BARS, 100, seed).content_hash() for seed in (1, 1, 2))
    assert one == again
    assert one != other

"""The generated bars: always the same, and formed like a market's."""

import numpy as np
import pytest

from domain.errors import InvalidInput
from interfaces.market_data.sample_bars import SAMPLE_START, sample_bars

CONTENT = "4781db53fc715111ac208145745a1a0fc489546a2b76c5785806666685d4bd83"


def test_the_same_bars_are_generated_every_time() -> None:
    assert sample_bars().content_hash() == CONTENT


def test_another_seed_gives_other_bars() -> None:
    assert sample_bars(seed=8).content_hash() != CONTENT


def test_the_bars_are_minutes_without_a_gap() -> None:
    bars = sample_bars("ETH/USD", days=2)

    assert (bars.symbol, bars.timeframe.name, len(bars)) == ("ETH/USD", "1m", 2880)
    assert bars.start_time == SAMPLE_START
    assert set(np.diff(bars.time)) == {60_000_000}


@pytest.mark.parametrize("seed", range(5))
def test_the_bars_keep_the_rules_and_have_two_decimals(seed: int) -> None:
    bars = sample_bars(days=20, seed=seed).require_valid()

    for column in (bars.open, bars.high, bars.low, bars.close):
        assert np.array_equal(column, np.round(column, 2))
    assert bars.volume.min() > 0
    assert np.array_equal(bars.open[1:], bars.close[:-1])


def test_volatility_comes_in_clusters_and_moves_bring_volume() -> None:
    bars = sample_bars(days=60)
    moves = np.abs(np.diff(np.log(bars.close)))
    hours = moves[: len(moves) // 60 * 60].reshape(-1, 60).mean(axis=1)

    assert np.corrcoef(hours[:-1], hours[1:])[0, 1] > 0.5
    assert np.corrcoef(moves, bars.volume[1:])[0, 1] > 0.3
    assert 0.3 < moves.std() * np.sqrt(365 * 1440) < 2


def test_years_of_bars_keep_the_rules_too() -> None:
    assert len(sample_bars(days=1500).require_valid()) == 1500 * 1440


def test_less_than_a_day_is_refused() -> None:
    with pytest.raises(InvalidInput, match="1 day or more, not for 0"):
        sample_bars(days=0)

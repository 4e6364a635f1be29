"""The market of the speed figures: the same every time, and with as many crosses as it is said to have."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from domain.indicators import sma
from domain.market import Bars, Timeframe
from interfaces.market_data.files import read_bars
from tests.benchmarks.year_of_minutes import MINUTES_A_YEAR, SYMBOL, write_csv, write_parquet, year_of_minutes


def test_equal_arguments_give_equal_bars_and_another_seed_gives_others() -> None:
    once, again, other = year_of_minutes(500), year_of_minutes(500), year_of_minutes(500, seed=8)
    assert once.content_hash() == again.content_hash()
    assert once.content_hash() != other.content_hash()


def test_a_year_has_two_decimals_no_gap_and_about_20_000_crosses_of_its_averages() -> None:
    bars = year_of_minutes()
    assert len(bars) == MINUTES_A_YEAR
    assert set(np.diff(bars.time)) == {60_000_000}
    for column in (bars.open, bars.high, bars.low, bars.close):
        assert np.array_equal(np.round(column, 2), column)
    is_above = (sma(bars.close, 10) > sma(bars.close, 30))[29:]
    assert 19_500 < np.count_nonzero(is_above[1:] != is_above[:-1]) < 21_000


@pytest.mark.parametrize(("write", "name"), [(write_csv, "minutes.csv"), (write_parquet, "minutes.parquet")])
def test_a_written_file_is_read_as_the_same_bars(
    write: Callable[[Bars, Path], None], name: str, tmp_path: Path
) -> None:
    bars = year_of_minutes(300)
    write(bars, tmp_path / name)
    read = read_bars(tmp_path / name, SYMBOL, Timeframe.parse("1m")).bars
    assert read.content_hash() == bars.content_hash()

"""The distance between the bars of a file, and the times at which they may open."""

from pathlib import Path

import pytest

from domain.errors import BarsInvalid
from tests.interfaces.market_data.bar_files import csv_file, read, refusal, row


def bars_at(directory: Path, minutes: list[int]) -> Path:
    return csv_file(directory, [row(number) for number in minutes])


def test_bars_of_another_timeframe_are_refused_with_the_right_one(tmp_path: Path) -> None:
    hourly = bars_at(tmp_path, [0, 60, 120, 600])

    assert refusal(hourly, kind=BarsInvalid) == "bars.csv: the bars are 1h apart, not 1m: --timeframe 1h?"
    assert len(read(hourly, "1h").bars) == 4


def test_a_step_that_is_no_timeframe_is_refused_without_a_hint(tmp_path: Path) -> None:
    weekly = bars_at(tmp_path, [0, 10_080, 20_160, 30_240])

    assert refusal(weekly, "1d", BarsInvalid) == "bars.csv: the bars are 7d apart, not 1d"


def test_gaps_and_changes_of_the_clock_are_no_other_timeframe(tmp_path: Path) -> None:
    assert len(read(bars_at(tmp_path, [0, 1, 5, 9, 10])).bars) == 5
    assert len(read(bars_at(tmp_path, [0, 1440, 1440 * 2 + 60, 1440 * 3 + 60, 1440 * 6]), "1d").bars) == 5


def test_two_bars_are_too_few_to_tell_the_step(tmp_path: Path) -> None:
    assert len(read(bars_at(tmp_path, [0, 60])).bars) == 2


@pytest.mark.parametrize(
    ("timeframe", "moment"),
    [("1m", "2025-01-01T00:01:07Z"), ("1h", "2025-01-01T00:00:30Z"), ("5s", "2025-01-01T00:00:03Z")],
)
def test_a_bar_opens_on_its_grid(tmp_path: Path, timeframe: str, moment: str) -> None:
    file = tmp_path / "bars.csv"
    file.write_text(f"timestamp,open,high,low,close,volume\n{moment},1,1,1,1,1\n")
    with pytest.raises(BarsInvalid, match=f"row 1: .* is no time at which a bar of {timeframe} opens"):
        read(file, timeframe)


def test_an_hour_may_begin_at_half_past(tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    file.write_text("timestamp,open,high,low,close,volume\n2025-01-02T14:30:00Z,1,1,1,1,1\n")
    assert len(read(file, "1h").bars) == 1

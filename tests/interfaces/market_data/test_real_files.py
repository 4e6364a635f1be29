"""Bars of real markets, as public projects carry them: all are read, and stored without a bit lost."""

import re
from pathlib import Path

import numpy as np
import pytest

from domain.errors import BarsInvalid
from domain.market import Bars, Timeframe
from interfaces.market_data.bar_store import BarStore
from interfaces.market_data.files import read_bars
from tests.postgres_servers import SHARED_DATA

FILES = sorted([*SHARED_DATA.glob("*.csv"), *SHARED_DATA.glob("*.parquet")])
SOURCES = SHARED_DATA / "SOURCES.md"
needs_files = pytest.mark.skipif(not FILES, reason="the shared market data are not beside this checkout")


def described(path: Path) -> tuple[str, int, str, str]:
    """Return the step, the rows, the first and the last open that the list of sources tells of a file."""
    found = re.search(
        rf"^\| {re.escape(path.name)} \|[^|]*\| (\w+) \| ([\d,]+) \| (\S+) \| (\S+) \|", SOURCES.read_text(), re.M
    )
    assert found, f"{path.name} is not in the list"
    return found[1], int(found[2].replace(",", "")), found[3], found[4]


def read(path: Path) -> Bars:
    found = read_bars(path, "REAL/BARS", Timeframe.parse(described(path)[0]))
    assert found.notices == ()
    return found.bars


@needs_files
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_file_is_read_as_it_is_described(path: Path) -> None:
    _, rows, first, last = described(path)

    bars = read(path)

    assert len(bars) == rows
    assert f"{bars.start_time:%Y-%m-%dT%H:%M:%SZ}" == first
    assert f"{bars.end_time - bars.timeframe.duration:%Y-%m-%dT%H:%M:%SZ}" == last


@needs_files
@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".csv"], ids=lambda path: path.name)
def test_the_numbers_of_a_real_file_are_what_python_reads(path: Path) -> None:
    bars = read(path)
    lines = [line.split(",") for line in path.read_text().splitlines()[1:]]

    for place, column in enumerate((bars.open, bars.high, bars.low, bars.close, bars.volume), start=1):
        assert np.array_equal(column, np.array([float(line[place]) for line in lines]))


@needs_files
def test_real_files_come_back_from_the_store_exactly(database_url: str) -> None:
    store = BarStore(database_url)
    for number, path in enumerate(FILES):
        bars = read(path)
        bars = Bars(f"REAL{number}", bars.timeframe, *(getattr(bars, name) for name in Bars.__slots__[2:]))

        assert store.save(bars, "shared") == len(bars)
        assert store.load(bars.symbol, bars.timeframe, None, None).content_hash() == bars.content_hash()


@needs_files
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_file_is_refused_under_another_timeframe(path: Path) -> None:
    step = described(path)[0]
    for other in {"1m", "5m", "15m", "1h", "1d"} - {step}:
        with pytest.raises(BarsInvalid, match=rf"apart, not {other}: --timeframe {step}\?"):
            read_bars(path, "REAL/BARS", Timeframe.parse(other))

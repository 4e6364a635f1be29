"""How fast bars come in and out: a year of one-minute bars, 525,600, through files, the store and the command line."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from domain.market import Bars, Timeframe
from interfaces.database import connect, migrate
from interfaces.embedded_postgres import EmbeddedPostgres
from interfaces.market_data.bar_store import BarStore
from interfaces.market_data.files import VALUES, read_bars
from tests.benchmarks.figures import figure
from tests.benchmarks.year_of_minutes import write_csv, write_parquet, year_of_minutes
from tests.system.weaver_process import weaver

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]

MINUTE = Timeframe.parse("1m")
TIMES = 5


@pytest.fixture(scope="module")
def bars() -> Bars:
    """The year."""
    return year_of_minutes()


def rate(name: str, bars: Bars, work: Callable[[], object], before: Callable[[], object] = lambda: None) -> None:
    """Print the best and the median of some rates; `before` is done each time and not counted."""
    seconds = []
    for _ in range(TIMES):
        before()
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    figure(f"{name}, bars/s", len(bars) / min(seconds), f"median {len(bars) / float(np.median(seconds)):,.0f}")


def iso_csv(bars: Bars, path: Path) -> Path:
    """Write the bars as CSV with the times as people write them."""
    opens = pl.from_epoch("timestamp", time_unit="us").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    frame = pl.DataFrame({"timestamp": bars.time, **{name: getattr(bars, name) for name in VALUES}})
    frame.with_columns(opens).write_csv(path)
    return path


def restated(bars: Bars) -> Bars:
    """Return the bars with another volume in each."""
    return Bars(bars.symbol, bars.timeframe, bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume + 1)


def test_bars_in_memory(bars: Bars) -> None:
    rate("bars, content hash", bars, bars.content_hash)
    rate("bars, rules checked", bars, bars.require_valid)


def test_bar_files(bars: Bars, tmp_path: Path) -> None:
    iso = iso_csv(bars, tmp_path / "iso.csv")
    write_csv(bars, tmp_path / "epoch.csv")
    write_parquet(bars, tmp_path / "bars.parquet")
    assert read_bars(iso, bars.symbol, MINUTE).bars.content_hash() == bars.content_hash()
    rate("CSV with ISO times, read", bars, lambda: read_bars(iso, bars.symbol, MINUTE))
    rate("CSV with microseconds, read", bars, lambda: read_bars(tmp_path / "epoch.csv", bars.symbol, MINUTE))
    rate("Parquet, read", bars, lambda: read_bars(tmp_path / "bars.parquet", bars.symbol, MINUTE))


def test_bar_store(bars: Bars, database_url: str, tmp_path: Path) -> None:
    store = BarStore(database_url)
    iso = iso_csv(bars, tmp_path / "iso.csv")

    def empty() -> None:
        with connect(database_url) as connection:
            connection.execute("truncate bar_chunks, bar_series")

    def load() -> Bars:
        return store.load(bars.symbol, MINUTE, None, None)

    rate("store, new bars saved", bars, lambda: store.save(bars, "bench"), empty)
    rate("store, equal bars saved again", bars, lambda: store.save(bars, "bench"))
    versions = [restated(bars), bars] * TIMES
    rate("store, every bar restated", bars, lambda: store.save(versions.pop(), "bench"))
    rate("CSV with ISO times, file to committed", bars, lambda: _import(store, iso, bars.symbol), empty)
    assert load().content_hash() == bars.content_hash()
    rate("store, loaded", bars, load)
    rate("store, summed up to 2,920 candles", bars, lambda: store.chart(bars.symbol, MINUTE, None, None, 3_000))
    day = bars.between(None, bars.start_time.replace(day=2))
    rate("store, one day loaded", day, lambda: store.load(bars.symbol, MINUTE, day.start_time, day.end_time))
    last = bars.between(bars.start_time.replace(month=12, day=31, hour=23, minute=59), None)
    versions = [restated(last), last] * TIMES
    rate("store, one bar restated", last, lambda: store.save(versions.pop(), "bench"))


def test_first_load_after_a_start_of_the_server(bars: Bars, tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "postgres") as server:
        migrate(server.url)
        BarStore(server.url).save(bars, "bench")
    for _ in range(3):
        with EmbeddedPostgres(tmp_path / "postgres") as server:
            began = time.perf_counter()
            loaded = BarStore(server.url).load(bars.symbol, MINUTE, None, None)
            figure("store, first load after a server's start, bars/s", len(loaded) / (time.perf_counter() - began))


def test_import_command(bars: Bars, tmp_path: Path) -> None:
    iso = iso_csv(bars, tmp_path / "iso.csv")
    assert weaver(tmp_path, "migrate").returncode == 0
    for place in range(3):
        began = time.perf_counter()
        done = weaver(tmp_path, "data", "import", str(iso), "--symbol", f"BENCH{place}", "--timeframe", "1m")
        seconds = time.perf_counter() - began
        assert done.returncode == 0, done.stderr
        figure(
            "weaver data import, whole command, bars/s", len(bars) / seconds, f"{seconds:.2f} s, server start included"
        )


def _import(store: BarStore, path: Path, symbol: str) -> int:
    return store.save(read_bars(path, symbol, MINUTE).bars, "csv")

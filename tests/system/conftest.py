"""A home with sample bars, made once, and servers on copies of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres_servers import SHARED_DATA
from tests.system.weaver_process import WeaverServer, weaver

BITFINEX = SHARED_DATA / "crypto_btcusd_bitfinex_1m_2015.parquet"


@pytest.fixture
def bitfinex() -> Path:
    """The real minute bars of a year."""
    if not BITFINEX.exists():
        pytest.skip("the shared market data are not beside this checkout")
    return BITFINEX


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty WEAVER_HOME with a generated sample market of a few days."""
    directory = tmp_path_factory.mktemp("weaver-home")
    bars = directory / "sample.csv"
    rows = ["timestamp,open,high,low,close,volume"]
    for minute in range(3 * 1440):
        price = 100 + 10 * ((minute * 7919) % 101) / 101 + (minute % 240) / 24
        rows.append(
            f"2025-01-{1 + minute // 1440:02}T{minute % 1440 // 60:02}:{minute % 60:02}:00Z,"
            f"{price:.2f},{price + 1:.2f},{price - 1:.2f},{price + 0.5:.2f},1"
        )
    bars.write_text("\n".join(rows) + "\n")
    done = weaver(directory, "data", "import", str(bars), "--symbol", "TEST/USD", "--timeframe", "1m")
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[WeaverServer]:
    """A running server on that home."""
    with WeaverServer(home) as running:
        yield running

"""Every metric a server exposes is documented, every documented one is exposed, and none is zero over a dead source."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from interfaces.market_data.sample_bars import sample_bars
from tests.observability.catalogue import documented, exposed
from tests.system.weaver_process import WeaverServer, wait_until, weaver

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeaverServer]:
    """A server that has finished a backtest and trades a paper run."""
    home = tmp_path_factory.mktemp("home")
    assert weaver(home, "data", "import", str(csv_of_bars(home)), "--symbol", "TEST/USD", "--timeframe", "1m").returncode == 0
    server = WeaverServer(home)
    with server:
        backtest = server.create_run(mode="backtest", strategy_id="sma_cross", symbols=["TEST/USD"], timeframe="1m", **SPAN)
        server.start_run(backtest)
        paper = server.create_run(mode="paper", strategy_id="sma_cross", symbols=["TEST/USD"], timeframe="5s")
        server.start_run(paper)
        wait_until(lambda: server.get(f"/runs/{backtest}")["status"] == "completed", 60, "the backtest is over")
        wait_until(lambda: paper in scrape(server), 60, "the paper run is told of")
        yield server

"""A server that has done a bit of everything: a backtest, a paper run of its own and one at an exchange."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.alpaca_server.client import LocalAlpaca, local_alpaca
from tests.system.observability.catalogue import samples
from tests.system.paper_trading import BUSY, events_of
from tests.system.weaver_process import WeaverServer, wait_until

# A channel that takes nothing, so that its figures are there and nobody is told.
NOBODY_THERE = """
[[channel]]
name = "desk"
kind = "webhook"
url = "http://127.0.0.1:9/"
events = ["run.error"]
secret = "a secret of the test"
"""


@dataclass(frozen=True)
class Desk:
    """The server, the exchange it trades at, and its runs."""

    server: WeaverServer
    alpaca: LocalAlpaca
    backtest: str
    simulated: str
    at_alpaca: str

    def scrape(self) -> str:
        """Return what Prometheus would read."""
        return scrape(self.server)


def scrape(server: WeaverServer) -> str:
    """Return what Prometheus would read of a server."""
    answer = server.api.get("/metrics")
    assert answer.status_code == 200
    return answer.text


def wait_for_a_tick(server: WeaverServer, run_id: str) -> None:
    """Wait until a run has seen a boundary."""
    wait_until(lambda: bool(events_of(server, run_id, "tape.ticked")), 60, "the run ticks")


@pytest.fixture(scope="module")
def desk(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The server, trading."""
    (home / "strategies").mkdir()
    (home / "strategies" / "busy.py").write_text(BUSY)
    (home / "notifications.toml").write_text(NOBODY_THERE)
    with local_alpaca(tmp_path_factory.mktemp("alpaca") / "book.jsonl") as alpaca:
        with WeaverServer(
            home, **alpaca.settings(), WEAVER_LOG_FORMAT="json", WEAVER_NOTIFICATIONS="notifications.toml"
        ) as server:
            span = {"start_time": "2025-01-01T00:00:00Z", "end_time": "2025-01-03T00:00:00Z"}
            backtest = server.create_run(strategy_id="busy", symbols=["TEST/USD"], timeframe="1m", **span)
            simulated = server.create_run(mode="paper", strategy_id="busy", symbols=["TEST/USD"], timeframe="5s")
            at_alpaca = server.create_run(
                mode="paper", exchange="alpaca", symbols=["BTC/USD"], timeframe="1s",
                config={"fast": 2, "slow": 3, "quantity": "0.01"},
            )  # fmt: skip
            for run_id in (backtest, simulated, at_alpaca):
                server.start_run(run_id)
            server.wait_for_end(backtest)
            for run_id in (simulated, at_alpaca):
                wait_for_a_tick(server, run_id)
            wait_until(lambda: samples(scrape(server), "weaver_database_size_bytes"), 60, "the database was looked at")
            yield Desk(server, alpaca, backtest, simulated, at_alpaca)

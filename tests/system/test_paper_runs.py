"""Paper runs on the simulated exchange, as a user has them: a server, its API, a strategy file, a kill now and then."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from tests.system.paper_trading import BUSY, backtest_of, bars_of, events_of, orders_and_fills
from tests.system.weaver_process import WeaverServer, wait_until, weaver

SYMBOL = "TEST/USD"
# A bar of a second is too short for a machine that runs other tests: what comes later is filled at the next bar.
TIMEFRAME, SECONDS = "5s", 5

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def paper(tmp_path: Path, home: Path) -> Iterator[WeaverServer]:
    """A server on a database of its own with some bars to play back, and the busy strategy beside it."""
    own = tmp_path / "home"
    own.mkdir()
    (own / "strategies").mkdir()
    (own / "strategies" / "busy.py").write_text(BUSY)
    done = weaver(own, "data", "import", str(home / "sample.csv"), "--symbol", SYMBOL, "--timeframe", "1m")
    assert done.returncode == 0, done.stderr
    server = WeaverServer(own)
    with server:
        yield server


def start_paper_run(server: WeaverServer, **settings: Any) -> str:
    """Create and start a paper run on second bars; return its id once it ticks."""
    run_id = server.create_run(
        mode="paper", symbols=[SYMBOL], timeframe=TIMEFRAME, **({"strategy_id": "busy"} | settings)
    )
    server.start_run(run_id)
    wait_for_ticks(server, run_id, 1)
    return run_id


def wait_for_ticks(server: WeaverServer, run_id: str, count: int) -> None:
    """Wait until a run has seen so many boundaries."""

    def has_ticked() -> bool:
        return len(events_of(server, run_id, "tape.ticked")) >= count

    wait_until(has_ticked, 30 + 2 * SECONDS * count, f"{count} ticks; the log:\n{server.log.read_text()[-3000:]}")


def status_of(server: WeaverServer, run_id: str) -> str:
    """Return a run's status."""
    return str(server.get(f"/runs/{run_id}")["status"])


def stop(server: WeaverServer, run_id: str) -> None:
    """Stop a run and wait until it has stopped."""
    assert server.api.post(f"/api/v1/runs/{run_id}/stop").status_code == 202
    wait_until(lambda: status_of(server, run_id) == "stopped", 20, "the run has stopped")


def assert_equal_to_a_backtest(server: WeaverServer, run_id: str) -> None:
    """A paper run's orders and fills are those of a backtest on the bars of its tape."""
    events = events_of(server, run_id)
    orders, fills = orders_and_fills(events)
    backtest = backtest_of(server.home, bars_of(events), server.home / "strategies" / "busy.py", SYMBOL, TIMEFRAME)
    expected_orders, expected_fills = orders_and_fills(events_of(server, backtest))
    assert orders == expected_orders
    assert fills == expected_fills
    assert len(fills) >= 8, f"hardly anything was traded, so hardly anything was compared: {orders}"
    assert {"market", "limit", "stop", "trailing_stop"} <= {order.order_type for order in orders}


def test_the_same_bars_give_the_orders_and_fills_of_a_backtest(paper: WeaverServer) -> None:
    run_id = start_paper_run(paper)
    wait_for_ticks(paper, run_id, 20)
    stop(paper, run_id)
    assert_equal_to_a_backtest(paper, run_id)


def test_a_run_killed_again_and_again_equals_one_never_killed(paper: WeaverServer) -> None:
    run_id = start_paper_run(paper)
    dice = random.Random(20261121)
    for kill in range(6):
        wait_for_ticks(paper, run_id, 3 * (kill + 1))
        time.sleep(SECONDS * dice.random())  # a moment nobody chose
        if kill % 2:
            paper.kill()
            paper.start()
        else:
            sessions = [
                one for one in psutil.Process(paper.pid).children() if "session_child" in " ".join(one.cmdline())
            ]
            for session in sessions:
                session.kill()
    wait_for_ticks(paper, run_id, 24)
    assert status_of(paper, run_id) == "running", paper.log.read_text()[-5000:]
    stop(paper, run_id)
    assert_equal_to_a_backtest(paper, run_id)

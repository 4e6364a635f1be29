"""How late boundaries are noticed while a backtest runs: 600 second boundaries of a paper run in a real server."""

import statistics
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from interfaces.market_data.sample_bars import SAMPLE_SYMBOL
from tests.system.paper_trading import events_of
from tests.system.test_paper_runs import stop
from tests.system.weaver_process import WeaverServer, wait_until, weaver

BOUNDARIES = 600

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1_500)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WeaverServer]:
    """A server with generated bars."""
    done = weaver(tmp_path, "demo", "--once")
    assert done.returncode == 0, done.stderr
    with WeaverServer(tmp_path) as running:
        yield running


def test_boundaries_are_noticed_in_time_beside_a_running_backtest(server: WeaverServer) -> None:
    run_id = server.create_run(mode="paper", symbols=[SAMPLE_SYMBOL], timeframe="1s")
    server.start_run(run_id)
    over = threading.Event()

    def backtests() -> None:
        while not over.is_set():
            backtest = server.create_run(
                symbols=[SAMPLE_SYMBOL],
                timeframe="1m",
                start_time="2025-01-01T00:00:00Z",
                end_time="2026-01-01T00:00:00Z",
                config={"fast": 5, "slow": 20},
            )
            server.start_run(backtest)
            server.wait_for_end(backtest, 120)

    beside = threading.Thread(target=backtests)
    beside.start()
    try:
        wait_until(
            lambda: len(events_of(server, run_id, "tape.ticked")) >= BOUNDARIES, BOUNDARIES * 1.5, "all boundaries"
        )
    finally:
        over.set()
        beside.join()
    ticked = [one["payload"] for one in events_of(server, run_id, "tape.ticked")][:BOUNDARIES]
    late = sorted(one.get("lateness", 0.0) * 1_000 for one in ticked)
    missed = sum(one.get("missed", 0) for one in ticked)
    figures = server.api.get("/metrics").text
    noticed = next(line for line in figures.splitlines() if line.startswith("weaver_clock_worst_lateness_seconds "))
    print(
        f"\n{BOUNDARIES} boundaries of one second beside a running backtest: recorded p50 "
        f"{statistics.median(late):.1f} ms, p99 {late[int(BOUNDARIES * 0.99)]:.1f} ms, worst {late[-1]:.1f} ms after "
        f"the boundary; {missed} missed; noticed at worst {float(noticed.split()[1]) * 1_000:.1f} ms after it"
    )
    stop(server, run_id)

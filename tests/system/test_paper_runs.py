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
# A server that is killed while other tests run may need several seconds until it trades again.
LONG_TIMEFRAME, LONG_SECONDS = "15s", 15

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
    usual = {"strategy_id": "busy", "timeframe": TIMEFRAME}
    run_id = server.create_run(mode="paper", symbols=[SYMBOL], **(usual | settings))
    server.start_run(run_id)
    wait_for_ticks(server, run_id, 1)
    return run_id


def wait_for_ticks(server: WeaverServer, run_id: str, count: int) -> None:
    """Wait until a run has seen so many boundaries."""

    def has_ticked() -> bool:
        return len(events_of(server, run_id, "tape.ticked")) >= count

    wait_until(has_ticked, 30 + 2 * LONG_SECONDS * count, f"{count} ticks; the log:\n{server.log.read_text()[-3000:]}")


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
    timeframe = server.get(f"/runs/{run_id}")["timeframe"]
    orders, fills = orders_and_fills(events)
    backtest = backtest_of(server.home, bars_of(events), server.home / "strategies" / "busy.py", SYMBOL, timeframe)
    expected_orders, expected_fills = orders_and_fills(events_of(server, backtest))
    assert orders == expected_orders
    assert fills == expected_fills
    assert len(fills) >= 8, f"hardly anything was traded, so hardly anything was compared: {orders}"
    assert {"market", "limit", "stop", "trailing_stop"} <= {order.order_type for order in orders}


def assert_parity(server: WeaverServer, run_id: str) -> None:
    """Over REST and on the command line, nothing differs from a backtest of the tape."""
    report = server.get(f"/runs/{run_id}/parity")
    assert [one for one in report["differences"] if one["count"]] == []
    assert (report["difference"], report["unexplained"]) == ("0", "0")
    assert report["orders"] == report["backtest_orders"] >= 8
    assert report["latency"]["longest"] == 0
    done = weaver(server.home, "run", "parity", run_id)
    assert (done.returncode, done.stderr) == (0, "")
    assert "live equity" in done.stdout


def assert_a_fork_without_a_change_equals_it(server: WeaverServer, run_id: str) -> None:
    """A fork on the tape of the run, at a tick in the middle, places the same orders with the same executions."""
    ticks = events_of(server, run_id, "tape.ticked")
    asked = {"position": ticks[len(ticks) // 2]["position"], "start": True}
    answer = server.api.post(f"/api/v1/runs/{run_id}/fork", json=asked)
    assert answer.status_code == 201, answer.text
    fork_id = answer.json()["id"]
    assert server.wait_for_end(fork_id)["status"] == "completed"
    assert orders_and_fills(events_of(server, fork_id)) == orders_and_fills(events_of(server, run_id))


def test_the_same_bars_give_the_orders_and_fills_of_a_backtest(paper: WeaverServer) -> None:
    run_id = start_paper_run(paper)
    wait_for_ticks(paper, run_id, 20)
    stop(paper, run_id)
    assert_equal_to_a_backtest(paper, run_id)
    assert_parity(paper, run_id)
    assert_a_fork_without_a_change_equals_it(paper, run_id)


def assert_equal_to_its_replay(server: WeaverServer, run_id: str) -> None:
    """`weaver replay --verify` finds nothing that differs."""
    done = weaver(server.home, "replay", run_id, "--verify")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "the replay equals all" in done.stdout


FICKLE = """
from decimal import Decimal

from weaver import Context, Strategy


class Fickle(Strategy):
    \"\"\"Bids below the market at one bar, and takes it back at the next.\"\"\"

    def on_start(self, ctx: Context) -> None:
        self.seen = 0

    def on_bar(self, ctx: Context) -> None:
        self.seen += 1
        if self.seen % 2 == 0:
            ctx.cancel_all()
            return
        close = Decimal(repr(ctx.bars().close[-1]))
        for share in ("0.985", "0.975", "0.965", "0.955"):
            ctx.buy(Decimal("0.1"), limit=close * Decimal(share))
"""


def sessions_of(server: WeaverServer) -> list[psutil.Process]:
    """Return the processes that strategies run in."""
    children = psutil.Process(server.pid).children()
    return [one for one in children if "session_child" in " ".join(one.cmdline())]


def wait_for_bids(server: WeaverServer, run_id: str) -> None:
    """Wait until bids were just placed: four at a bar, and none asked to be taken back since."""

    def has_bids() -> bool:
        events = events_of(server, run_id)
        ticked = max(index for index, event in enumerate(events) if event["type"] == "tape.ticked")
        return [event["type"] for event in events[ticked:]].count("order.accepted") == 4

    wait_until(has_bids, 60, "bids are placed")


def test_what_was_taken_back_at_a_close_is_not_filled_by_the_next_bar(paper: WeaverServer) -> None:
    (paper.home / "strategies" / "fickle.py").write_text(FICKLE)
    run_id = start_paper_run(paper, strategy_id="fickle")
    for _ in range(3):
        wait_for_bids(paper, run_id)
        # what it decides at the next bar is recorded when the bar after that has closed: that tick follows at once
        [session] = sessions_of(paper)
        session.suspend()
        time.sleep(2.4 * SECONDS)
        session.resume()
        wait_for_ticks(paper, run_id, len(events_of(paper, run_id, "tape.ticked")) + 1)
    events = events_of(paper, run_id)
    taken_back: dict[str, int] = {}
    for event in events:
        order_id = event["id"].rpartition(":")[0]
        if event["type"] == "order.cancel_requested":
            taken_back[order_id] = event["position"]
        assert event["type"] != "order.filled" or order_id not in taken_back, f"taken back, and filled: {event}"
    assert len(taken_back) >= 4, "nothing was taken back, so nothing was tried"
    stop(paper, run_id)


def test_a_run_killed_again_and_again_equals_one_never_killed(paper: WeaverServer) -> None:
    run_id = start_paper_run(paper, timeframe=LONG_TIMEFRAME)
    dice = random.Random(20261121)
    for kill in range(4):
        wait_for_ticks(paper, run_id, 2 * (kill + 1))
        time.sleep(LONG_SECONDS * dice.random())  # a moment nobody chose
        if kill % 2:
            paper.kill()
            paper.start()
        else:
            for session in sessions_of(paper):
                session.kill()
    wait_for_ticks(paper, run_id, 12)
    assert status_of(paper, run_id) == "running", paper.log.read_text()[-5000:]
    stop(paper, run_id)
    assert_equal_to_a_backtest(paper, run_id)
    assert_equal_to_its_replay(paper, run_id)

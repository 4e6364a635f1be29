"""What people do to a paper run: pause, flatten, cancel, halt; and what it does to itself: fail, hang, eat memory."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from tests.system.paper_trading import events_of
from tests.system.test_paper_runs import SYMBOL, sessions_of, status_of, stop, wait_for_ticks
from tests.system.weaver_process import WeaverServer, wait_until, weaver

pytestmark = pytest.mark.timeout(300)

STRATEGIES = '''
import time
from decimal import Decimal

from weaver import Context, Strategy, parameter


class Holder(Strategy):
    """Buys once, and leaves a limit far below that never fills."""

    def on_start(self, ctx: Context) -> None:
        self.seen = 0

    def on_bar(self, ctx: Context) -> None:
        self.seen += 1
        if self.seen == 1:
            ctx.buy(3)
            ctx.buy(1, limit=Decimal("1"))


class EveryBar(Strategy):
    """Buys one at every bar."""

    def on_bar(self, ctx: Context) -> None:
        ctx.buy(1)


class Troubled(Strategy):
    """Leaves a limit, and gets into trouble at its third bar: `raise`, `hang` or `eat`."""

    how: str = parameter("raise", choices=("raise", "hang", "eat"))

    def on_start(self, ctx: Context) -> None:
        self.seen = 0
        self.eaten = []

    def on_bar(self, ctx: Context) -> None:
        self.seen += 1
        if self.seen == 1:
            ctx.buy(1, limit=Decimal("1"))
        if self.seen >= 3:
            if self.how == "raise":
                raise RuntimeError("as told")
            while self.how == "hang":
                time.sleep(60)
            while self.how == "eat":
                self.eaten.append(bytearray(64 << 20))
'''


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[WeaverServer]:
    """One server for all tests of this file, each with runs of its own."""
    own = tmp_path_factory.mktemp("paper")
    (own / "strategies").mkdir()
    (own / "strategies" / "told.py").write_text(STRATEGIES)
    done = weaver(own, "data", "import", str(home / "sample.csv"), "--symbol", SYMBOL, "--timeframe", "1m")
    assert done.returncode == 0, done.stderr
    with WeaverServer(own, WEAVER_DECISION_PATIENCE="2", WEAVER_SESSION_MEMORY="512") as running:
        yield running


def started(server: WeaverServer, strategy: str, ticks: int = 1, **settings: Any) -> str:
    """Start a paper run of one of the strategies above; return its id after some ticks."""
    usual = {"strategy_id": strategy, "timeframe": "1s"}
    run_id = server.create_run(mode="paper", symbols=[SYMBOL], **(usual | settings))
    server.start_run(run_id)
    wait_until(lambda: len(events_of(server, run_id, "tape.decided")) >= ticks, 40, f"{ticks} decisions")
    return run_id


def command(server: WeaverServer, path: str) -> int:
    """Send a command that is accepted; return its position."""
    answer = server.api.post(f"/api/v1{path}")
    assert answer.status_code == 202, answer.text
    return int(answer.headers["Weaver-Position"])


def orders_of(server: WeaverServer, run_id: str) -> list[dict[str, Any]]:
    """A run's orders as the read model has them."""
    orders: list[dict[str, Any]] = server.get(f"/runs/{run_id}/orders")["items"]
    return orders


def held(server: WeaverServer, run_id: str) -> Decimal:
    """What a run holds, summed from its executions."""
    total = Decimal(0)
    for event in events_of(server, run_id, "order.filled", "order.partially_filled"):
        qty = Decimal(event["payload"]["qty"])
        total += qty if event["payload"]["side"] == "buy" else -qty
    return total


def test_a_paused_run_places_nothing_and_a_resumed_one_goes_on(server: WeaverServer) -> None:
    run_id = started(server, "every_bar", ticks=3)
    paused_at = command(server, f"/runs/{run_id}/pause")
    ticks = len(events_of(server, run_id, "tape.ticked"))
    wait_for_ticks(server, run_id, ticks + 3)
    assert status_of(server, run_id) == "paused"
    created = [one["position"] for one in events_of(server, run_id, "order.created")]
    decided = [one for one in events_of(server, run_id, "tape.decided") if one["position"] > paused_at]
    assert created
    assert len([one for one in created if one > paused_at]) <= 1, "a decision that was on its way, no more"
    assert len(decided) >= 2, "its books are kept"
    resumed_at = command(server, f"/runs/{run_id}/resume")

    def orders_again() -> bool:
        return any(one["position"] > resumed_at for one in events_of(server, run_id, "order.created"))

    wait_until(orders_again, 10, "the run orders again")
    stop(server, run_id)


def test_a_session_that_reads_the_stop_first_is_not_missed(server: WeaverServer) -> None:
    run_id = started(server, "every_bar", timeframe="15s")
    [session] = [one for one in sessions_of(server) if one.is_running()]
    process = psutil.Process(server.pid)
    process.suspend()
    try:
        done = weaver(server.home, "run", "stop", run_id)
        assert done.returncode == 0, done.stderr
        # it ends by itself, while the server cannot know why
        wait_until(lambda: session.status() == psutil.STATUS_ZOMBIE, 20, "the session has ended")
    finally:
        process.resume()
    wait_until(lambda: status_of(server, run_id) == "stopped", 20, "the run has stopped")
    said = [one["message"] for one in server.get(f"/runs/{run_id}/log")["items"] if one["source"] == "weaver"]
    assert said == ["session started"]


def test_flatten_cancels_and_closes_and_the_run_goes_on(server: WeaverServer) -> None:
    run_id = started(server, "holder")
    wait_until(lambda: held(server, run_id) == 3, 10, "three are bought")
    command(server, f"/runs/{run_id}/flatten")
    wait_until(lambda: held(server, run_id) == 0, 10, "everything is sold")
    statuses = {"filled", "cancelled"}
    wait_until(lambda: {one["status"] for one in orders_of(server, run_id)} == statuses, 10, "the limit is cancelled")
    orders = orders_of(server, run_id)
    assert [one["tag"] for one in orders if one["side"] == "sell"] == ["flatten"]
    assert status_of(server, run_id) == "running"
    stop(server, run_id)


def test_an_order_is_cancelled_by_hand(server: WeaverServer) -> None:
    run_id = started(server, "holder")

    def resting() -> str | None:
        found = server.get(f"/runs/{run_id}/orders", status="accepted")["items"]
        return found[0]["id"] if found else None

    order_id = wait_until(resting, 10, "the limit rests")
    command(server, f"/orders/{order_id}/cancel")
    wait_until(lambda: server.get(f"/orders/{order_id}")["status"] == "cancelled", 10, "it is cancelled")
    stop(server, run_id)


def test_halt_cancels_everything_refuses_the_rest_and_holds_over_a_restart(server: WeaverServer) -> None:
    holder, eager = started(server, "holder"), started(server, "every_bar", ticks=3)
    answer = server.api.post("/api/v1/halt", json={"reason": "prices that cannot be"})
    assert answer.status_code == 202
    assert answer.elapsed.total_seconds() < 0.25

    def nothing_works() -> bool:
        statuses = {one["status"] for run in (holder, eager) for one in server.get(f"/runs/{run}/orders")["items"]}
        return statuses <= {"filled", "cancelled", "rejected", "expired"}

    wait_until(nothing_works, 10, "every order is cancelled")
    server.kill()
    server.start()
    ticks = len(events_of(server, eager, "tape.ticked"))
    wait_for_ticks(server, eager, ticks + 3)
    assert server.get("/risk")["halted"] is True
    refused = [one["payload"] for one in events_of(server, eager, "order.rejected")]
    assert {one["policy"] for one in refused} == {"kill_switch"}
    halted_at = answer.json()["position"]
    submitted = [one["position"] for one in events_of(server, eager, "order.submitted")]
    assert [one for one in submitted if one > halted_at] == []
    command(server, "/resume")

    def orders_again() -> bool:
        return any(one["position"] > submitted[-1] for one in events_of(server, eager, "order.submitted"))

    wait_until(orders_again, 15, "orders leave again")
    stop(server, holder)
    stop(server, eager)


@pytest.mark.parametrize(("how", "code"), [("raise", "STRATEGY_ERROR"), ("eat", "STRATEGY_ERROR")])
def test_a_run_that_fails_says_why_and_leaves_no_order_working(server: WeaverServer, how: str, code: str) -> None:
    neighbour = started(server, "holder")
    run_id = started(server, "troubled", config={"how": how})
    wait_until(
        lambda: status_of(server, run_id) == "error", 40, f"the run has ended:\n{server.log.read_text()[-3000:]}"
    )
    run = server.get(f"/runs/{run_id}")
    assert run["error"]["code"] == code
    assert ("as told" if how == "raise" else "MemoryError") in run["error"]["message"]
    wait_until(lambda: {one["status"] for one in orders_of(server, run_id)} == {"cancelled"}, 10, "no order works")
    ticks = len(events_of(server, neighbour, "tape.ticked"))
    wait_for_ticks(server, neighbour, ticks + 2)
    stop(server, neighbour)


def test_a_session_that_hangs_is_replaced_and_then_given_up(server: WeaverServer) -> None:
    run_id = started(server, "troubled", config={"how": "hang"})
    wait_until(lambda: status_of(server, run_id) == "error", 90, "the run is given up")
    error = server.get(f"/runs/{run_id}")["error"]
    assert error["code"] == "SESSION_DIED"
    assert "had not decided" in error["message"]
    wait_until(lambda: {one["status"] for one in orders_of(server, run_id)} == {"cancelled"}, 10, "no order works")

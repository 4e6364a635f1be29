"""A paper run at a local Alpaca over real sockets: only addresses and keys are set, and both sides agree."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.alpaca_server.client import LocalAlpaca, local_alpaca
from tests.system.paper_trading import events_of
from tests.system.test_paper_runs import status_of, stop
from tests.system.weaver_process import WeaverServer, wait_until

pytestmark = pytest.mark.timeout(300)

QUICK = {"fast": 2, "slow": 3, "quantity": "0.01"}


@pytest.fixture
def alpaca(tmp_path: Path) -> Iterator[LocalAlpaca]:
    """A local Alpaca with a book of its own."""
    with local_alpaca(tmp_path / "book.jsonl") as server:
        yield server


def served(home: Path, alpaca: LocalAlpaca, **changes: str) -> WeaverServer:
    """A server that trades at this Alpaca, not started yet."""
    home.mkdir()
    return WeaverServer(home, **(alpaca.settings() | changes))


def created(server: WeaverServer, symbol: str = "BTC/USD", **settings: Any) -> str:
    """Create and start a run on second bars."""
    description = {"mode": "paper", "exchange": "alpaca", "symbols": [symbol], "timeframe": "1s", "config": QUICK}
    run_id = server.create_run(**(description | settings))
    server.start_run(run_id)
    return run_id


def test_orders_and_fills_are_equal_on_both_sides(tmp_path: Path, alpaca: LocalAlpaca) -> None:
    with served(tmp_path / "home", alpaca) as server:
        run_id = created(server)
        wait_until(lambda: len(events_of(server, run_id, "order.filled")) >= 3, 120, "three orders are filled")
        stop(server, run_id)
        events = events_of(server, run_id)
        audit = alpaca.audit()
        ids = [one["payload"]["client_order_id"] for one in events if one["type"] == "order.created"]
        assert {one["client_order_id"]: one["filled_qty"] for one in audit["orders"]} == {
            one["payload"]["client_order_id"]: filled_of(events, one["id"].partition(":")[0])
            for one in events
            if one["type"] == "order.created"
        }
        assert set(audit["acceptances"].values()) == {1}
        assert set(audit["acceptances"]) == set(ids)
        [account] = [one for one in server.get("/accounts")["items"] if one["run_id"] == run_id]
        assert Decimal(account["cash"]) == pytest.approx(Decimal(audit["cash"]), abs=Decimal("0.0001"))
        statuses = {one["status"] for one in server.get(f"/runs/{run_id}/orders")["items"]}
        assert statuses <= {"filled", "cancelled"}


def lines_of(server: WeaverServer, run_id: str) -> list[str]:
    """What Weaver says in the run's own log."""
    return [one["message"] for one in server.get(f"/runs/{run_id}/log")["items"] if one["source"] == "weaver"]


def test_refused_orders_are_told_in_the_log_of_the_run(tmp_path: Path, alpaca: LocalAlpaca) -> None:
    with served(tmp_path / "home", alpaca) as server:
        run_id = created(server, config=QUICK | {"quantity": "0.0000001"})
        wait_until(lambda: any("order refused" in one for one in lines_of(server, run_id)), 60, "an order is refused")
        refused = [one for one in events_of(server, run_id) if one["type"] == "order.rejected"]
        told = [one for one in lines_of(server, run_id) if "order refused" in one]
        assert told[0] == f"order refused: {refused[0]['payload']['reason']}"
        assert status_of(server, run_id) == "running"
        stop(server, run_id)


def test_a_clock_that_is_an_hour_off_is_told_and_nothing_is_traded(tmp_path: Path, alpaca: LocalAlpaca) -> None:
    alpaca.clock(advance=3_600)
    with served(tmp_path / "home", alpaca) as server:
        run_id = created(server)
        wait_until(lambda: any("clock" in one for one in lines_of(server, run_id)), 60, "it is in the run's log")
        [told] = [one for one in lines_of(server, run_id) if "clock" in one]
        assert "s behind that of alpaca-paper: set it" in told
        assert "behind that of alpaca-paper" in str(server.api.get("/readyz").json())
        assert alpaca.audit()["orders"] == []
        alpaca.clock(advance=-3_600)
        wait_until(lambda: status_of(server, run_id) == "running", 60, "the run goes on when the clocks agree")
        wait_until(lambda: any(one.startswith("run goes on") for one in lines_of(server, run_id)), 60, "it is told")
        stop(server, run_id)


def filled_of(events: list[dict[str, Any]], order_id: str) -> str:
    """What was filled of an order, in plain digits."""
    own = [one["payload"] for one in events if one["id"].startswith(order_id) and "filled_qty" in one["payload"]]
    return own[-1]["filled_qty"] if own else "0"


@pytest.mark.parametrize(
    ("changes", "settings", "code", "said"),
    [
        ({"WEAVER_ALPACA_PAPER_SECRET_KEY": "wrong"}, {}, "CREDENTIALS_REFUSED", "alpaca"),
        ({}, {"symbol": "NOPE/USD"}, "RUN_NOT_STARTABLE", "has no symbol NOPE/USD"),
    ],
)
def test_what_cannot_be_traded_ends_with_a_message_and_no_loop(
    tmp_path: Path, alpaca: LocalAlpaca, changes: dict[str, str], settings: dict[str, Any], code: str, said: str
) -> None:
    with served(tmp_path / "home", alpaca, **changes) as server:
        run_id = created(server, **settings)
        wait_until(lambda: status_of(server, run_id) == "error", 60, "the run has ended")
        error = server.get(f"/runs/{run_id}")["error"]
        assert error["code"] == code
        assert said in error["message"].lower() if code == "CREDENTIALS_REFUSED" else said in error["message"]
        assert alpaca.audit()["orders"] == []
        assert "session started" not in server.log.read_text()

"""After a real backtest: what the ledger booked is what the engine reported."""

from decimal import Decimal
from typing import Any

from tests.system.weaver_process import WeaverServer


def everything(server: WeaverServer, path: str) -> list[dict[str, Any]]:
    """Return every item of a list."""
    parameters: dict[str, Any] = {"page_size": 500}
    items: list[dict[str, Any]] = []
    while True:
        page = server.get(path, **parameters)
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        parameters["cursor"] = page["next_cursor"]


def test_trades_positions_and_account_are_those_of_the_report(server: WeaverServer) -> None:
    period = {"start_time": "2025-01-01T00:00:00Z", "end_time": "2025-01-03T12:00:00Z"}
    run_id = server.create_run(
        symbols=["TEST/USD"], config={"fast": 2, "slow": 5}, costs={"commission_bps": "10"}, **period
    )
    server.start_run(run_id)
    run = server.wait_for_end(run_id)
    stats = server.get(f"/runs/{run_id}/stats")
    trades = everything(server, f"/runs/{run_id}/trades")
    assert len(trades) == run["stats"]["total_trades"] == stats["total_trades"]["value"] > 100
    assert sum(Decimal(trade["pnl"]) > 0 for trade in trades) == run["stats"]["winning_trades"]

    [account] = server.get("/accounts", run_id=run_id)["items"]
    held = server.get(f"/runs/{run_id}/positions")["items"]
    [last] = server.get("/candles", symbol="TEST/USD", timeframe="1m", end=period["end_time"], limit=1)["items"]
    worth = sum((Decimal(one["quantity"]) * Decimal(last["close"]) for one in held), Decimal(0))
    pnl = Decimal(stats["total_pnl"]["value"])
    assert Decimal(account["cash"]) + worth - Decimal(account["initial_cash"]) == pnl
    assert account["trades"] == len(trades)
    assert account["fills"] == server.get(f"/runs/{run_id}/fills")["total"]

    decisions = everything(server, f"/runs/{run_id}/decisions")
    assert sum(decision["placed"] for decision in decisions) == server.get(f"/runs/{run_id}/orders")["total"]

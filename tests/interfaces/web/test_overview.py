"""`GET /overview`: counts, and each paper and live run that is not over against its limits."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx

from domain.events import Event, Recorded
from domain.order import OrderCreated
from domain.risk import RiskHalted, RiskLimits, RiskResumed, risk_stream_id
from domain.run import RunEquityMarked, RunStarted, RunStartRequested
from interfaces.composition import Weaver
from tests.interfaces.web.scenes import CHAIN, HOUR, START, orders_of, record_backtest, record_run

MINUTE = timedelta(minutes=1)
LIMITS = RiskLimits(
    max_position=Decimal(2),
    max_order_notional=Decimal(500),
    max_open_orders=5,
    max_gross_exposure=Decimal(1_000),
    long_only=True,
    max_daily_loss=Decimal(100),
    max_drawdown=Decimal("0.1"),
)


def overview(api: httpx.Client, weaver: Weaver) -> dict[str, Any]:
    answer = api.get("/overview", params={"min_position": weaver.journal.head()})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def record(weaver: Weaver, run_id: UUID, stream_id: UUID, first: int, *events: Event) -> None:
    recorded = [Recorded(stream_id, version, event) for version, event in enumerate(events, first)]
    weaver.journal.append_batch(recorded, run_id, CHAIN)


def marked(at: datetime, equity: str, cash: str) -> RunEquityMarked:
    return RunEquityMarked(at=at, times=(at,), equity=(Decimal(equity),), cash=(Decimal(cash),))


def paper_run(weaver: Weaver) -> UUID:
    """Record a paper run of 1,000 that began yesterday: 1,100 at midnight, 1,040 now, half a unit held, one order."""
    midnight = weaver.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    run_id = record_run(weaver, mode="paper", initial_cash=Decimal(1_000), risk=LIMITS, timeframe="1m")
    start = midnight - HOUR
    begun = RunStartRequested(at=start), RunStarted(at=start, bars=0, bars_hash={})
    record(weaver, run_id, run_id, 2, *begun)
    events = [*orders_of(weaver, run_id, filled=1, cancelled=1)]
    working = [one for one in events if one.originator_version == 1 or one.originator_id == events[0].originator_id]
    assert isinstance(working[-1].event, OrderCreated)
    weaver.journal.append_batch(working, run_id, CHAIN)
    marks = (marked(midnight - MINUTE, "1150", "1000"), marked(midnight, "1100", "1000"))
    record(weaver, run_id, run_id, 4, *marks, marked(midnight + MINUTE, "1040", "980"))
    return run_id


def test_a_run_is_shown_with_its_day_its_positions_and_its_limits(api: httpx.Client, weaver: Weaver) -> None:
    run_id = paper_run(weaver)
    answer = overview(api, weaver)
    assert answer["today_since"][10:] == "T00:00:00Z"
    assert (answer["halted"], answer["halted_because"]) == (False, None)
    [run] = answer["runs"]
    assert (run["run_id"], run["mode"], run["status"], run["failing"]) == (str(run_id), "paper", "running", False)
    assert (run["equity"], run["pnl_today"], run["open_orders"]) == ("1040", "-60", 1)
    assert run["equity_at"] > answer["today_since"]
    assert run["open_positions"] == [{"symbol": "BTC/USD", "qty": "0.5", "price": "120", "value": "60"}]
    assert [(one["name"], one["limit"], one["used"], one["left"]) for one in run["limits"]] == [
        ("max_position", "2", "0.5", "1.5"),
        ("max_order_notional", "500", None, None),
        ("max_open_orders", "5", "1", "4"),
        ("max_gross_exposure", "1000", "60", "940"),
        ("max_daily_loss", "100", "60", "40"),
        ("max_drawdown", "0.1", "0.09565217", "0.00434783"),
    ]
    assert answer["totals"] == [
        {
            "mode": "paper",
            "runs": 1,
            "equity": "1040",
            "pnl_today": "-60",
            "gross": "60",
            "open_positions": 1,
            "open_orders": 1,
        }
    ]


def test_a_halted_run_says_so_and_a_resumed_one_begins_anew(api: httpx.Client, weaver: Weaver) -> None:
    run_id = paper_run(weaver)
    now = weaver.clock.now()
    guard = risk_stream_id(run_id)
    halt = RiskHalted(at=now, run_id=run_id, policy="max_daily_loss", message="too much", figures={})
    record(weaver, run_id, guard, 1, halt)
    [run] = overview(api, weaver)["runs"]
    assert (run["halted"], run["halted_because"]) == (True, "Trading halted: too much")
    record(weaver, run_id, guard, 2, RiskResumed(at=now, run_id=run_id, by="a person"))
    [run] = overview(api, weaver)["runs"]
    assert (run["halted"], run["halted_because"], run["pnl_today"]) == (False, None, "-60")
    used = {one["name"]: one["used"] for one in run["limits"]}
    assert (used["max_daily_loss"], used["max_drawdown"]) == ("0", "0")


def test_the_kill_switch_and_runs_that_are_over(api: httpx.Client, weaver: Weaver) -> None:
    record_backtest(weaver)
    record_run(weaver, at=START)
    pending = record_run(weaver, mode="live", initial_cash=Decimal(500))
    assert api.post("/halt", json={"reason": "odd prices"}).status_code == 202
    answer = overview(api, weaver)
    assert (answer["halted"], answer["halted_because"]) == (True, "Trading halted: odd prices")
    assert answer["counts"] == [
        {"mode": "backtest", "status": "completed", "runs": 1},
        {"mode": "backtest", "status": "pending", "runs": 1},
        {"mode": "live", "status": "pending", "runs": 1},
    ]
    [run] = answer["runs"]
    assert (run["run_id"], run["equity"], run["equity_at"], run["pnl_today"]) == (str(pending), "500", None, "0")
    assert (run["open_positions"], run["limits"], run["halted"]) == ([], [], False)

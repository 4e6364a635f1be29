"""`GET /orders/{id}/why`: the way of an order, a line for people each, oldest first."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx

from domain.events import Chain, Recorded
from domain.ids import OrderIds, new_id
from domain.order import OrderAccepted, OrderCancelRequested, OrderCreated, OrderRejected, OrderSubmitted, OrderType
from domain.risk import RiskLimits
from domain.tape import TapeBar, TapeDecided, TapeTicked, tape_stream_id
from interfaces.composition import Weaver
from tests.interfaces.web.scenes import CHAIN, HOUR, START, bars, record_backtest, record_run, require_error

MINUTE = timedelta(minutes=1)
LIMITS = RiskLimits(max_position=Decimal(5), long_only=True)


def why(api: httpx.Client, weaver: Weaver, order_id: UUID | str) -> list[dict[str, Any]]:
    answer = api.get(f"/orders/{order_id}/why", params={"min_position": weaver.journal.head()})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def created(weaver: Weaver, run_id: UUID, **changes: Any) -> tuple[UUID, OrderCreated]:
    ids = OrderIds(weaver.journal.store_id, run_id)
    fields: dict[str, Any] = {"symbol": "BTC/USD", "side": "buy", "qty": Decimal("0.50")}
    event = OrderCreated(
        at=START + MINUTE, run_id=run_id, client_order_id=ids.client_order_id(1), sequence=1, **fields | changes
    )
    return ids.order_id(1), event


def test_an_order_of_a_backtest_goes_back_to_the_stored_bar(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver, filled=3, cancelled=0)
    orders = api.get(f"/runs/{run_id}/orders", params={"min_position": weaver.journal.head()}).json()["items"]
    second = orders[1]
    items = why(api, weaver, second["id"])
    assert [(item["step"], item["type"], item["position"] is None) for item in items] == [
        ("market", "bar", True),
        ("decision", "decision", True),
        ("intent", "order.created", False),
        ("risk", "risk.verdict", True),
        ("fill", "order.filled", False),
    ]
    close = repr(float(bars().close[0]))
    assert items[0]["payload"]["timestamp"] == "2024-01-01T00:00:00Z"
    assert items[0]["payload"]["close"] == close
    assert [item["text"] for item in items] == [
        f"BTC/USD closed at {close}",
        "Decided: 1 order placed, 0 cancelled",
        "Intent recorded: sell 0.5 BTC/USD, market, gtc",
        "Risk let it pass: no limit is set for the run",
        "Filled 0.5 at 100.1, 0.5 in all, fee 0.05005",
    ]
    assert [item["order_id"] for item in items] == [None, None, *[second["id"]] * 3]
    events = api.get(f"/orders/{second['id']}").json()["events"]
    told = [item for item in items if item["position"] is not None]
    assert [(item["position"], item["payload"]) for item in told] == [
        (event["position"], event["payload"]) for event in events
    ]
    assert [item["type"] for item in why(api, weaver, orders[2]["id"])][:2] == ["decision", "order.created"], (
        "no bar had closed before the first"
    )


def test_an_order_of_a_paper_run_goes_back_to_its_tick(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver, mode="paper", exchange="alpaca-paper", timeframe="1m", risk=LIMITS)
    tape, (order_id, intent) = tape_stream_id(run_id), created(weaver, run_id)
    bar = TapeBar("BTC/USD", START, 100.0, 102.0, 99.0, 101.5)
    ticked = TapeTicked(at=START + MINUTE, run_id=run_id, number=1, bars=(bar,))
    decided = TapeDecided(at=START + MINUTE, run_id=run_id, cause=f"{tape}:1", number=1, orders=1, cancels=0)
    weaver.journal.append_batch([Recorded(tape, 1, ticked)], run_id, CHAIN)
    session = Chain("scene", f"{tape}:1", actor="session")
    weaver.journal.append_batch([Recorded(tape, 2, decided), Recorded(order_id, 1, intent)], run_id, session)
    at = START + MINUTE
    heard = (
        OrderSubmitted(at=at, run_id=run_id),
        OrderAccepted(at=at, run_id=run_id, exchange_order_id="x-1"),
        OrderCancelRequested(at=at, run_id=run_id),
    )
    later = [Recorded(order_id, version, event) for version, event in enumerate(heard, 2)]
    weaver.journal.append_batch(later, run_id, Chain("scene", "a command", actor="api"))
    items = why(api, weaver, order_id)
    assert [(item["step"], item["text"]) for item in items] == [
        ("market", "Tick 1: BTC/USD closed at 101.5"),
        ("decision", "Decided on tick 1: 1 order placed, 0 cancelled"),
        ("intent", "Intent recorded: buy 0.5 BTC/USD, market, gtc"),
        ("risk", "Risk let it pass: within max_position, long_only"),
        ("sent", "Sent to alpaca-paper"),
        ("exchange", "alpaca-paper accepted it as x-1"),
        ("cancel", "Cancelling requested by api"),
    ]
    assert items[3]["payload"] == {"verdict": "passed", "limits": {"max_position": "5", "long_only": True}}
    positions = [item["position"] for item in items if item["position"] is not None]
    assert positions == sorted(positions)


def test_a_refusal_of_risk_tells_the_policy_and_its_figures(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver, risk=LIMITS)
    order_id, intent = created(weaver, run_id, qty=Decimal(9))
    refused = OrderRejected(
        at=intent.at, run_id=run_id, reason="the position could become 9", policy="max_position", figures={"qty": "9"}
    )
    weaver.journal.append_batch([Recorded(order_id, 1, intent), Recorded(order_id, 2, refused)], run_id, CHAIN)
    items = why(api, weaver, order_id)
    [verdict] = [item for item in items if item["step"] == "risk"]
    assert verdict["text"] == "Risk refused it (max_position): the position could become 9"
    assert verdict["payload"] == {"verdict": "refused", "policy": "max_position", "figures": {"qty": "9"}}
    assert verdict["position"] == items[-1]["position"]
    assert items[-1]["type"] == "order.rejected"


def test_an_exit_begins_with_its_entry(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver, filled=1, cancelled=0)
    ids = OrderIds(weaver.journal.store_id, run_id)
    leg, entry = ids.order_id(0, 1), ids.order_id(0)
    intent = OrderCreated(
        at=START + HOUR,
        run_id=run_id,
        client_order_id=ids.client_order_id(0, 1),
        sequence=0,
        leg=1,
        symbol="BTC/USD",
        side="sell",
        qty=Decimal("0.5"),
        order_type=OrderType.STOP,
        stop_price=Decimal(90),
        parent_id=entry,
    )
    weaver.journal.append_batch([Recorded(leg, 1, intent)], run_id, CHAIN)
    items = why(api, weaver, leg)
    assert [(item["type"], item["order_id"]) for item in items] == [
        ("decision", None),
        ("order.created", str(entry)),
        ("risk.verdict", str(entry)),
        ("order.filled", str(entry)),
        ("order.created", str(leg)),
    ]
    assert items[-1]["text"] == "Exit recorded: sell 0.5 BTC/USD, stop, gtc, stop 90"


def test_an_order_nobody_placed_is_not_found(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver)
    for order_id in (new_id(), run_id):
        require_error(api.get(f"/orders/{order_id}/why"), 404, "NOT_FOUND")

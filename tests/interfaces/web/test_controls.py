"""What a person does to what trades: pause, resume, flatten, cancel, and the kill switch."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import httpx
import pytest

from domain.events import Recorded
from domain.ids import OrderIds, new_id
from domain.order import Order, OrderCreated
from domain.run import Run, RunStarted, RunStartRequested
from interfaces.composition import Weaver
from tests.interfaces.web.scenes import CHAIN, START, record_backtest, record_run, require_error

SECOND = timedelta(seconds=1)
VERBS = ("pause", "resume", "flatten")


def record_trading(weaver: Weaver, **changes: object) -> UUID:
    """Record a paper run that is being run."""
    run_id = record_run(weaver, **{"mode": "paper", **changes})
    lives = [RunStartRequested(at=START), RunStarted(at=START, bars=0, bars_hash={})]
    weaver.journal.append_batch([Recorded(run_id, 2 + n, one) for n, one in enumerate(lives)], run_id, CHAIN)
    return run_id


def record_working_order(weaver: Weaver, run_id: UUID) -> UUID:
    ids = OrderIds(weaver.journal.store_id, run_id)
    created = OrderCreated(
        at=START,
        run_id=run_id,
        client_order_id=ids.client_order_id(1),
        sequence=1,
        symbol="BTC/USD",
        side="buy",
        qty=Decimal(1),
    )
    weaver.journal.append_batch([Recorded(ids.order_id(1), 1, created)], run_id, CHAIN)
    return ids.order_id(1)


def types(api: httpx.Client, run_id: UUID) -> list[str]:
    return [event["type"] for event in api.get(f"/runs/{run_id}/events").json()["items"]]


def test_a_trading_run_is_paused_resumed_and_flattened(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_trading(weaver)
    for verb, status in (("pause", "paused"), ("pause", "paused"), ("flatten", "paused"), ("resume", "running")):
        answer = api.post(f"/runs/{run_id}/{verb}", json={})
        assert answer.status_code == 202, answer.text
        assert int(answer.headers["weaver-position"]) == answer.json()["position"]
        shown = api.get(f"/runs/{run_id}", params={"min_position": answer.json()["position"]}).json()
        assert shown["status"] == status
    assert types(api, run_id)[3:] == ["run.paused", "run.flatten_requested", "run.resumed"]
    assert [run["id"] for run in api.get("/runs", params={"status": "running"}).json()["items"]] == [str(run_id)]


@pytest.mark.parametrize("verb", VERBS)
def test_what_does_not_trade_refuses(api: httpx.Client, weaver: Weaver, verb: str) -> None:
    for run_id in (record_backtest(weaver), record_run(weaver, mode="paper")):
        head = weaver.journal.head()
        require_error(api.post(f"/runs/{run_id}/{verb}"), 409, "CONFLICT")
        assert weaver.journal.head() == head
    require_error(api.post(f"/runs/{new_id()}/{verb}"), 404, "NOT_FOUND")


def test_a_working_order_is_asked_to_be_cancelled_once(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_trading(weaver)
    order_id = record_working_order(weaver, run_id)
    first, again = (api.post(f"/orders/{order_id}/cancel") for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202), first.text
    assert first.json() == {"order_id": str(order_id), "position": int(first.headers["weaver-position"])}
    order = api.get(f"/orders/{order_id}", params={"min_position": first.json()["position"]}).json()
    assert (order["status"], order["cancel_requested"]) == ("pending", True), "it works until the venue says otherwise"
    assert [event["type"] for event in order["events"]] == ["order.created", "order.cancel_requested"]


def test_an_order_at_an_exchange_tells_what_was_heard_of_it(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_trading(weaver)
    order = weaver.journal.load(Order, record_working_order(weaver, run_id))
    assert order is not None
    order.submit(START + SECOND)
    order.lose_sight(START + 6 * SECOND, "no answer within 5 s")
    order.submit(START + 20 * SECOND)
    order.accept(START + 21 * SECOND, "61e69015")
    weaver.journal.record(order, run_id=run_id, chain=CHAIN)
    query = {"min_position": weaver.journal.head()}
    shown = api.get(f"/orders/{order.id}", params=query).json()
    assert (shown["status"], shown["exchange_order_id"]) == ("accepted", "61e69015")
    assert (shown["submitted_at"], shown["cancel_requested"]) == ("2024-01-01T00:00:20Z", False)
    told = ["order.created", "order.submitted", "order.outcome_unknown", "order.submitted", "order.accepted"]
    assert [event["type"] for event in shown["events"]] == told
    before = {"as_of": shown["events"][2]["position"]}
    assert api.get(f"/orders/{order.id}", params=before).json()["status"] == "unknown"
    for status, place in (("unknown", before), ("accepted", query)):
        page = api.get(f"/runs/{run_id}/orders", params={**place, "status": status}).json()
        assert [one["id"] for one in page["items"]] == [str(order.id)], status


def test_a_run_that_cannot_go_on_says_why_before_it_has_ended(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_trading(weaver)
    run = weaver.journal.load(Run, run_id)
    assert run is not None
    run.fault(START, "STRATEGY_ERROR", "ZeroDivisionError: division by zero", "Traceback …")
    head = weaver.journal.record(run, run_id=run_id, chain=CHAIN)
    shown = api.get(f"/runs/{run_id}", params={"min_position": head}).json()
    why = {"code": "STRATEGY_ERROR", "message": "ZeroDivisionError: division by zero", "traceback": "Traceback …"}
    assert (shown["status"], shown["stopped_at"], shown["error"]) == ("running", None, why)
    assert api.get("/activity", params={"min_position": head, "severity": "error"}).json()["items"][0]["message"] == (
        "Cannot go on, its orders are being cancelled: ZeroDivisionError: division by zero (STRATEGY_ERROR)"
    )


def test_orders_that_have_ended_and_orders_of_backtests_are_not_cancelled(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_backtest(weaver, filled=1, cancelled=0)
    filled = OrderIds(weaver.journal.store_id, run_id).order_id(0)
    assert "filled" in require_error(api.post(f"/orders/{filled}/cancel"), 409, "CONFLICT")["message"]
    backtest = record_trading(weaver, mode="backtest")
    working = record_working_order(weaver, backtest)
    assert "backtest" in require_error(api.post(f"/orders/{working}/cancel"), 409, "CONFLICT")["message"]
    require_error(api.post(f"/orders/{new_id()}/cancel"), 404, "NOT_FOUND")
    require_error(api.post("/orders/no-id/cancel"), 422, "VALIDATION_ERROR")


def test_the_kill_switch_is_thrown_once_and_released(api: httpx.Client, weaver: Weaver) -> None:
    assert api.get("/risk").json() == {"halted": False, "reason": None, "halted_at": None}
    thrown = api.post("/halt", json={"reason": "prices that cannot be"})
    assert thrown.status_code == 202, thrown.text
    assert (thrown.json()["halted"], thrown.json()["reason"]) == (True, "prices that cannot be")
    head = weaver.journal.head()
    again = api.post("/halt", json={"reason": "another"})
    assert (again.status_code, again.json()["reason"]) == (202, "prices that cannot be")
    assert weaver.journal.head() == head
    assert api.get("/risk").json() == {name: thrown.json()[name] for name in ("halted", "reason", "halted_at")}
    released = api.post("/resume")
    assert (released.status_code, released.json()["halted"]) == (202, False)
    assert api.get("/risk").json()["halted"] is False
    messages = [event["type"] for event in api.get("/events/tail", params={"after": head - 1}).json()["items"]]
    assert messages == ["risk.halted", "risk.resumed"]


def test_a_repeated_halt_is_answered_as_the_first_was_whatever_came_after(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": str(new_id())}
    first = api.post("/halt", headers=headers)
    assert api.post("/resume").json()["halted"] is False
    again = api.post("/halt", headers=headers)
    assert again.json() == first.json()
    assert api.get("/risk").json()["halted"] is False, "a repetition halts nothing"


def test_the_kill_switch_needs_no_read_model(api: httpx.Client, weaver: Weaver) -> None:
    assert api.post("/resume").status_code == 202, "the first request of a process makes what later ones find made"
    for processor in weaver.processors:
        processor.stop()
    assert api.post("/halt").elapsed.total_seconds() < 1
    assert api.get("/risk").json()["halted"] is True


@pytest.mark.parametrize("body", [{"reason": ""}, {"reason": "x" * 201}, {"why": "x"}, {"reason": 1}, []])
def test_a_halt_that_cannot_be_meant_is_refused(api: httpx.Client, body: object) -> None:
    require_error(api.post("/halt", json=body), 422, "VALIDATION_ERROR")
    assert api.get("/risk").json()["halted"] is False

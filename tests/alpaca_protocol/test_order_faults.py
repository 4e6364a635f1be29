"""Orders that take another course than the usual one."""

from decimal import Decimal
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import TimeInForce

from tests.alpaca_protocol.clients import Listener, limit_order, market_order, placed, read, settled
from tests.alpaca_server.client import LocalAlpaca, until


def test_an_accepted_order_may_be_rejected_afterwards(
    alpaca: LocalAlpaca, trading: TradingClient, updates: Listener
) -> None:
    alpaca.fault("reject_later")
    order = placed(trading, market_order(client_order_id="doomed"))
    updates.wait_for("pending_new", "rejected")
    rejected = read(trading, order.id)
    assert (rejected.status.value, rejected.failed_at is None, rejected.filled_qty) == ("rejected", False, "0")
    assert alpaca.audit()["positions"] == {}


def test_an_order_fills_in_two_parts(alpaca: LocalAlpaca, trading: TradingClient, updates: Listener) -> None:
    alpaca.fault("partial", share="0.25", symbol="BTC/USD")
    placed(trading, market_order("0.04"))
    updates.wait_for("pending_new", "new", "partial_fill", "fill")
    parts = [(one["qty"], one["order"]["filled_qty"], one["order"]["status"]) for one in updates.updates[2:]]
    assert parts == [("0.01", "0.01", "partially_filled"), ("0.03", "0.04", "filled")]
    executions = alpaca.audit()["executions"]
    assert [one["id"] for one in executions] == [one["execution_id"] for one in updates.updates[2:]]
    assert [Decimal(one["leaves_qty"]) for one in executions] == [Decimal("0.03"), 0]


def test_a_share_of_all_orders_fills_in_parts(alpaca: LocalAlpaca, trading: TradingClient) -> None:
    alpaca.conditions(partial_share=0.5)
    orders = [placed(trading, market_order("0.001", client_order_id=f"order-{number}")) for number in range(20)]
    for order in orders:
        settled(trading, order.id)
    in_parts = len(alpaca.audit()["executions"]) - len(orders)
    assert 3 <= in_parts <= 17


def test_an_immediate_order_loses_what_does_not_fill_at_once(
    alpaca: LocalAlpaca, trading: TradingClient, updates: Listener
) -> None:
    alpaca.fault("partial", share="0.5")
    placed(trading, market_order("0.02", time_in_force=TimeInForce.IOC))
    updates.wait_for("pending_new", "new", "partial_fill", "canceled")
    assert updates.updates[-1]["order"]["filled_qty"] == "0.01"
    placed(trading, limit_order(50_000, time_in_force=TimeInForce.IOC))
    updates.wait_for("pending_new", "new", "partial_fill", "canceled", "pending_new", "new", "canceled")


def test_a_held_order_waits_for_a_hand(alpaca: LocalAlpaca, trading: TradingClient, updates: Listener) -> None:
    alpaca.fault("hold")
    order = placed(trading, market_order("0.01"))
    updates.wait_for("pending_new", "new")
    alpaca.fill(str(order.id), qty="0.004", price="60001")
    updates.wait_for("pending_new", "new", "partial_fill")
    assert (updates.updates[-1]["price"], updates.updates[-1]["qty"]) == ("60001", "0.004")
    alpaca.fill(str(order.id))
    updates.wait_for("pending_new", "new", "partial_fill", "fill")
    assert read(trading, order.id).filled_avg_price == "60000.4"


def resting(trading: TradingClient, updates: Listener) -> Any:
    order = placed(trading, limit_order(59_000))
    updates.wait_for("pending_new", "new")
    return order.id


def test_a_cancel_may_stay_pending(alpaca: LocalAlpaca, trading: TradingClient, updates: Listener) -> None:
    order_id = resting(trading, updates)
    alpaca.fault("cancel_stuck")
    trading.cancel_order_by_id(order_id)
    alpaca.price("BTC/USD", "58000")
    alpaca.price("BTC/USD", "60000")
    assert read(trading, order_id).status.value == "pending_cancel"
    trading.cancel_order_by_id(order_id)
    alpaca.set_status(str(order_id), "canceled", "canceled")
    updates.wait_for("pending_new", "new", "canceled")


def test_a_cancel_may_be_slow(alpaca: LocalAlpaca, trading: TradingClient, updates: Listener) -> None:
    order_id = resting(trading, updates)
    alpaca.fault("cancel_stuck", seconds=0.3)
    trading.cancel_order_by_id(order_id)
    assert read(trading, order_id).status.value == "pending_cancel"
    updates.wait_for("pending_new", "new", "canceled")


@pytest.mark.parametrize(
    ("share", "events", "status"),
    [("1", ["fill"], "filled"), ("0.4", ["partial_fill", "canceled"], "canceled")],
)
def test_a_fill_may_win_against_a_cancel(
    alpaca: LocalAlpaca, trading: TradingClient, updates: Listener, share: str, events: list[str], status: str
) -> None:
    order_id = resting(trading, updates)
    alpaca.fault("fill_on_cancel", share=share)
    trading.cancel_order_by_id(order_id)
    updates.wait_for("pending_new", "new", *events)
    order = read(trading, order_id)
    assert (order.status.value, Decimal(str(order.filled_qty))) == (status, Decimal("0.01") * Decimal(share))


@pytest.mark.parametrize(("share", "event", "status"), [("1", "fill", "filled"), ("0.3", "partial_fill", "canceled")])
def test_a_fill_may_come_after_the_order_was_cancelled(
    alpaca: LocalAlpaca, trading: TradingClient, updates: Listener, share: str, event: str, status: str
) -> None:
    order_id = resting(trading, updates)
    alpaca.fault("fill_after_cancel", share=share, seconds=0.2)
    trading.cancel_order_by_id(order_id)
    updates.wait_for("pending_new", "new", "canceled")
    updates.wait_for("pending_new", "new", "canceled", event)
    order = read(trading, order_id)
    assert (order.status.value, Decimal(str(order.filled_qty))) == (status, Decimal("0.01") * Decimal(share))


def test_what_will_be_filled_after_a_cancel_cannot_be_sold_again(
    alpaca: LocalAlpaca, trading: TradingClient, updates: Listener
) -> None:
    alpaca.control("POST", "/positions", symbol="BTC/USD", qty="0.01")
    order = placed(trading, limit_order(61_000, side="sell"))
    updates.wait_for("pending_new", "new")
    alpaca.fault("fill_after_cancel", share="1", seconds=0.5)
    trading.cancel_order_by_id(order.id)
    updates.wait_for("pending_new", "new", "canceled")
    with pytest.raises(APIError, match="insufficient qty available"):
        placed(trading, market_order(side="sell"))
    updates.wait_for("pending_new", "new", "canceled", "fill")


def test_a_final_order_cannot_be_cancelled(alpaca: LocalAlpaca, trading: TradingClient) -> None:
    order = placed(trading, market_order())
    settled(trading, order.id)
    with pytest.raises(APIError) as caught:
        trading.cancel_order_by_id(order.id)
    assert (caught.value.status_code, caught.value.code) == (422, 42210000)
    assert caught.value.message == 'order is already in "filled" state'


def test_an_order_may_have_a_status_nobody_knows(
    alpaca: LocalAlpaca, trading: TradingClient, updates: Listener
) -> None:
    order_id = resting(trading, updates)
    alpaca.set_status(str(order_id), "under_review", "restated")
    updates.wait_for("pending_new", "new", "restated")
    assert updates.updates[-1]["order"]["status"] == "under_review"


def test_an_order_placed_elsewhere_is_among_the_orders(
    alpaca: LocalAlpaca, trading: TradingClient, updates: Listener
) -> None:
    alpaca.place(symbol="BTC/USD", side="buy", type="market", time_in_force="gtc", qty="0.01")
    updates.wait_for("pending_new", "new", "fill")
    until(lambda: bool(trading.get_all_positions()))

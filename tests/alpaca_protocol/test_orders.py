"""The life of an order, as alpaca-py sees it."""

from decimal import Decimal

import pytest
from alpaca.trading.client import TradingClient

from tests.alpaca_protocol.clients import Listener, limit_order, market_order, placed, read, settled
from tests.alpaca_server.client import LocalAlpaca


def test_a_market_order_is_answered_pending_and_filled_milliseconds_later(
    alpaca: LocalAlpaca, trading: TradingClient, updates: Listener
) -> None:
    order = placed(trading, market_order("0.01", client_order_id="first"))
    assert (order.status.value, order.client_order_id, order.filled_qty) == ("pending_new", "first", "0")
    updates.wait_for("pending_new", "new", "fill")
    fill = updates.updates[-1]
    assert (fill["price"], fill["qty"], fill["order"]["status"]) == ("60000", "0.01", "filled")
    filled = settled(trading, order.id)
    assert (filled.filled_avg_price, filled.filled_qty) == ("60000", "0.01")


def test_a_buy_of_crypto_receives_what_is_left_after_the_fee(alpaca: LocalAlpaca, trading: TradingClient) -> None:
    settled(trading, placed(trading, market_order("0.0002")).id)
    [position] = trading.get_all_positions()
    assert (position.symbol, position.qty) == ("BTCUSD", "0.0001995")  # type: ignore[union-attr]
    assert Decimal(trading.get_account().cash) == Decimal(100_000) - 12  # type: ignore[union-attr, arg-type]


def test_a_limit_order_rests_until_the_price_comes_to_it(
    alpaca: LocalAlpaca, trading: TradingClient, updates: Listener
) -> None:
    order = placed(trading, limit_order(59_000))
    updates.wait_for("pending_new", "new")
    assert read(trading, order.id).status.value == "new"
    alpaca.bar("BTC/USD", "59500", "59600", "58900", "59400")
    updates.wait_for("pending_new", "new", "fill")
    assert updates.updates[-1]["price"] == "59000"


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_cancelling_is_a_request_that_is_answered_later(
    alpaca: LocalAlpaca, trading: TradingClient, updates: Listener, side: str
) -> None:
    alpaca.control("POST", "/positions", symbol="BTC/USD", qty="1")
    order = placed(trading, limit_order(59_000 if side == "buy" else 61_000, side=side))
    updates.wait_for("pending_new", "new")
    trading.cancel_order_by_id(order.id)
    assert read(trading, order.id).status.value in ("pending_cancel", "canceled")
    updates.wait_for("pending_new", "new", "canceled")
    assert read(trading, order.id).status.value == "canceled"

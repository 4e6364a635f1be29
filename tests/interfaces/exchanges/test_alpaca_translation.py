"""Alpaca's JSON and Weaver's values: exact amounts, tolerant of words, never of amounts."""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.exchange import ExchangeStatus, OrderTicket
from domain.order import OrderType, TimeInForce
from interfaces.exchanges.alpaca_translation import (
    NotUnderstood,
    account_from,
    execution_from,
    listing_from,
    order_body,
    order_from,
    position_from,
    update_from,
)
from tests.interfaces.exchanges.alpaca_shapes import (
    ORDER_ID,
    account,
    asset,
    fill_activity,
    fill_update,
    order,
    position,
)

QUANTITIES = st.decimals(Decimal("1e-9"), Decimal(10**15), allow_nan=False, places=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
WORDS = st.text(max_size=20)


def same(symbol: str) -> str:
    return symbol


@given(QUANTITIES, QUANTITIES)
def test_amounts_leave_as_plain_exact_strings(qty: Decimal, limit: Decimal) -> None:
    body = order_body(
        OrderTicket("wv1-a", "BTC/USD", "buy", qty, OrderType.STOP_LIMIT, TimeInForce.GTC, limit=limit, stop=limit)
    )
    for name, meant in (("qty", qty), ("limit_price", limit), ("stop_price", limit)):
        text = body[name]
        assert isinstance(text, str)
        assert Decimal(text) == meant
        assert set(text) <= set("0123456789.")


def test_small_amounts_have_no_exponent_and_prices_that_are_not_given_are_not_sent() -> None:
    ticket = OrderTicket("wv1-a", "BTC/USD", "sell", Decimal("0.00000001"), OrderType.MARKET, TimeInForce.IOC)
    assert order_body(ticket) == {
        "symbol": "BTC/USD",
        "qty": "0.00000001",
        "side": "sell",
        "type": "market",
        "time_in_force": "ioc",
        "client_order_id": "wv1-a",
    }


def test_a_trailing_stop_leaves_with_its_trail() -> None:
    ticket = OrderTicket(
        "wv1-a", "SPY", "sell", Decimal(1), OrderType.TRAILING_STOP, TimeInForce.GTC, trail_percent=Decimal("0.50")
    )
    assert order_body(ticket)["trail_percent"] == "0.5"


@given(QUANTITIES)
def test_amounts_come_back_as_they_left(qty: Decimal) -> None:
    ticket = OrderTicket("wv1-a", "BTC/USD", "buy", qty, OrderType.MARKET, TimeInForce.GTC)
    assert order_from(order(qty=order_body(ticket)["qty"]), same).qty == qty


def test_an_order_is_read_whole() -> None:
    read = order_from(order(status="partially_filled", filled_qty="0.0001", filled_avg_price="61234.5"), same)
    assert read.exchange_order_id == ORDER_ID
    assert (read.status, read.word) == (ExchangeStatus.WORKING, "partially_filled")
    assert (read.qty, read.filled_qty, read.filled_avg_price) == (
        Decimal("0.0002"),
        Decimal("0.0001"),
        Decimal("61234.5"),
    )
    assert read.submitted_at == datetime(2026, 8, 14, 10, 0, 0, 120000, UTC)
    assert read.updated_at == datetime(2026, 8, 14, 10, 0, 0, 223456, UTC)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("filled", ExchangeStatus.FILLED),
        ("canceled", ExchangeStatus.CANCELLED),
        ("replaced", ExchangeStatus.CANCELLED),
        ("expired", ExchangeStatus.EXPIRED),
        ("rejected", ExchangeStatus.REJECTED),
    ],
)
def test_five_words_are_final(word: str, status: ExchangeStatus) -> None:
    assert order_from(order(status=word), same).status is status


def test_every_other_word_of_alpaca_py_means_that_the_order_may_still_trade() -> None:
    from alpaca.trading.enums import OrderStatus

    final = {"filled", "canceled", "replaced", "expired", "rejected"}
    words = {word.value for word in OrderStatus}
    assert final < words
    assert {order_from(order(status=word), same).status for word in words - final} == {ExchangeStatus.WORKING}


@given(status=WORDS, kind=WORDS, tif=WORDS, order_class=WORDS, asset_class=WORDS)
def test_words_nobody_has_heard_of_lose_no_order(
    status: str, kind: str, tif: str, order_class: str, asset_class: str
) -> None:
    strange = order(
        status=status, type=kind, time_in_force=tif, order_class=order_class, asset_class=asset_class, side="sell_short"
    )
    read = order_from(strange, same)
    assert (read.exchange_order_id, read.word, read.side) == (ORDER_ID, status, "sell")


@given(st.dictionaries(st.sampled_from(sorted(order())), JSON), JSON)
def test_an_order_is_read_or_said_to_be_unreadable_whatever_comes(changes: dict[str, Any], anything: Any) -> None:
    with suppress(NotUnderstood):
        read = order_from(order(**changes), same)
        assert read.exchange_order_id
        assert read.filled_qty.is_finite()
    with pytest.raises(NotUnderstood):
        order_from([anything], same)


@given(st.dictionaries(st.sampled_from(sorted(fill_update())), JSON), JSON)
def test_an_update_is_read_or_said_to_be_unreadable_whatever_comes(changes: dict[str, Any], anything: Any) -> None:
    for message in (fill_update(**changes), anything):
        with suppress(NotUnderstood):
            assert update_from(message, same).order.exchange_order_id


def test_an_amount_that_is_no_number_is_not_taken_for_nothing() -> None:
    for amount in ("NaN", "Infinity", "1,5", "abc", True, [1]):
        with pytest.raises(NotUnderstood, match="filled_qty"):
            order_from(order(filled_qty=amount), same)


def test_an_order_by_an_amount_of_money_has_no_quantity() -> None:
    assert order_from(order(qty=None, notional="12.50"), same).qty is None


def test_a_package_of_options_placed_by_hand_is_read() -> None:
    legs = [order(symbol="SPY260918C00500000", side="sell")]
    read = order_from(order(order_class="mleg", symbol="", side="", legs=legs), same)
    assert (read.symbol, read.side) == ("SPY260918C00500000", "sell")
    assert order_from(order(order_class="mleg", symbol=None, side=None), same).side == "buy"


def test_an_execution_is_one_and_the_same_by_stream_and_by_query() -> None:
    heard = update_from(fill_update(), same).execution
    asked = execution_from(fill_activity(cum_qty="0.000200000"), same)
    assert heard is not None
    assert heard.execution_id == asked.execution_id == f"{ORDER_ID}:0.0002"
    assert (heard.qty, heard.price, heard.at) == (asked.qty, asked.price, asked.at)


def test_two_executions_of_one_order_have_two_ids_and_quantities_of_their_own() -> None:
    first = fill_update(event="partial_fill", qty="0.00005", order=order(filled_qty="0.00005"))
    second = fill_update(qty="0.00015", order=order(status="filled", filled_qty="0.0002"))
    executions = [update_from(message, same).execution for message in (first, second)]
    assert [one and (one.execution_id, one.qty) for one in executions] == [
        (f"{ORDER_ID}:0.00005", Decimal("0.00005")),
        (f"{ORDER_ID}:0.0002", Decimal("0.00015")),
    ]


def test_a_fill_larger_than_what_its_order_has_filled_is_not_understood() -> None:
    with pytest.raises(NotUnderstood, match="less than the execution"):
        update_from(fill_update(order=order(filled_qty="0.0001")), same)


def test_an_event_nobody_has_heard_of_still_brings_the_order() -> None:
    update = update_from(fill_update(event="restated_somehow"), same)
    assert (update.event, update.execution) == ("restated_somehow", None)
    assert update.order.status is ExchangeStatus.FILLED


def test_a_position_is_read_under_the_symbol_orders_have() -> None:
    read = position_from(position(), {"BTCUSD": "BTC/USD"}.__getitem__)
    assert (read.symbol, read.qty, read.available) == ("BTC/USD", Decimal("0.0001995"), Decimal("0.0001995"))


@pytest.mark.parametrize("qty", ["-3", "3"])
def test_a_short_position_is_below_zero_however_alpaca_writes_it(qty: str) -> None:
    read = position_from(position(symbol="SPY", side="short", qty=qty, qty_available=qty), same)
    assert (read.qty, read.available) == (Decimal(-3), Decimal(-3))


def test_crypto_is_bought_with_cash_not_with_buying_power() -> None:
    read = account_from(account())
    assert (read.cash, read.buying_power, read.cash_buying_power) == (
        Decimal("99987.75"),
        Decimal("399951.1"),
        Decimal("99987.75"),
    )
    assert read.blocked is None


def test_an_account_that_may_not_trade_says_why() -> None:
    blocked = account_from(account(status="ACCOUNT_CLOSED_PENDING", trading_blocked=True)).blocked
    assert blocked == "the account is ACCOUNT_CLOSED_PENDING, trading blocked"


def test_an_asset_says_whether_it_can_be_traded_and_why_not() -> None:
    assert listing_from(asset()).tradable
    assert listing_from(asset(status="inactive")).reason == "it is inactive at Alpaca"
    assert listing_from(asset(tradable=False)).reason == "Alpaca does not take orders of it now"
    assert listing_from(asset(**{"class": "us_option"})).reason == "Weaver does not trade assets of class us_option"

"""The rules of Alpaca, each with the status, the code and the words it refuses with."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.alpaca_server.client import LocalAlpaca, until

# A Wednesday, 15:00 in New York.
OPEN = "2026-01-14T20:00:00Z"
BUY = {"symbol": "BTC/USD", "side": "buy", "type": "market", "time_in_force": "gtc", "qty": "0.001"}
SHARE = {"symbol": "AAPL", "side": "buy", "type": "market", "time_in_force": "day", "qty": "1"}


def rest(alpaca: LocalAlpaca) -> httpx.Client:
    keys = {"APCA-API-KEY-ID": alpaca.paper_key_id, "APCA-API-SECRET-KEY": alpaca.paper_secret_key}
    return httpx.Client(base_url=alpaca.paper_url, headers=keys, timeout=10)


def ordered(alpaca: LocalAlpaca, **fields: Any) -> httpx.Response:
    """Place an order; a field that is None is left out."""
    with rest(alpaca) as client:
        return client.post("/v2/orders", json={name: value for name, value in fields.items() if value is not None})


def filled(alpaca: LocalAlpaca, **fields: Any) -> dict[str, Any]:
    """Place an order and wait until it is filled."""
    answer = ordered(alpaca, **fields)
    assert answer.status_code == 200, answer.text
    with rest(alpaca) as client:
        path = f"/v2/orders/{answer.json()['id']}"
        until(lambda: client.get(path).json()["status"] == "filled")
        found: dict[str, Any] = client.get(path).json()
        return found


LIMIT = {"type": "limit", "limit_price": "59000"}
STOP_LIMIT = {"type": "stop_limit", "stop_price": "61000", "limit_price": "61100"}


@pytest.mark.parametrize(
    ("order", "status", "code", "words"),
    [
        (BUY | {"symbol": None}, 422, 40010001, "symbol is required"),
        (BUY | {"symbol": "NONE/USD"}, 422, 42210000, 'asset "NONE/USD" not found'),
        (BUY | {"symbol": "MKR/USD"}, 422, 42210000, "asset MKR/USD is not active"),
        (BUY | {"side": "hold"}, 422, 40010001, "invalid side: hold"),
        (BUY | {"side": None}, 422, 40010001, "side is required"),
        (BUY | {"qty": None}, 422, 40010001, "qty or notional is required"),
        (BUY | {"notional": "20"}, 422, 40010001, "and not both"),
        (BUY | {"qty": "0"}, 422, 40010001, "qty must be > 0"),
        (BUY | {"qty": "0.0000000009"}, 422, 40010001, "qty must be > 0"),
        (BUY | {"qty": "lots"}, 422, 40010001, "invalid qty: lots"),
        (BUY | {"qty": None, "notional": "20.001"}, 422, 42210000, "2 decimal places"),
        (BUY | {"type": "limit"}, 422, 40010001, "limit orders require a limit price"),
        (BUY | {"limit_price": "1"}, 422, 40010001, "market orders require no limit price"),
        (BUY | {"client_order_id": "x" * 129}, 422, 40010001, "no more than 128 characters"),
        # Crypto
        (BUY | {"type": "stop", "stop_price": "1"}, 422, 40010001, "invalid order type for crypto order"),
        (BUY | {"time_in_force": "day"}, 422, 42210000, "invalid crypto time_in_force"),
        (BUY | {"time_in_force": "fok"}, 422, 42210000, "invalid crypto time_in_force"),
        (BUY | {"order_class": "bracket"}, 422, 42210000, "not allowed for advanced order_class: otoco"),
        (BUY | {"qty": "0.0001"}, 403, 40310000, "cost basis must be >= minimal amount of order 10"),
        (BUY | {"qty": None, "notional": "9.99"}, 403, 40310000, "cost basis must be >= minimal amount of order 10"),
        (BUY | {"qty": "4"}, 403, 40310000, "200000"),
        (
            BUY | {"qty": "2"},
            403,
            40310000,
            "insufficient balance for USD (requested: 120000, available: ",
        ),
        (
            BUY | {"side": "sell"},
            403,
            40310000,
            "insufficient balance for BTC (requested: 0.001, available: 0)",
        ),
        # Shares
        (SHARE | {"time_in_force": "gtc", "qty": "0.5"}, 422, 42210000, "fractional orders must be DAY orders"),
        (SHARE | {"symbol": "BRK.A", "qty": "0.5"}, 403, 40310000, 'asset "BRK.A" is not fractionable'),
        (SHARE | {"type": "limit", "limit_price": "1.001"}, 422, 42210000, "sub-penny increment"),
        (SHARE | {"type": "limit", "limit_price": "0.00011"}, 422, 42210000, "sub-penny increment"),
        (SHARE | {"extended_hours": True}, 422, 42210000, "extended hours order must be DAY or GTC limit orders"),
        (SHARE | {"qty": None, "notional": "0.5"}, 403, 40310000, "minimal amount of order 1"),
        (SHARE | {"side": "sell", "qty": "0.5"}, 403, 40310000, "fractional orders cannot be sold short"),
        (SHARE | {"side": "sell", "symbol": "HARD"}, 403, 40310000, 'asset "HARD" cannot be sold short'),
        (SHARE | {"qty": "2000"}, 403, 40310000, "insufficient buying power"),
        (SHARE | {"type": "trailing_stop"}, 422, 40010001, "trailing stop orders"),
    ],
)
def test_an_order_that_breaks_a_rule_is_refused_with_its_words(
    alpaca: LocalAlpaca, order: dict[str, Any], status: int, code: int, words: str
) -> None:
    taken = len(alpaca.audit()["orders"])
    answer = ordered(alpaca, **order)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert words in answer.json()["message"]
    assert len(alpaca.audit()["orders"]) == taken, "a refused order leaves no row"


@pytest.mark.parametrize(
    "order",
    [
        BUY,
        BUY | LIMIT,
        BUY | STOP_LIMIT,
        BUY | {"symbol": "BTCUSD"},
        BUY | {"qty": 0.001},
        BUY | {"qty": None, "notional": "10"},
        BUY | {"time_in_force": "ioc"},
        BUY | {"client_order_id": "x" * 128},
        SHARE,
        SHARE | {"qty": "0.25"},
        SHARE | {"time_in_force": "fok"},
        SHARE | {"side": "sell"},
        SHARE | {"type": "stop", "stop_price": "250"},
        SHARE | {"type": "trailing_stop", "trail_percent": "1"},
        SHARE | {"type": "limit", "limit_price": "190.25", "extended_hours": True},
    ],
)
def test_an_order_that_keeps_the_rules_is_taken(alpaca: LocalAlpaca, order: dict[str, Any]) -> None:
    answer = ordered(alpaca, **order)
    assert (answer.status_code, answer.json().get("status")) == (200, "pending_new"), answer.text


def test_what_is_beyond_nine_decimals_is_dropped_silently(alpaca: LocalAlpaca) -> None:
    assert ordered(alpaca, **BUY | {"qty": "0.0010000019"}).json()["qty"] == "0.001000001"


def test_an_id_is_spent_for_good_once_an_order_was_accepted_under_it(alpaca: LocalAlpaca) -> None:
    named = BUY | {"client_order_id": "once"}
    assert ordered(alpaca, **named | {"qty": "0.0001"}).status_code == 403
    first = ordered(alpaca, **named | LIMIT).json()
    again = ordered(alpaca, **named)
    message = "client_order_id must be unique"
    assert (again.status_code, again.json()) == (422, {"code": 42210000, "message": message})
    with rest(alpaca) as client:
        assert (
            client.get("/v2/orders:by_client_order_id", params={"client_order_id": "once"}).json()["id"] == first["id"]
        )
        client.delete(f"/v2/orders/{first['id']}")
        until(lambda: client.get(f"/v2/orders/{first['id']}").json()["status"] == "canceled")
    again = ordered(alpaca, **named)
    assert (again.status_code, again.json()) == (422, {"code": 40010001, "message": message})
    assert alpaca.audit()["acceptances"]["once"] == 1


def test_two_posts_without_an_id_are_two_orders(alpaca: LocalAlpaca) -> None:
    first, second = ordered(alpaca, **BUY).json(), ordered(alpaca, **BUY).json()
    assert first["id"] != second["id"]
    assert first["client_order_id"] != second["client_order_id"]


def test_a_resting_sell_holds_the_position_and_an_exit_is_refused(alpaca: LocalAlpaca) -> None:
    filled(alpaca, **BUY | {"qty": "0.002"})
    resting = ordered(alpaca, **BUY | {"side": "sell", "qty": "0.0015", "type": "limit", "limit_price": "70000"}).json()
    with rest(alpaca) as client:
        position = client.get("/v2/positions/BTCUSD").json()
    assert (position["qty"], position["qty_available"]) == ("0.001995", "0.000495")
    refused = ordered(alpaca, **BUY | {"side": "sell", "qty": "0.001"})
    assert refused.status_code == 403
    assert refused.json() == {
        "code": 40310000,
        "available": "0.000495",
        "existing_qty": "0.001995",
        "held_for_orders": "0.0015",
        "related_orders": [resting["id"]],
        "symbol": "BTC/USD",
        "message": "insufficient qty available for order (requested: 0.001, available: 0.000495)",
    }


def test_the_fee_is_a_quarter_per_cent_for_takers_and_less_for_makers(alpaca: LocalAlpaca) -> None:
    filled(alpaca, **BUY | {"qty": "0.002"})
    assert alpaca.audit()["positions"] == {"BTC/USD": "0.001995"}
    resting = ordered(alpaca, **BUY | {"qty": "0.001"} | LIMIT).json()
    with rest(alpaca) as client:
        path = f"/v2/orders/{resting['id']}"
        until(lambda: client.get(path).json()["status"] == "new")
        alpaca.price("BTC/USD", "59000")
        until(lambda: client.get(path).json()["status"] == "filled")
    assert alpaca.audit()["positions"] == {"BTC/USD": "0.0029935"}
    alpaca.price("BTC/USD", "60000")
    filled(alpaca, **BUY | {"side": "sell", "qty": "0.001"})
    last = alpaca.audit()["executions"][-1]
    assert (float(last["fee"]), last["fee_asset"]) == (0.15, "USD")


def test_an_order_that_could_meet_one_of_the_same_account_is_a_wash_trade(alpaca: LocalAlpaca) -> None:
    filled(alpaca, **BUY | {"qty": "0.01"})
    sell = ordered(alpaca, **BUY | {"side": "sell", "type": "limit", "limit_price": "61000"}).json()
    for crossing in (BUY, BUY | {"type": "limit", "limit_price": "61000"}):
        refused = ordered(alpaca, **crossing)
        assert refused.status_code == 403
        assert refused.json() == {
            "code": 40310000,
            "existing_order_id": sell["id"],
            "reject_reason": "opposite side limit order exists",
            "message": "potential wash trade detected. use complex orders",
        }
    assert ordered(alpaca, **BUY | LIMIT).status_code == 200
    assert ordered(alpaca, **BUY | {"side": "sell"}).status_code == 403


def test_open_buys_hold_their_cost(alpaca: LocalAlpaca) -> None:
    with rest(alpaca) as client:
        before = client.get("/v2/account").json()
        assert ordered(alpaca, **BUY | {"qty": "1", "type": "limit", "limit_price": "50000"}).status_code == 200
        after = client.get("/v2/account").json()
    free_before, free = (Decimal(one["non_marginable_buying_power"]) for one in (before, after))
    assert free_before - free == 50_000
    assert Decimal(after["buying_power"]) == 2 * free
    assert after["cash"] == before["cash"]
    assert "insufficient balance for USD" in ordered(alpaca, **BUY | {"qty": "1"}).json()["message"]


def test_a_notional_order_buys_what_its_dollars_are_worth(alpaca: LocalAlpaca) -> None:
    order = filled(alpaca, **BUY | {"qty": None, "notional": "100"})
    assert (order["qty"], order["notional"], order["filled_qty"]) == (None, "100", "0.001666666")


def test_a_share_can_be_sold_short_and_bought_back(alpaca: LocalAlpaca) -> None:
    filled(alpaca, **SHARE | {"side": "sell", "qty": "3"})
    with rest(alpaca) as client:
        position = client.get("/v2/positions/AAPL").json()
    assert (position["qty"], position["side"], position["market_value"]) == ("-3", "short", "-600")
    assert "insufficient qty" in ordered(alpaca, **SHARE | {"qty": "4"}).json()["message"]
    filled(alpaca, **SHARE | {"qty": "3"})
    assert "AAPL" not in alpaca.audit()["positions"]


def test_a_stop_is_reached_by_the_last_price_and_a_trail_follows_it(alpaca: LocalAlpaca) -> None:
    filled(alpaca, **SHARE | {"qty": "4"})
    sells = [
        ordered(alpaca, **SHARE | {"side": "sell", "qty": "2", "type": "stop", "stop_price": "195"}).json(),
        ordered(alpaca, **SHARE | {"side": "sell", "qty": "2", "type": "trailing_stop", "trail_price": "4"}).json(),
    ]
    assert (sells[1]["hwm"], sells[1]["stop_price"]) == ("200", "196")
    with rest(alpaca) as client:

        def statuses() -> list[str]:
            return [client.get(f"/v2/orders/{sell['id']}").json()["status"] for sell in sells]

        until(lambda: statuses() == ["new", "new"])
        alpaca.price("AAPL", "203")
        until(lambda: client.get(f"/v2/orders/{sells[1]['id']}").json()["stop_price"] == "199")
        alpaca.price("AAPL", "199")
        until(lambda: statuses() == ["new", "filled"])
        alpaca.price("AAPL", "194.5")
        until(lambda: statuses() == ["filled", "filled"])
        assert client.get(f"/v2/orders/{sells[0]['id']}").json()["filled_avg_price"] == "194.5"
    alpaca.price("AAPL", "200")


def test_a_stop_limit_waits_for_its_stop_and_then_for_its_limit(alpaca: LocalAlpaca) -> None:
    order = ordered(alpaca, **BUY | STOP_LIMIT).json()
    with rest(alpaca) as client:
        path = f"/v2/orders/{order['id']}"
        until(lambda: client.get(path).json()["status"] == "new")
        alpaca.price("BTC/USD", "61500")
        assert client.get(path).json()["status"] == "new"
        alpaca.price("BTC/USD", "61050")
        until(lambda: client.get(path).json()["status"] == "filled")
        assert client.get(path).json()["filled_avg_price"] == "61100"
    alpaca.price("BTC/USD", "60000")


def test_out_of_hours_orders_of_shares_wait_and_day_orders_end_with_the_day(alpaca: LocalAlpaca) -> None:
    with rest(alpaca) as client:
        day = ordered(alpaca, **SHARE | {"type": "limit", "limit_price": "150"}).json()
        assert client.get("/v2/clock").json()["is_open"] is True
        alpaca.clock(at="2026-01-14T21:30:00Z")
        until(lambda: client.get(f"/v2/orders/{day['id']}").json()["status"] == "expired")
        waiting = ordered(alpaca, **SHARE).json()
        assert waiting["status"] == "accepted"
        assert client.get("/v2/clock").json()["next_open"] == "2026-01-15T09:30:00-05:00"
        replaced = client.patch(f"/v2/orders/{waiting['id']}", json={"qty": "2"})
        assert replaced.json()["message"] == "unable to replace order, order isn't sent to exchange yet"
        alpaca.clock(at="2026-01-15T14:30:01Z")
        until(lambda: client.get(f"/v2/orders/{waiting['id']}").json()["status"] == "filled")


def test_an_order_is_replaced_by_a_new_one_with_a_new_id(alpaca: LocalAlpaca) -> None:
    old = ordered(alpaca, **BUY | LIMIT | {"client_order_id": "old"}).json()
    with rest(alpaca) as client:
        until(lambda: client.get(f"/v2/orders/{old['id']}").json()["status"] == "new")
        new = client.patch(f"/v2/orders/{old['id']}", json={"limit_price": "58000", "qty": "0.002"}).json()
        assert (new["replaces"], new["limit_price"], new["qty"]) == (old["id"], "58000", "0.002")
        assert new["client_order_id"] != "old"
        gone = client.get(f"/v2/orders/{old['id']}").json()
        assert (gone["status"], gone["replaced_by"]) == ("replaced", new["id"])
        assert client.patch(f"/v2/orders/{old['id']}", json={"qty": "1"}).status_code == 422
        until(lambda: client.get(f"/v2/orders/{new['id']}").json()["status"] == "new")
        for change in ({"time_in_force": "day"}, {"client_order_id": "old"}):
            assert client.patch(f"/v2/orders/{new['id']}", json=change).status_code == 422
        assert client.patch(f"/v2/orders/{new['id']}", json={"qty": "5"}).status_code == 403

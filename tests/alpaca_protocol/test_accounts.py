"""Keys, limits, lists and holdings: what alpaca-py and a bare client read of an account."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import AssetClass, AssetStatus, QueryOrderStatus
from alpaca.trading.models import TradeAccount
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetAssetsRequest,
    GetCalendarRequest,
    GetOrdersRequest,
    ReplaceOrderRequest,
)

from tests.alpaca_protocol.clients import limit_order, market_order, placed, read, settled, trading_client
from tests.alpaca_server.client import LocalAlpaca, until
from tests.alpaca_server.times import MINUTE, SECOND, wall_time

OPEN = "2026-01-14T20:00:00Z"


def answered(url: str, *keys: str) -> httpx.Response:
    headers = dict(zip(("APCA-API-KEY-ID", "APCA-API-SECRET-KEY"), keys, strict=False))
    return httpx.get(url, headers=headers)


def test_wrong_keys_are_answered_as_alpaca_does(alpaca: LocalAlpaca) -> None:
    account = f"{alpaca.paper_url}/v2/account"
    none = answered(account)
    assert (none.status_code, none.headers["content-type"][:9], "nginx" in none.text) == (401, "text/html", True)
    wrong = answered(account, alpaca.paper_key_id, "wrong")
    assert (wrong.status_code, wrong.json()) == (401, {"message": "unauthorized."})
    live_keys = (alpaca.live_key_id, alpaca.live_secret_key)
    other = answered(account, *live_keys)
    assert (other.status_code, other.json()) == (401, {"code": 40110000, "message": "request is not authorized"})
    assert answered(f"{alpaca.live_url}/v2/account", *live_keys).status_code == 200


def test_data_of_crypto_need_no_key_but_a_wrong_one_is_refused(alpaca: LocalAlpaca) -> None:
    crypto = f"{alpaca.data_url}/v1beta3/crypto/us/latest/trades?symbols=BTC/USD"
    shares = f"{alpaca.data_url}/v2/stocks/trades/latest?symbols=AAPL&feed=iex"
    for keys in ((alpaca.paper_key_id, alpaca.paper_secret_key), (alpaca.live_key_id, alpaca.live_secret_key)):
        assert [answered(url, *keys).status_code for url in (crypto, shares)] == [200, 200]
    assert [answered(url).status_code for url in (crypto, shares)] == [200, 401]
    assert [answered(url, "wrong", "wrong").status_code for url in (crypto, shares)] == [401, 401]


def test_each_account_has_a_book_of_its_own(alpaca: LocalAlpaca, trading: TradingClient) -> None:
    live = trading_client(alpaca, "live")
    order = placed(trading, market_order(client_order_id="same"))
    settled(trading, order.id)
    assert live.get_all_positions() == []
    assert placed(live, market_order(client_order_id="same")).id != order.id
    assert trading.get_account().id != live.get_account().id  # type: ignore[union-attr]


def test_every_answer_tells_the_limit_and_the_requests_beyond_it_are_refused(alpaca: LocalAlpaca) -> None:
    keys = (alpaca.paper_key_id, alpaca.paper_secret_key)
    alpaca.conditions(rate_limit=3)
    # A window is a minute of the wall's clock: begin where one will not end in the midst of these few requests.
    until(lambda: wall_time() % MINUTE < MINUTE - 5 * SECOND)
    answers = [answered(f"{alpaca.paper_url}/v2/clock", *keys) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"3"}
    assert int(answers[-1].headers["x-ratelimit-reset"]) % 60 == 0
    assert answered(f"{alpaca.data_url}/v2/stocks/trades/latest?symbols=AAPL&feed=iex", *keys).status_code == 200


def test_the_account_is_one_alpaca_py_can_read(trading: TradingClient) -> None:
    account = trading.get_account()
    assert isinstance(account, TradeAccount)
    assert (account.cash, account.equity, account.buying_power) == ("100000", "100000", "200000")
    assert (account.status.value, account.multiplier, account.trading_blocked) == ("ACTIVE", "2", False)
    raw: Any = trading.get("/account")
    assert not {"pattern_day_trader", "daytrade_count", "daytrading_buying_power"} & raw.keys()


def test_orders_are_listed_by_state_time_symbol_and_side(alpaca: LocalAlpaca, trading: TradingClient) -> None:
    done = placed(trading, market_order("0.01"))
    settled(trading, done.id)
    first, second = placed(trading, limit_order(50_000)), placed(trading, limit_order(51_000))
    sold = placed(trading, limit_order(70_000, "0.005", side="sell"))

    def listed(**query: Any) -> list[Any]:
        found: Any = trading.get_orders(GetOrdersRequest(**query))
        return [order.id for order in found]

    everything = [sold.id, second.id, first.id, done.id]
    assert listed(status=QueryOrderStatus.ALL) == everything
    assert listed() == [sold.id, second.id, first.id]
    assert listed(status=QueryOrderStatus.CLOSED) == [done.id]
    assert listed(status=QueryOrderStatus.ALL, limit=2) == everything[:2]
    assert listed(status=QueryOrderStatus.ALL, direction="asc") == everything[::-1]
    assert listed(status=QueryOrderStatus.ALL, side="sell") == [sold.id]
    assert listed(status=QueryOrderStatus.ALL, symbols=["BTCUSD"]) == everything
    assert listed(status=QueryOrderStatus.ALL, symbols=["AAPL"]) == []
    raw: Any = trading.get("/orders", {"status": "all", "after": exact(trading, first), "until": exact(trading, sold)})
    assert [order["id"] for order in raw] == [str(second.id)], "both ends are left out"
    raw = trading.get("/orders", {"status": "all", "after_order_id": str(first.id)})
    assert [order["id"] for order in raw] == [str(sold.id), str(second.id)]
    with pytest.raises(APIError, match="limit must be between 1 and 500"):
        listed(limit=501)


def exact(trading: TradingClient, order: Any) -> str:
    """Return the time of an order's submission with its nanoseconds, which alpaca-py cuts."""
    raw: Any = trading.get(f"/orders/{order.id}")
    return str(raw["submitted_at"])


def test_an_order_that_is_not_there_and_an_id_that_is_none(trading: TradingClient) -> None:
    unknown = "0d4ae4ac-6b5d-4d0e-8f3a-0b2f4b7e9c11"
    for ask, status, code, message in (
        (lambda: trading.get_order_by_id(unknown), 404, 40410000, f"order not found for {unknown}"),
        (lambda: trading.get("/orders/none"), 422, 40010001, "order_id is missing"),
        (lambda: trading.get_order_by_client_id("none"), 404, 40410000, "order not found for none"),
        (lambda: trading.cancel_order_by_id(unknown), 404, 40410000, f"order not found for {unknown}"),
        (lambda: trading.get_open_position("BTCUSD"), 404, 40410000, "position does not exist"),
    ):
        with pytest.raises(APIError) as caught:
            ask()
        assert (caught.value.status_code, caught.value.code, caught.value.message) == (status, code, message)


def test_all_orders_are_cancelled_at_once(trading: TradingClient) -> None:
    orders = [placed(trading, limit_order(50_000 + number)) for number in range(3)]
    answers: Any = trading.cancel_orders()
    assert {(answer.id, answer.status) for answer in answers} == {(order.id, 200) for order in orders}
    for order in orders:
        settled(trading, order.id, "canceled")


def test_alpaca_py_replaces_an_order(trading: TradingClient) -> None:
    old = placed(trading, limit_order(50_000))
    settled(trading, old.id, "new")
    new: Any = trading.replace_order_by_id(old.id, ReplaceOrderRequest(limit_price=50_500, client_order_id="instead"))
    assert (new.limit_price, new.replaces, new.client_order_id) == ("50500", old.id, "instead")
    assert read(trading, old.id).replaced_by == new.id


def test_positions_are_closed_in_part_and_in_whole_by_orders_of_alpacas_own(trading: TradingClient) -> None:
    settled(trading, placed(trading, market_order("0.02")).id)
    part: Any = trading.close_position("BTCUSD", ClosePositionRequest(percentage="50"))
    assert (part.side.value, part.qty) == ("sell", "0.009975")
    settled(trading, part.id)
    position: Any = trading.get_open_position("BTCUSD")
    assert Decimal(position.qty) == Decimal("0.009975")
    assert position.asset_id == trading.get_asset("BTC/USD").id  # type: ignore[union-attr]
    assert trading.get_open_position(position.asset_id).qty == position.qty  # type: ignore[union-attr]
    with pytest.raises(APIError):
        trading.get("/positions/BTC%2FUSD")
    placed(trading, limit_order(70_000, "0.009", side="sell"))
    refused: Any = trading.close_all_positions(cancel_orders=False)
    assert [(one.status, one.body.code) for one in refused] == [(403, 40310000)]
    closed: Any = trading.close_all_positions(cancel_orders=True)
    assert [one.status for one in closed] == [200]
    until(lambda: trading.get_all_positions() == [])


def test_assets_are_found_by_either_name(trading: TradingClient) -> None:
    by_name: Any = [trading.get_asset(name) for name in ("BTC/USD", "BTCUSD", "BTC%2FUSD")]
    assert len({asset.id for asset in by_name}) == 1
    assert by_name[0].min_trade_increment == 1e-9
    crypto: Any = trading.get_all_assets(GetAssetsRequest(asset_class=AssetClass.CRYPTO, status=AssetStatus.ACTIVE))
    assert {asset.symbol for asset in crypto} == {"BTC/USD", "ETH/USD", "SOL/USD", "LTC/USD", "DOGE/USD"}
    with pytest.raises(APIError, match="asset not found for NONE"):
        trading.get_asset("NONE")


def test_the_clock_and_the_calendar_are_new_yorks(alpaca: LocalAlpaca, trading: TradingClient) -> None:
    clock: Any = trading.get_clock()
    assert clock.is_open
    assert clock.timestamp.utcoffset().total_seconds() == -5 * 3600
    assert clock.next_close.isoformat() == "2026-01-14T16:00:00-05:00"
    days: Any = trading.get_calendar(GetCalendarRequest(start=date(2026, 11, 25), end=date(2026, 11, 28)))
    assert [(day.date.day, day.open.time().isoformat(), day.close.time().isoformat()) for day in days] == [
        (25, "09:30:00", "16:00:00"),
        (27, "09:30:00", "13:00:00"),
    ]


def test_fills_are_paged_by_the_id_of_the_last(alpaca: LocalAlpaca, trading: TradingClient) -> None:
    orders = [placed(trading, market_order("0.001")) for _ in range(5)]
    for order in orders:
        settled(trading, order.id)
    found: list[dict[str, Any]] = []
    token = None
    while True:
        query = {"page_size": 2, "direction": "asc"} | ({"page_token": token} if token else {})
        page: Any = trading.get("/account/activities/FILL", query)
        found += page
        if len(page) < 2:
            break
        token = page[-1]["id"]
    assert [one["order_id"] for one in found] == [one["order_id"] for one in alpaca.audit()["executions"]]
    assert len({one["id"] for one in found}) == 5
    assert "client_order_id" not in found[0]
    assert (found[0]["type"], found[0]["leaves_qty"], found[0]["cum_qty"]) == ("fill", "0", "0.001")
    moment = datetime.fromisoformat(found[0]["transaction_time"])
    assert found[0]["id"][:12] == f"{moment.replace(hour=15):%Y%m%d%H%M}", "the id begins with New York's time"


def test_nothing_accepted_is_forgotten_by_a_kill(alpaca: LocalAlpaca, trading: TradingClient) -> None:
    filled = placed(trading, market_order("0.01", client_order_id="filled"))
    settled(trading, filled.id)
    resting = placed(trading, limit_order(59_000, client_order_id="resting"))
    settled(trading, resting.id, "new")
    alpaca.fault("fill_after_cancel", client_order_id="late", seconds=0.2, share="1")
    late = placed(trading, limit_order(59_000, client_order_id="late"))
    settled(trading, late.id, "new")
    trading.cancel_order_by_id(late.id)
    settled(trading, late.id, "canceled")
    pending = placed(trading, market_order("0.02", client_order_id="pending"))
    before = alpaca.audit()
    alpaca.kill()
    alpaca.start()
    settled(trading, pending.id)
    settled(trading, late.id)
    after = alpaca.audit()
    assert [order["id"] for order in after["orders"]] == [order["id"] for order in before["orders"]]
    assert after["executions"][: len(before["executions"])] == before["executions"]
    assert after["acceptances"] == {"filled": 1, "resting": 1, "late": 1, "pending": 1}
    assert after["requests"][: len(before["requests"])] == before["requests"]
    assert after["at"] > before["at"]
    with pytest.raises(APIError, match="must be unique"):
        placed(trading, market_order(client_order_id="filled"))
    alpaca.conditions(spread_bps="0")
    alpaca.price("BTC/USD", "58000")
    assert settled(trading, resting.id).filled_avg_price == "59000"


def test_a_torn_last_line_of_the_book_is_cut_off(alpaca: LocalAlpaca, trading: TradingClient) -> None:
    placed(trading, market_order(client_order_id="whole"))
    alpaca.kill()
    with alpaca.book.open("ab") as file:
        file.write(b'{"fact":"OrderMoved","environment":"pap')
    alpaca.start()
    placed(trading, market_order(client_order_id="next"))
    alpaca.kill()
    alpaca.start()
    assert alpaca.audit()["acceptances"] == {"whole": 1, "next": 1}


def test_cash_and_positions_can_be_moved_behind_everyones_back(alpaca: LocalAlpaca, trading: TradingClient) -> None:
    alpaca.control("POST", "/cash", amount="-40000")
    alpaca.control("POST", "/positions", symbol="BTC/USD", qty="0.5")
    account: Any = trading.get_account()
    assert (account.cash, account.equity) == ("60000", "90000")
    alpaca.control("POST", "/assets", symbol="ETH/USD", status="inactive", tradable=False)
    with pytest.raises(APIError, match="asset ETH/USD is not active"):
        placed(trading, market_order(symbol="ETH/USD"))

"""What can go wrong with a request, and what of it the exchange has done by then."""

import json
import socket
import time
from typing import Any

import httpx
import pydantic
import pytest
import requests
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient

from tests.alpaca_protocol.clients import limit_order, market_order, placed, settled, trading_client
from tests.alpaca_server.client import LocalAlpaca


def accepted(alpaca: LocalAlpaca, client_order_id: str) -> int:
    return int(alpaca.audit()["acceptances"].get(client_order_id, 0))


def rest(alpaca: LocalAlpaca) -> httpx.Client:
    keys = {"APCA-API-KEY-ID": alpaca.paper_key_id, "APCA-API-SECRET-KEY": alpaca.paper_secret_key}
    return httpx.Client(base_url=alpaca.paper_url, headers=keys, timeout=5)


def body(client_order_id: str) -> dict[str, str]:
    order = {"symbol": "BTC/USD", "side": "buy", "type": "market", "time_in_force": "gtc", "qty": "0.001"}
    return order | {"client_order_id": client_order_id}


@pytest.mark.parametrize(("when", "orders"), [("before", 0), ("after", 1)])
def test_a_connection_dropped_before_or_after_the_order_was_taken_looks_the_same(
    alpaca: LocalAlpaca, trading: TradingClient, when: str, orders: int
) -> None:
    fault = alpaca.fault("drop", method="POST", path="/v2/orders", when=when)
    with pytest.raises(requests.ConnectionError):
        trading.submit_order(market_order("0.001", client_order_id=f"drop-{when}"))
    assert (accepted(alpaca, f"drop-{when}"), alpaca.hits(fault)) == (orders, 1)
    [seen] = [one for one in alpaca.audit()["requests"] if one["client_order_id"] == f"drop-{when}"]
    assert (seen["method"], seen["path"], seen["faults"]) == ("POST", "/v2/orders", [f"{fault['id']} drop"])


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("form", ["json", "html", "empty"])
@pytest.mark.parametrize(("when", "orders"), [("before", 0), ("after", 1)])
def test_a_server_error_says_nothing_about_the_order(
    alpaca: LocalAlpaca, trading: TradingClient, status: int, form: str, when: str, orders: int
) -> None:
    name = f"error-{status}-{form}-{when}"
    alpaca.fault("error", method="POST", path="/v2/orders", when=when, status=status, body=form)
    with pytest.raises(APIError) as caught:
        trading.submit_order(market_order("0.001", client_order_id=name))
    assert caught.value.status_code == status
    assert ("<html>" in str(caught.value)) == (form == "html")
    assert accepted(alpaca, name) == orders


def test_alpaca_py_posts_again_after_a_504_and_hears_that_its_own_order_is_in_the_way(
    alpaca: LocalAlpaca, trading: TradingClient
) -> None:
    trading._retry_wait = 0
    alpaca.fault("error", method="POST", path="/v2/orders", when="after", status=504)
    with pytest.raises(APIError, match="client_order_id must be unique"):
        trading.submit_order(market_order("0.001", client_order_id="again"))
    posts = [one for one in alpaca.requests("POST", "/v2/orders") if one["client_order_id"] == "again"]
    assert (len(posts), accepted(alpaca, "again")) == (2, 1)


def test_without_an_id_a_504_makes_two_orders(alpaca: LocalAlpaca, trading: TradingClient) -> None:
    trading._retry_wait = 0
    before = len(alpaca.audit()["orders"])
    alpaca.fault("error", method="POST", path="/v2/orders", when="after", status=504)
    trading.submit_order(market_order("0.001"))
    assert len(alpaca.audit()["orders"]) - before == 2


@pytest.mark.parametrize("headers", [True, False])
def test_a_429_comes_with_the_headers_or_without_them(alpaca: LocalAlpaca, headers: bool) -> None:
    alpaca.fault("error", path="/v2/account", status=429, headers=headers)
    with rest(alpaca) as client:
        refused, answered = client.get("/v2/account"), client.get("/v2/account")
    assert (refused.status_code, answered.status_code) == (429, 200)
    assert ("x-ratelimit-reset" in refused.headers) == headers
    assert refused.headers.get("x-ratelimit-remaining", "0") == "0"
    assert int(answered.headers["x-ratelimit-remaining"]) > 0


@pytest.mark.parametrize(("form", "error"), [("bad_json", requests.exceptions.JSONDecodeError), ("empty", TypeError)])
def test_an_answer_may_be_no_json_or_nothing_after_the_order_was_taken(
    alpaca: LocalAlpaca, trading: TradingClient, form: str, error: type[Exception]
) -> None:
    alpaca.fault("body", method="POST", path="/v2/orders", when="after", body=form)
    with pytest.raises(error):
        trading.submit_order(market_order("0.001", client_order_id=f"body-{form}"))
    assert accepted(alpaca, f"body-{form}") == 1


def test_an_answer_may_be_html_with_status_200(alpaca: LocalAlpaca) -> None:
    alpaca.fault("body", path="/v2/account", when="after", body="html")
    with rest(alpaca) as client:
        answer = client.get("/v2/account")
    assert (answer.status_code, answer.text[:6]) == (200, "<html>")


@pytest.mark.parametrize(("field", "value"), [("status", "under_review"), ("asset_class", "crypto_future")])
def test_a_word_alpaca_py_does_not_know_loses_it_the_order(
    alpaca: LocalAlpaca, trading: TradingClient, field: str, value: str
) -> None:
    alpaca.fault("rewrite", method="POST", path="/v2/orders", when="after", field=field, value=value)
    with pytest.raises(pydantic.ValidationError):
        trading.submit_order(market_order("0.001", client_order_id=f"word-{field}"))
    assert accepted(alpaca, f"word-{field}") == 1
    raw: Any = trading_client(alpaca, raw_data=True).get_order_by_client_id(f"word-{field}")
    assert raw["client_order_id"] == f"word-{field}"


def test_an_order_may_not_be_seen_for_a_while(alpaca: LocalAlpaca, trading: TradingClient) -> None:
    fault = alpaca.fault("hide", method="GET", path="/v2/orders*", when="after", seconds=60, count=None)
    order = placed(trading, limit_order(50_000, "0.001", client_order_id="hidden"))
    with pytest.raises(APIError) as caught:
        trading.get_order_by_client_id("hidden")
    assert (caught.value.status_code, caught.value.code) == (404, 40410000)
    assert caught.value.message == "order not found for hidden"
    with pytest.raises(APIError, match="order not found"):
        trading.get_order_by_id(order.id)
    assert "hidden" not in [one.client_order_id for one in trading.get_orders()]  # type: ignore[union-attr]
    alpaca.control("DELETE", f"/faults/{fault['id']}")
    assert trading.get_order_by_client_id("hidden").id == order.id  # type: ignore[union-attr]
    trading.cancel_order_by_id(order.id)


def test_a_slow_answer_and_one_that_never_comes(alpaca: LocalAlpaca) -> None:
    alpaca.fault("latency", method="GET", path="/v2/clock", seconds=0.3)
    with rest(alpaca) as client:
        started = time.monotonic()
        assert client.get("/v2/clock").is_success
        assert time.monotonic() - started >= 0.3
        alpaca.fault("hang", method="POST", path="/v2/orders", when="after")
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v2/orders", json=body("hangs"), timeout=0.3)
    assert accepted(alpaca, "hangs") == 1


def test_a_request_cut_short_by_the_death_of_its_sender_was_never_made(alpaca: LocalAlpaca) -> None:
    whole = json.dumps(body("half")).encode()
    head = f"POST /paper/v2/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(whole)}\r\n"
    head += f"APCA-API-KEY-ID: {alpaca.paper_key_id}\r\nAPCA-API-SECRET-KEY: {alpaca.paper_secret_key}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", alpaca.port)) as sender:
        sender.sendall(head.encode() + whole[:-1])
    with rest(alpaca) as client:
        assert client.post("/v2/orders", json=body("whole")).is_success
    assert alpaca.audit()["acceptances"] == {"whole": 1}
    assert [one["client_order_id"] for one in alpaca.requests("POST", "/v2/orders")] == ["whole"]


def test_a_fault_strikes_where_and_as_often_as_it_is_told(alpaca: LocalAlpaca) -> None:
    fault = alpaca.fault("error", client_order_id="only-*", environment="paper", status=503, skip=1, count=2)
    with rest(alpaca) as client:
        assert client.post("/v2/orders", json=body("other-1")).status_code == 200
        statuses = [client.post("/v2/orders", json=body(f"only-{number}")).status_code for number in range(5)]
        assert client.get("/v2/account").status_code == 200
    assert statuses == [200, 503, 503, 200, 200]
    assert alpaca.hits(fault) == 2


def test_the_chance_of_a_fault_is_drawn_by_the_seed(alpaca: LocalAlpaca) -> None:
    with rest(alpaca) as client:

        def drawn() -> list[int]:
            fault = alpaca.fault("error", path="/v2/clock", status=500, probability=0.5, count=None)
            statuses = [client.get("/v2/clock").status_code for _ in range(40)]
            alpaca.control("DELETE", f"/faults/{fault['id']}")
            return statuses

        first, second = drawn(), drawn()
    assert 5 < first.count(500) < 35
    assert first != second


def test_faults_on_the_way_to_a_cancel_leave_it_done_or_not(alpaca: LocalAlpaca, trading: TradingClient) -> None:
    kept = placed(trading, limit_order(50_000, "0.001"))
    gone = placed(trading, limit_order(50_000, "0.001"))
    alpaca.fault("drop", method="DELETE", path=f"/v2/orders/{kept.id}")
    alpaca.fault("error", method="DELETE", path=f"/v2/orders/{gone.id}", when="after", status=502, body="html")
    with pytest.raises(requests.ConnectionError):
        trading.cancel_order_by_id(kept.id)
    with pytest.raises(APIError):
        trading.cancel_order_by_id(gone.id)
    settled(trading, gone.id, "canceled")
    settled(trading, kept.id, "new")
    trading.cancel_order_by_id(kept.id)


def test_a_fault_that_does_not_exist_is_refused_with_the_reason(alpaca: LocalAlpaca) -> None:
    answer = httpx.post(f"{alpaca.control_url}/faults", json={"kind": "earthquake"})
    assert answer.status_code == 422
    assert "earthquake" in answer.json()["message"]

"""What an answer of Alpaca, or none, means for an order: every row of the table of docs/adapters.md."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx

from application.exchange import Accepted, CancelOutcome, Declined, NotSent, OrderTicket, OutcomeUnknown
from domain.errors import CredentialsRefused, ExchangeUnavailable
from domain.order import OrderType, TimeInForce
from interfaces.alpaca_wire.http import AlpacaHttp, Patience
from interfaces.alpaca_wire.keys import AlpacaKeys
from interfaces.alpaca_wire.rate_limit import RateLimit
from interfaces.exchanges.alpaca import AlpacaExchange
from interfaces.exchanges.alpaca_stream import AlpacaOrderStream
from tests.interfaces.exchanges.alpaca_shapes import ORDER_ID, account, asset, fill_activity, order, position

URL = "https://paper-api.alpaca.test"
KEYS = AlpacaKeys("PKTESTKEYID", "a-very-secret-secret")
CLIENT_ID = "wv1-abcdefghijklmnopqrstuvwxyz"
TICKET = OrderTicket(CLIENT_ID, "BTC/USD", "buy", Decimal("0.0002"), OrderType.MARKET, TimeInForce.GTC)
HTML = "<html><head><title>502 Bad Gateway</title></head></html>"
NO_SUCH_ORDER = {"code": 40410000, "message": f"order not found for {CLIENT_ID}"}

type Answer = httpx.Response | Exception


def json_error(status: int, message: str, code: int | None = None, **more: object) -> httpx.Response:
    body = {"message": message, **more} if code is None else {"code": code, "message": message, **more}
    return httpx.Response(status, json=body)


@pytest.fixture
def alpaca() -> Iterator[respx.MockRouter]:
    """Alpaca's answers; whatever is not told is an error of the test."""
    with respx.mock(base_url=f"{URL}/v2", assert_all_called=False) as router:
        yield router


@pytest.fixture
def open_exchange() -> Iterator[Callable[..., AlpacaExchange]]:
    opened = []

    def made(limit: RateLimit | None = None, **patience: float) -> AlpacaExchange:
        quick: dict[str, Any] = {"total": 1.0, "pause": 0.01, "place": 0.2}
        http = AlpacaHttp(URL, "v2", KEYS, environment="paper", limit=limit, patience=Patience(**(quick | patience)))
        exchange = AlpacaExchange(
            "paper", http, lambda symbols: AlpacaOrderStream("paper", "ws://127.0.0.1:1", KEYS, symbols.symbol_of)
        )
        opened.append(exchange)
        return exchange

    yield made
    for exchange in opened:
        exchange.close()


@pytest.fixture
def exchange(open_exchange: Callable[..., AlpacaExchange]) -> AlpacaExchange:
    return open_exchange()


def answering(router: respx.MockRouter, method: str, path: str, *answers: Answer) -> respx.Route:
    """Let each request get the next answer."""
    return router.request(method, path).mock(side_effect=list(answers))


def test_an_order_that_is_taken_is_accepted_and_was_signed_and_exact(
    alpaca: respx.MockRouter, exchange: AlpacaExchange
) -> None:
    route = answering(alpaca, "POST", "/orders", httpx.Response(200, json=order()))
    outcome = exchange.submit(TICKET)
    assert isinstance(outcome, Accepted)
    assert outcome.order.exchange_order_id == ORDER_ID
    sent = route.calls.last.request
    assert (sent.headers["APCA-API-KEY-ID"], sent.headers["APCA-API-SECRET-KEY"]) == (KEYS.key_id, KEYS.secret)
    assert sent.headers["User-Agent"].startswith("APCA-PY/")
    assert b'"qty":"0.0002"' in sent.content


REFUSALS = [
    json_error(400, "invalid request", 40010000),
    json_error(403, "insufficient buying power", 40310000, buying_power="0", cost_basis="12"),
    json_error(404, "endpoint not found"),
    json_error(422, "invalid crypto time_in_force", 42210000),
]


@pytest.mark.parametrize("answer", REFUSALS, ids=lambda answer: f"{answer.status_code} {answer.json()['message']}")
def test_a_refusal_of_alpaca_is_definite(
    alpaca: respx.MockRouter, exchange: AlpacaExchange, answer: httpx.Response
) -> None:
    answering(alpaca, "POST", "/orders", answer)
    outcome = exchange.submit(TICKET)
    said = answer.json()
    assert outcome == Declined(said["message"], str(said["code"]) if "code" in said else None)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (json_error(401, "unauthorized."), "Alpaca does not accept the paper keys"),
        (json_error(401, "request is not authorized", 40110000), "not of Alpaca's paper environment"),
        (json_error(403, "forbidden."), "does not let these paper keys do that"),
    ],
    ids=["wrong", "of the other environment", "blocked"],
)
def test_an_order_that_is_refused_for_its_keys_says_so(
    alpaca: respx.MockRouter, exchange: AlpacaExchange, answer: httpx.Response, said: str
) -> None:
    answering(alpaca, "POST", "/orders", answer)
    outcome = exchange.submit(TICKET)
    assert isinstance(outcome, Declined)
    assert said in outcome.reason


@pytest.mark.parametrize("code", [42210000, 40010001])
def test_an_id_that_is_spent_means_that_an_order_exists(
    alpaca: respx.MockRouter, exchange: AlpacaExchange, code: int
) -> None:
    answering(alpaca, "POST", "/orders", json_error(422, "client_order_id must be unique", code))
    outcome = exchange.submit(TICKET)
    assert isinstance(outcome, OutcomeUnknown)
    assert "an order of this id exists" in outcome.reason


UNKNOWN: dict[str, Answer] = {
    "429": json_error(429, "rate limit exceeded", 42910000),
    "500": json_error(500, "internal server error", 50010000),
    "502 in HTML": httpx.Response(502, html=HTML),
    "503": httpx.Response(503),
    "504 in HTML": httpx.Response(504, html=HTML),
    "401 in HTML": httpx.Response(401, html=HTML),
    "403 of a proxy": httpx.Response(403, html=HTML),
    "403 with JSON of somebody else": httpx.Response(403, json={"error": "no"}),
    "408": json_error(408, "request timeout"),
    "409": json_error(409, "conflict"),
    "redirect": httpx.Response(302, headers={"Location": "https://elsewhere.test/"}),
    "bad JSON": httpx.Response(200, text='{"id": "90483'),
    "no JSON": httpx.Response(200, html=HTML),
    "empty": httpx.Response(200),
    "a list": httpx.Response(200, json=[order()]),
    "an order without an id": httpx.Response(200, json=order(id=None)),
    "an order without amounts": httpx.Response(200, json=order(filled_qty="?")),
    "another order": httpx.Response(200, json=order(client_order_id="somebody's")),
    "reset": httpx.ReadError("[Errno 104] Connection reset by peer"),
    "closed": httpx.RemoteProtocolError("Server disconnected without sending a response."),
    "read timeout": httpx.ReadTimeout("timed out"),
    "write timeout": httpx.WriteTimeout("timed out"),
    "a fault of ours": RuntimeError("who knows"),
}


@pytest.mark.parametrize("answer", UNKNOWN.values(), ids=UNKNOWN)
def test_everything_else_is_unknown_and_is_not_sent_again(
    alpaca: respx.MockRouter, exchange: AlpacaExchange, answer: Answer
) -> None:
    route = answering(alpaca, "POST", "/orders", answer, httpx.Response(200, json=order()))
    outcome = exchange.submit(TICKET)
    assert isinstance(outcome, OutcomeUnknown)
    assert outcome.reason
    assert route.call_count == 1


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("[Errno 111] Connection refused"), httpx.ConnectTimeout("timed out")], ids=repr
)
def test_an_order_that_found_no_connection_was_not_sent(
    alpaca: respx.MockRouter, exchange: AlpacaExchange, error: Exception
) -> None:
    route = answering(alpaca, "POST", "/orders", error)
    outcome = exchange.submit(TICKET)
    assert isinstance(outcome, NotSent)
    assert "no connection to paper-api.alpaca.test" in outcome.reason
    assert route.call_count == 1


def test_an_order_that_finds_no_place_under_the_rate_limit_is_not_sent(
    alpaca: respx.MockRouter, open_exchange: Callable[..., AlpacaExchange]
) -> None:
    limit = RateLimit(1)
    limit.acquire(0)
    route = answering(alpaca, "POST", "/orders", httpx.Response(200, json=order()))
    started = time.monotonic()
    outcome = open_exchange(limit).submit(TICKET)
    assert isinstance(outcome, NotSent)
    assert "rate limit" in outcome.reason
    assert time.monotonic() - started < 1.0
    assert route.call_count == 0


CANCELS: dict[str, tuple[Answer, CancelOutcome]] = {
    "204": (httpx.Response(204), CancelOutcome.TAKEN),
    "already filled": (json_error(422, 'order is already in "filled" state', 42210000), CancelOutcome.NOT_CANCELABLE),
    "no such order": (json_error(404, "order not found for it", 40410000), CancelOutcome.NOT_FOUND),
    "no id": (json_error(422, "order_id is missing", 40010001), CancelOutcome.NOT_FOUND),
    "404 in HTML": (httpx.Response(404, html=HTML), CancelOutcome.UNKNOWN),
    "401": (json_error(401, "unauthorized."), CancelOutcome.UNKNOWN),
    "504": (httpx.Response(504, html=HTML), CancelOutcome.UNKNOWN),
    "429": (json_error(429, "rate limit exceeded", 42910000), CancelOutcome.UNKNOWN),
    "reset": (httpx.ReadError("reset"), CancelOutcome.UNKNOWN),
    "no connection": (httpx.ConnectError("refused"), CancelOutcome.UNKNOWN),
    "a fault of ours": (RuntimeError("who knows"), CancelOutcome.UNKNOWN),
}


@pytest.mark.parametrize(("answer", "outcome"), CANCELS.values(), ids=CANCELS)
def test_a_cancel_ends_in_one_of_four_ways_and_is_not_sent_again(
    alpaca: respx.MockRouter, exchange: AlpacaExchange, answer: Answer, outcome: CancelOutcome
) -> None:
    route = answering(alpaca, "DELETE", f"/orders/{ORDER_ID}", answer, httpx.Response(204))
    assert exchange.cancel(ORDER_ID) is outcome
    assert route.call_count == 1


BY_ID = "/orders:by_client_order_id"


def test_an_order_is_found_by_its_client_id(alpaca: respx.MockRouter, exchange: AlpacaExchange) -> None:
    route = answering(alpaca, "GET", BY_ID, httpx.Response(200, json=order(status="on_the_moon")))
    found = exchange.find(CLIENT_ID)
    assert found is not None
    assert found.word == "on_the_moon"
    assert route.calls.last.request.url.params["client_order_id"] == CLIENT_ID


def test_no_order_is_only_what_alpaca_itself_says(alpaca: respx.MockRouter, exchange: AlpacaExchange) -> None:
    answering(alpaca, "GET", BY_ID, httpx.Response(404, json=NO_SUCH_ORDER))
    assert exchange.find(CLIENT_ID) is None


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, html=HTML),
        json_error(404, "endpoint not found"),
        json_error(404, "position does not exist", 40410000),
        json_error(403, "trading suspended", 40310000),
        json_error(422, "client_order_id is required", 40010001),
        httpx.Response(200, json=order(filled_qty="?")),
        httpx.Response(200, text="null"),
    ],
    ids=repr,
)
def test_no_other_answer_says_that_there_is_no_order(
    alpaca: respx.MockRouter, exchange: AlpacaExchange, answer: httpx.Response
) -> None:
    answering(alpaca, "GET", BY_ID, answer)
    with pytest.raises(ExchangeUnavailable):
        exchange.find(CLIENT_ID)


def test_questions_are_asked_again_until_they_are_answered(alpaca: respx.MockRouter, exchange: AlpacaExchange) -> None:
    passing: list[Answer] = [
        httpx.ReadTimeout("slow"),
        httpx.Response(504, html=HTML),
        httpx.Response(200, text="{"),
        httpx.Response(500),
    ]
    route = answering(alpaca, "GET", BY_ID, *passing, httpx.Response(200, json=order()))
    assert exchange.find(CLIENT_ID) is not None
    assert route.call_count == 5


def test_questions_have_an_end(alpaca: respx.MockRouter, open_exchange: Callable[..., AlpacaExchange]) -> None:
    alpaca.get("/account").mock(return_value=httpx.Response(503))
    started = time.monotonic()
    with pytest.raises(ExchangeUnavailable, match="the answer was 503"):
        open_exchange(total=0.3).account()
    assert time.monotonic() - started < 1.0


def test_a_refusal_for_too_many_requests_is_waited_out_as_it_says(
    alpaca: respx.MockRouter, open_exchange: Callable[..., AlpacaExchange]
) -> None:
    headers = {"Date": "Fri, 14 Aug 2026 10:00:00 GMT", "X-Ratelimit-Reset": str(1786701601)}
    assert datetime.fromtimestamp(1786701601, UTC) == datetime(2026, 8, 14, 10, 0, 1, tzinfo=UTC)
    answering(alpaca, "GET", "/account", httpx.Response(429, headers=headers), httpx.Response(200, json=account()))
    started = time.monotonic()
    assert open_exchange(total=5.0).account().cash == Decimal("99987.75")
    assert 0.95 < time.monotonic() - started < 3.0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (json_error(401, "unauthorized."), "does not accept the paper keys: check WEAVER_ALPACA_PAPER_KEY_ID"),
        (json_error(401, "request is not authorized", 40110000), "are not of Alpaca's paper environment"),
        (httpx.Response(401, html=HTML), "does not accept the paper keys"),
        (json_error(403, "forbidden."), "does not let these paper keys do that"),
    ],
    ids=["wrong", "of the other environment", "of nobody", "blocked"],
)
def test_keys_that_are_refused_are_told_apart_and_never_shown(
    alpaca: respx.MockRouter, exchange: AlpacaExchange, answer: httpx.Response, said: str
) -> None:
    route = answering(alpaca, "GET", "/account", answer)
    with pytest.raises(CredentialsRefused, match=said) as refused:
        exchange.account()
    assert route.call_count == 1
    assert KEYS.secret not in repr(refused.value) + str(refused.value) + repr(KEYS) + repr(exchange)


def test_open_orders_are_read_page_by_page_until_there_are_no_more(
    alpaca: respx.MockRouter, exchange: AlpacaExchange
) -> None:
    def at(number: int) -> str:
        return f"2026-08-14T10:{number // 60:02}:{number % 60:02}.000000{number % 10}Z"

    orders = [order(id=f"order-{number}", submitted_at=at(number)) for number in range(1200)]

    def page(request: httpx.Request) -> httpx.Response:
        params = request.url.params
        until = datetime.fromisoformat(params.get("until", "2027-01-01T00:00:00Z"))
        older = [one for one in orders if datetime.fromisoformat(one["submitted_at"]) < until]
        return httpx.Response(200, json=older[::-1][: int(params["limit"])])

    alpaca.get("/assets").mock(return_value=httpx.Response(200, json=[asset()]))
    alpaca.get("/orders").mock(side_effect=page)
    found = exchange.open_orders()
    assert [one.exchange_order_id for one in found] == [one["id"] for one in orders]


def test_an_open_order_that_cannot_be_read_is_not_left_out(alpaca: respx.MockRouter, exchange: AlpacaExchange) -> None:
    alpaca.get("/assets").mock(return_value=httpx.Response(200, json=[asset()]))
    answering(alpaca, "GET", "/orders", httpx.Response(200, json=[order(), order(id="odd", filled_qty="?")]))
    with pytest.raises(ExchangeUnavailable, match="the order odd cannot be read: filled_qty"):
        exchange.open_orders()


def test_executions_are_read_page_by_page_in_the_order_they_happened(
    alpaca: respx.MockRouter, exchange: AlpacaExchange
) -> None:
    fills = [
        fill_activity(id=f"id-{n:03}", cum_qty=f"{n + 1}", transaction_time=f"2026-08-14T10:00:{n // 10:02}.1Z")
        for n in range(250)
    ]
    fills[100], fills[101] = fills[101], fills[100]

    def page(request: httpx.Request) -> httpx.Response:
        token = request.url.params.get("page_token")
        after = 0 if token is None else [one["id"] for one in fills].index(token) + 1
        return httpx.Response(200, json=fills[after : after + int(request.url.params["page_size"])])

    alpaca.get("/assets").mock(return_value=httpx.Response(200, json=[asset()]))
    route = alpaca.get("/account/activities/FILL").mock(side_effect=page)
    found = exchange.executions(datetime(2026, 8, 14, 10, 0, 1, tzinfo=UTC))
    assert [int(one.cumulative_qty) for one in found] == list(range(11, 251))
    assert route.call_count == 3


def test_positions_have_the_symbols_of_orders(alpaca: respx.MockRouter, exchange: AlpacaExchange) -> None:
    alpaca.get("/assets").mock(return_value=httpx.Response(200, json=[asset(), asset(symbol="UNI/BTC")]))
    held = [position(), position(symbol="UNIBTC"), position(symbol="SPY", asset_class="us_equity")]
    alpaca.get("/positions").mock(return_value=httpx.Response(200, json=held))
    assert [one.symbol for one in exchange.positions()] == ["BTC/USD", "UNI/BTC", "SPY"]


def test_a_symbol_alpaca_has_never_heard_of_has_no_listing(alpaca: respx.MockRouter, exchange: AlpacaExchange) -> None:
    answering(alpaca, "GET", "/assets/NOPE%2FUSD", json_error(404, "asset not found for NOPE/USD", 40410000))
    assert exchange.listing("NOPE/USD") is None
    route = answering(alpaca, "GET", "/assets/BTC%2FUSD", httpx.Response(200, json=asset()))
    listing = exchange.listing("BTC/USD")
    assert listing is not None
    assert listing.tradable
    assert route.calls.last.request.url.raw_path == b"/v2/assets/BTC%2FUSD"


def test_legs_are_not_taken_by_this_version(exchange: AlpacaExchange) -> None:
    assert not exchange.instrument("SPY").legs

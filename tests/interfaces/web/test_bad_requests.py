"""Whatever is sent, the answer is one of the contract's errors in the one shape; never a 500."""

import json
import socket
from collections.abc import Iterator
from uuid import UUID

import httpx
import psycopg
import pytest

from domain.event_catalogue import EVENTS
from domain.ids import new_id
from interfaces.composition import Weaver
from tests.interfaces.web.scenes import Served, new_backtest, record_run, require_error, streamed

JSON = {"Content-Type": "application/json"}
LONG = "x" * 10_000


def with_raw(field: str, raw: bytes) -> bytes:
    return json.dumps(new_backtest(**{field: "RAW"})).encode().replace(b'"RAW"', raw)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "VALIDATION_ERROR"),
        (b"null", 422, "VALIDATION_ERROR"),
        (b"[]", 422, "VALIDATION_ERROR"),
        (b'"text"', 422, "VALIDATION_ERROR"),
        (b"1.5", 422, "VALIDATION_ERROR"),
        (with_raw("risk", b"1.5"), 422, "VALIDATION_ERROR"),
        (with_raw("costs", b"-1e3"), 422, "VALIDATION_ERROR"),
        (b"{", 400, "BAD_REQUEST"),
        (b'{"strategy_id": }', 400, "BAD_REQUEST"),
        (b"\xff\xfe", 400, "BAD_REQUEST"),
        (b'{"strategy_id": "\xff"}', 400, "BAD_REQUEST"),
        (b"[" * 100_000, 400, "BAD_REQUEST"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400, "BAD_REQUEST"),
        (with_raw("config", b"1e999"), 422, "VALIDATION_ERROR"),
        (with_raw("initial_cash", b"1e999"), 422, "VALIDATION_ERROR"),
        (with_raw("config", b'{"fast": 9223372036854775808}'), 422, "VALIDATION_ERROR"),
        (with_raw("config", b'{"fast": -9223372036854775809}'), 422, "VALIDATION_ERROR"),
        (with_raw("risk", b'{"max_open_orders": 9223372036854775808}'), 422, "VALIDATION_ERROR"),
        (with_raw("name", b'"\\u0000"'), 422, "VALIDATION_ERROR"),
        (with_raw("notes", b'"a\\u0000b"'), 422, "VALIDATION_ERROR"),
        (with_raw("name", b'"\\ud800"'), 422, "VALIDATION_ERROR"),
        (with_raw("tags", b'["\\ud800"]'), 422, "VALIDATION_ERROR"),
        (with_raw("tags", b'["\\u0000"]'), 422, "VALIDATION_ERROR"),
        (with_raw("symbols", b'["\\u0000"]'), 422, "VALIDATION_ERROR"),
        (with_raw("symbols", b'["\\ud800"]'), 422, "VALIDATION_ERROR"),
        (with_raw("timeframe", b'"\\ud800"'), 422, "VALIDATION_ERROR"),
        (with_raw("config", b'{"fast": "\\u0000"}'), 422, "VALIDATION_ERROR"),
        (with_raw("config", b'{"fast": "\\ud800"}'), 422, "VALIDATION_ERROR"),
        (with_raw("config", b'{"\\ud800": 1}'), 422, "VALIDATION_ERROR"),
        (with_raw("config", b'{"fast": NaN}'), 422, "VALIDATION_ERROR"),
        (with_raw("config", b'{"fast": 1e400}'), 422, "VALIDATION_ERROR"),
        (with_raw("config", b'{"fast": 1e99999999999999999999}'), 422, "VALIDATION_ERROR"),
        (with_raw("initial_cash", b"NaN"), 422, "VALIDATION_ERROR"),
        (with_raw("initial_cash", b"Infinity"), 422, "VALIDATION_ERROR"),
        (with_raw("initial_cash", b"-Infinity"), 422, "VALIDATION_ERROR"),
        (with_raw("initial_cash", b'"NaN"'), 422, "VALIDATION_ERROR"),
        (with_raw("initial_cash", b"1e999999"), 422, "VALIDATION_ERROR"),
        (with_raw("initial_cash", b"9" * 5_000), 422, "VALIDATION_ERROR"),
        (with_raw("initial_cash", b"92233720368547758079223372036854775807"), 422, "VALIDATION_ERROR"),
        (with_raw("name", json.dumps(LONG).encode()), 422, "VALIDATION_ERROR"),
        (with_raw("notes", json.dumps(LONG).encode()), 422, "VALIDATION_ERROR"),
        (with_raw("strategy_id", json.dumps(LONG).encode()), 422, "VALIDATION_ERROR"),
        (with_raw("mode", json.dumps(LONG).encode()), 422, "VALIDATION_ERROR"),
        (with_raw("start_time", json.dumps(LONG).encode()), 422, "VALIDATION_ERROR"),
        (with_raw("start_time", b'"0001-01-01T00:00:00+23:59"'), 422, "VALIDATION_ERROR"),
        (with_raw("start_time", b'"99999-01-01"'), 422, "VALIDATION_ERROR"),
        (with_raw("config", json.dumps({"fast": LONG}).encode()), 422, "VALIDATION_ERROR"),
        (with_raw("config", json.dumps({LONG: 1}).encode()), 422, "VALIDATION_ERROR"),
        (b'{"' + LONG.encode() + b'": 1}', 422, "VALIDATION_ERROR"),
    ],
)
def test_a_bad_body_is_refused(lasting_api: httpx.Client, body: bytes, status: int, code: str) -> None:
    error = require_error(lasting_api.post("/runs", content=body, headers=JSON), status, code)
    assert len(json.dumps(error)) < 20_000


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_that_is_not_said_to_be_json_is_refused(lasting_api: httpx.Client, media_type: str) -> None:
    body = json.dumps(new_backtest()).encode()
    headers = {"Content-Type": media_type} if media_type else {}
    require_error(lasting_api.post("/runs", content=body, headers=headers), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_command_takes_no_fields(lasting_api: httpx.Client) -> None:
    run_id = new_id()
    error = require_error(lasting_api.post(f"/runs/{run_id}/start", json={"force": True}), 422, "VALIDATION_ERROR")
    assert "force" in error["message"]
    require_error(lasting_api.post(f"/runs/{run_id}/start", params={"force": "1"}), 422, "VALIDATION_ERROR")
    require_error(lasting_api.delete(f"/runs/{run_id}", params={"force": "1"}), 422, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=x",
        "page=9223372036854775808",
        "page=99999999999999999999999999",
        "page=1.5",
        "page_size=0",
        "page_size=501",
        "page_size=NaN",
        "page=1&cursor=abc",
        "page=1&page=2",
        "tag=a&tag=b",
        "status=sleeping",
        "status=%00",
        "mode=%00",
        "strategy_id=%00",
        "tag=%00",
        "tag=" + LONG,
        "tag=",
        "colour=red",
        "min_position=-1",
        "min_position=x",
        "min_position=9223372036854775808",
        "min_position=" + "9" * 5_000,
        "cursor=" + LONG,
    ],
)
def test_a_bad_query_is_refused(lasting_api: httpx.Client, query: str) -> None:
    require_error(lasting_api.get(f"/runs?{query}"), 422, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "path",
    [
        "/runs/not-a-uuid",
        "/runs/%00",
        "/orders/1",
        "/orders?side=hold",
        "/orders?start=yesterday",
        "/orders?run_id=1",
        "/orders?symbol=%00",
        "/candles",
        "/candles?symbol=BTC/USD",
        "/candles?timeframe=1h",
        "/candles?symbol=BTC/USD&timeframe=7m",
        "/candles?symbol=%00&timeframe=1h",
        "/candles?symbol=%20&timeframe=1h",
        "/candles?symbol=BTC/USD&timeframe=1h&limit=0",
        "/candles?symbol=BTC/USD&timeframe=1h&points=1",
        "/candles?symbol=BTC/USD&timeframe=1h&points=10001",
        "/candles?symbol=BTC/USD&timeframe=1h&limit=1000&points=1000",
        "/candles?symbol=BTC/USD&timeframe=1h&start=2024-13-01",
        "/events/tail?after=-1",
        "/events/tail?after=9223372036854775808",
        "/events/tail?limit=1001",
        "/events/tail?wait=31",
        "/events/tail?wait=NaN",
        "/events/tail?type=%00",
        "/events/tail?type=" + LONG,
        "/events/tail?type=order.fill",
        "/events/tail?type=ORDER.FILLED",
        "/events/tail?type=progress",
        "/events/tail?type=order.filled&type=order.fulfilled",
        "/events/tail?after=1&after=2",
        "/events/tail?after=99999999999999999999999999",
        "/events/tail?after=1e3",
        "/events/stream?type=order.fill",
        "/events/stream?after=" + LONG,
        "/events/stream?run_id=%00",
        "/events/stream?colour=red",
        "/events/stream?run_id=x",
        "/info?colour=red",
        "/strategies?colour=red",
        "/symbols?page_size=0",
        "/strategies/%00",
        "/strategies/..%2F..%2Fetc",
    ],
)
def test_a_bad_address_is_refused(lasting_api: httpx.Client, path: str) -> None:
    response = lasting_api.get(path)
    require_error(response, response.status_code, "NOT_FOUND" if response.status_code == 404 else "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/nothing"),
        ("POST", "/api/v1/nothing"),
        ("GET", "/api/v1/runs/"),
        ("GET", "/api"),
        ("GET", "/api/v2/runs"),
        ("PUT", "/elsewhere"),
        ("GET", "/nowhere.txt"),
        ("GET", "/api/v1/%ff"),
    ],
)
def test_an_unknown_address_is_not_found(lasting_server: Served, method: str, path: str) -> None:
    with lasting_server.client() as client:
        require_error(client.request(method, path, headers={"Accept": "application/json"}), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/runs", {"GET", "POST"}),
        ("PATCH", "/api/v1/info", {"GET"}),
        ("GET", f"/api/v1/runs/{UUID(int=7)}/start", {"POST"}),
        ("OPTIONS", "/api/v1/info", {"GET"}),
        ("POST", "/healthz", {"GET"}),
    ],
)
def test_a_wrong_method_says_which_are_right(lasting_server: Served, method: str, path: str, allowed: set[str]) -> None:
    with lasting_server.client() as client:
        response = client.request(method, path)
    require_error(response, 405, "METHOD_NOT_ALLOWED")
    assert set(response.headers["allow"].split(", ")) == allowed


def test_a_body_beyond_a_mebibyte_is_refused_announced_or_not(
    lasting_server: Served, lasting_api: httpx.Client
) -> None:
    big = json.dumps(new_backtest(notes="x" * (1024 * 1024))).encode()

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(big), 10_000):
            yield big[start : start + 10_000]

    require_error(lasting_api.post("/runs", content=big, headers=JSON), 413, "PAYLOAD_TOO_LARGE")
    require_error(lasting_api.post("/runs", content=chunks(), headers=JSON), 413, "PAYLOAD_TOO_LARGE")
    require_error(lasting_api.post("/runs", content=b"x" * (1024 * 1024), headers=JSON), 400, "BAD_REQUEST")
    with socket.create_connection((lasting_server.host, lasting_server.port), timeout=20) as connection:
        connection.sendall(
            b"POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999999999999999\r\nConnection: close\r\n\r\n"
        )
        assert b" 413 " in connection.recv(4096).split(b"\r\n")[0]


def test_correlation_ids_are_kept_when_printable_and_replaced_otherwise(lasting_api: httpx.Client) -> None:
    assert lasting_api.get("/info", headers={"X-Correlation-ID": "abc-123"}).headers["x-correlation-id"] == "abc-123"
    for given in (b"x" * 129, b"\xe4", b"", b"a\tb"):
        answer = lasting_api.get("/nothing", headers=[(b"X-Correlation-ID", given)])
        kept = answer.headers["x-correlation-id"]
        assert kept.encode() != given
        assert len(kept) == 36
    assert lasting_api.get("/info").headers["x-correlation-id"] != lasting_api.get("/info").headers["x-correlation-id"]


def test_what_nobody_expected_is_an_error_that_tells_nothing(api: httpx.Client, weaver: Weaver) -> None:
    with psycopg.connect(weaver.database_url, autocommit=True) as connection:
        connection.execute("alter table run_tally rename to secret_runs")
    error = require_error(api.get("/runs", headers={"X-Correlation-ID": "look-me-up"}), 500, "INTERNAL_ERROR")
    assert error["correlation_id"] == "look-me-up"
    assert "runs" not in json.dumps(error)


def test_a_database_that_is_away_is_said_to_be_away_soon(api: httpx.Client, weaver: Weaver) -> None:
    weaver.queries.close()
    error = require_error(api.get("/runs"), 503, "SERVICE_UNAVAILABLE")
    assert error["details"] == {}


def test_a_type_no_event_has_is_refused_with_the_nearest_one(lasting_api: httpx.Client) -> None:
    for path in ("/events/tail", "/events/stream"):
        error = require_error(lasting_api.get(path, params={"type": "order.fill"}), 422, "VALIDATION_ERROR")
        assert "did you mean order.filled?" in error["message"]
    assert lasting_api.get("/events/tail", params={"type": [*EVENTS]}).status_code == 200


@pytest.mark.parametrize(
    "given", ["", "x", "-", "-1", "5", "0-", "0-x", "0--1", "0-9" * 60, "elsewhere-3", "\x7f", "٣-٣"]
)
def test_a_place_that_is_not_of_this_journal_resets_the_stream(lasting_server: Served, given: str) -> None:
    with lasting_server.client() as client:
        headers = [(b"Last-Event-ID", given.encode())]
        with client.stream("GET", "/api/v1/events/stream", headers=headers) as stream:
            assert stream.status_code == 200
            [event] = streamed(stream.iter_lines(), 1)
    assert event["event"] == "reset"


@pytest.mark.parametrize("after", ["-1", "x", "9223372036854775807", "99999999999999999999"])
def test_a_position_that_cannot_be_resets_the_stream(lasting_server: Served, after: str) -> None:
    with lasting_server.client() as client:
        with client.stream("GET", "/api/v1/events/stream", params={"after": after}) as stream:
            assert stream.status_code == 200
            [event] = streamed(stream.iter_lines(), 1)
    assert event["event"] == "reset"


def test_a_cursor_is_good_for_its_own_list_alone(api: httpx.Client, weaver: Weaver) -> None:
    for _ in range(3):
        record_run(weaver)
    first = api.get("/runs", params={"page_size": 1, "min_position": weaver.journal.head()}).json()
    cursor = first["next_cursor"]
    assert api.get("/runs", params={"page_size": 1, "cursor": cursor}).status_code == 200
    swapped = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for path, parameters in (
        ("/runs", {"cursor": cursor, "mode": "backtest"}),
        ("/orders", {"cursor": cursor}),
        ("/fills", {"cursor": cursor}),
        ("/symbols", {"cursor": cursor}),
        ("/runs", {"cursor": swapped}),
        ("/runs", {"cursor": cursor[1:]}),
        ("/runs", {"cursor": cursor + "="}),
        ("/runs", {"cursor": "ünder"}),
        ("/runs", {"cursor": "\0"}),
    ):
        error = require_error(api.get(path, params=parameters), 400, "BAD_REQUEST")
        assert "next_cursor" in error["message"]

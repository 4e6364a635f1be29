"""Who may ask: API key, Host, Origin and address; and the headers every answer carries."""

import asyncio
import hmac
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from domain.errors import InvalidInput
from domain.ids import new_id
from interfaces.composition import Weaver
from interfaces.logs import Redaction
from interfaces.settings import Settings
from interfaces.web.app import create_app
from interfaces.web.errors import ErrorAnswers
from interfaces.web.security import Gate
from tests.interfaces.web.scenes import Served, composed, require_error, served

KEY = "correct horse battery staple"
DOCUMENTS = ("/docs", "/redoc", "/openapi.json", "/metrics", "/api/v1/nothing", "/api")


@pytest.fixture(scope="module")
def guarded(lasting_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A Weaver with an API key and a few allowed names."""
    settings: dict[str, Any] = {
        "api_key": KEY,
        "allowed_hosts": ("weaver.example",),
        "allowed_origins": ("https://desk.example",),
    }
    with (
        composed(lasting_database_url, tmp_path_factory.mktemp("home"), **settings) as weaver,
        served(weaver) as server,
    ):
        yield server


def test_with_a_key_set_every_route_but_healthz_needs_it(guarded: Served) -> None:
    document = create_app(guarded.weaver).openapi()
    addresses = [
        (
            method,
            path.replace("{name}", "sma_cross").replace("{run_id}", str(new_id())).replace("{order_id}", str(new_id())),
        )
        for path, operations in document["paths"].items()
        for method in operations
        if path != "/healthz"
    ]
    assert len(addresses) > 20
    with guarded.client() as client:
        for method, path in addresses + [("get", path) for path in DOCUMENTS]:
            error = require_error(client.request(method, path), 401, "UNAUTHORIZED")
            assert "X-API-Key" in error["message"]
        assert client.get("/healthz").status_code == 200
        require_error(client.post("/"), 401, "UNAUTHORIZED")


@pytest.mark.parametrize("given", [b"", b"wrong", KEY[:-1].encode(), KEY.encode() + b"x", b"\xff\xfe", b"x" * 10_000])
def test_a_wrong_key_is_refused(guarded: Served, given: bytes) -> None:
    with guarded.client() as client:
        headers = [(b"X-API-Key", given)]
        error = require_error(client.get("/api/v1/info", headers=headers), 401, "UNAUTHORIZED")
        assert KEY not in str(error)


def test_the_right_key_opens_everything(guarded: Served) -> None:
    with guarded.client(headers={"X-API-Key": KEY}) as client:
        for path in ("/api/v1/info", "/api/v1/runs", "/readyz", "/docs", "/openapi.json"):
            assert client.get(path).status_code == 200, path
        require_error(client.get("/api/v1/nothing"), 404, "NOT_FOUND")
        require_error(client.get(f"/api/v1/info?X-API-Key={KEY}"), 422, "VALIDATION_ERROR")


def test_a_key_in_the_address_opens_nothing(guarded: Served) -> None:
    with guarded.client() as client:
        require_error(client.get("/api/v1/info", params={"api_key": KEY, "X-API-Key": KEY}), 401, "UNAUTHORIZED")


def test_the_page_where_the_key_is_asked_for_needs_none(guarded: Served) -> None:
    with guarded.client(headers={"Accept": "text/html"}) as client:
        assert client.get("/").status_code == 200
        assert client.get("/runs/new").status_code == 200


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("127.0.0.1:1", True),
        ("127.9.9.9", True),
        ("[::1]:8000", True),
        ("weaver.example", True),
        ("Weaver.Example:443", True),
        ("weaver.example.", True),
        ("evil.example", False),
        ("weaver.example.evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("evil.example:127.0.0.1", False),
        ("localhost@evil.example", False),
        ("", False),
        ("[", False),
    ],
)
def test_only_known_hosts_are_answered(guarded: Served, host: str, allowed: bool) -> None:
    with guarded.client() as client:
        response = client.get("/healthz", headers={"Host": host})
    if allowed:
        assert response.status_code == 200
    else:
        require_error(response, 403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://localhost:8000", "127.0.0.1:8000", True),
        ("https://weaver.example", "weaver.example", True),
        ("https://desk.example", "127.0.0.1:8000", True),
        ("https://desk.example:444", "127.0.0.1:8000", False),
        ("http://desk.example", "127.0.0.1:8000", False),
        ("http://localhost:3000", "127.0.0.1:8000", False),
        ("http://evil.example", "127.0.0.1:8000", False),
        ("http://evil.example:8000", "127.0.0.1:8000", False),
        ("http://127.0.0.1:8000.evil.example", "127.0.0.1:8000", False),
        ("null", "127.0.0.1:8000", False),
        ("file://127.0.0.1:8000", "127.0.0.1:8000", False),
        ("http://[", "127.0.0.1:8000", False),
    ],
)
def test_only_known_origins_may_send_a_browser(guarded: Served, origin: str, host: str, allowed: bool) -> None:
    headers = {"X-API-Key": KEY, "Origin": origin, "Host": host}
    with guarded.client(headers=headers) as client:
        response = client.post(f"/api/v1/runs/{new_id()}/start")
        if allowed:
            require_error(response, 404, "NOT_FOUND")
        else:
            require_error(response, 403, "FORBIDDEN")
        has_cors = any(name.startswith("access-control") for name in response.headers)
        assert has_cors == (origin == "https://desk.example"), "only what is listed, and not Weaver's own page"


def test_only_known_addresses_are_answered(database_url: str, tmp_path: Path) -> None:
    with (
        composed(database_url, tmp_path, allowed_ips=("10.0.0.0/8", "192.168.1.7")) as weaver,
        served(weaver) as server,
    ):
        with server.client(headers={"X-Forwarded-For": "10.0.0.1"}) as client:
            error = require_error(client.get("/healthz"), 403, "FORBIDDEN")
    assert "127.0.0.1" in error["message"]
    assert "WEAVER_ALLOWED_IPS" in error["message"]


@pytest.mark.parametrize(
    ("allowed", "client", "is_known"),
    [
        ((), "127.0.0.1", True),
        ((), "127.9.9.9", True),
        ((), "::1", True),
        ((), "::ffff:127.0.0.1", True),
        ((), "10.0.0.1", False),
        ((), "::2", False),
        ((), "localhost", False),
        (("2001:db8:1::/48",), "2001:db8:1:9::5", True),
        (("2001:db8:1::/48",), "2001:db8:2::5", False),
        (("2001:db8:1::7",), "2001:DB8:1:0::7", True),
        (("10.0.0.0/8",), "::ffff:10.1.2.3", True),
        (("10.0.0.0/8",), "127.0.0.1", False),
        (("fe80::/10",), "fe80::1%eth0", True),
    ],
)
def test_addresses_of_both_families_are_held_against_the_list(
    lasting_server: Served, allowed: tuple[str, ...], client: str, is_known: bool
) -> None:
    settings = lasting_server.weaver.settings.model_copy(update={"allowed_ips": allowed})
    passed: list[Scope] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope)

    async def send(message: Message) -> None:
        assert message.get("status", 403) == 403

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/healthz",
        "query_string": b"",
        "client": (client, 1),
        "headers": [(b"host", b"[::1]:8000"), (b"x-forwarded-for", b"127.0.0.1"), (b"x-real-ip", b"10.0.0.1")],
        "state": {"correlation_id": "x"},
    }
    gate = Gate(application, settings, ErrorAnswers(lasting_server.weaver.clock, Redaction()))
    asyncio.run(gate(scope, receive, send))
    assert bool(passed) == is_known


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "weaver.example", ""])
def test_binding_beyond_loopback_without_a_key_is_refused(host: str) -> None:
    with pytest.raises(InvalidInput, match="set WEAVER_API_KEY"):
        Settings.read(host=host)
    with pytest.raises(InvalidInput, match="set WEAVER_API_KEY"):
        Settings.read(host=host, api_key="")
    assert Settings.read(host=host, api_key=KEY).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.1.2.3"])
def test_loopback_needs_no_key(host: str) -> None:
    assert Settings.read(host=host).api_key is None


def test_keys_are_compared_by_digests_in_constant_time(guarded: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []
    real = hmac.compare_digest

    def noting(one: bytes, another: bytes) -> bool:
        compared.append((len(one), len(another)))
        return real(one, another)

    monkeypatch.setattr("interfaces.web.security.hmac.compare_digest", noting)
    with guarded.client() as client:
        for given in ("", "c", KEY[:-1], KEY * 50):
            client.get("/api/v1/info", headers={"X-API-Key": given})
    assert compared == [(32, 32)] * 4


def test_an_address_that_is_none_is_refused_at_start(database_url: str, tmp_path: Path) -> None:
    with composed(database_url, tmp_path, allowed_ips=("ten",)) as weaver:
        app = create_app(weaver)
        with pytest.raises(InvalidInput, match="WEAVER_ALLOWED_IPS"):
            app.build_middleware_stack()


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/api/v1/info"), ("GET", "/api/v1/nothing"), ("PUT", "/healthz"), ("GET", "/docs")],
)
def test_every_answer_carries_the_security_headers(lasting_server: Served, method: str, path: str) -> None:
    with lasting_server.client() as client:
        headers = client.request(method, path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert "server" not in headers
    if path != "/docs":
        assert "script-src 'self';" in headers["content-security-policy"]


def test_errors_files_and_answers_without_a_body_carry_them_too(weaver: Weaver, tmp_path: Path) -> None:
    page = tmp_path / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html>")
    (page / "assets" / "app.js").write_text("1")
    with served(weaver, page) as server, server.client() as client:
        file = client.get("/assets/app.js")
        answers = {
            200: file,
            304: client.get("/assets/app.js", headers={"If-None-Match": file.headers["etag"]}),
            206: client.get("/assets/app.js", headers={"Range": "bytes=0-0"}),
            403: client.get("/", headers={"Host": "evil.example"}),
            404: client.get("/assets/nothing.js"),
            405: client.head("/api/v1/info"),
            413: client.post("/api/v1/runs", content=b"x" * 2_000_000),
            415: client.post("/api/v1/runs", content=b"x"),
            422: client.get("/api/v1/runs?page=0"),
        }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["x-content-type-options"] == "nosniff", status
        assert answer.headers["x-frame-options"] == "DENY", status
        assert answer.headers["referrer-policy"] == "no-referrer", status
        assert answer.headers["cross-origin-opener-policy"] == "same-origin", status
        assert answer.headers["cross-origin-resource-policy"] == "same-origin", status
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], status
        assert answer.headers["x-correlation-id"], status
        assert answer.headers["cache-control"], status


def test_a_request_without_a_host_is_refused(server: Served) -> None:
    with socket.create_connection((server.host, server.port), timeout=10) as connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert b" 403 " in connection.recv(65536)


def test_a_websocket_is_not_opened(server: Served) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    with httpx.Client(base_url=server.url, headers=upgrade, timeout=10) as client:
        assert client.get("/api/v1/info").status_code != 101

"""Who may ask: API key, Host, Origin and address; and the headers every answer carries."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.errors import InvalidInput
from domain.ids import new_id
from interfaces.web.app import create_app
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
        assert not [name for name in response.headers if name.startswith("access-control")], "CORS is off"


def test_only_known_addresses_are_answered(database_url: str, tmp_path: Path) -> None:
    with (
        composed(database_url, tmp_path, allowed_ips=("10.0.0.0/8", "192.168.1.7")) as weaver,
        served(weaver) as server,
    ):
        with server.client(headers={"X-Forwarded-For": "10.0.0.1"}) as client:
            error = require_error(client.get("/healthz"), 403, "FORBIDDEN")
    assert "127.0.0.1" in error["message"]
    assert "WEAVER_ALLOWED_IPS" in error["message"]


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

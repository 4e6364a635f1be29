"""nginx as the image runs it, before a real `weaver serve`: the page, the API, the limits, and events as they come."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from interfaces.settings import Settings
from interfaces.web.edge import MAX_BODY_BYTES, PAGE_POLICY, SECURITY_HEADERS
from interfaces.web.page import ASK_EACH_TIME, FOR_EVER
from tests.docker.nginx_server import NGINX, TEMPLATE, WITHOUT_NGINX, NginxServer
from tests.interfaces.web.scenes import require_error, streamed
from tests.postgres_servers import fresh_database
from tests.system.weaver_process import WeaverServer, free_port

pytestmark = pytest.mark.skipif(NGINX is None, reason=WITHOUT_NGINX)

KEY = "the-key-of-this-test"
HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
# A proxy that waits for its buffer to fill holds an event until many have followed: the next sign of life is a
# heartbeat, after fifteen seconds.
EVENT_SECONDS = 5.0


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built page of three files."""
    directory = tmp_path_factory.mktemp("built") / "dist"
    (directory / "assets").mkdir(parents=True)
    (directory / "index.html").write_text("<!doctype html><title>Haro</title>")
    (directory / "assets" / "index-abc123.js").write_text("1;" * 2_000)
    (directory / "robots.txt").write_text("Disallow: /")
    return directory


@pytest.fixture(scope="module")
def backend(
    tmp_path_factory: pytest.TempPathFactory, server_url: str, migrated_template: str
) -> Iterator[WeaverServer]:
    """A server with a key and a database of its own."""
    with fresh_database(server_url, f"weaver_nginx_{os.getpid()}", migrated_template) as url:
        home = tmp_path_factory.mktemp("weaver-home")
        server = WeaverServer(home, WEAVER_DATABASE_URL=url, WEAVER_API_KEY=KEY, WEAVER_RATE_LIMIT="0")
        server.api.headers["X-API-Key"] = KEY
        with server:
            yield server


@pytest.fixture(scope="module")
def nginx(backend: WeaverServer, page: Path) -> Iterator[NginxServer]:
    """The server behind nginx."""
    with NginxServer(f"127.0.0.1:{backend.port}", page) as server:
        yield server


@pytest.fixture
def front(nginx: NginxServer) -> Iterator[httpx.Client]:
    """A client of nginx that has no key."""
    with httpx.Client(base_url=nginx.url, timeout=20.0) as client:
        yield client


@pytest.fixture
def api(nginx: NginxServer) -> Iterator[httpx.Client]:
    """A client of the REST interface behind nginx, with the key."""
    with httpx.Client(base_url=nginx.url, timeout=20.0, headers={"X-API-Key": KEY}) as client:
        yield client


def require_own_headers(response: httpx.Response) -> None:
    """Check that an answer has the server's security headers, each of them once."""
    for name, value in (SECURITY_HEADERS | {"Content-Security-Policy": PAGE_POLICY}).items():
        assert response.headers.get_list(name) == [value], name
    for name in ("Cache-Control", "X-Correlation-ID"):
        assert len(response.headers.get_list(name)) == 1, name


def test_the_configuration_is_one_nginx_accepts_without_a_warning(nginx: NginxServer) -> None:
    tested = subprocess.run(nginx.command("-t"), capture_output=True, text=True, timeout=60, check=False)
    assert tested.returncode == 0, tested.stderr
    assert "warn" not in tested.stderr


@pytest.mark.parametrize("path", ["/", "/runs", "/runs/new", "/apix"])
def test_every_address_of_the_application_is_the_page(front: httpx.Client, path: str) -> None:
    response = front.get(path, headers=HTML)
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html")
    assert "Haro" in response.text
    assert response.headers["cache-control"] == ASK_EACH_TIME
    require_own_headers(response)


def test_hashed_assets_are_kept_for_ever_and_sent_small(front: httpx.Client) -> None:
    asset = front.get("/assets/index-abc123.js")
    assert asset.headers["cache-control"] == FOR_EVER
    assert asset.headers["content-encoding"] == "gzip"
    assert "javascript" in asset.headers["content-type"]
    require_own_headers(asset)
    assert front.get("/robots.txt").headers["cache-control"] == ASK_EACH_TIME
    etag = asset.headers["etag"]
    unchanged = front.get("/assets/index-abc123.js", headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.headers["cache-control"]) == (304, FOR_EVER)


@pytest.mark.parametrize("path", ["/assets/gone.js", "/gone.js", "/metrics"])
def test_what_is_not_there_is_a_404_in_the_one_shape(front: httpx.Client, path: str) -> None:
    response = front.get(path, headers={"X-Correlation-ID": "mine-1"})
    require_error(response, 404, "NOT_FOUND")
    assert response.json()["correlation_id"] == response.headers["x-correlation-id"] == "mine-1"
    assert response.headers["cache-control"] == "no-store"
    require_own_headers(response)


def test_a_correlation_id_that_would_break_the_shape_is_replaced(front: httpx.Client) -> None:
    response = front.get("/gone.js", headers={"X-Correlation-ID": '","code":"X'})
    require_error(response, 404, "NOT_FOUND")


def test_an_address_that_leads_outside_is_refused(front: httpx.Client) -> None:
    require_error(front.get("/%2e%2e/nginx.conf"), 400, "BAD_REQUEST")


def test_the_api_answers_through_nginx_as_it_does_itself(api: httpx.Client, front: httpx.Client) -> None:
    answer = api.get("/api/v1/info")
    assert answer.status_code == 200, answer.text
    require_own_headers(answer)
    assert answer.headers["cache-control"] == "no-store"
    require_error(front.get("/api/v1/info"), 401, "UNAUTHORIZED")
    require_error(api.get("/api/v1/nothing"), 404, "NOT_FOUND")
    require_error(api.post("/api/v1/runs", json={"mode": "wrong"}), 422, "VALIDATION_ERROR")
    assert front.get("/healthz").json()["status"] == "ok"
    assert api.get("/readyz").status_code == 200
    assert "openapi" in api.get("/openapi.json").json()
    assert api.get("/docs").headers["content-security-policy"].startswith("default-src 'none'")


def test_host_and_origin_are_those_the_browser_sent(api: httpx.Client, nginx: NginxServer) -> None:
    assert api.get("/api/v1/info", headers={"Origin": nginx.url}).status_code == 200
    require_error(api.get("/api/v1/info", headers={"Origin": "https://elsewhere.example"}), 403, "FORBIDDEN")
    require_error(api.get("/api/v1/info", headers={"Host": "elsewhere.example"}), 403, "FORBIDDEN")


def test_a_body_beyond_the_limit_is_refused_in_the_one_shape(api: httpx.Client) -> None:
    longest = api.post("/api/v1/runs", content=b" " * MAX_BODY_BYTES, headers={"Content-Type": "application/json"})
    require_error(longest, 400, "BAD_REQUEST")  # the server's word: no JSON
    response = api.post("/api/v1/runs", content=b" " * (MAX_BODY_BYTES + 1))
    require_error(response, 413, "PAYLOAD_TOO_LARGE")
    assert str(MAX_BODY_BYTES) in response.json()["message"]
    require_own_headers(response)


def test_an_event_comes_through_as_it_happens(api: httpx.Client) -> None:
    wanted = {"type": "risk.halted"}
    with api.stream("GET", "/api/v1/events/stream", params=wanted, timeout=EVENT_SECONDS) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in stream.headers
        halted = api.post("/api/v1/halt", json={"reason": "to see it pass"})
        answered = time.monotonic()
        assert halted.status_code == 202, halted.text
        [event] = streamed(stream.iter_lines(), 1)
        assert time.monotonic() - answered < EVENT_SECONDS
    assert json.loads(event["data"])["position"] == int(halted.headers["weaver-position"])


def test_who_asks_too_often_is_told_so_but_may_halt_and_watch(backend: WeaverServer, page: Path) -> None:
    with (
        NginxServer(f"127.0.0.1:{backend.port}", page, limits=(1, 1)) as strict,
        httpx.Client(base_url=strict.url, timeout=20.0, headers={"X-API-Key": KEY}) as client,
    ):
        answers = [client.get("/api/v1/risk") for _ in range(6)]
        refused = [answer for answer in answers if answer.status_code != 200]
        assert refused
        for answer in refused:
            require_error(answer, 429, "RATE_LIMITED")
            assert answer.headers["retry-after"] == "1"
            require_own_headers(answer)
        assert [client.post("/api/v1/halt").status_code for _ in range(6)] == [202] * 6
        assert [client.get("/readyz").status_code for _ in range(6)] == [200] * 6
        with client.stream("GET", "/api/v1/events/stream") as stream:
            assert stream.status_code == 200


def test_the_limits_are_those_of_the_server() -> None:
    defaults = Settings.model_fields
    text = TEMPLATE.read_text()
    assert f"rate={defaults['rate_limit'].default:g}r/s" in text
    assert f"burst={defaults['rate_burst'].default} " in text


def test_without_a_server_the_page_is_there_and_the_api_says_what_is_wrong(page: Path) -> None:
    with NginxServer(f"127.0.0.1:{free_port()}", page) as alone, httpx.Client(base_url=alone.url) as client:
        assert "Haro" in client.get("/", headers=HTML).text
        response = client.get("/api/v1/info")
        require_error(response, 503, "SERVICE_UNAVAILABLE")
        require_own_headers(response)

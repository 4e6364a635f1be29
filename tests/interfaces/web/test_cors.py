"""Pages of other origins: nothing by default; with a list, those on it and nobody else."""

import json
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from domain.errors import InvalidInput
from interfaces.logs import configure_logs
from interfaces.settings import Settings
from tests.interfaces.web.scenes import Served, composed, record_run, require_error, served, streamed

DESK = "https://desk.example"
KEY = "correct horse battery staple"
PREFLIGHT = {"Origin": DESK, "Access-Control-Request-Method": "POST"}
SENT = ("X-API-Key", "Idempotency-Key", "X-Correlation-ID", "Last-Event-ID", "Content-Type")
READ = {"Weaver-Position", "Idempotent-Replayed", "X-Correlation-ID", "Location", "Retry-After"}


@pytest.fixture(scope="module")
def shared(lasting_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A Weaver with an API key that a page of another origin may call."""
    home = tmp_path_factory.mktemp("home")
    settings = {"allowed_origins": (DESK, "http://localhost:3000"), "api_key": KEY}
    with composed(lasting_database_url, home, **settings) as weaver, served(weaver) as server:
        yield server


def cors_headers(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_preflight_of_a_listed_origin_needs_no_key(shared: Served, method: str) -> None:
    asked = PREFLIGHT | {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": ", ".join(SENT)}
    with shared.client() as client:
        response = client.options("/api/v1/runs", headers=asked)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == DESK
    assert method in response.headers["access-control-allow-methods"]
    allowed = response.headers["access-control-allow-headers"].lower()
    assert all(name.lower() in allowed for name in SENT)
    assert "access-control-allow-credentials" not in response.headers
    assert "Origin" in response.headers["vary"]
    assert response.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "asked",
    [{"Access-Control-Request-Method": "TRACE"}, {"Access-Control-Request-Headers": "X-Something"}],
)
def test_a_preflight_for_something_else_is_refused_in_the_one_shape(shared: Served, asked: dict[str, str]) -> None:
    with shared.client() as client:
        error = require_error(client.options("/api/v1/runs", headers=PREFLIGHT | asked), 400, "BAD_REQUEST")
    assert "Idempotency-Key" in error["message"]


def test_answers_to_a_listed_origin_may_be_read(shared: Served) -> None:
    with shared.client(headers={"X-API-Key": KEY, "Origin": DESK}) as client:
        response = client.get("/api/v1/info")
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == DESK
    assert set(response.headers["access-control-expose-headers"].split(", ")) == READ


def test_errors_may_be_read_too(shared: Served) -> None:
    with shared.client(headers={"Origin": DESK}) as client:
        refused = client.get("/api/v1/info")
        require_error(refused, 401, "UNAUTHORIZED")
        client.headers["X-API-Key"] = KEY
        answers = [
            refused,
            client.get("/api/v1/nothing"),
            client.put("/api/v1/runs"),
            client.get("/api/v1/runs?page=0"),
            client.post("/api/v1/runs", content=b"{", headers={"Content-Type": "application/json"}),
            client.post("/api/v1/runs", content=b"x" * (1024 * 1024 + 1)),
        ]
    assert [answer.status_code for answer in answers] == [401, 404, 405, 422, 400, 413]
    assert {answer.headers.get("access-control-allow-origin") for answer in answers} == {DESK}


def test_even_what_nobody_expected_may_be_read(shared: Served) -> None:
    configure_logs("CRITICAL", "json")
    with psycopg.connect(shared.weaver.database_url, autocommit=True) as connection:
        connection.execute("alter table run_tally rename to hidden_runs")
        try:
            with shared.client(headers={"Origin": DESK, "X-API-Key": KEY}) as client:
                response = client.get("/api/v1/runs")
        finally:
            connection.execute("alter table hidden_runs rename to run_tally")
    require_error(response, 500, "INTERNAL_ERROR")
    assert response.headers["access-control-allow-origin"] == DESK


def test_the_event_stream_may_be_followed_too(shared: Served) -> None:
    with shared.client(headers={"Origin": DESK, "X-API-Key": KEY}) as client:
        with client.stream("GET", "/api/v1/events/stream") as stream:
            assert stream.headers["access-control-allow-origin"] == DESK
            run_id = record_run(shared.weaver)
            [event] = streamed(stream.iter_lines(), 1)
    assert json.loads(event["data"])["run_id"] == str(run_id)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://desk.example.evil.example"])
def test_other_origins_get_no_cors_header(shared: Served, origin: str) -> None:
    with shared.client(headers={"Origin": origin, "X-API-Key": KEY}) as client:
        for response in (
            client.get("/api/v1/info"),
            client.options("/api/v1/runs", headers=PREFLIGHT | {"Origin": origin}),
        ):
            require_error(response, 403, "FORBIDDEN")
            assert cors_headers(response) == {}


def test_weavers_own_page_and_programs_get_no_cors_header(shared: Served) -> None:
    with shared.client(headers={"X-API-Key": KEY}) as client:
        own = client.get("/api/v1/info", headers={"Origin": shared.url})
        assert own.status_code == 200
        assert cors_headers(own) == cors_headers(client.get("/api/v1/info")) == {}


def test_without_a_list_there_is_no_cors_at_all(lasting_server: Served) -> None:
    with lasting_server.client() as client:
        for headers in ({"Origin": lasting_server.url}, PREFLIGHT, {}):
            assert cors_headers(client.get("/api/v1/info", headers=headers)) == {}
        preflight = client.options("/api/v1/runs", headers=PREFLIGHT | {"Origin": lasting_server.url})
        require_error(preflight, 405, "METHOD_NOT_ALLOWED")
        assert cors_headers(preflight) == {}


@pytest.mark.parametrize(
    "given", ["*", "https://*.example", "desk.example", "https://desk.example/page", "null", "file://x"]
)
def test_what_is_no_origin_is_refused_at_start(given: str) -> None:
    with pytest.raises(InvalidInput, match=r"WEAVER_ALLOWED_ORIGINS.*is no origin"):
        Settings.read(allowed_origins=given)


def test_origins_are_compared_as_browsers_write_them() -> None:
    assert Settings.read(allowed_origins="HTTPS://Desk.Example/").allowed_origins == (DESK,)

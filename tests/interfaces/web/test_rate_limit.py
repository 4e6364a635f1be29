"""A client that asks too often is told so, and when to come back; nobody else notices."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.ids import new_id
from interfaces.settings import Settings
from interfaces.web.rate_limit import MAX_CLIENTS, UNKNOWN_CLIENT, Buckets, client_of
from tests.interfaces.web.scenes import Served, composed, require_error, served

BURST = 5


@pytest.fixture(scope="module")
def limited(lasting_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A Weaver whose clients have five requests, and one more every hour and a half or so."""
    home = tmp_path_factory.mktemp("home")
    with composed(lasting_database_url, home, rate_limit=0.0002, rate_burst=BURST) as weaver, served(weaver) as server:
        with server.client() as client:
            for _ in range(BURST):
                assert client.get("/api/v1/info").status_code == 200
        yield server


def test_a_client_beyond_its_limit_is_told_when_to_come_back(limited: Served) -> None:
    with limited.client() as client:
        response = client.get("/api/v1/info")
        error = require_error(response, 429, "RATE_LIMITED")
        assert response.headers["x-content-type-options"] == "nosniff"
    assert 4_000 < int(response.headers["retry-after"]) <= 5_000
    assert error["details"]["retry_after"] == int(response.headers["retry-after"])
    assert "0.0002 a second" in error["message"]


def test_forwarded_addresses_buy_no_second_limit(limited: Served) -> None:
    with limited.client(headers={"X-Forwarded-For": "10.9.8.7", "Forwarded": "for=10.9.8.7"}) as client:
        require_error(client.get("/api/v1/info"), 429, "RATE_LIMITED")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_what_watches_weaver_is_always_answered(limited: Served, path: str) -> None:
    with limited.client() as client:
        for _ in range(3 * BURST):
            assert client.get(path).status_code == 200


def test_the_kill_switch_is_always_answered(limited: Served) -> None:
    with limited.client() as client:
        for _ in range(3 * BURST):
            assert client.post("/api/v1/halt").status_code != 429
        assert client.post("/api/v1/runs").status_code == 429


def test_a_client_of_the_event_stream_is_let_in_and_stays(limited: Served) -> None:
    lines: list[Iterator[str]] = []
    with limited.client() as client, contextlib.ExitStack() as streams:
        for _ in range(3 * BURST):
            stream = streams.enter_context(client.stream("GET", "/api/v1/events/stream"))
            assert stream.status_code == 200
            lines.append(stream.iter_lines())
            assert next(lines[-1]).startswith("retry")


def test_the_defaults_let_a_thousand_equal_posts_through_at_once(server: Served) -> None:
    address = f"/api/v1/runs/{new_id()}/start"
    with server.client(limits=httpx.Limits(max_connections=20)) as client, ThreadPoolExecutor(20) as clients:
        statuses = set(clients.map(lambda _: client.post(address).status_code, range(1_000)))
    assert statuses == {404}


def test_without_a_limit_nobody_is_refused(database_url: str, tmp_path: Path) -> None:
    with composed(database_url, tmp_path, rate_limit=0, rate_burst=1) as weaver, served(weaver) as server:
        with server.client() as client:
            assert {client.get("/api/v1/info").status_code for _ in range(20)} == {200}


@pytest.mark.parametrize("given", [{"rate_limit": -1}, {"rate_limit": float("nan")}, {"rate_burst": 0}])
def test_a_limit_that_cannot_be_meant_is_refused(given: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match="WEAVER_RATE_"):
        Settings.read(**given)


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@given(
    rate=st.integers(1, 1_000),
    burst=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 0.1), max_size=200),
)
def test_no_client_gets_more_than_its_burst_and_its_rate(rate: int, burst: int, pauses: list[float]) -> None:
    clock = Hands()
    buckets, began, granted = Buckets(rate, burst, clock), clock.now, 0
    for pause in pauses:
        clock.now += pause
        granted += buckets.take("one") == 0.0
        assert granted <= burst + rate * (clock.now - began) + 1e-6


@given(rate=st.floats(0.5, 1_000), burst=st.integers(1, 20))
def test_whoever_waits_as_long_as_told_gets_through(rate: float, burst: int) -> None:
    clock = Hands()
    buckets = Buckets(rate, burst, clock)
    assert [buckets.take("one") for _ in range(burst)] == [0.0] * burst
    wait = buckets.take("one")
    assert 0 < wait <= 1 / rate + 1e-9
    assert buckets.take("another") == 0.0
    clock.now += wait
    assert buckets.take("one") == 0.0
    assert buckets.take("one") > 0


def test_a_long_silence_saves_up_no_more_than_the_burst() -> None:
    clock = Hands()
    buckets = Buckets(10, 3, clock)
    assert buckets.take("one") == 0.0
    clock.now += 1_000
    assert [buckets.take("one") == 0.0 for _ in range(5)] == [True, True, True, False, False]


def test_the_memory_for_clients_is_bounded_and_the_latest_are_kept() -> None:
    buckets = Buckets(1, 1, Hands())
    for number in range(MAX_CLIENTS + 500):
        assert buckets.take(str(number)) == 0.0
    assert len(buckets) == MAX_CLIENTS
    assert buckets.take(str(MAX_CLIENTS + 499)) > 0, "still remembered"
    assert buckets.take("0") == 0.0, "forgotten, and begins anew"


@pytest.mark.parametrize(
    ("one", "another", "are_the_same"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ],
)
def test_clients_are_told_apart_by_address_those_of_ipv6_by_network(one: str, another: str, are_the_same: bool) -> None:
    assert (client_of({"client": (one, 1)}) == client_of({"client": (another, 2)})) == are_the_same
    assert client_of({"client": None}) == UNKNOWN_CLIENT

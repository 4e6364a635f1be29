"""The event stream under load: how long an event takes to its clients, and whether each of them hears of each."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from application.journal import MAX_BATCH, Journal
from domain.ids import new_id
from interfaces.embedded_postgres import EmbeddedPostgres
from interfaces.event_store import journal_environment
from tests.benchmarks.figures import figure
from tests.benchmarks.stream_load import CHAIN, Load, deliver
from tests.benchmarks.test_figures import order_events
from tests.journal_writers import race
from tests.system.weaver_process import WeaverServer, wait_until

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]

LOADS = [Load(1, 50, 10), Load(100, 20, 10), Load(1_000, 5, 60)]
STALLED = 100
GONE_SECONDS = 35.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WeaverServer]:
    with WeaverServer(tmp_path) as running:
        yield running


@pytest.fixture
def joined_url(tmp_path: Path, server: WeaverServer) -> Iterator[str]:
    with EmbeddedPostgres(tmp_path / "postgres") as joined:
        yield joined.url


@pytest.mark.parametrize("load", LOADS, ids=lambda load: f"{load.clients}x{load.events_a_second}")
def test_append_to_clients(load: Load, server: WeaverServer, joined_url: str) -> None:
    process = psutil.Process(server.pid)
    deliver(Load(1, 50, 1), server.port, joined_url)
    memory, processor = process.memory_info().rss, sum(process.cpu_times()[:2])
    began = time.perf_counter()
    delivered = deliver(load, server.port, joined_url)
    busy = (sum(process.cpu_times()[:2]) - processor) / (time.perf_counter() - began)
    name = f"append to {load.clients:,} clients, {load.events_a_second}/s"
    figure(f"{name}: p50 ms", delivered.percentile(50), f"{len(delivered.milliseconds):,} arrivals")
    figure(f"{name}: p99 ms", delivered.percentile(99))
    figure(f"{name}: longest ms", delivered.percentile(100))
    figure(f"{name}: lost", delivered.lost, f"repeated: {delivered.repeated}")
    figure(f"{name}: cores of the server", busy, "connecting included")
    figure(f"{name}: MiB of the server more", (process.memory_info().rss - memory) / 2**20)


def test_clients_that_stop_reading(server: WeaverServer, joined_url: str) -> None:
    process = psutil.Process(server.pid)
    with contextlib.ExitStack() as stack:
        stalled = [stack.enter_context(socket.socket()) for _ in range(STALLED)]
        before = process.memory_info().rss
        for client in stalled:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", server.port))
            client.sendall(b"GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(1)
        connected = len(connections(process, server.port))
        with Journal(journal_environment(joined_url, pool_size=1)) as journal:
            run_id = new_id()
            for number, events in enumerate(iter(lambda: order_events(run_id, MAX_BATCH // 2), None)):
                journal.append_batch(events, run_id := new_id(), CHAIN)
                if number == 4:
                    break
        began = time.perf_counter()
        most = 0

        def gone() -> bool:
            nonlocal most
            most = max(most, process.memory_info().rss)
            return connected - len(connections(process, server.port)) >= STALLED

        wait_until(gone, GONE_SECONDS, "clients that stopped reading are gone")
        figure("clients that stop reading: s until all are gone", time.perf_counter() - began, f"{STALLED} clients")
        figure("clients that stop reading: MiB of the server at most", (most - before) / 2**20)
        figure("clients that stop reading: MiB of the server after", (process.memory_info().rss - before) / 2**20)


def test_eight_processes_append_at_once(database_url: str) -> None:
    outcome = race(database_url, writers=8, appends=10_000, largest=20)
    figure("8 processes at once: appends/s", outcome.appends / outcome.seconds, f"{outcome.appends:,} appends")
    figure(
        "8 processes at once: events/s", len(outcome.recorded) / outcome.seconds, f"{len(outcome.recorded):,} events"
    )
    passed_over = len(set(outcome.recorded) - set(outcome.told))
    figure(
        "8 processes at once: events the tail passed over", passed_over, f"in order: {outcome.told == outcome.recorded}"
    )


def connections(process: psutil.Process, port: int) -> list[object]:
    """Return the connections to the port that the process holds."""
    return [one for one in process.net_connections("tcp") if one.laddr.port == port and one.status == "ESTABLISHED"]

"""Figures of one machine at one moment: printed, never a reason to fail. Run them with `make bench`."""

import statistics
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest

from application.journal import MAX_BATCH, Journal
from domain.events import Chain, Recorded
from domain.ids import OrderIds, new_id
from domain.order import OrderCreated, OrderFilled, Side
from interfaces.embedded_postgres import EmbeddedPostgres
from interfaces.event_store import journal_environment
from projections.catalog import READ_MODELS
from projections.view import fold_batch
from tests.benchmarks.figures import figure
from tests.postgres_servers import SHARED_DATA
from tests.projections.facts import run_created
from tests.system.weaver_process import WeaverServer

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]

BITFINEX = SHARED_DATA / "crypto_btcusd_bitfinex_1m_2015.parquet"
AT = datetime(2025, 1, 1, tzinfo=UTC)
CHAIN = Chain("bench", "bench", actor="bench")
EVENTS = 60_000
LATENCY_SAMPLES = 300


@pytest.fixture
def journal(database_url: str) -> Iterator[Journal]:
    with Journal(journal_environment(database_url, pool_size=2)) as opened:
        yield opened


def order_events(run_id: UUID, orders: int) -> list[Recorded]:
    """Return an intent and a fill for each order, as a backtest records them: in and out of a position, by turns."""
    ids = OrderIds(UUID(int=1), run_id)
    made = []
    for n in range(1, orders + 1):
        stream, client, at = ids.order_id(n), ids.client_order_id(n), AT + n * timedelta(minutes=1)
        side: Side = "buy" if n % 2 else "sell"
        intent = OrderCreated(
            at=at, run_id=run_id, client_order_id=client, sequence=n, symbol="BTC/USD", side=side, qty=Decimal(1)
        )
        fill = OrderFilled(
            at=at,
            run_id=run_id,
            execution_id=f"{client}-1",
            symbol="BTC/USD",
            side=side,
            qty=Decimal(1),
            price=Decimal("313.24"),
            fee=Decimal("0.31324"),
            filled_qty=Decimal(1),
            filled_avg_price=Decimal("313.24"),
        )
        made += [Recorded(stream, 1, intent), Recorded(stream, 2, fill)]
    return made


def test_append_and_project(journal: Journal, database_url: str) -> None:
    run_id = new_id()
    journal.append_batch([Recorded(run_id, 1, run_created())], run_id, CHAIN)
    events = order_events(run_id, EVENTS // 2)
    began = time.perf_counter()
    for first in range(0, len(events), MAX_BATCH):
        journal.append_batch(events[first : first + MAX_BATCH], run_id, CHAIN)
    figure(
        "journal, events/s appended in batches of 1,000",
        len(events) / (time.perf_counter() - began),
        "encoding included",
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        began = time.perf_counter()
        for model in READ_MODELS:
            while not fold_batch(connection, model).is_complete:
                pass
        seconds = time.perf_counter() - began
    figure(
        "read models, events/s projected into all of them", len(events) / seconds, "one after the other, one connection"
    )


def test_append_to_sse_latency(tmp_path: Path) -> None:
    with WeaverServer(tmp_path) as server:
        arrived: dict[str, float] = {}
        ready, done = threading.Event(), threading.Event()

        def listen() -> None:
            with httpx.stream("GET", f"{server.url}/api/v1/events/stream", timeout=None) as stream:
                ready.set()
                for line in stream.iter_lines():
                    if line.startswith("id:"):
                        arrived[line.rpartition("-")[2]] = time.perf_counter()
                    if len(arrived) >= LATENCY_SAMPLES:
                        done.set()
                        return

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        assert ready.wait(10)
        appended: dict[str, float] = {}
        # joined as another process of the same home would
        with (
            EmbeddedPostgres(tmp_path / "postgres") as database,
            Journal(journal_environment(database.url, pool_size=1)) as journal,
        ):
            run_id = new_id()
            for event in order_events(run_id, LATENCY_SAMPLES // 2 + 1):
                before = time.perf_counter()
                appended[str(journal.append_batch([event], run_id, CHAIN))] = before
        assert done.wait(20)
        waits = sorted((arrived[position] - appended[position]) * 1000 for position in arrived if position in appended)
        figure("append to SSE client, p50 ms", statistics.median(waits), f"{len(waits)} events, one client")
        figure("append to SSE client, p99 ms", waits[int(len(waits) * 0.99)])

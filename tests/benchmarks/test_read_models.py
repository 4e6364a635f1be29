"""Read models at size: a server process, a client process, 1,000,000 orders. Printed, never a reason to fail."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from application.journal import MAX_BATCH, Journal
from domain.events import Chain, Recorded
from domain.ids import OrderIds, new_id
from domain.order import OrderCancelled, OrderCreated, OrderFilled, OrderRejected, Side
from interfaces.database import connect, migrate
from interfaces.embedded_postgres import EmbeddedPostgres
from interfaces.event_store import journal_environment
from interfaces.market_data.bar_store import BarStore
from tests.benchmarks.figures import figure
from tests.interfaces.web.scenes import START, bars, described, new_backtest
from tests.system.weaver_process import WeaverServer

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3_600)]

ORDERS = 1_000_000
ORDERS_A_RUN = 2_000
SYMBOLS = ("BTC/USD", "ETH/USD", "SOL/USD", "AAPL", "MSFT")
RATE = 100
SECONDS_A_KIND = 10
SECONDS_A_LOOK = 0.5
CHAIN = Chain("bench", "bench", actor="bench")


def life(ids: OrderIds, run_id: UUID, number: int, symbol: str, at: datetime) -> list[Recorded]:
    """Return an order's intent and its end: of 100 some 70 are filled, 25 cancelled, 5 rejected."""
    order_id = ids.order_id(number)
    side: Side = "sell" if number % 2 else "buy"
    created = OrderCreated(
        at=at,
        run_id=run_id,
        client_order_id=ids.client_order_id(number),
        sequence=number,
        symbol=symbol,
        side=side,
        qty=Decimal(1),
    )
    end: OrderFilled | OrderCancelled | OrderRejected
    match number % 20:
        case 0:
            end = OrderRejected(at=at, run_id=run_id, reason="insufficient cash")
        case 1 | 2 | 3 | 4 | 5:
            end = OrderCancelled(at=at, run_id=run_id, reason="cancelled by the strategy")
        case _:
            end = OrderFilled(
                at=at,
                run_id=run_id,
                execution_id=f"{order_id}:1",
                symbol=symbol,
                side=side,
                qty=Decimal(1),
                price=Decimal("313.24"),
                fee=Decimal("0.31324"),
                filled_qty=Decimal(1),
                filled_avg_price=Decimal("313.24"),
            )
    return [Recorded(order_id, 1, created), Recorded(order_id, 2, end)]


def fill_journal(url: str, orders: int) -> tuple[int, UUID]:
    """Append runs of 2,000 orders, one every four hours; return how many events there are, and one of the runs."""
    events = 0
    with Journal(journal_environment(url, pool_size=1)) as journal:
        for run in range(orders // ORDERS_A_RUN):
            run_id = new_id()
            ids, symbol = OrderIds(journal.store_id, run_id), SYMBOLS[run % len(SYMBOLS)]
            facts = [Recorded(run_id, 1, described(symbols=(symbol,)))]
            for number in range(ORDERS_A_RUN):
                facts += life(ids, run_id, number, symbol, START + timedelta(hours=4 * number, minutes=run))
            for first in range(0, len(facts), MAX_BATCH):
                journal.append_batch(facts[first : first + MAX_BATCH], run_id, CHAIN)
            events += len(facts)
    return events, run_id


CLIENT = """
import asyncio, json, sys, time
import httpx

async def main(url, requests, rate, seconds):
    spent, statuses = [], {}
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=httpx.Limits(max_connections=64)) as client:
        async def ask(due, method, path, parameters, body):
            try:
                status = (await client.request(method, path, params=parameters, json=body)).status_code
            except httpx.TransportError as error:  # a figure too: the machine is too slow for the rate
                status = type(error).__name__
            spent.append(time.perf_counter() - due)  # from when it was due: who waits for a turn waits for the server
            statuses[status] = statuses.get(status, 0) + 1
        began = time.perf_counter()
        async with asyncio.TaskGroup() as asked:
            for number in range(rate * seconds):
                due = began + number / rate
                await asyncio.sleep(max(due - time.perf_counter(), 0))
                asked.create_task(ask(due, *requests[number % len(requests)]))
    spent.sort()
    print(json.dumps({"p50": spent[len(spent) // 2], "p99": spent[int(len(spent) * 0.99)], "statuses": statuses}))

url, requests, rate, seconds = json.loads(sys.stdin.read())
asyncio.run(main(url, requests, rate, seconds))
"""


def asked_at_rate(server: WeaverServer, what: str, *requests: tuple[str, str, Any, Any]) -> None:
    """Ask at 100 requests a second, whether or not answers have come, from a process of its own; print p50 and p99."""
    job = json.dumps([f"{server.url}/api/v1", requests, RATE, SECONDS_A_KIND])
    done = subprocess.run([sys.executable, "-c", CLIENT], input=job, capture_output=True, text=True, check=True)
    took = json.loads(done.stdout)
    answers = ", ".join(f"{count} of {status}" for status, count in took["statuses"].items())
    figure(f"{what}, p50 ms", took["p50"] * 1_000, answers)
    figure(f"{what}, p99 ms", took["p99"] * 1_000, f"at {RATE} requests/s")


def wait_until_folded(server: WeaverServer, head: int) -> None:
    """Wait until every read model is at the head, looking seldom: fifty looks a second cost a quarter of what is
    measured.
    """
    deadline = time.monotonic() + 3_000
    while min(positions(server)) < head:
        assert time.monotonic() < deadline, "the read models do not reach the head"
        time.sleep(SECONDS_A_LOOK)


def positions(server: WeaverServer) -> list[int]:
    """Return the offset of every read model."""
    return [item["position"] for item in server.get("/system/read-models")["items"]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WeaverServer, UUID]]:
    """A server whose read models have folded a journal of 1,000,000 orders, and one of its runs."""
    home = tmp_path_factory.mktemp("million")
    began = time.perf_counter()
    with EmbeddedPostgres(home / "postgres") as database:
        migrate(database.url)
        BarStore(database.url).save(bars(), "bench")
        events, run_id = fill_journal(database.url, ORDERS)
        seconds = time.perf_counter() - began
        figure("journal filled, seconds", seconds, f"{events:,} events, {events / seconds:,.0f}/s, one process")
        with WeaverServer(home) as server:
            began = time.perf_counter()
            head = server.get("/info")["journal_position"]
            wait_until_folded(server, head)
            seconds = time.perf_counter() - began
            figure("read models together, events/s", events / seconds, f"{seconds:.0f} s as weaver serve runs them")
            with connect(database.url) as connection:  # what PostgreSQL does by itself some time after so much new
                connection.execute("vacuum analyze")
                connection.execute("checkpoint")
            yield server, run_id


def deep_cursor(server: WeaverServer, page: int) -> str:
    """Return the cursor after a page far down the list of orders."""
    return str(server.get("/orders", page=page, page_size=50)["next_cursor"])


def test_lists_at_100_requests_a_second(filled: tuple[WeaverServer, UUID]) -> None:
    server, run_id = filled
    day, month = timedelta(days=1), timedelta(days=30)
    for what, parameters in {
        "GET /orders": {},
        "GET /orders?run_id": {"run_id": str(run_id)},
        "GET /orders?status, many": {"status": "filled"},
        "GET /orders?status, none": {"status": "pending"},
        "GET /orders?symbol": {"symbol": "AAPL"},
        "GET /orders?side": {"side": "buy"},
        "GET /orders?symbol&status": {"symbol": "AAPL", "status": "rejected"},
        "GET /orders?start": {"start": (START + 10 * month).isoformat()},
        "GET /orders?end": {"end": (START + month).isoformat()},
        "GET /orders?start&end, a day": {
            "start": (START + month).isoformat(),
            "end": (START + month + day).isoformat(),
        },
        "GET /orders?cursor, deep": {"cursor": deep_cursor(server, page=10_000)},
    }.items():
        asked_at_rate(server, what, ("GET", "/orders", parameters, None))
    for what, parameters in {"GET /runs": {}, "GET /runs?status": {"status": "pending"}}.items():
        asked_at_rate(server, what, ("GET", "/runs", parameters, None))
    asked_at_rate(server, "POST /runs", ("POST", "/runs", None, new_backtest()))


def test_a_jump_to_a_page(filled: tuple[WeaverServer, UUID]) -> None:
    server, _ = filled
    for page in (1, 2_000, 10_000, 20_000, 1_000_000):
        took = []
        for _ in range(5):
            began = time.perf_counter()
            server.get("/orders", page=page, page_size=50)
            took.append(time.perf_counter() - began)
        figure(f"GET /orders?page={page:,}, ms", sorted(took)[2] * 1_000, "of 50 orders each; median of five")


@pytest.mark.parametrize("name", ["orders", "fills"])
def test_a_rebuild_while_lists_are_read(filled: tuple[WeaverServer, UUID], name: str) -> None:
    server, _ = filled
    answer = server.api.post(f"/api/v1/system/read-models/{name}/rebuild")
    assert answer.status_code == 202, answer.text

    def rebuild() -> dict[str, Any]:
        found: dict[str, Any] = server.get(f"/system/read-models/{name}")["rebuild"]
        return found

    while rebuild()["state"] == "running":
        asked_at_rate(server, f"GET /orders during the rebuild of {name}", ("GET", "/orders", {}, None))
    done = rebuild()
    assert done["state"] == "done", done
    figure(f"rebuild of {name}, seconds", done["seconds"], f"{done['position']:,} events, read at {RATE} requests/s")


def test_events_that_keep_coming(filled: tuple[WeaverServer, UUID]) -> None:
    server, _ = filled
    with EmbeddedPostgres(server.home / "postgres") as database:
        began = time.perf_counter()
        events, _ = fill_journal(database.url, ORDERS // 10)
        appended = time.perf_counter() - began
        head = server.get("/info")["journal_position"]
        wait_until_folded(server, head)
        seconds = time.perf_counter() - began
    figure(
        "read models together while events are appended, events/s", events / seconds, f"appended in {appended:.1f} s"
    )

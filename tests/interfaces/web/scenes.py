"""A served Weaver, and facts in its journal, for the tests of the web."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import numpy as np

from domain.events import Chain, Recorded
from domain.figures import StatisticFigure
from domain.ids import OrderIds, new_id
from domain.market import Bars, Timeframe, to_microseconds
from domain.order import OrderCancelled, OrderCreated, OrderFilled
from domain.run import (
    CostSettings,
    RunCompleted,
    RunCreated,
    RunEquityMarked,
    RunStarted,
    RunStartRequested,
)
from interfaces.composition import Weaver, compose
from interfaces.settings import Settings
from interfaces.web.server import WebServer

START = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHAIN = Chain("scene", "scene", actor="test")
DEADLINE = 20.0


@dataclass(frozen=True)
class Served:
    """A Weaver and where it is served."""

    weaver: Weaver
    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=DEADLINE, **options)

    def rest(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.url}/api/v1", timeout=DEADLINE)


@contextlib.contextmanager
def composed(database_url: str, home: Path, **settings: Any) -> Iterator[Weaver]:
    """Give a running Weaver whose supervisor leaves every run alone."""
    given = Settings.read(**{"home": home, "port": 0, "strategies_dir": home / "strategies", **settings})
    weaver = compose(given, database_url, only=new_id())
    weaver.start()
    try:
        yield weaver
    finally:
        weaver.stop()


@contextlib.contextmanager
def served(weaver: Weaver, page: Path | None = None) -> Iterator[Served]:
    """Serve a Weaver on a free port of 127.0.0.1."""
    server = WebServer(weaver) if page is None else WebServer(weaver, page=page)
    thread = threading.Thread(target=server.run, name="web", daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        yield Served(weaver, "127.0.0.1", server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(DEADLINE)
        assert not thread.is_alive(), "the server does not stop"


def until(satisfied: Callable[[], bool], seconds: float = DEADLINE) -> None:
    """Wait until something holds, and fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not satisfied():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def bars(count: int = 500, symbol: str = "BTC/USD", timeframe: str = "1h") -> Bars:
    """Return bars of a market that rises and falls slowly."""
    step = Timeframe.parse(timeframe)
    opens = 100 + 10 * np.sin(np.arange(count) / 20)
    closes = np.append(opens[1:], opens[-1])
    return Bars(
        symbol,
        step,
        to_microseconds(START) + np.arange(count, dtype=np.int64) * step.microseconds,
        opens,
        np.maximum(opens, closes),
        np.minimum(opens, closes),
        closes,
        np.full(count, 2.5),
    )


def described(**changes: Any) -> RunCreated:
    """Return a run's first event."""
    fields: dict[str, Any] = {
        "at": START,
        "name": "a run",
        "strategy_id": "sma_cross",
        "strategy_version": "1.0",
        "mode": "backtest",
        "symbols": ("BTC/USD",),
        "timeframe": "1h",
        "exchange": "simulated",
        "parameters": {"fast": 10},
        "initial_cash": Decimal("100000.50"),
        "costs": CostSettings(Decimal("10"), Decimal(0)),
        "start_time": START,
        "end_time": START + 500 * HOUR,
    }
    return RunCreated(**fields | changes)


def record_run(weaver: Weaver, **changes: Any) -> UUID:
    """Record a run that nobody has started."""
    run_id = new_id()
    weaver.journal.append_batch([Recorded(run_id, 1, described(**changes))], run_id, CHAIN)
    return run_id


def record_backtest(weaver: Weaver, filled: int = 3, cancelled: int = 1) -> UUID:
    """Record a whole finished backtest."""
    run_id = record_run(weaver)
    lives = [
        RunStartRequested(at=START),
        RunStarted(at=START, bars=500, bars_hash={"BTC/USD": "00"}),
        RunEquityMarked(
            at=START,
            times=(START, START + HOUR),
            equity=(Decimal("100000.50"), Decimal("1E+5")),
            cash=(Decimal("100000.50"), Decimal("0E-8")),
        ),
        RunCompleted(
            at=START + 500 * HOUR,
            bars=500,
            orders=filled + cancelled,
            fills=filled,
            trades=1,
            final_equity=Decimal(100_000),
            stats={
                "total_trades": StatisticFigure(1, "closed trades"),
                "winning_trades": StatisticFigure(0, "closed trades with a profit"),
                "total_pnl": StatisticFigure("-0.5", "final equity less initial cash"),
                "max_drawdown": StatisticFigure(0.000005, "of bar closes"),
                "sharpe_ratio": StatisticFigure(None, reason="under 30 days"),
            },
            load_seconds=0.1,
            engine_seconds=0.2,
            persist_seconds=0.3,
        ),
    ]
    started, ended = lives[:2], lives[2:]
    recorded = [Recorded(run_id, version, event) for version, event in enumerate(started, start=2)]
    recorded += orders_of(weaver, run_id, filled, cancelled)
    recorded += [Recorded(run_id, version, event) for version, event in enumerate(ended, start=4)]
    weaver.journal.append_batch(recorded, run_id, CHAIN)
    return run_id


def orders_of(weaver: Weaver, run_id: UUID, filled: int, cancelled: int, first: int = 0) -> Sequence[Recorded]:
    """Return the events of a run's orders, some filled and some cancelled."""
    ids = OrderIds(weaver.journal.store_id, run_id)
    recorded = []
    for number in range(first, first + filled + cancelled):
        order_id, at = ids.order_id(number), START + number * HOUR
        created = OrderCreated(
            at=at,
            run_id=run_id,
            client_order_id=ids.client_order_id(number),
            sequence=number,
            symbol="BTC/USD",
            side="sell" if number % 2 else "buy",
            qty=Decimal("0.50"),
        )
        fill = OrderFilled(
            at=at + HOUR,
            run_id=run_id,
            execution_id=f"{order_id}:1",
            symbol="BTC/USD",
            side=created.side,
            qty=Decimal("0.50"),
            price=Decimal("100.10"),
            fee=Decimal("0.05005"),
            filled_qty=Decimal("0.50"),
            filled_avg_price=Decimal("100.10"),
        )
        is_filled = number < first + filled
        end = fill if is_filled else OrderCancelled(at=at + HOUR, run_id=run_id, reason="the run ended")
        recorded += [Recorded(order_id, 1, created), Recorded(order_id, 2, end)]
    return recorded


def new_backtest(**changes: Any) -> dict[str, Any]:
    """Return the body that creates a backtest; a change to None leaves the field out."""
    body = {
        "strategy_id": "sma_cross",
        "mode": "backtest",
        "symbols": ["BTC/USD"],
        "timeframe": "1h",
        "start_time": "2024-01-01T00:00:00Z",
        "end_time": "2024-01-20T00:00:00Z",
    } | changes
    return {name: value for name, value in body.items() if value is not None}


def require_error(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the error's body after checking that it has the one shape."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body: dict[str, Any] = response.json()
    assert set(body) == {"code", "message", "details", "correlation_id", "timestamp"}
    assert body["code"] == code
    assert body["message"]
    assert "\n" not in body["message"]
    assert isinstance(body["details"], dict)
    assert body["correlation_id"] == response.headers["x-correlation-id"]
    assert datetime.fromisoformat(body["timestamp"]).utcoffset() == timedelta(0)
    assert body["timestamp"].endswith("Z")
    return body


def streamed(lines: Iterator[str], count: int) -> list[dict[str, str]]:
    """Return the next events of a stream, comments left out."""
    events: list[dict[str, str]] = []
    event: dict[str, str] = {}
    for line in lines:
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value
        elif not line:
            if "data" in event:  # what browsers take for an event
                events.append(event)
            event = {}
            if len(events) == count:
                break
    return events


def positions(events: Sequence[dict[str, str]]) -> list[int]:
    """Return the positions events of a stream carry."""
    return [int(json.loads(event["data"])["position"]) for event in events]

"""What the tests of the page share: strategies that trade at once, runs of them, and what a page shows of a run."""

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.system.paper_trading import BUSY, events_of
from tests.system.weaver_process import WeaverServer, wait_until

SYMBOL = "TEST/USD"
PATIENCE_MS = 30_000
PATIENCE = PATIENCE_MS / 1_000

PATIENT = '''
from decimal import Decimal

from weaver import Context, Strategy


class Patient(Strategy):
    """Buys three, and bids twice so far below the market that nobody sells."""

    def on_start(self, ctx: Context) -> None:
        self.seen = 0

    def on_bar(self, ctx: Context) -> None:
        self.seen += 1
        if self.seen == 1:
            ctx.buy(3, tag="at once")
            ctx.buy(1, limit=Decimal("1"), tag="low")
            ctx.buy(2, limit=Decimal("2"), tag="less low")
        ctx.log("bar", number=self.seen)
'''

DELIBERATE = '''
import time

from weaver import Context, Strategy


class Deliberate(Strategy):
    """Thinks about each bar, so that a backtest can be watched."""

    def on_bar(self, ctx: Context) -> None:
        time.sleep(0.002)
        ctx.close() if ctx.position().quantity else ctx.buy(1)
'''

STRATEGIES = {"busy": BUSY, "patient": PATIENT, "deliberate": DELIBERATE}
THREE_DAYS = {"start_time": "2025-01-01T00:00:00Z", "end_time": "2025-01-04T00:00:00Z"}


def write_strategies(home: Path) -> None:
    """Put the strategies where the server looks for them."""
    directory = home / "strategies"
    directory.mkdir(exist_ok=True)
    for name, source in STRATEGIES.items():
        (directory / f"{name}.py").write_text(source)


def backtest(server: WeaverServer, strategy: str = "sma_cross", **settings: Any) -> str:
    """Backtest a strategy on the sample bars; return the run's id once it has completed."""
    usual = {"strategy_id": strategy, "symbols": [SYMBOL], "timeframe": "1m", **THREE_DAYS}
    run_id = server.create_run(**(usual | settings))
    server.start_run(run_id)
    assert server.wait_for_end(run_id)["status"] == "completed"
    return run_id


def sweep(server: WeaverServer, *, status: str | None = "completed", **settings: Any) -> str:
    """Sweep the crossing averages over the sample bars; return the sweep's id once it has ended so, None: at once."""
    usual = {"strategy_id": "sma_cross", "symbols": [SYMBOL], "timeframe": "1m", **THREE_DAYS}
    varied = {"vary": {"fast": "5:15:5", "slow": "20,40"}, "objective": "total_return"}
    created = server.api.post("/api/v1/sweeps", json=usual | varied | settings)
    assert created.status_code == 201, created.text
    sweep_id = str(created.json()["id"])
    if status is not None:
        wait_until(lambda: server.get(f"/sweeps/{sweep_id}")["status"] == status, PATIENCE, f"the sweep is {status}")
    return sweep_id


def paper_run(server: WeaverServer, strategy: str, *, orders: int = 1, **settings: Any) -> str:
    """Start a paper run on second bars; return its id once it has placed so many orders."""
    usual = {"mode": "paper", "strategy_id": strategy, "symbols": [SYMBOL], "timeframe": "1s"}
    run_id = server.create_run(**(usual | settings))
    server.start_run(run_id)
    wait_until(lambda: orders_of(server, run_id)["total"] >= orders, PATIENCE, f"{orders} orders of {strategy}")
    return run_id


def resting_run(server: WeaverServer, **settings: Any) -> str:
    """Start a paper run that holds three and whose two bids rest; return its id."""
    run_id = paper_run(server, "patient", orders=3, **settings)

    def rests() -> bool:
        return sorted(one["status"] for one in orders_of(server, run_id)["items"]) == ["accepted", "accepted", "filled"]

    wait_until(rests, PATIENCE, "two bids rest and one order is filled")
    return run_id


def stop(server: WeaverServer, run_id: str) -> None:
    """Stop a run; return when it has stopped."""
    assert server.api.post(f"/api/v1/runs/{run_id}/stop").status_code == 202
    wait_until(lambda: status_of(server, run_id) == "stopped", PATIENCE, "the run has stopped")


def status_of(server: WeaverServer, run_id: str) -> str:
    """A run's status, as the server has it."""
    return str(server.get(f"/runs/{run_id}")["status"])


def orders_of(server: WeaverServer, run_id: str, **parameters: Any) -> dict[str, Any]:
    """The newest orders of a run, as the server lists them."""
    listed: dict[str, Any] = server.get(f"/runs/{run_id}/orders", **parameters)
    return listed


def positions_in_journal(server: WeaverServer, run_id: str) -> list[int]:
    """The positions of all of a run's events, the newest first."""
    return [event["position"] for event in reversed(events_of(server, run_id))]


def is_live(page: Page) -> None:
    """Wait until the page follows the journal."""
    expect(page.get_by_test_id("connection-badge")).to_have_attribute("data-state", "live")


def has_loaded(page: Page) -> None:
    """Wait until a page is there and nothing of it is still being loaded."""
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    expect(page.locator("main .mantine-Skeleton-root, main [aria-busy='true']")).to_have_count(0)


def order_ids(rows: Locator) -> list[str]:
    """Whose rows these are, in their order."""
    ids: list[str] = rows.evaluate_all("rows => rows.map(row => row.dataset.orderId)")
    return ids


def money(value: str | float | Decimal | None, *, signed: bool = False) -> str:
    """An amount as the page writes it."""
    return _rounded(value, "", signed=signed)


def per_cent(value: float | None, *, signed: bool = False) -> str:
    """A fraction as the page writes it."""
    return _rounded(None if value is None else Decimal(repr(value)) * 100, "%", signed=signed)


def count(value: int) -> str:
    """A whole number as the page writes it."""
    return f"{value:,}"


def plain(value: str) -> str:
    """A quantity as the page writes it: every digit, no zeros behind."""
    return f"{Decimal(value).normalize():,f}"


def _rounded(value: str | float | Decimal | None, unit: str, *, signed: bool) -> str:
    if value is None:
        return "—"
    exact = Decimal(repr(value) if isinstance(value, float) else value)
    rounded = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    text = f"{rounded:,f}" if rounded else "0.00"
    return f"{'+' if signed and rounded > 0 else ''}{text}{unit}"

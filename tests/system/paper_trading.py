"""What tests of paper runs share: a strategy that does everything, and what a run's tape and orders come to."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.system.weaver_process import WeaverServer, weaver

BUSY = '''
from decimal import Decimal

from weaver import Context, Strategy, parameter, sma


class Busy(Strategy):
    """Trades at nearly every bar, with every kind of order."""

    quantity: Decimal = parameter(Decimal("2"), gt=0)
    fail_at: int = parameter(0, ge=0)

    def on_start(self, ctx: Context) -> None:
        self.mean = ctx.indicator(sma, ctx.bars().close, 3)
        self.seen = 0
        self.filled = 0

    def on_bar(self, ctx: Context) -> None:
        self.seen += 1
        if self.seen == self.fail_at:
            raise RuntimeError("as told")
        close = Decimal(repr(ctx.bars().close[-1]))
        what = self.seen % 8
        if what == 1:
            ctx.buy(self.quantity, tag=f"bar {self.seen}")
        elif what == 2:
            ctx.buy(self.quantity, limit=close * Decimal("0.999"))
        elif what == 3 and ctx.position().quantity:
            ctx.sell(1, stop=close * Decimal("0.9995"))
        elif what == 4:
            ctx.buy(1, take_profit=close * Decimal("1.001"), stop_loss=close * Decimal("0.999"))
        elif what == 5:
            ctx.buy(1, limit=close, tif="ioc")
        elif what == 6:
            ctx.cancel_all()
        elif what == 7 and ctx.position().quantity:
            ctx.sell(1, trail=close * Decimal("0.0005"))
        elif what == 0:
            ctx.close()
        ctx.log("bar", number=self.seen, filled=self.filled, mean=self.mean[-1], random=ctx.random.random())

    def on_fill(self, ctx: Context, fill) -> None:
        self.filled += 1
'''


class Placed(NamedTuple):
    """An order as the strategy decided it, and what of it does not depend on who executes it."""

    sequence: int
    leg: int
    side: str
    qty: str
    order_type: str
    price: str | None
    stop_price: str | None
    at: str


class Filled(NamedTuple):
    """An execution."""

    sequence: int
    leg: int
    qty: str
    price: str
    fee: str
    at: str


def events_of(server: WeaverServer, run_id: str, *topics: str) -> list[dict[str, Any]]:
    """Return a run's events of these topics, oldest first."""
    found: list[dict[str, Any]] = []
    after = 0
    while True:
        page = server.get("/events/tail", run_id=run_id, after=after, limit=500, **({"type": topics} if topics else {}))
        found += page["items"]
        after = page["next_after"]
        if not page["items"]:
            return found


def bars_of(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the bars of a tape."""
    return [bar for event in events if event["type"] == "tape.ticked" for bar in event["payload"]["bars"]]


def orders_and_fills(events: Sequence[dict[str, Any]]) -> tuple[list[Placed], list[Filled]]:
    """Return what a run ordered and what was executed of it, in the order of decision."""
    placed: dict[str, Placed] = {}
    filled: list[Filled] = []
    for event in events:
        payload, order_id = event["payload"], event["id"].rpartition(":")[0]
        if event["type"] == "order.created":
            placed[order_id] = Placed(
                payload["sequence"],
                payload.get("leg", 0),
                payload["side"],
                payload["qty"],
                payload.get("order_type", "market"),
                payload.get("price"),
                payload.get("stop_price"),
                payload["at"],
            )
        elif event["type"] in ("order.filled", "order.partially_filled"):
            order = placed[order_id]
            filled.append(
                Filled(order.sequence, order.leg, payload["qty"], payload["price"], payload["fee"], payload["at"])
            )
    return sorted(placed.values()), sorted(filled)


def assert_undivided(events: Sequence[dict[str, Any]]) -> None:
    """Every tick of a run was recorded once, decided on at most once, and every order decided once."""
    ticks = [event["payload"]["number"] for event in events if event["type"] == "tape.ticked"]
    assert ticks == list(range(1, len(ticks) + 1))
    causes = [event["payload"]["cause"] for event in events if event["type"] == "tape.decided"]
    assert len(causes) == len(set(causes))
    orders = [event["id"].rpartition(":")[0] for event in events if event["type"] == "order.created"]
    assert orders
    assert len(orders) == len(set(orders))


def backtest_of(home: Path, bars: Sequence[dict[str, Any]], strategy: Path, symbol: str, timeframe: str) -> str:
    """Backtest a strategy on a tape's bars, as a user would with a file; return the run's id."""
    file = home / "tape.csv"
    with file.open("w", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(["timestamp", "open", "high", "low", "close", "volume"])
        for bar in bars:
            prices = (repr(bar[name]) for name in ("open", "high", "low", "close"))
            rows.writerow([bar["opened_at"], *prices, repr(bar.get("volume", 0.0))])
    options = ["--symbol", symbol, "--timeframe", timeframe, "--data", str(file), "--json"]
    done = weaver(home, "backtest", f"{strategy}:Busy", *options)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["run_id"])

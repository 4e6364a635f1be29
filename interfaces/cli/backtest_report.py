"""What a backtest prints: one JSON object for programs, a short report for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

import domain
from application.commands import CreateRun
from domain.money import plain
from domain.run import Run, RunCompleted
from interfaces.cli.backtest_execution import BacktestEnd
from interfaces.cli.printing import print_line, print_table, separated, shown

PERCENTAGES = frozenset(
    {"total_return", "max_drawdown", "win_rate", "exposure", "volatility", "cagr", "buy_and_hold_return"}
)
# The order of reading; a database hands figures back in an order of its own.
FIGURES = (
    "total_pnl",
    "total_return",
    "buy_and_hold_return",
    "cagr",
    "volatility",
    "sharpe_ratio",
    "max_drawdown",
    "exposure",
    "total_trades",
    "winning_trades",
    "losing_trades",
    "win_rate",
    "profit_factor",
    "expectancy",
    "fees_paid",
    "open_positions",
)
MONEY = frozenset({"total_pnl", "fees_paid", "expectancy"})
_FRAME = '  File "'
_SOURCES = Path(domain.__file__).parents[1]
_OWN_FRAMES = tuple(f"{_FRAME}{_SOURCES / name}/" for name in ("application", "domain", "interfaces"))


@dataclass(frozen=True, slots=True)
class Result:
    """A finished backtest: what was asked, what was recorded, the range of the bars it really used."""

    command: CreateRun
    run: Run
    end: BacktestEnd
    completed: RunCompleted
    start_time: datetime
    end_time: datetime

    @property
    def bars_per_second(self) -> float:
        """Bars over the seconds of trading them."""
        return self.completed.bars / self.completed.engine_seconds if self.completed.engine_seconds else 0.0


def as_json(result: Result) -> dict[str, Any]:
    """Return the object `weaver backtest --json` prints."""
    created, done, end = result.run.created, result.completed, result.end
    return {
        "run_id": result.run.id,
        "strategy_id": created.strategy_id,
        "config": created.parameters,
        "symbols": created.symbols,
        "timeframe": created.timeframe,
        "start_time": result.start_time,
        "end_time": result.end_time,
        "bars": done.bars,
        "load_seconds": done.load_seconds,
        "engine_seconds": done.engine_seconds,
        "persist_seconds": done.persist_seconds,
        "total_seconds": round(end.total_seconds, 6),
        "bars_per_second": round(result.bars_per_second, 1),
        "orders": done.orders,
        "fills": done.fills,
        "trades": done.trades,
        "initial_cash": created.initial_cash,
        "final_equity": done.final_equity,
        "stats": {name: msgspec.to_builtins(figure) for name, figure in done.stats.items()},
        "events_recorded": end.events_recorded,
        "journal_position": end.position,
    }


def print_report(result: Result, page: str) -> None:
    """Print what ran on what, what came of it, how long it took and where to look."""
    created, done = result.run.created, result.completed
    parameters = ", ".join(f"{name} {value}" for name, value in created.parameters.items()) or "none"
    print_line(f"{created.strategy_id} on {' '.join(created.symbols)} {created.timeframe}, backtest")
    print_line(f"{done.bars:,} bars from {shown(result.start_time)} to {shown(result.end_time)} UTC")
    print_line(
        f"Parameters: {parameters}. Commission {plain(created.costs.commission_bps)} bps, "
        f"slippage {plain(created.costs.slippage_bps)} bps."
    )
    print_line()
    print_line(
        f"{separated(created.initial_cash)} became {separated(done.final_equity)}: "
        f"{done.orders:,} orders, {done.fills:,} fills, {done.trades:,} trades"
    )
    print_line()
    print_figures(msgspec.to_builtins(done.stats))
    print_line()
    print_line(
        f"Took {result.end.total_seconds:.2f} s: loading {done.load_seconds:.2f}, trading {done.engine_seconds:.2f} "
        f"({result.bars_per_second:,.0f} bars/s), recording {done.persist_seconds:.2f} "
        f"({result.end.events_recorded:,} events)"
    )
    print_line(f"Run {result.run.id}")
    print_line(f"With weaver serve running: {page}")


def print_figures(stats: Mapping[str, Mapping[str, Any]]) -> None:
    """Print every figure with what it is based on, or why it is undefined."""
    print_table(
        ("figure", "value", "basis"),
        [
            (name.replace("_", " "), _figure(name, figure["value"]), figure.get("basis") or figure.get("reason"))
            for name, figure in sorted(stats.items(), key=_place)
        ],
        right=("value",),
    )


def _place(figure: tuple[str, object]) -> tuple[int, str]:
    name, _ = figure
    return (FIGURES.index(name) if name in FIGURES else len(FIGURES), name)


def of_strategy(traceback: str) -> str:
    """Return a traceback without the frames of Weaver itself, all of it if no other frame is there."""
    kept, is_ours, others = [], False, 0
    for line in traceback.splitlines():
        if line.startswith(_FRAME):
            is_ours = line.startswith(_OWN_FRAMES)
            others += not is_ours
        elif not line.startswith("    "):
            is_ours = False
        if not is_ours:
            kept.append(line)
    return "\n".join(kept) if others else traceback.rstrip()


def _figure(name: str, value: object) -> str:
    if value is None:
        return "undefined"
    if name in PERCENTAGES and isinstance(value, (int, float)):
        return f"{value:.2%}"
    if name in MONEY:
        return separated(Decimal(str(value)))
    return f"{value:,.4g}" if isinstance(value, float) else shown(value)

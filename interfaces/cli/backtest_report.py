"""What a backtest prints: one JSON object for programs, a short report for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

import domain
from domain.money import plain
from domain.run import Run, RunCompleted, RunCreated
from interfaces.cli.backtest_execution import BacktestEnd
from interfaces.cli.printing import print_line, print_table, separated, shown

# The order of reading; a database hands figures back in an order of its own.
FIGURES = (
    *("total_pnl", "total_return", "buy_and_hold_return", "cagr", "alpha", "beta"),
    *("volatility", "sharpe_ratio", "sortino_ratio", "calmar_ratio", "skew", "kurtosis"),
    *("value_at_risk_95", "conditional_value_at_risk_95", "best_day", "worst_day"),
    *("max_drawdown", "max_drawdown_start", "max_drawdown_trough", "max_drawdown_recovery", "max_drawdown_duration"),
    *(
        "total_trades",
        "winning_trades",
        "losing_trades",
        "win_rate",
        "profit_factor",
        "payoff_ratio",
        "expectancy",
        "sqn",
    ),
    *("average_trade", "average_win", "average_loss", "best_trade", "worst_trade"),
    *("average_trade_duration", "longest_trade_duration", "longest_winning_streak", "longest_losing_streak"),
    *("average_mae", "worst_mae", "average_mfe", "best_mfe"),
    *("exposure", "turnover", "fees_paid", "slippage_paid", "ambiguous_share", "open_positions"),
)
# The five deepest drawdowns are for programs and for the report; the deepest is told as max_drawdown.
NOT_PRINTED = "drawdown_"
PERCENTAGES = frozenset(
    {
        *("total_return", "buy_and_hold_return", "cagr", "alpha", "volatility", "max_drawdown", "win_rate", "exposure"),
        *("value_at_risk_95", "conditional_value_at_risk_95", "best_day", "worst_day", "ambiguous_share"),
        *("average_mae", "worst_mae", "average_mfe", "best_mfe"),
    }
)
MONEY = frozenset(
    {
        *("total_pnl", "fees_paid", "slippage_paid", "expectancy"),
        *("average_trade", "average_win", "average_loss", "best_trade", "worst_trade"),
    }
)
IN_SECONDS, IN_DAYS = (
    frozenset({"average_trade_duration", "longest_trade_duration"}),
    frozenset({"max_drawdown_duration"}),
)
_FRAME = '  File "'
_SOURCES = Path(domain.__file__).parents[1]
_OWN_FRAMES = tuple(f"{_FRAME}{_SOURCES / name}/" for name in ("application", "domain", "interfaces"))


@dataclass(frozen=True, slots=True)
class Result:
    """A finished backtest: what was recorded, the range of the bars it really used."""

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
        "read_models_seconds": round(end.read_models_seconds, 6),
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
    print_line(f"{created.strategy_id.rpartition('/')[2]} on {' '.join(created.symbols)} {created.timeframe}, backtest")
    print_line(f"{done.bars:,} bars from {shown(result.start_time)} to {shown(result.end_time)} UTC")
    print_line(f"Parameters: {parameters}")
    print_line(f"Venue {created.venue}, {_conditions(created)}")
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


def _conditions(created: RunCreated) -> str:
    """The costs, and what else is not as a run has it by default."""
    costs, account = created.costs, created.account
    told = [f"commission {plain(costs.commission_bps)} bps", f"slippage {plain(costs.slippage_bps)} bps"]
    others = msgspec.to_builtins(costs)
    told += [
        f"{name.replace('_', ' ')} {others[name]}"
        for name in others
        if name not in ("commission_bps", "slippage_bps") and getattr(costs, name)
    ]
    if created.volume_cap:
        told.append(f"at most {plain(created.volume_cap)} % of a bar's volume")
    if account.kind == "margin":
        told.append(f"margin account with leverage {plain(account.leverage)}")
    told += [f"{name.replace('_', ' ')} {limit}" for name, limit in msgspec.to_builtins(created.risk).items()]
    return ", ".join(told)


def print_figures(stats: Mapping[str, Mapping[str, Any]]) -> None:
    """Print every figure with what it is based on, or why it is undefined."""
    print_table(
        ("figure", "value", "basis"),
        [
            (name.replace("_", " "), figure_text(name, figure["value"]), figure.get("basis") or figure.get("reason"))
            for name, figure in sorted(stats.items(), key=_place)
            if not name.startswith(NOT_PRINTED)
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


def figure_text(name: str, value: object) -> str:
    """Return a figure as people read it."""
    if value is None:
        return "undefined"
    if name in PERCENTAGES and isinstance(value, (int, float)):
        return f"{value:.2%}"
    if name in IN_SECONDS and isinstance(value, (int, float)):
        return str(timedelta(seconds=round(value)))
    if name in IN_DAYS and isinstance(value, (int, float)):
        return f"{value:,.1f} days"
    if name in MONEY:
        return separated(Decimal(str(value)))
    return f"{value:,.4g}" if isinstance(value, float) else shown(value)

"""The workload in Weaver: its engine alone in this process or, with `--cli`, its command line with the journal."""

import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

from application.session import Session
from domain.market import Bars, Timeframe
from interfaces.market_data.files import read_bars
from tests.benchmarks.peers.workload import (
    CASH,
    COMMISSION,
    FAST,
    QUANTITY,
    SLOW,
    TRIALS,
    WEAVER,
    Outcome,
    Trial,
    measure,
    tell,
)
from tests.benchmarks.year_of_minutes import SYMBOL
from tests.system.weaver_process import weaver
from tests.trading import trade
from weaver.strategies.sma_cross import SmaCross

PACKAGE = "weaver-trading"
ENGINE_NOTE = "its engine_seconds: decimal money, the journal's own time left out"
BASIS_POINTS = f"{COMMISSION * 10_000:g}"


def in_process(bars: Bars) -> None:
    """Measure the engine: orders as events in memory, nothing stored."""

    def prepared() -> Callable[[], Session]:
        run = partial(trade, SmaCross(), bars, cash=str(CASH), commission_bps=BASIS_POINTS)
        return lambda: run()[0]

    def outcome(session: Session) -> Outcome:
        return Outcome(session.orders_placed, len(session.portfolio.trades), float(session.equity))

    measure(
        WEAVER,
        PACKAGE,
        len(bars),
        prepared,
        outcome,
        "decimal money, every order two events in memory; preparation of bars and averages included",
    )


def on_the_command_line(parquet: Path) -> None:
    """Measure `weaver backtest` with the embedded PostgreSQL by the figures of its own JSON, the faster of two runs."""
    arguments = [
        *("backtest", "sma_cross", "--symbol", SYMBOL, "--timeframe", "1m", "--data", str(parquet), "--json"),
        *("--cash", str(CASH), "--commission-bps", BASIS_POINTS),
        *("--param", f"fast={FAST}", "--param", f"slow={SLOW}", "--param", f"quantity={QUANTITY}"),
    ]
    results = []
    with tempfile.TemporaryDirectory() as home:
        for _ in range(TRIALS):
            done = weaver(Path(home), *arguments)
            if done.returncode:
                raise SystemExit(done.stderr)
            results.append(json.loads(done.stdout))
    best = min(results, key=lambda result: float(result["total_seconds"]))
    outcome = Outcome(best["orders"], best["trades"], float(best["final_equity"]))
    release, bars = version(PACKAGE), best["bars"]
    tell("Weaver, `weaver backtest`: trading", release, bars, Trial(best["engine_seconds"], None, outcome), ENGINE_NOTE)
    tell(
        "Weaver, `weaver backtest`: everything",
        release,
        bars,
        Trial(best["total_seconds"], None, outcome),
        f"until {best['events_recorded']:,} events are durable in PostgreSQL; of it loading "
        f"{best['load_seconds']:.2f} s, recording {best['persist_seconds']:.2f} s",
    )


def main() -> None:
    """Measure one of the two ways; the arguments are the bars as CSV and, for the command line, as Parquet."""
    if "--cli" in sys.argv:
        on_the_command_line(Path(sys.argv[1]).with_suffix(".parquet"))
    else:
        in_process(read_bars(Path(sys.argv[1]), SYMBOL, Timeframe.parse("1m")).bars)


if __name__ == "__main__":
    main()

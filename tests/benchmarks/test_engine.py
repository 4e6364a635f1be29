"""The engine's figures of one machine at one moment: printed, never a reason to fail. Run them with `make bench`."""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from application.session import Session
from domain.ids import OrderIds
from domain.market import Bars
from domain.timeline import Timeline
from interfaces.session_child import GARBAGE_THRESHOLDS
from tests.benchmarks.figures import figure
from tests.benchmarks.year_of_minutes import SYMBOL, write_parquet, year_of_minutes
from tests.system.weaver_process import weaver
from tests.trading import RUN, STORE, description
from weaver import Context, Strategy, crossed_above, crossed_below, sma
from weaver.strategies.sma_cross import SmaCross

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

YEAR = 525_600
STRETCH = 1_000
CASH = "10000000"
TRIALS = 3


class Idle(Strategy):
    """Looks at nothing."""

    def on_bar(self, ctx: Context) -> None:
        pass


class Watchful(SmaCross):
    """Asks for both crossings at every bar, and never has a reason to trade."""

    def on_bar(self, ctx: Context) -> None:
        if (crossed_above(self.fast_sma, self.slow_sma) and ctx.position().quantity > 0) or (
            crossed_below(self.fast_sma, self.slow_sma) and ctx.position().quantity > 0
        ):
            ctx.close()


class Everywhere(Strategy):
    """The crossover on every symbol of the run."""

    def on_start(self, ctx: Context) -> None:
        closes = {symbol: ctx.bars(symbol).close for symbol in ctx.symbols}
        self.averages = [
            (symbol, ctx.indicator(sma, close, 10), ctx.indicator(sma, close, 30)) for symbol, close in closes.items()
        ]

    def on_bar(self, ctx: Context) -> None:
        for symbol, fast, slow in self.averages:
            if crossed_above(fast, slow) and ctx.position(symbol).quantity == 0:
                ctx.buy(1, symbol)
            elif crossed_below(fast, slow) and ctx.position(symbol).quantity > 0:
                ctx.close(symbol)


@contextmanager
def as_in_a_session() -> Iterator[None]:
    """Collect garbage as the process of a run does."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def engine_seconds(strategy: Callable[[], Strategy], *bars: Bars) -> tuple[float, Session]:
    """Return the fastest of three runs, indicators included, writing events down not; and its session."""
    found: list[tuple[float, Session]] = []
    with as_in_a_session():
        for _ in range(TRIALS):
            timeline = Timeline(bars)
            described = description([one.symbol for one in bars], "1m", cash=CASH, commission_bps="10")
            ids = OrderIds(STORE, RUN)
            session = Session(RUN, described, ids, timeline, strategy(), lambda message, fields: None)
            began, apart = time.perf_counter(), 0.0
            session.start()
            for first in range(0, len(timeline), STRETCH):
                session.run(first, min(first + STRETCH, len(timeline)))
                if session.waiting >= STRETCH:
                    paused = time.perf_counter()
                    session.collect_events()
                    apart += time.perf_counter() - paused
            session.finish("done")
            found.append((time.perf_counter() - began - apart, session))
    return min(found, key=lambda one: one[0])


def test_bars_a_second() -> None:
    bars = year_of_minutes(YEAR)
    began = time.perf_counter()
    total = 0
    for value in range(10_000_000):
        total += value
    figure(
        "this machine: additions in a loop, millions/s", 10 / (time.perf_counter() - began), "to compare machines by"
    )
    for strategy, note in ((Idle, "on_bar does nothing"), (Watchful, "two crossings a bar, no order"), (SmaCross, "")):
        seconds, session = engine_seconds(strategy, bars)
        orders = f"{session.orders_placed:,} orders"
        figure(f"engine, {strategy.__name__}, bars/s", YEAR / seconds, f"{note or orders}")


def test_ten_symbols_on_one_timeline() -> None:
    bars = [named(year_of_minutes(YEAR // 10, seed=seed), f"S{seed}/USD") for seed in range(1, 11)]
    seconds, session = engine_seconds(Everywhere, *bars)
    figure("ten symbols, bars/s", YEAR / seconds, f"{session.orders_placed:,} orders, {YEAR // 10:,} instants")


def named(bars: Bars, symbol: str) -> Bars:
    """Return the bars under another symbol."""
    return Bars(symbol, bars.timeframe, bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume)


def test_cost_is_linear_in_bars() -> None:
    tenth, _ = engine_seconds(SmaCross, year_of_minutes(YEAR))
    whole, _ = engine_seconds(SmaCross, year_of_minutes(10 * YEAR))
    figure("ten times the bars cost, times", whole / tenth, "10 would be linear")


MEMORY = """
import sys
from tests.benchmarks.test_engine import engine_seconds, SmaCross, peak
from tests.benchmarks.year_of_minutes import year_of_minutes
import tests.benchmarks.test_engine as engine
engine.TRIALS = 1
bars = year_of_minutes(int(sys.argv[1]))
engine_seconds(SmaCross, bars)
print(peak())
"""


def peak() -> float:
    """Return the most memory this process has had since it was started, in megabytes; Linux only."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


@pytest.mark.parametrize("bars", [YEAR, 10 * YEAR])
def test_memory(bars: int) -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY, str(bars)], capture_output=True, text=True, check=True)
    figure(f"memory of a session, {bars:,} bars, MB", float(done.stdout), "bars, averages and the interpreter included")


def test_from_file_to_durable_result(tmp_path: Path) -> None:
    file, home = tmp_path / "year.parquet", tmp_path / "home"
    home.mkdir()
    write_parquet(year_of_minutes(YEAR), file)
    for _ in range(TRIALS):
        began = time.perf_counter()
        done = weaver(
            home,
            *("backtest", "sma_cross", "--symbol", SYMBOL, "--timeframe", "1m", "--data", str(file)),
            *("--cash", CASH, "--json"),
        )
        wall = time.perf_counter() - began
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        figure("weaver backtest, bars/s in the engine", result["bars_per_second"], f"{result['orders']:,} orders")
        for name in ("load", "engine", "persist", "total", "read_models"):
            figure(f"weaver backtest, {name} seconds", result[f"{name}_seconds"])
        figure("weaver backtest, whole command seconds", wall, "first with an empty home, then again")

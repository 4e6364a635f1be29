"""100 combinations of sma_cross over a year of minutes: by one process, by two, and what each takes of memory."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl
import psutil  # type: ignore[import-untyped]
import pytest

from tests.system.weaver_process import clean_environment, weaver

BARS = 525_600
GRID = ("--grid", "fast=5:50:5", "--grid", "slow=60:150:10")
TRIALS = 100
LOOK_SECONDS = 0.5

pytestmark = pytest.mark.benchmark


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...]]:
    """A home with a database, and the arguments for a year of minutes out of a random walk."""
    home = tmp_path_factory.mktemp("sweep-home")
    random = np.random.default_rng(1)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.0008, BARS)))
    open_ = np.concatenate(([100.0], close[:-1]))
    high, low = np.maximum(open_, close) * 1.0002, np.minimum(open_, close) * 0.9998
    times = np.datetime64("2024-01-01T00:00", "us") + np.arange(BARS) * np.timedelta64(60_000_000, "us")
    columns = {"open": open_, "high": high, "low": low, "close": close, "volume": np.full(BARS, 1000.0)}
    file = home / "year.parquet"
    pl.DataFrame({"timestamp": times, **columns}).write_parquet(file)
    return home, ("sma_cross", "--symbol", "BTC/USD", "--timeframe", "1m", "--data", str(file))


class Memory(threading.Thread):
    """Looks at how much memory a sweep's processes take together, shared pages counted once."""

    def __init__(self, command: psutil.Process) -> None:
        super().__init__(daemon=True)
        self._command = command
        self._over = threading.Event()
        self.seen: list[float] = []

    def run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            try:
                hosts = [one for one in self._command.children() if "interfaces.sweep_host" in " ".join(one.cmdline())]
                of_sweep = [*hosts, *(worker for host in hosts for worker in host.children())]
                self.seen.append(sum(one.memory_full_info().pss for one in of_sweep) / 2**20)
            except psutil.Error:
                continue  # one of them has just ended

    def stop(self) -> float:
        """Return the largest sum seen, in MiB."""
        self._over.set()
        self.join()
        return max(self.seen)


def swept(home: Path, arguments: tuple[str, ...], workers: int) -> tuple[dict[str, Any], float, float]:
    """Return the result of a sweep, its seconds from the first trial to the last, and its memory in MiB."""
    command = [sys.executable, "-m", "weaver", "sweep", *arguments, *GRID, "--workers", str(workers)]
    process = subprocess.Popen(
        [*command, "--top", "500", "--json"],
        env=clean_environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    memory = Memory(psutil.Process(process.pid))
    memory.start()
    began = perf_counter()
    out, _ = process.communicate(timeout=1_200)
    total, most = perf_counter() - began, memory.stop()
    found: dict[str, Any] = json.loads(out)
    assert found["completed"] == TRIALS
    first = min(trial["started_at"] for trial in found["best_trials"])
    last = max(trial["ended_at"] for trial in found["best_trials"])
    seconds = (np.datetime64(last.rstrip("Z")) - np.datetime64(first.rstrip("Z"))) / np.timedelta64(1, "s")
    print(f"{workers} workers: {seconds:.1f} s of trials, {total:.1f} s in all, {most:,.0f} MiB")
    return found, float(seconds), most


@pytest.mark.timeout(3_000)
def test_a_hundred_combinations_of_a_year(market: tuple[Path, tuple[str, ...]]) -> None:
    home, arguments = market
    print()
    one, alone, memory_of_one = swept(home, arguments, 1)
    two, together, memory_of_two = swept(home, arguments, 2)
    figures = [[trial["figures"] for trial in sorted(each["best_trials"], key=_number)] for each in (one, two)]
    assert figures[0] == figures[1]
    print(f"two processes: {alone / together:.2f} times one; memory {memory_of_two / memory_of_one:.2f} times")
    chosen = sorted(one["best_trials"], key=_number)[::20]
    ratios = []
    for trial in chosen:
        parameters = [f"{name}={value}" for name, value in trial["parameters"].items()]
        options = [word for each in parameters for word in ("--param", each)]
        engine = json.loads(weaver(home, "backtest", *arguments, *options, "--json").stdout)["engine_seconds"]
        ratios.append(trial["engine_seconds"] / engine)
        print(f"{' '.join(parameters)}: trial {trial['engine_seconds']:.2f} s, backtest {engine:.2f} s of engine")
    print(f"a trial takes {median(ratios):.2f} times the engine time of its backtest")


def _number(trial: dict[str, Any]) -> int:
    return int(trial["number"])

"""What every peer is given and has to hand back: the bars, the settings, and one line of JSON.

Peers run in environments of their own, so this file needs nothing but numpy.
"""

import gc
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from math import inf
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
from numpy.typing import NDArray

FAST, SLOW = 10, 30
QUANTITY = 1
# Enough for 20,000 commissions of 20 each: nobody runs out of cash on the way.
CASH = 10_000_000
COMMISSION = 0.001
TRIALS = 2
# The measurement all others are compared with.
WEAVER = "Weaver, engine in process"

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Minutes:
    """One-minute bars as columns of equal length. time: the opens, microseconds since 1970 UTC."""

    time: NDArray[np.int64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.time)

    @property
    def values(self) -> dict[str, Floats]:
        """The five columns of numbers by name, in the order open, high, low, close, volume."""
        return {name: getattr(self, name) for name in ("open", "high", "low", "close", "volume")}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the strategy did: orders sent, trades closed, and cash plus position at the last close."""

    orders: int
    trades: int
    final_equity: float


@dataclass(frozen=True, slots=True)
class Trial:
    """One measured run. processor_seconds: of this process, all threads; None where it is not known."""

    seconds: float
    processor_seconds: float | None
    outcome: Outcome


def given_minutes() -> Minutes:
    """Return the bars of the CSV file that is the first argument of this process."""
    columns = np.loadtxt(Path(sys.argv[1]), delimiter=",", skiprows=1, ndmin=2).T
    return Minutes(columns[0].astype(np.int64), *(np.ascontiguousarray(column) for column in columns[1:]))


def measure[Result](
    peer: str,
    package: str | None,
    bars: int,
    prepare: Callable[[], Callable[[], Result]],
    outcome: Callable[[Result], Outcome],
    note: str,
) -> None:
    """Print the best trial so far as a line of JSON, after each of two: the last line counts.

    package: whose version is told, None for that of Python. prepare: builds a fresh engine and returns what starts it;
    the call of what it returned, and nothing else, is timed. outcome: reads the result, after the clock has stopped.
    """
    release = sys.version.split()[0] if package is None else version(package)
    best = Trial(inf, 0.0, Outcome(0, 0, 0.0))
    for _ in range(TRIALS):
        run = prepare()
        gc.collect()
        began, began_busy = perf_counter(), process_time()
        result = run()
        seconds, busy = perf_counter() - began, process_time() - began_busy
        if seconds < best.seconds:
            best = Trial(seconds, busy, outcome(result))
        del run, result
        tell(peer, release, bars, best, note)


def tell(peer: str, release: str, bars: int, trial: Trial, note: str) -> None:
    """Print one measurement as a line of JSON."""
    done = trial.outcome
    line = {
        "peer": peer,
        "version": release,
        "bars": bars,
        "orders": done.orders,
        "trades": done.trades,
        "seconds": round(trial.seconds, 4),
        "processor_seconds": None if trial.processor_seconds is None else round(trial.processor_seconds, 4),
        "bars_per_second": round(bars / trial.seconds),
        "final_equity": round(done.final_equity, 2),
        "note": note,
    }
    print(json.dumps(line), flush=True)

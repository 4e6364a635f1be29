"""The process that executes a run once more: `python -m interfaces.replay_child`, its task as its input, in JSON.

Its answer is one line of JSON on standard output: a verification or a parity report, or why there is none. What the
strategy prints goes to standard error. It is given none of Weaver's settings and keys, and writes nothing to the
journal.
"""

import faulthandler
import gc
import json
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from application.backtest import BacktestTools
from application.clock import WallClock
from application.journal import Journal
from application.live import KNOWN_AHEAD, LiveTools
from application.parity import ParityReport, ParityTools, parity
from application.ports import BarSource, StrategyCatalog
from application.replay import Verification, verify_backtest, verify_live
from application.runs import load_run
from domain.errors import WeaverError
from domain.sessions import Sessions
from interfaces.event_store import journal_environment
from interfaces.logs import configure_logs
from interfaces.market_data.bar_store import BarStore
from interfaces.market_data.exchange_sessions import ExchangeSessions
from interfaces.run_import import ArchivedBars, ArchivedStrategy, kept_archive
from interfaces.strategy_catalog import FileStrategyCatalog

GARBAGE_THRESHOLDS = (500_000, 50, 100)


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of it: a verification or a parity report, or why there is none."""

    verification: Verification | None = None
    report: ParityReport | None = None
    error: str = ""


class _Nobody:
    """Implements `ProgressSink` and `Wakeup`: nobody is told, and nothing is waited for."""

    def report(self, run_id: UUID, fraction: float) -> None:
        """Tell nobody."""

    def wait(self, timeout: float) -> None:
        """Return at once."""


def main() -> int:
    """Verify the run the task names, or report on its parity, as its `work` says."""
    faulthandler.enable()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    task = json.loads(sys.stdin.readline())
    configure_logs("WARNING", task["log_format"], [task["database_url"]])
    try:
        run_id = UUID(task["run_id"])
        if task["work"] == "parity":
            answer = Answer(report=_reported(run_id, task))
        else:
            answer = Answer(verification=_verified(run_id, task))
    except WeaverError as error:
        answer = Answer(error=error.message)
    with answers:
        answers.write(msgspec.json.encode(answer))
    return 0


def _reported(run_id: UUID, task: Mapping[str, Any]) -> ParityReport:
    database_url = task["database_url"]
    with Journal(journal_environment(database_url, pool_size=1)) as journal:
        tools = ParityTools(
            journal=journal,
            catalog=FileStrategyCatalog(Path(task["strategies_dir"])),
            bars=BarStore(database_url),
            calendar=ExchangeSessions(Path(task["home"], "cache")),
        )
        return parity(run_id, tools)


def _verified(run_id: UUID, task: Mapping[str, Any]) -> Verification:
    database_url, nobody = task["database_url"], _Nobody()
    catalog, calendar = FileStrategyCatalog(Path(task["strategies_dir"])), ExchangeSessions(Path(task["home"], "cache"))
    with Journal(journal_environment(database_url, pool_size=1)) as journal, ExitStack() as stack:
        created = load_run(journal, run_id).created
        bars: BarSource = BarStore(database_url)
        strategies: StrategyCatalog = catalog
        if journal.stream(run_id)[0].origin is not None:
            archive = kept_archive(Path(task["home"]), run_id)
            bars = ArchivedBars(archive)
            if archive.strategy is not None:
                strategies = archived = ArchivedStrategy(archive.strategy, created.strategy_id, catalog)
                stack.callback(archived.close)
        if created.mode == "backtest":
            backtest = BacktestTools(
                journal=journal,
                catalog=strategies,
                bars=bars,
                calendar=calendar,
                clock=WallClock(),
                progress=nobody,
                stop_asked=lambda: False,
                log=lambda message, fields: None,
            )
            return verify_backtest(run_id, journal, backtest)
        live = LiveTools(
            journal=journal,
            catalog=strategies,
            calendar=calendar,
            clock=WallClock(),
            wakeup=nobody,
            end_asked=lambda: False,
            alive=lambda: None,
            log=lambda message, fields: None,
        )
        sessions: dict[str, Sessions] = {}
        for symbol in created.symbols:
            found = calendar.sessions(symbol, created.at, WallClock().now() + KNOWN_AHEAD)
            if found is not None:
                sessions[symbol] = found
        return verify_live(run_id, journal, live, sessions)


if __name__ == "__main__":
    sys.exit(main())

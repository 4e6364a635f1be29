"""The child process of one run: `python -m interfaces.session_child FD`, with its task as the first line of its input.

FD: an open descriptor; a byte is written there whenever something was dealt with, as a sign of life.

Exit codes: 0 the run's end is recorded, 1 it is not (the last lines say why), 4 asked to stop, 5 the parent is gone,
6 another process decides for the run.
"""

import faulthandler
import gc
import json
import os
import select
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
import structlog

from application.backtest import Backtest, BacktestStopped, BacktestTools
from application.clock import WallClock
from application.journal import Journal
from application.live import LiveTools, LiveTrading, SessionAsked, SessionFenced
from application.runs import load_run
from application.session_keeper import LEFT_ALONE, OVERTAKEN
from domain.errors import WeaverError
from interfaces.database import connect
from interfaces.event_store import journal_environment
from interfaces.journal_listener import JournalListener
from interfaces.journal_tail import report_progress
from interfaces.logs import configure_logs
from interfaces.market_data.bar_store import BarStore
from interfaces.market_data.exchange_sessions import ExchangeSessions
from interfaces.strategy_catalog import FileStrategyCatalog
from interfaces.user_code import limit_memory

STOPPED = 4
STDIN = 0
READ_BYTES = 65_536
# The parent says something every two seconds.
SILENT_SECONDS = 15
SECONDS_BETWEEN_REPORTS = 0.1
SECONDS_BETWEEN_SIGNS = 0.05
# What a line of the process's log says of itself: a strategy's field of that name gets an underscore.
OWN_FIELDS = frozenset({"event", "exc_info", "level", "logger", "run_id", "stack_info", "timestamp"})
GARBAGE_THRESHOLDS = (500_000, 50, 100)


class StopLine(threading.Thread):
    """Reads the parent's line: `stop` asks to end, its end or its silence mean that the parent is gone.

    A parent that is suspended closes no line. Whoever took its runs over has sessions of its own, so after a while
    without a word this one ends. It reads the descriptor itself: a thread that waits inside `sys.stdin` would hold its
    lock when the process ends.
    """

    def __init__(self, heard: bytes) -> None:
        super().__init__(name="line to the parent", daemon=True)
        self._heard = heard
        self.asked = threading.Event()

    def run(self) -> None:
        """Listen until the line ends."""
        while True:
            *lines, self._heard = self._heard.split(b"\n")
            if b"stop" in lines:
                self.asked.set()
            more = os.read(STDIN, READ_BYTES) if _is_said_something() else b""
            if not more:
                break
            self._heard += more
        # nobody looks after this run any more; the next supervisor executes it again from its journal
        os._exit(LEFT_ALONE)


def _is_said_something() -> bool:
    """Whether the parent says something, or closes the line, before it was silent for too long.

    Only seconds in which this process runs are counted: Ctrl-Z stops both.
    """
    return any(select.select([STDIN], (), (), 1.0)[0] for _ in range(SILENT_SECONDS))


class SignsOfLife:
    """Writes a byte to a descriptor, at most twenty times a second: a replay deals with 100,000 entries in a second."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._next_at = 0.0

    def give(self) -> None:
        """Show that something was dealt with just now, or so lately that it makes no difference."""
        if monotonic() >= self._next_at:
            os.write(self._descriptor, b".")
            self._next_at = monotonic() + SECONDS_BETWEEN_SIGNS


class ProgressReports:
    """Implements `ProgressSink` by notifications, at most ten a second; the end is always told."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._next_at = 0.0

    def report(self, run_id: UUID, fraction: float) -> None:
        """Tell whoever listens."""
        if fraction >= 1.0 or monotonic() >= self._next_at:
            report_progress(self._connection, run_id, fraction)
            self._next_at = monotonic() + SECONDS_BETWEEN_REPORTS


def main() -> int:
    """Trade the run the task names; return the exit code."""
    faulthandler.enable()
    # Ctrl-C on a terminal reaches this process too; whether it ends is for its parent to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Decimals of the ledger are kept, and each look for garbage goes through them: one every 700 objects costs a third.
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    first, heard = _first_line()
    task = json.loads(first)
    line = StopLine(heard)
    line.start()
    configure_logs(task["log_level"], task["log_format"], [task["database_url"]])
    run_id = UUID(task["run_id"])
    structlog.contextvars.bind_contextvars(run_id=str(run_id), logger=f"greta:run-{str(run_id)[-4:]}")
    try:
        _trade(run_id, task, line)
    except (BacktestStopped, SessionAsked):
        return STOPPED
    except SessionFenced as error:
        structlog.get_logger().warning("session ended", reason=error.message)
        return OVERTAKEN
    except WeaverError as error:
        structlog.get_logger().error("session ended", reason=error.message)
        return 1
    return 0


def _first_line() -> tuple[bytes, bytes]:
    """The task, and what was read beyond it."""
    heard = b""
    while b"\n" not in heard:
        more = os.read(STDIN, READ_BYTES)
        if not more:
            sys.exit(LEFT_ALONE)
        heard += more
    first, _, rest = heard.partition(b"\n")
    return first, rest


def _trade(run_id: UUID, task: Mapping[str, Any], line: StopLine) -> None:
    database_url = task["database_url"]
    log = structlog.get_logger("strategy")

    def write(message: str, fields: Mapping[str, object]) -> None:
        log.info(message, **{f"{name}_" if name in OWN_FIELDS else name: value for name, value in fields.items()})

    catalog, calendar = FileStrategyCatalog(Path(task["strategies_dir"])), ExchangeSessions(Path(task["cache_dir"]))
    with Journal(journal_environment(database_url, pool_size=1)) as journal:
        if load_run(journal, run_id).created.mode == "backtest":
            with connect(database_url) as connection:
                tools = BacktestTools(
                    journal=journal,
                    catalog=catalog,
                    bars=BarStore(database_url),
                    calendar=calendar,
                    clock=WallClock(),
                    progress=ProgressReports(connection),
                    stop_asked=line.asked.is_set,
                    log=write,
                )
                Backtest(run_id, tools).execute()
            return
        limit_memory(task["memory"])
        with closing(JournalListener(database_url)) as listener:
            live = LiveTools(
                journal=journal,
                catalog=catalog,
                calendar=calendar,
                clock=WallClock(),
                wakeup=listener,
                end_asked=line.asked.is_set,
                alive=SignsOfLife(int(sys.argv[1])).give,
                log=write,
            )
            LiveTrading(run_id, live).execute()


if __name__ == "__main__":
    sys.exit(main())

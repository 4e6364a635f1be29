"""The process that runs a sweep on this machine: `python -m interfaces.sweep_host FD`.

Its task is the first line of its input; FD, where signs of life would go, is not used.

It reads the bars into files that it maps, and forks its workers: they share its code, its libraries and the bars, and
each has connections of its own. It has none, and no threads, so that forking is safe at any time. A worker that dies is
replaced; a trial that was begun by three that died has failed. Its input is the line to its parent: `stop` asks it to
end, and so does the end of the line.

Exit codes: 0 no trial is left, 1 it could not go on (the last lines say why), 4 asked to stop, 5 the parent is gone.
"""

import faulthandler
import gc
import json
import mmap
import os
import pickle
import select
import signal
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import structlog

from application.clock import WallClock
from application.journal import Journal
from application.sweep_bars import begin, fail, trial_market
from application.sweeping import SweepWorker
from application.trial import TrialMarket, TrialRunner
from application.trial_book import TrialBook, load_sweep
from domain.errors import (
    BarsUnavailable,
    InvalidInput,
    NotFound,
    StrategyChanged,
    StrategyFault,
    Unavailable,
    WeaverError,
)
from domain.market import Timeframe
from domain.sweep import TrialFailed
from interfaces.event_store import journal_environment
from interfaces.logs import configure_logs
from interfaces.market_data.bar_store import BarStore
from interfaces.market_data.exchange_sessions import ExchangeSessions
from interfaces.market_data.shared_bars import share, shared
from interfaces.run_claims import DatabaseRunClaims
from interfaces.strategy_catalog import FileStrategyCatalog

STOPPED, ORPHANED = 4, 5
# What a worker ends with: no trial is left or wanted; the database is away; the sweep has failed.
DONE, AWAY, FAILED = 0, 1, 2
STDIN = 0
READ_BYTES = 4_096
MAX_DEATHS = 3
AWAY_SECONDS = 1.0
GARBAGE_THRESHOLDS = (500_000, 50, 100)
NO_TRIAL = -1
_NUMBER = struct.Struct("q")


class _Asked(Exception):
    """The line to the parent says to end; the exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class SweepHost:
    """The workers of one sweep on this machine."""

    def __init__(self, task: Mapping[str, Any]) -> None:
        self._task = task
        self._sweep_id = UUID(task["sweep_id"])
        self._workers: dict[int, int] = {}  # process id -> its place
        self._deaths: Counter[int] = Counter()
        # each worker writes down here which trial it is at, for when it can no longer be asked
        self._at_work = mmap.mmap(-1, _NUMBER.size * task["workers"])
        self._woken, waker = os.pipe()
        for end in (self._woken, waker):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        # closed by whatever ends this process, which tells the workers to end as well
        self._alive, self._lives = os.pipe()

    def run(self) -> int:
        """Run the sweep until no trial is left; return the exit code."""
        try:
            with tempfile.TemporaryDirectory(prefix="weaver-sweep-") as directory:
                code = self._joined(self._forked(lambda: self._read_bars(Path(directory))))
                if code != DONE:
                    return 1
                market, is_searched = self._mapped(Path(directory))
            if is_searched:
                import optuna  # noqa: F401 - before the workers are forked: it takes a second and 30 MB
            gc.collect()
            gc.freeze()
            for place in range(self._task["workers"]):
                self._launch(place, market)
            return self._watch(market)
        except _Asked as asked:
            return asked.code
        finally:
            for pid in self._workers:
                os.kill(pid, signal.SIGKILL)
            for pid in self._workers:
                os.waitpid(pid, 0)

    def _watch(self, market: TrialMarket) -> int:
        while self._workers:
            self._wait()
            for pid, place in list(self._workers.items()):
                done, status = os.waitpid(pid, os.WNOHANG)
                if not done:
                    continue
                del self._workers[pid]
                code = os.waitstatus_to_exitcode(status)
                if code == FAILED:
                    return 1
                if code == DONE:
                    continue
                self._lost(place, code)
                self._launch(place, market)
        return 0

    def _lost(self, place: int, code: int) -> None:
        """A worker ended without being done: count against its trial, or let time pass if it could not work at all."""
        [number] = _NUMBER.unpack_from(self._at_work, place * _NUMBER.size)
        structlog.get_logger("sweep").warning("worker ended", exit_code=code, trial=number)
        if code == AWAY or number == NO_TRIAL:
            self._wait(AWAY_SECONDS)
            return
        self._deaths[number] += 1
        if self._deaths[number] >= MAX_DEATHS:
            self._joined(self._forked(lambda: self._give_up(number, code)))

    def _launch(self, place: int, market: TrialMarket) -> None:
        _NUMBER.pack_into(self._at_work, place * _NUMBER.size, NO_TRIAL)
        self._workers[self._forked(lambda: self._work(place, market))] = place

    def _wait(self, seconds: float | None = None) -> None:
        """Return when a worker has ended, or the time is up; raise _Asked when the parent says so or is gone."""
        readable, _, _ = select.select([STDIN, self._woken], [], [], seconds)
        if self._woken in readable:
            os.read(self._woken, READ_BYTES)
        if STDIN in readable:
            heard = os.read(STDIN, READ_BYTES)
            if not heard or b"stop" in heard.split(b"\n"):
                raise _Asked(STOPPED if heard else ORPHANED)

    def _joined(self, pid: int) -> int:
        """Wait for a process that is no worker; return its exit code."""
        try:
            while True:
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    return os.waitstatus_to_exitcode(status)
                self._wait()
        except _Asked:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise

    def _forked(self, work: Callable[[], int]) -> int:
        """Return the id of a process that does the work and ends with what it returns."""
        sys.stdout.flush()
        pid = os.fork()
        if not pid:
            self._be_child(work)
        return pid

    def _be_child(self, work: Callable[[], int]) -> NoReturn:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), STDIN)
        for descriptor in (self._woken, self._lives):
            os.close(descriptor)
        code = os.EX_SOFTWARE
        try:
            code = work()
        except Unavailable as error:
            structlog.get_logger("sweep").warning("worker waits", reason=error.message)
            code = AWAY
        except Exception:  # noqa: BLE001 - nobody else would say what became of this process
            structlog.get_logger("sweep").exception("worker failed")
        finally:
            os._exit(code)

    # What its children do.

    def _read_bars(self, directory: Path) -> int:
        """Read the bars into files, and record what the sweep is run over."""
        task, clock = self._task, WallClock()
        catalog, calendar = self._catalog(), ExchangeSessions(Path(task["cache_dir"]))
        with Journal(journal_environment(task["database_url"], pool_size=1)) as journal:
            created = load_sweep(journal, self._sweep_id).created
            try:
                catalog.load(created.run.strategy_id, created.run.strategy_version)
                market = trial_market(journal, created.run, BarStore(task["database_url"]), calendar)
                begin(self._sweep_id, journal, market, clock)
            except (InvalidInput, NotFound, BarsUnavailable, StrategyChanged, StrategyFault) as error:
                fail(self._sweep_id, journal, clock, _CODES.get(type(error), "SWEEP_FAILED"), error.message)
                return FAILED
        for place, bars in enumerate(market.bars):
            share(bars, directory, place)
        told = (
            created.run.symbols,
            created.run.timeframe,
            market.sessions,
            created.method != "grid" or created.pruning,
        )
        (directory / "market").write_bytes(pickle.dumps(told))
        return DONE

    def _mapped(self, directory: Path) -> tuple[TrialMarket, bool]:
        symbols, timeframe, sessions, is_searched = pickle.loads((directory / "market").read_bytes())
        bars = (shared(one, Timeframe.parse(timeframe), directory, place) for place, one in enumerate(symbols))
        return TrialMarket(tuple(bars), sessions), is_searched

    def _work(self, place: int, market: TrialMarket) -> int:
        """Run trials until none is left."""
        _end_with(self._alive)
        os.nice(self._task["niceness"])
        task, clock = self._task, WallClock()

        def at_work(number: int | None) -> None:
            _NUMBER.pack_into(self._at_work, place * _NUMBER.size, NO_TRIAL if number is None else number)
            if number is None:
                gc.collect()  # a session and its strategy know each other: 35 MB a trial of a year would stay for long

        claims = DatabaseRunClaims(task["database_url"])
        with Journal(journal_environment(task["database_url"], pool_size=1)) as journal:
            book = TrialBook(self._sweep_id, journal, claims, clock)
            run = book.created.run
            kind = self._catalog().load(run.strategy_id, run.strategy_version)
            runner = TrialRunner(kind, market, book.created.objective, journal.store_id)
            SweepWorker(book, claims, runner, clock, at_work, time.sleep).work()
        claims.close()
        return DONE

    def _give_up(self, number: int, code: int) -> int:
        """Record that a trial ends whoever runs it."""
        task = self._task
        message = f"its process ended {MAX_DEATHS} times, at last with exit code {code}"
        claims = DatabaseRunClaims(task["database_url"])
        with Journal(journal_environment(task["database_url"], pool_size=1)) as journal:
            book = TrialBook(self._sweep_id, journal, claims, WallClock())
            now = WallClock().now()
            book.end(TrialFailed(at=now, sweep_id=self._sweep_id, number=number, code="PROCESS_DIED", message=message))
        return DONE

    def _catalog(self) -> FileStrategyCatalog:
        return FileStrategyCatalog(Path(self._task["strategies_dir"]))


_CODES: dict[type[WeaverError], str] = {
    BarsUnavailable: "BARS_UNAVAILABLE",
    StrategyChanged: "STRATEGY_CHANGED",
    StrategyFault: "STRATEGY_ERROR",
}


def _end_with(alive: int) -> None:
    """End this process as soon as the one it was forked from is gone."""
    import threading

    def watch() -> None:
        os.read(alive, 1)
        os._exit(ORPHANED)

    threading.Thread(target=watch, name="line to the host", daemon=True).start()


def main() -> int:
    """Run the sweep that the task names; return the exit code."""
    faulthandler.enable()
    # Ctrl-C on a terminal reaches this process too; whether it ends is for its parent to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    first = b""
    while not first.endswith(b"\n"):
        more = os.read(STDIN, 1)
        if not more:
            return ORPHANED
        first += more
    task = json.loads(first)
    configure_logs(task["log_level"], task["log_format"], [task["database_url"]])
    structlog.contextvars.bind_contextvars(sweep_id=task["sweep_id"])
    return SweepHost(task).run()


if __name__ == "__main__":
    sys.exit(main())

"""Starts, stops and recovers sessions as run events say (GLaDOS)."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Protocol
from uuid import UUID

from application.clock import Clock
from application.journal import Journal
from application.ports import JournalWatch, RunClaims, SessionLauncher, SessionProcess
from application.runs import chain_of, load_run, settle
from domain.errors import Conflict, RunNotFound, Unavailable
from domain.events import Event
from domain.run import (
    Run,
    RunCompleted,
    RunFailed,
    RunStartRequested,
    RunStatus,
    RunStopped,
    RunStopRequested,
)

POLL_SECONDS = 0.1
# Runs whose process may have died elsewhere are looked at again this often.
RECHECK_SECONDS = 5.0
# How long a session may take to end by itself once asked.
GRACE_SECONDS = 1.0
MAX_LAUNCHES = 3
PAGE = 1_000
TOPICS = tuple(kind.TOPIC for kind in (RunStartRequested, RunStopRequested, RunStopped, RunCompleted, RunFailed))

type Report = Callable[[str, dict[str, object]], None]


@dataclass(slots=True)
class _Charge:
    """A run this supervisor looks after, and the process that trades it."""

    process: SessionProcess
    launches: int = 1
    kill_at: float | None = None


class LookedAfter(Protocol):
    """A paper or live run that something else looks after."""

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to look after."""
        ...

    @property
    def is_misplaced(self) -> bool:
        """Whether another process trades its account: only there is known when both sides were compared."""
        ...

    def stop(self) -> None:
        """Stop looking after it."""
        ...


class Markets(Protocol):
    """Looks after paper and live runs."""

    def look_after(self, run_id: UUID) -> LookedAfter | None:
        """Return what looks after the run from now on, None if this process cannot."""
        ...

    def let_go(self) -> None:
        """Let go of the market data that no run here needs any more."""
        ...


class Supervisor:
    """Gives every started run one session process, over all supervisors of the database.

    A backtest's process is looked after here, a run on a market of now by `markets`.

    A run is claimed before it is touched; a claim ends with the process that holds it, so the runs of a killed
    supervisor are taken over by the next: a backtest is executed again and appends what its journal lacks.
    `only` limits it to one run, as the command line does.
    """

    def __init__(
        self,
        journal: Journal,
        watch: JournalWatch,
        claims: RunClaims,
        launcher: SessionLauncher,
        clock: Clock,
        report: Report,
        only: UUID | None = None,
        markets: Markets | None = None,
    ) -> None:
        self._journal = journal
        self._watch = watch
        self._claims = claims
        self._launcher = launcher
        self._clock = clock
        self._report = report
        self._only = only
        self._markets = markets
        self._live: dict[UUID, LookedAfter] = {}
        self._position = 0
        self._head = 0
        self._wanted: set[UUID] = set()
        self._seen: set[UUID] = set()
        self._charges: dict[UUID, _Charge] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._recheck_at = 0.0
        self.failure: str | None = None

    def start(self) -> None:
        """Begin to look after runs, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End all sessions and give their runs up; another supervisor, or the next start, goes on with them."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether it is at work."""
        return self._thread.is_alive()

    @property
    def backtests(self) -> int:
        """How many backtests it has a process for."""
        return len(self._charges)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._turn()
        except Exception as error:
            self.failure = f"the supervisor has failed ({type(error).__name__}: {error}): restart Weaver"
            raise
        finally:
            for run_id, charge in list(self._charges.items()):
                charge.process.kill()
                self._drop(run_id)
            for run_id, live in list(self._live.items()):
                live.stop()
                self._drop(run_id)

    def _turn(self) -> None:
        try:
            self._read_journal()
            self._claim_wanted()
            for run_id in list(self._charges):
                self._attend(run_id)
            for run_id, live in list(self._live.items()):
                if live.is_over:
                    self._drop(run_id)
                    self._let_go_of_markets()
                elif live.is_misplaced:
                    self._leave(run_id, "its account is traded by another process")
            self.failure = None
        except (Unavailable, Conflict) as error:
            # the database is away or somebody was faster: everything is derived from the journal again next turn
            if self.failure != error.message:
                self._report("supervisor waits", {"level": "warning", "reason": error.message})
            self.failure = error.message
            self._stopping.wait(POLL_SECONDS)
        self._head = self._watch.wait(self._head, POLL_SECONDS)

    def _read_journal(self) -> None:
        seen = self._head
        topics = self._watch.topics(self._position, seen)
        if topics is not None and topics.isdisjoint(self._journal.catalogue.versions(TOPICS)):
            self._position = max(self._position, seen)
            return
        while entries := self._journal.read(self._position, PAGE, topics=TOPICS, run_id=self._only):
            for entry in entries:
                kind = self._journal.catalogue.kind(entry.topic) or Event
                if issubclass(kind, RunStartRequested):
                    self._wanted.add(entry.stream_id)
                elif issubclass(kind, RunStopRequested):
                    self._interrupt(entry.stream_id)
                else:
                    self._wanted.discard(entry.stream_id)
                self._position = entry.position
        # nothing of interest up to there: the events of a large run are not read again at every turn
        self._position = max(self._position, seen)

    def _interrupt(self, run_id: UUID) -> None:
        charge = self._charges.get(run_id)
        if charge is not None and charge.kill_at is None:
            charge.process.interrupt()
            charge.kill_at = monotonic() + GRACE_SECONDS

    def _claim_wanted(self) -> None:
        waiting = self._wanted - self._charges.keys() - self._live.keys()
        new, self._seen = waiting - self._seen, waiting
        if monotonic() >= self._recheck_at:
            self._recheck_at, new = monotonic() + RECHECK_SECONDS, waiting
            self._look_at_claims()
        for run_id in sorted(new):
            if self._claims.claim(run_id):
                self._take(run_id)

    def _look_at_claims(self) -> None:
        """Leave what another process has claimed since the database let go of this one."""
        for run_id in [*self._charges, *self._live]:
            if not self._claims.claim(run_id):
                self._leave(run_id, "another process looks after it")

    def _leave(self, run_id: UUID, reason: str) -> None:
        """Leave a run that goes on to another process, and be there should that one be gone."""
        self._report("run is left", {"run_id": str(run_id), "reason": reason})
        charge, live = self._charges.pop(run_id, None), self._live.pop(run_id, None)
        if charge is not None:
            charge.process.kill()
        if live is not None:
            live.stop()
        self._let_go_of_markets()
        self._claims.release(run_id)

    def _let_go_of_markets(self) -> None:
        if self._markets is not None:
            self._markets.let_go()

    def _take(self, run_id: UUID) -> None:
        try:
            run = load_run(self._journal, run_id)
        except RunNotFound:
            self._drop(run_id)
            return
        if run.status.is_final:
            self._drop(run_id)
        elif run.created.mode != "backtest":
            self._look_after(run_id)
        elif run.stop_requested:
            self._settle(run_id, "the run was stopped", self._stop)
            self._drop(run_id)
        else:
            resumed = run.status is RunStatus.RUNNING
            self._report("session started", {"run_id": str(run_id), "resumed": resumed})
            self._charges[run_id] = _Charge(self._launcher.launch(run_id))

    def _look_after(self, run_id: UUID) -> None:
        live = None if self._markets is None else self._markets.look_after(run_id)
        if live is None:
            self._claims.release(run_id)
        else:
            self._live[run_id] = live

    def _attend(self, run_id: UUID) -> None:
        charge = self._charges[run_id]
        code = charge.process.poll()
        if code is None:
            if charge.kill_at is not None and monotonic() >= charge.kill_at:
                charge.process.kill()
            return
        run = load_run(self._journal, run_id)
        if run.stop_requested and not run.status.is_final:
            self._settle(run_id, "the run was stopped", self._stop)
        elif not run.status.is_final:
            complaint = charge.process.complaint()
            died = {"run_id": str(run_id), "exit_code": code, "complaint": complaint}
            self._report("session died", {"level": "warning", **died})
            if charge.launches < MAX_LAUNCHES:
                self._charges[run_id] = _Charge(self._launcher.launch(run_id, again=True), charge.launches + 1)
                return
            self._settle(run_id, "the run's process died", self._died(code, complaint))
        self._drop(run_id)

    def _settle(self, run_id: UUID, reason: str, end: Callable[[Run], None]) -> None:
        chain = chain_of(self._journal, run_id, "supervisor", RunStartRequested, RunStopRequested)
        settle(self._journal, run_id, chain, reason, self._clock.now(), end)

    def _stop(self, run: Run) -> None:
        run.stop(self._clock.now())

    def _died(self, code: int, complaint: str) -> Callable[[Run], None]:
        message = f"the session process ended {MAX_LAUNCHES} times without a result, at last with exit code {code}"
        return lambda run: run.fail(self._clock.now(), "SESSION_DIED", message, complaint or None)

    def _drop(self, run_id: UUID) -> None:
        self._charges.pop(run_id, None)
        self._live.pop(run_id, None)
        self._wanted.discard(run_id)
        self._claims.release(run_id)

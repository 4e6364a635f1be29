"""Runs the sweeps of the journal on this machine, one after the other, beside whatever else it does (GLaDOS)."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Protocol
from uuid import UUID

from application.journal import Journal
from application.ports import JournalWatch, RunClaims, SessionProcess
from application.trial_book import load_sweep
from domain.errors import Conflict, SweepNotFound, Unavailable
from domain.sweep import SweepCompleted, SweepCreated, SweepFailed, SweepResumed, SweepStatus, SweepStopped

POLL_SECONDS = 0.2
# A sweep whose process ended without a result, and one that another process looked after, is looked at again.
RECHECK_SECONDS = 5.0
GRACE_SECONDS = 1.0
PAGE = 1_000
TOPICS = tuple(kind.TOPIC for kind in (SweepCreated, SweepStopped, SweepResumed, SweepCompleted, SweepFailed))

type Report = Callable[[str, dict[str, object]], None]


class SweepLauncher(Protocol):
    """Starts the process that runs a sweep."""

    def launch(self, sweep_id: UUID) -> SessionProcess:
        """Return the process, already running."""
        ...


class SweepKeeper:
    """Gives the oldest sweep that is wanted a process, over all keepers of the database; the others wait their turn.

    A sweep is claimed before it is begun, as a run is by a supervisor; whoever joins one needs no claim.
    """

    def __init__(
        self, journal: Journal, watch: JournalWatch, claims: RunClaims, launcher: SweepLauncher, report: Report
    ) -> None:
        self._journal = journal
        self._watch = watch
        self._claims = claims
        self._launcher = launcher
        self._report = report
        self._position = 0
        self._head = 0
        self._wanted: dict[UUID, float] = {}  # in order of wanting; when each may be looked at
        self._kept: tuple[UUID, SessionProcess] | None = None
        self._kill_at: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeps", daemon=True)
        self.failure: str | None = None

    def start(self) -> None:
        """Begin to look after sweeps, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End the process at work; the next start goes on with its sweep."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._claims.close()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._turn()
        except Exception as error:
            self.failure = f"the keeper of sweeps has failed ({type(error).__name__}: {error}): restart Weaver"
            raise
        finally:
            if self._kept is not None:
                self._kept[1].kill()

    def _turn(self) -> None:
        try:
            self._read_journal()
            self._attend()
            if self._kept is None:
                self._take_next()
            self.failure = None
        except (Unavailable, Conflict) as error:
            if self.failure != error.message:
                self._report("sweeps wait", {"level": "warning", "reason": error.message})
            self.failure = error.message
            self._stopping.wait(POLL_SECONDS)
        self._head = self._watch.wait(self._head, POLL_SECONDS)

    def _read_journal(self) -> None:
        seen = self._head
        topics = self._watch.topics(self._position, seen)
        if topics is not None and topics.isdisjoint(self._journal.catalogue.versions(TOPICS)):
            self._position = max(self._position, seen)
            return
        while entries := self._journal.read(self._position, PAGE, topics=TOPICS):
            for entry in entries:
                kind = self._journal.catalogue.kind(entry.topic)
                if kind in (SweepCreated, SweepResumed):
                    self._wanted[entry.stream_id] = 0.0
                else:
                    self._wanted.pop(entry.stream_id, None)
                    self._interrupt(entry.stream_id)
                self._position = entry.position
        self._position = max(self._position, seen)

    def _interrupt(self, sweep_id: UUID) -> None:
        if self._kept is not None and self._kept[0] == sweep_id and self._kill_at is None:
            self._kept[1].interrupt()
            self._kill_at = monotonic() + GRACE_SECONDS

    def _attend(self) -> None:
        if self._kept is None:
            return
        sweep_id, process = self._kept
        code = process.poll()
        if code is None:
            if self._kill_at is not None and monotonic() >= self._kill_at:
                process.kill()
            return
        if code and self._kill_at is None:
            complaint = process.complaint()
            self._report("sweep's process ended", {"sweep_id": str(sweep_id), "code": code, "complaint": complaint})
        self._kept = self._kill_at = None
        self._claims.release(sweep_id)
        if sweep_id in self._wanted:
            self._wanted[sweep_id] = monotonic() + RECHECK_SECONDS

    def _take_next(self) -> None:
        now = monotonic()
        for sweep_id, due in list(self._wanted.items()):
            if now < due:
                continue
            if not self._claims.claim(sweep_id):
                self._wanted[sweep_id] = now + RECHECK_SECONDS
                continue
            if self._is_over(sweep_id):
                self._wanted.pop(sweep_id)
                self._claims.release(sweep_id)
                continue
            self._report("sweep started", {"sweep_id": str(sweep_id)})
            self._kept = sweep_id, self._launcher.launch(sweep_id)
            return

    def _is_over(self, sweep_id: UUID) -> bool:
        try:
            return load_sweep(self._journal, sweep_id).status is not SweepStatus.RUNNING
        except SweepNotFound:
            return True

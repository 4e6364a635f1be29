"""One sweep from its command to its end in the journal, by processes of this machine or by a Ray cluster."""

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

from application.commands import CreateSweep, ResumeSweep
from application.runs import READ_PAGE
from application.trial_book import load_sweep
from domain.errors import Refused
from domain.event_catalogue import CATALOGUE
from domain.events import JournalEntry
from domain.sweep import (
    SweepCompleted,
    SweepFailed,
    SweepStarted,
    SweepStatus,
    SweepStopped,
    TrialCompleted,
    TrialFailed,
    TrialPruned,
    trial_count,
)
from interfaces.cli.opened import ACTOR
from interfaces.cli.outcomes import CommandFailed
from interfaces.cli.printing import Progress, notice
from interfaces.session_process import ChildProcess
from interfaces.sweep_process import SweepHostLauncher

if TYPE_CHECKING:
    from interfaces.composition import Weaver

ENDINGS = CATALOGUE.versions(kind.TOPIC for kind in (SweepCompleted, SweepFailed, SweepStopped))
TRIAL_ENDINGS = CATALOGUE.versions(kind.TOPIC for kind in (TrialCompleted, TrialPruned, TrialFailed))
BEGINNING = CATALOGUE.versions([SweepStarted.TOPIC])
SECONDS_A_LOOK = 0.2
TAIL_PATIENCE = 30.0


class _SweepWatch:
    """Sees what the journal gets of one sweep, and tells how far it is."""

    def __init__(self, weaver: "Weaver", sweep_id: UUID, told: Progress) -> None:
        self._weaver = weaver
        self._sweep_id = sweep_id
        self._told = told
        self._done: set[UUID] = set()
        self._total: int | None = None
        self.ended = threading.Event()

    def see(self, entries: Sequence[JournalEntry]) -> None:
        """Take note of what was just recorded."""
        for entry in entries:
            if entry.run_id == self._sweep_id:
                self._count(entry)
                if entry.topic in ENDINGS:
                    self.ended.set()

    def catch_up(self) -> None:
        """Count what was recorded before the tail began."""
        after = 0
        while entries := self._weaver.journal.read(after, READ_PAGE, run_id=self._sweep_id):
            after = entries[-1].position
            for entry in entries:
                self._count(entry)

    def _count(self, entry: JournalEntry) -> None:
        if entry.topic in BEGINNING:
            sweep = load_sweep(self._weaver.journal, self._sweep_id)
            if sweep.started is not None:
                self._total = trial_count(sweep.created.trials, len(sweep.started.windows))
        elif entry.topic in TRIAL_ENDINGS:
            self._done.add(entry.stream_id)
        if self._total:
            self._told(len(self._done) / self._total)


def execute(
    weaver: "Weaver",
    command: CreateSweep | None,
    sweep_id: UUID,
    told: Progress,
    *,
    workers: int | None,
    ray: str | None,
    joins: bool,
) -> None:
    """Run the sweep until no trial of it is left; raise CommandFailed if it could not be run to its end.

    A sweep is claimed before it exists, or goes on, so that no server of this database begins with it as well.
    """
    watch = _SweepWatch(weaver, sweep_id, told)
    weaver.tail.subscribe(watch.see, lambda run_id, fraction: None)
    if not joins and not weaver.claims.claim(sweep_id):
        raise CommandFailed(f"another process looks after sweep {sweep_id}: weaver sweeps join works on it as well")
    weaver.start()
    if command is not None:
        weaver.dispatch.dispatch(command, actor=ACTOR)
        notice(f"sweep {sweep_id}")
    elif not joins:
        weaver.dispatch.dispatch(ResumeSweep(sweep_id=sweep_id), actor=ACTOR)
    elif (status := load_sweep(weaver.journal, sweep_id).status) is not SweepStatus.RUNNING:
        raise Refused(f"sweep {sweep_id} cannot be joined: it is {status}", status=status)
    watch.catch_up()
    if ray is not None:
        from interfaces.ray_sweep import run_on_ray

        run_on_ray(weaver, sweep_id, ray, workers)
    else:
        _run_here(weaver, watch, sweep_id, workers)
    _await_read_model(weaver)
    failure = load_sweep(weaver.journal, sweep_id).failure
    if failure is not None:
        raise CommandFailed(f"the sweep failed: {failure.message}")


def _run_here(weaver: "Weaver", watch: _SweepWatch, sweep_id: UUID, workers: int | None) -> None:
    count = workers or os.process_cpu_count() or 1
    launcher = SweepHostLauncher(weaver.database_url, weaver.settings, count, niceness=0)
    process = launcher.launch(sweep_id)
    try:
        code = _awaited(weaver, watch, process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    status = load_sweep(weaver.journal, sweep_id).status
    if status is SweepStatus.RUNNING:
        raise CommandFailed(f"the sweep's process ended with exit code {code}: the lines above say why")


def _awaited(weaver: "Weaver", watch: _SweepWatch, process: ChildProcess) -> int:
    deadline = monotonic() + TAIL_PATIENCE
    while (code := process.poll()) is None:
        if watch.ended.wait(SECONDS_A_LOOK):
            process.interrupt()  # stopped from elsewhere, or about to end by itself
        if weaver.tail.failure is None:
            deadline = monotonic() + TAIL_PATIENCE
        elif monotonic() > deadline:
            raise CommandFailed(f"the journal is out of sight: {weaver.tail.failure}")
    return code


def _await_read_model(weaver: "Weaver") -> None:
    head = weaver.journal.head()
    for processor in weaver.processors:
        if processor.name == "sweeps" and not processor.wait_for(head, TAIL_PATIENCE):
            notice(f"read model {processor.name} is behind: {processor.state}")

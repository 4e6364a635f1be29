"""Runs executed once more, each in a process of its own: strategy code never runs in this one."""

import json
import subprocess
import sys
import threading
from typing import Literal
from uuid import UUID

import msgspec

from application.parity import ParityReport
from application.replay import Verification
from domain.errors import InvalidInput, Unavailable
from interfaces.settings import Settings
from interfaces.user_code import scrubbed_environment

# Of a report that somebody waits for at a server, and of those who ask meanwhile: they hold a thread each.
PATIENCE_SECONDS = 30.0
QUEUE_SECONDS = 1.0
REMEMBERED = 20


class _Answer(msgspec.Struct, frozen=True):
    verification: Verification | None = None
    report: ParityReport | None = None
    error: str = ""


def verified(run_id: UUID, database_url: str, settings: Settings) -> Verification:
    """Return what a replay of the run came to; raise InvalidInput with the reason if there can be none."""
    answer = _answered("verify", run_id, database_url, settings)
    if answer.verification is None:
        raise InvalidInput(answer.error)
    return answer.verification


def parity_report(run_id: UUID, database_url: str, settings: Settings, patience: float | None = None) -> ParityReport:
    """Return the parity report of a paper or live run; raise InvalidInput with the reason if there can be none.

    patience: seconds, None for as long as it takes. Raises Unavailable when they are over.
    """
    answer = _answered("parity", run_id, database_url, settings, patience)
    if answer.report is None:
        raise InvalidInput(answer.error)
    return answer.report


class ParityReports:
    """Reports that are asked for at a server: one is made at a time, and one of a run that has not moved is kept."""

    def __init__(self, database_url: str, settings: Settings) -> None:
        self._database_url = database_url
        self._settings = settings
        self._made: dict[UUID, tuple[int, ParityReport]] = {}
        self._making = threading.Lock()

    def report(self, run_id: UUID, position: int) -> ParityReport:
        """Return the report of a run whose newest entry is at a position; what is raised is as in `parity_report`."""
        if (kept := self._kept(run_id, position)) is not None:
            return kept
        if not self._making.acquire(timeout=QUEUE_SECONDS):
            raise Unavailable("another parity report is being made: ask again in a moment")
        try:
            if (kept := self._kept(run_id, position)) is not None:
                return kept  # made for somebody who asked at the same time
            made = parity_report(run_id, self._database_url, self._settings, PATIENCE_SECONDS)
            self._made.pop(run_id, None)
            self._made[run_id] = (position, made)
            if len(self._made) > REMEMBERED:
                self._made.pop(next(iter(self._made)))
            return made
        finally:
            self._making.release()

    def _kept(self, run_id: UUID, position: int) -> ParityReport | None:
        made_at, report = self._made.get(run_id, (0, None))
        return report if made_at == position else None


def _answered(
    work: Literal["verify", "parity"],
    run_id: UUID,
    database_url: str,
    settings: Settings,
    patience: float | None = None,
) -> _Answer:
    task = {
        "work": work,
        "run_id": str(run_id),
        "database_url": database_url,
        "strategies_dir": str(settings.strategies_dir),
        "home": str(settings.home),
        "log_format": settings.log_format,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "interfaces.replay_child"],
            input=json.dumps(task) + "\n",
            stdout=subprocess.PIPE,
            env=scrubbed_environment(),
            text=True,
            check=False,
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(
            f"the report takes longer than {patience:.0f} s: weaver run parity {run_id} takes the time it needs"
        ) from None
    try:
        return msgspec.json.decode(done.stdout, type=_Answer)
    except msgspec.DecodeError:
        raise InvalidInput(f"the replay ended with exit code {done.returncode} before it was done") from None

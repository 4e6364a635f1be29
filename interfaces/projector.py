"""The process that keeps the read models, seen from the process that serves them."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from application.clock import Clock
from interfaces.settings import Settings
from interfaces.user_code import scrubbed_environment

# All in seconds.
READY_PATIENCE = 10.0
LOOK = 0.5
FIRST_PAUSE, LAST_PAUSE = 0.5, 30.0
STOP_PATIENCE = 15.0
HANDOVER = 1.5

log = logging.getLogger(__name__)


class StandBy(Protocol):
    """Keeps one read model while nobody else does."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End, and leave the read model to whoever is there."""
        ...


class Projector:
    """A process of its own that folds, so that folding takes the interpreter from no request, stream or clock.

    The processors of this process stand by. They take over while it is gone: it is started again, and then has its
    place back. restarts: how often that was.
    """

    def __init__(self, database_url: str, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self._task = {
            "database_url": database_url,
            "log_level": settings.log_level,
            "log_format": settings.log_format,
        }
        self._stopping = threading.Event()
        self.restarts = 0
        self._process = self._launch()
        self._thread: threading.Thread | None = None

    @property
    def since(self) -> datetime:
        """When it was started, UTC; the last time if more than once."""
        return self._since

    @property
    def pid(self) -> int:
        """Its process id; another one after it was started again."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._process.poll() is None

    def start(self, standing_by: Sequence[StandBy]) -> None:
        """Let it have the read models first, and these stand by; returns once it has them, or does not come up."""
        self._is_ready(self._process)
        for one in standing_by:
            one.start()
        self._thread = threading.Thread(target=self._keep, args=(standing_by,), name="projector", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it after the batch at hand."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._end(self._process)

    def _launch(self) -> "subprocess.Popen[str]":
        self._since = self._clock.now()
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "interfaces.projector_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=scrubbed_environment(),
            text=True,
        )
        if process.stdin is not None:
            process.stdin.write(json.dumps(self._task) + "\n")
            process.stdin.flush()
        return process

    def _is_ready(self, process: "subprocess.Popen[str]") -> bool:
        """Wait until it looks after the read models; False: it has ended instead, or takes too long."""
        told: list[str] = []
        reading = threading.Thread(target=lambda: told.append(_first_line(process)), daemon=True)
        reading.start()
        reading.join(READY_PATIENCE)
        return bool(told and told[0])

    def _keep(self, standing_by: Sequence[StandBy]) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.wait(LOOK):
            if self._process.poll() is None:
                continue
            log.warning(
                "the process that keeps the read models ended with exit code %s: this one goes on with them, and it is "
                "started again",
                self._process.returncode,
            )
            self._end(self._process)
            if self._stopping.wait(pause):
                return
            pause = min(2 * pause, LAST_PAUSE)
            self.restarts += 1
            self._process = self._launch()
            if self._is_ready(self._process) and not self._stopping.is_set():
                _give_back(standing_by, self._stopping)
                pause = FIRST_PAUSE

    def _end(self, process: "subprocess.Popen[str]") -> None:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            log.warning("the process that keeps the read models does not end, and is ended")
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _give_back(standing_by: Sequence[StandBy], stopping: threading.Event) -> None:
    """Let go of the read models, and stand by again when another process has had the time to take them."""
    for one in standing_by:
        one.stop()
    stopping.wait(HANDOVER)
    if not stopping.is_set():
        for one in standing_by:
            one.start()


def _first_line(process: "subprocess.Popen[str]") -> str:
    return "" if process.stdout is None else process.stdout.readline()

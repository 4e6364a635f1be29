"""Child processes that trade runs, seen from the process that starts them."""

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from uuid import UUID

from application.clock import Clock, WallClock
from interfaces.settings import Settings
from interfaces.user_code import scrubbed_environment

COMPLAINT_LINES = 30
SIGNS_AT_ONCE = 4_096
KILL_PATIENCE_SECONDS = 10.0
# A session takes a silence of fifteen for the end of this process.
BEAT_SECONDS = 2.0


class ChildProcess:
    """Implements `SessionProcess`. Its standard input is the line to it: closed, by whatever end, it ends itself.

    It loads what it needs and waits; what it is to do is told by `give`. module: what it runs.
    """

    def __init__(self, module: str = "interfaces.session_child") -> None:
        signs, told = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(told)],
            pass_fds=(told,),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=scrubbed_environment(),
            text=True,
            errors="replace",
        )
        os.close(told)
        self._last_sign: float | None = None
        self._saying = threading.Lock()
        threading.Thread(target=self._watch, args=(signs,), name=f"signs of {self._process.pid}", daemon=True).start()
        self._lines: deque[str] = deque(maxlen=COMPLAINT_LINES)
        self._reader = threading.Thread(target=self._pass_on, name=f"output of {self._process.pid}", daemon=True)
        self._reader.start()

    def give(self, task: Mapping[str, object]) -> None:
        """Let it begin."""
        self._say(json.dumps(task))

    @property
    def awaits(self) -> None:
        """What keeps it from being begun: nothing, it runs."""
        return None

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it lives; changes nothing of it, whoever asks."""
        return self._process.poll() is None

    def poll(self) -> int | None:
        """Return the exit code, None while it lives."""
        code = self._process.poll()
        if code is not None:
            self._reader.join()
            self.hang_up()
        return code

    def last_sign(self) -> float | None:
        """Return when it last showed that it is at work, in monotonic seconds; None while it is being loaded."""
        return self._last_sign

    def beat(self) -> None:
        """Let it know that somebody is there: left without a word, it ends by itself."""
        self._say("")

    def interrupt(self) -> None:
        """Ask it to end soon."""
        self._say("stop")

    def kill(self) -> None:
        """End it now, and wait for it."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(KILL_PATIENCE_SECONDS)
        self.poll()

    def complaint(self) -> str:
        """Return the last lines it wrote."""
        return "".join(self._lines).strip()

    def _say(self, line: str) -> None:
        line_to_child = self._process.stdin
        with self._saying:
            if line_to_child is not None and not line_to_child.closed:
                try:
                    line_to_child.write(line + "\n")
                    line_to_child.flush()
                except BrokenPipeError:
                    # it has ended already; poll() tells with which code
                    return

    def hang_up(self) -> None:
        """Close the line to it: a session that still lives ends by itself."""
        with self._saying:
            if self._process.stdin is not None and not self._process.stdin.closed:
                try:
                    self._process.stdin.close()
                except BrokenPipeError:
                    # a line it never read; it has ended
                    return

    def _watch(self, signs: int) -> None:
        with open(signs, "rb", buffering=0) as told:
            while told.read(SIGNS_AT_ONCE):
                self._last_sign = monotonic()

    def _pass_on(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                self._lines.append(line)
                sys.stderr.write(line)
            self._process.stdout.close()


@dataclass(frozen=True, slots=True)
class LaunchedSession:
    """The process of a run. since: when it was given the run, UTC."""

    run_id: UUID
    process: ChildProcess
    since: datetime


class ChildLauncher:
    """Implements `SessionLauncher` with one child process a run on this machine.

    spare: a process that was started ahead, to be used for the first run: starting one takes half a second.
    clock: tells since when each runs. restarts: how many took the place of one that had died.
    """

    def __init__(
        self, database_url: str, settings: Settings, spare: ChildProcess | None = None, clock: Clock | None = None
    ) -> None:
        self._task: Mapping[str, object] = {
            "database_url": database_url,
            "strategies_dir": str(settings.strategies_dir),
            "cache_dir": str(settings.home / "cache"),
            "log_level": settings.log_level,
            "log_format": settings.log_format,
            "memory": settings.session_memory,
        }
        self._spare = spare
        self._clock = clock or WallClock()
        self._launched: list[LaunchedSession] = []
        self._beating: threading.Thread | None = None
        self.restarts = 0
        self._lock = threading.Lock()

    def sessions(self) -> list[LaunchedSession]:
        """Return those that live, the longest first."""
        with self._lock:
            self._launched = [one for one in self._launched if one.process.is_running]
            return list(self._launched)

    def launch(self, run_id: UUID, *, again: bool = False) -> ChildProcess:
        """Return the run's process, already running. again: it takes the place of one that has died."""
        spare, self._spare = self._spare, None
        process = spare if spare is not None and spare.poll() is None else ChildProcess()
        process.give({**self._task, "run_id": str(run_id)})
        launched = LaunchedSession(run_id, process, self._clock.now())
        with self._lock:
            self.restarts += again
            self._launched = [*(one for one in self._launched if one.process.is_running), launched]
            if self._beating is None:
                self._beating = threading.Thread(target=self._beat, name="beats of sessions", daemon=True)
                self._beating.start()
        return process

    def _beat(self) -> None:
        """Let the sessions know that this process is at work, for as long as there are any."""
        pause = threading.Event()
        while True:
            with self._lock:
                self._launched = [one for one in self._launched if one.process.is_running]
                if not self._launched:
                    self._beating = None
                    return
                processes = [one.process for one in self._launched]
            for process in processes:
                process.beat()
            pause.wait(BEAT_SECONDS)

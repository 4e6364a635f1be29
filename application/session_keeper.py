"""Keeps the process of a live session running: one that died or does not decide is replaced, a few times."""

from collections.abc import Callable
from time import monotonic
from uuid import UUID

from application.ports import SessionLauncher, SessionProcess

# So many processes in a row may end without having decided on anything.
MAX_LAUNCHES = 3
POLL_SECONDS = 0.05
# With this a session ends that has heard nothing of this process for a while: who is suspended leaves none deciding.
LEFT_ALONE = 5
# With this one whose tick another has decided on: the session of an engine that was suspended, for a while.
OVERTAKEN = 6
# How long a process may take until it shows the first sign of life: Python, its libraries, the strategy's own imports.
LOADING_SECONDS = 60.0

type Report = Callable[..., None]


class SessionKeeper:
    """One run's process. A process that decides is trusted again: only failures in a row count.

    patience: seconds it may take to decide on a tick. is_over: whether the run is to end, by all that is recorded; a
    process that has read so, and ended, is not missed.
    """

    def __init__(
        self,
        run_id: UUID,
        launcher: SessionLauncher,
        patience: float,
        report: Report,
        is_over: Callable[[], bool],
    ) -> None:
        self._run_id = run_id
        self._launcher = launcher
        self._patience = patience
        self._report = report
        self._is_over = is_over
        self._process: SessionProcess | None = None
        self._launches = 0
        self._waiting_since: float | None = None
        self._launched_at = 0.0
        self._given_up: str | None = None
        self._has_told = False

    def ticked(self) -> None:
        """There is a tick to decide on."""
        self._waiting_since = monotonic() if self._waiting_since is None else self._waiting_since

    def decided(self) -> None:
        """Everything is decided."""
        if self._waiting_since is not None:
            self._launches = 1
        self._waiting_since = None

    def attend(self) -> str | None:
        """Make sure that a process is running; return why none will any more, None while one does."""
        if self._given_up is not None:
            return self._given_up
        if self._process is None:
            self._launch()
            return None
        code = self._process.poll()
        if code is not None and self._is_over():
            return None
        if code == LEFT_ALONE:
            self._report("session left", "warning", reason="this process was not heard of: suspended, or far too busy")
            return self._replace("had heard nothing of this one and ended")
        if code == OVERTAKEN:
            self._report("session overtaken", "warning", reason="another process has decided on its tick")
            return self._replace("was overtaken by another one")
        if code is not None:
            return self._replace_dead(f"ended with exit code {code}")
        self._tell_of_waiting(self._process.awaits)
        if self._is_stuck(self._process):
            self._process.kill()
            return self._replace_dead(f"had not decided for {self._patience:g} s and was ended")
        return None

    def _is_stuck(self, process: SessionProcess) -> bool:
        """Whether there is something to decide and the process has shown no sign of life for too long."""
        if self._waiting_since is None or process.awaits is not None:
            return False
        sign = process.last_sign()
        if sign is None:
            return monotonic() > self._launched_at + LOADING_SECONDS
        return monotonic() > max(sign, self._waiting_since) + self._patience

    def _tell_of_waiting(self, reason: str | None) -> None:
        """Say once that there is something to decide, and nobody who could, and when that is over."""
        if reason is None and self._has_told:
            self._report("session goes on")
            self._has_told, self._launched_at = False, monotonic()
        is_late = self._waiting_since is not None and monotonic() > self._waiting_since + self._patience
        if reason is not None and is_late and not self._has_told:
            self._report("session waits", "warning", reason=reason)
            self._has_told = True

    def complaint(self) -> str:
        """Return the last lines the process wrote."""
        return "" if self._process is None else self._process.complaint()

    def end(self, patience: float, wait: Callable[[float], object]) -> None:
        """Let the process end by itself for some seconds, then end it."""
        process, self._process = self._process, None
        if process is None:
            return
        deadline = monotonic() + patience
        while process.poll() is None and monotonic() < deadline:
            wait(POLL_SECONDS)
        process.kill()

    def _launch(self) -> None:
        self._process = self._launcher.launch(self._run_id, again=self._launches > 0)
        self._launches += 1
        self._launched_at = monotonic()
        self._report("session started", launches=self._launches)

    def _replace_dead(self, what: str) -> str | None:
        self._report("session died", "warning", reason=f"the session's process {what}", complaint=self.complaint())
        return self._replace(what)

    def _replace(self, what: str) -> str | None:
        if self._launches >= MAX_LAUNCHES:
            self._given_up = f"the session's process {what}, {MAX_LAUNCHES} times in a row"
            return self._given_up
        self._launch()
        return None

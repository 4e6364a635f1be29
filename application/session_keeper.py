"""Keeps the process of a live session running: one that died or does not decide is replaced, a few times."""

from collections.abc import Callable
from time import monotonic
from uuid import UUID

from application.ports import SessionLauncher, SessionProcess

# How long a session may take to decide on a tick, and on the first after its process was started: that has to load
# the strategy and to replay what the run has decided, on a machine that may be busy with the start of others.
DECISION_SECONDS, FIRST_DECISION_SECONDS = 15.0, 60.0
# So many processes in a row may end without having decided on anything.
MAX_LAUNCHES = 3
POLL_SECONDS = 0.05

type Report = Callable[..., None]


class SessionKeeper:
    """One run's process. A process that decides is trusted again: only failures in a row count."""

    def __init__(self, run_id: UUID, launcher: SessionLauncher, report: Report) -> None:
        self._run_id = run_id
        self._launcher = launcher
        self._report = report
        self._process: SessionProcess | None = None
        self._launches = 0
        self._waiting_since: float | None = None
        self._has_decided = False

    def ticked(self) -> None:
        """There is a tick to decide on."""
        self._waiting_since = self._waiting_since or monotonic()

    def decided(self) -> None:
        """Everything is decided."""
        if self._waiting_since is not None:
            self._launches = 1
            self._has_decided = True
        self._waiting_since = None

    def attend(self) -> str | None:
        """Make sure that a process is running; return why none will, None while one does."""
        if self._process is None:
            self._launch()
            return None
        code, since = self._process.poll(), self._waiting_since
        if code is not None:
            return self._replace(f"ended with exit code {code}")
        patience = DECISION_SECONDS if self._has_decided else FIRST_DECISION_SECONDS
        if since is not None and monotonic() > since + patience:
            self._process.kill()
            return self._replace(f"had not decided for {patience:g} s and was ended")
        return None

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
        self._launches += 1
        self._waiting_since, self._has_decided = None, False
        self._process = self._launcher.launch(self._run_id)
        self._report("session started", launches=self._launches)

    def _replace(self, what: str) -> str | None:
        self._report("session died", reason=f"the session's process {what}", complaint=self.complaint())
        if self._launches >= MAX_LAUNCHES:
            return f"the session's process {what}, {MAX_LAUNCHES} times in a row"
        self._launch()
        return None

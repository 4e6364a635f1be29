"""The kill switch as this process knows it: thrown at once, whatever the database does."""

import threading
from collections.abc import Callable, Sequence

from domain.events import JournalEntry
from domain.risk import KILL_SWITCH_ID, RiskHalted, RiskResumed


class KillSwitchLatch:
    """Whether trading is halted. Set by whoever halts, before anything is recorded, and by what the journal says.

    Only the journal releases it: a halt that could not be recorded yet holds until it is.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: str | None = None
        self._listeners: list[Callable[[], None]] = []

    @property
    def reason(self) -> str | None:
        """Why nothing may be ordered, None if it may."""
        return self._reason

    def halt(self, reason: str) -> None:
        """Throw it: no order leaves this process from here on."""
        with self._lock:
            self._reason = self._reason or reason
        for listener in self._listeners:
            listener()

    def release(self) -> None:
        """Release it."""
        with self._lock:
            self._reason = None

    def on_halt(self, listener: Callable[[], None]) -> None:
        """Call the listener when it is thrown, in the thread that throws it."""
        self._listeners.append(listener)

    def follow(self, entries: Sequence[JournalEntry]) -> None:
        """Take note of what the journal says of the kill switch."""
        for entry in entries:
            if entry.stream_id == KILL_SWITCH_ID:
                if entry.topic.startswith(RiskHalted.TOPIC):
                    self.halt("trading is halted")
                elif entry.topic.startswith(RiskResumed.TOPIC):
                    self.release()

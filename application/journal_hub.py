"""Hands new journal entries to whoever in this process waits for them, in the order they were recorded."""

import threading
from collections.abc import Callable, Sequence

from domain.events import JournalEntry

type Listener = Callable[[Sequence[JournalEntry]], None]


class JournalHub:
    """Subscribed to the journal's tail once; listeners come and go while it runs.

    A listener is called in the tail's thread: it takes what concerns it, returns at once and never raises.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: tuple[Listener, ...] = ()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the listener with every entry from now on; return what ends that."""
        with self._lock:
            self._listeners = (*self._listeners, listener)
        return lambda: self._forget(listener)

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        """Hand new entries on."""
        for listener in self._listeners:
            listener(entries)

    def _forget(self, listener: Listener) -> None:
        with self._lock:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

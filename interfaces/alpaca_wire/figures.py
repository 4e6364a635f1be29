"""What this process knows of its lines to exchanges: streams that are held, and requests that may still leave."""

import threading
from collections import Counter
from dataclasses import dataclass
from time import monotonic
from weakref import WeakValueDictionary

from interfaces.alpaca_wire.rate_limit import RateLimit


@dataclass(slots=True)
class _Line:
    """A stream that is to be open. owner: the socket that holds it, or tries to."""

    owner: object
    is_up: bool = False
    heard_at: float = 0.0


@dataclass(frozen=True, slots=True)
class LineFigures:
    """A stream as it stands. silent: seconds since a frame was heard, or since it was begun; failures: since the start.

    A stream that nobody wants any more is not told of, its failures are.
    """

    name: str
    is_up: bool | None
    silent: float | None
    failures: int


class WireFigures:
    """Streams by name and limits by host. Streams tell of themselves, from their threads; any thread reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[str, _Line] = {}
        self._failures: Counter[str] = Counter()
        self.limits: WeakValueDictionary[str, RateLimit] = WeakValueDictionary()

    def begun(self, name: str, owner: object) -> None:
        """A stream is wanted from now on."""
        with self._lock:
            self._lines[name] = _Line(owner, heard_at=monotonic())
            self._failures[name] += 0

    def opened(self, name: str) -> None:
        """It is open."""
        with self._lock:
            if name in self._lines:
                self._lines[name].is_up, self._lines[name].heard_at = True, monotonic()

    def heard(self, name: str) -> None:
        """A frame came."""
        with self._lock:
            if name in self._lines:
                self._lines[name].heard_at = monotonic()

    def lost(self, name: str) -> None:
        """It is not open any more."""
        with self._lock:
            if name in self._lines:
                self._lines[name].is_up = False

    def failed(self, name: str) -> None:
        """An attempt to open it has failed, or it was lost: it is opened again."""
        with self._lock:
            self._failures[name] += 1

    def closed(self, name: str, owner: object) -> None:
        """It is not wanted any more; what another socket holds under the name stays."""
        with self._lock:
            if name in self._lines and self._lines[name].owner is owner:
                del self._lines[name]

    def lines(self) -> list[LineFigures]:
        """Return every stream there has been, by name."""
        now = monotonic()
        with self._lock:
            found = []
            for name, failures in sorted(self._failures.items()):
                line = self._lines.get(name)
                is_up, silent = (None, None) if line is None else (line.is_up, now - line.heard_at)
                found.append(LineFigures(name, is_up, silent, failures))
            return found


# As logging itself is, there is one for the whole process: sockets and clients are made wherever a plugin needs them.
WIRE = WireFigures()

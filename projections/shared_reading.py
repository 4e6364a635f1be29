"""Each stretch of the journal read and decoded once for all read models of a process that follow it (WallE)."""

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from operator import attrgetter
from time import monotonic, sleep

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.event_catalogue import CATALOGUE, Catalogue
from domain.events import JournalEntry
from projections.view import DEFAULT_BATCH, Folded, folded, read_entries

STRETCH = DEFAULT_BATCH
# What is kept for those behind: so many stretches, and payloads of so many bytes.
KEPT = 4
KEPT_BYTES = 16_000_000
# Whoever goes through a backlog ahead of the others waits for them, so that they find kept what it has read. Who is
# further behind than the horizon, or was not heard of lately, goes its own way and nobody waits for it.
AHEAD = KEPT // 2
HORIZON = 8 * KEPT
SILENCE = 1.0
PACE, PATIENCE = 0.005, 0.25

_position_of = attrgetter("position")


@dataclass(slots=True)
class _Stretch:
    """Entries after a position up to `upto`, decoded as somebody asks for them."""

    upto: int
    entries: list[JournalEntry] = field(default_factory=list)
    decoded: list[Folded | None] = field(default_factory=list)
    size: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class SharedReading:
    """The journal as the read models of one process read it. Positions never come to mean another event, unless the
    journal is restored: `forget` when a connection was lost.
    """

    def __init__(self, catalogue: Catalogue = CATALOGUE) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._stretches: OrderedDict[int, _Stretch] = OrderedDict()
        self._heard: dict[str, tuple[int, float]] = {}

    def forget(self) -> None:
        """Read everything anew from now on."""
        with self._lock:
            self._stretches.clear()

    def read(
        self, cursor: Cursor[TupleRow], name: str, topics: Set[str], after: int, end: int
    ) -> tuple[list[Folded], int]:
        """Return what the topics have with after < position <= end, and the position reached: `end`, or less.

        Raises ReadModelStopped for an event that cannot be decoded, in the name of the read model.
        """
        number = after // STRETCH
        end = min(end, (number + 1) * STRETCH)
        stretch = self._stretch(number)
        with stretch.lock:
            if stretch.upto < end:
                more, stretch.upto = read_entries(cursor, frozenset(), stretch.upto, end)
                stretch.entries += more
                stretch.decoded += [None] * len(more)
                stretch.size += sum(len(entry.state) for entry in more)
            passed_over = self._catalogue.events.keys() - topics
            due = range(*(bisect_right(stretch.entries, position, key=_position_of) for position in (after, end)))
            found = [place for place in due if stretch.entries[place].topic not in passed_over]
            for place in found:
                if stretch.decoded[place] is None:
                    stretch.decoded[place] = folded(name, stretch.entries[place], self._catalogue)
            return [one for place in found if (one := stretch.decoded[place]) is not None], min(end, stretch.upto)

    def pace(self, name: str, position: int, head: int, is_stopping: Callable[[], bool]) -> None:
        """Wait a little if the read model goes through a backlog ahead of the others; note where it is."""
        number, began = position // STRETCH, monotonic()
        while True:
            now = monotonic()
            self._heard[name] = number, now
            if head // STRETCH - number <= AHEAD or now - began > PATIENCE or is_stopping():
                return
            behind = [at for at, heard in list(self._heard.values()) if now - heard < SILENCE and at > number - HORIZON]
            if number - min(behind) <= AHEAD:
                return
            sleep(PACE)

    def _stretch(self, number: int) -> _Stretch:
        with self._lock:
            stretch = self._stretches.get(number)
            if stretch is None:
                stretch = self._stretches[number] = _Stretch(upto=number * STRETCH)
            self._stretches.move_to_end(number)
            while len(self._stretches) > 1 and (
                len(self._stretches) > KEPT or sum(one.size for one in self._stretches.values()) > KEPT_BYTES
            ):
                self._stretches.popitem(last=False)
            return stretch

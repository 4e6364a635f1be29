"""What can be told of each read model without asking the database."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from interfaces.composition import Weaver

# The tail looks several times a second; a look this recent counts as one of now.
FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ReadModelFigures:
    """One read model as it stands: offset, distance from the journal's head in positions and in seconds."""

    name: str
    state: str
    position: int
    lag_events: int
    lag_seconds: float
    events_folded_total: int


class ReadModelWatch:
    """Looks at the processors now and then, and remembers what tells how long one has been behind. For any thread."""

    def __init__(self, weaver: Weaver) -> None:
        self._weaver = weaver
        self._lock = threading.Lock()
        self._level_at: dict[str, float] = {}
        self._positions: dict[str, int] = {}
        self._folded: dict[str, int] = {}

    def look(self) -> Sequence[ReadModelFigures]:
        """Return the figures of every read model, in the order of their processors.

        Whoever cannot see the journal cannot know that a read model shows all of it: the seconds grow from the last
        time that was known.
        """
        tail, now = self._weaver.tail, time.monotonic()
        head, age = tail.head, tail.seconds_since_look
        seen_at = now if age < FRESH_SECONDS else now - age
        figures = []
        with self._lock:
            for processor in self._weaver.processors:
                name, position, lag = processor.name, processor.position, processor.lag(head)
                is_current = processor.state.name in ("following", "standby")
                level_at = self._level_at.setdefault(name, now)
                if is_current and lag <= 0:
                    level_at = self._level_at[name] = max(level_at, seen_at)
                figures.append(
                    ReadModelFigures(
                        name,
                        processor.state.name,
                        position,
                        max(lag, 0),
                        now - level_at,
                        self._fold(name, position) if is_current else self._folded.get(name, 0),
                    )
                )
        return figures

    def _fold(self, name: str, position: int) -> int:
        """The positions passed so far; a rebuild may move the offset back, and what follows is folded once more."""
        grown = max(position - self._positions.get(name, position), 0)
        self._positions[name] = position
        self._folded[name] = self._folded.get(name, 0) + grown
        return self._folded[name]

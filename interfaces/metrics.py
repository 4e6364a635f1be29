"""What the journal has grown by since the process started, counted as the tail sees it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from domain.event_catalogue import EVENTS
from domain.events import JournalEntry


class EventTally:
    """Counts events of the journal by family: `run` for `run.started`. One thread counts, any thread reads."""

    def __init__(self) -> None:
        self._families = Counter({_family(topic): 0 for topic in EVENTS})

    def count(self, entries: Sequence[JournalEntry]) -> None:
        """Count entries, each given once."""
        self._families.update(_family(entry.topic) for entry in entries)

    def families(self) -> Mapping[str, int]:
        """Return how many events of each family there were; families of the catalogue are there from the start."""
        return dict(self._families)


def _family(topic: str) -> str:
    return topic.partition(".")[0]

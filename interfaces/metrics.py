"""What happens to the journal, counted where it happens and read by whoever is asked for figures."""

from collections import Counter
from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Histogram

from domain.event_catalogue import EVENTS
from domain.events import JournalEntry

APPEND_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class EventTally:
    """Counts events of the journal as the tail sees them. One thread counts, any thread reads."""

    def __init__(self) -> None:
        self._topics = Counter(dict.fromkeys(EVENTS, 0))

    def count(self, entries: Sequence[JournalEntry]) -> None:
        """Count entries, each given once."""
        self._topics.update(entry.topic for entry in entries)

    def topics(self) -> Mapping[str, int]:
        """Return how many events of each topic there were; topics of the catalogue are there from the start."""
        return dict(self._topics)

    def families(self) -> Mapping[str, int]:
        """Return the same by family: `run` for `run.started`."""
        families: Counter[str] = Counter()
        for topic, count in self.topics().items():
            families[topic.partition(".")[0]] += count
        return dict(families)


class AppendTimes:
    """How long appends of this process take, from being asked for to being committed or given up."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "weaver_journal_append_seconds",
            "Time until an append of this process was committed, or failed.",
            ("result",),
            buckets=APPEND_BUCKETS,
            registry=self.registry,
        )
        for result in ("committed", "failed"):
            self._seconds.labels(result)

    def observe(self, seconds: float, succeeded: bool) -> None:
        """Note an append that has ended; for any thread."""
        self._seconds.labels("committed" if succeeded else "failed").observe(seconds)

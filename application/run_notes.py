"""What Weaver itself has to say of a paper or live run: in the log of its process, and in the run's own log."""

from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from uuid import UUID

from msgspec.structs import replace

from application.clock import Clock
from application.journal import Journal
from domain.errors import ConcurrentChange, Unavailable
from domain.events import Chain, Event, JournalEntry
from domain.order import OrderExpired, OrderOutcomeUnknown, OrderRejected
from domain.run_log import Level, LogLine, RunNotes, log_line, notes_stream_id

# What could not be recorded yet, because the database is away; the newest are kept.
MOST_WAITING = 100
MAX_ATTEMPTS = 10
# What keeps orders from leaving is said when it has lasted so long.
HELD_SECONDS = 2.0

type Report = Callable[[str, dict[str, object]], None]


class RunNotebook:
    """Tells at once, and records when it can. What is said twice in a row is recorded once. For one thread."""

    def __init__(self, run_id: UUID, journal: Journal, clock: Clock, report: Report) -> None:
        self._run_id = run_id
        self._journal = journal
        self._clock = clock
        self._report = report
        self._waiting: deque[tuple[LogLine, int]] = deque(maxlen=MOST_WAITING)
        self._said: tuple[str, object] | None = None
        self._held_since: float | None = None

    def say(self, message: str, level: Level = "info", /, **fields: object) -> None:
        """Tell the log of the process, and keep the line for `record` unless it was the last one said."""
        self._report(message, {"level": level, "run_id": str(self._run_id), **fields})
        if self._said != (message, fields):
            self._said = (message, fields)
            rest = dict(fields)
            reason = rest.pop("reason", None)
            line = log_line(self._clock.now(), message if reason is None else f"{message}: {reason}", rest)
            self._waiting.append((replace(line, level=level), 0))

    def hold(self, reason: str | None) -> None:
        """Say what keeps orders from leaving, once it has lasted a while, and that nothing does any more."""
        since, now = self._held_since, monotonic()
        has_lasted = since is not None and now - since > HELD_SECONDS
        self._held_since = None if reason is None else since or now
        if has_lasted and reason is not None:
            self.say("no order leaves", "warning", reason=reason)
        elif has_lasted:
            self.say("orders leave again")

    def take(self, taken: Sequence[tuple[JournalEntry, Event]]) -> None:
        """Keep for `record` what became of orders that a person may want to know of."""
        for entry, event in taken:
            if isinstance(event, OrderRejected | OrderExpired | OrderOutcomeUnknown):
                line = log_line(event.at, f"{_FATES[type(event)]}: {event.reason}", {"order": str(entry.stream_id)})
                self._waiting.append((replace(line, level="warning"), entry.position))

    def record(self, chain: Chain) -> None:
        """Record what waits. Without a database, or when others are always faster, it goes on waiting."""
        for _ in range(MAX_ATTEMPTS):
            if not self._waiting:
                return
            try:
                stream_id = notes_stream_id(self._run_id)
                notes = self._journal.load(RunNotes, stream_id) or RunNotes(stream_id)
                for line, about in self._waiting:
                    notes.note(self._run_id, line, about)
                self._journal.record(notes, run_id=self._run_id, chain=chain)
            except ConcurrentChange:
                continue
            except Unavailable:
                return
            self._waiting.clear()


_FATES: dict[type[Event], str] = {
    OrderRejected: "order refused",
    OrderExpired: "order expired",
    OrderOutcomeUnknown: "nobody knows whether the order arrived, the exchange is asked",
}

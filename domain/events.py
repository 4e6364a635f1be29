"""What an event is, and what every event-sourced aggregate has in common."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple, Self
from uuid import UUID

import msgspec

# In the meta of an entry of an imported run: the id of the store that recorded it.
ORIGIN = "origin"


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact that happened, immutable, stored for ever under its topic.

    at: market time, the moment in the life of the market or of the run it belongs to, UTC. The wall clock's time of
    recording stands beside it in the journal.
    """

    TOPIC: ClassVar[str]

    at: datetime


class Superseded(Event, frozen=True, kw_only=True):
    """A form of an event that was recorded once and is read for ever, but is not recorded any more.

    SUCCESSOR: the next newer form, of the same name and the next version; it may itself be superseded.
    """

    SUCCESSOR: ClassVar[type[Event]]

    def upcast(self) -> Event:
        """Return the same fact in the successor's form: pure, out of nothing but this payload; never refuses."""
        raise NotImplementedError


class Recorded(msgspec.Struct, frozen=True):
    """An event at its place in a stream: what the event store keeps and gives back."""

    originator_id: UUID
    originator_version: int
    event: Event


class JournalEntry(NamedTuple):
    """One line of the journal as it is stored: the event undecoded, with its place and its causal chain.

    position: the place in the one global order, ascending, with gaps. state: the payload as JSON bytes.
    meta: `corr_id, causation_id, trace_id, actor`; of an imported run also `origin`, the id of the store that recorded
    it, and `archive`, the SHA-256 of the file it came in. recorded_at: wall-clock time of the append, UTC.
    """

    position: int
    stream_id: UUID
    version: int
    topic: str
    state: bytes
    run_id: UUID | None
    meta: Mapping[str, str]
    recorded_at: datetime

    @property
    def origin(self) -> UUID | None:
        """The id of the store the entry was imported from, None if it was recorded here."""
        origin = self.meta.get(ORIGIN)
        return None if origin is None else UUID(origin)


@dataclass(frozen=True, slots=True)
class Once:
    """A request that is carried out once, however often it comes within a day.

    key: the client's. digest: of what was asked, so that another request under the same key is recognised. subject:
    what the answer is about: the run or order, the same however often it is asked.
    """

    key: str
    digest: bytes
    subject: UUID


@dataclass(frozen=True, slots=True)
class Chain:
    """Who and what caused an event.

    correlation_id: the same for all that follows from one request. causation_id: the command or event directly before.
    once: the request's key, recorded with the events it causes, or by itself if it causes none.
    """

    correlation_id: str
    causation_id: str
    trace_id: str | None = None
    actor: str = "weaver"
    once: Once | None = None


class Aggregate:
    """Base of Run and Order: public methods decide and trigger events, `apply` changes the state."""

    TOPIC: ClassVar[str]

    def __init__(self, aggregate_id: UUID) -> None:
        self.id = aggregate_id
        self.version = 0
        self._pending: list[Recorded] = []

    def apply(self, event: Event) -> None:
        """Change the state as the event says. Never refuses: the event has happened."""
        raise NotImplementedError

    def trigger(self, event: Event) -> None:
        """Apply the event and keep it for the journal."""
        self.apply(event)
        self.version += 1
        self._pending.append(Recorded(self.id, self.version, event))

    def collect_events(self) -> Sequence[Recorded]:
        """Return the events triggered since the last call, oldest first."""
        pending, self._pending = self._pending, []
        return pending

    @classmethod
    def fold(cls, aggregate: Self | None, recorded: Iterable[Recorded]) -> Self | None:
        """Return the aggregate after the recorded events, oldest first; None if there never was one."""
        for entry in recorded:
            if aggregate is None:
                aggregate = cls(entry.originator_id)
            aggregate.apply(entry.event)
            aggregate.version = entry.originator_version
        return aggregate

"""The part of the journal that a run is traded, and replayed, with."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.event_catalogue import Catalogue
from domain.events import Aggregate, Chain, JournalEntry, Recorded


class RunJournal(Protocol):
    """What a session's process asks of the journal; see `Journal` for what each method promises."""

    @property
    def catalogue(self) -> Catalogue:
        """The events that can be recorded and read."""
        ...

    @property
    def store_id(self) -> UUID:
        """What identifies the database, for ever."""
        ...

    def load[A: Aggregate](self, kind: type[A], stream_id: UUID) -> A | None:
        """Return the aggregate folded from its stream, None if there is none."""
        ...

    def record(self, *aggregates: Aggregate, run_id: UUID | None, chain: Chain) -> int:
        """Append what the aggregates have triggered, all or nothing; return the position of the last event."""
        ...

    def append_batch(self, recorded: Sequence[Recorded], run_id: UUID, chain: Chain) -> int:
        """Append events the fast way, all or nothing; return the position of the last one."""
        ...

    def read(
        self, after: int, limit: int, *, topics: Sequence[str] = (), run_id: UUID | None = None
    ) -> list[JournalEntry]:
        """Return the next entries after a position, oldest first."""
        ...

    def stream(self, stream_id: UUID) -> list[JournalEntry]:
        """Return all entries of one stream by version."""
        ...

"""What is no longer kept: the record that the events of a run or of a sweep were dropped, made before they are."""

from typing import ClassVar, Literal
from uuid import UUID, uuid5

import msgspec

from domain.events import Aggregate, Event

type PrunedKind = Literal["backtest", "sweep"]

# Ranges of one record, which keeps its payload far below what is allowed.
MOST_RANGES = 400


class PrunedRange(msgspec.Struct, frozen=True):
    """Events that followed each other in the journal, all of one run.

    previous: the position before the first. last: of the last. events: how many. digest: SHA-256 over their hashes in
    their order, hexadecimal.
    """

    previous: int
    last: int
    events: int
    digest: str


class JournalPruned(Event, frozen=True, kw_only=True):
    """The events in these ranges are dropped: whole streams of a finished backtest, or of a sweep with its trials.

    run_id: of the backtest or the sweep. streams: that begin in these ranges.
    """

    TOPIC: ClassVar[str] = "journal.pruned"

    run_id: UUID
    kind: PrunedKind
    name: str
    streams: int
    ranges: tuple[PrunedRange, ...]


def pruned_stream_id(run_id: UUID) -> UUID:
    """Return the id of the stream that says what of a run was dropped: always the same for the same run."""
    return uuid5(run_id, JournalPruned.TOPIC)


class PrunedRun(Aggregate):
    """What of a run was dropped, folded from its events."""

    TOPIC: ClassVar[str] = "journal"

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.ranges: tuple[PrunedRange, ...] = ()

    def prune(self, pruned: JournalPruned) -> None:
        """Record that ranges are dropped."""
        self.trigger(pruned)

    def apply(self, event: Event) -> None:
        """Change the state as the event says."""
        match event:
            case JournalPruned():
                self.ranges += event.ranges
            case _:
                raise TypeError(f"a pruned run knows no event {event.TOPIC}")

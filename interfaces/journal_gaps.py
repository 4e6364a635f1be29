"""What the journal may lack: ranges that a `journal.pruned` names, each held against the hashes that are kept of it."""

from bisect import bisect_left
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.errors import InvalidInput
from domain.event_catalogue import CATALOGUE
from domain.retention import JournalPruned

HASH_BYTES = 32
_RECORDS = "select notification_id, topic, state from weaver_events where topic like 'journal.%'"
_HASHES = "select hashes from pruned_hashes where last = %s"


class Gap(NamedTuple):
    """A range of positions without a hole that is dropped, or is about to be.

    last, events, digest, previous: as in `PrunedRange`. recorded_at: the position of the record that says so.
    """

    last: int
    events: int
    digest: str
    previous: int
    recorded_at: int

    @property
    def first(self) -> int:
        """The position of the first."""
        return self.last - self.events + 1


class Gaps:
    """The ranges that may be missing; what says so is an entry of the journal, and verified like any other."""

    def __init__(self, connection: Connection[TupleRow]) -> None:
        self._connection = connection
        self._by_last: dict[int, Gap] = {}
        for position, topic, state in connection.execute(_RECORDS):
            try:
                record = CATALOGUE.decode(topic, bytes(state))
            except (msgspec.MsgspecError, InvalidInput):
                continue  # it allows nothing, and is told itself: its hash is of something else
            if isinstance(record, JournalPruned):
                gaps = (Gap(one.last, one.events, one.digest, one.previous, position) for one in record.ranges)
                self._by_last |= {gap.last: gap for gap in gaps if gap.last < position}
        self._lasts = sorted(self._by_last)

    def between(self, before: int, previous: int) -> Sequence[Gap]:
        """Return the ranges that lie between two positions, in their order; none if they leave anything out.

        before: the entry that stands before the gap. previous: the one that stood before the entry after it.
        """
        found: list[Gap] = []
        while previous > before and (gap := self._by_last.get(previous)) is not None:
            found.append(gap)
            previous = gap.previous
        return found[::-1] if previous == before else ()

    def has(self, position: int) -> bool:
        """Whether an entry of that position may be missing."""
        place = bisect_left(self._lasts, position)
        return place < len(self._lasts) and self._by_last[self._lasts[place]].first <= position

    def hashes(self, gap: Gap) -> bytes | None:
        """Return the hashes that are kept of a range, None if they are not those that were dropped."""
        kept = self._connection.execute(_HASHES, (gap.last,)).fetchone()
        hashes = b"" if kept is None else bytes(kept[0])
        is_whole = len(hashes) == HASH_BYTES * gap.events and sha256(hashes).hexdigest() == gap.digest
        return hashes if is_whole else None

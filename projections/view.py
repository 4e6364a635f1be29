"""A read model and its next batch of the journal: rows and offset change in one transaction, or neither (WallE)."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads

from domain.errors import InvalidInput, Unavailable
from domain.event_catalogue import CATALOGUE, Catalogue
from domain.events import Event, JournalEntry

DEFAULT_BATCH = 1_000
# A thousand events of the largest payload would be 100 MB: a batch also ends where its payloads reach this size.
BATCH_BYTES = 4_000_000


class Folded(NamedTuple):
    """A line of the journal with its event decoded, in the newest form."""

    entry: JournalEntry
    event: Event


class ReadModel(Protocol):
    """A fold of the journal into tables."""

    @property
    def name(self) -> str:
        """The name its offset is kept under, and that `weaver rebuild` takes."""
        ...

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables it alone writes."""
        ...

    @property
    def topics(self) -> frozenset[str]:
        """The topics it folds, every version of each. Others of the catalogue are passed over unread; an unknown topic
        stops the fold.
        """
        ...

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Write what the entries mean, in order of position; entries that were applied before change nothing."""
        ...


class ReadModelStopped(Unavailable):
    """A read model cannot go on by itself; the message says where and what to do. Its rows stay at its offset."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a read model stands (position) and where the journal ends (head)."""

    position: int
    head: int

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to fold."""
        return self.position >= self.head


def standing(connection: Connection[TupleRow], name: str) -> Progress:
    """Return where the read model stands as it is, without a lock: possibly beyond the head, -1 without an offset."""
    [(position, head)] = connection.execute(
        "select coalesce((select position from projection_position where name = %s), -1), "
        "(select coalesce(max(notification_id), 0) from weaver_events)",
        (name,),
    )
    return Progress(position, head)


def look(connection: Connection[TupleRow], name: str) -> Progress:
    """Return where the read model stands, without a lock; raise ReadModelStopped if it cannot go on from there."""
    progress = standing(connection, name)
    if progress.position < 0:
        raise ReadModelStopped(f"read model {name} has no offset in this database: run weaver migrate", read_model=name)
    if progress.position > progress.head:
        raise ReadModelStopped(
            f"read model {name} is at position {progress.position}, but the journal ends at {progress.head}: the "
            f"journal was restored to an earlier time; run weaver rebuild {name}",
            read_model=name,
            position=progress.position,
            head=progress.head,
        )
    return progress


def fold_batch(
    connection: Connection[TupleRow],
    read_model: ReadModel,
    limit: int = DEFAULT_BATCH,
    catalogue: Catalogue = CATALOGUE,
) -> Progress:
    """Fold at most `limit` events after the read model's offset and move the offset, in one transaction.

    The offset's row is locked, so of two callers at once the second continues where the first ended. Inside a
    transaction of the caller it takes part in that one. Raises ReadModelStopped for an event that cannot be decoded or
    a journal that ends before the offset, and whatever `apply` raises: then nothing has changed.
    """
    name = read_model.name
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        cursor.execute("select from projection_position where name = %s for update", (name,))
        # A statement of its own: its snapshot is younger than the lock, so it sees all the offset refers to.
        progress = look(connection, name)
        if progress.is_complete:
            return progress
        [(first,)] = cursor.execute(
            "select min(notification_id) from weaver_events where notification_id > %s", (progress.position,)
        )
        # Positions have gaps: a window of positions holds at most as many events.
        end = min(first + limit - 1, progress.head)
        passed_over = catalogue.events.keys() - catalogue.versions(read_model.topics)
        entries, position = _read(cursor, passed_over, progress.position, end)
        if entries:
            read_model.apply(cursor, [_folded(name, entry, catalogue) for entry in entries])
        cursor.execute("update projection_position set position = %s where name = %s", (position, name))
        return Progress(position, progress.head)


def _read(cursor: Cursor[TupleRow], passed_over: Set[str], after: int, end: int) -> tuple[list[JournalEntry], int]:
    """The entries to fold with after < position <= end, and the position they reach: less than `end` if big."""
    set_json_loads(msgspec.json.decode, cursor)
    cursor.execute(
        """
        select notification_id, originator_id, originator_version, topic, state, run_id, meta, recorded_at, size
        from (
            select *, sum(octet_length(state)) over (order by notification_id) as size
            from weaver_events
            where notification_id > %(after)s and notification_id <= %(end)s and topic <> all(%(passed_over)s)
        ) as due
        where size - octet_length(state) < %(bytes)s
        order by notification_id
        """,
        {"after": after, "end": end, "passed_over": sorted(passed_over), "bytes": BATCH_BYTES},
    )
    rows = cursor.fetchall()
    is_full = bool(rows) and rows[-1][-1] >= BATCH_BYTES
    return [JournalEntry(*row[:-1]) for row in rows], rows[-1][0] if is_full else end


def _folded(name: str, entry: JournalEntry, catalogue: Catalogue) -> Folded:
    try:
        return Folded(entry, catalogue.decode(entry.topic, entry.state))
    except InvalidInput as error:
        problem, advice = error.message, "update Weaver"
    except msgspec.DecodeError as error:  # ValidationError included
        problem, advice = (
            f"{entry.topic} cannot be read ({error})",
            "the event was not written by Weaver, or is damaged",
        )
    raise ReadModelStopped(
        f"read model {name} stops before position {entry.position}: {problem}; {advice}",
        read_model=name,
        position=entry.position,
        stream_id=str(entry.stream_id),
        topic=entry.topic,
    )

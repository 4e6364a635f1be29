"""A read model and its next batch of the journal: rows and offset change in one transaction, or neither (WallE)."""

import contextlib
import functools
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

import msgspec
import psycopg
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads

from domain.errors import InvalidInput, Unavailable
from domain.event_catalogue import CATALOGUE, Catalogue
from domain.events import Event, JournalEntry
from projections.forgetting import forget_parked, is_record, topics_with_pruning, without_pruned
from projections.parking import park

# Of a backlog: a third of what a batch of 1,000 costs falls due once for each batch, however many events it has.
DEFAULT_BATCH = 5_000
# As many events of the largest payload would be 500 MB: a batch also ends where its payloads reach this size.
BATCH_BYTES = 4_000_000


# What becomes of an event that cannot be folded: `stop` before it, or `park` it and go on.
type Poison = Literal["stop", "park"]


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

    @property
    def poison(self) -> Poison:
        """`stop` where an event left out would make every later sum wrong, `park` where it would leave a gap."""
        ...

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Write what the entries mean, in order of position; entries that were applied before change nothing."""
        ...

    def forget(self, cursor: Cursor[TupleRow], run_ids: Sequence[UUID]) -> None:
        """Remove everything of these runs and sweeps: the rows are as if they had never been."""
        ...


class ReadModelStopped(Unavailable):
    """A read model cannot go on by itself; the message says where and what to do. Its rows stay at its offset."""


class UnreadableEvent(ReadModelStopped):
    """The payload of one event is not what its topic says."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a read model stands (position) and where the journal ends (head).

    age: seconds since the oldest event after the position was recorded, 0 without one.
    parked: events it has passed over. folded: events the batch at hand was made of.
    """

    position: int
    head: int
    age: float = field(default=0.0, compare=False)
    parked: int = field(default=0, compare=False)
    folded: int = field(default=0, compare=False)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to fold."""
        return self.position >= self.head


_STANDING = """
with stands as materialized (
    select coalesce((select position from projection_position where name = %(name)s), -1) as position
)
select position, (select coalesce(max(notification_id), 0) from weaver_events),
       coalesce((
           select greatest(extract(epoch from clock_timestamp() - recorded_at), 0) from weaver_events
           where notification_id > position order by notification_id limit 1
       ), 0)::float8,
       (select count(*) from parked_events where read_model = %(name)s)
from stands
"""


def standing(connection: Connection[TupleRow], name: str) -> Progress:
    """Return where the read model stands as it is, without a lock: possibly beyond the head, -1 without an offset."""
    [(position, head, age, parked)] = connection.execute(_STANDING, {"name": name})
    return Progress(position, head, age, parked)


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


class Reading(Protocol):
    """Where a batch of the journal comes from."""

    def read(
        self, cursor: Cursor[TupleRow], name: str, topics: Set[str], after: int, end: int
    ) -> tuple[list[Folded], int]:
        """Return what the topics have with after < position <= end, and the position reached: `end`, or less."""
        ...


_LAST_READ = """
select coalesce(max(notification_id), %s) from weaver_events where notification_id > %s and notification_id <= %s
"""


def fold_batch(
    connection: Connection[TupleRow],
    read_model: ReadModel,
    limit: int = DEFAULT_BATCH,
    catalogue: Catalogue = CATALOGUE,
    reading: Reading | None = None,
) -> Progress:
    """Fold at most `limit` events after the read model's offset and move the offset, in one transaction.

    reading: gives the events already decoded; without it they are read and decoded for this read model alone.

    The offset's row is locked, so of two callers at once the second continues where the first ended. Inside a
    transaction of the caller it takes part in that one. Raises ReadModelStopped for an event of an unknown topic or a
    journal that ends before the offset; for an event that cannot be read, ReadModelStopped, and whatever `apply`
    raises, unless the read model parks such events: then nothing has changed.
    """
    name = read_model.name
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        cursor.execute("select from projection_position where name = %s for update", (name,))
        # A statement of its own: its snapshot is younger than the lock, so it sees all the offset refers to.
        progress = look(connection, name)
        if progress.is_complete:
            return progress
        first = progress.position + 1
        if progress.head - progress.position > limit:
            # Positions have gaps: a window of positions holds at most as many events.
            [(first,)] = cursor.execute(
                "select min(notification_id) from weaver_events where notification_id > %s", (progress.position,)
            )
        end = min(first + limit - 1, progress.head)
        topics = topics_with_pruning(catalogue, read_model.topics)
        batch, position = _batch(cursor, read_model.name, topics, first - 1, end, catalogue, reading)
        parked = _apply_unless_pruned(cursor, read_model, batch, catalogue) if batch else 0
        if position < progress.head:
            # the window may end where no event is: an offset there would say that one was read which nobody ever wrote
            [(position,)] = cursor.execute(_LAST_READ, (position, progress.position, position))
        cursor.execute("update projection_position set position = %s where name = %s", (position, name))
        age = progress.age if position < progress.head else 0.0
        return Progress(position, progress.head, age, progress.parked + parked, len(batch))


def _batch(
    cursor: Cursor[TupleRow],
    name: str,
    topics: Set[str],
    after: int,
    end: int,
    catalogue: Catalogue,
    reading: Reading | None,
) -> tuple[Sequence[Folded | JournalEntry], int]:
    """The batch with after < position <= end and the position it reaches, undecoded if one event makes trouble."""
    if reading is not None:
        with contextlib.suppress(ReadModelStopped):
            return reading.read(cursor, name, topics, after, end)
    return read_entries(cursor, catalogue.events.keys() - topics, after, end)


def _apply_unless_pruned(
    cursor: Cursor[TupleRow], read_model: ReadModel, batch: Sequence[Folded | JournalEntry], catalogue: Catalogue
) -> int:
    """Forget runs that are dropped, and apply the batch without them; return how many entries were parked."""
    lines = [(one.entry if isinstance(one, Folded) else one, one) for one in batch]
    kept = [one for _, one in without_pruned(cursor, lines)]
    records = [one for entry, one in lines if is_record(entry)]
    if records:
        # first: what is kept of such a run was recorded after it was dropped, and taken in again
        events = [one.event for one in _decoded(read_model.name, records, catalogue)]
        read_model.forget(cursor, forget_parked(cursor, read_model.name, events))
    return _apply(cursor, read_model, kept, catalogue) if kept else 0


def _apply(
    cursor: Cursor[TupleRow], read_model: ReadModel, batch: Sequence[Folded | JournalEntry], catalogue: Catalogue
) -> int:
    """Apply the batch; return how many were parked. A batch that holds one to park is taken entry by entry."""
    name = read_model.name
    if read_model.poison == "stop":
        read_model.apply(cursor, _decoded(name, batch, catalogue))
        return 0
    try:
        with cursor.connection.transaction():
            read_model.apply(cursor, _decoded(name, batch, catalogue))
    except Exception as error:
        if not _is_of_one_event(error):
            raise
        if len(batch) > 1:
            return sum(_apply(cursor, read_model, [one], catalogue) for one in batch)
        park(cursor, name, batch[0].entry if isinstance(batch[0], Folded) else batch[0], error)
        return 1
    return 0


def _decoded(name: str, batch: Sequence[Folded | JournalEntry], catalogue: Catalogue) -> list[Folded]:
    return [one if isinstance(one, Folded) else folded(name, one, catalogue) for one in batch]


def _is_of_one_event(error: Exception) -> bool:
    """Whether the error says something of an event, and not of the database, the schema or the version of Weaver."""
    match error:
        case UnreadableEvent() | psycopg.DataError() | psycopg.IntegrityError():
            return True
        case ReadModelStopped() | psycopg.Error() | MemoryError():
            return False
    return True


@functools.lru_cache(64)
def _chain(meta: bytes) -> Mapping[str, str]:
    """The causal chain of an event, decoded once for all events of a command or batch."""
    chain: dict[str, str] = msgspec.json.decode(meta)
    return MappingProxyType(chain)


def read_entries(
    cursor: Cursor[TupleRow], passed_over: Set[str], after: int, end: int
) -> tuple[list[JournalEntry], int]:
    """Return the entries with after < position <= end, and the position they reach: less than `end` if they are big.

    passed_over: topics that are left out.
    """
    set_json_loads(_chain, cursor)
    cursor.execute(
        """
        select notification_id, originator_id, originator_version, topic, state, run_id, meta, recorded_at
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
    entries = [*map(JournalEntry._make, cursor.fetchall())]
    is_full = sum(len(entry.state) for entry in entries) >= BATCH_BYTES
    return entries, entries[-1].position if is_full else end


def folded(name: str, entry: JournalEntry, catalogue: Catalogue) -> Folded:
    """Return the entry with its event; raise ReadModelStopped, in the read model's name, if that cannot be."""
    try:
        return Folded(entry, catalogue.decode(entry.topic, entry.state))
    except InvalidInput as error:
        kind, problem, advice = ReadModelStopped, error.message, "update Weaver"
    except msgspec.DecodeError as error:  # ValidationError included
        kind, problem, advice = (
            UnreadableEvent,
            f"{entry.topic} cannot be read ({error})",
            "the event was not written by Weaver, or is damaged",
        )
    raise kind(
        f"read model {name} stops before position {entry.position}: {problem}; {advice}",
        read_model=name,
        position=entry.position,
        stream_id=str(entry.stream_id),
        topic=entry.topic,
    )

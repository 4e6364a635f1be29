"""Events a read model has passed over because it could not fold them: kept, counted, said (WallE)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection, Cursor, sql
from psycopg.rows import TupleRow

from domain.events import JournalEntry
from projections.paging import columns_of, rows_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event of the journal that is missing from a read model's rows; error: why, in one line."""

    read_model: str
    position: int
    topic: str
    stream_id: UUID
    error: str
    parked_at: datetime


def park(cursor: Cursor[TupleRow], name: str, entry: JournalEntry, error: Exception) -> None:
    """Note that the read model passes over the entry, in the transaction at hand, and log it as an error."""
    reason = f"{type(error).__name__}: {' '.join(str(error).split())}".replace("\0", "\ufffd")
    cursor.execute(
        "insert into parked_events (read_model, position, topic, stream_id, error) values (%s, %s, %s, %s, %s) "
        "on conflict (read_model, position) do update set error = excluded.error, parked_at = excluded.parked_at",
        (name, entry.position, entry.topic, entry.stream_id, reason),
    )
    log.error(
        "read model %s passes over %s at position %d: %s; remove the cause, then run weaver rebuild %s",
        *(name, entry.topic, entry.position, reason, name),
    )


def parked(connection: Connection[TupleRow], name: str, limit: int) -> Sequence[ParkedEvent]:
    """Return the events the read model has passed over, oldest first, at most `limit`."""
    with rows_of(connection, ParkedEvent) as cursor:
        return cursor.execute(_PARKED, (name, limit)).fetchall()


_PARKED = sql.SQL("select {} from parked_events where read_model = %s order by position limit %s").format(
    columns_of(ParkedEvent)
)

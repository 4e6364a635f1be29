"""Events a read model has passed over because it could not fold them: kept, counted, said (WallE)."""

import logging

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.errors import one_line
from domain.events import JournalEntry

log = logging.getLogger(__name__)


def park(cursor: Cursor[TupleRow], name: str, entry: JournalEntry, error: Exception) -> None:
    """Note that the read model passes over the entry, in the transaction at hand, and log it as an error."""
    reason = f"{type(error).__name__}: {one_line(error)}".replace("\0", "\ufffd")
    cursor.execute(
        "insert into parked_events (read_model, position, topic, stream_id, error) values (%s, %s, %s, %s, %s) "
        "on conflict (read_model, position) do update set error = excluded.error, parked_at = excluded.parked_at",
        (name, entry.position, entry.topic, entry.stream_id, reason),
    )
    log.error(
        "read model %s passes over %s at position %d: %s; remove the cause, then run weaver rebuild %s",
        *(name, entry.topic, entry.position, reason, name),
    )

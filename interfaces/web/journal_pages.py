"""A page of a run's events, read from the journal."""

from collections.abc import Collection
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads

from domain.events import JournalEntry
from projections.past import COLUMNS


def run_events(
    connection: Connection[TupleRow],
    run_id: UUID,
    types: Collection[str],
    *,
    limit: int,
    offset: int,
    after: int | None,
) -> tuple[list[JournalEntry], int]:
    """Return events of a run, oldest first, and how many there are in all. after: only those behind this position."""
    given = {"run_id": run_id, "types": list(types) or None, "after": after or 0, "limit": limit, "offset": offset}
    condition = "run_id = %(run_id)s and (%(types)s::text[] is null or topic = any(%(types)s))"
    with connection.cursor(binary=True) as cursor:
        set_json_loads(msgspec.json.decode, cursor)
        counted = cursor.execute(f"select count(*) from weaver_events where {condition}", given).fetchone()
        cursor.execute(
            f"select {COLUMNS} from weaver_events where {condition} and notification_id > %(after)s "
            "order by notification_id limit %(limit)s offset %(offset)s",
            given,
        )
        return [JournalEntry(*row) for row in cursor], int(counted[0]) if counted else 0

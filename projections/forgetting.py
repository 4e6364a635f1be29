"""Runs whose events are being dropped: a read model passes over what is left of them, and forgets the rest (WallE).

The record that a run is dropped comes before the first event goes. So whoever looks for it after having read a batch
either finds it, and takes none of the run's events however many are left, or has read all of them.
"""

from collections.abc import Sequence
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import TupleRow

from domain.event_catalogue import Catalogue
from domain.events import Event, JournalEntry
from domain.retention import JournalPruned, pruned_stream_id

_RECORDS = (
    "select originator_id, max(notification_id) from weaver_events where originator_id = any(%s) group by originator_id"
)
_FORGET_PARKED = """
delete from parked_events
using unnest(%s::bigint[], %s::bigint[]) as gone (previous, last)
where read_model = %s and position > gone.previous and position <= gone.last
"""


def topics_with_pruning(catalogue: Catalogue, topics: frozenset[str]) -> frozenset[str]:
    """Return the topics a read model follows, every version of each: its own, and the record that a run is dropped."""
    return catalogue.versions(topics | {JournalPruned.TOPIC})


def without_pruned[Line](
    cursor: Cursor[TupleRow], batch: Sequence[tuple[JournalEntry, Line]]
) -> list[tuple[JournalEntry, Line]]:
    """Return the batch without what is recorded to be dropped, and without the records."""
    runs = {entry.run_id: pruned_stream_id(entry.run_id) for entry, _ in batch if entry.run_id is not None}
    records: dict[UUID, int] = dict(cursor.execute(_RECORDS, ([*runs.values()],)).fetchall()) if runs else {}
    return [
        (entry, line)
        for entry, line in batch
        if not is_record(entry)
        # what was recorded after it belongs to a run that was taken in again
        and (entry.run_id is None or entry.position > records.get(runs[entry.run_id], 0))
    ]


def is_record(entry: JournalEntry) -> bool:
    """Whether the entry says that a run is dropped."""
    return entry.topic.startswith(JournalPruned.TOPIC)


def forget_parked(cursor: Cursor[TupleRow], name: str, events: Sequence[Event]) -> list[UUID]:
    """Forget what a read model has parked of dropped runs; return the runs."""
    pruned = [event for event in events if isinstance(event, JournalPruned)]
    ranges = [one for event in pruned for one in event.ranges]
    cursor.execute(_FORGET_PARKED, ([one.previous for one in ranges], [one.last for one in ranges], name))
    return [event.run_id for event in pruned]

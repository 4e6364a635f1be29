"""What was: the journal read up to a position, however far the read models have come since (WallE)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads

from domain.event_catalogue import CATALOGUE, decode
from domain.events import Event, JournalEntry
from projections.view import Folded

COLUMNS: LiteralString = "notification_id, originator_id, originator_version, topic, state, run_id, meta, recorded_at"


class _Timed(msgspec.Struct):
    at: datetime


def position_at(connection: Connection[TupleRow], moment: datetime) -> int:
    """Return the newest position that was recorded at or before the moment, 0 for none.

    Positions and times of recording ascend together, but for steps of the database's clock: a search by halves finds it
    in some thirty looks at an index.
    """
    [(high,)] = connection.execute("select coalesce(max(notification_id), 0) from weaver_events")
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        # Positions have gaps: the first event from here on stands for the middle.
        [(position, recorded_at)] = connection.execute(
            "select notification_id, recorded_at from weaver_events where notification_id >= %s "
            "order by notification_id limit 1",
            (middle,),
        )
        low, high = (position, high) if recorded_at <= moment else (low, middle - 1)
    return low


def market_position(connection: Connection[TupleRow], run_id: UUID, moment: datetime) -> int:
    """Return the position of the run's last order event at or before a moment of its market, 0 if there is none.

    The order events of a backtest are recorded in the order of its bars.
    """
    reached = 0
    with connection.cursor(binary=True) as cursor:
        cursor.execute(
            "select notification_id, state from weaver_events where run_id = %s and topic like 'order.%%' "
            "order by notification_id",
            (run_id,),
        )
        for position, state in cursor:
            if msgspec.json.decode(state, type=_Timed).at > moment:
                break
            reached = position
    return reached


def newest_position(connection: Connection[TupleRow], run_id: UUID) -> int:
    """Return the position of a run's newest entry, 0 for none."""
    [(position,)] = connection.execute(
        "select coalesce(max(notification_id), 0) from weaver_events where run_id = %s", (run_id,)
    )
    return int(position)


def market_time(connection: Connection[TupleRow], run_id: UUID, as_of: int) -> datetime | None:
    """Return how far a run's market had come at a position: the time of its newest order event by then."""
    found = connection.execute(
        "select state from weaver_events where run_id = %s and notification_id <= %s and topic like 'order.%%' "
        "order by notification_id desc limit 1",
        (run_id, as_of),
    ).fetchone()
    return None if found is None else msgspec.json.decode(found[0], type=_Timed).at


def streams_until(connection: Connection[TupleRow], stream_ids: Sequence[UUID], as_of: int) -> list[Folded]:
    """Return the events of these streams up to a position, in the journal's order."""
    return _read(connection, "originator_id = any(%s)", [list(stream_ids), as_of])


def run_until(connection: Connection[TupleRow], run_id: UUID, topics: Iterable[str], as_of: int) -> list[Folded]:
    """Return the events of a run up to a position, of these topics, in the journal's order."""
    return _read(connection, "run_id = %s and topic = any(%s)", [run_id, list(CATALOGUE.versions(topics)), as_of])


def newest_of_stream(
    connection: Connection[TupleRow], stream_id: UUID, topics: Iterable[str], limit: int
) -> list[Event]:
    """Return the last events of a stream of these topics, at most so many, oldest first."""
    with connection.cursor(binary=True) as cursor:
        cursor.execute(
            "select topic, state from weaver_events where originator_id = %s and topic = any(%s) "
            "order by originator_version desc limit %s",
            (stream_id, list(CATALOGUE.versions(topics)), limit),
        )
        found = cursor.fetchall()
    return [decode(topic, state) for topic, state in reversed(found)]


def _read(connection: Connection[TupleRow], condition: LiteralString, given: Sequence[object]) -> list[Folded]:
    with connection.cursor(binary=True) as cursor:
        set_json_loads(msgspec.json.decode, cursor)
        cursor.execute(
            f"select {COLUMNS} from weaver_events where {condition} and notification_id <= %s order by notification_id",
            given,
        )
        entries = [JournalEntry(*row) for row in cursor]
    return [Folded(entry, decode(entry.topic, entry.state)) for entry in entries]

"""Why there is an order: the lines of the journal that led to it and became of it, found by their causes (WallE)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads

from domain.event_catalogue import CATALOGUE, decode
from domain.events import JournalEntry
from domain.order import OrderCreated
from domain.risk import RiskHalted
from domain.run import RunCreated, RunFlattened, RunStartRequested
from domain.tape import TapeDecided
from projections.past import COLUMNS, streams_until
from projections.view import Folded

# What is decided together is recorded together, and no batch is longer.
RECORDED_TOGETHER = 1_000
_NEWEST = 2**63 - 1
_DECIDED = sorted(CATALOGUE.versions((TapeDecided.TOPIC, RunFlattened.TOPIC, RiskHalted.TOPIC)))


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why there is an order, oldest first each.

    run: as it was described. causes: what was decided on, and what says that it was; of a backtest, whose market is no
    part of the journal, at most a halt. parent: what happened to the order this one is an exit of, empty if it is none.
    story: what happened to the order itself.
    """

    run_id: UUID
    run: RunCreated
    causes: list[Folded]
    parent: list[Folded]
    story: list[Folded]


def reasons(connection: Connection[TupleRow], order_id: UUID) -> Reasons | None:
    """Return why there is the order, None if there is none of this id."""
    story = streams_until(connection, [order_id], _NEWEST)
    intent = story[0].event if story else None
    if not isinstance(intent, OrderCreated):
        return None
    parent = [] if intent.parent_id is None else streams_until(connection, [intent.parent_id], _NEWEST)
    created = _line(connection, intent.run_id, 1)
    if created is None or not isinstance(created.event, RunCreated):
        raise LookupError(f"order {order_id} is of run {intent.run_id}, whose {RunCreated.TOPIC} is missing")
    causes = sorted(_causes(connection, (parent or story)[0]), key=lambda one: one.entry.position)
    return Reasons(intent.run_id, created.event, causes, parent, story)


def _causes(connection: Connection[TupleRow], placed: Folded) -> Iterator[Folded]:
    """What the intent was decided on, and what was recorded with it to say so."""
    entry, intent = placed
    cause = entry.meta.get("causation_id", "")
    seen = _caused_by(connection, cause)
    if seen is not None and not isinstance(seen.event, RunStartRequested):
        yield seen
        # of an execution that the strategy heard of: the bars that made it
        before = _caused_by(connection, seen.entry.meta.get("causation_id", ""))
        if before is not None and seen.entry.topic.startswith("order.") and before.entry.topic.startswith("tape."):
            yield before
    for beside in _recorded_before(connection, placed):
        match beside.event:
            case TapeDecided() if beside.event.cause == cause:
                yield beside
            case RiskHalted() if beside.event.at == intent.at:
                yield beside
            # its orders follow it directly
            case RunFlattened() if entry.position - beside.entry.position <= beside.event.orders:
                wish = _line(connection, beside.entry.stream_id, beside.event.request)
                yield from (beside,) if wish is None else (wish, beside)


def _caused_by(connection: Connection[TupleRow], cause: str) -> Folded | None:
    """The event a causation id names as `stream:version`, None for that of a command."""
    stream_id, _, version = cause.rpartition(":")
    return _line(connection, UUID(stream_id), int(version)) if stream_id else None


def _line(connection: Connection[TupleRow], stream_id: UUID, version: int) -> Folded | None:
    found = _read(connection, "originator_id = %s and originator_version = %s", (stream_id, version))
    return found[0] if found else None


def _recorded_before(connection: Connection[TupleRow], placed: Folded) -> list[Folded]:
    entry = placed.entry
    window = entry.run_id, entry.position - RECORDED_TOGETHER, entry.position, _DECIDED
    return _read(
        connection,
        "run_id = %s and notification_id between %s and %s and topic = any(%s) order by notification_id",
        window,
    )


def _read(connection: Connection[TupleRow], condition: LiteralString, given: Sequence[object]) -> list[Folded]:
    with connection.cursor(binary=True) as cursor:
        set_json_loads(msgspec.json.decode, cursor)
        cursor.execute(f"select {COLUMNS} from weaver_events where {condition}", given)
        entries = [JournalEntry(*row) for row in cursor]
    return [Folded(entry, decode(entry.topic, entry.state)) for entry in entries]

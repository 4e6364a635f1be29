"""What happened, in sentences a person reads later: the life of runs, and orders that were refused (WallE).

Fills and cancelled orders are no news: a strategy makes thousands, and the lists of orders and fills have them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from domain.events import Event
from domain.money import plain
from domain.order import OrderCancelRequested, OrderRejected
from domain.risk import RiskHalted, RiskResumed
from domain.run import (
    RunCompleted,
    RunCreated,
    RunDeleted,
    RunFailed,
    RunFlattenRequested,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStartRequested,
    RunStopped,
    RunStopRequested,
)
from projections.paging import Listing
from projections.rows import Table
from projections.tallies import Tallies, Tally
from projections.view import Folded, Poison

type Severity = Literal["info", "warning", "error"]

NAME = "activity"
MAX_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One thing that happened; type is the event's topic, message one line of at most 300 characters."""

    position: int
    run_id: UUID | None
    order_id: UUID | None
    at: datetime
    type: str
    severity: str
    message: str


TALLIES = Tallies(
    of={"run_id": "run_id", "severity": "severity"},
    tallies=(Tally("activity_tally", ("severity",)), Tally("activity_tally_by_run", ("run_id", "severity"))),
)
TABLE = Table(ActivityRow, "activity", key=("position",), tallies=TALLIES)
LISTING = Listing(ActivityRow, "activity", place="position", tallies=TALLIES)


def page(
    connection: Connection[TupleRow],
    *,
    run_id: UUID | None = None,
    severity: str | None = None,
    limit: int,
    offset: int = 0,
    before: int | None = None,
) -> tuple[list[ActivityRow], int]:
    """Return what happened, newest first, and how much there is in all; before: only what has a lower position."""
    filters = {"run_id = %s": run_id, "severity = %s": severity}
    return LISTING.page(connection, filters, limit=limit, offset=offset, before=before)


class ActivityReadModel:
    """Keeps the table `activity`, and how much there is of each kind."""

    name: ClassVar[str] = NAME
    poison: ClassVar[Poison] = "park"
    tables: ClassVar[tuple[str, ...]] = ("activity", *TALLIES.tables)
    topics: ClassVar[frozenset[str]] = frozenset(
        event.TOPIC
        for event in (
            RunCreated,
            RunStartRequested,
            RunStarted,
            RunPaused,
            RunResumed,
            RunFlattenRequested,
            RunStopRequested,
            RunStopped,
            RunCompleted,
            RunFailed,
            RunDeleted,
            OrderCancelRequested,
            OrderRejected,
            RiskHalted,
            RiskResumed,
        )
    )

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Insert one row for each entry."""
        TABLE.write(cursor, [_row(folded) for folded in entries])


def _row(folded: Folded) -> ActivityRow:
    entry, event = folded
    severity, message = _told(event)
    order_id = entry.stream_id if isinstance(event, (OrderCancelRequested, OrderRejected)) else None
    names_run = OrderCancelRequested, OrderRejected, RiskHalted, RiskResumed
    run_id = event.run_id if isinstance(event, names_run) else entry.stream_id
    return ActivityRow(
        position=entry.position,
        run_id=run_id,
        order_id=order_id,
        at=event.at,
        type=entry.topic,
        severity=severity,
        message=_one_line(message),
    )


def _told(event: Event) -> tuple[Severity, str]:
    match event:
        case RunCompleted():
            return "info", f"Completed with {event.trades:,} trades, final equity {plain(event.final_equity)}"
        case RunFailed():
            return "error", f"Failed: {event.message} ({event.code})"
        case OrderRejected():
            return "warning", f"Order rejected: {event.reason}"
        case RiskHalted():
            return "error", f"Trading halted: {event.message}"
        case RunPaused():
            return "warning", "Paused: no new orders"
        case _:
            return "info", _noted(event)


def _noted(event: Event) -> str:
    match event:
        case RunCreated():
            symbols = " ".join(event.symbols)
            return f"Created {event.name}: {event.mode} of {event.strategy_id} on {symbols} {event.timeframe}"
        case RunStarted():
            return f"Started on {event.bars:,} bars"
        case RiskResumed():
            return f"Trading resumed by {event.by}"
        case _:
            return next(sentence for kind, sentence in _SENTENCES.items() if isinstance(event, kind))


_SENTENCES: dict[type[Event], str] = {
    RunStartRequested: "Start requested",
    RunResumed: "Resumed",
    RunFlattenRequested: "Closing of all positions requested",
    RunStopRequested: "Stop requested",
    RunStopped: "Stopped",
    RunDeleted: "Deleted",
    OrderCancelRequested: "Cancelling of an order requested",
}


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_MESSAGE else f"{line[: MAX_MESSAGE - 1]}…"

"""What happened, in sentences a person reads later: runs, orders that went wrong, accounts that differ (WallE).

Fills and cancelled orders are no news: a strategy makes thousands, and the lists of orders and fills have them. Nor is
an account that was compared and found right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from domain.event_catalogue import CATALOGUE
from domain.events import Event, JournalEntry
from domain.exchange_account import AccountDiscrepancyFound, AccountReconciled, DiscrepancyPolicy
from domain.money import plain
from domain.order import OrderCancelRequested, OrderOutcomeUnknown, OrderRejected
from domain.risk import RiskHalted, RiskResumed
from domain.run import (
    RunCompleted,
    RunCreated,
    RunDeleted,
    RunFailed,
    RunFaulted,
    RunFlattened,
    RunFlattenRequested,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStartRequested,
    RunStopped,
    RunStopRequested,
)
from projections.paging import Listing, rows_of
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


@dataclass(frozen=True, slots=True)
class HaltRow:
    """The newest halt of a run, or of all of them (run_id is None), or that a person ended it: `is_halted` is false."""

    run_id: UUID | None
    at: datetime
    is_halted: bool
    message: str


def newest_halts(connection: Connection[TupleRow], run_ids: Sequence[UUID]) -> dict[UUID | None, HaltRow]:
    """Return by run what was last said of a halt of it, under None of the kill switch; nothing where nothing was."""
    with rows_of(connection, HaltRow) as cursor:
        cursor.execute(
            "select distinct on (run_id) run_id, at, type = any(%s), message from activity "
            "where (run_id = any(%s) or run_id is null) and type = any(%s) order by run_id, position desc",
            (_HALTS, [*run_ids], [*_HALTS, *_RESUMPTIONS]),
        )
        return {row.run_id: row for row in cursor}


_HALTS = sorted(CATALOGUE.versions((RiskHalted.TOPIC,)))
_RESUMPTIONS = sorted(CATALOGUE.versions((RiskResumed.TOPIC,)))


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
            RunFlattened,
            RunFlattenRequested,
            RunStopRequested,
            RunFaulted,
            RunStopped,
            RunCompleted,
            RunFailed,
            RunDeleted,
            OrderCancelRequested,
            OrderOutcomeUnknown,
            OrderRejected,
            RiskHalted,
            RiskResumed,
            AccountReconciled,
            AccountDiscrepancyFound,
        )
    )

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Insert one row for each entry that is news."""
        TABLE.write(cursor, [_row(*folded) for folded in entries if _is_news(folded.event)])

    def forget(self, cursor: Cursor[TupleRow], run_ids: Sequence[UUID]) -> None:
        """Remove everything of these runs."""
        TABLE.remove(cursor, "run_id", run_ids)


def _is_news(event: Event) -> bool:
    return not isinstance(event, AccountReconciled) or event.executions > 0


def _row(entry: JournalEntry, event: Event) -> ActivityRow:
    severity, message = _judged(event)
    of_order = isinstance(event, (OrderCancelRequested, OrderOutcomeUnknown, OrderRejected))
    return ActivityRow(
        position=entry.position,
        run_id=_run_of(entry, event),
        order_id=entry.stream_id if of_order else None,
        at=event.at,
        type=entry.topic,
        severity=severity,
        message=_one_line(message),
    )


def _run_of(entry: JournalEntry, event: Event) -> UUID | None:
    match event:
        case OrderCancelRequested() | OrderOutcomeUnknown() | OrderRejected():
            return event.run_id
        case RiskHalted() | RiskResumed() | AccountDiscrepancyFound():
            return event.run_id
        case AccountReconciled():
            return None
        case _:
            return entry.stream_id


def told(event: Event) -> str:
    """Return the sentence of an event of the read model's topics."""
    return _judged(event)[1]


def _judged(event: Event) -> tuple[Severity, str]:
    match event:
        case RunCompleted():
            return "info", f"Completed with {event.trades:,} trades, final equity {plain(event.final_equity)}"
        case RunFailed():
            return "error", f"Failed: {event.message} ({event.code})"
        case RunFaulted():
            return "error", f"Cannot go on, its orders are being cancelled: {event.message} ({event.code})"
        case OrderOutcomeUnknown():
            return "warning", f"Outcome of an order unknown, the exchange is asked: {event.reason}"
        case AccountDiscrepancyFound():
            return _SEVERITY[event.policy], f"{_DONE[event.policy]} what {event.exchange} says: {event.message}"
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
        case AccountReconciled():
            return f"Caught up with {event.exchange}: {event.executions:,} executions the journal had missed"
        case _:
            return next(sentence for kind, sentence in _SENTENCES.items() if isinstance(event, kind))


_SEVERITY: dict[DiscrepancyPolicy, Severity] = {"adopt": "warning", "ignore": "warning", "halt": "error"}
_DONE: dict[DiscrepancyPolicy, str] = {
    "adopt": "Adopted",
    "ignore": "Ignored",
    "halt": "Trading halted over",
}
_SENTENCES: dict[type[Event], str] = {
    RunStartRequested: "Start requested",
    RunResumed: "Resumed",
    RunFlattenRequested: "Closing of all positions requested",
    RunFlattened: "Everything cancelled, closing orders placed",
    RunStopRequested: "Stop requested",
    RunStopped: "Stopped",
    RunDeleted: "Deleted",
    OrderCancelRequested: "Cancelling of an order requested",
}


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_MESSAGE else f"{line[: MAX_MESSAGE - 1]}…"

"""Decisions: what each run's strategy decided at one moment of the market, and what of it was refused (WallE).

A decision is identified by its run and the market time it was taken at: the close of the bar the strategy saw. It is
told by the orders that were placed then, and by those the strategy cancelled. The exits an entry brought along are not
decided again when it fills: they are part of the entry. A moment at which nothing was decided leaves no row, unless
bars were missed before it, on which nothing could be decided.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Self, TypeIs
from uuid import UUID

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from domain.events import Event, JournalEntry
from domain.order import (
    CANCELLED_BY_STRATEGY,
    OrderCancelled,
    OrderCancelRequested,
    OrderCreated,
    OrderRejected,
)
from domain.tape import TapeDecided, TapeTicked
from projections.paging import Listing, rows_of
from projections.rows import Table
from projections.view import Folded, Poison

type _Rows = dict[tuple[UUID, datetime], DecisionRow]
type _Telling = OrderCreated | OrderCancelled | OrderCancelRequested | TapeDecided | TapeTicked

NAME = "decisions"
# How many orders, and how many cancelled ones, a decision tells of each: more than one for each symbol a run may have.
MOST_TOLD = 200


class DecidedOrder(msgspec.Struct, frozen=True, omit_defaults=True):
    """An order that was placed; the fields are those of `OrderCreated`, `id` that of the order."""

    id: UUID
    symbol: str
    side: str
    qty: Decimal
    order_type: str
    price: Decimal | None = None
    stop_price: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    tag: str | None = None

    @classmethod
    def of(cls, order_id: UUID, event: OrderCreated) -> Self:
        """Return what the intent of an order tells."""
        return cls(
            order_id,
            event.symbol,
            event.side,
            event.qty,
            event.order_type,
            event.price,
            event.stop_price,
            event.take_profit,
            event.stop_loss,
            event.tag,
        )


@dataclass(slots=True)
class DecisionRow:
    """What was decided at one moment; changed only while a batch is folded.

    at: market time. placed: how many orders; orders: the first MOST_TOLD of them. cancellations: how many orders the
    strategy cancelled; cancelled: the ids of the first MOST_TOLD of them. symbols: of the orders placed, each once.
    tick, cause: of a paper or live run, the number of the newest tick the strategy had seen, and the event it decided
    on, as `stream:version`. missed, missed_because: boundaries that passed unwatched before the moment, and why.
    created_position: of its first event, what lists are ordered by. position: of its last.
    """

    run_id: UUID
    at: datetime
    created_position: int
    position: int
    placed: int = 0
    orders: list[DecidedOrder] = field(default_factory=list)
    cancellations: int = 0
    cancelled: list[UUID] = field(default_factory=list)
    symbols: list[str] = field(default_factory=list)
    tick: int | None = None
    cause: str | None = None
    missed: int = 0
    missed_because: str | None = None


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """Why an order was refused, and when. policy: the risk policy that did, None where it was another rule."""

    order_id: UUID
    run_id: UUID
    at: datetime
    reason: str
    policy: str | None
    position: int


TABLE = Table(DecisionRow, "decisions", key=("run_id", "at"))
REFUSALS = Table(RefusalRow, "refusals", key=("order_id",))
LISTING = Listing(DecisionRow, "decisions", place="created_position")


def page(
    connection: Connection[TupleRow],
    *,
    run_id: UUID | None = None,
    symbol: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int,
    offset: int = 0,
    before: int | None = None,
) -> tuple[list[DecisionRow], int]:
    """Return decisions, newest first, and how many there are in all.

    symbol: those that placed an order of it. start, end: taken in [start, end). before: only those with a lower
    created_position (keyset paging).
    """
    filters = {"run_id = %s": run_id, "%s = any(symbols)": symbol, "at >= %s": start, "at < %s": end}
    rows, total = LISTING.page(connection, filters, limit=limit, offset=offset, before=before)
    for row in rows:
        row.orders = msgspec.convert(row.orders, list[DecidedOrder])
    return rows, total


def refusals(connection: Connection[TupleRow], decisions: Sequence[DecisionRow]) -> dict[UUID, RefusalRow]:
    """Return by order why each order of these decisions that was refused was refused."""
    order_ids = [order.id for decision in decisions for order in decision.orders]
    with rows_of(connection, RefusalRow) as cursor:
        cursor.execute(
            "select order_id, run_id, at, reason, policy, position from refusals where order_id = any(%s)", (order_ids,)
        )
        return {refusal.order_id: refusal for refusal in cursor}


class DecisionsReadModel:
    """Keeps the tables `decisions` and `refusals`."""

    name: ClassVar[str] = NAME
    poison: ClassVar[Poison] = "park"
    tables: ClassVar[tuple[str, ...]] = ("decisions", "refusals")
    topics: ClassVar[frozenset[str]] = frozenset(
        event.TOPIC
        for event in (OrderCreated, OrderCancelled, OrderCancelRequested, OrderRejected, TapeDecided, TapeTicked)
    )

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Add each order and cancellation to the decision of its moment; note each refusal."""
        decided = [(entry, event) for entry, event in entries if _tells(event)]
        rows = _begun(cursor, [event for _, event in decided])
        for entry, event in decided:
            _add(rows, entry, event)
        TABLE.write(cursor, rows.values())
        refused = [
            RefusalRow(entry.stream_id, event.run_id, event.at, event.reason, event.policy, entry.position)
            for entry, event in entries
            if isinstance(event, OrderRejected)
        ]
        REFUSALS.write(cursor, refused)

    def forget(self, cursor: Cursor[TupleRow], run_ids: Sequence[UUID]) -> None:
        """Remove everything of these runs."""
        TABLE.remove(cursor, "run_id", run_ids)
        REFUSALS.remove(cursor, "run_id", run_ids)


def _tells(event: Event) -> TypeIs[_Telling]:
    """Whether the event may belong to a decision."""
    match event:
        case OrderCreated():
            return event.parent_id is None
        case OrderCancelled():
            return event.reason == CANCELLED_BY_STRATEGY
        case TapeDecided():
            return event.orders > 0 or event.cancels > 0
        case TapeTicked():
            return event.missed > 0
        case _:
            return isinstance(event, OrderCancelRequested)


def _begun(cursor: Cursor[TupleRow], events: Sequence[_Telling]) -> _Rows:
    """The stored decisions a batch may add to: those of its runs from the first to the last moment of each."""
    if not events:
        return {}
    moments: dict[UUID, list[datetime]] = {}
    for event in events:
        moments.setdefault(event.run_id, []).append(event.at)
    stored = TABLE.select(
        cursor,
        # offset 0: one look into the index for each run, whatever the planner thinks of a table it knows nothing of
        """
        select found.* from unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[]) as span (run_id, first, last),
        lateral (
            select * from decisions where run_id = span.run_id and at between span.first and span.last offset 0
        ) as found
        """,
        [list(moments), [min(of) for of in moments.values()], [max(of) for of in moments.values()]],
    )
    return {(row.run_id, row.at): row for row in stored}


def _add(rows: _Rows, entry: JournalEntry, event: _Telling) -> None:
    moment = event.run_id, event.at
    row = rows.get(moment)
    if row is None:
        if isinstance(event, OrderCancelRequested):
            return  # a person's wish: the strategy's comes with its decision, which is recorded first
        row = rows[moment] = DecisionRow(*moment, created_position=entry.position, position=entry.position)
    elif entry.position <= row.position:
        return
    row.position = entry.position
    _tell(row, entry.stream_id, event)


def _tell(row: DecisionRow, stream_id: UUID, event: _Telling) -> None:
    match event:
        case OrderCreated():
            row.placed += 1
            if row.placed <= MOST_TOLD:
                row.orders.append(DecidedOrder.of(stream_id, event))
            if event.symbol not in row.symbols:
                row.symbols.append(event.symbol)
        case OrderCancelled():
            row.cancellations += 1
            _tell_cancelled(row, stream_id)
        case OrderCancelRequested():
            _tell_cancelled(row, stream_id)
        case TapeDecided():
            row.cancellations += event.cancels
            if row.cause is None:
                row.tick, row.cause = event.number, event.cause
        case TapeTicked():
            row.missed, row.missed_because = event.missed, event.missed_because


def _tell_cancelled(row: DecisionRow, order_id: UUID) -> None:
    if len(row.cancelled) < MOST_TOLD:
        row.cancelled.append(order_id)

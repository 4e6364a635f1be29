"""Orders as they stand: one row for each, folded from its stream (WallE)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, LiteralString
from uuid import UUID

from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from domain.events import Event
from domain.money import ZERO
from domain.order import (
    OrderAccepted,
    OrderCancelled,
    OrderCancelRequested,
    OrderCreated,
    OrderExpired,
    OrderFill,
    OrderFilled,
    OrderOutcomeUnknown,
    OrderPartiallyFilled,
    OrderRejected,
    OrderStatus,
    OrderSubmitted,
)
from projections.days import Days
from projections.paging import Listing
from projections.past import streams_until
from projections.rows import Table
from projections.tallies import Tallies, Tally
from projections.view import Folded, Poison

NAME = "orders"


@dataclass(slots=True)
class OrderRow:
    """An order as the REST contract shows it; changed only while a batch is folded.

    submitted_at: when it was sent, the last time if more than once. cancel_requested: whether anybody ever asked for it
    to be cancelled. created_position: of its first event, what lists are ordered by. position: of its last event.
    """

    id: UUID
    run_id: UUID
    client_order_id: str
    symbol: str
    side: str
    order_type: str
    qty: Decimal
    price: Decimal | None
    stop_price: Decimal | None
    trail: Decimal | None
    trail_percent: Decimal | None
    take_profit: Decimal | None
    stop_loss: Decimal | None
    time_in_force: str
    parent_id: UUID | None
    tag: str | None
    created_at: datetime
    created_position: int
    position: int
    status: str = OrderStatus.PENDING
    filled_qty: Decimal = ZERO
    filled_avg_price: Decimal | None = None
    reject_reason: str | None = None
    exchange_order_id: str | None = None
    submitted_at: datetime | None = None
    filled_at: datetime | None = None
    cancel_requested: bool = False


DAYS = Days(
    "orders",
    moment="created_at",
    place="created_position",
    tally=Tally("order_tally_by_day", ("day", "symbol", "side", "status")),
    spans="order_days",
)
TALLIES = Tallies(
    of={
        "run_id": "run_id",
        "symbol": "symbol",
        "side": "side",
        "status": "status",
        "day": "(created_at at time zone 'UTC')::date",
    },
    tallies=(
        Tally("order_tally", ("symbol", "side", "status")),
        Tally("order_tally_by_run", ("run_id", "symbol", "side", "status")),
        DAYS.tally,
    ),
)
TABLE = Table(OrderRow, "orders", key=("id",), tallies=TALLIES)
LISTING = Listing(OrderRow, "orders", place="created_position", tallies=TALLIES, days=DAYS)


def find(connection: Connection[TupleRow], order_id: UUID) -> OrderRow | None:
    """Return the order, None if there is none."""
    return LISTING.find(connection, order_id)


def page(
    connection: Connection[TupleRow],
    *,
    run_id: UUID | None = None,
    status: str | None = None,
    symbol: str | None = None,
    side: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int,
    offset: int = 0,
    before: int | None = None,
) -> tuple[list[OrderRow], int]:
    """Return orders, newest first, and how many there are in all.

    start, end: created in [start, end). before: only orders with a lower created_position (keyset paging).
    """
    filters = {
        "run_id = %s": run_id,
        "status = %s": status,
        "symbol = %s": symbol,
        "side = %s": side,
        "created_at >= %s": start,
        "created_at < %s": end,
    }
    return LISTING.page(connection, filters, limit=limit, offset=offset, before=before)


def working(connection: Connection[TupleRow], run_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return by run how many of its orders have not ended; a run without any has no entry."""
    over = [status for status in OrderStatus if status.is_final]
    counted = connection.execute(
        "select run_id, sum(tallied) from order_tally_by_run where run_id = any(%s) and status <> all(%s) group by 1",
        ([*run_ids], over),
    )
    return {run_id: int(count) for run_id, count in counted}


def find_past(connection: Connection[TupleRow], order_id: UUID, as_of: int) -> OrderRow | None:
    """Return the order as it was at a position, None if it was not created by then."""
    return _restated(connection, [order_id], as_of).get(order_id)


def page_past(
    connection: Connection[TupleRow],
    as_of: int,
    *,
    run_id: UUID | None = None,
    status: str | None = None,
    symbol: str | None = None,
    side: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int,
    offset: int = 0,
    before: int | None = None,
) -> tuple[list[OrderRow], int]:
    """Return orders as they were at a position, as `page` does. The read model must have come that far."""
    given = {
        "as_of": as_of,
        "run_id": run_id,
        "status": status,
        "symbol": symbol,
        "side": side,
        "start": start,
        "end": end,
        "limit": limit,
        "offset": offset,
        "before": before,
    }
    [(total,)] = connection.execute(f"select count(*) from orders where {_IN_THE_PAST}", given)
    found = connection.execute(
        f"select id from orders where {_IN_THE_PAST} and (%(before)s::bigint is null or created_position < %(before)s) "
        "order by created_position desc limit %(limit)s offset %(offset)s",
        given,
    )
    ids = [order_id for (order_id,) in found]
    rows = _restated(connection, ids, as_of)
    return [rows[order_id] for order_id in ids], int(total)


# What made the status of an order at a position: the event that ended it; or else a fill, though an acceptance may have
# been heard later; or else its last event.
_IN_THE_PAST: LiteralString = """
    created_position <= %(as_of)s
    and (%(run_id)s::uuid is null or run_id = %(run_id)s)
    and (%(symbol)s::text is null or symbol = %(symbol)s)
    and (%(side)s::text is null or side = %(side)s)
    and (%(start)s::timestamptz is null or created_at >= %(start)s)
    and (%(end)s::timestamptz is null or created_at < %(end)s)
    and (%(status)s::text is null or %(status)s = case when position <= %(as_of)s then status else (
        select made.status
        from weaver_events join (values
            ('order.created', 'pending', 0),
            ('order.submitted', 'submitted', 0),
            ('order.outcome_unknown', 'unknown', 0),
            ('order.accepted', 'accepted', 0),
            ('order.partially_filled', 'partial', 1),
            ('order.filled', 'filled', 2),
            ('order.cancelled', 'cancelled', 2),
            ('order.expired', 'expired', 2),
            ('order.rejected', 'rejected', 2)
        ) as made (name, status, weight) on made.name = split_part(topic, '.v', 1)
        where originator_id = orders.id and notification_id <= %(as_of)s
        order by made.weight desc, case made.weight when 2 then originator_version else -originator_version end
        limit 1
    ) end)
"""


def _restated(connection: Connection[TupleRow], order_ids: Sequence[UUID], as_of: int) -> dict[UUID, OrderRow]:
    rows: dict[UUID, OrderRow] = {}
    for entry, event in streams_until(connection, order_ids, as_of):
        if isinstance(event, OrderCreated):
            rows[entry.stream_id] = _created(entry.stream_id, entry.position, event)
        else:
            _change(rows[entry.stream_id], event)
            rows[entry.stream_id].position = entry.position
    return rows


class OrdersReadModel:
    """Keeps the table `orders`, how many there are of each kind, and where those of a day are."""

    name: ClassVar[str] = NAME
    poison: ClassVar[Poison] = "stop"
    tables: ClassVar[tuple[str, ...]] = ("orders", *TALLIES.tables, DAYS.spans)
    topics: ClassVar[frozenset[str]] = frozenset(
        event.TOPIC
        for event in (
            OrderCreated,
            OrderSubmitted,
            OrderAccepted,
            OrderOutcomeUnknown,
            OrderPartiallyFilled,
            OrderFilled,
            OrderCancelRequested,
            OrderCancelled,
            OrderExpired,
            OrderRejected,
        )
    )

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Fold each stream in memory from where its row stands, then write all rows at once."""
        TABLE.fold(cursor, entries, OrderCreated, _created, _change)
        created = [(event.at, entry.position) for entry, event in entries if isinstance(event, OrderCreated)]
        DAYS.reach(cursor, created)

    def forget(self, cursor: Cursor[TupleRow], run_ids: Sequence[UUID]) -> None:
        """Remove everything of these runs."""
        DAYS.recede(cursor, TABLE.removed(cursor, "run_id", run_ids, "created_at", "created_position"))


def _created(order_id: UUID, position: int, event: OrderCreated) -> OrderRow:
    return OrderRow(
        id=order_id,
        run_id=event.run_id,
        client_order_id=event.client_order_id,
        symbol=event.symbol,
        side=event.side,
        order_type=event.order_type,
        qty=event.qty,
        price=event.price,
        stop_price=event.stop_price,
        trail=event.trail,
        trail_percent=event.trail_percent,
        take_profit=event.take_profit,
        stop_loss=event.stop_loss,
        time_in_force=event.time_in_force,
        parent_id=event.parent_id,
        tag=event.tag,
        created_at=event.at,
        created_position=position,
        position=position,
    )


def _change(order: OrderRow, event: Event) -> None:
    match event:
        case OrderFill():
            order.filled_qty, order.filled_avg_price = event.filled_qty, event.filled_avg_price
            is_complete = isinstance(event, OrderFilled)
            if is_complete:
                order.filled_at = event.at
            # A late fill of an ended order is booked; the order stays ended.
            if not OrderStatus(order.status).is_final:
                order.status = OrderStatus.FILLED if is_complete else OrderStatus.PARTIAL
        case OrderSubmitted() | OrderAccepted() | OrderOutcomeUnknown():
            _send(order, event)
        case OrderCancelRequested():
            order.cancel_requested = True  # it works until the venue says that it has ended
        case OrderCancelled():
            order.status = OrderStatus.CANCELLED
        case OrderExpired():
            order.status = OrderStatus.EXPIRED
        case OrderRejected():
            order.status, order.reject_reason = OrderStatus.REJECTED, event.reason
        case _:
            raise TypeError(f"an order's row knows no event {event.TOPIC}")


def _send(order: OrderRow, event: OrderSubmitted | OrderAccepted | OrderOutcomeUnknown) -> None:
    match event:
        case OrderSubmitted():
            order.status, order.submitted_at = OrderStatus.SUBMITTED, event.at
        case OrderAccepted():
            order.exchange_order_id = event.exchange_order_id
            # It may be heard after the first fills, and after the end.
            if not (order.filled_qty or OrderStatus(order.status).is_final):
                order.status = OrderStatus.ACCEPTED
        case OrderOutcomeUnknown():
            order.status = OrderStatus.UNKNOWN

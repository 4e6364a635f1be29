"""Accounts at exchanges: what each had when it was last compared with the journal, and what differs (WallE)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from domain.events import Event
from domain.exchange_account import AccountDiscrepancyFound, AccountReconciled, HeldPosition
from projections.rows import Table
from projections.view import Folded, Poison

NAME = "exchange_accounts"
# The newest are kept: an account that differs in more than this is in trouble that no list explains.
MOST_DISCREPANCIES = 100
# What holds until something changes; everything else happened once, and was dealt with by the next comparison.
_LASTING = frozenset({"position", "external_order", "account"})


@dataclass(slots=True)
class ExchangeAccountRow:
    """An account at an exchange; changed only while a batch is folded.

    name: of the exchange. reconciled_at: when both sides were last compared, which all amounts and positions are as of;
    these are None, and there are no positions, before the first time. reconciled_because: `start`, `reconnect`,
    `timer` or `discrepancy`. open_orders, external_orders: at the exchange, Weaver's and others'. discrepancies: the
    open ones, the newest last. position: of its last event.
    """

    id: UUID
    name: str
    position: int
    account_id: str | None = None
    currency: str | None = None
    cash: Decimal | None = None
    equity: Decimal | None = None
    buying_power: Decimal | None = None
    positions: list[HeldPosition] = field(default_factory=list)
    open_orders: int | None = None
    external_orders: int | None = None
    reconciled_at: datetime | None = None
    reconciled_because: str | None = None
    discrepancies: list[AccountDiscrepancyFound] = field(default_factory=list)


TABLE = Table(ExchangeAccountRow, "exchange_accounts", key=("id",))


def every(connection: Connection[TupleRow]) -> list[ExchangeAccountRow]:
    """Return all accounts, by name: one for each exchange Weaver has ever traded at."""
    with connection.cursor() as cursor:
        return _stored(cursor)


class ExchangeAccountsReadModel:
    """Keeps the table `exchange_accounts`."""

    name: ClassVar[str] = NAME
    poison: ClassVar[Poison] = "park"
    tables: ClassVar[tuple[str, ...]] = ("exchange_accounts",)
    topics: ClassVar[frozenset[str]] = frozenset({AccountReconciled.TOPIC, AccountDiscrepancyFound.TOPIC})

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Bring the rows up to the entries; there are never more than a few."""
        rows = {row.id: row for row in _stored(cursor)}
        for entry, event in entries:
            if isinstance(event, AccountReconciled | AccountDiscrepancyFound):
                # a new row has heard of nothing yet
                row = rows.setdefault(entry.stream_id, ExchangeAccountRow(entry.stream_id, event.exchange, 0))
                if entry.position > row.position:
                    row.position = entry.position
                    _change(row, event)
        TABLE.write(cursor, rows.values())

    def forget(self, cursor: Cursor[TupleRow], run_ids: Sequence[UUID]) -> None:
        """Remove nothing: accounts are of no run."""


def _stored(cursor: Cursor[TupleRow]) -> list[ExchangeAccountRow]:
    return TABLE.select(cursor, "select * from exchange_accounts order by name", ())


def _change(row: ExchangeAccountRow, event: Event) -> None:
    match event:
        case AccountReconciled():
            row.account_id, row.currency = event.account_id, event.currency
            row.cash, row.equity, row.buying_power = event.cash, event.equity, event.buying_power
            row.positions = list(event.positions)
            row.open_orders, row.external_orders = event.open_orders, event.external_orders
            row.reconciled_at, row.reconciled_because = event.at, event.cause
            row.discrepancies = [one for one in row.discrepancies if one.kind in _LASTING and not event.settles(one)]
        case AccountDiscrepancyFound():
            others = [one for one in row.discrepancies if (one.kind, one.subject) != (event.kind, event.subject)]
            row.discrepancies = [*others, event][-MOST_DISCREPANCIES:]
        case _:
            raise TypeError(f"an account's row knows no event {event.TOPIC}")

"""Accounts at exchanges: what each had when it was last compared with the journal, and what differs (WallE)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from domain.exchange_account import (
    AccountDiscrepancyFound,
    AccountReconciled,
    DiscrepancyKind,
    DiscrepancyPolicy,
    HeldPosition,
)
from projections.rows import Table
from projections.view import Folded, Poison

NAME = "exchange_accounts"
# The newest are kept: an account that differs in more than this is in trouble that no list explains.
MOST_DISCREPANCIES = 100


class Discrepancy(msgspec.Struct, frozen=True, omit_defaults=True):
    """A discrepancy that is open; the fields are those of `AccountDiscrepancyFound`, found_at its time."""

    kind: DiscrepancyKind
    subject: str
    message: str
    policy: DiscrepancyPolicy
    found_at: datetime
    expected: str | None = None
    found: str | None = None
    run_id: UUID | None = None

    def remains(self, event: AccountReconciled) -> bool:
        """Return whether the comparison still shows it.

        A position differs until both sides hold the same of the symbol; orders of others stay as long as there are any.
        Whatever else was found was dealt with before trading could go on.
        """
        match self.kind:
            case "position":
                held = (one for one in event.positions if one.symbol == self.subject)
                return any(one.at_exchange != one.of_runs for one in held)
            case "external_order":
                return event.external_orders > 0
            case _:
                return False


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
    discrepancies: list[Discrepancy] = field(default_factory=list)


TABLE = Table(ExchangeAccountRow, "exchange_accounts", key=("id",))


def every(connection: Connection[TupleRow]) -> list[ExchangeAccountRow]:
    """Return all accounts, by name: one for each exchange Weaver has ever traded at."""
    with connection.cursor() as cursor:
        return TABLE.select(cursor, "select * from exchange_accounts order by name", ())


class ExchangeAccountsReadModel:
    """Keeps the table `exchange_accounts`."""

    name: ClassVar[str] = NAME
    poison: ClassVar[Poison] = "park"
    tables: ClassVar[tuple[str, ...]] = ("exchange_accounts",)
    topics: ClassVar[frozenset[str]] = frozenset(event.TOPIC for event in (AccountReconciled, AccountDiscrepancyFound))

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Bring the row of each account up to the entries."""
        rows = TABLE.read(cursor, {entry.stream_id for entry, _ in entries})
        for entry, event in entries:
            if not isinstance(event, AccountReconciled | AccountDiscrepancyFound):
                raise TypeError(f"an account's row knows no event {event.TOPIC}")
            row = rows.get(entry.stream_id)
            if row is None:
                row = rows[entry.stream_id] = ExchangeAccountRow(entry.stream_id, event.exchange, entry.position)
            elif entry.position <= row.position:
                continue
            row.position = entry.position
            if isinstance(event, AccountReconciled):
                _reconcile(row, event)
            else:
                _differ(row, event)
        TABLE.write(cursor, rows.values())


def _reconcile(row: ExchangeAccountRow, event: AccountReconciled) -> None:
    row.account_id, row.currency = event.account_id, event.currency
    row.cash, row.equity, row.buying_power = event.cash, event.equity, event.buying_power
    row.positions = list(event.positions)
    row.open_orders, row.external_orders = event.open_orders, event.external_orders
    row.reconciled_at, row.reconciled_because = event.at, event.cause
    row.discrepancies = [one for one in row.discrepancies if one.remains(event)]


def _differ(row: ExchangeAccountRow, event: AccountDiscrepancyFound) -> None:
    others = [one for one in row.discrepancies if (one.kind, one.subject) != (event.kind, event.subject)]
    newest = Discrepancy(
        event.kind,
        event.subject,
        event.message,
        event.policy,
        event.at,
        event.expected,
        event.found,
        event.run_id,
    )
    row.discrepancies = [*others, newest][-MOST_DISCREPANCIES:]

"""The ledger: every fill of every run booked once, into accounts, positions, lots and trades (WallE)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from psycopg import Connection, Cursor, sql
from psycopg.rows import TupleRow

from domain.order import OrderFill, OrderFilled, OrderPartiallyFilled
from domain.run import RunCreated, RunDeleted
from projections import accounts, positions, trades
from projections.accounts import AccountRow
from projections.past import run_until
from projections.positions import LOTS_SHOWN, LotRow, PositionRow, opened_since, spend_lots
from projections.rows import Table
from projections.trades import TradeRow
from projections.view import Folded, Poison

NAME = "ledger"


@dataclass(frozen=True, slots=True)
class ExecutionRow:
    """An execution of the run that was booked, by the fill at that position."""

    execution_id: str
    run_id: UUID
    position: int


EXECUTIONS = Table(ExecutionRow, "executions", key=("execution_id",))


class LedgerReadModel:
    """Keeps the tables `accounts`, `positions`, `lots` and `trades`; `executions` is what was booked.

    An execution id recorded twice stops it: the sums would be wrong either way. A deleted run has an account to tell
    that it is deleted, and nothing else.
    """

    name: ClassVar[str] = NAME
    poison: ClassVar[Poison] = "stop"
    tables: ClassVar[tuple[str, ...]] = ("accounts", "positions", "lots", "trades", "executions")
    topics: ClassVar[frozenset[str]] = frozenset(
        event.TOPIC for event in (RunCreated, RunDeleted, OrderPartiallyFilled, OrderFilled)
    )

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Book each fill on the portfolio of its run, restored from where its rows stand, then write what changed."""
        books = _books(cursor, {_run_of(folded) for folded in entries})
        for folded in entries:
            entry, event = folded
            run_id = _run_of(folded)
            book = books.get(run_id)
            if book is not None and entry.position <= book.account.position:
                continue
            if isinstance(event, RunCreated):
                books[run_id] = _opened(run_id, entry.position, event)
                continue
            if book is None:
                raise LookupError(f"{entry.topic} of run {run_id}, whose {RunCreated.TOPIC} is missing")
            book.account.position = entry.position
            if isinstance(event, OrderFill):
                book.book(entry.position, event)
            else:
                book.account.deleted = True
        _write(cursor, [book for book in books.values() if book.is_changed])

    def forget(self, cursor: Cursor[TupleRow], run_ids: Sequence[UUID]) -> None:
        """Remove everything of these runs."""
        for table in (accounts.TABLE, positions.TABLE, positions.LOTS, trades.TABLE, EXECUTIONS):
            table.remove(cursor, "run_id", run_ids)


def positions_past(
    connection: Connection[TupleRow], run_id: UUID, as_of: int
) -> tuple[list[PositionRow], dict[str, list[LotRow]]]:
    """Return the run's positions as they were, the one first traded last first, and the oldest lots of each symbol."""
    book: _Book | None = None
    for entry, event in run_until(connection, run_id, LedgerReadModel.topics, as_of):
        if isinstance(event, RunCreated):
            book = _opened(run_id, entry.position, event)
        elif book is not None and isinstance(event, OrderFill):
            book.book(entry.position, event)
    if book is None:
        return [], {}
    book.settle()
    lots: dict[str, list[LotRow]] = {}
    for lot in book.new_lots():  # newest first
        lots.setdefault(lot.symbol, []).insert(0, lot)
    rows = sorted(book.touched.values(), key=lambda row: row.created_position, reverse=True)
    return rows, {symbol: found[:LOTS_SHOWN] for symbol, found in lots.items()}


class _Book:
    """The account of a run with its portfolio, and what a batch adds to them."""

    def __init__(self, account: AccountRow, rows: Iterable[PositionRow] = (), *, is_new: bool = False) -> None:
        self.account = account
        self.rows = {row.symbol: row for row in rows}
        self.touched: dict[str, PositionRow] = {}
        self.trades: list[TradeRow] = []
        self.executions: list[ExecutionRow] = []
        self._portfolio = account.portfolio(tuple(row.state() for row in self.rows.values()))
        self._is_new, self._heard_before = is_new, account.position

    @property
    def is_changed(self) -> bool:
        """Whether the account has heard of anything in the batch."""
        return self._is_new or self.account.position > self._heard_before

    def book(self, position: int, event: OrderFill) -> None:
        """Book the fill at that position of the journal, unless the run is deleted: nothing of it shows any more."""
        if self.account.deleted:
            return
        account, portfolio, row = self.account, self._portfolio, self._row(position, event)
        realised_before, fees_before = portfolio.realised_pnl, portfolio.fees
        ended = portfolio.book(event)
        row.realised_pnl += portfolio.realised_pnl - realised_before
        row.fees += portfolio.fees - fees_before
        row.position, row.last_fill_at, row.last_fill_price = position, event.at, event.price
        account.last_fill_at = event.at
        if ended is not None:
            row.trades += 1
            account.trades += 1
            self.trades.append(TradeRow.of(position, account.run_id, ended))
        self.executions.append(ExecutionRow(event.execution_id, account.run_id, position))

    def settle(self) -> None:
        """Bring the rows up to the portfolio."""
        self.account.take_over(self._portfolio)
        for row in self.touched.values():
            row.take_over(self._portfolio.position(row.symbol).state())

    def new_lots(self) -> Iterable[LotRow]:
        """Give the lots that were opened in the batch and are held."""
        for row in self.touched.values():
            yield from opened_since(row, self._portfolio.position(row.symbol))

    def _row(self, position: int, event: OrderFill) -> PositionRow:
        symbol, account = event.symbol, self.account
        row = self.rows.get(symbol)
        if row is None:
            row = self.rows[symbol] = PositionRow(
                account.run_id, symbol, account.mode, position, position, event.at, event.price
            )
        self.touched[symbol] = row
        return row


def _run_of(folded: Folded) -> UUID:
    entry, event = folded
    return event.run_id if isinstance(event, OrderFill) else entry.stream_id


def _opened(run_id: UUID, position: int, event: RunCreated) -> _Book:
    cash = event.initial_cash
    account = AccountRow(run_id, event.mode, cash, cash, event.at, created_position=position, position=position)
    return _Book(account, is_new=True)


def _books(cursor: Cursor[TupleRow], run_ids: set[UUID]) -> dict[UUID, _Book]:
    """The books of those runs that have any, from the stored rows."""
    rows: dict[UUID, list[PositionRow]] = {}
    for row in positions.TABLE.select(cursor, "select * from positions where run_id = any(%s)", [list(run_ids)]):
        rows.setdefault(row.run_id, []).append(row)
    stored = accounts.TABLE.select(cursor, "select * from accounts where run_id = any(%s)", [list(run_ids)])
    return {account.run_id: _Book(account, rows.get(account.run_id, ())) for account in stored}


def _write(cursor: Cursor[TupleRow], books: Sequence[_Book]) -> None:
    for book in books:
        book.settle()
    accounts.TABLE.write(cursor, [book.account for book in books])
    EXECUTIONS.insert(cursor, [execution for book in books for execution in book.executions])
    kept = [book for book in books if not book.account.deleted]
    rows = [row for book in kept for row in book.touched.values()]
    if rows:
        positions.TABLE.write(cursor, rows)
        trades.TABLE.write(cursor, [trade for book in kept for trade in book.trades])
        spend_lots(cursor, rows)
        positions.LOTS.insert(cursor, [lot for book in kept for lot in book.new_lots()])
    deleted = [book.account.run_id for book in books if book.account.deleted]
    if deleted:
        for table in ("positions", "lots", "trades"):
            statement = sql.SQL("delete from {} where run_id = any(%s)").format(sql.Identifier(table))
            cursor.execute(statement, (deleted,))

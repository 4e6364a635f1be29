"""Positions: what each run holds of each symbol it has traded, and the lots that is made of (WallE)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from uuid import UUID

from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from domain.market import from_microseconds, to_microseconds
from domain.money import ZERO
from domain.portfolio import Position, PositionState
from projections.paging import Listing, rows_of
from projections.rows import Table

# How many lots of a position are shown: a strategy that buys at every bar has hundreds of thousands.
LOTS_SHOWN = 20
_SIGNS = {"long": 1, "short": -1}


@dataclass(slots=True)
class PositionRow:
    """What a run holds of a symbol; changed only while a batch is folded. A position that is flat keeps its row.

    quantity: below zero when short. cost: what it was bought for, without fees. realised_pnl (before fees), fees: of
    all the run's fills in the symbol, quote currency. trades: how many were closed. opened_at: None while flat.
    trade_pnl … closed_value: of the open trade, as in `PositionState`; what it takes to go on with the next fill.
    created_position: of the first fill, what lists are ordered by. position: of the last one.
    """

    run_id: UUID
    symbol: str
    mode: str
    created_position: int
    position: int
    last_fill_at: datetime
    last_fill_price: Decimal
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realised_pnl: Decimal = ZERO
    fees: Decimal = ZERO
    trades: int = 0
    opened_at: datetime | None = None
    trade_pnl: Decimal = ZERO
    trade_fees: Decimal = ZERO
    most: Decimal = ZERO
    opened: Decimal = ZERO
    opened_value: Decimal = ZERO
    closed: Decimal = ZERO
    closed_value: Decimal = ZERO

    @property
    def average_price(self) -> Decimal | None:
        """The average cost of one unit, None while flat."""
        return self.cost / self.quantity if self.quantity else None

    @property
    def side(self) -> str | None:
        """`long` or `short`, None while flat."""
        return ("long" if self.quantity > 0 else "short") if self.quantity else None

    def state(self) -> PositionState:
        """Return the position as it was written down, its lots left where they are."""
        return PositionState(
            self.symbol,
            self.quantity,
            self.cost,
            0 if self.opened_at is None else to_microseconds(self.opened_at),
            self.trade_pnl,
            self.trade_fees,
            self.most,
            self.opened,
            self.opened_value,
            self.closed,
            self.closed_value,
        )

    def take_over(self, state: PositionState) -> None:
        """Write the position down."""
        self.quantity, self.cost, self.most = state.quantity, state.cost, state.most
        self.trade_pnl, self.trade_fees = state.trade_pnl, state.trade_fees
        self.opened, self.opened_value = state.opened, state.opened_value
        self.closed, self.closed_value = state.closed, state.closed_value
        self.opened_at = from_microseconds(state.opened_at) if state.quantity else None


@dataclass(frozen=True, slots=True)
class LotRow:
    """What is left of a fill that opened a position or added to it.

    trade: how many trades of the symbol were closed before. through: units the trade had opened by then, these
    included: the lot is spent once the trade has closed as many.
    """

    run_id: UUID
    symbol: str
    trade: int
    through: Decimal
    quantity: Decimal
    price: Decimal
    opened_at: datetime


TABLE = Table(PositionRow, "positions", key=("run_id", "symbol"))
LOTS = Table(LotRow, "lots", key=("run_id", "symbol", "trade", "through"))
LISTING = Listing(PositionRow, "positions", place="created_position")


def page(
    connection: Connection[TupleRow],
    *,
    run_id: UUID | None = None,
    symbol: str | None = None,
    mode: str | None = None,
    side: str | None = None,
    is_open: bool | None = None,
    limit: int,
    offset: int = 0,
    before: int | None = None,
) -> tuple[list[PositionRow], int]:
    """Return positions, the one first traded last first, and how many there are in all.

    side: long or short. is_open: whether something is held, None for both. before: only those with a lower
    created_position (keyset paging).
    """
    filters = {
        "run_id = %s": run_id,
        "symbol = %s": symbol,
        "mode = %s": mode,
        "sign(quantity) = %s": None if side is None else _SIGNS[side],
        "(quantity <> 0) = %s": is_open,
    }
    return LISTING.page(connection, filters, limit=limit, offset=offset, before=before)


def held(connection: Connection[TupleRow], run_ids: Sequence[UUID]) -> list[PositionRow]:
    """Return what these runs hold, by run and symbol."""
    with connection.cursor() as cursor:
        return TABLE.select(
            cursor,
            "select * from positions where run_id = any(%s) and quantity <> 0 order by run_id, symbol",
            ([*run_ids],),
        )


def oldest_lots(
    connection: Connection[TupleRow], positions: Sequence[PositionRow]
) -> Mapping[tuple[UUID, str], Sequence[LotRow]]:
    """Return the first LOTS_SHOWN lots of each position that is held, oldest first: the first to go (FIFO)."""
    held = [position for position in positions if position.quantity]
    with rows_of(connection, LotRow) as cursor:
        cursor.execute(
            """
            select lot.* from unnest(%s::uuid[], %s::text[]) as held (run_id, symbol), lateral (
                select run_id, symbol, trade, through, quantity, price, opened_at from lots
                where lots.run_id = held.run_id and lots.symbol = held.symbol order by trade, through limit %s
            ) as lot order by lot.run_id, lot.symbol, lot.through
            """,
            ([position.run_id for position in held], [position.symbol for position in held], LOTS_SHOWN),
        )
        lots = cursor.fetchall()
    return {key: list(found) for key, found in groupby(lots, lambda lot: (lot.run_id, lot.symbol))}


def opened_since(row: PositionRow, position: Position) -> Iterator[LotRow]:
    """Give the lots the position was restored without, newest first."""
    through = row.opened
    for lot in reversed(position.lots):
        opened_at = from_microseconds(lot.opened_at)
        yield LotRow(row.run_id, row.symbol, row.trades, through, lot.quantity, lot.price, opened_at)
        through -= lot.quantity


def spend_lots(cursor: Cursor[TupleRow], rows: Sequence[PositionRow]) -> None:
    """Take away what these positions do not hold any more of the lots that are stored."""
    spent = {
        "run_ids": [row.run_id for row in rows],
        "symbols": [row.symbol for row in rows],
        "trades": [row.trades for row in rows],
        "closed": [row.closed if row.quantity else ZERO for row in rows],
    }
    cursor.execute(
        """
        delete from lots
        using unnest(%(run_ids)s::uuid[], %(symbols)s::text[], %(trades)s::bigint[], %(closed)s::numeric[])
            as spent (run_id, symbol, trade, closed)
        where lots.run_id = spent.run_id and lots.symbol = spent.symbol
          and (lots.trade, lots.through) <= (spent.trade, spent.closed)
        """,
        spent,
    )
    # Of what is left the oldest alone can be spent in part; found first, so that no other is looked at.
    cursor.execute(
        """
        with oldest as materialized (
            select run_id, symbol, trade, closed, (
                select min(through) from lots
                where lots.run_id = spent.run_id and lots.symbol = spent.symbol and lots.trade = spent.trade
            ) as through
            from unnest(%(run_ids)s::uuid[], %(symbols)s::text[], %(trades)s::bigint[], %(closed)s::numeric[])
                as spent (run_id, symbol, trade, closed)
        )
        update lots set quantity = lots.through - oldest.closed
        from oldest
        where lots.run_id = oldest.run_id and lots.symbol = oldest.symbol and lots.trade = oldest.trade
          and lots.through = oldest.through and lots.through - lots.quantity < oldest.closed
        """,
        spent,
    )

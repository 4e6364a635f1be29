"""Closed trades: every position of a run from flat to flat, as the ledger booked it (WallE)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from domain.portfolio import ClosedPosition
from projections.paging import Listing
from projections.rows import Table


@dataclass(frozen=True, slots=True)
class TradeRow:
    """A trade, its fields as in `domain.portfolio.Trade`; `position` is that of the fill that closed it."""

    position: int
    run_id: UUID
    symbol: str
    side: str
    opened_at: datetime
    closed_at: datetime
    qty: Decimal
    entry_price: Decimal
    exit_price: Decimal
    pnl: Decimal
    fees: Decimal

    @classmethod
    def of(cls, position: int, run_id: UUID, ended: ClosedPosition) -> Self:
        """Return the row of a trade that the fill at this position of the journal ended."""
        trade = ended.trade()
        return cls(
            position,
            run_id,
            trade.symbol,
            trade.side,
            trade.opened_at,
            trade.closed_at,
            trade.qty,
            trade.entry_price,
            trade.exit_price,
            trade.pnl,
            trade.fees,
        )


TABLE = Table(TradeRow, "trades", key=("position",))
LISTING = Listing(TradeRow, "trades", place="position")


def page(
    connection: Connection[TupleRow],
    *,
    run_id: UUID | None = None,
    symbol: str | None = None,
    side: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int,
    offset: int = 0,
    before: int | None = None,
) -> tuple[list[TradeRow], int]:
    """Return trades, the one closed last first, and how many there are in all.

    side: long or short. start, end: closed in [start, end). before: only those with a lower position (keyset paging).
    """
    filters = {
        "run_id = %s": run_id,
        "symbol = %s": symbol,
        "side = %s": side,
        "closed_at >= %s": start,
        "closed_at < %s": end,
    }
    return LISTING.page(connection, filters, limit=limit, offset=offset, before=before)

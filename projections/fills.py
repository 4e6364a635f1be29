"""Fills: every execution once, never changed (WallE)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from domain.order import OrderFill, OrderFilled, OrderPartiallyFilled
from projections.paging import Listing
from projections.rows import Table
from projections.tallies import Tallies, Tally
from projections.view import Folded, Poison

NAME = "fills"


@dataclass(frozen=True, slots=True)
class FillRow:
    """One execution: qty, price and fee of it alone, fee in quote currency; `position` is that of its event.

    base_fee: taken from what was bought, in units. slippage: beyond the price before it, quote currency.
    """

    position: int
    execution_id: str
    run_id: UUID
    order_id: UUID
    symbol: str
    side: str
    qty: Decimal
    price: Decimal
    fee: Decimal
    base_fee: Decimal
    slippage: Decimal
    liquidity: str
    ambiguous: bool
    filled_at: datetime


TALLIES = Tallies(of={"run_id": "run_id"}, tallies=(Tally("fill_tally", ("run_id",)),))
TABLE = Table(FillRow, "fills", key=("position",), tallies=TALLIES)
LISTING = Listing(FillRow, "fills", place="position", tallies=TALLIES)


def page(
    connection: Connection[TupleRow],
    *,
    run_id: UUID | None = None,
    limit: int,
    offset: int = 0,
    before: int | None = None,
) -> tuple[list[FillRow], int]:
    """Return fills, newest first, and how many there are in all; before: only those with a lower position."""
    return LISTING.page(connection, {"run_id = %s": run_id}, limit=limit, offset=offset, before=before)


class FillsReadModel:
    """Keeps the table `fills`, and how many there are of each run.

    An execution id recorded twice stops it: the sums would be wrong either way.
    """

    name: ClassVar[str] = NAME
    poison: ClassVar[Poison] = "stop"
    tables: ClassVar[tuple[str, ...]] = ("fills", *TALLIES.tables)
    topics: ClassVar[frozenset[str]] = frozenset({OrderPartiallyFilled.TOPIC, OrderFilled.TOPIC})

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Insert one row for each fill."""
        fills = [
            FillRow(
                position=entry.position,
                execution_id=event.execution_id,
                run_id=event.run_id,
                order_id=entry.stream_id,
                symbol=event.symbol,
                side=event.side,
                qty=event.qty,
                price=event.price,
                fee=event.fee,
                base_fee=event.base_fee,
                slippage=event.slippage,
                liquidity=event.liquidity,
                ambiguous=event.ambiguous,
                filled_at=event.at,
            )
            for entry, event in entries
            if isinstance(event, OrderFill)
        ]
        TABLE.write(cursor, fills)

    def forget(self, cursor: Cursor[TupleRow], run_ids: Sequence[UUID]) -> None:
        """Remove everything of these runs."""
        TABLE.remove(cursor, "run_id", run_ids)

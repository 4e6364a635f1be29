"""Accounts: the cash and the sums of each run, as the ledger booked them (WallE)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from domain.money import ZERO
from domain.portfolio import Portfolio, PortfolioState, PositionState
from projections.paging import Listing
from projections.rows import Table


@dataclass(slots=True)
class AccountRow:
    """The account of a run; changed only while a batch is folded. Sums in quote currency, as in `domain.portfolio`.

    realised_pnl: before fees. traded: sum of notionals. trades: how many were closed.
    created_position: of the run's first event, what lists are ordered by. position: of the last event the ledger of the
    run has heard of, none of which is booked again.
    """

    run_id: UUID
    mode: str
    initial_cash: Decimal
    cash: Decimal
    created_at: datetime
    created_position: int
    position: int
    realised_pnl: Decimal = ZERO
    fees: Decimal = ZERO
    slippage: Decimal = ZERO
    traded: Decimal = ZERO
    fills: int = 0
    ambiguous_fills: int = 0
    trades: int = 0
    last_fill_at: datetime | None = None
    deleted: bool = False

    def portfolio(self, positions: tuple[PositionState, ...]) -> Portfolio:
        """Return the portfolio these sums and positions were written down from."""
        return Portfolio.restore(
            PortfolioState(
                self.initial_cash,
                self.cash,
                self.fees,
                self.slippage,
                self.traded,
                self.realised_pnl,
                self.fills,
                self.ambiguous_fills,
                positions,
            )
        )

    def take_over(self, portfolio: Portfolio) -> None:
        """Write the portfolio's sums down."""
        self.cash, self.realised_pnl, self.fees = portfolio.cash, portfolio.realised_pnl, portfolio.fees
        self.slippage, self.traded = portfolio.slippage, portfolio.traded
        self.fills, self.ambiguous_fills = portfolio.fills, portfolio.ambiguous_fills


TABLE = Table(AccountRow, "accounts", key=("run_id",))
LISTING = Listing(AccountRow, "accounts", place="created_position", always="not deleted")


def page(
    connection: Connection[TupleRow],
    *,
    run_id: UUID | None = None,
    mode: str | None = None,
    limit: int,
    offset: int = 0,
    before: int | None = None,
) -> tuple[list[AccountRow], int]:
    """Return the accounts of runs that are not deleted, the newest run's first, and how many there are in all.

    before: only accounts with a lower created_position (keyset paging).
    """
    filters = {"run_id = %s": run_id, "mode = %s": mode}
    return LISTING.page(connection, filters, limit=limit, offset=offset, before=before)

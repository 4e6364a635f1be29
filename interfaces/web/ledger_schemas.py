"""Trades, positions and accounts as they cross the wire."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from domain.exchange_account import DiscrepancyKind, DiscrepancyPolicy
from domain.run import Mode
from interfaces.web.pagination import Page
from interfaces.web.queries import AsOfParameter, Paged
from interfaces.web.values import Answered, DecimalOut, MomentIn, MomentOut, Text
from projections.positions import LOTS_SHOWN, PositionRow

Direction = Literal["long", "short"]

_IS_OPEN: Mapping[str, bool | None] = {"open": True, "flat": False, "all": None}


class RunTradeQuery(Paged):
    """Which of a run's trades to list. start, end: closed in [start, end)."""

    symbol: Text | None = None
    side: Annotated[Direction | None, Field(description="Of the position that was closed.")] = None
    start: MomentIn | None = None
    end: MomentIn | None = None


class TradeQuery(RunTradeQuery):
    """Which trades to list."""

    run_id: UUID | None = None


class _PositionFilter(Paged):
    symbol: Text | None = None
    side: Direction | None = None
    state: Annotated[
        Literal["open", "flat", "all"],
        Field(description="Whether something is held: of `flat` ones the sums are left."),
    ] = "open"

    def wanted(self) -> dict[str, Any]:
        """Return what the list is filtered by, as the read model takes it."""
        filters = super().wanted()
        return filters | {"is_open": _IS_OPEN[filters.pop("state")]}


class RunPositionQuery(_PositionFilter):
    """Which of a run's positions to list."""

    as_of: AsOfParameter = None

    def admits(self, row: PositionRow) -> bool:
        """Return whether the filters let the position through."""
        is_open = _IS_OPEN[self.state]
        return (
            (self.symbol is None or row.symbol == self.symbol)
            and (self.side is None or row.side == self.side)
            and (is_open is None or bool(row.quantity) == is_open)
        )


class PositionQuery(_PositionFilter):
    """Which positions to list."""

    run_id: UUID | None = None
    mode: Mode | None = None


class AccountQuery(Paged):
    """Which accounts to list."""

    run_id: UUID | None = None
    mode: Mode | None = None


class Trade(Answered):
    """A position from flat to flat. Prices, PnL and fees in quote currency."""

    run_id: UUID
    symbol: str
    side: Direction
    opened_at: MomentOut
    closed_at: MomentOut
    qty: Annotated[DecimalOut, Field(description="The most that was held, in units of the symbol.")]
    entry_price: Annotated[DecimalOut, Field(description="Average over the fills that opened it.")]
    exit_price: Annotated[DecimalOut, Field(description="Average over the fills that closed it.")]
    pnl: Annotated[DecimalOut, Field(description="After all fees of its fills.")]
    fees: Annotated[DecimalOut, Field(description="Those taken in units of the symbol at the price of their fill.")]
    position: Annotated[int, Field(description="Of the fill that closed it, in the journal.")]


class Lot(Answered):
    """What is left of a fill that opened a position or added to it."""

    quantity: Annotated[DecimalOut, Field(description="Above zero, of a short position too.")]
    price: DecimalOut
    opened_at: MomentOut


class Position(Answered):
    """What a run holds of a symbol. Amounts in quote currency."""

    run_id: UUID
    symbol: str
    mode: Mode
    side: Annotated[Direction | None, Field(description="Null while nothing is held.")]
    quantity: Annotated[DecimalOut, Field(description="In units of the symbol, below zero when short.")]
    average_price: Annotated[DecimalOut | None, Field(description="Average cost of a unit, without fees.")]
    cost: Annotated[DecimalOut, Field(description="What it was bought for, without fees; below zero when short.")]
    realised_pnl: Annotated[DecimalOut, Field(description="Of all the run's fills in the symbol, before fees.")]
    fees: Annotated[DecimalOut, Field(description="Of all the run's fills in the symbol.")]
    trades: Annotated[int, Field(description="How many were closed.")]
    opened_at: MomentOut | None
    last_fill_at: MomentOut
    last_fill_price: DecimalOut
    lots: Annotated[
        list[Lot],
        Field(description=f"What it is made of, the first to go first (FIFO): the oldest {LOTS_SHOWN} at most."),
    ]
    position: Annotated[int, Field(description="Of its last fill, in the journal.")]


class Account(Answered):
    """The cash of a run, and what its fills add up to, in quote currency."""

    run_id: UUID
    mode: Mode
    initial_cash: DecimalOut
    cash: DecimalOut
    realised_pnl: Annotated[DecimalOut, Field(description="Before fees.")]
    fees: DecimalOut
    slippage: Annotated[DecimalOut, Field(description="Cost beyond the price before slippage.")]
    traded: Annotated[DecimalOut, Field(description="Sum of the notionals of all fills.")]
    fills: int
    trades: Annotated[int, Field(description="How many were closed.")]
    created_at: MomentOut
    last_fill_at: MomentOut | None
    position: Annotated[int, Field(description="Of the last event it has heard of, in the journal.")]


class HeldPosition(Answered):
    """What is held of a symbol on both sides, in units of it, below zero when short."""

    symbol: str
    at_exchange: Annotated[DecimalOut, Field(description="As the exchange says.")]
    of_runs: Annotated[DecimalOut, Field(description="What Weaver's runs hold there.")]


class AccountDiscrepancy(Answered):
    """Something the exchange and the journal say differently. at: when it was found."""

    at: MomentOut
    kind: DiscrepancyKind
    subject: Annotated[str, Field(description="The symbol, the order or the message concerned.")]
    message: str
    expected: Annotated[str | None, Field(description="By the journal.")]
    found: Annotated[str | None, Field(description="At the exchange.")]
    policy: Annotated[DiscrepancyPolicy, Field(description="What was done about it.")]
    run_id: UUID | None


class ExchangeAccount(Answered):
    """An account as the exchange had it when it was last compared with the journal; null before the first time."""

    name: Annotated[str, Field(description="Of the exchange.")]
    account_id: str | None
    currency: Annotated[str | None, Field(description="Of the amounts.")]
    cash: DecimalOut | None
    equity: DecimalOut | None
    buying_power: DecimalOut | None
    positions: list[HeldPosition]
    open_orders: Annotated[int | None, Field(description="Weaver's orders that worked there.")]
    external_orders: Annotated[int | None, Field(description="Orders that others placed: by hand, or other programs.")]
    reconciled_at: MomentOut | None
    reconciled_because: Annotated[str | None, Field(description="`start`, `reconnect`, `timer` or `discrepancy`.")]
    discrepancies: Annotated[list[AccountDiscrepancy], Field(description="Those that are open, the newest last.")]
    position: Annotated[int, Field(description="Of its last event, in the journal.")]


class Accounts(Page[Account]):
    """A page of the accounts of runs; beside it every account at an exchange, whatever the page and its filters."""

    exchanges: list[ExchangeAccount]

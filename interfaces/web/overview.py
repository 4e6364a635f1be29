"""The route of the landing page: what runs, what it holds, and how far it is from its limits, in one answer."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field

from domain.limit_use import Standing, limit_use
from domain.money import ZERO, posted
from domain.risk import parse_limits
from domain.run import Mode, RunStatus
from interfaces.web import openapi
from interfaces.web.access import Here, reading, shows
from interfaces.web.queries import Read
from interfaces.web.values import Answered, DecimalOut, MomentOut
from projections import activity, equity, ledger, orders, positions, runs
from projections.activity import HaltRow
from projections.equity import StandingRow
from projections.positions import PositionRow
from projections.runs import RunRow

router = openapi.router("overview")

type Item = dict[str, Any]


class RunCount(Answered):
    """How many runs of a mode have a status."""

    mode: Mode
    status: RunStatus
    runs: int


class OpenPosition(Answered):
    """What a run holds of a symbol, below zero when short.

    `price` is that of the newest mark of equity if this is all the run holds, else that of the last fill.
    """

    symbol: str
    qty: DecimalOut
    price: DecimalOut
    value: Annotated[DecimalOut, Field(description="Quantity times price, quote currency.")]


class UsedLimit(Answered):
    """A limit of a run, what is used of it and what is left, each in its own unit.

    Null for a limit that concerns each order by itself. `max_gross_exposure` and `max_position` are of what is held:
    working orders, which the gate counts as filled, are left out.
    """

    name: Annotated[str, Field(examples=["max_daily_loss"])]
    limit: DecimalOut
    used: DecimalOut | None
    left: DecimalOut | None


class TradingRun(Answered):
    """A paper or live run that is not over. Amounts in quote currency; equity is as it was marked at `equity_at`."""

    run_id: UUID
    name: str
    mode: Mode
    status: RunStatus
    strategy_id: str
    symbols: list[str]
    equity: Annotated[DecimalOut, Field(description="The initial cash before the first mark.")]
    equity_at: MomentOut | None
    pnl_today: Annotated[DecimalOut, Field(description="Since `today_since` of the answer, open positions included.")]
    open_positions: list[OpenPosition]
    open_orders: int
    limits: list[UsedLimit]
    halted: Annotated[bool, Field(description="By a limit of its own; `halted` of the answer halts all.")]
    halted_because: str | None
    failing: Annotated[bool, Field(description="It cannot go on, and its orders are being cancelled.")]


class ModeTotal(Answered):
    """The sums over the runs of a mode that are not over."""

    mode: Mode
    runs: int
    equity: DecimalOut
    pnl_today: DecimalOut
    gross: Annotated[DecimalOut, Field(description="Sum of the absolute values of all positions.")]
    open_positions: int
    open_orders: int


class Overview(Answered):
    """Everything at a glance. Money on paper and real money are never added up."""

    at: MomentOut
    today_since: Annotated[MomentOut, Field(description="Where today begins: 00:00 UTC.")]
    halted: Annotated[bool, Field(description="Whether the kill switch is thrown.")]
    halted_because: str | None
    counts: list[RunCount]
    runs: list[TradingRun]
    totals: list[ModeTotal]


@router.get(
    "/overview",
    response_model=Overview,
    dependencies=[shows(runs.NAME, equity.NAME, ledger.NAME, orders.NAME, activity.NAME)],
)
def show_overview(here: Here, query: Annotated[Read, Query()]) -> Item:
    """Show how everything stands: runs by mode and status, and each paper and live run that is not over."""
    now = here.clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    with reading(here) as connection:
        rows = runs.on_a_market(connection)
        ids = [row.id for row in rows]
        halts = activity.newest_halts(connection, ids)
        resumed = {run_id: _resumed_at(halts.get(run_id)) for run_id in ids}
        standings = equity.standings(connection, midnight, resumed)
        held: defaultdict[UUID, list[PositionRow]] = defaultdict(list)
        for position in positions.held(connection, ids):
            held[position.run_id].append(position)
        working = orders.working(connection, ids)
        counts = runs.counts(connection)
    shown = [
        _Trading(row, standings[row.id], held[row.id], working.get(row.id, 0), halts.get(row.id)).shown()
        for row in rows
    ]
    switch = halts.get(None)
    return {
        "at": now,
        "today_since": midnight,
        **_halted(switch),
        "counts": [{"mode": mode, "status": status, "runs": count} for mode, status, count in counts],
        "runs": shown,
        "totals": _totals(shown),
    }


@dataclass(frozen=True, slots=True)
class _Trading:
    """What the read models have of one run."""

    row: RunRow
    standing: StandingRow
    held: Sequence[PositionRow]
    working: int
    halt: HaltRow | None

    def shown(self) -> Item:
        """Return the fields of a TradingRun."""
        row, standing = self.row, self.standing
        now = row.initial_cash if standing.equity is None else standing.equity
        before = row.initial_cash if standing.before is None else standing.before
        open_positions = [self._position(position) for position in self.held]
        return {
            "run_id": row.id,
            **{name: getattr(row, name) for name in ("name", "mode", "status", "strategy_id", "symbols")},
            "equity": now,
            "equity_at": standing.time,
            "pnl_today": now - before,
            "open_positions": open_positions,
            "open_orders": self.working,
            "limits": limit_use(parse_limits(row.risk), self._standing(open_positions)),
            **_halted(self.halt),
            "failing": row.error is not None,
        }

    def _position(self, position: PositionRow) -> Item:
        price, standing = position.last_fill_price, self.standing
        is_marked = standing.time is not None and standing.time >= position.last_fill_at and len(self.held) == 1
        if is_marked and standing.equity is not None and standing.cash is not None:
            price = posted((standing.equity - standing.cash) / position.quantity)
        value = posted(position.quantity * price)
        return {"symbol": position.symbol, "qty": position.quantity, "price": price, "value": value}

    def _standing(self, open_positions: Sequence[Item]) -> Standing:
        initial, standing = self.row.initial_cash, self.standing
        is_resumed = _resumed_at(self.halt) is not None
        highest = initial if standing.peak is None else standing.peak
        return Standing(
            equity=standing.equity,
            day_start=initial if standing.armed is None else standing.armed,
            peak=highest if is_resumed else max(initial, highest),
            largest_position=max((abs(one["qty"]) for one in open_positions), default=ZERO),
            gross=_gross(open_positions),
            open_orders=self.working,
        )


def _resumed_at(halt: HaltRow | None) -> datetime | None:
    return halt.at if halt is not None and not halt.is_halted else None


def _halted(halt: HaltRow | None) -> Item:
    is_halted = halt is not None and halt.is_halted
    return {"halted": is_halted, "halted_because": halt.message if halt is not None and is_halted else None}


def _gross(open_positions: Sequence[Item]) -> Decimal:
    return sum((abs(one["value"]) for one in open_positions), ZERO)


def _totals(shown: Sequence[Item]) -> list[Item]:
    """The sums of each mode there is a run of, by mode."""
    by_mode: defaultdict[str, list[Item]] = defaultdict(list)
    for one in shown:
        by_mode[one["mode"]].append(one)
    return [
        {
            "mode": mode,
            "runs": len(of_mode),
            "equity": sum((one["equity"] for one in of_mode), ZERO),
            "pnl_today": sum((one["pnl_today"] for one in of_mode), ZERO),
            "gross": sum((_gross(one["open_positions"]) for one in of_mode), ZERO),
            "open_positions": sum(len(one["open_positions"]) for one in of_mode),
            "open_orders": sum(one["open_orders"] for one in of_mode),
        }
        for mode, of_mode in sorted(by_mode.items())
    ]

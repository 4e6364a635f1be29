"""The risk policies of one run at work: what the gate is told, and what a halt sets off."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from domain.accounts import MarginAccount
from domain.events import Recorded
from domain.market import from_microseconds
from domain.money import ZERO, plain, posted
from domain.portfolio import ClosedPosition, Portfolio
from domain.risk import Objection, RiskGuard, RiskHalted, RiskLimits, RiskResumed, risk_stream_id
from domain.risk_gate import Exposure, Proposed, RiskGate, opening_quantity
from domain.run import RunCreated
from domain.working_order import Working

MARGIN_CALL = "margin_call"


class Prices(Protocol):
    """What the policies need of the market: the newest close, and seconds since the close of the newest bar."""

    def last_close(self, symbol: str) -> Decimal: ...
    def bar_age(self, symbol: str) -> float: ...


class RiskControl:
    """Holds the orders and the equity of one run against its limits.

    is_on: whether orders have to be asked about. guard: what is recorded of halts.
    """

    def __init__(
        self,
        run_id: UUID,
        description: RunCreated,
        portfolio: Portfolio,
        margin: MarginAccount | None,
        market: Prices,
    ) -> None:
        self._run_id = run_id
        self._limits = description.risk
        self._portfolio = portfolio
        self._margin = margin
        self._market = market
        self._gate = RiskGate(description.risk, description.initial_cash)
        self.guard = RiskGuard(risk_stream_id(run_id))
        self.is_on = description.risk != RiskLimits()
        self.watches_equity = self._gate.watches_equity or margin is not None

    def watch(self, limits: RiskLimits) -> None:
        """Keep the figures of these limits, too: a fork goes on with them."""
        self._gate.watch(limits)
        self.is_on |= limits != RiskLimits()
        self.watches_equity |= self._gate.watches_equity

    def carry_on(self, before: "RiskControl") -> None:
        """Go on with the figures another has kept of the same account; its halts are recorded in the same stream."""
        self._gate.carry_on(before._gate)
        self.guard = before.guard
        self.is_on = self.is_on or self._gate.is_halted

    def objection(self, order: Working, price: Decimal, now: datetime, working: Iterable[Working]) -> Objection | None:
        """Return why the order may not be placed, None if it may."""
        request = order.request
        proposed = Proposed(request.symbol, request.side, request.qty, price, now)
        return self._gate.objection(proposed, self._exposure(order, list(working)))

    def placed(self, now: datetime) -> None:
        """Count an order that was taken."""
        self._gate.placed(now)

    def objection_to_going_on(self, day: int, now: datetime) -> Objection | None:
        """Return why the run is to be halted now, None if it is not; told once."""
        if self._gate.is_halted:
            return None
        if self._margin is not None and self._margin.is_called:
            equity, gross = self._equity(), self._gross()
            called = Objection(
                MARGIN_CALL,
                f"margin call: equity {plain(posted(equity))} is below what positions of {plain(posted(gross))} need",
                {"equity": plain(posted(equity)), "positions": plain(posted(gross))},
            )
            self._gate.halt(called)
            return called
        return self._gate.mark(self._equity(), day, now) if self._gate.watches_equity else None

    def halt(self, objection: Objection, now: datetime) -> Sequence[Recorded]:
        """Return the events that record the halt; orders are refused from now on."""
        self.is_on = True
        self._gate.halt(objection)
        self.guard.halt(now, self._run_id, objection)
        return self.guard.collect_events()

    def hear(self, event: RiskHalted | RiskResumed) -> None:
        """Take note of a halt that others recorded, or of a person letting the run go on."""
        if isinstance(event, RiskHalted):
            self.is_on = True
            self._gate.halt(Objection(event.policy, event.message, dict(event.figures)))
        else:
            self._gate.resume(self._equity())

    def flattens(self, objection: Objection) -> bool:
        """Whether every position has to be closed with the halt."""
        return self._limits.flatten_on_halt or objection.policy == MARGIN_CALL

    def trade_closed(self, ended: ClosedPosition) -> None:
        """Take note of a trade's end."""
        self._gate.trade_closed(ended.pnl, from_microseconds(ended.closed_at))

    def _exposure(self, order: Working, working: Sequence[Working]) -> Exposure:
        symbol = order.request.symbol
        # the other exit of a pair closes the same units
        others = [one for one in working if one is not order.sibling]
        buys, sells = self._working_units(symbol, others)
        return Exposure(
            position=self._portfolio.position(symbol).quantity,
            working_buys=buys,
            working_sells=sells,
            open_orders=len(working),
            gross=self._gross() + self._opening_notional(others),
            bar_age_seconds=self._market.bar_age(symbol),
        )

    @staticmethod
    def _working_units(symbol: str, working: Sequence[Working]) -> tuple[Decimal, Decimal]:
        units = {True: ZERO, False: ZERO}
        for order in working:
            # of orders that cancel each other one counts
            if order.request.symbol == symbol and not (
                order.sibling is not None and order.sibling.serial < order.serial
            ):
                units[order.buys] += order.remaining
        return units[True], units[False]

    def _opening_notional(self, working: Sequence[Working]) -> Decimal:
        total = ZERO
        for symbol in dict.fromkeys(order.request.symbol for order in working):
            buys, sells = self._working_units(symbol, working)
            position, mark = self._portfolio.position(symbol).quantity, self._market.last_close(symbol)
            total += opening_quantity("buy", position, buys) * mark
            total += opening_quantity("sell", position, sells) * mark
        return total

    def _gross(self) -> Decimal:
        return sum((abs(p.quantity) * self._market.last_close(p.symbol) for p in self._portfolio.positions()), ZERO)

    def _equity(self) -> Decimal:
        held = self._portfolio.positions()
        return self._portfolio.equity({position.symbol: self._market.last_close(position.symbol) for position in held})

"""What an account can carry: cash and quantities kept back for working orders, and the power to open more."""

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from domain.money import ZERO, plain, posted
from domain.portfolio import Portfolio
from domain.run import AccountSettings
from domain.working_order import Working

type Marks = Callable[[str], Decimal]


class TradingAccount(Protocol):
    """What the session asks before an order is placed and before one is booked.

    prices_all: whether sells need an expected cost, too.
    """

    prices_all: bool

    def hold(self, order: Working, unit_cost: Decimal, extra: Decimal) -> str | None:
        """Keep back what the order may need, or return why the account cannot carry it.

        unit_cost: what one unit is expected to cost at worst. extra: the fee of the whole order, quote currency.
        """
        ...

    def release(self, order: Working) -> None:
        """Give back what is kept for an order that has ended."""
        ...

    def objection(self, order: Working, qty: Decimal, notional: Decimal, fee: Decimal) -> str | None:
        """Return why an execution of this quantity, notional and fee cannot be booked, None if it can."""
        ...

    def filled(self, order: Working) -> None:
        """Keep back less for an order of which a part was booked."""
        ...

    def carry_on(self, before: "TradingAccount") -> None:
        """Keep back what another account of the same kind does, for the same orders."""
        ...


class CashAccount:
    """Cash and positions that never go below zero: open buys keep back notional and fee, open sells their quantity."""

    prices_all = False

    def __init__(self, portfolio: Portfolio) -> None:
        self._portfolio = portfolio
        self._held_cash = ZERO
        self._held_units: dict[str, Decimal] = {}

    def hold(self, order: Working, unit_cost: Decimal, extra: Decimal) -> str | None:
        """Keep back what the order may need, or return why there is not enough."""
        request = order.request
        if order.buys:
            needed = request.qty * unit_cost + extra
            free = self._portfolio.cash - self._held_cash
            if needed > free:
                return f"insufficient cash: about {plain(posted(needed))} needed, {plain(posted(free))} free"
            order.held_cash = needed
            self._held_cash += needed
            return None
        held = self._held_units.get(request.symbol, ZERO)
        # the two orders of a pair sell the same units
        wanted = ZERO if order.sibling is not None and order.sibling.held_units else request.qty
        free = self._portfolio.position(request.symbol).quantity - held
        if wanted > free:
            return f"insufficient {request.symbol}: {plain(wanted)} ordered, {plain(free)} free to sell"
        order.held_units = wanted
        self._held_units[request.symbol] = held + wanted
        return None

    def release(self, order: Working) -> None:
        """Give back what is kept for the order; the other of a pair keeps it if that works on."""
        if order.held_cash:
            self._held_cash -= order.held_cash
            order.held_cash = ZERO
        if order.held_units:
            sibling = order.sibling
            if sibling is not None and sibling.on_book and sibling is not order:
                sibling.held_units, order.held_units = order.held_units, ZERO
                return
            self._held_units[order.request.symbol] -= order.held_units
            order.held_units = ZERO

    def objection(self, order: Working, qty: Decimal, notional: Decimal, fee: Decimal) -> str | None:
        """Return why the execution would leave cash below zero, or below what other orders keep back."""
        if not order.buys:
            if fee > notional and self._portfolio.cash + notional < fee:
                return f"insufficient cash: the fee of {plain(fee)} is more than the sale brings and there is"
            return None
        cost = notional + fee
        free = self._portfolio.cash - self._held_cash + order.held_cash
        if cost > free:
            return f"insufficient cash: {plain(cost)} needed at the fill, {plain(posted(free))} there"
        return None

    def filled(self, order: Working) -> None:
        """Keep back for what remains only."""
        remaining, whole = order.remaining, order.request.qty
        if order.held_cash:
            kept = posted(order.held_cash * remaining / (remaining + order.last_filled)) if remaining else ZERO
            self._held_cash += kept - order.held_cash
            order.held_cash = kept
        holder = order if order.held_units else order.sibling
        if holder is not None and holder.held_units:
            kept = min(remaining, whole)
            self._held_units[order.request.symbol] += kept - holder.held_units
            holder.held_units = kept

    def carry_on(self, before: TradingAccount) -> None:
        """Keep back what another cash account does."""
        if not isinstance(before, CashAccount):
            raise TypeError("a cash account goes on where a cash account was")
        self._held_cash, self._held_units = before._held_cash, dict(before._held_units)


class MarginAccount:
    """Positions on either side, as long as what they are worth stays below equity x leverage when they are opened.

    Orders keep back the part of them that opens; what reduces a position is always carried.
    """

    prices_all = True

    def __init__(self, portfolio: Portfolio, settings: AccountSettings, mark: Marks) -> None:
        self._portfolio = portfolio
        self._settings = settings
        self._mark = mark
        self._held_notional = ZERO
        # quantity of working orders, by symbol and side
        self._working: dict[tuple[str, bool], Decimal] = {}

    def hold(self, order: Working, unit_cost: Decimal, extra: Decimal) -> str | None:
        """Keep back the notional of what the order opens, or return why that is too much."""
        request = order.request
        side = (request.symbol, order.buys)
        working = self._working.get(side, ZERO)
        is_second = order.sibling is not None and order.sibling.held_units > 0
        wanted = ZERO if is_second else request.qty
        opening = min(wanted, max(ZERO, wanted + working - self._closable(request.symbol, buys=order.buys)))
        if opening and not order.buys and not _can_be_shorted(order):
            return f"{request.symbol} cannot be sold short at {order.instrument.venue}"
        needed = opening * unit_cost + (extra if opening else ZERO)
        power = self._power()
        if opening and needed > power:
            free = plain(posted(max(power, ZERO)))
            return f"insufficient buying power: about {plain(posted(needed))} needed, {free} free"
        order.held_cash, order.held_units = needed, wanted
        self._held_notional += needed
        self._working[side] = working + wanted
        return None

    def release(self, order: Working) -> None:
        """Give back what is kept for the order; the other of a pair keeps it if that works on."""
        sibling = order.sibling
        if sibling is not None and sibling.on_book and order.held_units:
            sibling.held_units, order.held_units = order.held_units, ZERO
            sibling.held_cash, order.held_cash = order.held_cash, ZERO
            return
        self._held_notional -= order.held_cash
        if order.held_units:
            self._working[order.request.symbol, order.buys] -= order.held_units
        order.held_cash = order.held_units = ZERO

    def objection(self, order: Working, qty: Decimal, notional: Decimal, fee: Decimal) -> str | None:
        """Return why the execution would open more than equity x leverage allows, None if it does not."""
        closable = self._closable(order.request.symbol, buys=order.buys)
        opening = qty - min(qty, closable)
        if not opening:
            return None
        needed, power = (notional + fee) * opening / qty, self._power() + order.held_cash
        if needed > power:
            return (
                f"insufficient buying power: {plain(posted(needed))} needed at the fill, {plain(posted(power))} there"
            )
        return None

    def filled(self, order: Working) -> None:
        """Keep back for what remains only."""
        remaining = order.remaining
        holder = order if order.held_units or order.sibling is None else order.sibling
        kept = posted(holder.held_cash * remaining / (remaining + order.last_filled)) if remaining else ZERO
        self._held_notional += kept - holder.held_cash
        holder.held_cash = kept
        self._working[order.request.symbol, order.buys] += remaining - holder.held_units
        holder.held_units = remaining

    def carry_on(self, before: TradingAccount) -> None:
        """Keep back what another margin account does."""
        if not isinstance(before, MarginAccount):
            raise TypeError("a margin account goes on where a margin account was")
        self._held_notional, self._working = before._held_notional, dict(before._working)

    @property
    def is_called(self) -> bool:
        """Whether equity has fallen below what the account must keep: a margin call."""
        gross = self._gross()
        return bool(gross) and self._equity() < self._settings.maintenance * gross

    def _closable(self, symbol: str, *, buys: bool) -> Decimal:
        held = self._portfolio.position(symbol).quantity
        return max(ZERO, -held if buys else held)

    def _power(self) -> Decimal:
        return self._equity() * self._settings.leverage - self._gross() - self._held_notional

    def _gross(self) -> Decimal:
        return sum((abs(p.quantity) * self._mark(p.symbol) for p in self._portfolio.positions()), ZERO)

    def _equity(self) -> Decimal:
        held = self._portfolio.positions()
        return self._portfolio.equity({position.symbol: self._mark(position.symbol) for position in held})


def _can_be_shorted(order: Working) -> bool:
    # where fractions have rules of their own, they cannot be borrowed
    return order.instrument.shortable and (order.instrument.fractional_only is None or order.request.qty % 1 == 0)

"""Cash and positions as a fold over fills: no price is fetched, nothing is estimated."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.money import ZERO, posted
from domain.order import OrderFill


@dataclass(frozen=True, slots=True)
class Trade:
    """A position from flat to flat. pnl: after all fees of its fills, quote currency. qty: the most that was held."""

    symbol: str
    opened_at: datetime
    closed_at: datetime
    qty: Decimal
    pnl: Decimal
    fees: Decimal


class Position:
    """What is held of one symbol. quantity: below zero when short. cost: what it was bought for, without fees."""

    __slots__ = ("_fees", "_most", "_opened_at", "_realised", "cost", "quantity", "symbol")

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.quantity = ZERO
        self.cost = ZERO
        self._realised = ZERO
        self._fees = ZERO
        self._most = ZERO
        self._opened_at: datetime | None = None

    @property
    def average_price(self) -> Decimal | None:
        """The average cost of one unit, None while flat."""
        return self.cost / self.quantity if self.quantity else None

    def __bool__(self) -> bool:
        return self.quantity != ZERO

    def book(self, fill: OrderFill) -> tuple[Decimal, Trade | None]:
        """Return the realised PnL of the fill, before its fee, and the trade it ended, if any.

        Positions are carried at average cost.
        """
        if not self.quantity:
            self._opened_at, self._realised, self._fees, self._most = fill.at, ZERO, ZERO, ZERO
        signed = fill.qty if fill.side == "buy" else -fill.qty
        realised = ZERO
        if self.quantity * signed >= 0:
            self.cost += posted(signed * fill.price)
        else:
            # a fold over a cash account never passes through flat within one fill: the session refuses that order
            released = self.cost if -signed == self.quantity else posted(self.cost * -signed / self.quantity)
            realised = -posted(signed * fill.price) - released
            self.cost -= released
        self.quantity += signed
        self._most = max(self._most, abs(self.quantity))
        self._realised += realised
        self._fees += fill.fee
        return realised, self._ended(fill)

    def _ended(self, fill: OrderFill) -> Trade | None:
        if self.quantity or self._opened_at is None:
            return None
        pnl = self._realised - self._fees
        return Trade(self.symbol, self._opened_at, fill.at, self._most, pnl, self._fees)


class Portfolio:
    """Cash, positions, closed trades and fees of one run.

    Invariant: cash = initial cash - sum of signed notionals - fees, every term posted with eight decimals.
    """

    def __init__(self, initial_cash: Decimal) -> None:
        self.initial_cash = initial_cash
        self.cash = initial_cash
        self.fees = ZERO
        self.realised_pnl = ZERO
        self.fills = 0
        self.trades: list[Trade] = []
        self._positions: dict[str, Position] = {}

    def position(self, symbol: str) -> Position:
        """Return the position of a symbol, flat if it was never traded. It changes with later fills."""
        found = self._positions.get(symbol)
        if found is None:
            found = self._positions[symbol] = Position(symbol)
        return found

    def positions(self) -> tuple[Position, ...]:
        """Return every position that is not flat, by symbol."""
        return tuple(self._positions[symbol] for symbol in sorted(self._positions) if self._positions[symbol])

    def book(self, fill: OrderFill) -> None:
        """Post one execution."""
        notional = posted(fill.qty * fill.price)
        self.cash += (-notional if fill.side == "buy" else notional) - fill.fee
        self.fees += fill.fee
        self.fills += 1
        realised, trade = self.position(fill.symbol).book(fill)
        self.realised_pnl += realised
        if trade is not None:
            self.trades.append(trade)

    def equity(self, marks: dict[str, Decimal]) -> Decimal:
        """Return cash and positions at the given prices, one a symbol held, in quote currency."""
        return self.cash + sum((posted(p.quantity * marks[p.symbol]) for p in self.positions()), ZERO)

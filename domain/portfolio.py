"""Cash and positions as a fold over fills: no price is fetched, nothing is estimated."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, Self

import msgspec

from domain.market import from_microseconds, to_microseconds
from domain.money import ZERO, posted
from domain.order import OrderFill, Side

type Direction = Literal["long", "short"]


class Fill(msgspec.Struct, frozen=True):
    """What the ledger needs of an execution; `at` in microseconds since 1970 UTC, the rest as in `OrderFill`.

    notional: qty x price, posted.
    """

    symbol: str
    side: Side
    qty: Decimal
    price: Decimal
    notional: Decimal
    fee: Decimal
    base_fee: Decimal
    slippage: Decimal
    ambiguous: bool
    at: int

    @classmethod
    def of(cls, event: OrderFill) -> Self:
        """Return the fill that an event tells of."""
        return cls(
            event.symbol,
            event.side,
            event.qty,
            event.price,
            posted(event.qty * event.price),
            event.fee,
            event.base_fee,
            event.slippage,
            event.ambiguous,
            to_microseconds(event.at),
        )


class Trade(msgspec.Struct, frozen=True):
    """A position from flat to flat.

    qty: the most that was held. entry_price, exit_price: averages over the fills that opened and that closed it.
    pnl: after all fees of its fills, quote currency; fees: their sum, those taken in base at the price of their fill.
    """

    symbol: str
    side: Direction
    opened_at: datetime
    closed_at: datetime
    qty: Decimal
    entry_price: Decimal
    exit_price: Decimal
    pnl: Decimal
    fees: Decimal


class ClosedPosition(msgspec.Struct, frozen=True):
    """A trade as it is booked: the same as Trade, in sums, moments in microseconds since 1970 UTC."""

    symbol: str
    side: Direction
    opened_at: int
    closed_at: int
    qty: Decimal
    opened: Decimal
    opened_value: Decimal
    closed: Decimal
    closed_value: Decimal
    pnl: Decimal
    fees: Decimal

    def trade(self) -> Trade:
        """Return it with averages and moments."""
        return Trade(
            self.symbol,
            self.side,
            from_microseconds(self.opened_at),
            from_microseconds(self.closed_at),
            self.qty,
            self.opened_value / self.opened,
            self.closed_value / self.closed,
            self.pnl,
            self.fees,
        )


class Lot(msgspec.Struct, frozen=True):
    """What is left of one fill: quantity (above zero), its price, when it was bought or sold short (microseconds)."""

    quantity: Decimal
    price: Decimal
    opened_at: int


class PositionState(msgspec.Struct, frozen=True):
    """A position written down: what it takes to go on with it.

    opened_at, trade_pnl (before fees), trade_fees, most, opened, opened_value, closed, closed_value: of the open trade,
    while flat of the last one. lots: oldest first; without them a position books the same and has those opened since.
    """

    symbol: str
    quantity: Decimal
    cost: Decimal
    opened_at: int
    trade_pnl: Decimal
    trade_fees: Decimal
    most: Decimal
    opened: Decimal
    opened_value: Decimal
    closed: Decimal
    closed_value: Decimal
    lots: tuple[Lot, ...] = ()


class Position:
    """What is held of one symbol. quantity: below zero when short. cost: what it was bought for, without fees."""

    __slots__ = (
        "_closed",
        "_closed_value",
        "_fees",
        "_in_lots",
        "_lots",
        "_most",
        "_opened",
        "_opened_at",
        "_opened_value",
        "_realised",
        "cost",
        "quantity",
        "symbol",
    )

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.quantity = ZERO
        self.cost = ZERO
        self._lots: deque[Lot] = deque()
        self._in_lots = ZERO
        self._begin(0)

    @classmethod
    def restore(cls, state: PositionState) -> Self:
        """Return the position that was written down: from here on it books what the one before it would have."""
        position = cls(state.symbol)
        position.quantity, position.cost = state.quantity, state.cost
        position._opened_at, position._most = state.opened_at, state.most
        position._realised, position._fees = state.trade_pnl, state.trade_fees
        position._opened, position._opened_value = state.opened, state.opened_value
        position._closed, position._closed_value = state.closed, state.closed_value
        position._lots.extend(state.lots)
        position._in_lots = sum((lot.quantity for lot in state.lots), ZERO)
        return position

    def state(self) -> PositionState:
        """Return the position written down."""
        return PositionState(
            self.symbol,
            self.quantity,
            self.cost,
            self._opened_at,
            self._realised,
            self._fees,
            self._most,
            self._opened,
            self._opened_value,
            self._closed,
            self._closed_value,
            tuple(self._lots),
        )

    @property
    def average_price(self) -> Decimal | None:
        """The average cost of one unit, None while flat."""
        return self.cost / self.quantity if self.quantity else None

    @property
    def lots(self) -> Sequence[Lot]:
        """What is held, fill by fill, oldest first: the first to go (FIFO)."""
        return tuple(self._lots)

    def __bool__(self) -> bool:
        return self.quantity != ZERO

    def book(self, fill: Fill) -> tuple[Decimal, ClosedPosition | None]:
        """Return the realised PnL of the fill, before its fee, and the trade it ended, if any.

        Positions are carried at average cost. What a fee in base took was never received: its value is a fee. A fill
        that goes through flat is two: it closes one trade with its share of the fee, and opens the next with the rest.
        """
        qty, fee, value = fill.qty, fill.fee, fill.notional
        if fill.base_fee:
            qty -= fill.base_fee
            value = posted(qty * fill.price)
            fee += fill.notional - value
        buys = fill.side == "buy"
        held = self.quantity
        if not held or (held > 0) == buys:
            self._open(fill, qty, value, fee, buys=buys)
            return ZERO, None
        size = abs(held)
        if qty <= size:
            return self._close(fill, qty, value, fee, buys=buys)
        closing_value, closing_fee = posted(size * fill.price), posted(fee * size / qty)
        realised, trade = self._close(fill, size, closing_value, closing_fee, buys=buys)
        self._open(fill, qty - size, value - closing_value, fee - closing_fee, buys=buys)
        return realised, trade

    def _begin(self, at: int) -> None:
        self._opened_at = at
        self._realised = self._fees = self._most = ZERO
        # quantity and value of everything that opened, and of everything that closed the trade
        self._opened = self._opened_value = self._closed = self._closed_value = ZERO

    def _open(self, fill: Fill, qty: Decimal, value: Decimal, fee: Decimal, *, buys: bool) -> None:
        if not self.quantity:
            self._begin(fill.at)
        if buys:
            self.cost += value
            self.quantity += qty
        else:
            self.cost -= value
            self.quantity -= qty
        self._opened += qty
        self._opened_value += value
        if qty:  # a fee in base can take all that was bought
            self._lots.append(Lot(qty, fill.price, fill.at))
            self._in_lots += qty
        self._most = max(self._most, abs(self.quantity))
        self._fees += fee

    def _close(
        self, fill: Fill, qty: Decimal, value: Decimal, fee: Decimal, *, buys: bool
    ) -> tuple[Decimal, ClosedPosition | None]:
        signed = qty if buys else -qty
        released = self.cost if -signed == self.quantity else posted(self.cost * -signed / self.quantity)
        realised = -value - released if buys else value - released
        self.cost -= released
        self.quantity += signed
        self._closed += qty
        self._closed_value += value
        self._realised += realised
        self._fees += fee
        if self.quantity:
            self._spend_lots()
            return realised, None
        self._lots.clear()
        self._in_lots = ZERO
        return realised, self._ended(fill)

    def _spend_lots(self) -> None:
        """Take the oldest away until the lots are no more than is held; less are those of one restored without lots."""
        lots, spent = self._lots, self._in_lots - abs(self.quantity)
        while spent > 0:
            first = lots[0]
            gone = min(first.quantity, spent)
            if gone == first.quantity:
                lots.popleft()
            else:
                lots[0] = msgspec.structs.replace(first, quantity=first.quantity - gone)
            self._in_lots -= gone
            spent -= gone

    def _ended(self, fill: Fill) -> ClosedPosition:
        return ClosedPosition(
            self.symbol,
            "long" if fill.side == "sell" else "short",
            self._opened_at,
            fill.at,
            self._most,
            self._opened,
            self._opened_value,
            self._closed,
            self._closed_value,
            self._realised - self._fees,
            self._fees,
        )


class PortfolioState(msgspec.Struct, frozen=True):
    """The sums of a portfolio and its positions written down; the fields are those of Portfolio."""

    initial_cash: Decimal
    cash: Decimal
    fees: Decimal
    slippage: Decimal
    traded: Decimal
    realised_pnl: Decimal
    fills: int
    ambiguous_fills: int
    positions: tuple[PositionState, ...] = ()


class Portfolio:
    """Cash, positions, closed trades and fees of one run.

    Invariant: cash = initial cash - sum of signed notionals - fees in quote currency, every term posted with eight
    decimals. fees: all of them, those taken in base at the price of their fill. traded: sum of notionals.
    """

    def __init__(self, initial_cash: Decimal) -> None:
        self.initial_cash = initial_cash
        self.cash = initial_cash
        self.fees = ZERO
        self.slippage = ZERO
        self.traded = ZERO
        self.realised_pnl = ZERO
        self.fills = 0
        self.ambiguous_fills = 0
        self._ended: list[ClosedPosition] = []
        self._trades: list[Trade] = []
        self._positions: dict[str, Position] = {}

    @classmethod
    def restore(cls, state: PortfolioState) -> Self:
        """Return the portfolio that was written down; its `trades` are those closed from here on."""
        portfolio = cls(state.initial_cash)
        portfolio.cash, portfolio.realised_pnl = state.cash, state.realised_pnl
        portfolio.fees, portfolio.slippage, portfolio.traded = state.fees, state.slippage, state.traded
        portfolio.fills, portfolio.ambiguous_fills = state.fills, state.ambiguous_fills
        portfolio._positions = {one.symbol: Position.restore(one) for one in state.positions}
        return portfolio

    def state(self) -> PortfolioState:
        """Return the portfolio written down, positions that are flat by now included; its trades are not in it."""
        return PortfolioState(
            self.initial_cash,
            self.cash,
            self.fees,
            self.slippage,
            self.traded,
            self.realised_pnl,
            self.fills,
            self.ambiguous_fills,
            tuple(position.state() for position in self._positions.values()),
        )

    @property
    def trades(self) -> Sequence[Trade]:
        """Every position that was closed, in that order."""
        self._trades += [one.trade() for one in self._ended[len(self._trades) :]]
        return self._trades

    def position(self, symbol: str) -> Position:
        """Return the position of a symbol, flat if it was never traded. It changes with later fills."""
        found = self._positions.get(symbol)
        if found is None:
            found = self._positions[symbol] = Position(symbol)
        return found

    def positions(self) -> tuple[Position, ...]:
        """Return every position that is not flat, by symbol."""
        return tuple(self._positions[symbol] for symbol in sorted(self._positions) if self._positions[symbol])

    def book(self, execution: Fill | OrderFill) -> ClosedPosition | None:
        """Post one execution; return the trade it ended, if any."""
        fill = Fill.of(execution) if isinstance(execution, OrderFill) else execution
        self.cash += (-fill.notional if fill.side == "buy" else fill.notional) - fill.fee
        self.traded += fill.notional
        self.fees += fill.fee
        if fill.base_fee:
            self.fees += fill.notional - posted((fill.qty - fill.base_fee) * fill.price)
        if fill.slippage:
            self.slippage += fill.slippage
        self.fills += 1
        self.ambiguous_fills += fill.ambiguous
        realised, ended = self.position(fill.symbol).book(fill)
        if ended is not None:
            self._ended.append(ended)
        if realised:
            self.realised_pnl += realised
        return ended

    def equity(self, marks: dict[str, Decimal]) -> Decimal:
        """Return cash and positions at the given prices, one a symbol held, in quote currency."""
        return self.cash + sum((posted(p.quantity * marks[p.symbol]) for p in self.positions()), ZERO)

"""One account's book: orders, executions, positions and cash, folded from facts. Pure: no clock, no price, no file."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from tests.alpaca_server.facts import AnyFact, CashMoved, OrderMoved, PositionMoved
from tests.alpaca_server.orders import Execution, Order

ZERO = Decimal(0)


@dataclass
class Position:
    """A holding: the quantity, below zero when short, and what a unit of it cost on average."""

    qty: Decimal = ZERO
    average: Decimal = ZERO

    def take(self, qty: Decimal, price: Decimal) -> None:
        """Add a signed quantity; what closes a part keeps the average, what turns it over starts a new one."""
        after = self.qty + qty
        if self.qty * qty >= 0:
            self.average = (self.qty * self.average + qty * price) / after if after else ZERO
        elif after * self.qty <= 0:
            self.average = price if after else ZERO
        self.qty = after


@dataclass
class Book:
    """The state of one account."""

    environment: str
    cash: Decimal = ZERO
    orders: dict[str, Order] = field(default_factory=dict)
    by_client_order_id: dict[str, str] = field(default_factory=dict)
    acceptances: Counter[str] = field(default_factory=Counter)
    executions: list[Execution] = field(default_factory=list)
    positions: dict[str, Position] = field(default_factory=dict)
    _waiting: dict[str, None] = field(default_factory=dict)

    def apply(self, fact: AnyFact) -> None:
        """Take in a fact of this account."""
        match fact:
            case OrderMoved(order=order, execution=execution):
                self._take_order(order)
                if execution is not None:
                    self._take_execution(execution)
            case CashMoved(amount=amount):
                self.cash += amount
            case PositionMoved(symbol=symbol, qty=qty, price=price):
                self._move(symbol, qty, price)

    def _take_order(self, order: Order) -> None:
        if order.id not in self.orders:
            self.acceptances[order.client_order_id] += 1
            self.by_client_order_id[order.client_order_id] = order.id
        self.orders[order.id] = order
        if order.is_open or order.late_qty:
            self._waiting[order.id] = None
        else:
            self._waiting.pop(order.id, None)

    def _take_execution(self, execution: Execution) -> None:
        """Move what was bought and what was paid; the fee leaves what is received."""
        self.executions.append(execution)
        signed = execution.qty if execution.side == "buy" else -execution.qty
        fee_in_dollars = execution.fee if execution.fee_asset == "USD" else ZERO
        fee_in_kind = ZERO if execution.fee_asset == "USD" else execution.fee
        self.cash -= signed * execution.price + fee_in_dollars
        self._move(execution.symbol, signed - fee_in_kind, execution.price)

    def _move(self, symbol: str, qty: Decimal, price: Decimal) -> None:
        position = self.positions.setdefault(symbol, Position())
        position.take(qty, price)
        if not position.qty:
            del self.positions[symbol]

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """Return the orders that can still trade, oldest first."""
        return [order for order in self.waiting() if order.is_open and symbol in (None, order.symbol)]

    def waiting(self) -> list[Order]:
        """Return the orders something may still come of: the open ones, and the cancelled ones with a fill to come."""
        return [self.orders[order_id] for order_id in self._waiting]

    def quantity(self, symbol: str) -> Decimal:
        """Return the signed quantity held."""
        return self.positions[symbol].qty if symbol in self.positions else ZERO

    def held_cash(self) -> Decimal:
        """Return the dollars that buys keep."""
        return sum((order.held_cost for order in self.waiting() if order.is_buy), ZERO)

    def held_quantity(self, symbol: str, side: str = "sell") -> Decimal:
        """Return the quantity that orders of a side keep."""
        return sum((o.held_qty for o in self.waiting() if (o.symbol, o.side) == (symbol, side)), ZERO)

    def spendable(self) -> Decimal:
        """Return the dollars that are neither spent nor kept."""
        return max(self.cash - self.held_cash(), ZERO)

    def by_client(self, client_order_id: str) -> Order | None:
        """Return the order accepted under an id of the client's, None if there is none."""
        order_id = self.by_client_order_id.get(client_order_id)
        return None if order_id is None else self.orders[order_id]

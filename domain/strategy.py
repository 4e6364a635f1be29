"""What a strategy author writes and holds: Strategy, and the Context each callback is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from random import Random
from typing import Any, ClassVar, Protocol
from uuid import UUID

from domain.errors import InvalidInput, OrderRefused
from domain.market import Floats
from domain.order import Order, OrderFill, OrderStatus, OrderType, Side, TimeInForce
from domain.parameters import Parsed, declared_parameters
from domain.portfolio import Position
from domain.series import BarSeries, IndicatorFunction, Series

type Quantity = Decimal | int | str | float
type Price = Decimal | int | str | float


class OrderHandle:
    """An order the strategy placed, always as it is now: `id, status, filled_quantity`."""

    __slots__ = ("_order",)

    def __init__(self, order: Order) -> None:
        self._order = order

    @property
    def id(self) -> UUID:
        """The order's id, also the one in the journal."""
        return self._order.id

    @property
    def status(self) -> OrderStatus:
        """Where the order is in its life."""
        return self._order.status

    @property
    def filled_quantity(self) -> Decimal:
        """How much of it was executed."""
        return self._order.filled_qty

    @property
    def symbol(self) -> str:
        """What it trades."""
        return self._order.created.symbol

    @property
    def side(self) -> Side:
        """`buy` or `sell`."""
        return self._order.created.side

    @property
    def quantity(self) -> Decimal:
        """How much was ordered."""
        return self._order.created.qty

    @property
    def tag(self) -> str | None:
        """The strategy's own label."""
        return self._order.created.tag

    def __repr__(self) -> str:
        return f"<order {self.id} {self.side} {self.quantity} {self.symbol}: {self.status}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """What a strategy asks for, before any rule has seen it."""

    symbol: str
    side: Side
    qty: Decimal
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail: Decimal | None = None
    tif: TimeInForce = TimeInForce.GTC
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    tag: str | None = None

    @property
    def order_type(self) -> OrderType:
        """The type that follows from the prices given."""
        if self.trail is not None:
            return OrderType.TRAILING_STOP
        if self.stop is not None:
            return OrderType.STOP if self.limit is None else OrderType.STOP_LIMIT
        return OrderType.MARKET if self.limit is None else OrderType.LIMIT


class Desk(Protocol):
    """What stands behind a Context: the session that trades the run."""

    symbols: tuple[str, ...]
    timeframe: str
    random: Random

    @property
    def cash(self) -> Decimal: ...
    @property
    def equity(self) -> Decimal: ...
    @property
    def now(self) -> datetime: ...

    def bars(self, symbol: str) -> BarSeries: ...
    def position(self, symbol: str) -> Position: ...
    def open_orders(self) -> Sequence[OrderHandle]: ...
    def place(self, request: OrderRequest) -> OrderHandle: ...
    def cancel(self, order_id: UUID) -> None: ...
    def log(self, message: str, fields: dict[str, object]) -> None: ...


@dataclass(frozen=True, slots=True)
class Window:
    """The last bars as read-only float64 arrays of equal length, oldest first."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


class Context:
    """What a strategy can see and do at this instant. Nothing in it tells backtest, paper and live apart."""

    __slots__ = ("_desk", "_first")

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._first = desk.symbols[0]

    @property
    def symbols(self) -> tuple[str, ...]:
        """The run's symbols, in the order they were given; the first is what calls without a symbol mean."""
        return self._desk.symbols

    def bars(self, symbol: str | None = None, timeframe: str | None = None) -> BarSeries:
        """Return the bars so far of a symbol (the run's first by default), ending at the bar just closed."""
        if timeframe not in (None, self._desk.timeframe):
            raise InvalidInput(f"this run has bars of {self._desk.timeframe} only, not of {timeframe}")
        return self._desk.bars(symbol or self._first)

    def window(self, n: int, symbol: str | None = None, timeframe: str | None = None) -> Window:
        """Return the last n bars as arrays; fewer while there are fewer."""
        bars = self.bars(symbol, timeframe)
        columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
        return Window(*(column.array(n) for column in columns))

    def indicator(self, function: IndicatorFunction, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401
        """Return the function's values over the leading series, as series that end at now.

        function: a causal function of whole columns (one value a bar, NaN while warming up); one that returns a tuple
        gives a tuple of series. Call it in `on_start`: it is computed once.
        """
        series = [argument for argument in arguments if isinstance(argument, Series)]
        if not series or arguments[: len(series)] != tuple(series):
            raise InvalidInput("ctx.indicator(function, *series, **arguments): give one or more series first")
        owner = self._owner(series)
        return owner.indicator(function, series, *arguments[len(series) :], **keywords)

    def _owner(self, series: Sequence[Series]) -> BarSeries:
        cursors = {one.cursor for one in series}
        if len(cursors) == 1:
            cursor = cursors.pop()
            for symbol in self._desk.symbols:
                bars = self._desk.bars(symbol)
                if bars.cursor is cursor:
                    return bars
        raise InvalidInput("the series of one indicator must be of the same symbol and timeframe")

    def buy(
        self,
        quantity: Quantity,
        symbol: str | None = None,
        *,
        limit: Price | None = None,
        stop: Price | None = None,
        trail: Price | None = None,
        tif: str = "gtc",
        take_profit: Price | None = None,
        stop_loss: Price | None = None,
        tag: str | None = None,
    ) -> OrderHandle:
        """Place a buy order and return its handle; it can fill from the next bar's open.

        Raises OrderRefused for an impossible request. An order the account cannot pay is not an error: its status is
        `rejected`.
        """
        return self._order("buy", quantity, symbol, limit, stop, trail, tif, take_profit, stop_loss, tag)

    def sell(
        self,
        quantity: Quantity,
        symbol: str | None = None,
        *,
        limit: Price | None = None,
        stop: Price | None = None,
        trail: Price | None = None,
        tif: str = "gtc",
        take_profit: Price | None = None,
        stop_loss: Price | None = None,
        tag: str | None = None,
    ) -> OrderHandle:
        """Place a sell order; see `buy`."""
        return self._order("sell", quantity, symbol, limit, stop, trail, tif, take_profit, stop_loss, tag)

    def close(self, symbol: str | None = None, *, tag: str | None = None) -> OrderHandle | None:
        """Place the market order that makes the position flat; return None if it is flat already."""
        held = self.position(symbol).quantity
        if not held:
            return None
        return self.sell(held, symbol, tag=tag) if held > 0 else self.buy(-held, symbol, tag=tag)

    def target(
        self,
        quantity: Quantity | None = None,
        *,
        percent: Quantity | None = None,
        symbol: str | None = None,
        tag: str | None = None,
    ) -> OrderHandle | None:
        """Place the market order that brings the position to a quantity, or to a percentage of equity at last close.

        Returns None if nothing is to do. percent=50 means half of the equity.
        """
        if (quantity is None) == (percent is None):
            raise OrderRefused("ctx.target takes either a quantity or percent=")
        if percent is not None:
            price = Decimal(repr(self.bars(symbol).close[-1]))
            wanted = (self.equity * _decimal("percent", percent) / 100 / price).quantize(Decimal("1e-8"), "ROUND_DOWN")
        else:
            wanted = _decimal("quantity", quantity)
        missing = wanted - self.position(symbol).quantity
        if not missing:
            return None
        return self.buy(missing, symbol, tag=tag) if missing > 0 else self.sell(-missing, symbol, tag=tag)

    def cancel(self, order_id: UUID) -> None:
        """Ask for the order to be cancelled; an order that has ended stays as it is."""
        self._desk.cancel(order_id)

    def cancel_all(self) -> None:
        """Ask for every working order of the run to be cancelled."""
        for order in self.orders():
            self._desk.cancel(order.id)

    def position(self, symbol: str | None = None) -> Position:
        """Return what is held of a symbol, flat if nothing."""
        return self._desk.position(symbol or self._first)

    def orders(self) -> Sequence[OrderHandle]:
        """Return the run's working orders, oldest first."""
        return self._desk.open_orders()

    @property
    def cash(self) -> Decimal:
        """Cash in quote currency, orders in flight not deducted."""
        return self._desk.cash

    @property
    def equity(self) -> Decimal:
        """Cash and positions at the last closes, quote currency."""
        return self._desk.equity

    @property
    def now(self) -> datetime:
        """The close of the bar just closed, UTC."""
        return self._desk.now

    @property
    def random(self) -> Random:
        """Random numbers that are the same in every run of the same description."""
        return self._desk.random

    def log(self, message: str, **fields: object) -> None:
        """Write a line to the run's log."""
        self._desk.log(message, fields)

    def _order(
        self,
        side: Side,
        quantity: Quantity,
        symbol: str | None,
        limit: Price | None,
        stop: Price | None,
        trail: Price | None,
        tif: str,
        take_profit: Price | None,
        stop_loss: Price | None,
        tag: str | None,
    ) -> OrderHandle:
        if tif not in TimeInForce:
            raise OrderRefused(f"unknown time in force {tif!r}: choose one of {', '.join(TimeInForce)}")
        return self._desk.place(
            OrderRequest(
                symbol=symbol or self._first,
                side=side,
                qty=quantity if type(quantity) is Decimal else _decimal("quantity", quantity),
                limit=_price("limit", limit),
                stop=_price("stop", stop),
                trail=_price("trail", trail),
                tif=TimeInForce(tif),
                take_profit=_price("take_profit", take_profit),
                stop_loss=_price("stop_loss", stop_loss),
                tag=tag,
            )
        )


def _decimal(name: str, given: object) -> Decimal:
    try:
        return given if isinstance(given, Decimal) else Decimal(str(given))
    except InvalidOperation:
        raise OrderRefused(f"{name} must be a number, not {given!r}") from None


def _price(name: str, given: Price | None) -> Decimal | None:
    if given is None:
        return None
    price = _decimal(name, given)
    if not price.is_finite() or price <= 0:
        raise OrderRefused(f"{name} must be above zero, not {given}")
    return price


class Strategy:
    """Base of every strategy: declare parameters as class attributes, override `on_bar`.

    name, version, description, author: metadata; by default the class's name in snake case and its docstring.
    requires: names of strategies or indicators this one builds on.
    """

    name: ClassVar[str] = ""
    version: ClassVar[str] = "1.0"
    description: ClassVar[str] = ""
    author: ClassVar[str] = ""
    requires: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **parameters: Parsed) -> None:
        known = {spec.name for spec in declared_parameters(type(self))}
        for name, value in parameters.items():
            if name not in known:
                raise InvalidInput(f"{type(self).__name__} has no parameter {name!r}")
            setattr(self, name, value)

    def on_start(self, ctx: Context) -> None:
        """Called once before the first bar: make indicators here."""

    def on_bar(self, ctx: Context) -> None:
        """Called at every closed bar of the run's timeframe."""

    def on_fill(self, ctx: Context, fill: OrderFill) -> None:
        """Called after each execution of the run's orders, before `on_bar` of the same bar."""

    def on_order(self, ctx: Context, order: OrderHandle) -> None:
        """Called when an order's status changed other than by a fill."""

    def on_stop(self, ctx: Context) -> None:
        """Called once after the last bar, or when the run is stopped."""

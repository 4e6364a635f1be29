"""What a strategy author writes and holds: Strategy, and the Context each callback is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any, ClassVar, Protocol
from uuid import UUID

from domain.errors import InvalidInput, OrderRefused
from domain.market import Floats
from domain.order import OrderFill, Side, TimeInForce
from domain.order_request import OrderRequest, Price, Quantity, decimal_of, finite, price_of
from domain.parameters import Parsed, declared_parameters
from domain.portfolio import Position
from domain.series import BarSeries, IndicatorFunction, Series
from domain.working_order import OrderHandle


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

    def bars(self, symbol: str, timeframe: str | None = None) -> BarSeries: ...
    def position(self, symbol: str) -> Position: ...
    def open_orders(self) -> Sequence[OrderHandle]: ...
    def place(self, request: OrderRequest) -> OrderHandle: ...
    def place_pair(self, stop_loss: OrderRequest, take_profit: OrderRequest) -> tuple[OrderHandle, OrderHandle]: ...
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
        """Return the bars so far of a symbol (the run's first by default), ending at the bar just closed.

        timeframe: a multiple of the run's, made of the run's own bars; it shows closed bars only.
        """
        return self._desk.bars(symbol or self._first, timeframe)

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
        owner = series[0].bars
        if any(one.bars is not owner for one in series):
            raise InvalidInput("the series of one indicator must be of the same symbol and timeframe")
        return owner.indicator(function, series, *arguments[len(series) :], **keywords)

    def buy(
        self,
        quantity: Quantity,
        symbol: str | None = None,
        *,
        limit: Price | None = None,
        stop: Price | None = None,
        trail: Price | None = None,
        trail_percent: Quantity | None = None,
        tif: str = "gtc",
        take_profit: Price | None = None,
        stop_loss: Price | None = None,
        tag: str | None = None,
    ) -> OrderHandle:
        """Place a buy order and return its handle; it can fill from the next bar's open.

        Without a price it is a market order; with limit, stop or both a limit, stop or stop-limit order. trail: a stop
        that follows the best price at this distance, trail_percent: at so many percent of it. tif: `gtc`, `day`, `ioc`
        or `fok`. take_profit, stop_loss: exits placed once the order has filled; whichever fills cancels the other.

        Raises OrderRefused for an impossible request. An order the account cannot pay is not an error: its status is
        `rejected`.
        """
        return self._desk.place(
            self._request(
                "buy",
                quantity,
                symbol,
                limit=limit,
                stop=stop,
                trail=trail,
                trail_percent=trail_percent,
                tif=tif,
                take_profit=take_profit,
                stop_loss=stop_loss,
                tag=tag,
            )
        )

    def sell(
        self,
        quantity: Quantity,
        symbol: str | None = None,
        *,
        limit: Price | None = None,
        stop: Price | None = None,
        trail: Price | None = None,
        trail_percent: Quantity | None = None,
        tif: str = "gtc",
        take_profit: Price | None = None,
        stop_loss: Price | None = None,
        tag: str | None = None,
    ) -> OrderHandle:
        """Place a sell order; see `buy`. More than is held is sold short where the account may."""
        return self._desk.place(
            self._request(
                "sell",
                quantity,
                symbol,
                limit=limit,
                stop=stop,
                trail=trail,
                trail_percent=trail_percent,
                tif=tif,
                take_profit=take_profit,
                stop_loss=stop_loss,
                tag=tag,
            )
        )

    def exit(
        self,
        symbol: str | None = None,
        *,
        take_profit: Price,
        stop_loss: Price,
        quantity: Quantity | None = None,
        tif: str = "gtc",
        tag: str | None = None,
    ) -> tuple[OrderHandle, OrderHandle]:
        """Place a take-profit limit and a stop-loss around a position; whichever fills cancels the other (OCO).

        Returns the handles of the stop-loss and of the take-profit. quantity: all that is held by default. Raises
        OrderRefused while flat.
        """
        held = self.position(symbol).quantity
        if not held:
            raise OrderRefused(f"there is no position of {symbol or self._first} to leave")
        side: Side = "sell" if held > 0 else "buy"
        wanted = abs(held) if quantity is None else quantity
        stop = self._request(side, wanted, symbol, stop=stop_loss, tif=tif, tag=tag)
        profit = self._request(side, wanted, symbol, limit=take_profit, tif=tif, tag=tag)
        return self._desk.place_pair(stop, profit)

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
            wanted = (self.equity * finite("percent", percent) / 100 / price).quantize(Decimal("1e-8"), "ROUND_DOWN")
        else:
            wanted = finite("quantity", quantity)
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

    def _request(
        self,
        side: Side,
        quantity: Quantity,
        symbol: str | None,
        *,
        limit: Price | None = None,
        stop: Price | None = None,
        trail: Price | None = None,
        trail_percent: Quantity | None = None,
        tif: str = "gtc",
        take_profit: Price | None = None,
        stop_loss: Price | None = None,
        tag: str | None = None,
    ) -> OrderRequest:
        known = _TIMES_IN_FORCE.get(tif)
        if known is None:
            raise OrderRefused(f"unknown time in force {tif!r}: choose one of {', '.join(TimeInForce)}")
        return OrderRequest(
            symbol=symbol or self._first,
            side=side,
            qty=quantity if type(quantity) is Decimal else decimal_of("quantity", quantity),
            limit=None if limit is None else price_of("limit", limit),
            stop=None if stop is None else price_of("stop", stop),
            trail=None if trail is None else price_of("trail", trail),
            trail_percent=None if trail_percent is None else price_of("trail_percent", trail_percent),
            tif=known,
            take_profit=None if take_profit is None else price_of("take_profit", take_profit),
            stop_loss=None if stop_loss is None else price_of("stop_loss", stop_loss),
            tag=tag,
        )


_TIMES_IN_FORCE = {one.value: one for one in TimeInForce}


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

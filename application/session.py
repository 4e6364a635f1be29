"""One run being traded: market input in, a strategy's orders out as events; the same for history and live (Marvin)."""

import hashlib
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from uuid import UUID

from domain.costs import Costs
from domain.errors import InvalidInput, OrderRefused, StrategyFault
from domain.events import Recorded
from domain.ids import OrderIds
from domain.market import from_microseconds
from domain.matching import SUPPORTED_TYPES, match
from domain.money import ZERO, exact, plain, posted
from domain.order import Order, OrderCreated, OrderFill, TimeInForce
from domain.portfolio import Portfolio, Position
from domain.run import RunCreated
from domain.series import BarSeries
from domain.strategy import Context, OrderHandle, OrderRequest, Strategy
from domain.timeline import Timeline

MAX_QUANTITY_DECIMALS = 9
MAX_TAG_LENGTH = 100

type LogLine = Callable[[str, Mapping[str, object]], None]


@dataclass(slots=True)
class _Working:
    """An order on the book, and what the account keeps back for it: cash for a buy, quantity for a sell."""

    order: Order
    handle: OrderHandle
    reserved: Decimal


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """Cash and one symbol's quantity right after a fill at an instant of the timeline."""

    instant: int
    cash: Decimal
    symbol: str
    quantity: Decimal


class Session:
    """Trades one run, instant by instant, and is the desk behind the strategy's Context.

    outbox: events of orders since it was last emptied, in the order they happened.
    """

    def __init__(
        self, run_id: UUID, description: RunCreated, ids: OrderIds, timeline: Timeline, strategy: Strategy, log: LogLine
    ) -> None:
        self.run_id = run_id
        self.symbols = description.symbols
        self.timeframe = description.timeframe
        self.initial_cash = description.initial_cash
        self.portfolio = Portfolio(description.initial_cash)
        self.outbox: list[Recorded] = []
        self.ledger: list[LedgerLine] = []
        self.orders_placed = 0
        self.random = Random(_seed(description))
        self.log = log
        self._ids = ids
        self._costs = Costs.of(description.costs)
        self._timeline = timeline
        self._lanes = timeline.lanes
        self._bars = {one.symbol: one for one in timeline.series}
        self._symbol_index = {one.symbol: index for index, one in enumerate(timeline.series)}
        self._instant = -1
        self._working: dict[UUID, _Working] = {}
        self._reserved_cash = ZERO
        self._reserved_quantity = dict.fromkeys(self.symbols, ZERO)
        self._strategy = strategy
        self._on_bar = strategy.on_bar
        self._context = Context(self)

    # What the driver calls.

    def start(self) -> None:
        """Let the strategy prepare itself; raise StrategyFault if it fails."""
        self._tell(self._strategy.on_start, self._context)

    def step(self, instant: int) -> None:
        """Trade one instant: open orders against its bars first, then the strategy. Raise StrategyFault if it fails."""
        self._instant = instant
        for cursor, places in self._lanes:
            cursor.index = places[instant]
        if self._working:
            self._match_working_orders()
        try:
            self._on_bar(self._context)
        except Exception as error:
            raise _fault(error) from error

    def finish(self, reason: str) -> None:
        """Let the strategy say goodbye, then cancel what is still working."""
        try:
            self._tell(self._strategy.on_stop, self._context)
        finally:
            self.cancel_working_orders(reason)

    def cancel_working_orders(self, reason: str) -> None:
        """Cancel every order that is still working."""
        for working in list(self._working.values()):
            self._close(working)
            working.order.cancel(self.now, reason)
            self.outbox.extend(working.order.collect_events())

    # What a strategy sees through its Context.

    @property
    def now(self) -> datetime:
        """The close of the instant's bars, UTC; before the first, the open of the first."""
        if self._instant < 0:
            return from_microseconds(self._timeline.opens[0])
        return from_microseconds(self._timeline.opens[self._instant] + self._timeline.duration)

    @property
    def cash(self) -> Decimal:
        """Cash in quote currency."""
        return self.portfolio.cash

    @property
    def equity(self) -> Decimal:
        """Cash and positions at the newest closes."""
        held = self.portfolio.positions()
        return self.portfolio.equity({position.symbol: self._last_close(position.symbol) for position in held})

    def bars(self, symbol: str) -> BarSeries:
        """Return the bars of one of the run's symbols."""
        found = self._bars.get(symbol)
        if found is None:
            raise InvalidInput(f"this run has no bars of {symbol}: it trades {', '.join(self.symbols)}")
        return found

    def position(self, symbol: str) -> Position:
        """Return what is held of one of the run's symbols."""
        return self.portfolio.position(symbol)

    def open_orders(self) -> Sequence[OrderHandle]:
        """Return the working orders, oldest first."""
        return [working.handle for working in self._working.values()]

    def place(self, request: OrderRequest) -> OrderHandle:
        """Record the intent; an order the account cannot carry is rejected, an impossible one raises OrderRefused."""
        _require_possible(request, self.symbols)
        if self._instant < 0:
            raise OrderRefused("orders can be placed from the first on_bar on: there is no bar yet")
        self.orders_placed += 1
        order = Order(self._ids.order_id(self.orders_placed))
        order.trigger(
            OrderCreated(
                at=self.now,
                run_id=self.run_id,
                client_order_id=self._ids.client_order_id(self.orders_placed),
                sequence=self.orders_placed,
                symbol=request.symbol,
                side=request.side,
                qty=request.qty,
                order_type=request.order_type,
                time_in_force=request.tif,
                tag=request.tag,
            )
        )
        handle = OrderHandle(order)
        objection = self._reserve(order, handle)
        if objection:
            order.reject(self.now, objection)
        self.outbox.extend(order.collect_events())
        if objection:
            self._tell(self._strategy.on_order, self._context, handle)
        return handle

    def cancel(self, order_id: UUID) -> None:
        """Cancel a working order; any other stays as it is."""
        working = self._working.get(order_id)
        if working is not None:
            self._close(working)
            working.order.cancel(self.now, "cancelled by the strategy")
            self.outbox.extend(working.order.collect_events())
            self._tell(self._strategy.on_order, self._context, working.handle)

    # The account and the book.

    def _match_working_orders(self) -> None:
        for working in list(self._working.values()):
            intent = working.order.created
            if working.order.status.is_final or not self._timeline.has_bar(
                self._symbol_index[intent.symbol], self._instant
            ):
                continue
            self._fill(working, intent, match(intent, self._bars[intent.symbol].open[-1], self._costs))

    def _fill(self, working: _Working, intent: OrderCreated, price: Decimal) -> None:
        at = from_microseconds(self._timeline.opens[self._instant])
        order = working.order
        fee = self._costs.fee(intent.qty, price)
        self._close(working)
        needed = posted(intent.qty * price) + fee
        if intent.side == "buy" and needed > self.portfolio.cash:
            order.reject(
                at, f"insufficient cash: {plain(needed)} needed at the open, {plain(self.portfolio.cash)} there"
            )
            self.outbox.extend(order.collect_events())
            self._tell(self._strategy.on_order, self._context, working.handle)
            return
        order.fill(at, f"{intent.client_order_id}-1", intent.qty, price, fee)
        booked = order.collect_events()
        self.outbox.extend(booked)
        for recorded in booked:
            if isinstance(recorded.event, OrderFill):
                self._book(recorded.event)

    def _book(self, fill: OrderFill) -> None:
        self.portfolio.book(fill)
        held = self.portfolio.position(fill.symbol).quantity
        self.ledger.append(LedgerLine(self._instant, self.portfolio.cash, fill.symbol, held))
        self._tell(self._strategy.on_fill, self._context, fill)

    def _reserve(self, order: Order, handle: OrderHandle) -> str | None:
        """Put the order on the book, or return why the account cannot carry it."""
        intent = order.created
        if intent.side == "sell":
            reserved = intent.qty
            free = self.portfolio.position(intent.symbol).quantity - self._reserved_quantity[intent.symbol]
            if reserved > free:
                return f"insufficient {intent.symbol}: {plain(reserved)} ordered, {plain(free)} free to sell"
            self._reserved_quantity[intent.symbol] += reserved
        else:
            price = self._costs.slipped(self._last_close(intent.symbol), "buy")
            reserved = posted(intent.qty * price) + self._costs.fee(intent.qty, price)
            free = self.portfolio.cash - self._reserved_cash
            if reserved > free:
                return f"insufficient cash: about {plain(reserved)} needed, {plain(free)} free"
            self._reserved_cash += reserved
        self._working[order.id] = _Working(order, handle, reserved)
        return None

    def _close(self, working: _Working) -> None:
        """Take the order off the book and give back what was kept for it."""
        intent = working.order.created
        del self._working[working.order.id]
        if intent.side == "sell":
            self._reserved_quantity[intent.symbol] -= working.reserved
        else:
            self._reserved_cash -= working.reserved

    def _last_close(self, symbol: str) -> Decimal:
        closes = self._bars[symbol].close
        if not len(closes):
            raise OrderRefused(f"{symbol} has no bar yet: there is no price to trade at")
        return exact(closes[-1])

    def _tell[**Arguments](
        self, callback: Callable[Arguments, None], *arguments: Arguments.args, **keywords: Arguments.kwargs
    ) -> None:
        try:
            callback(*arguments, **keywords)
        except Exception as error:
            raise _fault(error) from error


def _require_possible(request: OrderRequest, symbols: Sequence[str]) -> None:
    if request.symbol not in symbols:
        raise OrderRefused(f"{request.symbol} is not traded by this run: it has {', '.join(symbols)}")
    if not request.qty.is_finite() or request.qty <= 0:
        raise OrderRefused(f"the quantity must be above zero, not {request.qty}")
    exponent = request.qty.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > MAX_QUANTITY_DECIMALS:
        raise OrderRefused(f"the quantity {request.qty} has more than {MAX_QUANTITY_DECIMALS} decimals")
    if request.order_type not in SUPPORTED_TYPES:
        raise OrderRefused(f"the simulated exchange takes market orders only so far, not {request.order_type}")
    if request.take_profit is not None or request.stop_loss is not None:
        raise OrderRefused("the simulated exchange takes no bracket orders so far: leave take_profit and stop_loss out")
    if request.tif is not TimeInForce.GTC:
        raise OrderRefused(f"the simulated exchange takes gtc orders only so far, not {request.tif}")
    if request.tag is not None and len(request.tag) > MAX_TAG_LENGTH:
        raise OrderRefused(f"a tag has at most {MAX_TAG_LENGTH} characters")


def _fault(error: Exception) -> StrategyFault:
    """The strategy's exception as a fault; faults pass through, so that a callback inside a callback is told once."""
    if isinstance(error, StrategyFault):
        return error
    text = "".join(traceback.format_exception(error))
    return StrategyFault(f"{type(error).__name__}: {error}", traceback=text)


def _seed(description: RunCreated) -> int:
    text = f"{description.strategy_id} {description.symbols} {description.timeframe}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])

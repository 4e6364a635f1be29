"""One run being traded: market input in, a strategy's orders out as events; the same for history and live (Marvin)."""

import hashlib
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import ClassVar
from uuid import UUID

from application.dealing import Dealer
from application.desk import LedgerLine
from application.order_facts import OrderFacts
from domain.errors import InvalidInput, OrderRefused, StrategyFault, WeaverError
from domain.events import Recorded
from domain.ids import OrderIds
from domain.market import Timeframe, from_microseconds
from domain.money import exact
from domain.order import CANCELLED_BY_STRATEGY, OrderFill
from domain.order_request import OrderRequest
from domain.parameters import declared_parameters, parse_parameters
from domain.portfolio import Portfolio, Position
from domain.risk import RiskLimits
from domain.run import ParameterValue, RunCreated
from domain.run_log import RunLog, log_line, log_stream_id
from domain.series import BarSeries
from domain.sessions import Sessions
from domain.simulated_venue import MarketBar
from domain.strategy import Context, Strategy
from domain.timeline import Timeline
from domain.working_order import OrderHandle

DAY = 86_400_000_000

type LogLine = Callable[[str, Mapping[str, object]], None]


class Session:
    """Trades one run, instant by instant, and is the desk behind the strategy's Context.

    sessions: of each symbol that has any; markets that never close have none. log: told of every line the strategy
    logs. run_log: what is recorded of the run's log so far, by default nothing.
    """

    DEALER: ClassVar[type[Dealer]] = Dealer

    def __init__(
        self,
        run_id: UUID,
        description: RunCreated,
        ids: OrderIds,
        timeline: Timeline,
        strategy: Strategy,
        log: LogLine,
        sessions: Mapping[str, Sessions] | None = None,
        run_log: RunLog | None = None,
    ) -> None:
        self.run_id = run_id
        self.symbols = description.symbols
        self.timeframe = description.timeframe
        self.initial_cash = description.initial_cash
        self.random = Random(_seed(description))
        self._log = log
        self._run_log = run_log or RunLog(log_stream_id(run_id))
        self.instant = -1
        self.symbol_index = {one.symbol: index for index, one in enumerate(timeline.series)}
        self._is_matching = False
        self._timeline = timeline
        self._sessions = sessions or {}
        self._bars = {(one.symbol, one.timeframe.name): one for one in timeline.series}
        self._look_at_market()
        has_volume = [bool(bars.volume.any()) for bars in timeline.bars]
        self._dealer = self.DEALER(run_id, description, ids, self, self, has_volume)
        self._collected: list[Recorded] = []
        self._strategy = strategy
        self.hears_fills = type(strategy).on_fill is not Strategy.on_fill or "on_fill" in vars(strategy)
        self._context = Context(self)

    # What the driver calls.

    @property
    def waiting(self) -> int:
        """How many facts wait to be collected as events."""
        return len(self._dealer.facts) + len(self._collected)

    def collect_events(self) -> list[Recorded]:
        """Return the events of orders and of risk since the last call, in the order they happened, then the log's."""
        if not self.waiting and not self._run_log.is_waiting:
            return []
        collected, self._collected = self._collected, []
        self._run_log.record(self.run_id)
        return [*collected, *self._dealer.facts.collect(), *self._run_log.collect_events()]

    @property
    def ledger(self) -> list[LedgerLine]:
        """Cash and quantity after each fill, oldest first."""
        return self._dealer.ledger

    @property
    def portfolio(self) -> Portfolio:
        """Cash, positions and trades so far."""
        return self._dealer.portfolio

    @property
    def orders_placed(self) -> int:
        """How many orders were recorded, rejected ones and legs included."""
        return self._dealer.orders

    @property
    def account(self) -> Dealer:
        """The orders and the books of the run."""
        return self._dealer

    @property
    def facts(self) -> OrderFacts:
        """What the orders of the account are written down with."""
        return self._dealer.facts

    def watch(self, limits: RiskLimits) -> None:
        """Keep the figures of limits that somebody who takes over will have."""
        self._dealer.risk.watch(limits)

    def see(self, instant: int) -> None:
        """Let the bars up to an instant be seen as history, with nothing traded."""
        self.instant = instant
        self._timeline.move_to(instant)

    def start(self) -> None:
        """Let the strategy prepare itself; raise StrategyFault if it fails."""
        self.prepare()
        self._run_log.declare(self.now, [one for bars in self._bars.values() for one in bars.declared()])

    def prepare(self) -> None:
        """Let the strategy prepare itself, its indicators not recorded; raise StrategyFault if it fails."""
        self._tell(self._strategy.on_start, self._context)

    def run(self, first: int, last: int) -> None:
        """Trade the instants [first, last): open orders against the bars, then the strategy.

        Raises StrategyFault if the strategy fails.
        """
        timeline, dealer, context, on_bar = self._timeline, self._dealer, self._context, self._strategy.on_bar
        shared, lanes, working = timeline.shared, timeline.lanes, dealer.working
        watches_equity = dealer.risk.watches_equity
        for instant in range(first, last):
            self.instant = instant
            if shared is not None:
                shared.index = instant
            if lanes:
                for cursor, places in lanes:
                    cursor.index = places[instant]
            if working:
                self._trade(instant)
            if watches_equity:
                dealer.halt_if_due((timeline.closes[instant] - 1) // DAY)
            try:
                on_bar(context)
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
        self._dealer.cancel_all(reason)

    # What a strategy sees through its Context.

    @property
    def now(self) -> datetime:
        """The close of the instant's bars, UTC; before the first, the open of the first."""
        return from_microseconds(self._timeline.start if self.instant < 0 else self._timeline.closes[self.instant])

    @property
    def cash(self) -> Decimal:
        """Cash in quote currency."""
        return self.portfolio.cash

    @property
    def equity(self) -> Decimal:
        """Cash and positions at the newest closes."""
        held = self.portfolio.positions()
        return self.portfolio.equity({position.symbol: self.last_close(position.symbol) for position in held})

    def bars(self, symbol: str, timeframe: str | None = None) -> BarSeries:
        """Return the bars of one of the run's symbols, of the run's timeframe or of a coarser one."""
        found = self._bars.get((symbol, timeframe or self.timeframe))
        if found is not None:
            return found
        index = self.symbol_index.get(symbol)
        if index is None:
            raise InvalidInput(f"this run has no bars of {symbol}: it trades {', '.join(self.symbols)}")
        made = self._timeline.coarser(index, Timeframe.parse(timeframe or self.timeframe), self.instant)
        self._bars[symbol, made.timeframe.name] = made
        return made

    def position(self, symbol: str) -> Position:
        """Return what is held of one of the run's symbols."""
        return self.portfolio.position(symbol)

    def open_orders(self) -> Sequence[OrderHandle]:
        """Return the working orders, oldest first."""
        return self._dealer.handles()

    def place(self, request: OrderRequest) -> OrderHandle:
        """Record the intent; an order that rules refuse is rejected, an impossible one raises OrderRefused."""
        return self._dealer.place(request)

    def place_pair(self, stop_loss: OrderRequest, take_profit: OrderRequest) -> tuple[OrderHandle, OrderHandle]:
        """Record both exits of a position; whichever fills cancels the other."""
        return self._dealer.place_pair(stop_loss, take_profit)

    def cancel(self, order_id: UUID) -> None:
        """Cancel a working order; any other stays as it is."""
        self._dealer.cancel(order_id, CANCELLED_BY_STRATEGY)

    def log(self, message: str, fields: Mapping[str, object]) -> None:
        """Write a line to the run's log, and tell whoever else listens of it."""
        line = log_line(self.now, message, fields)
        self._run_log.write(line)
        self._log(line.message, line.fields)

    # What the dealer sees of the market, and whom it tells.

    def require_price(self, symbol: str) -> None:
        """Raise OrderRefused before the first bar of the symbol: there is no price to trade at."""
        if self.instant < 0:
            raise OrderRefused("orders can be placed from the first on_bar on: there is no bar yet")
        if self._markets[self.symbol_index[symbol]][0].index < 0:
            raise OrderRefused(f"{symbol} has no bar yet: there is no price to trade at")

    def last_close(self, symbol: str) -> Decimal:
        """Return the newest close of a symbol that has one."""
        return exact(self._bars[symbol, self.timeframe].close[-1])

    def mark(self, symbol: str) -> Decimal:
        """Return what a unit is worth: the newest close; while a bar is matched its open, for its close is to come."""
        if self._is_matching and self._timeline.has_bar(self.symbol_index[symbol], self.instant):
            return exact(self._bars[symbol, self.timeframe].open[-1])
        return self.last_close(symbol)

    def bar_age(self, symbol: str) -> float:
        """Return the seconds since the close of the symbol's newest bar."""
        index = self.symbol_index[symbol]
        closed = self._timeline.closed_at(index, self.instant)
        return float(self._timeline.closes[self.instant] - closed) / 1e6

    def moment(self) -> int:
        """Return the close of the instant's bars, microseconds since 1970 UTC."""
        return self._timeline.closes[self.instant]

    def opened_at(self, symbol: str) -> int:
        """Return the open of the symbol's newest bar, microseconds since 1970 UTC."""
        cursor, times, *_ = self._markets[self.symbol_index[symbol]]
        return times[cursor.index]

    def place_of(self, symbol: str) -> int:
        """Return the place of the symbol's newest bar among its bars."""
        return self._markets[self.symbol_index[symbol]][0].index

    def session_close(self, symbol: str, moment: int) -> int:
        """Return when the session ends that is open at a moment or opens next, microseconds since 1970 UTC."""
        sessions = self._sessions.get(symbol)
        if sessions is None:
            raise OrderRefused(f"{symbol} has no trading sessions: a day order would never end")
        return sessions.close_after(moment)

    def order_changed(self, handle: OrderHandle) -> None:
        """Tell the strategy of an order's new status."""
        self._tell(self._strategy.on_order, self._context, handle)

    def order_filled(self) -> None:
        """Tell the strategy of the newest execution."""
        self._collected += self._dealer.facts.collect()
        # the exits of a filled order, and what its pair cancelled, were noted after it
        fill = next(one.event for one in reversed(self._collected) if isinstance(one.event, OrderFill))
        self._tell(self._strategy.on_fill, self._context, fill)

    def _look_at_market(self) -> None:
        self._markets = [
            (one.cursor, bars.time.data, bars.open.data, bars.high.data, bars.low.data, bars.volume.data)
            for one, bars in zip(self._timeline.series, self._timeline.bars, strict=True)
        ]

    def _trade(self, instant: int) -> None:
        timeline = self._timeline
        bars: list[MarketBar] = []
        shared = timeline.shared
        for index, (cursor, times, opens, highs, lows, volumes) in enumerate(self._markets):
            if cursor is shared or timeline.has_bar(index, instant):
                at = cursor.index
                bars.append((index, (opens[at], highs[at], lows[at], volumes[at]), times[at], at))
        self._is_matching = True
        self._dealer.trade(bars)
        self._is_matching = False

    def _tell[**Arguments](
        self, callback: Callable[Arguments, None], *arguments: Arguments.args, **keywords: Arguments.kwargs
    ) -> None:
        try:
            callback(*arguments, **keywords)
        except Exception as error:
            raise _fault(error) from error


def constructed(kind: type[Strategy], parameters: Mapping[str, ParameterValue]) -> Strategy:
    """Return the strategy with its parameters, as they were recorded; raise StrategyFault if it fails on them."""
    try:
        return kind(**parse_parameters(declared_parameters(kind), parameters))
    except WeaverError:
        raise
    except Exception as error:
        raise StrategyFault(f"{type(error).__name__}: {error}") from error


def _fault(error: Exception) -> StrategyFault:
    """The strategy's exception as a fault; faults pass through, so that a callback inside a callback is told once."""
    if isinstance(error, StrategyFault):
        return error
    text = "".join(traceback.format_exception(error))
    return StrategyFault(f"{type(error).__name__}: {error}", traceback=text)


def _seed(description: RunCreated) -> int:
    text = f"{description.strategy_id} {description.symbols} {description.timeframe}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])

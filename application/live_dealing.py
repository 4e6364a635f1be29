"""The orders of a paper or live run: decided here as in a backtest, executed by an exchange that is heard of later."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from application.dealing import Dealer
from application.desk import Market, Told
from application.flattening import FIRST_SEQUENCE
from application.order_facts import OrderFacts
from domain.errors import OrderRefused
from domain.events import Event, Recorded
from domain.ids import OrderIds
from domain.instruments import Instrument
from domain.market import Timeframe
from domain.money import ZERO
from domain.order import (
    OrderAccepted,
    OrderCancelled,
    OrderCancelRequested,
    OrderCreated,
    OrderExpired,
    OrderFill,
    OrderFilled,
    OrderOutcomeUnknown,
    OrderRejected,
    OrderStatus,
    OrderSubmitted,
)
from domain.order_request import OrderRequest
from domain.portfolio import Fill
from domain.run import RunCreated
from domain.working_order import OrderHandle, Working

SIMULATED_EXCHANGE = "simulated"
# An order is sent for the first time within one bar of its decision; short bars give it some time, long ones not more.
SHORTEST_VALIDITY, LONGEST_VALIDITY = timedelta(seconds=30), timedelta(minutes=5)
# Orders that have ended are remembered for executions that come late.
REMEMBERED = 1_000

_STATUS_OF = {
    OrderSubmitted: OrderStatus.SUBMITTED,
    OrderAccepted: OrderStatus.ACCEPTED,
    OrderOutcomeUnknown: OrderStatus.UNKNOWN,
}


class LiveFacts(OrderFacts):
    """Facts of a live session: what the strategy decided. What became of its orders is recorded by others."""

    def cancel_requested(self, order: Working, at: int) -> None:
        """The strategy wants the order cancelled."""
        self._waiting.append((self._request_cancel, order, at, None))

    def collect(self) -> list[Recorded]:
        """Return the events of all facts since the last call, oldest first."""
        collected = super().collect()
        self._orders.clear()
        return collected

    def _request_cancel(self, working: Working, at: int, detail: None) -> None:
        # the version is the journal's to give: others write to the order's stream at the same time
        event = OrderCancelRequested(at=self._time(at), run_id=self._run_id)
        self._collected.append(Recorded(working.id, 0, event))


class LiveDealer(Dealer):
    """Places the orders of a run and keeps its books by what the journal says became of them.

    What is refused by the run's own rules is refused at once, exactly as in a backtest. A cancellation is a request
    until the exchange has said its last word.
    """

    def __init__(
        self,
        run_id: UUID,
        description: RunCreated,
        ids: OrderIds,
        market: Market,
        told: Told,
        has_volume: Sequence[bool],
    ) -> None:
        super().__init__(run_id, description, ids, market, told, has_volume)
        length = Timeframe.parse(description.timeframe).duration
        self.facts: LiveFacts = LiveFacts(run_id, ids, max(SHORTEST_VALIDITY, min(length, LONGEST_VALIDITY)))
        self._asked: set[int] = set()
        self._ended_orders: OrderedDict[int, Working] = OrderedDict()
        self.is_paused = False

    def _listed(self, description: RunCreated) -> dict[str, Instrument]:
        found = super()._listed(description)
        if description.exchange == SIMULATED_EXCHANGE:
            return found
        # exits that depend on each other have to be kept by the exchange itself: no adapter does that yet
        return {symbol: replace(one, legs=False) for symbol, one in found.items()}

    def place(self, request: OrderRequest) -> OrderHandle:
        """Record the intent; what rules refuse is rejected, the impossible raises, and a paused run places nothing."""
        self._require_trading()
        return super().place(request)

    def place_pair(self, stop_loss: OrderRequest, take_profit: OrderRequest) -> tuple[OrderHandle, OrderHandle]:
        """Record both exits of a position; whichever fills cancels the other."""
        self._require_trading()
        return super().place_pair(stop_loss, take_profit)

    def cancel_all(self, reason: str) -> None:
        """Ask for every working order to be cancelled."""
        for order in list(self.working.values()):
            self._cancel(order, reason)

    def hear(self, order_id: UUID, event: Event) -> bool:
        """Keep the books by an event of one of the run's orders; return whether it is an execution."""
        key = self._ids.key_of(order_id)
        if key is None:
            return False
        order = self.working.get(key) or self._ended_orders.get(key)
        match event:
            case OrderCreated() if order is None:
                self._placed_by_others(event)
            case OrderFill():
                self._filled(order, event)
                return True
            case OrderRejected() | OrderCancelled() | OrderExpired() if order is not None and order.on_book:
                self._heard_the_end(order, event)
            case OrderSubmitted() | OrderAccepted() | OrderOutcomeUnknown() if order is not None and order.on_book:
                if order.status is not OrderStatus.PARTIAL:
                    order.status = _STATUS_OF[type(event)]
        return False

    def drop(self, order: Working) -> None:
        """Take an order off the book and tell nobody."""
        self._off_the_book(order)

    def _require_trading(self) -> None:
        if self.is_paused:
            raise OrderRefused("the run is paused: it places no new orders until it is resumed")

    def _enter(self, order: Working, *, is_ordered_by_risk: bool = False) -> None:
        self._admitted(order, is_ordered_by_risk=is_ordered_by_risk)
        self._expiring.clear()  # when a day order ends is for the exchange to say

    def _cancel(self, order: Working, reason: str) -> None:
        if order.key not in self._asked:
            self._asked.add(order.key)
            self.facts.cancel_requested(order, self._market.moment())

    def _legs_of(self, parent: Working, at: int) -> Sequence[Working]:
        return ()  # the exchange places them

    def _placed_by_others(self, event: OrderCreated) -> None:
        """An exit the exchange placed, or an order of the run's desk: it works like the strategy's own."""
        order = self.adopted(event)
        if event.sequence < FIRST_SEQUENCE:
            # decided by the run itself, before it was restored: that number is not given again
            self._decisions = max(self._decisions, event.sequence)
        # it works whether or not the run's own account could carry it: it is at the exchange
        self._account.hold(order, self._expected_price(order), ZERO)
        self.working[order.key] = order

    def _filled(self, order: Working | None, event: OrderFill) -> None:
        fill = Fill.of(event)
        if order is None:
            self._book_alone(fill)
            return
        order.number_of_fills += 1
        self._booked(order, fill)
        if not order.on_book:
            return
        if isinstance(event, OrderFilled):
            order.status = OrderStatus.FILLED
            self._forget(order)
        else:
            order.status = OrderStatus.PARTIAL
            self._account.filled(order)

    def _book_alone(self, fill: Fill) -> None:
        ended = self.portfolio.book(fill)
        if ended is not None and self.risk.is_on:
            self.risk.trade_closed(ended)

    def _heard_the_end(self, order: Working, event: OrderRejected | OrderCancelled | OrderExpired) -> None:
        match event:
            case OrderRejected():
                order.reject_reason, order.status = event.reason, OrderStatus.REJECTED
            case OrderCancelled():
                order.status = OrderStatus.CANCELLED
            case OrderExpired():
                order.status = OrderStatus.EXPIRED
        self._forget(order)
        self._told.order_changed(order.handle)

    def _forget(self, order: Working) -> None:
        self._off_the_book(order)
        self._asked.discard(order.key)
        self._ended_orders[order.key] = order
        if len(self._ended_orders) > REMEMBERED:
            self._ended_orders.popitem(last=False)

"""The orders of one run, from the intent to the end: checked, matched, booked, and noted for the journal (Marvin)."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from application.desk import LedgerLine, Market, Told
from application.order_facts import OrderFacts
from application.risk_control import RiskControl
from domain.accounts import CashAccount, MarginAccount, TradingAccount
from domain.costs import Costs
from domain.errors import OrderRefused
from domain.ids import OrderIds
from domain.instruments import Instrument
from domain.market import to_microseconds
from domain.matching import Bar, trailing_level
from domain.money import ZERO, posted
from domain.order import Liquidity, OrderCreated, OrderStatus, OrderType, Side, TimeInForce
from domain.order_checks import checked, require_around
from domain.order_request import OrderRequest, request_of
from domain.portfolio import Fill, Portfolio
from domain.risk import Objection
from domain.run import RunCreated
from domain.simulated_venue import STOP_LOSS, TAKE_PROFIT, MarketBar, SimulatedVenue
from domain.venues import venue
from domain.working_order import OrderHandle, Working

ORDER_ITSELF = 0
FLATTEN = "flatten"


class Dealer:
    """Places, executes and ends the orders of one run; the floor of the simulated venue.

    facts: what happened to orders and is to become events. ledger: one line a fill. working: orders on the book by key,
    oldest first.
    """

    def __init__(
        self,
        run_id: UUID,
        description: RunCreated,
        ids: OrderIds,
        market: Market,
        told: Told,
        has_volume: Sequence[bool],
        portfolio: Portfolio | None = None,
    ) -> None:
        self._ids = ids
        self._market = market
        self._told = told
        self._costs = Costs.of(description.costs)
        self._instruments = self._listed(description)
        self.portfolio = portfolio or Portfolio(description.initial_cash)
        self.facts = OrderFacts(run_id, ids)
        self.ledger: list[LedgerLine] = []
        self.working: dict[int, Working] = {}
        self.orders = 0
        self._decisions = 0
        self._account: TradingAccount = CashAccount(self.portfolio)
        margin = None
        if description.account.kind == "margin":
            margin = MarginAccount(self.portfolio, description.account, market.mark)
            self._account = margin
        self.risk = RiskControl(run_id, description, self.portfolio, margin, market)
        self._venue = SimulatedVenue(self, description.volume_cap, has_volume)
        self._expiring: list[tuple[int, Working]] = []

    def _listed(self, description: RunCreated) -> dict[str, Instrument]:
        at = venue(description.venue)
        return {symbol: at.instrument(symbol) for symbol in description.symbols}

    @property
    def is_idle(self) -> bool:
        """Whether no order is working: the bar cannot concern any."""
        return not self.working

    def handles(self) -> list[OrderHandle]:
        """Return the handles of the working orders, oldest first."""
        return [order.handle for order in self.working.values()]

    # What the strategy asks for.

    def place(self, request: OrderRequest) -> OrderHandle:
        """Record the intent and put it on the book; what rules refuse is rejected, the impossible raises."""
        request = self._checked(request)
        self._decisions += 1
        order = self._decided(request, self._decisions, ORDER_ITSELF)
        self._enter(order)
        return order.handle

    def place_pair(self, stop_loss: OrderRequest, take_profit: OrderRequest) -> tuple[OrderHandle, OrderHandle]:
        """Record both exits of a position; whichever fills cancels the other."""
        stop, profit = self._checked(stop_loss), self._checked(take_profit)
        self._instruments[stop.symbol].require_capable(OrderType.MARKET, TimeInForce.GTC, has_legs=True)
        if stop.stop is not None and profit.limit is not None:
            require_around("buy" if stop.side == "sell" else "sell", stop.stop, profit.limit)
        self._decisions += 1
        pair = (
            self._decided(stop, self._decisions, STOP_LOSS),
            self._decided(profit, self._decisions, TAKE_PROFIT),
        )
        for order in self._entered_as_pair(pair):
            self._venue.place(self._market.symbol_index[stop.symbol], order)
        return pair[0].handle, pair[1].handle

    def cancel(self, order_id: UUID, reason: str) -> None:
        """Cancel a working order; any other stays as it is."""
        key = self._ids.key_of(order_id)
        order = None if key is None else self.working.get(key)
        if order is not None:
            self._cancel(order, reason)

    def cancel_all(self, reason: str) -> None:
        """Cancel every working order without telling the strategy."""
        for order in list(self.working.values()):
            self._off_the_book(order)
            order.status = OrderStatus.CANCELLED
            self.facts.cancelled(order, self._market.moment(), reason)

    def halt_if_due(self, day: int) -> None:
        """Halt the run if its equity has fallen too far: cancel everything, flatten if that is wanted."""
        objection = self.risk.objection_to_going_on(day, self._market.now)
        if objection is None:
            return
        self.facts.recorded(self.risk.halt(objection, self._market.now))
        self.cancel_all(f"trading is halted: {objection.message}")
        if self.risk.flattens(objection):
            for position in self.portfolio.positions():
                side: Side = "sell" if position.quantity > 0 else "buy"
                symbol, price = position.symbol, self._market.last_close(position.symbol)
                for qty, tif in self._instruments[symbol].parts(abs(position.quantity), price):
                    self._decisions += 1
                    request = OrderRequest(symbol=symbol, side=side, qty=qty, tif=tif, tag=FLATTEN)
                    self._enter(self._decided(request, self._decisions, ORDER_ITSELF), is_ordered_by_risk=True)

    # What the market does.

    def trade(self, bars: Sequence[MarketBar]) -> None:
        """Match the working orders with the bars of an instant."""
        if self._expiring:
            self._expire({symbol: opened_at for symbol, _, opened_at, _ in bars}, 0)
        self._venue.trade(bars)
        if self._expiring:
            self._expire({}, self._market.moment())

    def execute(
        self, order: Working, qty: Decimal, reference: Decimal, liquidity: Liquidity, bar: Bar, *, ambiguous: bool
    ) -> Sequence[Working]:
        """Book an execution, slippage and fees added, or end the order if the account cannot carry it any more."""
        request, costs = order.request, self._costs
        symbol, side = request.symbol, request.side
        price, slippage = reference, ZERO
        if costs.slips and not order.rests:
            share = bar.share(qty) if costs.impact else ZERO
            price = costs.slipped(reference, side, order.instrument, share)
            slippage = posted(abs(price - reference) * qty)
        notional = posted(qty * price)
        fee, base_fee = costs.charged(qty, price, side, order.instrument, liquidity, is_first=not order.number_of_fills)
        objection = self._account.objection(order, qty, notional, fee)
        opened_at = bar.opened_at
        if objection is not None:
            self._refuse(order, opened_at, objection)
            return ()
        fill = Fill(symbol, side, qty, price, notional, fee, base_fee, slippage, ambiguous, opened_at)
        order.number_of_fills += 1
        self.facts.filled(order, fill, liquidity)
        self._booked(order, fill)
        legs: Sequence[Working] = ()
        if order.remaining:
            order.status = OrderStatus.PARTIAL
            self._account.filled(order)
        else:
            legs = self._completed(order, opened_at)
        if self._told.hears_fills:
            self._told.order_filled()
        return legs

    def _booked(self, order: Working, fill: Fill) -> None:
        order.last_filled = fill.qty
        order.filled_qty += fill.qty
        order.filled_value += fill.notional
        order.received += fill.qty - fill.base_fee if fill.base_fee else fill.qty
        portfolio = self.portfolio
        ended = portfolio.book(fill)
        if ended is not None and self.risk.is_on:
            self.risk.trade_closed(ended)
        self.ledger.append(
            LedgerLine(self._market.instant, portfolio.cash, fill.symbol, portfolio.position(fill.symbol).quantity)
        )

    def withdraw(self, order: Working, reason: str) -> Sequence[Working]:
        """Cancel what is left of an order that could only be filled at once; return the legs of what was filled."""
        self.facts.cancelled(order, self._market.moment(), reason)
        self._off_the_book(order)
        order.status = OrderStatus.CANCELLED
        legs = self._legs_of(order, self._market.opened_at(order.request.symbol)) if order.received else ()
        self._told.order_changed(order.handle)
        return legs

    # Orders that were decided elsewhere.

    def adopted(self, intent: OrderCreated) -> Working:
        """Return an order that is recorded already as one of this dealer's, linked with the other of its pair."""
        self.orders += 1
        since = self._market.place_of(intent.symbol)
        order = Working(
            request_of(intent),
            self._instruments[intent.symbol],
            self._ids,
            self.orders,
            intent.sequence,
            intent.leg,
            to_microseconds(intent.at),
            since,
            intent.parent_id,
        )
        for other in self.working.values():
            if other.sequence == order.sequence and other.leg and order.leg:
                order.sibling, other.sibling = other, order
        return order

    # From the intent to the book.

    def _checked(self, request: OrderRequest) -> OrderRequest:
        """The request on the instrument's increments; OrderRefused for what can never be an order here."""
        instrument = self._instruments.get(request.symbol)
        if instrument is None:
            traded = ", ".join(self._instruments)
            raise OrderRefused(f"{request.symbol} is not traded by this run: it has {traded}")
        self._market.require_price(request.symbol)
        return checked(request, instrument, self._market.last_close)

    def _trailing_level(self, order: OrderRequest) -> Decimal:
        best = self._market.last_close(order.symbol)
        return trailing_level(self._instruments[order.symbol], order.side, best, order.trail, order.trail_percent)

    def _decided(
        self, request: OrderRequest, sequence: int, leg: int, parent: UUID | None = None, at: int | None = None
    ) -> Working:
        self.orders += 1
        instrument, market = self._instruments[request.symbol], self._market
        placed_at, since = market.moment() if at is None else at, market.place_of(request.symbol)
        order = Working(request, instrument, self._ids, self.orders, sequence, leg, placed_at, since, parent)
        self.facts.placed(order)
        return order

    def _enter(self, order: Working, *, is_ordered_by_risk: bool = False) -> None:
        """Put a decided order on the book, or reject it with the reason."""
        if self._admitted(order, is_ordered_by_risk=is_ordered_by_risk):
            self._venue.place(self._market.symbol_index[order.request.symbol], order)

    def _admitted(self, order: Working, *, is_ordered_by_risk: bool = False) -> bool:
        objection = self._objection(order, is_ordered_by_risk=is_ordered_by_risk)
        if objection is not None:
            order.on_book = False
            order.status = OrderStatus.REJECTED
            order.reject_reason = objection if isinstance(objection, str) else objection.message
            self.facts.rejected(order, order.placed_at, objection)
            self._told.order_changed(order.handle)
            return False
        self._put_on_the_book(order)
        if self.risk.is_on:
            self.risk.placed(self._market.now)
        return True

    def _put_on_the_book(self, order: Working) -> None:
        if order.kind is OrderType.TRAILING_STOP:
            order.level = self._trailing_level(order.request)
        if order.request.tif is TimeInForce.DAY:
            self._expiring.append((self._market.session_close(order.request.symbol, order.placed_at), order))
        self.working[order.key] = order

    def _objection(self, order: Working, *, is_ordered_by_risk: bool) -> str | Objection | None:
        """Why the order is not taken: risk first, then the venue, then the account, which keeps back what it needs."""
        request, instrument = order.request, order.instrument
        if not (order.buys or self._account.prices_all or self.risk.is_on or instrument.has_size_rules):
            return self._account.hold(order, ZERO, ZERO)
        price = self._expected_price(order)
        if self.risk.is_on and not is_ordered_by_risk:
            refused = self.risk.objection(order, price, self._market.now, self.working.values())
            if refused is not None:
                return refused
        if instrument.has_size_rules:
            notional = posted(request.qty * price)
            has_legs = request.take_profit is not None or request.stop_loss is not None
            found = instrument.objection(request.side, request.qty, request.tif, notional, has_legs=has_legs)
            if found is not None:
                return found
        return self._account.hold(order, price, self._costs.expected(request.qty, price, request.side, instrument))

    def _entered_as_pair(self, pair: Sequence[Working]) -> list[Working]:
        if len(pair) == 2:
            pair[0].sibling, pair[1].sibling = pair[1], pair[0]
        entered = []
        for order in pair:
            sibling = order.sibling
            if sibling is not None and sibling.status is OrderStatus.REJECTED:
                order.sibling = None
            if self._admitted(order):
                entered.append(order)
            elif sibling is not None:
                sibling.sibling = None
        return entered

    def _expected_price(self, order: Working) -> Decimal:
        """What a unit is expected to cost: its limit, else its stop or the last close, slippage added."""
        request = order.request
        if request.limit is not None:
            return request.limit
        price = self._market.last_close(request.symbol) if request.stop is None else request.stop
        return self._costs.slipped(price, request.side, order.instrument) if self._costs.slips else price

    # From the book to the end.

    def _completed(self, order: Working, at: int) -> Sequence[Working]:
        """Take an order off that nothing remains of; return the legs it has called into being."""
        sibling = order.sibling
        self._off_the_book(order)
        if sibling is not None and sibling.on_book:
            self._cancel(sibling, "the other order of the pair was filled")
        if order.filled_qty == order.request.qty:
            order.status = OrderStatus.FILLED
        else:
            order.status = OrderStatus.CANCELLED
            self.facts.cancelled(order, self._market.moment(), "the other order of the pair filled the rest")
        return self._legs_of(order, at)

    def _legs_of(self, parent: Working, at: int) -> Sequence[Working]:
        """Place the exits of an order that has ended with something filled, `at` the moment of that."""
        request = parent.request
        if request.take_profit is None and request.stop_loss is None:
            return ()
        qty = parent.instrument.whole_lots(parent.received)
        if not qty:
            return ()
        side: Side = "sell" if parent.buys else "buy"
        tif = request.tif if request.tif is TimeInForce.DAY else TimeInForce.GTC
        legs = []
        for leg, limit, stop in (
            (STOP_LOSS, None, request.stop_loss),
            (TAKE_PROFIT, request.take_profit, None),
        ):
            if limit is not None or stop is not None:
                asked = OrderRequest(
                    symbol=request.symbol, side=side, qty=qty, limit=limit, stop=stop, tif=tif, tag=request.tag
                )
                legs.append(self._decided(asked, parent.sequence, leg, parent.id, at))
        return self._entered_as_pair(legs)

    def _cancel(self, order: Working, reason: str) -> None:
        self.facts.cancelled(order, self._market.moment(), reason)
        self._ended(order, OrderStatus.CANCELLED)

    def _refuse(self, order: Working, at: int, objection: str) -> None:
        """End an order that the account cannot carry at its fill; what was filled of it before stays."""
        if order.number_of_fills:
            self.facts.cancelled(order, at, objection)
            self._ended(order, OrderStatus.CANCELLED)
        else:
            order.reject_reason = objection
            self.facts.rejected(order, at, objection)
            self._ended(order, OrderStatus.REJECTED)

    def _ended(self, order: Working, status: OrderStatus) -> None:
        """Take an order off that has ended, protect what of it was filled, and tell the strategy."""
        self._off_the_book(order)
        order.status = status
        if order.received:
            for leg in self._legs_of(order, self._market.moment()):
                self._venue.place(self._market.symbol_index[leg.request.symbol], leg)
        self._told.order_changed(order.handle)

    def _off_the_book(self, order: Working) -> None:
        order.on_book = False
        self._account.release(order)
        del self.working[order.key]
        sibling = order.sibling
        if sibling is not None and not sibling.on_book:
            # both have ended: nothing is shared any more, and nothing is left for the garbage collector
            sibling.sibling = order.sibling = None

    def _expire(self, opened_at: dict[int, int], now: int) -> None:
        """End the day orders whose session closed before their symbol's bar opened, or by now."""
        kept = []
        for closes_at, order in self._expiring:
            if not order.on_book:
                continue
            bar_opened = opened_at.get(self._market.symbol_index[order.request.symbol], 0)
            if max(bar_opened, now) >= closes_at:
                self.facts.expired(order, closes_at, "day: the session closed")
                self._ended(order, OrderStatus.EXPIRED)
            else:
                kept.append((closes_at, order))
        self._expiring = kept

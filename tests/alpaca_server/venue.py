"""One account at the exchange: what its owner asks for, and what the market makes of its orders as time goes on."""

import math
import time
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec.structs import replace

from tests.alpaca_server import matching, sessions
from tests.alpaca_server.assets import Asset
from tests.alpaca_server.book import Book
from tests.alpaca_server.conditions import Conditions
from tests.alpaca_server.facts import AnyFact, OrderMoved
from tests.alpaca_server.faults import Fault, Faults
from tests.alpaca_server.market import Market, Quote, Trade
from tests.alpaca_server.orders import Order
from tests.alpaca_server.refusals import Refused, invalid, malformed, not_found
from tests.alpaca_server.rules import check_account, check_id_unused
from tests.alpaca_server.tickets import (
    check_penny,
    check_time_in_force,
    client_order_id_of,
    decimal_of,
    read_ticket,
)
from tests.alpaca_server.times import DAY, MarketClock

NOT_AT_THE_EXCHANGE = ("accepted", "pending_new", "pending_cancel", "pending_replace")
GOOD_TILL = 89 * DAY


class Venue:
    """The paper or the live account."""

    def __init__(
        self,
        environment: str,
        key_id: str,
        secret_key: str,
        market: Market,
        clock: MarketClock,
        conditions: Conditions,
        faults: Faults,
        record: Callable[[AnyFact], None],
    ) -> None:
        self.environment = environment
        self.key_id = key_id
        self.secret_key = secret_key
        self.market = market
        self.clock = clock
        self._conditions = conditions
        self._faults = faults
        self._record = record
        self.begin(NAMESPACE_URL)

    def begin(self, namespace: UUID) -> None:
        """Begin an empty book, whose ids come from a namespace of its own."""
        self.namespace = namespace
        self.book = Book(self.environment)
        self._due: dict[str, float] = {}
        self._watched: dict[str, int] = {}
        self._taken_at: dict[str, float] = {}

    @property
    def account_id(self) -> str:
        return str(uuid5(self.namespace, f"{self.environment}:account"))

    def _new_id(self, kind: str) -> str:
        return str(uuid5(self.namespace, f"{self.environment}:{kind}:{len(self.book.orders) + 1}"))

    # What the owner asks for

    def submit(self, body: dict[str, Any]) -> Order:
        """Take an order, or refuse it as Alpaca does."""
        asset = self.market.listing.find(str(body.get("symbol", "")))
        ticket = read_ticket(body, asset)
        now, symbol = self.clock.now(), ticket.asset.symbol
        quote = self.market.quote(symbol, now)
        check_account(ticket, self.book, quote)
        at = now - now % 1_000 + len(self.book.orders) % 1_000
        is_waiting = not ticket.asset.is_crypto and not sessions.is_open(now)
        stop_price, hwm = ticket.stop_price, None
        if ticket.type == "trailing_stop":
            hwm = quote.last
            stop_price = matching.trail_stop(ticket.is_buy, hwm, ticket.trail_price, ticket.trail_percent)
        order = Order(
            id=self._new_id("order"),
            client_order_id=ticket.client_order_id or self._new_id("client"),
            asset_id=ticket.asset.id,
            symbol=symbol,
            asset_class=ticket.asset.asset_class,
            side=ticket.side,
            type=ticket.type,
            time_in_force=ticket.time_in_force,
            qty=ticket.qty,
            notional=ticket.notional,
            limit_price=ticket.limit_price,
            stop_price=stop_price,
            trail_price=ticket.trail_price,
            trail_percent=ticket.trail_percent,
            hwm=hwm,
            extended_hours=ticket.extended_hours,
            position_intent=ticket.position_intent or self._intent(ticket.side, symbol),
            status="accepted" if is_waiting else "pending_new",
            created_at=at,
            updated_at=at,
            submitted_at=at,
            expires_at=self._expiry(ticket.time_in_force, now),
            hold_price=ticket.named_price or (quote.ask if ticket.is_buy else quote.bid),
        )
        return self._take(order)

    def _take(self, order: Order) -> Order:
        """Accept an order: from here on its id is spent, and what was planned for such an order is its fate."""
        if fault := self._faults.take_order("reject_later", order):
            order = replace(order, doomed=fault.reason or "the order was rejected by the venue")
        if self._faults.take_order("hold", order):
            order = replace(order, by_hand=True)
        self._watched.setdefault(order.symbol, self.clock.now())
        self._taken_at[order.id] = time.monotonic()
        self._move(OrderMoved(environment=self.environment, at=order.created_at, event=order.status, order=order))
        return order

    def _intent(self, side: str, symbol: str) -> str:
        held = self.book.quantity(symbol)
        closes = held < 0 if side == "buy" else held > 0
        return f"{side}_to_{'close' if closes else 'open'}"

    def _expiry(self, time_in_force: str, now: int) -> int | None:
        match time_in_force:
            case "gtc":
                return now + GOOD_TILL
            case "day":
                return sessions.next_close(now)
            case _:
                return None

    def find(self, order_id: str) -> Order:
        """Return an order by its id."""
        try:
            UUID(order_id)
        except ValueError:
            raise malformed("order_id is missing") from None
        if order_id not in self.book.orders:
            raise not_found(f"order not found for {order_id}")
        return self.book.orders[order_id]

    def age(self, order_id: str) -> float:
        """Return the wall seconds since an order was taken, infinity if that was before this process began."""
        return time.monotonic() - self._taken_at.get(order_id, -math.inf)

    def cancel(self, order_id: str) -> None:
        """Take the request to cancel an order; whether it is cancelled, the order will tell."""
        order = self.find(order_id)
        if not order.is_open:
            raise invalid(f'order is already in "{order.status}" state')
        if order.status == "pending_cancel":
            return
        outcome: dict[str, Any] = {}
        if fault := self._faults.take_order("cancel_stuck", order, "fill_on_cancel", "fill_after_cancel"):
            outcome = self._planned_outcome(order, fault)
        now = self.clock.now()
        self._move(matching.moved(self.environment, order, now, "pending_cancel", None, **outcome))

    def _planned_outcome(self, order: Order, fault: Fault) -> dict[str, Any]:
        """Return what an order carries until its cancel has come to the planned end."""
        word = {"cancel_stuck": "stuck", "fill_on_cancel": "fill", "fill_after_cancel": "late"}[fault.kind]
        if word == "stuck":
            return {"cancel_outcome": "" if fault.seconds else word, "patience": fault.seconds}
        asset = self.market.listing.assets[order.symbol]
        late = matching.portion(order, asset, order.remaining_qty, fault.share)
        return {"cancel_outcome": word, "patience": fault.seconds, "late_qty": late}

    def replace(self, order_id: str, body: dict[str, Any]) -> Order:
        """Take a new order in the place of an open one."""
        old = self.find(order_id)
        if not old.is_open:
            raise invalid(f'order is already in "{old.status}" state')
        if old.status in NOT_AT_THE_EXCHANGE:
            raise malformed("unable to replace order, order isn't sent to exchange yet")
        if old.notional is not None:
            raise invalid("notional orders cannot be replaced")
        client_order_id = client_order_id_of(body) or self._new_id("client")
        check_id_unused(client_order_id, self.book)
        time_in_force = str(body.get("time_in_force") or old.time_in_force)
        names = {"qty": "qty", "limit_price": "limit_price", "stop_price": "stop_price", "trail": "trail_price"}
        changes = {name: decimal_of(body, field) for field, name in names.items() if body.get(field) is not None}
        check_time_in_force(self.market.listing.assets[old.symbol], time_in_force)
        if old.asset_class != "crypto":
            check_penny("limit_price", changes.get("limit_price"))
            check_penny("stop_price", changes.get("stop_price"))
        if "qty" not in changes:
            changes["qty"] = old.remaining_qty
        now = self.clock.now()
        new = replace(
            old,
            id=self._new_id("order"),
            client_order_id=client_order_id,
            status="pending_new",
            created_at=now,
            updated_at=now,
            submitted_at=now,
            replaces=old.id,
            filled_qty=Decimal(0),
            filled_cost=Decimal(0),
            filled_at=None,
            rested=False,
            triggered=False,
            by_hand=False,
            time_in_force=time_in_force,
            **changes,
        )
        new = replace(new, hold_price=new.limit_price or new.stop_price or new.hold_price)
        self._check_replacement(old, new)
        self._move(matching.moved(self.environment, old, now, "replaced", "replaced", replaced_by=new.id))
        return self._take(new)

    def _check_replacement(self, old: Order, new: Order) -> None:
        """Refuse a replacement the account cannot hold once the old order is out of the way."""
        if new.is_buy and new.held_cost - old.held_cost > self.book.spendable():
            raise Refused(403, 40310000, "insufficient buying power")
        if not new.is_buy and new.asset_class == "crypto":
            others = self.book.held_quantity(old.symbol) - old.remaining_qty
            if new.remaining_qty > self.book.quantity(old.symbol) - others:
                raise Refused(403, 40310000, "insufficient qty available for order")

    # What time makes of it

    def _move(self, fact: OrderMoved) -> None:
        order = fact.order
        is_before_the_late_fill = order.status == "pending_cancel" and order.cancel_outcome == "late"
        patience = 0 if is_before_the_late_fill else order.patience
        self._due[order.id] = time.monotonic() + self._conditions.fill_seconds + patience
        self._record(fact)
        if not order.is_open and not order.late_qty:
            self._due.pop(order.id, None)

    def work(self) -> float | None:
        """Let the market pass over the waiting orders; return the seconds until one is due, None if none is."""
        now = self.clock.now()
        waiting = self.book.waiting()
        for symbol in dict.fromkeys(order.symbol for order in waiting):
            after = self._watched.get(symbol, now)
            self.meet(symbol, self.market.trades(symbol, after, now))
            self._watched[symbol] = now
        for symbol in self._watched.keys() - {order.symbol for order in waiting}:
            del self._watched[symbol]
        due = [self._due[order.id] for order in self.book.waiting() if self._needs_time(order)]
        return max(min(due) - time.monotonic(), 0.0) if due else None

    def _needs_time(self, order: Order) -> bool:
        """Say whether an order changes by the mere passing of its delay, whatever the market does."""
        if order.id not in self._due or order.cancel_outcome == "stuck":
            return False
        if order.status in ("pending_new", "pending_cancel") or not order.is_open:
            return True
        if order.by_hand or order.status == "accepted" or (order.stop_price is not None and not order.triggered):
            return False
        return not order.rested or order.time_in_force in ("ioc", "fok")

    def meet(self, symbol: str, trades: list[Trade], *, were_just_given: bool = False) -> None:
        """Hold the orders of a symbol against trades in their order, and then against the quote of now.

        Trades that were just given are met by all orders, whatever time they are given for.
        """
        now = self.clock.now()
        for trade in trades:
            self._meet_quote(symbol, self.market.quote_around(trade), None if were_just_given else trade.at, now)
        self._meet_quote(symbol, self.market.quote(symbol, now), None, now)

    def _meet_quote(self, symbol: str, quote: Quote, at: int | None, now: int) -> None:
        """Take the orders of a symbol that were there at a time one state further, if it is time for them."""
        for order in self.book.waiting():
            was_there = at is None or order.submitted_at <= at
            if order.symbol == symbol and was_there and self._due.get(order.id, 0) <= time.monotonic():
                self._step(order, quote, now)

    def _step(self, order: Order, quote: Quote, now: int) -> None:
        """Take an order one state further, if it is time."""
        asset = self.market.listing.assets[order.symbol]
        if order.status == "pending_cancel":
            self._finish_cancel(order, asset, quote, now)
        elif not order.is_open:
            self._fill_late(order, asset, quote, now)
        elif order.expires_at is not None and now >= order.expires_at:
            self._move(matching.moved(self.environment, order, now, "expired", "expired"))
        elif not asset.is_crypto and not sessions.is_open(now):
            return
        elif order.doomed:
            self._move(matching.moved(self.environment, order, now, "rejected", "rejected"))
        elif order.status in ("accepted", "pending_new"):
            rests = order.stop_price is None and matching.price_for(order, quote) is None
            self._move(matching.moved(self.environment, order, now, "new", "new", rested=rests))
        elif not order.by_hand:
            self._trade(order, asset, quote, now)

    def _trade(self, order: Order, asset: Asset, quote: Quote, now: int) -> None:
        if trailed := matching.trailing(order, quote):
            order = trailed
            self._note(order, now)
        if matching.triggers(order, quote):
            order = replace(order, triggered=True)
            self._note(order, now)
        price = matching.price_for(order, quote)
        if price is not None:
            self._fill_in_the_market(order, asset, price, now)
        elif order.time_in_force in ("ioc", "fok") and (order.stop_price is None or order.triggered):
            self._move(matching.moved(self.environment, order, now, "canceled", "canceled"))
        elif not order.rested and (order.stop_price is None or order.triggered):
            self._note(replace(order, rested=True), now)

    def _note(self, order: Order, now: int) -> None:
        """Write down what nobody hears of."""
        self._record(OrderMoved(environment=self.environment, at=now, event=None, order=order))

    def _fill_in_the_market(self, order: Order, asset: Asset, price: Decimal, now: int) -> None:
        qty = matching.wanted(order, price)
        part = self._part(order, asset, qty)
        self._move(matching.filled(self.environment, order, asset, now, part, price, is_last=part == qty))
        rest = self.book.orders[order.id]
        if part != qty and order.time_in_force == "ioc":
            self._move(matching.moved(self.environment, rest, now, "canceled", "canceled"))

    def _part(self, order: Order, asset: Asset, qty: Decimal) -> Decimal:
        """Return how much of an order fills at once: the whole, unless this order was chosen to fill in parts."""
        if order.filled_qty or order.time_in_force == "fok":
            return qty
        if fault := self._faults.take_order("partial", order):
            return matching.portion(order, asset, qty, fault.share)
        chance = Random(f"{self.market.seed}:{order.client_order_id}")
        if chance.random() >= self._conditions.partial_share:
            return qty
        return matching.portion(order, asset, qty, Decimal(str(round(chance.uniform(0.2, 0.8), 2))))

    def _finish_cancel(self, order: Order, asset: Asset, quote: Quote, now: int) -> None:
        match order.cancel_outcome:
            case "stuck":
                return
            case "fill":
                self._fill_late(replace(order, cancel_outcome=""), asset, quote, now)
            case _:
                self._move(matching.moved(self.environment, order, now, "canceled", "canceled"))

    def _fill_late(self, order: Order, asset: Asset, quote: Quote, now: int) -> None:
        """Fill what was to be filled in spite of a cancel; a cancel that is still pending goes on with the rest."""
        price = order.limit_price or (quote.ask if order.is_buy else quote.bid)
        qty = min(order.late_qty, order.remaining_qty)
        order = replace(order, late_qty=Decimal(0))
        self._move(matching.filled(self.environment, order, asset, now, qty, price, is_last=qty == order.remaining_qty))

    # What a test does by hand

    def fill(self, order_id: str, qty: Decimal | None, price: Decimal | None) -> Order:
        """Fill an order, or a part of it, whatever its state."""
        order = self.find(order_id)
        now = self.clock.now()
        quote = self.market.quote(order.symbol, now)
        given = price or order.limit_price or (quote.ask if order.is_buy else quote.bid)
        whole = matching.wanted(order, given)
        part = whole if qty is None else qty
        asset = self.market.listing.assets[order.symbol]
        self._move(matching.filled(self.environment, order, asset, now, part, given, is_last=part >= whole))
        return self.book.orders[order_id]

    def set_status(self, order_id: str, status: str, event: str | None) -> Order:
        """Bring an order to any status, known or not."""
        self._move(matching.moved(self.environment, self.find(order_id), self.clock.now(), status, event))
        return self.book.orders[order_id]

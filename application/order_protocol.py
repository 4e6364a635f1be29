"""How an order travels to an exchange and back: the protocol that sends nothing twice and loses no execution."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import inf
from time import monotonic
from typing import Protocol
from uuid import UUID

from application.clock import Clock
from application.exchange import (
    Accepted,
    CancelOutcome,
    Declined,
    Exchange,
    ExchangeExecution,
    ExchangeOrder,
    ExchangeStatus,
    NotSent,
    OrderTicket,
    OutcomeUnknown,
    SubmitOutcome,
)
from application.journal import Journal
from application.kill_latch import KillSwitchLatch
from application.order_gate import Held, OrderGate, Stopped
from application.order_records import RETRY, Desk, OrderRecords
from application.run_book import RunBook, catch_up
from domain.order import Order, OrderStatus
from domain.risk import KILL_SWITCH

# All in seconds. The exchange is believed that there is no such order after so many answers over so long a time.
ABSENT_ANSWERS, ABSENT_SECONDS = 3, 10.0
SHORT_WAIT = 0.05
# After a cancellation was taken: when the order is asked after if nothing was heard of it.
UNHEARD = 3.0
# After an order ended with less than was ordered: when executions are asked for that came all the same.
SECOND_LOOK = 10.0
LOOK_BACK = timedelta(minutes=2)

type Report = Callable[[str, dict[str, object]], None]


class Asking(Protocol):
    """Puts a question to the exchange without waiting for it."""

    def __call__[T](self, desk: Desk, question: Callable[[], T], answer: Callable[[T], None]) -> None:
        """Let `answer` deal with what `question` returns, later, in the thread of the protocol."""
        ...


class OrderProtocol:
    """The orders of one account that have not ended, each on its way.

    Belongs to one thread. An order is recorded as submitted before it is sent, so that whoever finds it so later knows
    that it may have been; it is sent again only after the exchange has said, for a while, that there is no such order,
    and always under the same id. may_send: whether the account is this process's, asked right before each request from
    any thread. desks: the orders. look_again_at: when the executions of orders that have ended are to
    be asked for, in seconds of its clock.
    """

    def __init__(
        self,
        exchange: Exchange,
        journal: Journal,
        latch: KillSwitchLatch,
        clock: Clock,
        ask: Asking,
        report: Report,
        may_send: Callable[[], bool],
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._exchange = exchange
        self._journal = journal
        self._latch = latch
        self._clock = clock
        self._ask = ask
        self._report = report
        self._may_send = may_send
        self._seconds = seconds
        self._gate = OrderGate(latch)
        self.desks: dict[UUID, Desk] = {}
        self.records = OrderRecords(exchange, journal, clock, self._ended)
        self.look_again_at = inf
        self.is_ready = False

    def follow(self, book: RunBook) -> None:
        """Look after the orders of a run that have not ended, and no longer after those that have."""
        for order_id, order in book.orders.items():
            desk = self.desks.get(order_id)
            if desk is None:
                # an order that was sent by another process, or before a restart, is in doubt
                self.desks[order_id] = Desk(order, book, is_in_doubt=order.status is not OrderStatus.PENDING)
            else:
                desk.order = order
        for order_id in [one for one, desk in self.desks.items() if desk.book is book and one not in book.orders]:
            del self.desks[order_id]

    def turn(self) -> None:
        """Take every order a step further that can be."""
        now = self._seconds()
        for desk in list(self.desks.values()):
            if not desk.is_asking and now >= desk.next_at:
                self._advance(desk)

    def doubt_everything(self) -> None:
        """Ask after every order that may be at the exchange."""
        for desk in self.desks.values():
            if desk.order.status is not OrderStatus.PENDING:
                desk.is_in_doubt, desk.next_at = True, 0.0

    def cancel_everything(self) -> None:
        """Ask for every order at the exchange to be cancelled, and do not wait for the journal with it."""
        for desk in list(self.desks.values()):
            if desk.order.exchange_order_id is not None and not desk.is_asking:
                self._cancel(desk)

    def _ended(self, order: Order) -> None:
        self.desks.pop(order.id, None)
        if order.exchange_order_id is not None and order.filled_qty < order.created.qty:
            self.look_again_at = min(self.look_again_at, self._seconds() + SECOND_LOOK)

    def _advance(self, desk: Desk) -> None:
        order = desk.order
        match order.status:
            case OrderStatus.PENDING:
                self._try_to_send(desk)
            case OrderStatus.SUBMITTED | OrderStatus.UNKNOWN:
                if desk.is_unsent:
                    self._try_to_send(desk)
                else:
                    self._ask_after(desk)
            case OrderStatus.ACCEPTED | OrderStatus.PARTIAL:
                # where the run's own bars fill orders, the journal is the exchange's book: there is nobody to ask
                if desk.is_in_doubt and not self._exchange.capabilities.matches_bars:
                    self._ask_after(desk)
                elif order.cancel_requested or self._latch.reason is not None:
                    self._cancel(desk)

    # Sending.

    def _try_to_send(self, desk: Desk) -> None:
        now = self._clock.now()
        match self._gate.judge(desk.order, desk.book, now):
            case Stopped(policy=policy) if policy == KILL_SWITCH and not self.is_ready:
                # decided once more after a restore, it may be at the exchange: a comparison tells
                desk.next_at = self._seconds() + SHORT_WAIT
            case Stopped() as stopped:
                self._end_unsent(desk, stopped, now)
            case Held():
                desk.next_at = self._seconds() + SHORT_WAIT
            case None if not self.is_ready:
                desk.next_at = self._seconds() + SHORT_WAIT
            case None:
                self._send(desk)

    def _send(self, desk: Desk) -> None:
        now = self._clock.now()
        if not desk.is_unsent and not self._intend(desk, now):
            return
        # what was recorded before this order was recorded as sent must hold it back: a stop, a pause, a cancellation
        catch_up(self._journal, desk.book)
        match self._gate.judge(desk.order, desk.book, now):
            case Stopped() as stopped:
                self._end_unsent(desk, stopped, now)
                return
            case Held():
                desk.is_unsent, desk.next_at = True, self._seconds() + SHORT_WAIT
                return
        self._gate.sent(desk.book.id, now)
        desk.is_unsent, desk.is_in_doubt, desk.absent = False, False, 0
        ticket = _ticket(desk.order)
        valid_until = desk.order.created.valid_until
        self._ask(
            desk, lambda: self._submit_in_time(ticket, valid_until), lambda outcome: self._submitted(desk, outcome)
        )

    def _submit_in_time(self, ticket: OrderTicket, valid_until: datetime | None) -> SubmitOutcome:
        """Look once more right before the request: a thread may have waited, a process may have been stopped."""
        if self._latch.reason is not None:
            return NotSent(self._latch.reason)
        if not self._may_send():
            return NotSent("another process may trade the account by now")
        if valid_until is not None and self._clock.now() > valid_until:
            return NotSent("it is too late")
        return self._exchange.submit(ticket)

    def _intend(self, desk: Desk, now: datetime) -> bool:
        """Record that the order is about to be sent; False: another process does, so that it must be asked after."""
        attempts = desk.order.attempts
        if self.records.record(desk, lambda one: one.submit(now) if one.attempts == attempts else None):
            return True
        desk.is_in_doubt = True
        return False

    def _end_unsent(self, desk: Desk, stopped: Stopped, now: datetime) -> None:
        self.records.record(desk, lambda one: _stopped(one, now, stopped))

    def _submitted(self, desk: Desk, outcome: SubmitOutcome) -> None:
        now = self._clock.now()
        match outcome:
            case Accepted():
                self._adopt(desk, outcome.order)
            case Declined() if desk.order.attempts > 1 or desk.order.exchange_order_id is not None:
                # the first request may be what made the second impossible: the exchange is asked once more
                desk.declined = outcome.reason
                self._lose_sight(desk, outcome.reason)
            case Declined():
                self.records.record(desk, lambda one: one.reject(now, outcome.reason))
            case NotSent():
                desk.is_unsent = True
                desk.wait_longer(self._seconds())
            case OutcomeUnknown():
                self._lose_sight(desk, outcome.reason)

    def _lose_sight(self, desk: Desk, reason: str) -> None:
        now = self._clock.now()
        self.records.record(desk, lambda one: one.lose_sight(now, reason))
        desk.is_in_doubt, desk.absent = True, 0
        desk.next_at = self._seconds() + RETRY

    def _ask_after(self, desk: Desk) -> None:
        client_order_id = desk.order.created.client_order_id
        self._ask(desk, lambda: self._exchange.find(client_order_id), lambda found: self._answered(desk, found))

    def _answered(self, desk: Desk, found: ExchangeOrder | None) -> None:
        if found is not None:
            desk.is_in_doubt, desk.declined, desk.absent = False, None, 0
            if not desk.order.cancel_requested:
                desk.delay = RETRY
            self._adopt(desk, found)
            return
        now = self._seconds()
        desk.absent, desk.absent_since = desk.absent + 1, desk.absent_since if desk.absent else now
        patience = 0.0 if self._exchange.capabilities.matches_bars else ABSENT_SECONDS
        if desk.absent < ABSENT_ANSWERS or now - desk.absent_since < patience:
            desk.next_at = now + patience / ABSENT_ANSWERS
        elif desk.order.exchange_order_id is None:
            self._try_again(desk)
        else:
            gone = {"exchange": self._exchange.name, "order_id": str(desk.order.id)}
            self._report("order is gone", {"level": "warning", **gone})
            desk.wait_longer(now)

    def _try_again(self, desk: Desk) -> None:
        """The exchange has no such order: send it again under the same id, if it may still leave."""
        now = self._clock.now()
        if (declined := desk.declined) is not None:
            self.records.record(desk, lambda one: one.reject(now, declined))
            return
        verdict = self._gate.judge(desk.order, desk.book, now)
        if verdict is None and self.is_ready:
            self._send(desk)
        elif isinstance(verdict, Stopped):
            self._end_unsent(desk, verdict, now)
        else:
            desk.next_at = self._seconds() + SHORT_WAIT

    # Cancelling.

    def _cancel(self, desk: Desk) -> None:
        exchange_order_id = desk.order.exchange_order_id or ""
        self._ask(
            desk, lambda: self._exchange.cancel(exchange_order_id), lambda outcome: self._cancel_taken(desk, outcome)
        )

    def _cancel_taken(self, desk: Desk, outcome: CancelOutcome) -> None:
        now = self._clock.now()
        match outcome:
            case CancelOutcome.DONE:
                self.records.record(desk, lambda one: one.cancel(now, "cancelled on request"))
            case CancelOutcome.TAKEN:
                desk.is_in_doubt, desk.next_at = True, self._seconds() + UNHEARD
            case _:
                desk.is_in_doubt = True
                desk.wait_longer(self._seconds())

    # What the exchange says.

    def adopt(self, order_id: UUID, found: ExchangeOrder, execution: ExchangeExecution | None) -> None:
        """Take what the exchange says of an order that has not ended."""
        desk = self.desks[order_id]
        self._accept(desk, found)
        if execution is not None:
            self.records.book_executions(desk, [execution])
        if order_id in self.desks:
            self._adopt(desk, found)

    def _accept(self, desk: Desk, found: ExchangeOrder) -> None:
        now = self._clock.now()
        self.records.record(desk, lambda one: one.accept(now, found.exchange_order_id))

    def _adopt(self, desk: Desk, found: ExchangeOrder) -> None:
        """Let the journal say what the exchange says. An order ends only when what was filled of it is booked."""
        self._accept(desk, found)
        if found.filled_qty > desk.order.filled_qty:
            # by the exchange's clock, should ours be ahead of it
            after = min(desk.order.created.at, found.submitted_at) - LOOK_BACK
            self._ask(
                desk,
                lambda: self._exchange.executions(after),
                lambda executions: self._fill_in(desk, found, executions),
            )
            return
        self._end_as(desk, found)

    def _fill_in(self, desk: Desk, found: ExchangeOrder, executions: Sequence[ExchangeExecution]) -> None:
        mine = [one for one in executions if one.exchange_order_id == found.exchange_order_id]
        self.records.book_executions(desk, mine)
        if desk.order.filled_qty >= found.filled_qty:
            self._end_as(desk, found)
        else:
            desk.is_in_doubt = True
            desk.wait_longer(self._seconds())

    def _end_as(self, desk: Desk, found: ExchangeOrder) -> None:
        reason = found.reason or f"{self._exchange.name} says {found.word}"
        at = max(found.updated_at, desk.order.created.at)
        match found.status:
            case ExchangeStatus.CANCELLED:
                self.records.record(desk, lambda one: one.cancel(at, reason))
            case ExchangeStatus.EXPIRED:
                self.records.record(desk, lambda one: one.expire(at, reason))
            case ExchangeStatus.REJECTED:
                self.records.record(
                    desk, lambda one: one.reject(at, reason) if not one.filled_qty else one.cancel(at, reason)
                )
            case ExchangeStatus.FILLED if found.filled_qty:
                # with less than was ordered: the exchange expects nothing more of it
                self.records.record(desk, lambda one: one.cancel(at, reason))
            case ExchangeStatus.FILLED:
                desk.is_in_doubt = True
                desk.wait_longer(self._seconds())
            case ExchangeStatus.WORKING:
                desk.is_in_doubt = False


def _stopped(order: Order, now: datetime, verdict: Stopped) -> None:
    if verdict.policy is not None:
        order.reject(now, verdict.reason, verdict.policy)
    elif verdict.is_expired:
        order.expire(now, verdict.reason)
    else:
        order.cancel(now, verdict.reason)


def _ticket(order: Order) -> OrderTicket:
    intent = order.created
    return OrderTicket(
        client_order_id=intent.client_order_id,
        symbol=intent.symbol,
        side=intent.side,
        qty=intent.qty,
        order_type=intent.order_type,
        time_in_force=intent.time_in_force,
        limit=intent.price,
        stop=intent.stop_price,
        trail=intent.trail,
        trail_percent=intent.trail_percent,
        intent=intent,
    )

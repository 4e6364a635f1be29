"""How an order travels to an exchange and back: the protocol that sends nothing twice and loses no execution."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from application.run_book import RunBook
from domain.costs import Costs
from domain.errors import ConcurrentChange
from domain.events import Chain
from domain.money import ZERO
from domain.order import Execution as Executed
from domain.order import Order, OrderStatus
from domain.risk import Objection, RiskGuard, risk_stream_id

ACTOR = "execution"
# All in seconds. The exchange is believed that there is no such order after so many answers over so long a time.
ABSENT_ANSWERS, ABSENT_SECONDS = 3, 10.0
SHORT_WAIT = 0.05
RETRY, LONGEST_RETRY = 0.25, 5.0
# After a cancellation was taken: when the order is asked after if nothing was heard of it.
UNHEARD = 3.0
OVERFILL = "overfill"
MAX_ATTEMPTS = 10
LOOK_BACK = timedelta(minutes=2)

type Report = Callable[[str, dict[str, object]], None]


@dataclass(slots=True)
class Desk:
    """One order that has not ended.

    is_unsent: recorded as submitted, but surely not sent. is_in_doubt: the exchange has to be asked after it. next_at:
    not looked at before, monotonic seconds. absent: how often in a row the exchange has said that it is not there.
    """

    order: Order
    book: RunBook
    is_asking: bool = False
    is_unsent: bool = False
    is_in_doubt: bool = True
    next_at: float = 0.0
    delay: float = RETRY
    absent: int = 0
    absent_since: float = 0.0

    def wait_longer(self) -> None:
        """Leave the order alone for a while, each time longer."""
        self.next_at = monotonic() + self.delay
        self.delay = min(self.delay * 2, LONGEST_RETRY)


class Asking(Protocol):
    """Puts a question to the exchange without waiting for it."""

    def __call__[T](self, desk: Desk, question: Callable[[], T], answer: Callable[[T], None]) -> None:
        """Let `answer` deal with what `question` returns, later, in the thread of the protocol."""
        ...


class OrderProtocol:
    """The orders of one account that have not ended, each on its way.

    Belongs to one thread. An order is recorded as submitted before it is sent, so that whoever finds it so later knows
    that it may have been; it is sent again only after the exchange has said, for a while, that there is no such order,
    and always under the same id.
    """

    def __init__(
        self, exchange: Exchange, journal: Journal, latch: KillSwitchLatch, clock: Clock, ask: Asking, report: Report
    ) -> None:
        self._exchange = exchange
        self._journal = journal
        self._latch = latch
        self._clock = clock
        self._ask = ask
        self._report = report
        self._gate = OrderGate(latch)
        self.desks: dict[UUID, Desk] = {}
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
        now = monotonic()
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
                if desk.is_in_doubt:
                    self._ask_after(desk)
                elif order.cancel_requested or self._latch.reason is not None:
                    self._cancel(desk)

    # Sending.

    def _try_to_send(self, desk: Desk) -> None:
        order, now = desk.order, self._clock.now()
        verdict = self._gate.judge(order, desk.book, now)
        match verdict:
            case Stopped():
                self._record(desk, lambda one: _stopped(one, now, verdict))
            case Held():
                desk.next_at = monotonic() + SHORT_WAIT
            case None if not self.is_ready:
                desk.next_at = monotonic() + SHORT_WAIT
            case None:
                self._send(desk)

    def _send(self, desk: Desk) -> None:
        now = self._clock.now()
        if not desk.is_unsent:
            # a second process that does the same is refused by the journal here, before anything has left
            if not self._record(desk, lambda one: one.submit(now)) or desk.order.status is not OrderStatus.SUBMITTED:
                return
            self._gate.sent(desk.book.id, now)
        desk.is_unsent, desk.is_in_doubt, desk.absent = False, False, 0
        ticket = _ticket(desk.order)
        self._ask(desk, lambda: self._exchange.submit(ticket), lambda outcome: self._submitted(desk, outcome))

    def _submitted(self, desk: Desk, outcome: SubmitOutcome) -> None:
        now = self._clock.now()
        match outcome:
            case Accepted():
                self._adopt(desk, outcome.order)
            case Declined():
                self._record(desk, lambda one: one.reject(now, outcome.reason))
            case NotSent():
                desk.is_unsent = True
                desk.wait_longer()
            case OutcomeUnknown():
                self._record(desk, lambda one: one.lose_sight(now, outcome.reason))
                desk.is_in_doubt = True
                desk.next_at = monotonic() + RETRY

    def _ask_after(self, desk: Desk) -> None:
        client_order_id = desk.order.created.client_order_id
        self._ask(desk, lambda: self._exchange.find(client_order_id), lambda found: self._answered(desk, found))

    def _answered(self, desk: Desk, found: ExchangeOrder | None) -> None:
        if found is not None:
            desk.is_in_doubt, desk.delay = False, RETRY
            self._adopt(desk, found)
            return
        now = monotonic()
        desk.absent, desk.absent_since = desk.absent + 1, desk.absent_since if desk.absent else now
        patience = 0.0 if self._exchange.capabilities.matches_bars else ABSENT_SECONDS
        if desk.absent < ABSENT_ANSWERS or now - desk.absent_since < patience:
            desk.next_at = now + patience / ABSENT_ANSWERS
        elif desk.order.exchange_order_id is None:
            self._try_again(desk)
        else:
            self._report("order is gone", {"exchange": self._exchange.name, "order_id": str(desk.order.id)})
            desk.wait_longer()

    def _try_again(self, desk: Desk) -> None:
        """The exchange has no such order: send it again under the same id, if it may still leave."""
        now = self._clock.now()
        verdict = self._gate.judge(desk.order, desk.book, now)
        if verdict is None and self.is_ready:
            self._send(desk)
        elif isinstance(verdict, Stopped):
            self._record(desk, lambda one: _stopped(one, now, verdict))
        else:
            desk.next_at = monotonic() + SHORT_WAIT

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
                self._record(desk, lambda one: one.cancel(now, "cancelled on request"))
            case CancelOutcome.TAKEN:
                desk.is_in_doubt, desk.next_at = True, monotonic() + UNHEARD
            case _:
                desk.is_in_doubt, desk.next_at = True, monotonic() + RETRY

    # What the exchange says.

    def adopt(self, order_id: UUID, found: ExchangeOrder, execution: ExchangeExecution | None) -> None:
        """Take what the exchange says of an order that has not ended."""
        desk = self.desks[order_id]
        if execution is not None:
            self.book_executions(desk, [execution])
        if order_id in self.desks:
            self._adopt(desk, found)

    def _adopt(self, desk: Desk, found: ExchangeOrder) -> None:
        """Let the journal say what the exchange says. An order ends only when what was filled of it is booked."""
        now = self._clock.now()
        if desk.order.exchange_order_id is None:
            self._record(desk, lambda one: one.accept(now, found.exchange_order_id))
        if found.filled_qty > desk.order.filled_qty:
            after = desk.order.created.at - LOOK_BACK
            self._ask(
                desk,
                lambda: self._exchange.executions(after),
                lambda executions: self._fill_in(desk, found, executions),
            )
            return
        self._end_as(desk, found)

    def _fill_in(self, desk: Desk, found: ExchangeOrder, executions: Sequence[ExchangeExecution]) -> None:
        self.book_executions(desk, [one for one in executions if one.exchange_order_id == found.exchange_order_id])
        if desk.order.filled_qty >= found.filled_qty:
            self._end_as(desk, found)
        else:
            desk.is_in_doubt = True
            desk.wait_longer()

    def _end_as(self, desk: Desk, found: ExchangeOrder) -> None:
        reason = found.reason or f"{self._exchange.name} says {found.word}"
        at = max(found.updated_at, desk.order.created.at)
        match found.status:
            case ExchangeStatus.CANCELLED:
                self._record(desk, lambda one: one.cancel(at, reason))
            case ExchangeStatus.EXPIRED:
                self._record(desk, lambda one: one.expire(at, reason))
            case ExchangeStatus.REJECTED:
                self._record(desk, lambda one: one.reject(at, reason) if not one.filled_qty else one.cancel(at, reason))
            case _:
                desk.is_in_doubt = False

    def book_executions(self, desk: Desk, executions: Sequence[ExchangeExecution]) -> int:
        """Book what was executed of an order, each execution once; return how many were new."""
        booked = 0
        for execution in executions:
            executed = self._costed(desk, execution)
            booked += self._record(desk, _fill(execution, executed))
        if desk.order.filled_qty > desk.order.created.qty:
            self._halt_overfilled(desk)
        return booked

    def _costed(self, desk: Desk, execution: ExchangeExecution) -> Executed:
        liquidity = execution.liquidity or "taker"
        fee, base_fee = execution.fee, execution.base_fee
        if fee is None and base_fee is None:
            instrument = self._exchange.instrument(execution.symbol)
            fee, base_fee = Costs.of(desk.book.description.costs).charged(
                execution.qty,
                execution.price,
                execution.side,
                instrument,
                liquidity,
                is_first=not desk.order.executions,
            )
        return Executed(execution.qty, execution.price, fee or ZERO, base_fee or ZERO, liquidity=liquidity)

    def _halt_overfilled(self, desk: Desk) -> None:
        order, run_id = desk.order, desk.book.id
        message = f"order {order.id} of {order.created.qty} was filled with {order.filled_qty}"
        guard = self._journal.load(RiskGuard, risk_stream_id(run_id)) or RiskGuard(risk_stream_id(run_id))
        guard.halt(self._clock.now(), run_id, Objection(OVERFILL, message, {"filled": str(order.filled_qty)}))
        self._journal.record(guard, run_id=run_id, chain=self._chain(order, desk.book))

    def _record(self, desk: Desk, decide: Callable[[Order], object]) -> bool:
        """Record what is decided on an order as the journal has it now; return False if nothing was to be recorded."""
        for _ in range(MAX_ATTEMPTS):
            order = desk.order
            before = order.version
            decide(order)
            if order.version == before:
                return False
            try:
                self._journal.record(order, run_id=desk.book.id, chain=self._chain(order, desk.book))
            except ConcurrentChange:
                self._reload(desk)
                continue
            if order.status.is_final:
                self.desks.pop(order.id, None)
            return True
        raise ConcurrentChange(f"order {desk.order.id} could not be recorded: others were faster")

    def _reload(self, desk: Desk) -> None:
        order = self._journal.load(Order, desk.order.id)
        if order is None:
            raise ConcurrentChange(f"order {desk.order.id} is not in the journal")
        desk.order = order
        if desk.order.id in desk.book.orders:
            desk.book.orders[desk.order.id] = order

    @staticmethod
    def _chain(order: Order, book: RunBook) -> Chain:
        correlation_id = book.corr_ids.get(order.id, str(book.id))
        return Chain(correlation_id, f"{order.id}:{order.version - 1}", actor=ACTOR)


def _fill(execution: ExchangeExecution, executed: Executed) -> Callable[[Order], object]:
    return lambda order: order.fill(execution.at, execution.execution_id, executed, is_a_fact=True)


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

"""One account at one exchange: its runs' orders, what the exchange says of them, and both sides compared."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from math import inf
from time import monotonic
from typing import Protocol
from uuid import UUID

from application.account_books import AccountBooks
from application.clock import Clock
from application.exchange import Exchange, ExchangeExecution, ExchangeOrder, ExchangeUpdate
from application.journal import Journal
from application.kill_latch import KillSwitchLatch
from application.lost_orders import adoptable, is_ours
from application.order_protocol import LOOK_BACK, OrderProtocol, Report
from application.order_records import LONGEST_RETRY, Desk
from application.reconciliation import Reconciliation, Snapshot, take_snapshot
from application.run_book import RunBook, catch_up
from domain.errors import CredentialsRefused, Unavailable
from domain.order import Order, OrderStatus

# All in seconds.
COMPARE_EVERY = 300.0
# A run that has not decided on its last tick may take so long to do so before its lost orders are recorded for it.
DECISION_PATIENCE = 60.0
# While nothing is heard, what was executed is asked for.
COMPARE_DEAF = 15.0
# Two comparisons in a row are missing, and the time each may take.
OVERDUE_AFTER = 2 * COMPARE_EVERY + 60.0
CONFIRM_AFTER = 2.0
# A heap of messages that cannot be read is one reason to compare.
QUARANTINE = 0.5


class Questions(Protocol):
    """Puts questions to the exchange without waiting for them."""

    def __call__[T](self, question: Callable[[], T], answer: Callable[[Future[T]], None]) -> None:
        """Let `answer` deal with what `question` returns or raises, later, in the thread of the account."""
        ...


class TradedAccount:
    """Everything that is known of an account, and what is to be done next. Belongs to one thread, and never waits.

    traded: mode and adapter of its runs. ask: puts questions. may_send: whether the account is this process's.
    seconds: of a clock that never goes back.
    failure: what keeps orders from leaving, None if nothing does. refused: what the exchange said to the keys, None if
    it takes them.
    """

    def __init__(
        self,
        exchange: Exchange,
        traded: tuple[str, str],
        journal: Journal,
        latch: KillSwitchLatch,
        clock: Clock,
        ask: Questions,
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
        self._seconds = seconds
        self._reconciliation = Reconciliation(journal, exchange.name, clock)
        self._protocol = OrderProtocol(exchange, journal, latch, clock, self._ask_about, report, may_send, seconds)
        self._books = AccountBooks(journal, traded)
        self._is_deaf = exchange.capabilities.streaming
        self._comparison: Comparison | None = None
        self._cause = "start"
        self._compare_at = inf
        self._is_confirming = False
        self._compared_at: datetime | None = None
        self._began_at = clock.now()
        self._adopts_by = inf
        self.failure: str | None = "it has not begun"
        self.refused: str | None = None

    @property
    def working(self) -> int:
        """How many orders have not ended."""
        return len(self._protocol.desks)

    def orders(self) -> Mapping[OrderStatus, int]:
        """Return how many orders that have not ended are in each status; every status that is no end is there."""
        found = Counter(desk.order.status for desk in list(self._protocol.desks.values()))
        return {status: found[status] for status in OrderStatus if not status.is_final}

    @property
    def is_ready(self) -> bool:
        """Whether both sides were compared and orders may leave."""
        return self._protocol.is_ready

    @property
    def reconciliation_age(self) -> float | None:
        """Seconds since both sides were compared, or, before the first time, since it began to look after the account.

        None where there is nothing to compare: orders are filled by the run's own bars.
        """
        if self._exchange.capabilities.matches_bars:
            return None
        return max((self._clock.now() - (self._compared_at or self._began_at)).total_seconds(), 0.0)

    def begin(self) -> None:
        """Fold every run of the account, and compare both sides as soon as the exchange is heard."""
        self.hold(f"{self._exchange.name} is being compared with the journal")
        self._books.read()
        self._compared_at = self._reconciliation.compared_at()
        # until everything was read, what is known already serves a halt
        self._protocol.desks, self._comparison = {}, None
        for book in self._books.runs.values():
            self._protocol.follow(book)
        if self._exchange.capabilities.matches_bars:
            self._protocol.is_ready, self.failure = True, None
            return
        self._cause, self._is_confirming, self._adopts_by = "start", False, inf
        if not self._is_deaf:
            self._compare()

    def turn(self) -> None:
        """Take everything a step further that can be."""
        if self._seconds() >= self._compare_at:
            self._compare()
        if self._seconds() >= self._protocol.look_again_at:
            self._look_again()
        self._protocol.turn()

    def hold(self, reason: str) -> None:
        """Let no order leave before both sides were compared again."""
        self._protocol.is_ready, self.failure = False, reason

    def leave(self, reason: str) -> None:
        """Let no order leave: another process looks after the account, and hears its stream."""
        self.hold(reason)
        self._is_deaf, self._compare_at = self._exchange.capabilities.streaming, inf

    def cancel_everything(self) -> None:
        """Ask for every order at the exchange to be cancelled."""
        self._protocol.cancel_everything()

    def catch_up(self, run_id: UUID) -> None:
        """Take what was recorded of a run."""
        if (book := self._books.catch_up(run_id)) is not None:
            self._protocol.follow(book)

    # What the exchange says.

    def take(self, update: ExchangeUpdate) -> None:
        """Let the journal say what the stream says of an order."""
        known = self._books.known(update.order.client_order_id)
        if known is None:
            return  # placed by hand: a comparison shows it
        book, order_id = known
        if order_id in self._protocol.desks:
            self._protocol.adopt(order_id, update.order, update.execution)
        else:
            self._take_late(book, order_id, update.order, [] if update.execution is None else [update.execution])

    def _take_late(
        self, book: RunBook, order_id: UUID, found: ExchangeOrder | None, executions: Sequence[ExchangeExecution]
    ) -> int:
        """Book what was executed of an order that has ended; return how many executions were new.

        One that ended because the exchange had never heard of it, and does after all, is cancelled there.
        """
        order = self._journal.load(Order, order_id)
        if order is None:
            return 0
        desk = Desk(order, book)
        if found is not None and order.exchange_order_id is None:
            now = self._clock.now()
            self._protocol.records.record(desk, lambda one: one.accept(now, found.exchange_order_id))
            self._withdraw(found)
        return self._protocol.records.book_executions(desk, executions)

    def _withdraw(self, found: ExchangeOrder) -> None:
        """Cancel an order that works at the exchange and has ended here; if that fails, the next comparison tells."""
        if not found.status.is_final:
            self._warn("order came late", order=found.client_order_id)
            exchange_order_id = found.exchange_order_id
            self._ask(lambda: self._exchange.cancel(exchange_order_id), lambda done: None)

    def quarantine(self, raw: str, reason: str) -> None:
        """Keep a message that cannot be read, and ask for what it may have said."""
        self._warn("message not understood", reason=reason)
        self._reconciliation.keep_message(raw, reason)
        self._cause = "discrepancy"
        self._compare_at = min(self._compare_at, self._seconds() + QUARANTINE)  # one comparison for a heap of them

    # Comparing both sides.

    def hear(self) -> None:
        """The stream is heard: what was asked before is not enough, something may have happened in between."""
        self._is_deaf = False
        self._compare()

    def lose(self, reason: str) -> None:
        """The stream is not heard: no order leaves, and what happens is asked for."""
        self._protocol.is_ready, self._is_deaf = False, True
        self._cause = "start" if self._cause == "start" else "reconnect"
        self.failure = f"the order stream of {self._exchange.name} is down: {reason}"
        self._compare_at = min(self._compare_at, self._seconds() + CONFIRM_AFTER)
        self._warn("order stream lost", reason=reason)

    def _compare(self) -> None:
        """Ask for the exchange's side; a question that is on its way already is asked again when it is answered."""
        if self._comparison is not None:
            self._comparison.is_stale = True
            return
        comparison = self._comparison = Comparison()
        self._compare_at = self._seconds() + (COMPARE_DEAF if self._is_deaf else COMPARE_EVERY)
        began = [desk.order.created.at for desk in self._protocol.desks.values()]
        if self._compared_at is None:
            began += [book.description.at for book in self._books.runs.values()]
        after = min([*began, self._compared_at or self._clock.now()]) - LOOK_BACK
        is_first = self._cause == "start"
        self._ask(
            lambda: take_snapshot(self._exchange, after, self._clock, with_orders=is_first),
            lambda done: self._compared(comparison, done),
        )

    def _compared(self, comparison: "Comparison", done: "Future[Snapshot]") -> None:
        if comparison is not self._comparison:
            return  # asked for before everything was folded anew
        self._comparison = None
        error = done.exception()
        if isinstance(error, Unavailable | CredentialsRefused):
            self._protocol.is_ready, self.failure = False, error.message
            self.refused = error.message if isinstance(error, CredentialsRefused) else None
            self._warn("exchange cannot be asked", reason=error.message)
            self._compare_at = self._seconds() + LONGEST_RETRY
            return
        snapshot = done.result()
        if not self._adopt_lost(snapshot):
            self._compare_at = self._seconds() + CONFIRM_AFTER
            return
        booked = self._book_missed(snapshot)
        self._protocol.doubt_everything()
        if comparison.is_stale:
            self._compare()
        elif not self._is_deaf:
            self._judge(snapshot, booked)

    def _adopt_lost(self, snapshot: Snapshot) -> bool:
        """Record orders of our runs that the journal has lost; False: a run may be about to decide them once more."""
        if all(self._books.known(one.client_order_id) for one in snapshot.orders if is_ours(one)):
            return True
        for book in self._books.runs.values():
            catch_up(self._journal, book)
        lost = [one for one in snapshot.orders if self._books.known(one.client_order_id) is None]
        found = adoptable(self._journal.store_id, self._books.runs.values(), lost)
        if any(book.tape.decided < book.tape.ticks for book, _ in found):
            self._adopts_by = min(self._adopts_by, self._seconds() + DECISION_PATIENCE)
            if self._seconds() < self._adopts_by:
                self.hold(f"{self._exchange.name} has orders that the journal has lost: their run is asked for them")
                return False
        for book, order in found:
            self._report("order adopted", {"exchange": self._exchange.name, "order": order.created.client_order_id})
            self._reconciliation.adopt(order, book.id)
        for book, _ in found:
            catch_up(self._journal, book)
            self._protocol.follow(book)
        return True

    def _book_missed(self, snapshot: Snapshot) -> int:
        """Book what was executed of our orders, of those that have ended too; return how many were not heard of."""
        for order in snapshot.orders:
            known = self._books.known(order.client_order_id)
            if known is not None and known[1] in known[0].ended:
                if order.exchange_order_id in known[0].exchange_ids:
                    self._withdraw(order)
                else:
                    self._take_late(*known, order, [])
                    catch_up(self._journal, known[0])
            elif known is not None and (desk := self._protocol.desks.get(known[1])) and not desk.order.attempts:
                self._protocol.adopt(known[1], order, None)  # sent before a restore, and decided once more after it
        names = {name for book in self._books.runs.values() for name in book.exchange_ids}
        if any(one.exchange_order_id not in names for one in snapshot.executions):
            self._ask_after_unseen()
        return self._book(snapshot.executions)

    def _book(self, executions: Sequence[ExchangeExecution]) -> int:
        booked = 0
        for book in self._books.runs.values():
            catch_up(self._journal, book)
            for order_id, missed in _missed(executions, book).items():
                desk = self._protocol.desks.get(order_id)
                if desk is not None:
                    booked += self._protocol.records.book_executions(desk, missed)
                else:
                    booked += self._take_late(book, order_id, None, missed)
            catch_up(self._journal, book)
        return booked

    def _look_again(self) -> None:
        """Ask for executions of orders that were cancelled: they may come later, and the message may be lost."""
        self._protocol.look_again_at = inf
        after = self._clock.now() - LOOK_BACK
        self._ask(lambda: self._exchange.executions(after), self._looked_again)

    def _looked_again(self, done: "Future[Sequence[ExchangeExecution]]") -> None:
        if done.exception() is None:
            self._book(done.result())
        elif isinstance(done.exception(), Unavailable | CredentialsRefused):
            self._protocol.look_again_at = self._seconds() + LONGEST_RETRY
        else:
            done.result()

    def _ask_after_unseen(self) -> None:
        """Somebody's order was executed: it may be one that was sent, was not to be found, and came all the same."""
        for book in self._books.runs.values():
            for order_id, client_order_id in book.unseen.items():
                if order_id in book.ended:
                    self._ask(
                        lambda name=client_order_id: self._exchange.find(name),  # type: ignore[misc]
                        lambda done, book=book, order_id=order_id: self._unseen_answered(book, order_id, done),  # type: ignore[misc]
                    )

    def _unseen_answered(self, book: RunBook, order_id: UUID, done: "Future[ExchangeOrder | None]") -> None:
        if done.exception() is None and (found := done.result()) is not None:
            self._take_late(book, order_id, found, [])
            self._compare_at = self._seconds() + CONFIRM_AFTER

    def _judge(self, snapshot: Snapshot, booked: int) -> None:
        """Record what differs; a difference is looked at twice, because both sides change while one looks."""
        known = {client_id for book in self._books.runs.values() for client_id in book.client_ids}
        found = self._reconciliation.compare(snapshot, self._books.runs, known)
        is_doubtful = any(one.kind == "position" or one.policy == "halt" for one in found)
        if is_doubtful and not self._is_confirming:
            self._is_confirming, self._compare_at = True, self._seconds() + CONFIRM_AFTER
            return
        self._is_confirming = False
        new = self._reconciliation.record(self._cause, snapshot, self._books.runs, known, found, booked)
        self._compared_at = self._clock.now()
        for one in new:
            self._warn("discrepancy", reason=one.message, policy=one.policy)
            if one.policy == "halt":
                self._reconciliation.halt(one)
                self._latch.halt(one.message)
        self._cause = "timer"
        self._protocol.is_ready, self.failure, self.refused = True, None, None

    def _warn(self, message: str, **fields: object) -> None:
        self._report(message, {"level": "warning", "exchange": self._exchange.name, **fields})

    def _ask_about[T](self, desk: Desk, question: Callable[[], T], answer: Callable[[T], None]) -> None:
        """Ask after one order, one question at a time."""
        desk.is_asking = True

        def deal_with(done: "Future[T]") -> None:
            desk.is_asking = False
            error = done.exception()
            if error is None:
                answer(done.result())
            elif isinstance(error, Unavailable | CredentialsRefused):
                desk.is_in_doubt = True
                desk.wait_longer(self._seconds())
            else:
                raise error

        self._ask(question, deal_with)


@dataclass(slots=True)
class Comparison:
    """A question to the exchange for its whole side. is_stale: something has happened since it was asked."""

    is_stale: bool = False


def _missed(executions: Sequence[ExchangeExecution], book: RunBook) -> dict[UUID, list[ExchangeExecution]]:
    """Return the executions of a run's orders that are not booked, by order."""
    found = dict[UUID, list[ExchangeExecution]]()
    for one in executions:
        order_id = book.exchange_ids.get(one.exchange_order_id)
        if order_id is not None and one.execution_id not in book.executions:
            found.setdefault(order_id, []).append(one)
    return found

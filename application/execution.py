"""The outbox reader: what runs have decided goes to an exchange, what the exchange says goes to the journal."""

import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import inf
from queue import Empty, SimpleQueue
from time import monotonic
from uuid import UUID

from application.clock import Clock
from application.exchange import Exchange, ExchangeExecution, ExchangeOrder, ExchangeUpdate
from application.journal import Journal
from application.journal_hub import JournalHub
from application.kill_latch import KillSwitchLatch
from application.order_protocol import LOOK_BACK, OrderProtocol, Report
from application.order_records import LONGEST_RETRY, RETRY, Desk
from application.ports import RunClaims
from application.reconciliation import Reconciliation, Snapshot, take_snapshot
from application.run_book import RunBook, catch_up, read_book
from application.runs import READ_PAGE
from domain.errors import Conflict, CredentialsRefused, Unavailable
from domain.events import JournalEntry
from domain.exchange_account import account_stream_id
from domain.order import Order
from domain.run import RunCreated

STANDING_BY = "another process trades this account"
REQUESTS_AT_ONCE = 4
# All in seconds.
TURN = 0.05
CLAIM_INTERVAL = 0.5
RECONCILE_EVERY = 300.0
# While nothing is heard, what was executed is asked for.
RECONCILE_DEAF = 15.0
CONFIRM_AFTER = 2.0
QUARANTINE = 0.5
FAILURE_PAUSE = 1.0


class Execution:
    """One account at one exchange, looked after by one process over all that share the database.

    One thread deals with everything; requests to the exchange are made in others and answered in this one.
    is_ready: whether both sides were compared and orders may leave. failure: what keeps it, None if nothing does.
    refused: what the exchange said to the keys, None if it takes them. adapter, mode: of the runs that trade it.
    """

    def __init__(
        self,
        exchange: Exchange,
        adapter: str,
        mode: str,
        journal: Journal,
        hub: JournalHub,
        claims: RunClaims,
        latch: KillSwitchLatch,
        clock: Clock,
        report: Report,
    ) -> None:
        self.exchange = exchange
        self._traded = (mode, adapter)
        self._journal = journal
        self._hub = hub
        self._claims = claims
        self._latch = latch
        self._clock = clock
        self._report = report
        self._account_id = account_stream_id(exchange.name)
        self._reconciliation = Reconciliation(journal, exchange.name, clock)
        self._protocol = OrderProtocol(exchange, journal, latch, clock, self._ask, report)
        self._books: dict[UUID, RunBook] = {}
        self._foreign: set[UUID] = set()
        self._queue: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._pool = ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix=f"{exchange.name} request")
        self._stopping = threading.Event()
        self._claim_again_at = 0.0
        self._is_following = False
        self._is_deaf = exchange.capabilities.streaming
        self._comparison: Comparison | None = None
        self._cause = "start"
        self._compare_at = inf
        self._is_confirming = False
        self._compared_at: datetime | None = None
        self.failure: str | None = "it has not begun"
        self.refused: str | None = None
        self._thread = threading.Thread(target=self._run, name=f"execution {exchange.name}", daemon=True)

    @property
    def is_ready(self) -> bool:
        """Whether both sides were compared and orders may leave."""
        return self._protocol.is_ready

    @property
    def working(self) -> int:
        """How many orders have not ended."""
        return len(self._protocol.desks)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._latch.on_halt(lambda: self._queue.put(self._protocol.cancel_everything))
        self._thread.start()

    def stop(self) -> None:
        """Stop; requests on their way are waited for, what is unknown is asked for by the next."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown()
        self.exchange.close()

    def _run(self) -> None:
        unlisten = self._hub.listen(self._heard)
        try:
            while not self._stopping.is_set():
                self._work()
        finally:
            unlisten()

    def _work(self) -> None:
        """Look after the account until something goes wrong; then everything is folded from the journal anew."""
        try:
            if not self._is_ours():
                self._stand_by()
                return
            self._begin()
            while not self._stopping.is_set():
                self._turn()
        except (Unavailable, Conflict) as error:
            self._wait_because(error.message, RETRY)
        except Exception as error:  # noqa: BLE001 - told, and begun again: an outbox that ended would trade no more
            self._report("execution failed", {"exchange": self.exchange.name, "traceback": traceback.format_exc()})
            self._wait_because(f"{type(error).__name__}: {error}", FAILURE_PAUSE)

    def _is_ours(self) -> bool:
        """Claim the account, or learn that the claim still holds: it ends with a connection that nobody else misses."""
        self._claim_again_at = monotonic() + CLAIM_INTERVAL
        return self._claims.claim(self._account_id)

    def _stand_by(self) -> None:
        """Leave the account to the process that has it: exchanges give one order stream to an account."""
        self._protocol.is_ready, self.failure = False, STANDING_BY
        if self._is_following:
            self.exchange.unfollow()
            self._is_following, self._is_deaf = False, self.exchange.capabilities.streaming
        with suppress(Empty):
            while True:
                self._queue.get_nowait()
        self._stopping.wait(CLAIM_INTERVAL)

    def _wait_because(self, reason: str, seconds: float) -> None:
        self._protocol.is_ready, self.failure = False, reason
        self._report("execution waits", {"exchange": self.exchange.name, "reason": reason})
        if self._latch.reason is not None:
            self._protocol.cancel_everything()  # a halt does not wait for the database
        self._stopping.wait(seconds)

    # What is heard in other threads is dealt with in this one.

    def _heard(self, entries: Sequence[JournalEntry]) -> None:
        for run_id in {entry.run_id for entry in entries}:
            if run_id is not None and run_id not in self._foreign:
                self._queue.put(lambda run_id=run_id: self._catch_up(run_id))  # type: ignore[misc]

    def stream_opened(self) -> None:
        """The order stream is subscribed: what happened before has to be queried."""
        self._queue.put(self._found)

    def stream_closed(self, reason: str) -> None:
        """Nothing is heard any more: no order leaves until both sides were compared again."""
        self._queue.put(lambda: self._lost(reason))

    def updated(self, update: ExchangeUpdate) -> None:
        """An order changed."""
        self._queue.put(lambda: self._take_update(update))

    def misunderstood(self, raw: str, reason: str) -> None:
        """A message could not be read: it is kept, and both sides are compared."""
        self._queue.put(lambda: self._quarantine(raw, reason))

    # The thread.

    def _begin(self) -> None:
        """Fold every run of this account, and let the exchange tell what it knows."""
        self._protocol.is_ready, self.failure = False, f"{self.exchange.name} is being compared with the journal"
        books = dict[UUID, RunBook]()
        after = 0
        while page := self._journal.read(after, READ_PAGE, topics=(RunCreated.TOPIC,)):
            for entry in page:
                if (book := self._book_of(entry)) is not None:
                    books[entry.stream_id] = book
            after = page[-1].position
        self._compared_at = self._reconciliation.compared_at()
        # until everything was read, what is known already serves a halt
        self._books, self._protocol.desks, self._comparison = books, {}, None
        for book in books.values():
            self._protocol.follow(book)
        if self.exchange.capabilities.matches_bars:
            self._protocol.is_ready, self.failure = True, None
            return
        self._cause, self._is_confirming = "start", False
        if not self._is_following:
            self._is_following = True
            self.exchange.follow(self)
        if not self._is_deaf:
            self._compare()

    def _turn(self) -> None:
        with suppress(Empty):
            self._queue.get(timeout=TURN)()
            while True:
                self._queue.get_nowait()()
        if monotonic() >= self._claim_again_at and not self._is_ours():
            raise Conflict(STANDING_BY)
        if monotonic() >= self._compare_at:
            self._compare()
        self._protocol.turn()

    def _book_of(self, created: JournalEntry) -> RunBook | None:
        """Return the book of a run, None for a run of another account: it is nobody's business here."""
        event = self._journal.catalogue.decode(created.topic, created.state)
        if isinstance(event, RunCreated) and (event.mode, event.exchange) == self._traded:
            return read_book(self._journal, created.stream_id, event)
        self._foreign.add(created.stream_id)
        return None

    def _catch_up(self, run_id: UUID) -> None:
        """Take what was recorded of a run."""
        book = self._books.get(run_id)
        if book is not None:
            catch_up(self._journal, book)
        elif run_id not in self._foreign and (stream := self._journal.stream(run_id)):
            book = self._book_of(stream[0])
        if book is None:
            return
        self._books[run_id] = book
        self._protocol.follow(book)

    # What the exchange says.

    def _take_update(self, update: ExchangeUpdate) -> None:
        known = self._known(update.order.client_order_id)
        if known is None:
            return  # placed by hand: a comparison shows it
        book, order_id = known
        if order_id in self._protocol.desks:
            self._protocol.adopt(order_id, update.order, update.execution)
        else:
            self._take_late(book, order_id, update.order, [] if update.execution is None else [update.execution])

    def _known(self, client_order_id: str) -> tuple[RunBook, UUID] | None:
        for book in self._books.values():
            order_id = book.client_ids.get(client_order_id)
            if order_id is not None:
                return book, order_id
        return None

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
            self._report("order came late", {"exchange": self.exchange.name, "order": found.client_order_id})
            self._pool.submit(self.exchange.cancel, found.exchange_order_id)

    def _quarantine(self, raw: str, reason: str) -> None:
        self._report("message not understood", {"exchange": self.exchange.name, "reason": reason})
        self._reconciliation.keep_message(raw, reason)
        self._cause = "discrepancy"
        self._compare_at = min(self._compare_at, monotonic() + QUARANTINE)  # one comparison for a heap of them

    # Comparing both sides.

    def _found(self) -> None:
        """The stream is heard: what was asked before is not enough, something may have happened in between."""
        self._is_deaf = False
        self._compare()

    def _lost(self, reason: str) -> None:
        self._protocol.is_ready, self._is_deaf = False, True
        self._cause = "start" if self._cause == "start" else "reconnect"
        self.failure = f"the order stream of {self.exchange.name} is down: {reason}"
        self._compare_at = min(self._compare_at, monotonic() + CONFIRM_AFTER)
        self._report("order stream lost", {"exchange": self.exchange.name, "reason": reason})

    def _compare(self) -> None:
        """Ask for the exchange's side; a question that is on its way already is asked again when it is answered."""
        if self._comparison is not None:
            self._comparison.is_stale = True
            return
        comparison = self._comparison = Comparison()
        self._compare_at = monotonic() + (RECONCILE_DEAF if self._is_deaf else RECONCILE_EVERY)
        began = [desk.order.created.at for desk in self._protocol.desks.values()]
        after = min([*began, self._compared_at or self._clock.now()]) - LOOK_BACK
        future = self._pool.submit(take_snapshot, self.exchange, after)
        future.add_done_callback(lambda done: self._queue.put(lambda: self._compared(comparison, done)))

    def _compared(self, comparison: "Comparison", done: "Future[Snapshot]") -> None:
        if comparison is not self._comparison:
            return  # asked for before everything was folded anew
        self._comparison = None
        error = done.exception()
        if isinstance(error, Unavailable | CredentialsRefused):
            self._protocol.is_ready, self.failure = False, error.message
            self.refused = error.message if isinstance(error, CredentialsRefused) else None
            self._report("exchange cannot be asked", {"exchange": self.exchange.name, "reason": error.message})
            self._compare_at = monotonic() + LONGEST_RETRY
            return
        snapshot = done.result()
        booked = self._book_missed(snapshot)
        self._protocol.doubt_everything()
        if comparison.is_stale:
            self._compare()
        elif not self._is_deaf:
            self._judge(snapshot, booked)

    def _book_missed(self, snapshot: Snapshot) -> int:
        """Book what was executed of our orders, of those that have ended too; return how many were not heard of."""
        for order in snapshot.open_orders:
            known = self._known(order.client_order_id)
            if known is not None and known[1] in known[0].ended:
                if order.exchange_order_id in known[0].exchange_ids:
                    self._withdraw(order)
                else:
                    self._take_late(*known, order, [])
        booked = 0
        for book in self._books.values():
            catch_up(self._journal, book)
            for order_id, executions in _missed(snapshot.executions, book).items():
                desk = self._protocol.desks.get(order_id)
                if desk is not None:
                    booked += self._protocol.records.book_executions(desk, executions)
                else:
                    booked += self._take_late(book, order_id, None, executions)
        return booked

    def _judge(self, snapshot: Snapshot, booked: int) -> None:
        """Record what differs; a difference is looked at twice, because both sides change while one looks."""
        known = {client_id for book in self._books.values() for client_id in book.client_ids}
        found = self._reconciliation.compare(snapshot, self._books, known)
        is_doubtful = any(one.kind == "position" or one.policy == "halt" for one in found)
        if is_doubtful and not self._is_confirming:
            self._is_confirming, self._compare_at = True, monotonic() + CONFIRM_AFTER
            return
        self._is_confirming = False
        new = self._reconciliation.record(self._cause, snapshot, self._books, known, found, booked)
        self._compared_at = self._clock.now()
        for one in new:
            self._report("discrepancy", {"exchange": self.exchange.name, "reason": one.message, "policy": one.policy})
            if one.policy == "halt":
                self._reconciliation.halt(one)
                self._latch.halt(one.message)
        self._cause = "timer"
        self._protocol.is_ready, self.failure, self.refused = True, None, None

    def _ask[T](self, desk: Desk, question: Callable[[], T], answer: Callable[[T], None]) -> None:
        """Ask the exchange in another thread, one question an order at a time; the answer is dealt with in this one."""
        desk.is_asking = True

        def deal_with(done: "Future[T]") -> None:
            desk.is_asking = False
            error = done.exception()
            if error is None:
                answer(done.result())
            elif isinstance(error, Unavailable | CredentialsRefused):
                desk.is_in_doubt = True
                desk.wait_longer()
            else:
                raise error

        self._pool.submit(question).add_done_callback(lambda done: self._queue.put(lambda: deal_with(done)))


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

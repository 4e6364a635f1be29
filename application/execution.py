"""The outbox reader: what runs have decided goes to an exchange, what the exchange says goes to the journal."""

import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from time import monotonic
from uuid import UUID

from application.clock import Clock
from application.exchange import Exchange, ExchangeExecution, ExchangeUpdate
from application.journal import Journal
from application.journal_hub import JournalHub
from application.kill_latch import KillSwitchLatch
from application.order_protocol import LONGEST_RETRY, LOOK_BACK, RETRY, Desk, OrderProtocol, Report
from application.ports import RunClaims
from application.reconciliation import Reconciliation, Snapshot, take_snapshot
from application.run_book import RunBook, catch_up
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
CONFIRM_AFTER = 2.0
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
        self._by_client_id: dict[str, tuple[UUID, UUID]] = {}
        self._queue: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._pool = ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix=f"{exchange.name} request")
        self._stopping = threading.Event()
        self._is_following = False
        self._is_reconciling = False
        self._reconcile_at = 0.0
        self._reconcile_cause = "start"
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
            if not self._claims.claim(self._account_id):
                self.failure = STANDING_BY
                self._stopping.wait(CLAIM_INTERVAL)
                return
            self._begin()
            while not self._stopping.is_set():
                self._turn()
        except (Unavailable, Conflict) as error:
            self._wait_because(error.message, RETRY)
        except Exception as error:  # noqa: BLE001 - told, and begun again: an outbox that ended would trade no more
            self._report("execution failed", {"exchange": self.exchange.name, "traceback": traceback.format_exc()})
            self._wait_because(f"{type(error).__name__}: {error}", FAILURE_PAUSE)

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
        self._queue.put(lambda: self._reconcile(self._reconcile_cause))

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
        self._books, self._protocol.desks, self._is_reconciling = {}, {}, False
        after = 0
        while page := self._journal.read(after, READ_PAGE, topics=(RunCreated.TOPIC,)):
            for entry in page:
                self._know(entry)
            after = page[-1].position
        if self.exchange.capabilities.matches_bars:
            self._protocol.is_ready, self.failure = True, None
        elif self._is_following:
            self._reconcile("start")
        else:
            self._is_following = True
            self.exchange.follow(self)

    def _turn(self) -> None:
        try:
            self._queue.get(timeout=TURN)()
            while True:
                self._queue.get_nowait()()
        except Empty:
            pass
        if not self.exchange.capabilities.matches_bars and self._is_following and monotonic() >= self._reconcile_at > 0:
            self._reconcile("timer" if self.is_ready else self._reconcile_cause)
        self._protocol.turn()

    def _know(self, entry: JournalEntry) -> None:
        """Take note of a run, its first entry given; runs of other accounts are nobody's business here."""
        created = self._journal.catalogue.decode(entry.topic, entry.state)
        if isinstance(created, RunCreated) and (created.mode, created.exchange) == self._traded:
            self._books[entry.stream_id] = RunBook(entry.stream_id, created)
            self._catch_up(entry.stream_id)
        else:
            self._foreign.add(entry.stream_id)

    def _catch_up(self, run_id: UUID) -> None:
        """Take what was recorded of a run."""
        book = self._books.get(run_id)
        if book is None:
            if run_id not in self._foreign and (stream := self._journal.stream(run_id)):
                self._know(stream[0])
            return
        catch_up(self._journal, book)
        self._by_client_id |= {one.created.client_order_id: (run_id, one.id) for one in book.orders.values()}
        self._protocol.follow(book)

    # What the exchange says.

    def _take_update(self, update: ExchangeUpdate) -> None:
        known = self._by_client_id.get(update.order.client_order_id)
        if known is None:
            return  # placed by hand: reconciliation shows it
        run_id, order_id = known
        if order_id in self._protocol.desks:
            self._protocol.adopt(order_id, update.order, update.execution)
        elif update.execution is not None:
            self._take_late(run_id, order_id, update.execution)

    def _take_late(self, run_id: UUID, order_id: UUID, execution: ExchangeExecution) -> None:
        """An execution of an order that has ended: it happened, and is booked."""
        order = self._journal.load(Order, order_id)
        if order is not None and execution.execution_id not in order.executions:
            self._protocol.book_executions(Desk(order, self._books[run_id]), [execution])

    def _quarantine(self, raw: str, reason: str) -> None:
        self._report("message not understood", {"exchange": self.exchange.name, "reason": reason})
        self._reconciliation.keep_message(raw, reason)
        self._reconcile("discrepancy")

    # Comparing both sides.

    def _lost(self, reason: str) -> None:
        self._protocol.is_ready, self._reconcile_cause = False, "reconnect"
        self.failure = f"the order stream of {self.exchange.name} is down: {reason}"
        self._report("order stream lost", {"exchange": self.exchange.name, "reason": reason})

    def _reconcile(self, cause: str, is_confirmation: bool = False) -> None:
        if self._is_reconciling:
            return
        self._is_reconciling = True
        self._reconcile_at = monotonic() + RECONCILE_EVERY
        orders = (desk.order.created.at for desk in self._protocol.desks.values())
        after = min(orders, default=self._clock.now()) - LOOK_BACK
        future = self._pool.submit(take_snapshot, self.exchange, after)
        future.add_done_callback(
            lambda done: self._queue.put(lambda: self._compare(cause, done, is_confirmation=is_confirmation))
        )

    def _compare(self, cause: str, done: "Future[Snapshot]", *, is_confirmation: bool) -> None:
        self._is_reconciling = False
        error = done.exception()
        if isinstance(error, Unavailable | CredentialsRefused):
            self._protocol.is_ready, self.failure = False, error.message
            self.refused = error.message if isinstance(error, CredentialsRefused) else None
            self._report("exchange cannot be asked", {"exchange": self.exchange.name, "reason": error.message})
            self._reconcile_at = monotonic() + LONGEST_RETRY
            return
        snapshot = done.result()
        booked = 0
        for desk in list(self._protocol.desks.values()):
            mine = [one for one in snapshot.executions if one.exchange_order_id == desk.order.exchange_order_id]
            booked += self._protocol.book_executions(desk, mine)
        self._protocol.doubt_everything()
        found = self._reconciliation.compare(snapshot, self._books, self._by_client_id)
        halting = [one for one in found if one.policy == "halt"]
        if halting and not is_confirmation:
            # what was executed while the exchange was asked looks like a difference: asked again, it is none
            timer = threading.Timer(CONFIRM_AFTER, self._queue.put, (lambda: self._reconcile(cause, True),))
            timer.daemon = True
            timer.start()
            return
        new = self._reconciliation.record(cause, snapshot, self._books, self._by_client_id, found, booked)
        for one in new:
            self._report("discrepancy", {"exchange": self.exchange.name, "reason": one.message, "policy": one.policy})
            if one.policy == "halt":
                self._reconciliation.halt(one)
                self._latch.halt(one.message)
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

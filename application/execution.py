"""The outbox reader: what runs have decided goes to an exchange, what the exchange says goes to the journal."""

import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic

from application.clock import Clock
from application.exchange import Exchange, ExchangeUpdate
from application.journal import Journal
from application.journal_hub import JournalHub
from application.kill_latch import KillSwitchLatch
from application.lease import Lease
from application.order_protocol import Report
from application.order_records import RETRY
from application.ports import RunClaims
from application.traded_account import OVERDUE_AFTER, TradedAccount
from domain.errors import Conflict, Unavailable
from domain.events import JournalEntry
from domain.exchange_account import account_stream_id
from domain.order import OrderStatus

STANDING_BY = "another process trades this account"
REQUESTS_AT_ONCE = 4
# All in seconds.
TURN = 0.05
CLAIM_INTERVAL = 0.5
FAILURE_PAUSE = 1.0


class Execution:
    """One account at one exchange, looked after by one process over all that share the database.

    One thread deals with everything; requests to the exchange are made in others and answered in this one.
    adapter, mode: of the runs that trade it.
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
        self._hub = hub
        self._claims = claims
        self._latch = latch
        self._report = report
        self._account_id = account_stream_id(exchange.name)
        self._lease = Lease()
        self._account = TradedAccount(
            exchange, (mode, adapter), journal, latch, clock, self._ask, report, lambda: self._lease.is_held
        )
        self._queue: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._pool = ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix=f"{exchange.name} request")
        self._stopping = threading.Event()
        self._claim_again_at = 0.0
        self._is_following = False
        self._waits_because: str | None = None
        self._turned_at = monotonic()
        self._thread = threading.Thread(target=self._run, name=f"execution {exchange.name}", daemon=True)

    @property
    def is_ready(self) -> bool:
        """Whether both sides were compared and orders may leave."""
        return self._account.is_ready

    @property
    def failure(self) -> str | None:
        """What keeps orders from leaving, None if nothing does."""
        return self._account.failure

    @property
    def refused(self) -> str | None:
        """What the exchange said to the keys, None if it takes them."""
        return self._account.refused

    @property
    def working(self) -> int:
        """How many orders have not ended."""
        return self._account.working

    @property
    def alive(self) -> bool:
        """Whether its thread lives."""
        return self._thread.is_alive()

    @property
    def is_standing_by(self) -> bool:
        """Whether another process looks after the account: what is known here of its orders grows old."""
        return self.failure == STANDING_BY

    @property
    def seconds_since_turn(self) -> float:
        """How long ago its thread last did something; grows for as long as it is stuck, or dead."""
        return monotonic() - self._turned_at

    @property
    def reconciliation_age(self) -> float | None:
        """Seconds since both sides were compared, None where there is nothing to compare."""
        return self._account.reconciliation_age

    @property
    def is_reconciliation_overdue(self) -> bool:
        """Whether both sides should have been compared by now, and were not."""
        return (self.reconciliation_age or 0.0) > OVERDUE_AFTER

    def orders(self) -> Mapping[OrderStatus, int]:
        """Return how many orders that have not ended are in each status."""
        return self._account.orders()

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._latch.on_halt(lambda: self._queue.put(self._account.cancel_everything))
        self._thread.start()

    def stop(self) -> None:
        """Stop; requests on their way are waited for, what is unknown is asked for by the next."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown()
        self.exchange.close()
        self._claims.close()

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
            self._account.begin()
            self._waits_because = None
            if not self._is_following:
                self._is_following = True
                self.exchange.follow(self)
            while not self._stopping.is_set():
                self._turn()
        except (Unavailable, Conflict) as error:
            self._wait_because(error.message, RETRY)
        except Exception as error:  # noqa: BLE001 - told, and begun again: an outbox that ended would trade no more
            self._warn("execution failed", traceback=traceback.format_exc())
            self._wait_because(f"{type(error).__name__}: {error}", FAILURE_PAUSE)

    def _turn(self) -> None:
        self._turned_at = monotonic()
        with suppress(Empty):
            self._queue.get(timeout=TURN)()
            while True:
                self._queue.get_nowait()()
        if monotonic() >= self._claim_again_at and not self._is_ours():
            raise Conflict(STANDING_BY)
        self._account.turn()

    def _is_ours(self) -> bool:
        """Claim the account, or learn that the claim still holds: it ends with a connection that nobody else misses."""
        self._claim_again_at, asked_at = monotonic() + CLAIM_INTERVAL, self._lease.now()
        is_ours = self._claims.claim(self._account_id)
        if is_ours:
            self._lease.renewed(asked_at)
        else:
            self._lease.ended()
        return is_ours

    def _stand_by(self) -> None:
        """Leave the account to the process that has it: exchanges give one order stream to an account."""
        self._turned_at = monotonic()
        self._account.leave(STANDING_BY)
        if self._is_following:
            self._is_following = False
            self.exchange.unfollow()
        with suppress(Empty):
            while True:
                self._queue.get_nowait()
        self._stopping.wait(CLAIM_INTERVAL)

    def _wait_because(self, reason: str, seconds: float) -> None:
        if self._waits_because != reason:  # said once, however long it takes
            self._waits_because = reason
            self._warn("execution waits", reason=reason)
        self._account.hold(reason)
        if self._latch.reason is not None:
            self._account.cancel_everything()  # a halt does not wait for the database
        self._stopping.wait(seconds)

    def _warn(self, message: str, **fields: object) -> None:
        self._report(message, {"level": "warning", "exchange": self.exchange.name, **fields})

    # What is heard in other threads is dealt with in this one.

    def _ask[T](self, question: Callable[[], T], answer: Callable[[Future[T]], None]) -> None:
        self._pool.submit(question).add_done_callback(lambda done: self._queue.put(lambda: answer(done)))

    def _heard(self, entries: Sequence[JournalEntry]) -> None:
        for run_id in {entry.run_id for entry in entries}:
            if run_id is not None:
                self._queue.put(lambda run_id=run_id: self._account.catch_up(run_id))  # type: ignore[misc]

    def stream_opened(self) -> None:
        """The order stream is subscribed: what happened before has to be queried."""
        self._queue.put(self._account.hear)

    def stream_closed(self, reason: str) -> None:
        """Nothing is heard any more: no order leaves until both sides were compared again."""
        self._queue.put(lambda: self._account.lose(reason))

    def updated(self, update: ExchangeUpdate) -> None:
        """An order changed."""
        self._queue.put(lambda: self._account.take(update))

    def misunderstood(self, raw: str, reason: str) -> None:
        """A message could not be read: it is kept, and both sides are compared."""
        self._queue.put(lambda: self._account.quarantine(raw, reason))

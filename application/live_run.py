"""A paper or live run as the main process sees it: its clock, its tape, its session's process and its end (Veda)."""

import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import cast
from uuid import UUID

from application.backfilling import backfilled, tape_bar
from application.clock import Passed, boundary_after
from application.exchange import BarFeed, Exchange
from application.execution import Execution
from application.flattening import closing_orders
from application.live_session import EXCHANGE
from application.live_tools import LiveRunTools
from application.market_hours import MarketHours
from application.run_book import RunBook, catch_up
from application.run_notes import RunNotebook
from application.run_watch import RunWatch
from application.runs import chain_of, load_run
from application.session_keeper import SessionKeeper
from application.simulated_matching import SimulatedMatching, is_settled
from domain.errors import ConcurrentChange, Conflict, CredentialsRefused, InvalidInput, Unavailable
from domain.events import Chain, JournalEntry, Recorded
from domain.ids import OrderIds
from domain.market import Timeframe, to_microseconds
from domain.order import Order
from domain.run import Run, RunCreated, RunEquityMarked, RunStartRequested, RunStatus
from domain.tape import TapeBar, TapeTicked

DESK = "desk"
# For a session to say goodbye, between two tries, and between two looks at what is awaited.
FAREWELL_SECONDS, RETRY_SECONDS, SHORT_WAIT = 5.0, 1.0, 0.05
# The session's process is looked at this often while a boundary is awaited.
LOOK_SECONDS = 1.0
# The share of its bar's length a boundary waits for its bars, at most.
PATIENCE_SHARE = 0.8
SECONDS_BETWEEN_MARKS = 60.0
MAX_ATTEMPTS = 10
MOST_BACKFILLED = 5_000


class LiveRun:
    """Looks after one run, in a thread of its own, from its start to its last word.

    Whatever it knows it has from the journal: another process, or the next start of this one, goes on where it was.
    watch: whether it keeps up. feed: where its bars come from.
    """

    def __init__(
        self, run_id: UUID, mode: str, tools: LiveRunTools, exchange: Exchange, feed: BarFeed, execution: Execution
    ) -> None:
        self.id, self.mode, self.feed = run_id, mode, feed
        self._tools = tools
        self._journal = tools.journal
        self._exchange = exchange
        self._execution = execution
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._notebook = RunNotebook(run_id, tools.journal, tools.clock, tools.report)
        self._tell = self._notebook.say
        self._keeper = SessionKeeper(run_id, tools.launcher, tools.decision_patience, self._tell, self._is_over)
        self._marked_at = 0.0
        self.watch = RunWatch(tools.clock)
        self.failure: str | None = None
        self._thread = threading.Thread(target=self._run, name=f"run {str(run_id)[-4:]}", daemon=True)

    def start(self) -> None:
        """Begin to look after the run."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking after it: its process ends, and the run goes on with the next who claims it."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to look after."""
        return not self._thread.is_alive()

    @property
    def is_misplaced(self) -> bool:
        """Whether another process trades its account."""
        return self._execution.is_standing_by

    def _run(self) -> None:
        unlisten = self._tools.hub.listen(self._heard)
        try:
            while not self._stopping.is_set():
                try:
                    self._look_after()
                except (Unavailable, Conflict) as error:
                    self._wait_because(error.message)
                except Exception as error:  # noqa: BLE001 - told, and begun again: a run nobody looks after is worse
                    self._tell("run failed", "warning", traceback=traceback.format_exc())
                    self._wait_because(f"{type(error).__name__}: {error}")
                else:
                    return
        finally:
            unlisten()
            self._keeper.end(0.0, self._stopping.wait)

    def _wait_because(self, reason: str) -> None:
        if self.failure != reason:  # said once, however long it takes
            self._tell("run waits", "warning", reason=reason)
        self.failure = reason
        self.watch.stumbled()
        self._stopping.wait(RETRY_SECONDS)

    def _heard(self, entries: Sequence[JournalEntry]) -> None:
        if any(entry.run_id == self.id for entry in entries):
            self._woken.set()

    def _look_after(self) -> None:
        run = load_run(self._journal, self.id)
        if run.status.is_final:
            return
        self._chain = chain_of(self._journal, self.id, DESK, RunStartRequested)
        self._book = RunBook(self.id, run.created)
        self._frame = Timeframe.parse(run.created.timeframe)
        self._hours = MarketHours(self._tools.calendar, run.created, self._tools.clock.now())
        self._matching = self._new_matching()
        self._take_news()
        if not self._is_to_end:
            self._begin()
        self.failure = None
        self.feed.follow(self._book.description.symbols, self._frame)
        while not self._is_to_end and not self._stopping.is_set():
            if (failure := self._keeper.attend()) is not None:
                self._take_news()
                self._fault("SESSION_DIED", failure, self._keeper.complaint())
                break
            self._flatten_if_asked()
            self._woken.clear()
            self._take_news()
            self._notebook.hold(self._execution.failure)
            self._notebook.record(self._chain)
            if self._is_to_end:
                break
            passed = self._tools.realtime.wait(self._frame, self._book.tape.ticked_at, self._woken, LOOK_SECONDS)
            if passed is None:
                self.watch.idle(self._frame)
                continue
            if self._hours.was_open(passed.boundary):
                self._tick(passed)
            self.watch.saw(passed.boundary, self._frame)
        if not self._stopping.is_set():
            self._finish()

    @property
    def _is_to_end(self) -> bool:
        run = self._book.run
        return run.stop_requested or run.faulted is not None or run.status.is_final or run.deleted

    def _is_over(self) -> bool:
        """Whether the run is to end, by all that is recorded."""
        self._take_news()
        return self._is_to_end

    # Before the first tick.

    def _begin(self) -> None:
        """Make sure that the run can trade, let it see history, and record that it begins."""
        description = self._book.description
        if not self._wait_for_exchange() or self._book.run.status is not RunStatus.PENDING:
            return
        try:
            for symbol in description.symbols:
                self._require_tradable(symbol)
            self._warm_up(description)
        except (InvalidInput, CredentialsRefused) as error:
            self._fault("RUN_NOT_STARTABLE", error.message)
            return
        self._change(lambda run: run.start(self._tools.clock.now(), 0, {}) if run.status is RunStatus.PENDING else None)
        self._take_news()

    def _wait_for_exchange(self) -> bool:
        """Return whether the exchange is ready; False: the run is to end, or not looked after here any more."""
        told, tell_at = None, monotonic() + RETRY_SECONDS
        while not self._stopping.is_set():
            self._take_news()
            if self._is_to_end:
                return False
            if self._book.tape.decided < self._book.tape.ticks:
                self._keeper.attend()  # what the exchange is compared with may depend on it
            if self._execution.is_ready:
                if told is not None:
                    self._tell("run goes on")
                return True
            if (refused := self._execution.refused) is not None and self._book.run.status is RunStatus.PENDING:
                self._fault("CREDENTIALS_REFUSED", refused)
                return False
            if monotonic() >= tell_at and self._execution.failure != told:
                told = self._execution.failure
                self._tell("run waits", "warning", reason=told or f"{self._exchange.name} is being asked")
                self._notebook.record(self._chain)
            self._stopping.wait(SHORT_WAIT)
        return False

    def _require_tradable(self, symbol: str) -> None:
        listing = self._exchange.listing(symbol)
        if listing is None:
            raise InvalidInput(f"{self._exchange.name} has no symbol {symbol}", symbol=symbol)
        if not listing.tradable:
            raise InvalidInput(f"{self._exchange.name} does not trade {symbol} now: {listing.reason}", symbol=symbol)

    def _warm_up(self, description: RunCreated) -> None:
        if not description.warmup_bars or self._book.tape.bars:
            return
        now = self._tools.clock.now()
        end = boundary_after(now, self._frame) - self._frame.duration
        # markets close at night: what was asked for may lie further back than so many bars
        start = end - max(self._frame.duration * description.warmup_bars * 3, timedelta(days=5))
        self._backfill(start, end, description.warmup_bars, f"{description.warmup_bars} bars before the start")

    def _backfill(self, start: datetime, end: datetime, most: int, reason: str) -> None:
        book, now = self._book, self._tools.clock.now()
        symbols = book.description.symbols
        tape = backfilled(book.tape, self.id, self.feed, symbols, self._frame, start, end, most, now, reason)
        self._journal.record(tape, run_id=self.id, chain=self._chain)

    def _backfill_gap(self, passed: Passed) -> None:
        """Fetch what passed unwatched, so that indicators have no hole; a feed that cannot tell leaves one."""
        last = self._book.tape.ticked_at
        if not passed.missed or last is None or self._matching is not None:
            return
        try:
            self._backfill(last, passed.boundary - self._frame.duration, MOST_BACKFILLED, "passed unwatched")
        except (Unavailable, CredentialsRefused) as error:
            self._tell("gap stays", "warning", reason=error.message, missed=passed.missed)

    # Every boundary.

    def _tick(self, passed: Passed) -> None:
        opened_at = to_microseconds(passed.boundary) - self._frame.microseconds
        patience = min(self._frame.seconds * PATIENCE_SHARE, self._tools.bar_patience)
        symbols = self._book.description.symbols
        closed = self.feed.closed(symbols, self._frame, opened_at, patience)
        bars = tuple(tape_bar(closed[symbol]) for symbol in symbols if symbol in closed)
        self.watch.heard(len(bars))
        self._take_news()
        self._backfill_gap(passed)
        self._let_decide(passed.boundary + timedelta(seconds=patience))
        for _ in range(MAX_ATTEMPTS):
            self._take_news()
            if self._is_to_end or self._record_tick(passed, bars):
                self._mark_equity()
                return
        raise ConcurrentChange(f"the tick of {passed.boundary:%H:%M:%S} could not be recorded: others were faster")

    def _let_decide(self, deadline: datetime) -> None:
        """Where the run's own bars fill its orders: let those of the tick before be on the book, or off it, first.

        What is decided at a bar's close holds from the next open on, as in a backtest, however busy the machine is.
        """
        while self._matching is not None and not self._stopping.is_set() and self._tools.clock.now() < deadline:
            self._woken.clear()
            self._take_news()
            book = self._book
            is_decided = book.tape.decided >= book.tape.ticks
            if self._is_to_end or (is_decided and all(is_settled(one) for one in book.orders.values())):
                return
            if self._keeper.attend() is not None:
                return
            self._woken.wait(SHORT_WAIT)

    def _record_tick(self, passed: Passed, bars: tuple[TapeBar, ...]) -> bool:
        """Record a tick with what the exchange made of the orders, if it is a simulated one; False: look again."""
        tape = self._book.tape.forked()
        seen = 0 if self._matching is None else self._book.position
        lateness = round((self._tools.clock.now() - passed.boundary).total_seconds(), 6)
        missed, because = passed.missed, passed.because
        if not tape.tick(
            passed.boundary, self.id, bars, missed=missed, missed_because=because, lateness=lateness, seen=seen
        ):
            return True
        ticked = cast(TapeTicked, tape.collect_events()[0].event)
        reports = [] if self._matching is None else self._matching.match(ticked)
        while True:
            tape = self._book.tape
            cause = f"{tape.id}:{tape.version + 1}"
            # one transaction, and one cause: the session sees the tick and its reports as one
            chain = Chain(self._chain.correlation_id, cause, self._chain.trace_id, EXCHANGE)
            events = [Recorded(tape.id, tape.version + 1, ticked), *reports]
            try:
                self._journal.append_batch(events, self.id, chain)
            except ConcurrentChange:
                news = self._take_news()
                is_stale = self._book.tape.ticks >= ticked.number or any(one.startswith("order.") for one in news)
                if is_stale and self._matching is not None:
                    self._start_over()  # what was matched in vain must leave no trace
                if is_stale or self._is_to_end:
                    return False
                continue
            self._keeper.ticked()
            if missed:
                self._tell("boundaries missed", "warning", reason=because, missed=missed)
            return True

    def _new_matching(self) -> SimulatedMatching | None:
        if not self._exchange.capabilities.matches_bars:
            return None
        journal, sessions = self._journal, self._hours.sessions
        ids = OrderIds(journal.store_id, self.id)
        return SimulatedMatching(
            self.id, ids, self._book.description, sessions, lambda order_id: journal.load(Order, order_id)
        )

    def _start_over(self) -> None:
        """Fold everything anew."""
        self._book = RunBook(self.id, self._book.description)
        self._matching = self._new_matching()
        self._take_news()

    def _take_news(self) -> list[str]:
        """Fold what was recorded since the last look; return its topics."""
        taken = catch_up(self._journal, self._book)
        self._notebook.take(taken)
        if self._matching is not None:
            for entry, event in taken:
                self._matching.take(entry, event)
        if self._book.tape.decided >= self._book.tape.ticks:
            self._keeper.decided()
        return [entry.topic for entry, _ in taken]

    def _mark_equity(self) -> None:
        """Record a point of the equity curve, at most one a minute: bars and fills give every other point exactly."""
        worth = self._book.worth()
        if monotonic() < self._marked_at + SECONDS_BETWEEN_MARKS or worth is None:
            return
        self._marked_at = monotonic()
        at, equity, cash = worth
        marked = RunEquityMarked(at=self._tools.clock.now(), times=(at,), equity=(equity,), cash=(cash,))
        self._change(lambda run: None if run.status.is_final else run.mark_equity(marked))

    # What people ask for, and the end.

    def _flatten_if_asked(self) -> None:
        """Close what is held for every request to be flat that has not been carried out: cancel first, then sell."""
        book, now = self._book, self._tools.clock.now()
        if not book.wishes or self._cancel_all():
            return
        ids, request = OrderIds(self._journal.store_id, self.id), book.wishes[-1]
        held, taken = book.quantities(), book.client_ids.values()
        orders = closing_orders(self.id, ids, request, held, book.closes, self._exchange.instrument, now, taken)
        run = load_run(self._journal, self.id)
        run.flatten(now, request, len(orders))
        self._journal.record(run, *orders, run_id=self.id, chain=self._chain)
        self._take_news()

    def _cancel_all(self) -> bool:
        """Ask for every order to be cancelled; return whether any still works."""
        for order in list(self._book.orders.values()):
            if not order.cancel_requested:
                order.request_cancel(self._tools.clock.now())
                self._journal.record(order, run_id=self.id, chain=self._chain)
        return bool(self._book.orders)

    def _finish(self) -> None:
        """End the run: no new orders, the open ones cancelled, and its last event only when none works any more."""
        self._keeper.end(FAREWELL_SECONDS, self._stopping.wait)
        self._notebook.record(self._chain)
        while not self._stopping.is_set():
            self._woken.clear()
            self._take_news()
            if self._book.run.status.is_final or self._book.run.deleted:
                return
            if not self._cancel_all():
                break
            self._woken.wait(RETRY_SECONDS)
        if not self._stopping.is_set():
            self._notebook.record(self._chain)
            self._change(self._end)

    def _end(self, run: Run) -> None:
        now, faulted = self._tools.clock.now(), run.faulted
        if faulted is None:
            run.stop(now)
        else:
            run.fail(now, faulted.code, faulted.message, faulted.traceback)

    def _fault(self, code: str, message: str, traceback: str | None = None) -> None:
        self._tell("run faulted", "warning", reason=message)
        self._change(lambda run: run.fault(self._tools.clock.now(), code, message, traceback or None))
        self._take_news()

    def _change(self, decide: Callable[[Run], None]) -> None:
        for _ in range(MAX_ATTEMPTS):
            run = load_run(self._journal, self.id)
            decide(run)
            with suppress(ConcurrentChange):
                self._journal.record(run, run_id=self.id, chain=self._chain)
                return
        raise ConcurrentChange(f"run {self.id} could not be changed: others were faster")

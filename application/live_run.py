"""A paper or live run as the main process sees it: its clock, its tape, its session's process and its end (Veda)."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

import numpy as np

from application.clock import Clock, Passed, RealtimeClock
from application.exchange import BarFeed, Exchange, FeedBar
from application.execution import Execution
from application.flattening import closing_orders
from application.journal import Journal
from application.journal_hub import JournalHub
from application.live import EXCHANGE
from application.ports import SessionCalendar, SessionLauncher
from application.run_book import RunBook, catch_up
from application.runs import chain_of, load_run
from application.session_keeper import SessionKeeper
from application.simulated_matching import SimulatedMatching
from domain.errors import ConcurrentChange, Conflict, CredentialsRefused, InvalidInput, Unavailable
from domain.events import Chain, JournalEntry, Recorded
from domain.ids import OrderIds
from domain.market import Timeframe, from_microseconds, to_microseconds
from domain.money import exact, posted
from domain.run import Run, RunCreated, RunEquityMarked, RunStartRequested, RunStatus
from domain.sessions import Sessions
from domain.tape import TapeBar, TapeTicked

DESK = "desk"
# How long a session may take to say goodbye.
FAREWELL_SECONDS = 5.0
RETRY_SECONDS = 1.0
# The share of its bar's length a boundary waits for its bars, and the most it waits.
PATIENCE_SHARE, MOST_PATIENCE = 0.8, 8.0
SECONDS_BETWEEN_MARKS = 60.0
MAX_ATTEMPTS = 10

type Report = Callable[[str, dict[str, object]], None]


@dataclass(frozen=True, slots=True)
class LiveRunTools:
    """What a paper or live run needs of its process."""

    journal: Journal
    hub: JournalHub
    clock: Clock
    realtime: RealtimeClock
    launcher: SessionLauncher
    calendar: SessionCalendar
    report: Report


class LiveRun:
    """Looks after one run, in a thread of its own, from its start to its last word.

    Whatever it knows it has from the journal: another process, or the next start of this one, goes on where it was.
    """

    def __init__(
        self, run_id: UUID, tools: LiveRunTools, exchange: Exchange, feed: BarFeed, execution: Execution
    ) -> None:
        self.id = run_id
        self._tools = tools
        self._journal = tools.journal
        self._exchange = exchange
        self._feed = feed
        self._execution = execution
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._keeper = SessionKeeper(run_id, tools.launcher, self._tell)
        self._marked_at = 0.0
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

    def _run(self) -> None:
        unlisten = self._tools.hub.listen(self._heard)
        try:
            while not self._stopping.is_set():
                try:
                    self._look_after()
                except (Unavailable, Conflict) as error:
                    self._tell("run waits", reason=error.message)
                    self.failure = error.message
                    self._stopping.wait(RETRY_SECONDS)
                else:
                    return
        finally:
            unlisten()
            self._keeper.end(0.0, self._stopping.wait)

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
        self._sessions = self._known_sessions(run.created)
        self._matching = self._new_matching()
        self._take_news()
        if run.status is RunStatus.PENDING and not self._is_to_end:
            self._begin()
        self.failure = None
        self._feed.follow(self._book.description.symbols, self._frame)
        while not self._is_to_end and not self._stopping.is_set():
            if (failure := self._keeper.attend()) is not None:
                self._take_news()
                self._fault("SESSION_DIED", failure, self._keeper.complaint())
                break
            self._flatten_if_asked()
            self._woken.clear()
            self._take_news()
            if self._is_to_end:
                break
            passed = self._tools.realtime.wait(self._frame, self._book.tape.ticked_at, self._woken)
            if passed is not None and self._is_in_session(passed.boundary):
                self._tick(passed)
        if not self._stopping.is_set():
            self._finish()

    @property
    def _is_to_end(self) -> bool:
        run = self._book.run
        return run.stop_requested or run.faulted is not None or run.status.is_final or run.deleted

    # Before the first tick.

    def _begin(self) -> None:
        """Make sure that the run can trade, let it see history, and record that it begins."""
        description = self._book.description
        while not self._execution.is_ready and not self._stopping.is_set():
            self._take_news()
            if self._is_to_end:
                return
            self._tell("run waits", reason=self._execution.failure or f"{self._exchange.name} is being asked")
            self._stopping.wait(RETRY_SECONDS)
            if (refused := self._execution.refused) is not None:
                self._fault("CREDENTIALS_REFUSED", refused)
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
        end = from_microseconds(to_microseconds(now) // self._frame.microseconds * self._frame.microseconds)
        found: list[TapeBar] = []
        for symbol in description.symbols:
            # markets close at night: what was asked for may lie further back than so many bars
            start = end - max(self._frame.duration * description.warmup_bars * 3, timedelta(days=5))
            bars = self._feed.history(symbol, self._frame, start, end)
            columns = zip(bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True)
            newest = list(columns)[-description.warmup_bars :]
            found += [TapeBar(symbol, from_microseconds(int(time)), *map(float, rest)) for time, *rest in newest]
        found.sort(key=lambda bar: bar.opened_at)
        tape = self._book.tape
        tape.backfill(now, self.id, found, f"{description.warmup_bars} bars before the start")
        self._journal.record(tape, run_id=self.id, chain=self._chain)

    # Every boundary.

    def _tick(self, passed: Passed) -> None:
        opened_at = to_microseconds(passed.boundary) - self._frame.microseconds
        patience = min(self._frame.seconds * PATIENCE_SHARE, MOST_PATIENCE)
        symbols = self._book.description.symbols
        closed = self._feed.closed(symbols, self._frame, opened_at, patience)
        bars = tuple(_tape_bar(closed[symbol]) for symbol in symbols if symbol in closed)
        for _ in range(MAX_ATTEMPTS):
            self._take_news()
            number = self._book.tape.ticks + 1
            if self._is_to_end or self._record_tick(self._ticked(passed, bars, number)):
                self._mark_equity()
                return
        raise ConcurrentChange(f"the tick of {passed.boundary:%H:%M:%S} could not be recorded: others were faster")

    def _ticked(self, passed: Passed, bars: tuple[TapeBar, ...], number: int) -> TapeTicked:
        return TapeTicked(
            at=passed.boundary,
            run_id=self.id,
            number=number,
            bars=bars,
            missed=passed.missed,
            missed_because=passed.because,
            lateness=round((self._tools.clock.now() - passed.boundary).total_seconds(), 6),
            seen=0 if self._matching is None else self._book.position,
        )

    def _record_tick(self, ticked: TapeTicked) -> bool:
        """Record a tick with what the exchange made of the orders, if it is a simulated one; False: decide anew."""
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
            return True

    def _new_matching(self) -> SimulatedMatching | None:
        if not self._exchange.capabilities.matches_bars:
            return None
        return SimulatedMatching(self._journal, self.id, self._book.description, self._sessions)

    def _start_over(self) -> None:
        """Fold everything anew."""
        self._book = RunBook(self.id, self._book.description)
        self._matching = self._new_matching()
        self._take_news()

    def _take_news(self) -> list[str]:
        """Fold what was recorded since the last look; return its topics."""
        taken = catch_up(self._journal, self._book)
        if self._matching is not None:
            for entry, event in taken:
                self._matching.take(entry, event)
        if self._book.tape.decided >= self._book.tape.ticks:
            self._keeper.decided()
        return [entry.topic for entry, _ in taken]

    def _mark_equity(self) -> None:
        """Record a point of the equity curve, at most one a minute: bars and fills give every other point exactly."""
        book = self._book
        if monotonic() < self._marked_at + SECONDS_BETWEEN_MARKS or book.tape.ticked_at is None or not book.closes:
            return
        self._marked_at = monotonic()
        held = book.quantities()
        if not held.keys() <= book.closes.keys():
            return
        cash = posted(book.portfolio.cash)
        worth = sum((posted(quantity * exact(book.closes[symbol])) for symbol, quantity in held.items()), cash)
        marked = RunEquityMarked(
            at=self._tools.clock.now(), times=(book.tape.ticked_at,), equity=(worth,), cash=(cash,)
        )
        self._change(lambda run: None if run.status.is_final else run.mark_equity(marked))

    # What people ask for, and the end.

    def _flatten_if_asked(self) -> None:
        """Close what is held for every request to be flat that has not been carried out: cancel first, then sell."""
        asked = self._book.flatten_requests - self._book.flattened
        if not asked or self._cancel_all():
            return
        book, ids = self._book, OrderIds(self._journal.store_id, self.id)
        orders = closing_orders(
            self.id, ids, max(asked), book.quantities(), book.closes, self._exchange.instrument, self._tools.clock.now()
        )
        book.flattened |= asked
        if orders:
            self._journal.record(*orders, run_id=self.id, chain=self._chain)

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
        while not self._stopping.is_set():
            self._woken.clear()
            self._take_news()
            if self._book.run.status.is_final or self._book.run.deleted:
                return
            if not self._cancel_all():
                break
            self._woken.wait(RETRY_SECONDS)
        if not self._stopping.is_set():
            self._change(self._end)

    def _end(self, run: Run) -> None:
        now, faulted = self._tools.clock.now(), run.faulted
        if faulted is None:
            run.stop(now)
        else:
            run.fail(now, faulted.code, faulted.message, faulted.traceback)

    def _fault(self, code: str, message: str, traceback: str | None = None) -> None:
        self._tell("run faulted", reason=message)
        self._change(lambda run: run.fault(self._tools.clock.now(), code, message, traceback or None))
        self._take_news()

    def _change(self, decide: Callable[[Run], None]) -> None:
        for _ in range(MAX_ATTEMPTS):
            run = load_run(self._journal, self.id)
            decide(run)
            try:
                self._journal.record(run, run_id=self.id, chain=self._chain)
            except ConcurrentChange:
                continue
            return
        raise ConcurrentChange(f"run {self.id} could not be changed: others were faster")

    def _tell(self, message: str, **fields: object) -> None:
        self._tools.report(message, {"run_id": str(self.id), **fields})

    def _known_sessions(self, description: RunCreated) -> dict[str, Sessions]:
        now = self._tools.clock.now()
        found = {one: self._tools.calendar.sessions(one, description.at, now) for one in description.symbols}
        return {symbol: sessions for symbol, sessions in found.items() if sessions is not None}

    def _is_in_session(self, boundary: datetime) -> bool:
        """Whether any of the run's markets was open in the bar that ends at a boundary."""
        if len(self._sessions) < len(self._book.description.symbols):
            return True
        opened_at = np.array([to_microseconds(boundary) - self._frame.microseconds], dtype=np.int64)
        return any(one.overlapped(opened_at, self._frame.microseconds)[0] >= 0 for one in self._sessions.values())


def _tape_bar(bar: FeedBar) -> TapeBar:
    opened_at = from_microseconds(bar.opened_at)
    return TapeBar(bar.symbol, opened_at, bar.open, bar.high, bar.low, bar.close, bar.volume)

"""The market through a session: a run's tape is read and decided on, in a process of its own (Veda).

What a session does is a function of the journal's entries of its run, in their order, and of nothing else. After a
crash the entries are read again, the decisions derived again and held against those recorded; what is missing is
appended.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from application.clock import Clock
from application.live_session import SESSION, LiveInput, LiveSession, cause_of, with_reports
from application.ports import SessionCalendar, StrategyCatalog, Wakeup
from application.recovery import ReplayDiverged
from application.run_journal import RunJournal
from application.runs import READ_PAGE, chain_of, load_run
from application.session import LogLine, constructed
from domain.errors import (
    ConcurrentChange,
    Conflict,
    InvalidInput,
    NotFound,
    StrategyChanged,
    StrategyFault,
    WeaverError,
)
from domain.events import Event, JournalEntry, Recorded
from domain.growing_timeline import GrowingTimeline, no_bars
from domain.ids import OrderIds
from domain.market import Timeframe, from_microseconds, to_microseconds
from domain.order import OrderCancelRequested, OrderCreated
from domain.risk import RiskHalted, RiskResumed
from domain.run import (
    Run,
    RunDeleted,
    RunFailed,
    RunFaulted,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStartRequested,
    RunStopped,
    RunStopRequested,
)
from domain.run_log import LogIndicatorsDeclared, LogWritten, RunLog, log_stream_id
from domain.sessions import Sessions
from domain.tape import Tape, TapeBackfilled, TapeBar, TapeDecided, TapeTicked, tape_stream_id

WAIT_SECONDS = 1.0
MAX_ATTEMPTS = 20
# A session's process does not live as long without being started anew.
KNOWN_AHEAD = timedelta(days=200)
STOPPED_BY_REQUEST = "the run was stopped"


class SessionFenced(Conflict):
    """Another process decides for this run: this one must not."""


class SessionAsked(Exception):
    """The process was asked to end; the run goes on in the next one."""


@dataclass(frozen=True, slots=True)
class LiveTools:
    """What a live session needs of the world. alive: called whenever an entry was dealt with."""

    journal: RunJournal
    catalog: StrategyCatalog
    calendar: SessionCalendar
    clock: Clock
    wakeup: Wakeup
    end_asked: Callable[[], bool]
    alive: Callable[[], object]
    log: LogLine


class LiveTrading:
    """One paper or live run, from its description in the journal until it is to end."""

    def __init__(self, run_id: UUID, tools: LiveTools) -> None:
        self._tools = tools
        self._journal = tools.journal
        self._run_id = run_id
        self._description = load_run(tools.journal, run_id).created
        self._chain = chain_of(tools.journal, run_id, SESSION, RunStartRequested)
        self._position = 0
        self._versions: dict[UUID, int] = {}
        self._tape_id = tape_stream_id(run_id)
        self._tape_name = str(self._tape_id)
        self._said = tools.journal.catalogue.versions([one.TOPIC for one in _SAID])
        self._ticks = 0
        self._recorded: deque[JournalEntry] = deque()
        self._decided: set[str] = set()
        self._ahead: deque[JournalEntry] = deque()

    def execute(self) -> None:
        """Trade until the run is to end; what ends it by an error is recorded.

        Raises SessionAsked when asked to end, SessionFenced when another process decides for the run, Unavailable when
        the journal cannot be reached.
        """
        try:
            session = self._session()
            self._follow(session)
        except (ReplayDiverged, StrategyFault, StrategyChanged, InvalidInput, NotFound) as error:
            self._fault(error)

    def _session(self) -> LiveSession:
        description = self._description
        kind = self._tools.catalog.load(description.strategy_id, description.strategy_version)
        strategy = constructed(kind, description.parameters)
        frame = Timeframe.parse(description.timeframe)
        now = self._tools.clock.now()
        sessions: dict[str, Sessions] = {}
        for symbol in description.symbols:
            found = self._tools.calendar.sessions(symbol, description.at, now + KNOWN_AHEAD)
            if found is not None:
                sessions[symbol] = found
        empty = [no_bars(symbol, frame) for symbol in description.symbols]
        timeline = GrowingTimeline(empty, to_microseconds(description.at), sessions)
        ids = OrderIds(self._journal.store_id, self._run_id)
        stream_id = log_stream_id(self._run_id)
        run_log = self._journal.load(RunLog, stream_id) or RunLog(stream_id)
        return LiveSession(self._run_id, description, ids, timeline, strategy, self._tools.log, sessions, run_log)

    def _follow(self, session: LiveSession) -> None:
        is_first = True
        while True:
            entries = [*self._ahead, *self._read()]
            self._ahead.clear()
            inputs = self._sorted(entries, is_replay=is_first)
            session.grow([bar for one in inputs for bar in _bars_of(one.event)])
            for one in inputs:
                if self._take(session, one):
                    return
                self._tools.alive()
                if self._tools.end_asked():
                    raise SessionAsked
            if is_first:
                self._require_spent()
            is_first = False
            if not entries:
                self._tools.wakeup.wait(WAIT_SECONDS)
                if self._tools.end_asked():
                    raise SessionAsked

    def _read(self) -> list[JournalEntry]:
        """The run's entries since the last call, all there are: none is seen without what was recorded with it."""
        found: list[JournalEntry] = []
        while page := self._journal.read(self._position, READ_PAGE, run_id=self._run_id):
            found += page
            self._position = page[-1].position
            for entry in page:
                self._versions[entry.stream_id] = entry.version
            if len(page) < READ_PAGE:
                break
        return found

    def _sorted(self, entries: Iterable[JournalEntry], *, is_replay: bool) -> list[LiveInput]:
        """The inputs of the session in their order; its own entries are kept to be compared, or were just written."""
        others: list[tuple[JournalEntry, Event]] = []
        for entry in entries:
            if entry.meta.get("actor") == SESSION:
                self._own(entry, is_replay=is_replay)
            else:
                others.append((entry, self._journal.catalogue.decode(entry.topic, entry.state)))
        return with_reports(others)

    def _own(self, entry: JournalEntry, *, is_replay: bool) -> None:
        if is_replay:
            if entry.topic not in self._said:
                self._recorded.append(entry)
        elif entry.stream_id == self._tape_id:
            event = self._journal.catalogue.decode(entry.topic, entry.state)
            if isinstance(event, TapeDecided) and event.cause not in self._decided:
                raise SessionFenced(f"another process has decided for run {self._run_id}")

    def _take(self, session: LiveSession, one: LiveInput) -> bool:
        """Let the session see an entry and record what it decides; return whether the run is to end."""
        event, order_id = one.event, one.entry.stream_id
        is_over = False
        match event:
            case RunStarted():
                session.start()
            case TapeBackfilled():
                session.backfilled(event)
            case TapeTicked():
                self._ticks = event.number
                session.tick(event, one.reports)
            case RunPaused() | RunResumed():
                session.pause(is_paused=isinstance(event, RunPaused))
            case RiskHalted() | RiskResumed():
                session.risk_changed(event)
            case RunStopRequested():
                session.finish(STOPPED_BY_REQUEST)
                is_over = True
            case RunFaulted() | RunFailed() | RunStopped() | RunDeleted():
                return True
            case _ if one.entry.topic.startswith("order."):
                session.hear(order_id, event)
            case _:
                return False
        self._decide(session, one)
        return is_over

    def _decide(self, session: LiveSession, one: LiveInput) -> None:
        decisions = session.collect_events()
        if not decisions and isinstance(one.event, TapeTicked) and self._is_recorded(one.entry, one.event):
            return
        orders = sum(isinstance(recorded.event, OrderCreated) for recorded in decisions)
        cancels = sum(isinstance(recorded.event, OrderCancelRequested) for recorded in decisions)
        is_tick = isinstance(one.event, TapeTicked)
        cause = cause_of(one.entry)
        if not is_tick and all(isinstance(recorded.event, _SAID) for recorded in decisions):
            # passed over when it is replayed, so no decision may tell of it
            if decisions:
                self._append(decisions, cause)
            return
        tape = Tape(self._tape_id)
        tape.decide(from_microseconds(session.moment()), self._run_id, cause, self._ticks, orders, cancels)
        missing = self._missing([*tape.collect_events(), *decisions])
        if missing:
            self._append(missing, cause)

    def _is_recorded(self, entry: JournalEntry, tick: TapeTicked) -> bool:
        """Whether the journal holds next that nothing was decided on this tick, as nearly always in a replay.

        What `_missing` finds of it, without making the events that it compares.
        """
        if not self._recorded:
            return False
        recorded = self._recorded[0]
        if recorded.topic != TapeDecided.TOPIC or recorded.stream_id != self._tape_id:
            return False
        cause = f"{self._tape_name}:{entry.version}"
        derived = TapeDecided(at=tick.at, run_id=self._run_id, cause=cause, number=tick.number, orders=0, cancels=0)
        if self._journal.catalogue.encode(derived)[1] != recorded.state:
            return False
        self._recorded.popleft()
        return True

    def _missing(self, derived: Sequence[Recorded]) -> list[Recorded]:
        """What is not recorded yet; raise ReplayDiverged if what is recorded is something else."""
        catalogue = self._journal.catalogue
        missing = []
        for one in derived:
            if isinstance(one.event, _SAID):
                missing.append(one)
                continue
            derives = catalogue.encode(one.event)
            while self._recorded and self._decides_nothing(self._recorded[0], derives):
                self._recorded.popleft()
            if not self._recorded:
                missing.append(one)
                continue
            entry = self._recorded.popleft()
            recorded = catalogue.newest(entry.topic, entry.state)
            if (entry.stream_id, recorded) != (one.originator_id, derives):
                raise ReplayDiverged(
                    f"the journal holds {recorded[0]} {recorded[1].decode()} of {entry.stream_id} at position "
                    f"{entry.position}, the replay derives {derives[0]} {derives[1].decode()} of {one.originator_id}: "
                    "the strategy or what it reads has changed"
                )
        return missing

    def _decides_nothing(self, entry: JournalEntry, derives: tuple[str, bytes] | None = None) -> bool:
        """Whether a recorded decision, other than what the replay derives, was only about lines of the log.

        Earlier versions recorded one where a strategy logged something when it started or heard of an order.
        """
        if entry.stream_id != self._tape_id or self._journal.catalogue.newest(entry.topic, entry.state) == derives:
            return False
        event = self._journal.catalogue.decode(entry.topic, entry.state)
        is_of_a_tick = isinstance(event, TapeDecided) and event.cause.startswith(f"{self._tape_id}:")
        return isinstance(event, TapeDecided) and not (event.orders or event.cancels or is_of_a_tick)

    def _require_spent(self) -> None:
        while self._recorded and self._decides_nothing(self._recorded[0]):
            self._recorded.popleft()
        if self._recorded:
            entry = self._recorded[0]
            raise ReplayDiverged(
                f"the journal holds {len(self._recorded)} decisions that the replay does not derive, the first is "
                f"{entry.topic} at position {entry.position}: the strategy or what it reads has changed"
            )

    def _append(self, missing: Sequence[Recorded], cause: str) -> None:
        """Record decisions, all or nothing, after everything others have recorded in their streams."""
        self._decided.add(cause)
        chain = replace(self._chain, causation_id=cause)
        for _ in range(MAX_ATTEMPTS):
            try:
                placed = self._placed(missing)
                self._journal.append_batch(placed, self._run_id, chain)
            except ConcurrentChange:
                self._look_ahead(missing, cause)
            else:
                self._versions |= {one.originator_id: one.originator_version for one in placed}
                return
        raise ConcurrentChange(f"the decisions of run {self._run_id} could not be recorded: others are always faster")

    def _placed(self, missing: Sequence[Recorded]) -> list[Recorded]:
        placed = []
        versions = dict[UUID, int]()
        for one in missing:
            before = versions.get(one.originator_id, self._versions.get(one.originator_id, 0))
            versions[one.originator_id] = before + 1
            placed.append(Recorded(one.originator_id, before + 1, one.event))
        return placed

    def _look_ahead(self, missing: Sequence[Recorded], cause: str) -> None:
        """Read what came in between, to be seen later; raise SessionFenced if it is the same decision of another."""
        created = {one.originator_id for one in missing if isinstance(one.event, OrderCreated)}
        for entry in self._read():
            self._ahead.append(entry)
            if entry.meta.get("actor") == SESSION and entry.meta.get("causation_id") == cause:
                raise SessionFenced(f"another process has decided for run {self._run_id}")
            if entry.stream_id in created:
                raise SessionFenced(f"order {entry.stream_id} of run {self._run_id} was recorded by another process")

    def _fault(self, error: WeaverError) -> None:
        trace = error.details.get("traceback")
        code = _CODES.get(type(error), "RUN_FAILED")
        now = self._tools.clock.now()
        self._change(lambda run: run.fault(now, code, error.message, str(trace) if trace else None))

    def _change(self, decide: Callable[[Run], None]) -> None:
        for _ in range(MAX_ATTEMPTS):
            run = load_run(self._journal, self._run_id)
            decide(run)
            try:
                self._journal.record(run, run_id=self._run_id, chain=self._chain)
            except ConcurrentChange:
                continue
            return


# What a session says of itself: recorded once, never compared.
_SAID = (LogWritten, LogIndicatorsDeclared)

_CODES: dict[type[WeaverError], str] = {
    StrategyFault: "STRATEGY_ERROR",
    StrategyChanged: "STRATEGY_CHANGED",
    ReplayDiverged: "REPLAY_DIVERGED",
}


def _bars_of(event: Event) -> Sequence[TapeBar]:
    return event.bars if isinstance(event, TapeTicked | TapeBackfilled) else ()

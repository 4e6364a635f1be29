"""A run derived once more from its own journal: decisions, orders, fills and figures held against what was recorded."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from uuid import UUID

import msgspec

from application.backtest import Backtest, BacktestTools
from application.live import LiveTools, LiveTrading, SessionAsked
from application.live_session import EXCHANGE
from application.run_journal import RunJournal
from application.runs import READ_PAGE, SESSION_TOPICS, load_run
from application.simulated_matching import SimulatedMatching
from domain.errors import InvalidInput
from domain.event_catalogue import Catalogue
from domain.events import Aggregate, Chain, Event, JournalEntry, Recorded
from domain.ids import OrderIds
from domain.order import Order
from domain.run import (
    RunCompleted,
    RunCreated,
    RunEquityMarked,
    RunFailed,
    RunFailure,
    RunStarted,
    RunStartRequested,
)
from domain.run_log import LogIndicatorsDeclared, LogWritten
from domain.sessions import Sessions
from domain.tape import TapeTicked

# How long it took is another matter each time.
_TIMINGS = frozenset({"at", "load_seconds", "engine_seconds", "persist_seconds"})
_BEGINNING = (RunCreated, RunStartRequested, RunStarted)
_SAID = (LogWritten, LogIndicatorsDeclared)


@dataclass(frozen=True, slots=True)
class Verification:
    """What a replay came to.

    compared: how many recorded events the replay derived again. undecided: of a paper or live run, events at its end
    that it derived and nobody had recorded, because the run's process died before. difference: the first one, for
    people; None where there is none.
    """

    run_id: UUID
    mode: str
    compared: int
    undecided: int
    difference: str | None


class ReplayJournal:
    """Implements `RunJournal` over a journal without writing to it: what is recorded here is kept for comparison.

    shows: of the run's own stream, which events are shown. added: events that were to be appended though the journal
    does not have them; lines of the log are no part of it. ends: what was recorded of aggregates.
    """

    def __init__(self, journal: RunJournal, run_id: UUID, shows: tuple[type[Event], ...] | None = None) -> None:
        self._journal = journal
        self._run_id = run_id
        self.catalogue = journal.catalogue
        self.store_id = _store_id(journal, run_id)
        self._topics = None if shows is None else self.catalogue.versions([one.TOPIC for one in shows])
        self.added: list[Recorded] = []
        self.ends: list[Event] = []

    def load[A: Aggregate](self, kind: type[A], stream_id: UUID) -> A | None:
        """Return the aggregate as the shown events make it."""
        if stream_id != self._run_id or self._topics is None:
            return self._journal.load(kind, stream_id)
        return _folded(kind, stream_id, self.stream(stream_id), self.catalogue.decode)

    def record(self, *aggregates: Aggregate, run_id: UUID | None, chain: Chain) -> int:
        """Keep what was triggered."""
        self.ends += [one.event for aggregate in aggregates for one in aggregate.collect_events()]
        return 0

    def append_batch(self, recorded: Sequence[Recorded], run_id: UUID, chain: Chain) -> int:
        """Keep what the journal does not have."""
        self.added += [one for one in recorded if not isinstance(one.event, _SAID)]
        return 0

    def read(
        self, after: int, limit: int, *, topics: Sequence[str] = (), run_id: UUID | None = None
    ) -> list[JournalEntry]:
        """Return what the journal has."""
        return self._journal.read(after, limit, topics=topics, run_id=run_id)

    def stream(self, stream_id: UUID) -> list[JournalEntry]:
        """Return what is shown of a stream."""
        entries = self._journal.stream(stream_id)
        if stream_id != self._run_id or self._topics is None:
            return entries
        return [entry for entry in entries if entry.topic in self._topics]


def verify_backtest(run_id: UUID, journal: RunJournal, tools: BacktestTools) -> Verification:
    """Execute a backtest that has ended once more and return what differs; nothing is written.

    tools: those of a backtest; its journal is not used. Raises RunNotFound, and InvalidInput for a run that has not
    ended by itself: one that was stopped ends where its process happened to be.
    """
    recorded = [journal.catalogue.decode(entry.topic, entry.state) for entry in journal.stream(run_id)]
    ended = next((one for one in recorded if isinstance(one, RunCompleted | RunFailed)), None)
    if ended is None:
        status = load_run(journal, run_id).status
        raise InvalidInput(f"run {run_id} is {status}: only a backtest that completed, or failed, can be verified")
    replay = ReplayJournal(journal, run_id, shows=_BEGINNING)
    Backtest(run_id, replace(tools, journal=replay)).execute()
    return Verification(
        run_id=run_id,
        mode="backtest",
        compared=_count(journal, run_id, SESSION_TOPICS) + sum(isinstance(one, _FIGURES) for one in recorded),
        undecided=0,
        difference=_unrecorded_fault(recorded, replay.ends) or _added(replay) or _different_end(recorded, replay.ends),
    )


_FIGURES = (RunEquityMarked, RunCompleted, RunFailed)


def verify_live(run_id: UUID, journal: RunJournal, tools: LiveTools, sessions: Mapping[str, Sessions]) -> Verification:
    """Derive a paper or live run's decisions once more from its entries, and its fills where its own bars made them.

    tools: those of a session; journal, wakeup and end_asked are not used. sessions: of each symbol that has any. A run
    that is trading is verified as far as it is recorded.
    """
    replay, idle = ReplayJournal(journal, run_id), _Idle()
    given = replace(tools, journal=replay, wakeup=idle, end_asked=lambda: idle.is_idle)
    with suppress(SessionAsked):  # everything that is recorded was seen
        LiveTrading(run_id, given).execute()
    compared = _count(journal, run_id, ()) - _count(journal, run_id, [one.TOPIC for one in _SAID])
    created = load_run(journal, run_id).created
    recorded = [journal.catalogue.decode(entry.topic, entry.state) for entry in journal.stream(run_id)]
    difference = _unrecorded_fault(recorded, replay.ends)
    if difference is None and created.exchange == "simulated":
        difference = _different_fill(journal, run_id, created, sessions)
    return Verification(run_id, created.mode, compared, len(replay.added), difference)


class _Idle:
    """Implements `Wakeup`: nothing more will come."""

    is_idle = False

    def wait(self, timeout: float) -> None:
        self.is_idle = True


def _store_id(journal: RunJournal, run_id: UUID) -> UUID:
    """The store the run was recorded in: the ids of its orders follow from it, wherever it was imported to."""
    origin = next((entry.origin for entry in journal.stream(run_id)), None)
    return journal.store_id if origin is None else origin


def _count(journal: RunJournal, run_id: UUID, topics: Sequence[str]) -> int:
    after = found = 0
    while entries := journal.read(after, READ_PAGE, topics=topics, run_id=run_id):
        found += len(entries)
        after = entries[-1].position
    return found


def _added(replay: ReplayJournal) -> str | None:
    if not replay.added:
        return None
    topic, state = replay.catalogue.encode(replay.added[0].event)
    return f"the replay derives {topic} {state.decode()} of {replay.added[0].originator_id}, which is not recorded"


def _different_end(recorded: Sequence[Event], derived: Sequence[Event]) -> str | None:
    """What differs between the figures and the end that were recorded and those of the replay."""
    pairs = [[one for one in events if isinstance(one, _FIGURES)] for events in (recorded, derived)]
    for number in count():
        was, now = (events[number] if number < len(events) else None for events in pairs)
        if was is None and now is None:
            return None
        if was is None or now is None or type(was) is not type(now):
            return f"recorded is {_named(was)}, the replay derives {_named(now)}"
        if isinstance(was, RunFailed) and isinstance(now, RunFailed):
            if (was.code, was.message) != (now.code, now.message):
                return f"the run failed with {was.code} {was.message!r}, the replay with {now.code} {now.message!r}"
            continue
        for name in was.__struct_fields__:
            if name not in _TIMINGS and getattr(was, name) != getattr(now, name):
                return _different_field(type(was).TOPIC, name, getattr(was, name), getattr(now, name))
    return None


def _different_field(topic: str, name: str, was: object, now: object) -> str:
    if isinstance(was, dict) and isinstance(now, dict):
        key = next(key for key in [*was, *now] if was.get(key) != now.get(key))
        return _different_field(topic, f"{name}.{key}", was.get(key), now.get(key))
    shown = [msgspec.json.encode(one).decode() for one in (was, now)]
    return f"{name} of {topic} was recorded as {shown[0]}, the replay derives {shown[1]}"


def _named(event: Event | None) -> str:
    return "nothing more" if event is None else type(event).TOPIC


def _unrecorded_fault(recorded: Sequence[Event], derived: Sequence[Event]) -> str | None:
    """The fault a replay ended by, unless the run itself ended by the same one."""
    fault = next((one for one in derived if isinstance(one, RunFailure)), None)
    faults = {(one.code, one.message) for one in recorded if isinstance(one, RunFailure)}
    return None if fault is None or (fault.code, fault.message) in faults else f"{fault.code}: {fault.message}"


class _Orders:
    """The orders of a run, folded as far as its entries were given, and where the journal is asked for them."""

    def __init__(self, journal: RunJournal) -> None:
        self._journal = journal
        self._entries: dict[UUID, list[JournalEntry]] = {}

    def take(self, entry: JournalEntry) -> None:
        """Fold one entry of an order."""
        self._entries.setdefault(entry.stream_id, []).append(entry)

    def load(self, order_id: UUID) -> Order | None:
        """Return the order as it is so far."""
        entries = self._entries.get(order_id)
        return None if entries is None else _folded(Order, order_id, entries, self._journal.catalogue.decode)


def _different_fill(
    journal: RunJournal, run_id: UUID, created: RunCreated, sessions: Mapping[str, Sessions]
) -> str | None:
    """The first report of the simulated exchange that its bars do not give again."""
    orders = _Orders(journal)
    matching = SimulatedMatching(run_id, OrderIds(_store_id(journal, run_id), run_id), created, sessions, orders.load)
    catalogue, expected, cause = journal.catalogue, list[Recorded](), ""
    after = 0
    while entries := journal.read(after, READ_PAGE, run_id=run_id):
        for entry in entries:
            event = catalogue.decode(entry.topic, entry.state)
            is_report = entry.meta.get("actor") == EXCHANGE and entry.meta.get("causation_id") == cause
            if expected and not is_report:
                return f"at position {entry.position} the bars give {_shown(catalogue, expected[0])}, not recorded"
            if is_report and entry.topic.startswith("order."):
                given = expected.pop(0) if expected else None
                was = Recorded(entry.stream_id, entry.version, event)
                if given is None or _shown(catalogue, given) != _shown(catalogue, was):
                    derived = "nothing" if given is None else _shown(catalogue, given)
                    return f"recorded at {entry.position} is {_shown(catalogue, was)}, the bars give {derived}"
            if isinstance(event, TapeTicked):
                cause = f"{entry.stream_id}:{entry.version}"
                expected = matching.match(event)
            if entry.topic.startswith("order."):
                orders.take(entry)
            matching.take(entry, event)
        after = entries[-1].position
    return None


def _shown(catalogue: Catalogue, one: Recorded) -> str:
    topic, state = catalogue.encode(one.event)
    return f"{topic} {state.decode()} of {one.originator_id}"


def _folded[A: Aggregate](
    kind: type[A], stream_id: UUID, entries: Sequence[JournalEntry], decode: Callable[[str, bytes], Event]
) -> A | None:
    recorded = (Recorded(stream_id, entry.version, decode(entry.topic, entry.state)) for entry in entries)
    return kind.fold(None, recorded)

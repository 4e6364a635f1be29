"""The account of a paper or live run up to a moment, as the journal has it, for a fork to go on with (Marvin)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.dealing import Dealer
from application.live_session import SESSION, LiveInput, LiveSession, with_reports
from application.order_facts import OrderFacts
from application.recovery import ReplayDiverged
from application.run_journal import RunJournal
from application.runs import READ_PAGE, SIMULATED_EXCHANGE
from application.simulated_matching import SimulatedMatching
from domain.events import Event, JournalEntry, Recorded
from domain.growing_timeline import GrowingTimeline, no_bars
from domain.ids import OrderIds
from domain.market import Timeframe, to_microseconds
from domain.order import (
    Order,
    OrderCancelled,
    OrderCreated,
    OrderExpired,
    OrderFill,
    OrderRejected,
    OrderType,
)
from domain.risk import RiskGuard, RiskHalted, RiskLimits, RiskResumed, risk_stream_id
from domain.run import RunCreated, RunPaused, RunResumed, RunStarted
from domain.run_log import LogWritten, RunLog, log_line
from domain.sessions import Sessions
from domain.strategy import Strategy
from domain.tape import TapeBackfilled, TapeTicked

# Where such an order stands by now is known to the exchange alone.
_ONLY_THE_EXCHANGE_KNOWS = (OrderType.TRAILING_STOP, OrderType.STOP_LIMIT)
NOT_CARRIED = "the fork cannot go on with it: where it stands is known to the exchange alone"
# What a simulation of the past has of an order; what was sent and answered on the way belongs to the exchange.
_KEPT = (OrderCreated, OrderFill, OrderRejected, OrderCancelled, OrderExpired)


@dataclass(frozen=True, slots=True)
class Parent:
    """The run that is forked, and the moment up to which it is followed."""

    run_id: UUID
    created: RunCreated
    moment: datetime


class RecordedPast:
    """Implements `Past`: what a paper or live run had at a moment, told with the ids of its fork.

    Everything that was recorded before the first tick after the moment counts. The parent's session is replayed on it,
    so books, working orders and risk state are what they were; its orders and executions are recorded again, for the
    fork. Raises ReplayDiverged if the parent's strategy does not decide what it decided then.
    """

    def __init__(
        self,
        run_id: UUID,
        parent: Parent,
        journal: RunJournal,
        strategy: Strategy,
        sessions: Mapping[str, Sessions],
        run_log: RunLog,
    ) -> None:
        self._run_id, self._parent, self._run_log = run_id, parent, run_log
        self._ids = OrderIds(journal.store_id, run_id)
        self._parent_ids = OrderIds(journal.store_id, parent.run_id)
        self._orders: dict[UUID, Order] = {}
        self._fills: dict[UUID, int] = {}
        self._guard = RiskGuard(risk_stream_id(run_id))
        self._events: list[Recorded] = []
        self.facts = OrderFacts(run_id, self._ids)
        self._strategy, self._sessions = strategy, sessions
        self._entries = self._until_the_moment(journal)
        self._session = self._new_session()
        self._matching = SimulatedMatching(
            parent.run_id, self._parent_ids, parent.created, sessions, lambda order_id: None
        )

    @property
    def account(self) -> Dealer:
        """The orders and the books."""
        return self._session.account

    def watch(self, limits: RiskLimits) -> None:
        """Keep the figures of limits that somebody who takes over will have."""
        self._session.watch(limits)

    def see(self, instant: int) -> None:
        """The parent's own history comes out of its entries."""

    def prepare(self) -> None:
        """Go through everything up to the moment; raise ReplayDiverged where the strategy decides otherwise."""
        self._session.grow(
            [bar for _, event in self._entries if isinstance(event, TapeTicked | TapeBackfilled) for bar in event.bars]
        )
        decided: set[UUID] = set()
        for entry, event in self._entries:
            self._matching.take(entry, event)
            self._record(entry, event)
            if isinstance(event, OrderCreated) and entry.meta.get("actor") == SESSION:
                decided.add(self._own_id(entry.stream_id))
        derived: set[UUID] = set()
        for one in with_reports(self._translated(*one) for one in self._entries if not _is_own(one[0])):
            self._show(one)
            created = (each for each in self._session.collect_events() if isinstance(each.event, OrderCreated))
            derived |= {each.originator_id for each in created}
        if derived != decided:
            raise ReplayDiverged(
                f"the strategy of run {self._parent.run_id} does not decide again what it has decided up to "
                f"{self._parent.moment:%Y-%m-%d %H:%M:%S} ({len(derived)} orders, recorded are {len(decided)}): "
                "the run cannot be forked there"
            )
        self._hand_over()

    def run(self, first: int, last: int) -> None:
        """It has happened."""

    def collect_events(self) -> Sequence[Recorded]:
        """Return what has happened since the last call."""
        events, self._events = self._events, []
        return events

    def finish(self, reason: str) -> None:
        """Cancel every order that is still working."""
        self.cancel_working_orders(reason)

    def cancel_working_orders(self, reason: str) -> None:
        """Cancel every order that is still working."""
        for order in self._orders.values():
            self._end(order, reason)

    def _until_the_moment(self, journal: RunJournal) -> list[tuple[JournalEntry, Event]]:
        found: list[tuple[JournalEntry, Event]] = []
        frame, after = Timeframe.parse(self._parent.created.timeframe).duration, 0
        while entries := journal.read(after, READ_PAGE, run_id=self._parent.run_id):
            for entry in entries:
                event = journal.catalogue.decode(entry.topic, entry.state)
                if _is_later(event, self._parent.moment, frame):
                    return found
                found.append((entry, event))
            after = entries[-1].position
        return found

    def _new_session(self) -> LiveSession:
        created = self._parent.created
        empty = [no_bars(symbol, Timeframe.parse(created.timeframe)) for symbol in created.symbols]
        timeline = GrowingTimeline(empty, to_microseconds(created.at), self._sessions)
        return LiveSession(
            self._run_id, created, self._ids, timeline, self._strategy, _nobody, self._sessions, RunLog(self._run_id)
        )

    def _show(self, one: LiveInput) -> None:
        session, event = self._session, one.event
        match event:
            case RunStarted():
                session.prepare()
            case TapeBackfilled():
                session.backfilled(event)
            case TapeTicked():
                session.tick(event, one.reports)
            case RunPaused() | RunResumed():
                session.pause(is_paused=isinstance(event, RunPaused))
            case RiskHalted() | RiskResumed():
                session.risk_changed(event)
            case _ if one.entry.topic.startswith("order."):
                session.hear(one.entry.stream_id, event)

    def _own_id(self, order_id: UUID) -> UUID:
        key = self._parent_ids.key_of(order_id)
        if key is None:
            raise ReplayDiverged(f"order {order_id} is none of run {self._parent.run_id}")
        return self._ids.order_id(key >> 8, key & 0xFF)

    def _translated(self, entry: JournalEntry, event: Event) -> tuple[JournalEntry, Event]:
        return (entry._replace(stream_id=self._own_id(entry.stream_id)) if _is_of_order(entry) else entry), event

    def _record(self, entry: JournalEntry, event: Event) -> None:
        """Record what concerns orders, halts and the log once more, as the fork's."""
        run_log = self._run_log
        match event:
            case LogWritten() if entry.meta.get("actor") == SESSION:
                for line in event.lines:
                    run_log.write(line)
            case RiskHalted() | RiskResumed():
                self._guard.trigger(msgspec.structs.replace(event, run_id=self._run_id))
                self._events += self._guard.collect_events()
            case _ if _is_of_order(entry) and isinstance(event, _KEPT):
                order_id = self._own_id(entry.stream_id)
                order = self._orders.setdefault(order_id, Order(order_id))
                order.trigger(self._as_own(order_id, event))
                self._events += order.collect_events()

    def _as_own(self, order_id: UUID, event: Event) -> Event:
        match event:
            case OrderCreated():
                return msgspec.structs.replace(
                    event,
                    run_id=self._run_id,
                    client_order_id=self._ids.client_order_id(event.sequence, event.leg),
                    parent_id=None if event.parent_id is None else self._own_id(event.parent_id),
                    valid_until=None,
                )
            case OrderFill():
                number = self._fills[order_id] = self._fills.get(order_id, 0) + 1
                named = f"{self._orders[order_id].created.client_order_id}-{number}"
                return msgspec.structs.replace(event, run_id=self._run_id, execution_id=named)
            case _:
                return msgspec.structs.replace(event, run_id=self._run_id)

    def _hand_over(self) -> None:
        """Make the account one that a simulation can go on with."""
        account = self._session.account
        account.risk.guard = self._guard
        simulated = self._parent.created.exchange == SIMULATED_EXCHANGE
        matched = self._matching.working
        for order in list(account.working.values()):
            if simulated and (known := matched.get(order.key)) is not None:
                order.level, order.triggered, order.since = known.level, known.triggered, known.since
            elif not simulated and order.kind in _ONLY_THE_EXCHANGE_KNOWS:
                self._session.drop(order)
                self._end(self._orders[order.id], NOT_CARRIED)
                fields = {"order_id": str(order.id), "symbol": order.request.symbol, "order_type": str(order.kind)}
                line = log_line(self._parent.moment, f"order cancelled: {NOT_CARRIED}", fields)
                self._run_log.write(msgspec.structs.replace(line, level="warning"))
                continue
            self.facts.adopt(order.key, self._orders[order.id])

    def _end(self, order: Order, reason: str) -> None:
        order.cancel(self._parent.moment, reason)
        self._events += order.collect_events()


def _is_later(event: Event, moment: datetime, frame: timedelta) -> bool:
    """Whether it tells of bars that closed after the moment: it, and all that follows, came later."""
    match event:
        case TapeTicked():
            return event.at > moment
        case TapeBackfilled():
            return any(bar.opened_at + frame > moment for bar in event.bars)
        case _:
            return False


def _is_own(entry: JournalEntry) -> bool:
    return entry.meta.get("actor") == SESSION


def _is_of_order(entry: JournalEntry) -> bool:
    return entry.topic.startswith("order.")


def _nobody(message: str, fields: Mapping[str, object]) -> None:
    """Whoever listens to the run's log has heard it then."""

"""A paper or live run being traded: the journal's entries in, the strategy's decisions out (Marvin)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from application.live_dealing import LiveDealer
from application.session import DAY, LogLine, Session
from domain.events import Event, JournalEntry
from domain.growing_timeline import GrowingTimeline
from domain.ids import OrderIds
from domain.market import Timeframe, to_microseconds
from domain.order import OrderFill
from domain.risk import RiskHalted, RiskResumed
from domain.run import RunCreated
from domain.run_log import RunLog
from domain.sessions import Sessions
from domain.strategy import Strategy
from domain.tape import TapeBackfilled, TapeBar, TapeTicked, tape_bars
from domain.working_order import Working

# Who recorded an entry: a run's session, and an exchange that fills orders out of the run's own bars.
SESSION, EXCHANGE = "session", "exchange"


class LiveInput(NamedTuple):
    """An entry that others recorded, with the reports that were recorded together with it."""

    entry: JournalEntry
    event: Event
    reports: Sequence[tuple[UUID, Event]]


def with_reports(entries: Iterable[tuple[JournalEntry, Event]]) -> list[LiveInput]:
    """Return the entries of a run, those of its session left out, each with what the exchange made of it at once."""
    inputs: list[LiveInput] = []
    for entry, event in entries:
        is_report = entry.meta.get("actor") == EXCHANGE
        if inputs and is_report and entry.meta.get("causation_id") == cause_of(inputs[-1].entry):
            inputs[-1] = inputs[-1]._replace(reports=[*inputs[-1].reports, (entry.stream_id, event)])
        else:
            inputs.append(LiveInput(entry, event, ()))
    return inputs


def cause_of(entry: JournalEntry) -> str:
    """Return what an entry is named by where it is the cause of others."""
    return f"{entry.stream_id}:{entry.version}"


class LiveSession(Session):
    """Trades one run entry by entry: whoever gives it the same entries in the same order gets the same decisions.

    Bars are given ahead (`grow`), and come into sight only with the entry that recorded them: a replay gives them all
    at once, a running session as they come.
    """

    DEALER = LiveDealer
    _dealer: LiveDealer
    _timeline: GrowingTimeline

    def __init__(
        self,
        run_id: UUID,
        description: RunCreated,
        ids: OrderIds,
        timeline: GrowingTimeline,
        strategy: Strategy,
        log: LogLine,
        sessions: Mapping[str, Sessions],
        run_log: RunLog,
    ) -> None:
        super().__init__(run_id, description, ids, timeline, strategy, log, sessions, run_log)
        self._frame = Timeframe.parse(description.timeframe)
        self._heard_at = timeline.start

    def grow(self, bars: Sequence[TapeBar]) -> None:
        """Take bars that entries to come will bring into sight, oldest first for each symbol."""
        if bars:
            self._timeline.grow([tape_bars(symbol, self._frame, bars) for symbol in self.symbols])
            self._look_at_market()

    def backfilled(self, event: TapeBackfilled) -> None:
        """Let the bars be seen as history."""
        newest = max(to_microseconds(bar.opened_at) for bar in event.bars) + self._frame.microseconds
        self._move_to(max(self._timeline.instant_at(newest), self.instant))

    def tick(self, event: TapeTicked, reports: Sequence[tuple[UUID, Event]]) -> None:
        """Trade a boundary: what the bars filled, if the exchange is a simulated one, then the strategy.

        reports: what the exchange made of the orders out of these very bars. A boundary without a bar decides nothing.
        Raises StrategyFault if the strategy fails.
        """
        moment = self._heard_at = to_microseconds(event.at)
        if event.bars:
            self._move_to(self._timeline.instant_at(moment))
        self._is_matching = bool(event.bars)
        for order_id, report in reports:
            self._tell_of(order_id, report)
        self._is_matching = False
        if not event.bars:
            return
        if self._dealer.risk.watches_equity:
            self._dealer.halt_if_due((self._timeline.closes[self.instant] - 1) // DAY)
        if not self._dealer.is_paused:
            self._tell(self._strategy.on_bar, self._context)

    def hear(self, order_id: UUID, event: Event) -> None:
        """Take note of what became of an order; raise StrategyFault if the strategy fails on it."""
        self._heard_at = max(self._heard_at, to_microseconds(event.at))
        self._tell_of(order_id, event)

    def risk_changed(self, event: RiskHalted | RiskResumed) -> None:
        """Take note that somebody else has halted the run, or lets it trade again."""
        self._dealer.risk.hear(event)

    def pause(self, *, is_paused: bool) -> None:
        """Let the strategy decide nothing while it is paused; its books are kept."""
        self._dealer.is_paused = is_paused

    def drop(self, order: Working) -> None:
        """Take an order off the book and tell nobody."""
        self._dealer.drop(order)

    def moment(self) -> int:
        """Return when what is being heard of happened, microseconds since 1970 UTC."""
        return self._heard_at

    def _tell_of(self, order_id: UUID, event: Event) -> None:
        is_execution = self._dealer.hear(order_id, event)
        if is_execution and self.hears_fills and isinstance(event, OrderFill):
            self._tell(self._strategy.on_fill, self._context, event)

    def _move_to(self, instant: int) -> None:
        self.instant = instant
        self._timeline.move_to(instant)

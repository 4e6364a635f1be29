"""A session that begins with another run's account: its strategy remembers, and takes over at a moment (Marvin)."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from application.carried_account import CarriedDealer
from application.dealing import Dealer
from application.order_facts import OrderFacts
from application.session import LogLine, Session
from domain.events import Recorded
from domain.ids import OrderIds
from domain.risk import RiskLimits
from domain.run import RunCreated
from domain.run_log import RunLog
from domain.sessions import Sessions
from domain.strategy import Strategy
from domain.timeline import Timeline


class Past(Protocol):
    """Who keeps a fork's account up to the moment: its events are the fork's until then."""

    @property
    def account(self) -> Dealer:
        """The orders and the books, as they are by now."""
        ...

    @property
    def facts(self) -> OrderFacts:
        """What the orders of that account are written down with."""
        ...

    def watch(self, limits: RiskLimits) -> None:
        """Keep the figures of limits that somebody who takes over will have."""
        ...

    def see(self, instant: int) -> None:
        """Let the bars up to an instant be seen as history, with nothing traded."""
        ...

    def prepare(self) -> None:
        """Let its strategy prepare itself."""
        ...

    def run(self, first: int, last: int) -> None:
        """Trade the instants [first, last)."""
        ...

    def collect_events(self) -> Sequence[Recorded]:
        """Return what has happened since the last call."""
        ...

    def finish(self, reason: str) -> None:
        """Let its strategy say goodbye, then cancel what is still working."""
        ...

    def cancel_working_orders(self, reason: str) -> None:
        """Cancel every order that is still working."""
        ...


class ForkedSession(Session):
    """Trades a fork. Before instant number `handover` the account is the past's, from there on the fork's own.

    Until then the fork's strategy sees the same bars, with an account of its own that counts for nothing, so that its
    memory is what it would have been. past: a session of the parent's strategy on a timeline of its own, or what is
    recorded of the parent. Both write to the same run_log; what the fork's strategy logs in its past is left out.
    """

    def __init__(
        self,
        run_id: UUID,
        description: RunCreated,
        ids: OrderIds,
        timeline: Timeline,
        strategy: Strategy,
        log: LogLine,
        sessions: Mapping[str, Sessions],
        run_log: RunLog,
        past: Past,
        handover: int,
    ) -> None:
        super().__init__(run_id, description, ids, timeline, strategy, log, sessions, run_log)
        self._description, self._ids = description, ids
        self._past: Past | None = past
        self._handover = handover
        self._inherited: list[Recorded] = []
        self._watched = [description.risk]
        past.watch(description.risk)

    @property
    def account(self) -> Dealer:
        """The orders and the books of the run: the past's, until they are taken over."""
        return self._dealer if self._past is None else self._past.account

    @property
    def facts(self) -> OrderFacts:
        """What the orders of the account are written down with."""
        return self._dealer.facts if self._past is None else self._past.facts

    @property
    def waiting(self) -> int:
        """How many facts wait to be collected as events."""
        return len(self._inherited) + super().waiting

    def watch(self, limits: RiskLimits) -> None:
        """Keep the figures of limits that somebody who takes over will have."""
        if self._past is not None:
            self._watched.append(limits)
            self._past.watch(limits)
        else:
            super().watch(limits)

    def see(self, instant: int) -> None:
        """Let the bars up to an instant be seen as history, with nothing traded."""
        if self._past is not None:
            self._past.see(instant)
        super().see(instant)

    def prepare(self) -> None:
        """Let both strategies prepare themselves; raise StrategyFault if one fails."""
        if self._past is not None:
            self._past.prepare()
        super().prepare()

    def run(self, first: int, last: int) -> None:
        """Trade the instants [first, last), those before the handover twice: by the past, and as if."""
        if self._past is not None:
            end = min(last, self._handover)
            self._past.run(first, end)
            super().run(first, end)
            self._inherited += self._past.collect_events()
            self._forget_own()
            if end == self._handover:
                self._take_over(self._past)
            first = max(first, end)
        super().run(first, last)

    def collect_events(self) -> list[Recorded]:
        """Return the events of orders and of risk since the last call, in the order they happened, then the log's."""
        if self._past is not None:
            self._inherited += self._past.collect_events()
            self._forget_own()
        inherited, self._inherited = self._inherited, []
        return [*inherited, *super().collect_events()]

    def finish(self, reason: str) -> None:
        """Let the strategy say goodbye whose account it is, then cancel what is still working."""
        if self._past is not None:
            self._past.finish(reason)
        else:
            super().finish(reason)

    def cancel_working_orders(self, reason: str) -> None:
        """Cancel every order of the account that is still working."""
        if self._past is not None:
            self._past.cancel_working_orders(reason)
        else:
            super().cancel_working_orders(reason)

    def log(self, message: str, fields: Mapping[str, object]) -> None:
        """Write a line to the run's log, once the account is the fork's own."""
        if self._past is None:
            super().log(message, fields)

    def _forget_own(self) -> None:
        """Drop what the strategy did in a past that was not."""
        self._collected.clear()
        self._dealer.facts.collect()

    def _take_over(self, past: Past) -> None:
        has_volume = [bool(bars.volume.any()) for bars in self._timeline.bars]
        self._dealer = CarriedDealer(
            self.run_id,
            self._description,
            self._ids,
            self,
            self,
            has_volume,
            past.account,
            past.facts,
            self._dealer,
        )
        self._past = None
        for limits in self._watched:
            self.watch(limits)

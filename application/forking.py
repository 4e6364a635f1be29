"""The session of a backtest; of a fork, with the line of runs it comes from (Greta)."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from application.forked_session import ForkedSession, Past
from application.ports import StrategyCatalog
from application.recorded_past import Parent, RecordedPast
from application.run_journal import RunJournal
from application.run_market import RunMarket
from application.runs import run_as_created
from application.session import LogLine, Session, constructed
from domain.fork import ForkOrigin
from domain.ids import OrderIds
from domain.market import to_microseconds
from domain.run import RunCreated
from domain.run_log import RunLog
from domain.sessions import Sessions
from domain.timeline import Timeline


@dataclass(frozen=True, slots=True)
class SessionMaker:
    """Makes the session of one run. sessions: of each symbol that has any. run_log: what is recorded of its log."""

    run_id: UUID
    journal: RunJournal
    catalog: StrategyCatalog
    market: RunMarket
    sessions: Mapping[str, Sessions]
    run_log: RunLog
    log: LogLine

    def session(self, description: RunCreated, timeline: Timeline) -> Session:
        """Return the session, ready to be started; raise StrategyChanged, StrategyFault or NotFound for its strategy.

        timeline: of the market's bars, nobody else's.
        """
        kind = self.catalog.load(description.strategy_id, description.strategy_version)
        strategy = constructed(kind, description.parameters)
        ids = OrderIds(self.journal.store_id, self.run_id)
        origin = description.forked_from
        if origin is not None and (handover := self._handover(origin, timeline)):
            past, run_log = self._past(origin), self.run_log
            return ForkedSession(
                self.run_id, description, ids, timeline, strategy, self.log, self.sessions, run_log, past, handover
            )
        return Session(self.run_id, description, ids, timeline, strategy, self.log, self.sessions, self.run_log)

    def _handover(self, origin: ForkOrigin, timeline: Timeline) -> int:
        """The first instant after the moment; 0 if nothing was traded by then."""
        if origin.moment is None:
            return 0
        first, _ = next(self.market.stretches(timeline, len(timeline)), (0, 0))
        handover = int(np.searchsorted(timeline.closing_times, to_microseconds(origin.moment), side="right"))
        return handover if handover > first else 0

    def _past(self, origin: ForkOrigin) -> Past:
        parent = run_as_created(self.journal, origin.run_id)
        if parent.mode == "backtest":
            return self.session(parent, Timeline(self.market.bars, self.sessions))
        if origin.moment is None:
            raise TypeError("a fork without a moment has no past")
        kind = self.catalog.load(parent.strategy_id, parent.strategy_version)
        followed = Parent(origin.run_id, parent, origin.moment)
        strategy = constructed(kind, parent.parameters)
        return RecordedPast(self.run_id, followed, self.journal, strategy, self.sessions, self.run_log)

"""One trial of a sweep: history through a session, its figures kept and its orders not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter
from uuid import UUID

from application.equity import equity_curve, trading_days
from application.session import Session, constructed
from domain.errors import BarsUnavailable
from domain.ids import OrderIds
from domain.market import Bars
from domain.money import plain
from domain.objective import COUNTS, FigureValue, Objective, figure_names
from domain.performance import Account, Days, EquityCurve, statistics
from domain.run import RunCreated
from domain.sessions import Sessions
from domain.strategy import Strategy
from domain.timeline import Timeline

STEPS = 10
ENDED = "the run reached the end of its bars"

# Hears the objective after each tenth of the bars but the last, and says whether to go on.
type Onlooker = Callable[[Sequence[float | None]], bool]


@dataclass(frozen=True, slots=True, eq=False)
class TrialMarket:
    """What every trial of a sweep trades on. bars: of each symbol; sessions: of each symbol that has any."""

    bars: tuple[Bars, ...]
    sessions: Mapping[str, Sessions]


@dataclass(frozen=True, slots=True, eq=False)
class TrialResult:
    """What a trial came to. days: when its daily equity is sampled; steps: the objective after each tenth."""

    bars: int
    orders: int
    account: Account
    curve: EquityCurve
    days: Days
    figures: dict[str, FigureValue]
    engine_seconds: float
    steps: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class TrialGivenUp:
    """A trial its onlooker did not want to go on. steps: the objective after each tenth it came through."""

    steps: tuple[float | None, ...]


class TrialRunner:
    """Trades trials of one strategy on one market, in this process, one after the other."""

    def __init__(self, kind: type[Strategy], market: TrialMarket, objective: Objective, store_id: UUID) -> None:
        self._kind = kind
        self._market = market
        self._objective = objective
        self._store_id = store_id

    def run(
        self, trial_id: UUID, description: RunCreated, onlooker: Onlooker | None = None
    ) -> TrialResult | TrialGivenUp:
        """Return what the trial came to; raise StrategyFault if its strategy fails, BarsUnavailable without bars."""
        timeline = self._timeline(description)
        strategy = constructed(self._kind, description.parameters)
        ids = OrderIds(self._store_id, trial_id)
        session = Session(trial_id, description, ids, timeline, strategy, _unheard, self._market.sessions)
        began = perf_counter()
        total, steps = len(timeline), list[float | None]()
        session.start()
        if onlooker is None:
            session.run(0, total)
        else:
            bounds = [total * step // STEPS for step in range(STEPS + 1)]
            for first, last in pairwise(bounds):
                session.run(first, last)
                if last in (0, total):
                    continue
                steps.append(self._standing(session, timeline, last))
                if not onlooker(steps):
                    return TrialGivenUp(tuple(steps))
        session.finish(ENDED)
        return self._result(session, timeline, perf_counter() - began, tuple(steps))

    def _timeline(self, description: RunCreated) -> Timeline:
        bars = [one.between(description.start_time, description.end_time) for one in self._market.bars]
        for one in bars:
            if not len(one):
                raise BarsUnavailable(f"there are no bars of {one.symbol} {one.timeframe} in the trial's part of them")
        return Timeline(bars, self._market.sessions)

    def _result(
        self, session: Session, timeline: Timeline, seconds: float, steps: tuple[float | None, ...]
    ) -> TrialResult:
        curve = equity_curve(session, timeline)
        account = Account.of(session.portfolio, session.equity)
        days = trading_days(timeline, self._market.sessions)
        found = statistics(curve, account, timeline.bars, days)
        return TrialResult(
            bars=timeline.bar_count(),
            orders=session.orders_placed,
            account=account,
            curve=curve,
            days=days,
            figures={name: found[name].value for name in figure_names() if name not in COUNTS},
            engine_seconds=seconds,
            steps=steps,
        )

    def _standing(self, session: Session, timeline: Timeline, last: int) -> float | None:
        """The objective as it is after the instants before `last`."""
        whole = equity_curve(session, timeline)
        curve = EquityCurve(whole.start, whole.times[:last], whole.equity[:last], whole.exposed[:last])
        days, now = trading_days(timeline, self._market.sessions), int(curve.times[-1])
        days = Days(days.ends[days.ends <= now], days.a_year, days.name)
        account = Account.of(session.portfolio, session.equity)
        markets = [bars.between(None, session.now) for bars in timeline.bars]
        found = statistics(curve, account, [bars for bars in markets if len(bars)] or timeline.bars, days)
        figures = {name: one.value for name, one in found.items()}
        counts = {"orders": session.orders_placed, "fills": account.fills, "trades": len(account.trades)}
        return self._objective.value({**figures, **counts, "final_equity": plain(account.final_equity)})


def _unheard(message: str, fields: Mapping[str, object]) -> None:
    """What a strategy logs in a trial is kept nowhere."""

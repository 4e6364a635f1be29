"""The handler of the command that forks a run: what the fork is, checked against the parent, before it is recorded."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from application.clock import Clock
from application.commands import ForkRun
from application.journal import Journal
from application.ports import BarSource, StrategyCatalog, StrategyDescription
from application.run_market import RunMarket, market_of, require_parents_bars
from application.runs import READ_PAGE, SESSION_TOPICS, SIMULATED_EXCHANGE, load_run
from domain.aggregation import bar_closes
from domain.costs import Costs
from domain.errors import BarsUnavailable, InvalidInput, Refused, StrategyChanged, StrategyNotFound
from domain.events import Chain
from domain.fork import ForkOrigin
from domain.market import from_microseconds, to_microseconds
from domain.parameters import parse_parameters, recorded_values
from domain.risk import RiskLimits, parse_limits
from domain.run import CostSettings, Run, RunCreated
from domain.tape import TapeTicked
from domain.venues import changed_costs

# Whose time is the market's: what happened to orders, halts, and the boundaries of a tape.
_OF_THE_MARKET = (*SESSION_TOPICS, TapeTicked.TOPIC)


class ForkHandler:
    """What the command does."""

    def __init__(self, journal: Journal, clock: Clock, catalog: StrategyCatalog, bars: BarSource) -> None:
        self._journal = journal
        self._clock = clock
        self._catalog = catalog
        self._bars = bars

    def fork(self, command: ForkRun, chain: Chain) -> int:
        """Record the fork; raise RunNotFound, InvalidInput or Refused with the reason, and nothing is written."""
        parent = load_run(self._journal, command.parent_id)
        if parent.started is None:
            raise Refused(f"run {parent.id} has never started: there is nothing to fork", status=parent.status)
        origin = self._origin(parent, command.position)
        strategy = self._strategy(command, parent.created, origin)
        created, is_parents = parent.created, strategy.strategy_id == parent.created.strategy_id
        parameters = (created.parameters if is_parents else {}) | command.parameters
        described = msgspec.structs.replace(
            created,
            at=self._clock.now(),
            name=command.name or f"fork of {created.name}",
            strategy_id=strategy.strategy_id,
            strategy_version=strategy.version,
            mode="backtest",
            exchange=SIMULATED_EXCHANGE,
            parameters=recorded_values(parse_parameters(strategy.parameters, parameters)),
            costs=_require_meant(changed_costs(created.costs, command.costs)),
            risk=_changed_limits(created.risk, command.risk),
            warmup_bars=0,
            tags=(),
            notes="",
            forked_from=origin,
        )
        run = Run(command.run_id)
        run.trigger(self._on_its_bars(described, parent))
        if command.is_to_start:
            run.request_start(self._clock.now())
        return self._journal.record(run, run_id=run.id, chain=chain)

    def _origin(self, parent: Run, position: int | None) -> ForkOrigin:
        """The moment that a position means: the newest time of the market by then."""
        if position is None:
            return ForkOrigin(parent.id, self._journal.stream(parent.id)[0].position)
        if position <= 0:
            raise InvalidInput(f"position {position} is no event of run {parent.id}: positions count from 1")
        catalogue = self._journal.catalogue
        topics = catalogue.versions(_OF_THE_MARKET)
        moment: datetime | None = None
        newest = after = 0
        while entries := self._journal.read(after, READ_PAGE, run_id=parent.id):
            for entry in entries:
                if entry.position > position:
                    break
                newest = entry.position
                if entry.topic in topics:
                    at = catalogue.decode(entry.topic, entry.state).at
                    moment = at if moment is None else max(moment, at)
            after = entries[-1].position
            if after >= position:
                break
        if newest == position:
            return ForkOrigin(parent.id, position, moment)
        if position > (head := self._journal.head()):
            raise InvalidInput(f"the journal ends at {head}, there is no position {position} yet", head=head)
        before = f"; its newest before that is at {newest}" if newest else ""
        raise InvalidInput(f"position {position} is no event of run {parent.id}{before}", newest=newest)

    def _strategy(self, command: ForkRun, created: RunCreated, origin: ForkOrigin) -> StrategyDescription:
        """The fork's strategy, once it is certain that the past can be told: that needs the parent's as it was."""
        if command.strategy_id is None or origin.moment is not None:
            asked = self._as_it_was(created)
            if command.strategy_id is None:
                return asked
        return self._catalog.describe(command.strategy_id)

    def _as_it_was(self, created: RunCreated) -> StrategyDescription:
        try:
            found = self._catalog.describe(created.strategy_id)
        except StrategyNotFound as error:
            raise StrategyChanged(f"the strategy of the run is gone: {error.message}") from error
        if found.version != created.strategy_version:
            raise StrategyChanged(
                f"{created.strategy_id} is at version {found.version}, the run has {created.strategy_version}: a "
                "fork needs that file as it was; to try another version from the beginning, name it and no position"
            )
        return found

    def _on_its_bars(self, described: RunCreated, parent: Run) -> RunCreated:
        """The fork with the range of its bars, which are the parent's to the byte and go on after the moment."""
        try:
            market = market_of(self._journal, self._bars, described)
            require_parents_bars(self._journal, described, market.hashes())
        except BarsUnavailable as error:
            raise Refused(f"run {parent.id} cannot be forked: {error.message}") from error
        if market.boundaries is not None:
            start = min(bars.start_time for bars in market.bars)
            end = from_microseconds(market.boundaries[-1]) if market.boundaries else described.at
            described = msgspec.structs.replace(described, start_time=start, end_time=end, bar_files=())
        origin = described.forked_from
        if origin is not None and origin.moment is not None and to_microseconds(origin.moment) >= _end(market):
            raise Refused(
                f"run {parent.id} has no bar after position {origin.position}, which is at "
                f"{origin.moment:%Y-%m-%d %H:%M:%S} UTC: fork it at an earlier one"
            )
        return described


def _end(market: RunMarket) -> int:
    """When the last bar that is traded closes, or does at the earliest; 0 without one."""
    if market.boundaries is not None:
        return market.boundaries[-1] if market.boundaries else 0
    return max(int(bar_closes(bars, None)[-1]) for bars in market.bars)


def _changed_limits(limits: RiskLimits, changes: Mapping[str, object]) -> RiskLimits:
    return parse_limits(msgspec.structs.asdict(limits) | dict(changes)) if changes else limits


def _require_meant(costs: CostSettings) -> CostSettings:
    Costs.of(costs)
    return costs

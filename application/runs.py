"""Handlers of every command on runs: load, let the aggregate decide, record."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from application.clock import Clock
from application.commands import CreateRun, DeleteRun, FlattenRun, PauseRun, ResumeRun, StartRun, StopRun
from application.exchange import ExchangeCatalog, ExchangeDescription
from application.journal import Journal
from application.ports import BarSource, StrategyCatalog
from application.run_journal import RunJournal
from domain.costs import Costs
from domain.errors import InvalidInput, RunNotFound
from domain.event_catalogue import EVENTS
from domain.events import Chain, Event
from domain.market import TIMEFRAMES, Timeframe, parse_symbol
from domain.order import Order
from domain.parameters import parse_parameters, recorded_values
from domain.risk import RiskGuard, risk_stream_id
from domain.run import MODES, Run, RunCreated
from domain.venues import default_costs, default_volume_cap, venue

type Handler = Callable[[Any, Chain], int]

SIMULATED_EXCHANGE = "simulated"
MAX_WARMUP_BARS = 5_000
READ_PAGE = 5_000
MAX_SYMBOLS = 100
SETTLE_BATCH = 500
WHOLE_VOLUME = Decimal(100)
ORDER_TOPICS = tuple(topic for topic in EVENTS if topic.startswith("order."))
# What a session derives again when it is executed again.
SESSION_TOPICS = (*ORDER_TOPICS, *(topic for topic in EVENTS if topic.startswith("risk.")))


class RunHandlers:
    """What each command on a run does."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        catalog: StrategyCatalog,
        bars: BarSource,
        exchanges: ExchangeCatalog,
    ) -> None:
        self._exchanges = exchanges
        self._journal = journal
        self._clock = clock
        self._catalog = catalog
        self._bars = bars

    def create(self, command: CreateRun, chain: Chain) -> int:
        """Record a new run, everything about it checked; raise InvalidInput or StrategyNotFound, nothing written."""
        run = Run(command.run_id)
        run.trigger(self.described(command))
        return self._journal.record(run, run_id=run.id, chain=chain)

    def start(self, command: StartRun, chain: Chain) -> int:
        """Ask for the run to be started."""
        return self._change(command.run_id, chain, Run.request_start)

    def stop(self, command: StopRun, chain: Chain) -> int:
        """Ask for the run to be stopped; a second request changes nothing."""
        return self._change(command.run_id, chain, Run.request_stop)

    def pause(self, command: PauseRun, chain: Chain) -> int:
        """Let the run place no new orders."""
        return self._change(command.run_id, chain, Run.pause)

    def resume(self, command: ResumeRun, chain: Chain) -> int:
        """Let a paused run place orders again, and one that a limit of its own has halted."""
        run = load_run(self._journal, command.run_id)
        run.resume(self._clock.now())
        stream_id = risk_stream_id(run.id)
        guard = self._journal.load(RiskGuard, stream_id) or RiskGuard(stream_id)
        guard.resume(self._clock.now(), run.id, chain.actor)
        return self._journal.record(run, guard, run_id=run.id, chain=chain)

    def flatten(self, command: FlattenRun, chain: Chain) -> int:
        """Ask for everything the run holds to be closed."""
        return self._change(command.run_id, chain, Run.request_flatten)

    def delete(self, command: DeleteRun, chain: Chain) -> int:
        """Remove the run from sight."""
        return self._change(command.run_id, chain, Run.delete)

    def _change(self, run_id: UUID, chain: Chain, decide: Callable[[Run, datetime], None]) -> int:
        run = load_run(self._journal, run_id)
        decide(run, self._clock.now())
        return self._journal.record(run, run_id=run_id, chain=chain)

    def described(self, command: CreateRun) -> RunCreated:
        """Return the run as it would be recorded, everything about it checked; raise as `create` does."""
        if command.mode not in MODES:
            raise InvalidInput(f"unknown mode {command.mode!r}: choose one of {', '.join(MODES)}", mode=command.mode)
        exchange = self._exchange(command)
        strategy = self._catalog.describe(command.strategy_id)
        timeframe = Timeframe.parse(command.timeframe)
        symbols = tuple(parse_symbol(symbol) for symbol in command.symbols)
        if not symbols or len(set(symbols)) != len(symbols) or len(symbols) > MAX_SYMBOLS:
            raise InvalidInput(f"a run needs 1 to {MAX_SYMBOLS} symbols, each once, not {list(command.symbols)}")
        if not command.initial_cash.is_finite() or command.initial_cash <= 0:
            raise InvalidInput(f"initial_cash must be above zero, not {command.initial_cash}")
        at = venue(exchange.venue or command.venue)
        costs = default_costs(at, symbols) if command.costs is None else command.costs
        Costs.of(costs)
        cap = default_volume_cap(at, symbols) if command.volume_cap is None else command.volume_cap
        if not cap.is_finite() or not 0 <= cap <= WHOLE_VOLUME:
            raise InvalidInput(f"volume_cap is a percentage from 0 (no cap) to {WHOLE_VOLUME}, not {cap}")
        self._require_range(command, symbols, timeframe)
        parameters = parse_parameters(strategy.parameters, command.parameters)
        return RunCreated(
            at=self._clock.now(),
            name=command.name or f"{strategy.strategy_id.rpartition('/')[2]} {' '.join(symbols)} {timeframe}",
            strategy_id=strategy.strategy_id,
            strategy_version=strategy.version,
            mode=command.mode,
            symbols=symbols,
            timeframe=timeframe.name,
            exchange=exchange.name,
            parameters=recorded_values(parameters),
            initial_cash=command.initial_cash,
            costs=costs,
            venue=at.name,
            volume_cap=cap,
            account=command.account.require_valid(),
            risk=command.risk.require_valid(),
            start_time=command.start_time,
            end_time=command.end_time,
            bar_files=command.bar_files,
            tags=command.tags,
            notes=command.notes,
            warmup_bars=command.warmup_bars,
        )

    def _exchange(self, command: CreateRun) -> ExchangeDescription:
        """What the run trades at; raise InvalidInput for an exchange that cannot be used in that mode."""
        found = self._exchanges.describe(command.exchange or SIMULATED_EXCHANGE)
        if command.mode == "backtest":
            if found.name != SIMULATED_EXCHANGE:
                raise InvalidInput(f"a backtest is simulated: leave out the exchange {found.name}", exchange=found.name)
            return found
        if found.error is not None:
            raise InvalidInput(f"the exchange {found.name} cannot be used: {found.error}", exchange=found.name)
        if command.mode not in found.modes:
            usable = f"it takes {' and '.join(found.modes)} runs" if found.modes else "it takes no runs"
            raise InvalidInput(f"{found.name} takes no {command.mode} runs: {usable}", exchange=found.name)
        return found

    def _require_market_of_now(self, command: CreateRun, symbols: tuple[str, ...]) -> None:
        if command.start_time is not None or command.end_time is not None or command.bar_files:
            raise InvalidInput(f"a {command.mode} run trades from now on: it takes no start, end or bar files")
        if not 0 <= command.warmup_bars <= MAX_WARMUP_BARS:
            raise InvalidInput(f"warmup_bars must be from 0 to {MAX_WARMUP_BARS}, not {command.warmup_bars}")
        if (command.exchange or SIMULATED_EXCHANGE) != SIMULATED_EXCHANGE:
            return
        for symbol in symbols:
            if all(self._bars.coverage(symbol, Timeframe.parse(name)) is None for name in TIMEFRAMES):
                raise InvalidInput(
                    f"the simulated exchange plays stored bars back, and none of {symbol} are stored: import some with "
                    "weaver data import",
                    symbol=symbol,
                )

    def _require_range(self, command: CreateRun, symbols: tuple[str, ...], timeframe: Timeframe) -> None:
        if command.mode != "backtest":
            self._require_market_of_now(command, symbols)
            return
        if command.warmup_bars:
            raise InvalidInput("warmup_bars are for paper and live runs: a backtest begins where its bars do")
        start, end = command.start_time, command.end_time
        if start is not None and end is not None and start >= end:
            raise InvalidInput(
                f"start_time {start:%Y-%m-%dT%H:%M:%SZ} must be before end_time {end:%Y-%m-%dT%H:%M:%SZ}"
            )
        if command.bar_files:
            return
        for symbol in symbols:
            stored = self._bars.coverage(symbol, timeframe)
            if stored is None:
                raise InvalidInput(
                    f"no bars of {symbol} {timeframe} are stored: import some with weaver data import", symbol=symbol
                )
            if (end is not None and end <= stored.start_time) or (start is not None and start >= stored.end_time):
                raise InvalidInput(
                    f"no bars of {symbol} {timeframe} in that range: stored are {stored.start_time:%Y-%m-%d %H:%M} to "
                    f"{stored.end_time:%Y-%m-%d %H:%M} UTC",
                    symbol=symbol,
                )


def chain_of(journal: RunJournal, run_id: UUID, actor: str, *causes: type[Event]) -> Chain:
    """Return the chain of what a run's own processes do because of an event of the run, the last of these kinds.

    Its correlation id is that of the request that asked for it. Without such an event the run itself is the cause.
    """
    topics = journal.catalogue.versions(cause.TOPIC for cause in causes)
    for entry in reversed(journal.stream(run_id)):
        if entry.topic in topics:
            return Chain(entry.meta.get("corr_id", str(run_id)), f"{run_id}:{entry.version}", actor=actor)
    return Chain(str(run_id), str(run_id), actor=actor)


def load_run(journal: RunJournal, run_id: UUID) -> Run:
    """Return the run as the journal has it; raise RunNotFound if it never was or is deleted."""
    run = journal.load(Run, run_id)
    if run is None or run.deleted:
        raise RunNotFound(run_id)
    return run


def run_as_created(journal: RunJournal, run_id: UUID) -> RunCreated:
    """Return how the run was described, whatever has become of it; raise RunNotFound if it never was."""
    run = journal.load(Run, run_id)
    if run is None:
        raise RunNotFound(run_id)
    return run.created


def open_orders(journal: RunJournal, run_id: UUID) -> list[Order]:
    """Return the run's orders that have not ended, folded from the journal, oldest first."""
    orders: dict[UUID, Order] = {}
    after = 0
    while entries := journal.read(after, READ_PAGE, run_id=run_id, topics=ORDER_TOPICS):
        for entry in entries:
            order = orders.setdefault(entry.stream_id, Order(entry.stream_id))
            order.apply(journal.catalogue.decode(entry.topic, entry.state))
            order.version = entry.version
        after = entries[-1].position
    return [order for order in orders.values() if not order.status.is_final]


def settle(
    journal: RunJournal, run_id: UUID, chain: Chain, reason: str, at: datetime, end: Callable[[Run], None]
) -> int:
    """End a run that has no process any more: cancel its open orders and let `end` record how it ended.

    Orders first, in transactions of a bounded size; the run's own event last: an ended run has no order working.
    Returns the position of the run's last event.
    """
    waiting = open_orders(journal, run_id)
    for first in range(0, len(waiting), SETTLE_BATCH):
        batch = waiting[first : first + SETTLE_BATCH]
        for order in batch:
            order.cancel(at, reason)
        journal.record(*batch, run_id=run_id, chain=chain)
    run = load_run(journal, run_id)
    end(run)
    return journal.record(run, run_id=run_id, chain=chain)

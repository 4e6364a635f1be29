"""Handlers of every command on sweeps."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec import structs

from application.clock import Clock
from application.commands import CreateSweep, PromoteTrial, ResumeSweep, StopSweep
from application.journal import Journal
from application.ports import StrategyCatalog
from application.runs import RunHandlers
from application.trial_book import load_sweep
from domain.errors import InvalidInput, Refused, TrialNotFound
from domain.events import Chain
from domain.objective import DIRECTIONS, parse_constraint, parse_objective
from domain.run import Run
from domain.search_space import Dimension, parse_grid, parse_ranges
from domain.sweep import (
    METHODS,
    Sweep,
    SweepCreated,
    Trial,
    TrialCompleted,
    WalkForward,
    run_of_trial,
    trial_stream_id,
    trials_in_window,
)

MAX_IN_SAMPLE_DAYS = 36_500
# Daily equity of a part is recorded in one event, whose payload is limited.
MAX_OUT_OF_SAMPLE_DAYS = 1_000
MAX_SEED = 2**31 - 1


class SweepHandlers:
    """What each command on a sweep does."""

    def __init__(self, journal: Journal, clock: Clock, catalog: StrategyCatalog, runs: RunHandlers) -> None:
        self._journal = journal
        self._clock = clock
        self._catalog = catalog
        self._runs = runs

    def create(self, command: CreateSweep, chain: Chain) -> int:
        """Record a new sweep, everything about it checked; raise InvalidInput or StrategyNotFound, nothing written."""
        sweep = Sweep(command.sweep_id)
        sweep.trigger(self._described(command))
        return self._journal.record(sweep, run_id=sweep.id, chain=chain)

    def stop(self, command: StopSweep, chain: Chain) -> int:
        """Let no trial begin any more; a second request changes nothing."""
        return self._change(command.sweep_id, chain, Sweep.stop)

    def resume(self, command: ResumeSweep, chain: Chain) -> int:
        """Let a stopped sweep go on."""
        return self._change(command.sweep_id, chain, Sweep.resume)

    def promote(self, command: PromoteTrial, chain: Chain) -> int:
        """Record a run that is a completed trial; raise TrialNotFound, or Refused for one that was not completed."""
        created = load_sweep(self._journal, command.sweep_id).created
        trial = self._journal.load(Trial, trial_stream_id(command.sweep_id, command.number))
        if trial is None or trial.started is None:
            raise TrialNotFound(f"sweep {command.sweep_id} has no trial {command.number}, or not yet")
        if not isinstance(trial.ended, TrialCompleted):
            raise Refused(f"trial {command.number} was not completed: there are no figures to come to again")
        run = Run(command.run_id)
        described = run_of_trial(created.run, trial.started)
        tags = tuple(dict.fromkeys((*described.tags, "sweep")))
        name = command.name or f"{created.name} #{command.number}"
        run.trigger(structs.replace(described, at=self._clock.now(), name=name, tags=tags))
        return self._journal.record(run, run_id=run.id, chain=chain)

    def _change(self, sweep_id: UUID, chain: Chain, decide: Callable[[Sweep, datetime], None]) -> int:
        sweep = load_sweep(self._journal, sweep_id)
        decide(sweep, self._clock.now())
        return self._journal.record(sweep, run_id=sweep_id, chain=chain)

    def _described(self, command: CreateSweep) -> SweepCreated:
        if command.run.mode != "backtest":
            raise InvalidInput("a sweep is over history: its runs are backtests", mode=command.run.mode)
        if command.method not in METHODS:
            raise InvalidInput(f"unknown search {command.method!r}: choose one of {', '.join(METHODS)}")
        if command.direction not in DIRECTIONS:
            raise InvalidInput(f"unknown direction {command.direction!r}: choose one of {', '.join(DIRECTIONS)}")
        for name in command.vary.keys() & command.run.parameters.keys():
            raise InvalidInput(f"{name} is varied: it cannot have a value of its own", name=name)
        if not 0 <= command.seed <= MAX_SEED:
            raise InvalidInput(f"the seed is a whole number from 0 to {MAX_SEED}, not {command.seed}")
        run = self._runs.described(command.run)
        dimensions = self._dimensions(command)
        return SweepCreated(
            at=self._clock.now(),
            name=command.name or run.name,
            run=structs.replace(
                run, parameters={name: value for name, value in run.parameters.items() if name not in command.vary}
            ),
            dimensions=dimensions,
            method=command.method,
            trials=trials_in_window(dimensions, command.trials, command.method),
            objective=parse_objective(command.objective, command.direction),
            constraints=tuple(parse_constraint(text) for text in command.constraints),
            seed=command.seed,
            pruning=command.pruning,
            walk_forward=_walk(command.walk_forward),
        )

    def _dimensions(self, command: CreateSweep) -> tuple[Dimension, ...]:
        specs = self._catalog.describe(command.run.strategy_id).parameters
        parse = parse_grid if command.method == "grid" else parse_ranges
        return parse(command.vary, specs)


def _walk(given: WalkForward | None) -> WalkForward | None:
    if given is None:
        return None
    for name, days, most in (
        ("in-sample", given.in_sample, MAX_IN_SAMPLE_DAYS),
        ("out-of-sample", given.out_of_sample, MAX_OUT_OF_SAMPLE_DAYS),
    ):
        if not 1 <= days <= most:
            raise InvalidInput(f"the {name} part of a walk is 1 to {most:,} days long, not {days:,}")
    return given

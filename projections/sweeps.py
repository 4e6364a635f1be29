"""Sweeps and their trials: one row for each, folded from its stream (WallE)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from domain.events import Event
from domain.objective import Constraint, Direction, Objective, is_feasible
from domain.sweep import (
    SweepCompleted,
    SweepCreated,
    SweepFailed,
    SweepResumed,
    SweepStarted,
    SweepStatus,
    SweepStopped,
    TrialCompleted,
    TrialFailed,
    TrialPruned,
    TrialStarted,
    TrialStatus,
    trial_count,
)
from projections.paging import Listing, columns_of, rows_of
from projections.rows import Table
from projections.view import Folded, Poison

NAME = "sweeps"

type TrialOrder = Literal["number", "best"]


@dataclass(slots=True)
class SweepRow:
    """A sweep as the REST contract shows it; changed only while a batch is folded.

    trials: how many there are in all, None before its bars were read. completed, pruned, failed: how many have ended
    so. best: number of the best trial so far, of the newest window that has one.
    """

    id: UUID
    name: str
    strategy_id: str
    strategy_version: str
    symbols: list[str]
    timeframe: str
    parameters: dict[str, Any]
    initial_cash: Decimal
    costs: dict[str, Any]
    start_time: datetime | None
    end_time: datetime | None
    dimensions: list[dict[str, Any]]
    method: str
    objective: str
    direction: Direction
    constraints: list[dict[str, Any]]
    seed: int
    pruning: bool
    walk_forward: dict[str, Any] | None
    trials_a_window: int
    created_at: datetime
    created_position: int
    position: int
    status: str = SweepStatus.RUNNING
    windows: list[dict[str, Any]] = field(default_factory=list)
    bars: int | None = None
    trials: int | None = None
    guards: dict[str, Any] | None = None
    walk: dict[str, Any] | None = None
    best: int | None = None
    error: dict[str, Any] | None = None
    ended_at: datetime | None = None
    completed: int = 0
    pruned: int = 0
    failed: int = 0


@dataclass(slots=True)
class TrialRow:
    """A trial as the REST contract shows it. value: its objective; feasible: whether it holds every constraint.

    times, equity: daily equity of an out-of-sample part, empty for any other.
    """

    id: UUID
    sweep_id: UUID
    number: int
    window_number: int
    part: str
    parameters: dict[str, Any]
    start_time: datetime | None
    end_time: datetime | None
    started_at: datetime
    created_position: int
    position: int
    status: str = TrialStatus.RUNNING
    value: float | None = None
    feasible: bool | None = None
    orders: int | None = None
    fills: int | None = None
    trades: int | None = None
    final_equity: Decimal | None = None
    figures: dict[str, Any] | None = None
    engine_seconds: float | None = None
    times: list[datetime] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    error: dict[str, Any] | None = None
    ended_at: datetime | None = None


@dataclass(slots=True)
class TrialPoint:
    """Where a trial lies in the space that was searched, and what it came to."""

    number: int
    window_number: int
    status: str
    parameters: dict[str, Any]
    value: float | None
    feasible: bool | None


SWEEPS = Table(SweepRow, "sweeps", key=("id",))
TRIALS = Table(TrialRow, "sweep_trials", key=("id",))
LISTING = Listing(SweepRow, "sweeps", place="created_position")

_STANDING = """
update sweeps set completed = counted.completed, pruned = counted.pruned, failed = counted.failed
from (
    select sweep_id, count(*) filter (where status = 'completed') as completed,
           count(*) filter (where status = 'pruned') as pruned, count(*) filter (where status = 'error') as failed
    from sweep_trials where sweep_id = any(%(sweeps)s) group by sweep_id
) as counted
where sweeps.id = counted.sweep_id
"""
# Of equal trials the first; of a walk, those of its newest window.
_BEST = """
update sweeps set best = (
    select number from sweep_trials
    where sweep_id = sweeps.id and part <> 'out_of_sample' and feasible and value is not null
    order by window_number desc, case when sweeps.direction = 'maximize' then -value else value end, number
    limit 1
)
where id = any(%(sweeps)s)
"""


def find(connection: Connection[TupleRow], sweep_id: UUID) -> SweepRow | None:
    """Return the sweep, None if there is none."""
    return LISTING.find(connection, sweep_id)


def page(
    connection: Connection[TupleRow],
    *,
    status: str | None = None,
    strategy_id: str | None = None,
    limit: int,
    offset: int = 0,
    before: int | None = None,
) -> tuple[list[SweepRow], int]:
    """Return sweeps, newest first, and how many there are in all. before: keyset paging by created_position."""
    filters = {"status = %s": status, "strategy_id = %s": strategy_id}
    return LISTING.page(connection, filters, limit=limit, offset=offset, before=before)


def find_trial(connection: Connection[TupleRow], sweep_id: UUID, number: int) -> TrialRow | None:
    """Return one trial, None if it was not started."""
    with connection.cursor(binary=True) as cursor:
        found = TRIALS.select(
            cursor, "select * from sweep_trials where sweep_id = %s and number = %s", (sweep_id, number)
        )
    return found[0] if found else None


def trials(
    connection: Connection[TupleRow],
    sweep: SweepRow,
    *,
    order: TrialOrder,
    status: str | None = None,
    part: str | None = None,
    window: int | None = None,
    limit: int,
    offset: int = 0,
) -> tuple[list[TrialRow], int]:
    """Return trials by number, or the best first, and how many there are in all.

    Those that count come before those that miss a constraint, and those without an objective last.
    """
    given = {"status": status, "part": part, "window": window, "limit": limit, "offset": offset}
    return _ordered(connection, sweep, TrialRow, order, given)


def points(
    connection: Connection[TupleRow], sweep: SweepRow, *, window: int | None = None, limit: int
) -> tuple[list[TrialPoint], int]:
    """Return the trials that were searched, the best first, and how many there are in all; out-of-sample ones are none.

    limit: of more, the best so many.
    """
    part = "whole" if sweep.walk_forward is None else "in_sample"
    given = {"status": None, "part": part, "window": window, "limit": limit, "offset": 0}
    return _ordered(connection, sweep, TrialPoint, "best", given)


def best_values(connection: Connection[TupleRow], sweeps: Sequence[SweepRow]) -> dict[UUID, float]:
    """Return the objective of each sweep's best trial, by the sweep; none of a sweep that has no best one."""
    query = """
        select sweeps.id, value from sweeps
        join sweep_trials on sweep_id = sweeps.id and number = best
        where sweeps.id = any(%s) and value is not null
    """
    return dict(connection.execute(query.encode(), [[sweep.id for sweep in sweeps]]).fetchall())


def _ordered[Row](
    connection: Connection[TupleRow], sweep: SweepRow, kind: type[Row], order: TrialOrder, given: dict[str, Any]
) -> tuple[list[Row], int]:
    """The trials as rows of the kind, and how many meet the conditions that are given."""
    given["sweep"] = sweep.id
    met = """
        sweep_id = %(sweep)s and (%(status)s::text is null or status = %(status)s)
        and (%(part)s::text is null or part = %(part)s)
        and (%(window)s::bigint is null or window_number = %(window)s)
    """
    [(total,)] = connection.execute(f"select count(*) from sweep_trials where {met}".encode(), given)
    value = "-value" if sweep.direction == "maximize" else "value"
    ranked = "number" if order == "number" else f"feasible desc nulls last, {value} nulls last, number"
    with rows_of(connection, kind) as cursor:
        columns = columns_of(kind).as_string()
        query = f"select {columns} from sweep_trials where {met} order by {ranked} limit %(limit)s offset %(offset)s"
        return cursor.execute(query.encode(), given).fetchall(), int(total)


class SweepsReadModel:
    """Keeps the tables `sweeps` and `sweep_trials`."""

    name: ClassVar[str] = NAME
    poison: ClassVar[Poison] = "stop"
    tables: ClassVar[tuple[str, ...]] = ("sweeps", "sweep_trials")
    topics: ClassVar[frozenset[str]] = frozenset(
        event.TOPIC
        for event in (
            SweepCreated,
            SweepStarted,
            SweepStopped,
            SweepResumed,
            SweepCompleted,
            SweepFailed,
            TrialStarted,
            TrialCompleted,
            TrialPruned,
            TrialFailed,
        )
    )

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Fold the sweeps, then their trials, then what the trials come to."""
        of_sweeps = [one for one in entries if one.entry.topic.startswith("sweep.")]
        of_trials = [one for one in entries if not one.entry.topic.startswith("sweep.")]
        SWEEPS.fold(cursor, of_sweeps, SweepCreated, as_created, _change)
        concerned = {one.event.sweep_id for one in of_trials if isinstance(one.event, _OF_TRIALS)}
        if not concerned:
            return
        rules = {row.id: _Rules.of(row) for row in SWEEPS.read(cursor, concerned).values()}
        TRIALS.fold(cursor, of_trials, TrialStarted, _begun, lambda row, event: _end(row, event, rules[row.sweep_id]))
        for statement in (_STANDING, _BEST):
            cursor.execute(statement.encode(), {"sweeps": sorted(concerned)})

    def forget(self, cursor: Cursor[TupleRow], run_ids: Sequence[UUID]) -> None:
        """Remove these sweeps with their trials."""
        SWEEPS.remove(cursor, "id", run_ids)
        TRIALS.remove(cursor, "sweep_id", run_ids)


_OF_TRIALS = TrialStarted | TrialCompleted | TrialPruned | TrialFailed


@dataclass(frozen=True, slots=True)
class _Rules:
    """By what the trials of a sweep are ranked."""

    objective: Objective
    constraints: tuple[Constraint, ...]

    @classmethod
    def of(cls, row: SweepRow) -> "_Rules":
        constraints = msgspec.convert(row.constraints, tuple[Constraint, ...])
        return cls(Objective(row.objective, row.direction), constraints)


def as_created(sweep_id: UUID, position: int, event: SweepCreated) -> SweepRow:
    """Return the row of a sweep that was created at that position, and nothing more has happened to."""
    run = event.run
    return SweepRow(
        id=sweep_id,
        name=event.name,
        strategy_id=run.strategy_id,
        strategy_version=run.strategy_version,
        symbols=list(run.symbols),
        timeframe=run.timeframe,
        parameters=dict(run.parameters),
        initial_cash=run.initial_cash,
        costs=msgspec.to_builtins(run.costs),
        start_time=run.start_time,
        end_time=run.end_time,
        dimensions=msgspec.to_builtins(event.dimensions),
        method=event.method,
        objective=event.objective.figure,
        direction=event.objective.direction,
        constraints=msgspec.to_builtins(event.constraints),
        seed=event.seed,
        pruning=event.pruning,
        walk_forward=None if event.walk_forward is None else msgspec.to_builtins(event.walk_forward),
        trials_a_window=event.trials,
        created_at=event.at,
        created_position=position,
        position=position,
    )


def _change(sweep: SweepRow, event: Event) -> None:
    match event:
        case SweepStarted():
            sweep.bars, sweep.windows = event.bars, msgspec.to_builtins(event.windows)
            sweep.trials = trial_count(sweep.trials_a_window, len(event.windows))
        case SweepStopped():
            sweep.status, sweep.ended_at = SweepStatus.STOPPED, event.at
        case SweepResumed():
            sweep.status, sweep.ended_at = SweepStatus.RUNNING, None
        case SweepCompleted():
            sweep.status, sweep.ended_at = SweepStatus.COMPLETED, event.at
            sweep.guards, sweep.walk = msgspec.to_builtins(event.guards), msgspec.to_builtins(event.walk)
        case SweepFailed():
            sweep.status, sweep.ended_at = SweepStatus.ERROR, event.at
            sweep.error = {"code": event.code, "message": event.message}
        case _:
            raise TypeError(f"a sweep's row knows no event {event.TOPIC}")


def _begun(trial_id: UUID, position: int, event: TrialStarted) -> TrialRow:
    return TrialRow(
        id=trial_id,
        sweep_id=event.sweep_id,
        number=event.number,
        window_number=event.window,
        part=event.part,
        parameters=dict(event.parameters),
        start_time=event.start_time,
        end_time=event.end_time,
        started_at=event.at,
        created_position=position,
        position=position,
    )


def _end(trial: TrialRow, event: Event, rules: _Rules) -> None:
    trial.ended_at = event.at
    match event:
        case TrialCompleted():
            figures = event.all_figures()
            trial.status, trial.value = TrialStatus.COMPLETED, rules.objective.value(figures)
            trial.feasible = is_feasible(rules.constraints, figures)
            trial.orders, trial.fills, trial.trades = event.orders, event.fills, event.trades
            trial.final_equity, trial.figures = event.final_equity, dict(event.figures)
            trial.engine_seconds = event.engine_seconds
            trial.times, trial.equity = list(event.times), list(event.equity)
        case TrialPruned():
            trial.status, trial.value = TrialStatus.PRUNED, None
        case TrialFailed():
            trial.status, trial.error = TrialStatus.ERROR, {"code": event.code, "message": event.message}
        case _:
            raise TypeError(f"a trial's row knows no event {event.TOPIC}")

"""Routes of sweeps and their trials: list, show, create, stop, resume, and make a run of a trial."""

import contextlib
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Path, Query, Response
from psycopg import Connection
from psycopg.rows import TupleRow

from application.commands import CreateSweep, PromoteTrial, ResumeSweep, StartRun, StopSweep
from application.runs import run_as_created
from application.trial_book import load_sweep
from domain.errors import RunNotStartable, StrategyNotFound, SweepNotFound
from domain.ids import new_id
from domain.market import from_microseconds
from domain.sweep import TrialStatus, WalkForward
from domain.walk_forward import WalkForwardWindow, out_of_sample_curve, stitched
from interfaces.web import openapi
from interfaces.web.access import Here, Sealed, reading, shows
from interfaces.web.commands import Commanding, Commands
from interfaces.web.errors import Problem
from interfaces.web.lists import listed
from interfaces.web.pagination import Page, PageOfRows
from interfaces.web.queries import NoBody, NoQuery, Read
from interfaces.web.run_answers import shown_as_created
from interfaces.web.run_schemas import Run
from interfaces.web.runs import run_of
from interfaces.web.sweep_schemas import (
    MOST_POINTS,
    NewSweep,
    Promotion,
    Surface,
    SurfaceQuery,
    Sweep,
    SweepAccepted,
    SweepInFull,
    SweepQuery,
    TrialQuery,
    Trials,
)
from interfaces.web.values import MAX_WHOLE
from projections import runs, sweeps

router = openapi.router("sweeps")
_failures = openapi.failures(404)
_command_failures = openapi.failures(404, 409, 413, 415)
_MADE_HERE = {"config", "best_value"}

SweepId = Annotated[UUID, Path(description="The sweep's id.")]
TrialNumber = Annotated[int, Path(ge=0, le=MAX_WHOLE, description="Number of the trial in its sweep, from 0.")]


@router.get("/sweeps", response_model=Page[Sweep], responses=openapi.failures(400), dependencies=[shows(sweeps.NAME)])
def list_sweeps(here: Here, sealed: Sealed, query: Annotated[SweepQuery, Query()]) -> PageOfRows[dict[str, object]]:
    """List sweeps, newest first."""
    page = listed(here, sealed, "sweeps", query, sweeps.LISTING, sweeps.page)
    with reading(here) as connection:
        return page.of(_with_best(connection, page.items))


@router.post("/sweeps", status_code=201, response_model=Sweep, responses=openapi.failures(409, 413, 415))
def create_sweep(
    here: Here, commands: Commanding, response: Response, query: NoQuery, body: NewSweep
) -> dict[str, object]:
    """Create a sweep. The server begins with it by itself, as soon as those before it have ended."""
    sweep_id = new_id()
    try:
        sweep_id, position = commands.carry_out(_command(sweep_id, body), sweep_id, shown_in=sweeps.NAME)
    except StrategyNotFound as error:  # the address was right, the body is not
        raise Problem(422, f"strategy_id: {error.message}") from None
    response.headers["Location"] = f"{openapi.PREFIX}/sweeps/{sweep_id}"
    # From the journal: the read model may be a moment behind, and a repeated request gets the first one's answer.
    return _shown(sweeps.as_created(sweep_id, position, load_sweep(here.journal, sweep_id).created), None)


@router.get("/sweeps/{sweep_id}", response_model=SweepInFull, responses=_failures, dependencies=[shows(sweeps.NAME)])
def show_sweep(here: Here, sweep_id: SweepId, query: Annotated[Read, Query()]) -> dict[str, object]:
    """Show one sweep as it stands."""
    with reading(here) as connection:
        sweep = _require_sweep(connection, sweep_id)
        [fields] = _with_best(connection, [sweep])
        return fields | {"stitched": _stitched(connection, sweep)}


@router.get("/sweeps/{sweep_id}/trials", response_model=Trials, responses=_failures, dependencies=[shows(sweeps.NAME)])
def list_trials(here: Here, sweep_id: SweepId, query: Annotated[TrialQuery, Query()]) -> dict[str, object]:
    """List the sweep's trials, by number or the best first."""
    with reading(here) as connection:
        items, total = sweeps.trials(
            connection,
            _require_sweep(connection, sweep_id),
            order=query.order,
            status=query.status,
            part=query.part,
            window=query.window,
            limit=query.page_size,
            offset=(query.page - 1) * query.page_size,
        )
    return {"items": items, "total": total, "page": query.page, "page_size": query.page_size}


@router.get(
    "/sweeps/{sweep_id}/surface", response_model=Surface, responses=_failures, dependencies=[shows(sweeps.NAME)]
)
def show_surface(here: Here, sweep_id: SweepId, query: Annotated[SurfaceQuery, Query()]) -> dict[str, object]:
    """Show what every trial came to over the parameters that are varied, without pages."""
    with reading(here) as connection:
        sweep = _require_sweep(connection, sweep_id)
        items, total = sweeps.points(connection, sweep, window=query.window, limit=MOST_POINTS)
    return {"items": items, "total": total}


@router.post("/sweeps/{sweep_id}/stop", status_code=202, response_model=SweepAccepted, responses=_command_failures)
def stop_sweep(commands: Commanding, sweep_id: SweepId, query: NoQuery, body: NoBody = None) -> SweepAccepted:
    """Let no trial of the sweep begin any more. What has ended is kept; asking again changes nothing."""
    return _accepted(commands, StopSweep(sweep_id=sweep_id))


@router.post("/sweeps/{sweep_id}/resume", status_code=202, response_model=SweepAccepted, responses=_command_failures)
def resume_sweep(commands: Commanding, sweep_id: SweepId, query: NoQuery, body: NoBody = None) -> SweepAccepted:
    """Let a stopped sweep go on. Asking again changes nothing."""
    return _accepted(commands, ResumeSweep(sweep_id=sweep_id))


@router.post(
    "/sweeps/{sweep_id}/trials/{number}/promote", status_code=201, response_model=Run, responses=_command_failures
)
def promote_trial(
    here: Here,
    commands: Commanding,
    response: Response,
    sweep_id: SweepId,
    number: TrialNumber,
    query: NoQuery,
    body: Promotion | None = None,
) -> dict[str, object]:
    """Create a run that is a completed trial, with everything recorded: the same figures, and its orders."""
    wanted = body or Promotion()
    command = PromoteTrial(sweep_id=sweep_id, number=number, run_id=new_id(), name=wanted.name)
    run_id, position = commands.carry_out(command, command.run_id, shown_in=runs.NAME)
    if wanted.start:
        with contextlib.suppress(RunNotStartable):  # the request was repeated, and its run has been started before
            commands.go_on(StartRun(run_id=run_id))
    response.headers["Location"] = f"{openapi.PREFIX}/runs/{run_id}"
    return shown_as_created(run_id, run_as_created(here.journal, run_id), position)


def _require_sweep(connection: Connection[TupleRow], sweep_id: UUID) -> sweeps.SweepRow:
    sweep = sweeps.find(connection, sweep_id)
    if sweep is None:
        raise SweepNotFound(sweep_id)
    return sweep


def _with_best(connection: Connection[TupleRow], rows: Sequence[sweeps.SweepRow]) -> list[dict[str, object]]:
    values = sweeps.best_values(connection, rows)
    return [_shown(row, values.get(row.id)) for row in rows]


def _shown(row: sweeps.SweepRow, best_value: float | None) -> dict[str, object]:
    fields = {name: getattr(row, name) for name in Sweep.model_fields.keys() - _MADE_HERE}
    return fields | {"config": row.parameters, "best_value": best_value}


def _stitched(connection: Connection[TupleRow], sweep: sweeps.SweepRow) -> dict[str, object] | None:
    """The equity of the out-of-sample parts put together, none unless all were traded to their ends."""
    windows = msgspec.convert(sweep.windows, list[WalkForwardWindow])
    traded, _ = sweeps.trials(
        connection, sweep, order="number", status=TrialStatus.COMPLETED, part="out_of_sample", limit=len(windows)
    )
    if not windows or len(traded) < len(windows):
        return None
    parts = [out_of_sample_curve(windows[one.window_number], one.times, one.equity) for one in traded]
    curve = stitched(parts, float(sweep.initial_cash))
    return {
        "times": [from_microseconds(time) for time in curve.times_from_start.tolist()],
        "equity": curve.equity_from(float(sweep.initial_cash)).tolist(),
    }


def _accepted(commands: Commands, command: StopSweep | ResumeSweep) -> SweepAccepted:
    done = commands.carry_out(command, command.sweep_id, shown_in=sweeps.NAME)
    return SweepAccepted(sweep_id=done.subject, position=done.position)


def _command(sweep_id: UUID, body: NewSweep) -> CreateSweep:
    walk = body.walk_forward
    return CreateSweep(
        sweep_id=sweep_id,
        run=run_of(sweep_id, body, "backtest"),
        vary=body.vary,
        walk_forward=None if walk is None else WalkForward(walk.in_sample, walk.out_of_sample, walk.anchored),
        **body.model_dump(include=_AS_GIVEN),
    )


_AS_GIVEN = {"method", "trials", "objective", "direction", "constraints", "seed", "pruning", "name"}

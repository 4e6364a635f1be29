"""Routes of runs: list, show, create, start, stop, delete."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Response
from msgspec import structs

from application.commands import CreateRun, DeleteRun, FlattenRun, PauseRun, ResumeRun, StartRun, StopRun
from application.runs import run_as_created
from domain.errors import StrategyNotFound
from domain.ids import new_id
from domain.market import parse_symbol
from domain.risk import parse_limits
from domain.run import MODES, AccountSettings, Mode
from domain.venues import costs_at, venue_name
from interfaces.web import openapi
from interfaces.web.access import Here, Sealed, past, reading, require_run, shows
from interfaces.web.commands import Commanding, Commands
from interfaces.web.errors import Problem
from interfaces.web.lists import listed
from interfaces.web.pagination import Page, PageOfRows
from interfaces.web.queries import NoBody, NoQuery, ReadPast
from interfaces.web.run_answers import shown, shown_as_created
from interfaces.web.run_schemas import Accepted, AccountIn, NewRun, Run, RunQuery, Traded
from projections import runs

router = openapi.router("runs")
# What all commands on one run answer with.
_command_route = partial(
    router.post, status_code=202, response_model=Accepted, responses=openapi.failures(404, 409, 413, 415)
)


RunId = Annotated[UUID, Path(description="The run's id.")]


@router.get("/runs", response_model=Page[Run], responses=openapi.failures(400), dependencies=[shows(runs.NAME)])
def list_runs(here: Here, sealed: Sealed, query: Annotated[RunQuery, Query()]) -> PageOfRows[dict[str, object]]:
    """List runs, newest first."""
    page = listed(here, sealed, "runs", query, runs.LISTING, runs.page)
    return page.of([shown(row, here.broadcast.last_progress(row.id)) for row in page.items])


@router.post("/runs", status_code=201, response_model=Run, responses=openapi.failures(409, 413, 415))
def create_run(here: Here, commands: Commanding, response: Response, query: NoQuery, body: NewRun) -> dict[str, object]:
    """Create a run. Nothing is traded before it is started."""
    run_id = new_id()
    try:
        run_id, position = commands.carry_out(_command(run_id, body), run_id, shown_in=runs.NAME)
    except StrategyNotFound as error:  # the address was right, the body is not
        raise Problem(422, f"strategy_id: {error.message}") from None
    response.headers["Location"] = f"{openapi.PREFIX}/runs/{run_id}"
    # From the journal: the read model may be a moment behind, and a repeated request gets the first one's answer.
    return shown_as_created(run_id, run_as_created(here.journal, run_id), position)


@router.get("/runs/{run_id}", response_model=Run, responses=openapi.failures(404), dependencies=[shows(runs.NAME)])
def show_run(here: Here, run_id: RunId, query: Annotated[ReadPast, Query()]) -> dict[str, object]:
    """Show one run as it stands, or as it was."""
    as_of = past(here, query.as_of, run_id=run_id)
    with reading(here) as connection:
        row = require_run(connection, run_id, as_of)
    return shown(row, here.broadcast.last_progress(run_id) if as_of is None else None)


@_command_route("/runs/{run_id}/start")
def start_run(commands: Commanding, run_id: RunId, query: NoQuery, body: NoBody = None) -> Accepted:
    """Ask for the run to be started. A run starts once."""
    return _accepted(commands, StartRun(run_id=run_id))


@_command_route("/runs/{run_id}/stop")
def stop_run(commands: Commanding, run_id: RunId, query: NoQuery, body: NoBody = None) -> Accepted:
    """Ask for the run to be stopped. Asking again changes nothing."""
    return _accepted(commands, StopRun(run_id=run_id))


@_command_route("/runs/{run_id}/pause")
def pause_run(commands: Commanding, run_id: RunId, query: NoQuery, body: NoBody = None) -> Accepted:
    """Let a paper or live run place no new orders; open ones keep working. Asking again changes nothing."""
    return _accepted(commands, PauseRun(run_id=run_id))


@_command_route("/runs/{run_id}/resume")
def resume_run(commands: Commanding, run_id: RunId, query: NoQuery, body: NoBody = None) -> Accepted:
    """Let a paused run place orders again."""
    return _accepted(commands, ResumeRun(run_id=run_id))


@_command_route("/runs/{run_id}/flatten")
def flatten_run(commands: Commanding, run_id: RunId, query: NoQuery, body: NoBody = None) -> Accepted:
    """Ask for everything a paper or live run holds to be closed at the market."""
    return _accepted(commands, FlattenRun(run_id=run_id))


@router.delete("/runs/{run_id}", status_code=204, responses=openapi.failures(404, 409))
def delete_run(commands: Commanding, run_id: RunId, query: NoQuery) -> None:
    """Remove a run that is not being run from sight."""
    commands.carry_out(DeleteRun(run_id=run_id), run_id, shown_in=runs.NAME)


def _accepted(commands: Commands, command: StartRun | StopRun | PauseRun | ResumeRun | FlattenRun) -> Accepted:
    done = commands.carry_out(command, command.run_id, shown_in=runs.NAME)
    return Accepted(run_id=done.subject, position=done.position)


def _command(run_id: UUID, body: NewRun) -> CreateRun:
    if body.mode not in MODES:
        message = f"unknown mode {body.mode!r}: choose one of {', '.join(MODES)}"
        raise Problem(422, message, code="INVALID_RUN_MODE", mode=body.mode)
    return run_of(run_id, body, body.mode, body.exchange, warmup_bars=body.warmup_bars, notes=body.notes)


def run_of(
    run_id: UUID,
    body: Traded,
    mode: Mode,
    exchange: str | None = None,
    **more: Any,  # noqa: ANN401 - whatever a run has that not all that is traded has
) -> CreateRun:
    """Return the command that creates a run of this mode; raise InvalidInput for values that no run can have."""
    given = body.model_dump(include=_AS_GIVEN)
    if body.initial_cash is not None:
        given["initial_cash"] = body.initial_cash
    symbols = tuple(parse_symbol(symbol) for symbol in body.symbols)
    venue = venue_name(exchange, body.venue)
    return CreateRun(
        run_id=run_id,
        mode=mode,
        exchange=exchange,
        symbols=symbols,
        parameters=body.config,
        costs=costs_at(venue, symbols, body.costs.model_dump()),
        venue=venue,
        volume_cap=body.volume_cap,
        account=_account(body.account),
        risk=parse_limits(body.risk.model_dump()),
        tags=body.tags,
        **given,
        **more,
    )


_AS_GIVEN = {"strategy_id", "timeframe", "name", "start_time", "end_time"}


def _account(given: AccountIn) -> AccountSettings:
    settings = AccountSettings(given.kind)
    if given.leverage is not None:
        settings = AccountSettings.leveraged(given.leverage)
        settings = structs.replace(settings, kind=given.kind)
    if given.maintenance is not None:
        settings = structs.replace(settings, maintenance=given.maintenance)
    return settings

"""Routes of runs: list, show, create, start, stop, delete."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, Path, Query, Request, Response
from msgspec import structs

from application.commands import CreateRun, DeleteRun, StartRun, StopRun
from application.runs import load_run
from domain.errors import StrategyNotFound
from domain.ids import new_id
from domain.market import parse_symbol
from domain.risk import parse_limits
from domain.run import MODES, AccountSettings
from domain.venues import costs_at
from interfaces.web import openapi
from interfaces.web.access import Here, Sealed, carry_out, reading, require_run, shows
from interfaces.web.errors import Problem
from interfaces.web.lists import listed
from interfaces.web.pagination import Page, PageOfRows
from interfaces.web.queries import Read
from interfaces.web.run_answers import shown, shown_as_created
from interfaces.web.run_schemas import Accepted, AccountIn, NewRun, Run, RunQuery
from interfaces.web.values import Given, Nothing
from projections import runs

AVAILABLE_MODES = ("backtest",)

router = openapi.router("runs")


class NoParameters(Given):
    """A command takes no query parameters."""


RunId = Annotated[UUID, Path(description="The run's id.")]
NoQuery = Annotated[NoParameters, Query()]
NoBody = Annotated[Nothing | None, Body()]


@router.get("/runs", response_model=Page[Run], responses=openapi.failures(400), dependencies=[shows(runs.NAME)])
def list_runs(here: Here, sealed: Sealed, query: Annotated[RunQuery, Query()]) -> PageOfRows[dict[str, object]]:
    """List runs, newest first."""
    page = listed(here, sealed, "runs", query, runs.LISTING, runs.page)
    return page.of([shown(row, here.broadcast.last_progress(row.id)) for row in page.items])


@router.post("/runs", status_code=201, response_model=Run, responses=openapi.failures(409, 413, 415))
def create_run(here: Here, request: Request, response: Response, query: NoQuery, body: NewRun) -> dict[str, object]:
    """Create a run. Nothing is traded before it is started."""
    run_id = new_id()
    try:
        position = carry_out(here, request, response, _command(run_id, body))
    except StrategyNotFound as error:  # the address was right, the body is not
        raise Problem(422, f"strategy_id: {error.message}") from None
    response.headers["Location"] = f"{openapi.PREFIX}/runs/{run_id}"
    # From the journal: the read model may be a moment behind.
    return shown_as_created(run_id, load_run(here.journal, run_id).created, position)


@router.get("/runs/{run_id}", response_model=Run, responses=openapi.failures(404), dependencies=[shows(runs.NAME)])
def show_run(here: Here, run_id: RunId, query: Annotated[Read, Query()]) -> dict[str, object]:
    """Show one run as it stands."""
    with reading(here) as connection:
        row = require_run(connection, run_id)
    return shown(row, here.broadcast.last_progress(run_id))


@router.post(
    "/runs/{run_id}/start",
    status_code=202,
    response_model=Accepted,
    responses=openapi.failures(404, 409, 413, 415),
)
def start_run(
    here: Here, request: Request, response: Response, run_id: RunId, query: NoQuery, body: NoBody = None
) -> Accepted:
    """Ask for the run to be started. A run starts once."""
    return Accepted(run_id=run_id, position=carry_out(here, request, response, StartRun(run_id=run_id)))


@router.post(
    "/runs/{run_id}/stop",
    status_code=202,
    response_model=Accepted,
    responses=openapi.failures(404, 409, 413, 415),
)
def stop_run(
    here: Here, request: Request, response: Response, run_id: RunId, query: NoQuery, body: NoBody = None
) -> Accepted:
    """Ask for the run to be stopped. Asking again changes nothing."""
    return Accepted(run_id=run_id, position=carry_out(here, request, response, StopRun(run_id=run_id)))


@router.delete("/runs/{run_id}", status_code=204, responses=openapi.failures(404, 409))
def delete_run(here: Here, request: Request, response: Response, run_id: RunId, query: NoQuery) -> None:
    """Remove a run that is not being run from sight."""
    carry_out(here, request, response, DeleteRun(run_id=run_id))


def _command(run_id: UUID, body: NewRun) -> CreateRun:
    if body.mode not in MODES:
        message = f"unknown mode {body.mode!r}: choose one of {', '.join(MODES)}"
        raise Problem(422, message, code="INVALID_RUN_MODE", mode=body.mode)
    if body.mode not in AVAILABLE_MODES:
        message = f"{body.mode} runs are not available yet: choose {' or '.join(AVAILABLE_MODES)}"
        raise Problem(422, message, code="INVALID_RUN_MODE", mode=body.mode)
    given = body.model_dump(include={"strategy_id", "timeframe", "name", "exchange", "start_time", "end_time", "notes"})
    if body.initial_cash is not None:
        given["initial_cash"] = body.initial_cash
    symbols = tuple(parse_symbol(symbol) for symbol in body.symbols)
    return CreateRun(
        run_id=run_id,
        mode="backtest",
        symbols=symbols,
        parameters=body.config,
        costs=costs_at(body.venue, symbols, body.costs.model_dump()),
        venue=body.venue,
        volume_cap=body.volume_cap,
        account=_account(body.account),
        risk=parse_limits(body.risk.model_dump()),
        tags=body.tags,
        **given,
    )


def _account(given: AccountIn) -> AccountSettings:
    settings = AccountSettings(given.kind)
    if given.leverage is not None:
        settings = AccountSettings.leveraged(given.leverage)
        settings = structs.replace(settings, kind=given.kind)
    if given.maintenance is not None:
        settings = structs.replace(settings, maintenance=given.maintenance)
    return settings

"""Routes of what a run did: its orders, fills, equity, statistics and events."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Query

from domain.periods import periods
from interfaces.envelope import envelope
from interfaces.web import openapi
from interfaces.web.access import Here, Sealed, past, reading, require_run, shows
from interfaces.web.event_schemas import Envelope, RunEventQuery
from interfaces.web.journal_pages import run_events
from interfaces.web.lists import listed_of_run, require_shown_run
from interfaces.web.order_schemas import Fill, Order, RunOrderQuery
from interfaces.web.orders import orders_page
from interfaces.web.pagination import Page, PageOfRows, paged
from interfaces.web.queries import Paged, Read
from interfaces.web.run_schemas import EquityCurve, EquityPoint, EquityQuery, Figure, PeriodQuery, PeriodsOfRun
from interfaces.web.runs import RunId
from projections import equity, fills, orders, runs, stats

router = openapi.router("runs")
_failures = openapi.failures(400, 404)
_OF_PERIOD = ("start", "end", "first", "last", "pnl")


@router.get(
    "/runs/{run_id}/orders",
    response_model=Page[Order],
    responses=_failures,
    dependencies=[shows(runs.NAME, orders.NAME)],
)
def list_run_orders(
    here: Here, sealed: Sealed, run_id: RunId, query: Annotated[RunOrderQuery, Query()]
) -> PageOfRows[orders.OrderRow]:
    """List the run's orders, newest first."""
    as_of = past(here, query.as_of, orders.NAME, run_id=run_id)
    return listed_of_run(here, sealed, run_id, query, orders.LISTING, orders_page(as_of), orders.NAME, as_of)


@router.get(
    "/runs/{run_id}/fills",
    response_model=Page[Fill],
    responses=_failures,
    dependencies=[shows(runs.NAME, fills.NAME)],
)
def list_run_fills(
    here: Here, sealed: Sealed, run_id: RunId, query: Annotated[Paged, Query()]
) -> PageOfRows[fills.FillRow]:
    """List the run's fills, newest first."""
    return listed_of_run(here, sealed, run_id, query, fills.LISTING, fills.page, fills.NAME)


@router.get(
    "/runs/{run_id}/equity",
    response_model=EquityCurve,
    responses=_failures,
    dependencies=[shows(runs.NAME, equity.NAME)],
)
def show_equity(here: Here, run_id: RunId, query: Annotated[EquityQuery, Query()]) -> EquityCurve:
    """Show the run's equity curve, oldest point first, whole or as far as it had come at some time."""
    as_of = past(here, query.as_of, equity.NAME, run_id=run_id)
    run = require_shown_run(here, run_id, equity.NAME, as_of)
    with reading(here) as connection:
        curve = equity.curve(
            connection,
            run_id,
            run.initial_cash,
            most=query.points,
            start=query.start,
            end=query.end,
            as_of=as_of,
        )
    # Straight from numeric columns: checking tens of thousands of points again would take longer than reading them.
    return EquityCurve.model_construct(
        total=curve.total, items=[EquityPoint.model_construct(**asdict(point)) for point in curve.points]
    )


@router.get(
    "/runs/{run_id}/periods",
    response_model=PeriodsOfRun,
    responses=openapi.failures(404),
    dependencies=[shows(runs.NAME, equity.NAME)],
)
def list_periods(here: Here, run_id: RunId, query: Annotated[PeriodQuery, Query()]) -> dict[str, Any]:
    """List what the run made by month, day or year, oldest first: as the monthly table of a report has it."""
    run = require_shown_run(here, run_id, equity.NAME)
    with reading(here) as connection:
        points = equity.period_ends_of(connection, run_id, query.by)
    found = periods([(point.time, point.equity) for point in points], run.initial_cash, query.by)
    items = [{name: getattr(one, name) for name in _OF_PERIOD} | {"return": one.change} for one in found]
    return {"by": query.by, "items": items}


@router.get(
    "/runs/{run_id}/stats",
    response_model=dict[str, Figure],
    response_model_exclude_unset=True,
    responses=_failures,
    dependencies=[shows(runs.NAME, stats.NAME)],
)
def show_statistics(here: Here, run_id: RunId, query: Annotated[Read, Query()]) -> dict[str, Any]:
    """Show every figure of the run, with its basis; none before the run has ended."""
    require_shown_run(here, run_id, stats.NAME)
    with reading(here) as connection:
        return stats.figures(connection, run_id) or {}


@router.get(
    "/runs/{run_id}/events",
    response_model=Page[Envelope],
    responses=_failures,
    dependencies=[shows(runs.NAME)],
)
def list_run_events(
    here: Here, sealed: Sealed, run_id: RunId, query: Annotated[RunEventQuery, Query()]
) -> PageOfRows[dict[str, Any]]:
    """List the run's events from the journal, oldest first."""
    with reading(here) as connection:
        require_run(connection, run_id)
        page = paged(
            sealed,
            f"events of {run_id}",
            query,
            lambda limit, offset, after: run_events(
                connection,
                run_id,
                here.journal.catalogue.versions(query.type),
                limit=limit,
                offset=offset,
                after=after,
            ),
            lambda entry: entry.position,
        )
    return page.of([envelope(entry) for entry in page.items])

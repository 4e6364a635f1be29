"""Routes of trades, positions, accounts and decisions: of one run, and across runs."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query

from interfaces.composition import Weaver
from interfaces.web import openapi
from interfaces.web.access import Here, Sealed, past, reading, require_run, shows
from interfaces.web.decision_schemas import Decision, DecisionQuery, shown_decision
from interfaces.web.ledger_schemas import (
    AccountQuery,
    Accounts,
    Position,
    PositionQuery,
    RunPositionQuery,
    RunTradeQuery,
    Trade,
    TradeQuery,
)
from interfaces.web.lists import listed, listed_of_run
from interfaces.web.pagination import Page, PageOfRows, paged_whole
from interfaces.web.runs import RunId
from projections import accounts, decisions, exchange_accounts, ledger, positions, runs, trades

router = openapi.router("ledger")
runs_router = openapi.router("runs")
_failures = openapi.failures(400)
_failures_of_run = openapi.failures(400, 404)
_MADE_HERE = {"lots"}


@runs_router.get(
    "/runs/{run_id}/trades",
    response_model=Page[Trade],
    responses=_failures_of_run,
    dependencies=[shows(runs.NAME, ledger.NAME)],
)
def list_run_trades(
    here: Here, sealed: Sealed, run_id: RunId, query: Annotated[RunTradeQuery, Query()]
) -> PageOfRows[trades.TradeRow]:
    """List the run's closed trades, the one closed last first."""
    return listed_of_run(here, sealed, run_id, query, trades.LISTING, trades.page, ledger.NAME)


@runs_router.get(
    "/runs/{run_id}/positions",
    response_model=Page[Position],
    responses=_failures_of_run,
    dependencies=[shows(runs.NAME, ledger.NAME)],
)
def list_run_positions(
    here: Here, sealed: Sealed, run_id: RunId, query: Annotated[RunPositionQuery, Query()]
) -> PageOfRows[dict[str, Any]]:
    """List what the run holds, or held, the symbol first traded last first."""
    as_of = past(here, query.as_of, run_id=run_id)
    if as_of is None:
        page = listed_of_run(here, sealed, run_id, query, positions.LISTING, positions.page, ledger.NAME)
        return page.of(_with_lots(here, page.items))
    with reading(here) as connection:
        require_run(connection, run_id, as_of)
        rows, lots = ledger.positions_past(connection, run_id, as_of)
    page = paged_whole(sealed, f"positions of {run_id}", query, [row for row in rows if query.admits(row)])
    return page.of([_shown(row, lots.get(row.symbol, ())) for row in page.items])


@runs_router.get(
    "/runs/{run_id}/decisions",
    response_model=Page[Decision],
    responses=_failures_of_run,
    dependencies=[shows(runs.NAME, decisions.NAME)],
)
def list_run_decisions(
    here: Here, sealed: Sealed, run_id: RunId, query: Annotated[DecisionQuery, Query()]
) -> PageOfRows[dict[str, Any]]:
    """List what the run's strategy decided, newest first: orders placed, refused and cancelled."""
    page = listed_of_run(here, sealed, run_id, query, decisions.LISTING, decisions.page, decisions.NAME)
    with reading(here) as connection:
        refusals = decisions.refusals(connection, page.items)
    return page.of([shown_decision(row, refusals) for row in page.items])


@router.get("/trades", response_model=Page[Trade], responses=_failures, dependencies=[shows(ledger.NAME)])
def list_trades(here: Here, sealed: Sealed, query: Annotated[TradeQuery, Query()]) -> PageOfRows[trades.TradeRow]:
    """List closed trades, the one closed last first."""
    return listed(here, sealed, "trades", query, trades.LISTING, trades.page)


@router.get("/positions", response_model=Page[Position], responses=_failures, dependencies=[shows(ledger.NAME)])
def list_positions(here: Here, sealed: Sealed, query: Annotated[PositionQuery, Query()]) -> PageOfRows[dict[str, Any]]:
    """List what runs hold, the position first traded last first."""
    page = listed(here, sealed, "positions", query, positions.LISTING, positions.page)
    return page.of(_with_lots(here, page.items))


@router.get(
    "/accounts",
    response_model=Accounts,
    responses=_failures,
    dependencies=[shows(ledger.NAME, exchange_accounts.NAME)],
)
def list_accounts(here: Here, sealed: Sealed, query: Annotated[AccountQuery, Query()]) -> dict[str, Any]:
    """List the accounts of runs, the newest run's first, and the accounts at exchanges as the broker sees them."""
    page = listed(here, sealed, "accounts", query, accounts.LISTING, accounts.page)
    with reading(here) as connection:
        exchanges = exchange_accounts.every(connection)
    return {name: getattr(page, name) for name in Page.model_fields} | {"exchanges": exchanges}


def _with_lots(here: Weaver, rows: Sequence[positions.PositionRow]) -> list[dict[str, Any]]:
    with reading(here) as connection:
        lots = positions.oldest_lots(connection, rows)
    return [_shown(row, lots.get((row.run_id, row.symbol), ())) for row in rows]


def _shown(row: positions.PositionRow, lots: Sequence[positions.LotRow]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Position.model_fields.keys() - _MADE_HERE} | {"lots": lots}

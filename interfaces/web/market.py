"""Routes of market data and of strategies."""

from typing import Annotated, Any

from fastapi import Path, Query

from application.ports import BarCoverage, StrategyDescription
from domain.market import Timeframe, parse_symbol
from domain.parameters import json_schema
from interfaces.web import openapi
from interfaces.web.access import Here, Sealed, shows
from interfaces.web.market_schemas import CandleQuery, Candles, CatalogQuery, Coverage, Strategy
from interfaces.web.pagination import Page, PageOfRows, paged_whole
from interfaces.web.queries import Read
from interfaces.web.values import CatalogName

router = openapi.router("market")
strategies_router = openapi.router("strategies")


@router.get("/candles", response_model=Candles, responses=openapi.failures(404), dependencies=[shows()])
def list_candles(here: Here, query: Annotated[CandleQuery, Query()]) -> dict[str, Any]:
    """List the last `limit` stored bars that open in [start, end), or all of them as at most `points`, oldest first."""
    symbol, timeframe = parse_symbol(query.symbol), Timeframe.parse(query.timeframe)
    name, seconds = timeframe.name, timeframe.seconds
    if query.points is None:
        candles = here.bars.candles(symbol, timeframe, query.start, query.end, query.limit)
    else:
        chart = here.bars.chart(symbol, timeframe, query.start, query.end, query.points)
        name, seconds, candles = chart.timeframe, chart.seconds, chart.candles
    if not candles:
        here.bars.require_coverage(symbol, timeframe)
    return {"timeframe": name, "seconds": seconds, "items": candles}


@router.get("/symbols", response_model=Page[Coverage], responses=openapi.failures(400), dependencies=[shows()])
def list_symbols(here: Here, sealed: Sealed, query: Annotated[CatalogQuery, Query()]) -> PageOfRows[dict[str, object]]:
    """List what the bar store holds, by symbol and timeframe."""
    page = paged_whole(sealed, "symbols", query, here.bars.series())
    return page.of([_covered(coverage) for coverage in page.items])


@strategies_router.get(
    "/strategies", response_model=Page[Strategy], responses=openapi.failures(400), dependencies=[shows()]
)
def list_strategies(
    here: Here, sealed: Sealed, query: Annotated[CatalogQuery, Query()]
) -> PageOfRows[dict[str, object]]:
    """List every strategy found, broken ones included."""
    page = paged_whole(sealed, "strategies", query, here.catalog.list())
    return page.of([_described(found) for found in page.items])


@strategies_router.get(
    "/strategies/{name}", response_model=Strategy, responses=openapi.failures(404), dependencies=[shows()]
)
def show_strategy(
    here: Here,
    name: Annotated[CatalogName, Path(description="The name the strategy is found by.")],
    query: Annotated[Read, Query()],
) -> dict[str, object]:
    """Show one strategy that can be loaded, with the JSON Schema of its parameters."""
    return _described(here.catalog.describe(name))


def _covered(coverage: BarCoverage) -> dict[str, object]:
    return {
        "symbol": coverage.symbol,
        "timeframe": coverage.timeframe.name,
        "bars": coverage.bars,
        "start_time": coverage.start_time,
        "end_time": coverage.end_time,
        "source": coverage.source,
    }


def _described(found: StrategyDescription) -> dict[str, object]:
    return {
        "name": found.strategy_id,
        "class_name": found.class_name,
        "version": found.version,
        "description": found.description,
        "author": found.author,
        "source": found.source,
        "parameters": json_schema(found.parameters) if found.error is None else None,
        "error": found.error,
    }

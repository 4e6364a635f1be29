"""The web application: REST under /api/v1, the event stream, health, and Haro's page."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from fastapi import APIRouter, FastAPI

from interfaces.composition import Role, Weaver
from interfaces.logs import Redaction
from interfaces.web import (
    activity,
    events,
    health,
    indicators,
    ledger,
    market,
    metrics,
    notifications,
    openapi,
    order_reasons,
    orders,
    overview,
    process,
    risk,
    run_export,
    run_forks,
    run_log,
    run_parity,
    run_reports,
    runs,
    strategy_checks,
    sweeps,
    system,
)
from interfaces.web.cors import Cors
from interfaces.web.edge import Edge, LastResort
from interfaces.web.errors import ErrorAnswers
from interfaces.web.page import BUILT_PAGE, ElsewhereOnly, PageFiles
from interfaces.web.pagination import Cursors
from interfaces.web.rate_limit import RateLimit
from interfaces.web.release import release
from interfaces.web.security import Gate, KeyCheck

ROUTERS = (
    overview.router,
    system.router,
    process.router,
    runs.router,
    run_forks.router,
    run_reports.router,
    run_log.router,
    run_export.router,
    run_parity.router,
    indicators.router,
    sweeps.router,
    ledger.runs_router,
    orders.router,
    order_reasons.router,
    ledger.router,
    risk.router,
    activity.router,
    market.router,
    market.strategies_router,
    strategy_checks.router,
    events.router,
    notifications.router,
)


# What is asked of a process itself, whatever its role; the kill switch, because it works without the database there.
ROUTERS_OF_ROLE: Mapping[Role, tuple[APIRouter, ...]] = {
    "all": ROUTERS,
    "api": ROUTERS,
    "engine": (process.router, risk.router),
    "projector": (process.router,),
}


def include_routes(app: FastAPI, role: Role = "all") -> None:
    """Give the application every route of a role, and a document that says what holds for all of them."""
    for router in ROUTERS_OF_ROLE[role]:
        app.include_router(router, prefix=openapi.PREFIX)
    app.include_router(health.router)
    app.include_router(metrics.router)
    openapi.describe(app)


def create_app(weaver: Weaver, *, page: Path = BUILT_PAGE) -> FastAPI:
    """Return the application over a composed Weaver, which whoever serves it starts before and stops after.

    page: the directory of Haro's built files. Raises InvalidInput for settings that cannot be meant.
    """
    app = FastAPI(
        title="Weaver",
        version=release(),
        description=openapi.SUMMARY,
        lifespan=_lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    app.state.weaver = weaver
    app.state.cursors = Cursors(weaver.journal.store_id)
    redaction = Redaction((*weaver.settings.secrets(), weaver.database_url))
    app.state.answers = answers = ErrorAnswers(weaver.clock, redaction)
    answers.install(app)
    include_routes(app, weaver.role)
    app.router.default = PageFiles(page) if weaver.role in ("all", "api") else ElsewhereOnly(weaver.role)
    app.state.metrics = figures = metrics.Metrics(weaver)
    # The last one added is the outermost.
    app.add_middleware(KeyCheck, settings=weaver.settings, answers=answers)
    app.add_middleware(RateLimit, settings=weaver.settings, answers=answers, refused=figures.requests.rate_limited.inc)
    app.add_middleware(LastResort, answers=answers)
    if weaver.settings.allowed_origins:
        app.add_middleware(Cors, settings=weaver.settings, answers=answers)
    app.add_middleware(Gate, settings=weaver.settings, answers=answers)
    app.add_middleware(Edge, figures=figures.requests, redaction=redaction)
    openapi.add_reference(app)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    broadcast = app.state.weaver.broadcast
    broadcast.bind(asyncio.get_running_loop())
    looking = asyncio.create_task(app.state.metrics.keep_looking(), name="metrics")
    try:
        yield
    finally:
        broadcast.close()
        broadcast.unbind()
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking

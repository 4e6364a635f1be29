"""Whether the process lives, and whether everything it needs does."""

import contextlib
from collections.abc import Iterator
from typing import Any, Literal

import psycopg
from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from application.execution import STANDING_BY
from domain.errors import WeaverError
from interfaces.composition import Weaver
from interfaces.database import require_migrated
from interfaces.web import openapi
from interfaces.web.access import Here, reading
from interfaces.web.errors import CODES, correlation_id_of, error_body, json_response
from interfaces.web.release import release

# Beyond this the machine's clock and the database's disagree enough to say so; bars close by the machine's.
TOLERATED_DRIFT_SECONDS = 2.0
# A read model that another process keeps and that is so far behind may have nobody who keeps it.
TOLERATED_LAG_SECONDS = 30.0

type State = Literal["up", "down"]

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process lives."""

    status: Literal["ok"]
    version: str


class Part(BaseModel):
    """One thing the process needs. `reason` says why it is down, or what is amiss while it is up."""

    state: State
    reason: str | None = None
    details: dict[str, Any] = {}


class Readiness(BaseModel):
    """Everything the process needs."""

    status: Literal["ready", "not_ready"]
    database: Part
    migrations: Part
    journal: Part
    processors: Part
    supervisor: Part
    execution: Part
    clock: Part


class NotReady(Readiness, openapi.Failure):
    """The same, as an error."""


@router.get("/healthz", responses=openapi.failures(403, 413, 500))
def healthz() -> Health:
    """Say that the process lives. Needs no key."""
    return Health(status="ok", version=release())


@router.get(
    "/readyz",
    response_model=Readiness,
    responses=openapi.failures(401, 403, 413, 500) | {503: {"model": NotReady, "description": "Something is down."}},
)
def readyz(here: Here, request: Request) -> Response:
    """Say of everything the process needs whether it is up."""
    parts = _parts(here)
    down = [name for name, part in parts.items() if part.state == "down"]
    shown = {name: part.model_dump() for name, part in parts.items()}
    if not down:
        return json_response(200, {"status": "ready", **shown})
    reasons = "; ".join(f"{name}: {parts[name].reason}" for name in down)
    message, now = f"not ready: {reasons}", here.clock.now()
    failure = error_body(CODES[503], message, {"down": down}, correlation_id_of(request), now)
    return json_response(503, {"status": "not_ready", **shown, **failure})


def _parts(here: Weaver) -> dict[str, Part]:
    database, clock = Part(state="up"), Part(state="up")
    with _down_if_away(database):
        with reading(here) as connection:
            answered = connection.execute("select clock_timestamp()").fetchone()
        drift = (here.clock.now() - answered[0]).total_seconds() if answered else 0.0
        clock.details = {"drift_seconds": round(drift, 3)}
        if abs(drift) > TOLERATED_DRIFT_SECONDS:
            clock.state, clock.reason = "down", f"the machine's clock is {drift:+.1f} s off the database's"
    migrations = Part(state="up")
    if database.state == "up":
        with _down_if_away(migrations):
            require_migrated(here.database_url)
    else:
        migrations = Part(state="down", reason="the database is away")
    return {
        "database": database,
        "migrations": migrations,
        "journal": _journal(here),
        "processors": _processors(here),
        "supervisor": _supervisor(here),
        "execution": _execution(here),
        "clock": clock,
    }


@contextlib.contextmanager
def _down_if_away(part: Part) -> Iterator[None]:
    try:
        yield
    except WeaverError as error:
        part.state, part.reason = "down", error.message
    except psycopg.OperationalError:
        part.state, part.reason = "down", "the database does not answer"


def _journal(here: Weaver) -> Part:
    details = {"position": here.tail.head}
    if here.tail.alive:
        return Part(state="up", details=details)
    return Part(state="down", reason="nobody follows the journal: events are not seen", details=details)


def _execution(here: Weaver) -> Part:
    """Whether orders can leave: up as long as there is none to send, or another process sends them."""
    failures = here.markets.failures()
    halt = here.latch.reason
    reasons = [f"{name}: {failure}" for name, failure in failures.items() if failure != STANDING_BY]
    if reasons:
        return Part(state="down", reason="; ".join(reasons), details=dict(failures))
    return Part(state="up", reason=None if halt is None else f"halted: {halt}", details=dict(failures))


def _supervisor(here: Weaver) -> Part:
    neglect = here.neglect
    return Part(state="up") if neglect is None else Part(state="down", reason=neglect)


def _processors(here: Weaver) -> Part:
    head = here.tail.head
    details, reasons = {}, []
    degraded = []
    for processor in here.processors:
        seen = processor.snapshot(head)
        details[seen.name] = {
            "state": seen.state,
            "position": seen.position,
            "lag": seen.lag_events,
            "lag_seconds": round(seen.lag_seconds, 3),
            "parked": seen.parked,
        }
        if seen.state in ("starting", "stopped"):
            reasons.append(f"{seen.name} is {processor.state}")
        if seen.state == "standby" and seen.lag_seconds > TOLERATED_LAG_SECONDS:
            behind = f"{seen.name} is {seen.lag_seconds:.0f} s behind"
            degraded.append(f"{behind}: another process keeps it, is one with the role projector or all at work?")
        if seen.parked:
            events = f"{seen.parked} event" + ("s" if seen.parked > 1 else "")
            degraded.append(f"{seen.name} has passed over {events}: remove the cause, then rebuild it")
    if reasons:
        return Part(state="down", reason="; ".join([*reasons, *degraded]), details=details)
    # What is parked leaves a gap in what is told, not in money: the process serves.
    return Part(state="up", reason="; ".join(degraded) or None, details=details)

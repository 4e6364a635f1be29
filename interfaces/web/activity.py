"""The route of what happened, in sentences."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query

from interfaces.web import openapi
from interfaces.web.access import Here, Sealed, shows
from interfaces.web.lists import listed
from interfaces.web.pagination import Page, PageOfRows
from interfaces.web.queries import Paged
from interfaces.web.values import Answered, MomentOut
from projections import activity

router = openapi.router("activity")

Severity = Literal["info", "warning", "error"]


class ActivityQuery(Paged):
    """Which activity to list."""

    run_id: UUID | None = None
    severity: Severity | None = None


class Activity(Answered):
    """One thing that happened. `type` is that of its event, `message` one line of at most 300 characters."""

    position: int
    run_id: UUID | None
    order_id: UUID | None
    at: MomentOut
    type: str
    severity: Severity
    message: str


@router.get(
    "/activity", response_model=Page[Activity], responses=openapi.failures(400), dependencies=[shows(activity.NAME)]
)
def list_activity(
    here: Here, sealed: Sealed, query: Annotated[ActivityQuery, Query()]
) -> PageOfRows[activity.ActivityRow]:
    """List what happened to runs, and orders that were refused, newest first."""
    return listed(here, sealed, "activity", query, activity.LISTING, activity.page)

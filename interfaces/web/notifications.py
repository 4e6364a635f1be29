"""The route of the channels that people are told by."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field

from domain.severity import Severity
from interfaces.composition import Weaver
from interfaces.notifications.channels import AnyChannel
from interfaces.notifications.delivery_book import Standing, standings
from interfaces.web import openapi
from interfaces.web.access import Here, reading, shows
from interfaces.web.queries import Read
from interfaces.web.values import Answered, MomentOut

router = openapi.router("system")


class DeliveryCounts(Answered):
    """How many events a channel is to be told of, or was: those that were sent or skipped over 30 days ago are left
    out.
    """

    pending: int
    sending: int
    sent: int
    parked: int
    skipped: int


class NotificationChannel(Answered):
    """A channel of the file `WEAVER_NOTIFICATIONS`.

    `state`: `failing` if its newest attempt failed and events wait, `parked` if a person has to decide about
    deliveries, `starting` before it could look at the journal, else `ok`. `oldest_pending_at`: when the oldest event
    that waits was found.
    """

    name: Annotated[str, Field(examples=["phone"])]
    kind: Literal["webhook", "telegram", "discord", "slack", "smtp"]
    state: Literal["ok", "failing", "parked", "starting"]
    events: Annotated[list[str], Field(examples=[["run.*", "risk.halted"]])]
    minimum_severity: Severity
    modes: list[Literal["backtest", "paper", "live"]]
    is_quiet: bool
    deliveries: DeliveryCounts
    oldest_pending_at: MomentOut | None
    last_success_at: MomentOut | None
    last_error: str | None
    last_error_at: MomentOut | None


class NotificationChannels(Answered):
    """Every channel, in the order of the file."""

    items: list[NotificationChannel]


@router.get("/notifications", response_model=NotificationChannels, dependencies=[shows()])
def list_notification_channels(here: Here, query: Annotated[Read, Query()]) -> dict[str, Any]:
    """List the channels that people are told by, and how each stands."""
    return {"items": _channels(here)}


def _channels(here: Weaver) -> list[dict[str, Any]]:
    if not here.notifier.channels:
        return []
    with reading(here) as connection:
        found = standings(connection)
    return [_shown(channel, found.get(channel.name), here.clock.now()) for channel in here.notifier.channels]


def _shown(channel: AnyChannel, standing: Standing | None, now: datetime) -> dict[str, Any]:
    seen = Standing.unseen() if standing is None else standing
    return {
        "name": channel.name,
        "kind": channel.kind,
        "state": "starting" if standing is None else seen.state,
        "events": channel.events,
        "minimum_severity": channel.minimum_severity,
        "modes": channel.modes,
        "is_quiet": channel.is_quiet(now),
        "deliveries": seen.deliveries,
        "oldest_pending_at": seen.oldest_pending_at,
        "last_success_at": seen.last_success_at,
        "last_error": seen.last_error,
        "last_error_at": seen.last_error_at,
    }

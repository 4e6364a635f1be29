"""Routes of events: the journal by (long) polling, and as a stream."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from typing import Annotated, Any

import msgspec
from anyio import to_thread
from fastapi import Header, Query
from starlette.responses import Response

from application.journal import Journal
from domain.events import JournalEntry
from interfaces.broadcast import JournalPage, Wanted
from interfaces.composition import Weaver
from interfaces.envelope import envelope
from interfaces.web import openapi
from interfaces.web.access import Here, shows
from interfaces.web.event_schemas import StreamQuery, Tail, TailQuery
from interfaces.web.event_stream import EventStream, reset, resumed_from

router = openapi.router("events")

_FRAME = """id: k3v9q0m2-1204
event: run.started
data: {"position":1204,"type":"run.started","run_id":"01931f4e-8a3c-7d52-9c1e-2b6f0a7d4e11","status":"running","ts":"2024-01-31T14:30:00Z"}

"""  # noqa: E501
_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `id: <epoch>-<position>`, `event: <type>`, `data:` a thin event.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _FRAME}},
    }
}


@router.get("/events/tail", response_model=Tail, dependencies=[shows()])
async def tail_events(here: Here, query: Annotated[TailQuery, Query()]) -> Response:
    """Read the journal from a position on, in its order; with `wait`, be told when there is more."""
    wanted = Wanted(query.run_id, here.journal.catalogue.versions(query.type))
    answer = await to_thread.run_sync(_read_tail, here, query.after, wanted, query.limit)
    if not answer["items"] and query.wait > 0:
        await _wait_for_event(here, answer["next_after"], wanted, query.wait)
        answer = await to_thread.run_sync(_read_tail, here, answer["next_after"], wanted, query.limit)
    return Response(msgspec.json.encode(answer), media_type="application/json")


@router.get("/events/stream", status_code=200, response_class=EventStream, responses=_STREAMED)
async def stream_events(
    here: Here,
    query: Annotated[StreamQuery, Query()],
    last_event_id: Annotated[str | None, Header(description="Where an earlier connection ended.")] = None,
) -> EventStream:
    """Follow the journal. Resumes behind `Last-Event-ID` or `after` with no gap and no repeat.

    Begins with `event: reset` when that place is not of this journal: load everything again, and go on from here.
    """
    after, first = await _beginning(here, query.after, last_event_id)
    wanted = Wanted(query.run_id, here.journal.catalogue.versions(query.type))
    if first:
        here.broadcast.resets += 1
    return EventStream(here.broadcast, here.broadcast.follow(after, wanted, journal_pages(here.journal)), first)


async def _beginning(here: Weaver, given_after: str | None, last_event_id: str | None) -> tuple[int, bytes]:
    """The position to begin behind, and what to send first."""
    # A tail that has not looked at the journal yet says 0.
    epoch, head = here.broadcast.epoch, here.tail.head or await to_thread.run_sync(here.journal.head)
    given = given_after if last_event_id is None else last_event_id
    if given is None:
        return head, b""
    place = resumed_from(given, epoch, is_id=last_event_id is not None)
    if isinstance(place, str):
        return head, reset(epoch, head, place)
    if place > head:
        # Another process may have seen more than this one's tail: the journal itself knows.
        head = await to_thread.run_sync(here.journal.head)
    return (place, b"") if place <= head else (head, reset(epoch, head, "future"))


def journal_pages(journal: Journal) -> JournalPage:
    """Return how a client reads what the broadcast no longer holds."""

    def read(after: int, wanted: Wanted, limit: int) -> Sequence[JournalEntry]:
        return journal.read(after, limit, topics=sorted(wanted.types), run_id=wanted.run_id)

    return read


def _read_tail(here: Weaver, after: int, wanted: Wanted, limit: int) -> dict[str, Any]:
    # Read before the journal is: up to here nothing that is wanted can be missed.
    head = here.tail.head
    entries = journal_pages(here.journal)(after, wanted, limit)
    reached = entries[-1].position if entries else after
    if len(entries) < limit:
        reached = max(reached, head)
    return {"items": [envelope(entry) for entry in entries], "next_after": reached}


async def _wait_for_event(here: Weaver, after: int, wanted: Wanted, seconds: float) -> None:
    frames = here.broadcast.follow(after, wanted, journal_pages(here.journal), with_passing=False)
    async with aclosing(frames):
        try:
            async with asyncio.timeout(seconds):
                await anext(frames, None)
        except TimeoutError:
            pass

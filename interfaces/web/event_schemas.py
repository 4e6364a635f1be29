"""Events of the journal as they cross the wire."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from domain.errors import did_you_mean
from domain.event_catalogue import EVENTS, split_topic
from interfaces.web.queries import Paged, Read
from interfaces.web.values import MAX_WHOLE, Answered, Given, MomentOut

MAX_TAIL = 1_000
MAX_WAIT_SECONDS = 30.0


def _known_topic(name: str) -> str:
    # A filter that can never match is a mistake, and silence would not tell.
    # Any version of a known event: a journal may be shared with a newer Weaver.
    if split_topic(name)[0] not in EVENTS:
        raise ValueError(f"{did_you_mean(name, EVENTS)}no event has this type: docs/events.md lists them all")
    return name


EventType = Annotated[
    str, StringConstraints(max_length=100), AfterValidator(_known_topic), Field(json_schema_extra={"enum": [*EVENTS]})
]
EventTypes = Annotated[
    tuple[EventType, ...],
    Field(
        max_length=50,
        description="Only events of this type, such as `order.filled`, in every version of it; may be repeated.",
    ),
]


class Envelope(Answered):
    """An event with everything known about it; stable over versions.

    `id` is stream id and version. `type`, `version` and `payload` are those it was recorded in. `position` is the place
    in the one global order. `ts` is the time of recording.
    """

    id: str
    kind: Literal["evt", "cmd"]
    type: str
    version: int
    run_id: UUID | None
    corr_id: str | None
    causation_id: str | None
    trace_id: str | None
    ts: MomentOut
    producer: str
    headers: dict[str, str]
    payload: dict[str, Any]
    position: int


class Tail(Answered):
    """Events in the order of the journal, and where to go on: pass `next_after` as `after`."""

    items: list[Envelope]
    next_after: int


class TailQuery(Read):
    """Where to read the journal, and what of it."""

    after: int = Field(0, ge=0, le=MAX_WHOLE, description="Only events after this position.")
    limit: int = Field(100, ge=1, le=MAX_TAIL)
    run_id: UUID | None = None
    type: EventTypes = ()
    wait: float = Field(
        0, ge=0, le=MAX_WAIT_SECONDS, description="Seconds to wait for the first event, if there is none yet."
    )


class StreamQuery(Given):
    """Where to begin the stream, and what of it. Without `after` and `Last-Event-ID` it begins now."""

    after: str | None = Field(
        None, max_length=200, description="A position, or an `id` of the stream. `Last-Event-ID` wins over it."
    )
    run_id: UUID | None = None
    type: EventTypes = ()


class RunEventQuery(Paged):
    """Which of a run's events to list."""

    type: EventTypes = ()

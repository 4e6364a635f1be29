"""Routes that say what this Weaver is, how its read models stand, and that make one anew."""

import platform
from typing import Annotated, Literal
from uuid import uuid5

from fastapi import Path, Query

from domain.errors import NotFound
from interfaces.composition import Weaver
from interfaces.web import openapi
from interfaces.web.access import Here, reading, shows
from interfaces.web.commands import Commanding
from interfaces.web.queries import NoBody, NoQuery, Read
from interfaces.web.release import release
from interfaces.web.values import Answered, MomentOut
from projections.processor import Processor

router = openapi.router("system")


class Info(Answered):
    """What runs here. `journal_position` is the newest event's; `epoch` changes when the journal is another one."""

    version: str
    python: str
    modes: list[str]
    exchanges: list[str]
    journal_position: int
    epoch: str


class Rebuild(Answered):
    """A rebuild, in whichever process; `done` and `failed` are of this one, since it started.

    `position` of `head` is folded into the new tables. `started_at` and `seconds` are null when another process works.
    """

    state: Literal["none", "running", "done", "failed"]
    position: int | None
    head: int | None
    fraction: float | None
    started_at: MomentOut | None
    seconds: float | None
    error: str | None


class ReadModel(Answered):
    """How a read model stands: `lag` positions and `lag_seconds` behind the journal.

    `parked`: events it has passed over because it cannot fold them. A rebuild tries them again.
    """

    name: str
    state: Literal["starting", "standby", "following", "stopped"]
    reason: str | None
    position: int
    lag: int
    lag_seconds: float
    parked: int
    rebuild: Rebuild


class ReadModels(Answered):
    """Every read model."""

    items: list[ReadModel]


ReadModelName = Annotated[str, Path(description="The read model's name.", max_length=100)]


@router.get("/info", response_model=Info, dependencies=[shows()])
def show_info(here: Here, query: Annotated[Read, Query()]) -> Info:
    """Show the version, what is configured, and where the journal ends."""
    exchanges = here.exchanges.list()
    return Info(
        version=release(),
        python=platform.python_version(),
        modes=["backtest", *(mode for mode in ("paper", "live") if any(mode in one.modes for one in exchanges))],
        exchanges=[one.name for one in exchanges if one.modes],
        journal_position=here.tail.head,
        epoch=here.broadcast.epoch,
    )


@router.get("/system/read-models", response_model=ReadModels, dependencies=[shows()])
def list_read_models(here: Here, query: Annotated[Read, Query()]) -> ReadModels:
    """List the read models and how they stand."""
    return ReadModels(items=[_shown(here, processor) for processor in here.processors])


@router.get(
    "/system/read-models/{name}", response_model=ReadModel, responses=openapi.failures(404), dependencies=[shows()]
)
def show_read_model(here: Here, name: ReadModelName, query: Annotated[Read, Query()]) -> ReadModel:
    """Show how a read model stands, and its rebuild."""
    return _shown(here, _named(here, name))


@router.post(
    "/system/read-models/{name}/rebuild",
    status_code=202,
    response_model=ReadModel,
    responses=openapi.failures(404, 409, 413, 415),
)
def rebuild_read_model(
    here: Here, commands: Commanding, name: ReadModelName, query: NoQuery, body: NoBody = None
) -> ReadModel:
    """Fold the journal into fresh tables beside the live ones, then swap them. Safe while trading."""
    processor = _named(here, name)
    commands.perform(lambda: here.rebuilds.start(processor.name), uuid5(here.journal.store_id, processor.name))
    return _shown(here, processor)


def _named(here: Weaver, name: str) -> Processor:
    for processor in here.processors:
        if processor.name == name:
            return processor
    known = ", ".join(processor.name for processor in here.processors)
    raise NotFound(f"there is no read model {name!r}: choose one of {known}", read_model=name)


def _shown(here: Weaver, processor: Processor) -> ReadModel:
    seen = processor.snapshot(here.tail.head)
    with reading(here) as connection:
        rebuild = here.rebuilds.status(connection, seen.name, seen.head)
    return ReadModel(
        name=seen.name,
        state=seen.state,
        reason=seen.reason,
        position=seen.position,
        lag=seen.lag_events,
        lag_seconds=round(seen.lag_seconds, 3),
        parked=seen.parked,
        rebuild=Rebuild.model_validate(rebuild),
    )

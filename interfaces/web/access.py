"""What routes reach for: the process's parts, a connection, read models fresh enough."""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import psycopg
from fastapi import Depends, Request
from psycopg.rows import TupleRow

from domain.run import RunCreated, RunStarted
from interfaces.composition import Weaver
from interfaces.web.errors import Problem
from interfaces.web.pagination import Cursors
from interfaces.web.values import MAX_WHOLE
from projections.past import market_position, position_at, streams_until
from projections.runs import RunRow
from projections.runs import find as find_run
from projections.runs import find_past as find_past_run

CONNECTION_SECONDS = 2.0
FRESHNESS_SECONDS = 5.0
# Whoever creates a run and asks for it at once should find it, without knowing about positions.
SHOWN_SECONDS = 1.0
FIRST_LOOK, LONGEST_LOOK = 0.002, 0.05


# Dependencies are async although they wait for nothing: others are each given to a worker thread and back.
async def _weaver(request: Request) -> Weaver:
    weaver: Weaver = request.app.state.weaver
    return weaver


async def _cursors(request: Request) -> Cursors:
    cursors: Cursors = request.app.state.cursors
    return cursors


Here = Annotated[Weaver, Depends(_weaver)]
Sealed = Annotated[Cursors, Depends(_cursors)]


@contextlib.contextmanager
def reading(weaver: Weaver) -> Iterator[psycopg.Connection[TupleRow]]:
    """Give a connection to read from; raise psycopg's PoolTimeout when the database is away."""
    with weaver.queries.connection(timeout=CONNECTION_SECONDS) as connection:
        yield connection


def require_run(connection: psycopg.Connection[TupleRow], run_id: UUID, as_of: int | None = None) -> RunRow:
    """Return the run, as it was at a position if one is given; a 404 ends the request when there was none."""
    run = find_run(connection, run_id) if as_of is None else find_past_run(connection, run_id, as_of)
    if run is None:
        at = "" if as_of is None else f" at position {as_of}"
        raise Problem(404, f"no run has the id {run_id}{at}", run_id=str(run_id))
    return run


def shows(*read_models: str) -> Any:  # noqa: ANN401 - what FastAPI's Depends gives
    """Make a route wait for `min_position`: in these read models, or in the journal itself without any.

    Waits on the loop, so that those who wait take no worker thread from anyone. What the parameter may be is checked
    with the route's other parameters.
    """

    async def wait(request: Request) -> None:
        given = request.query_params.get("min_position", "")
        is_whole = given.isascii() and given.isdecimal() and len(given) <= len(str(MAX_WHOLE))
        if not is_whole or int(given) > MAX_WHOLE:
            return
        weaver = await _weaver(request)
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + FRESHNESS_SECONDS, FIRST_LOOK
        while lagging := _lagging(weaver, read_models, int(given)):
            if loop.time() >= deadline or any(state.startswith("stopped") for _, state in lagging.values()):
                raise _too_old(int(given), lagging)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_LOOK)

    return Depends(wait)


def past(weaver: Weaver, as_of: int | datetime | None, *read_models: str, run_id: UUID | None = None) -> int | None:
    """Return the position that `as_of` means, None for none, once these read models show it.

    run_id: the run that is asked about, if it is one. Raises a 422 for a position the journal has not reached, and a
    503 if a read model does not reach it in time.
    """
    if as_of is None:
        return None
    if isinstance(as_of, datetime):
        with reading(weaver) as connection:
            position = _position_at(connection, as_of, run_id)
    else:
        position = as_of
        if position > weaver.tail.head and position > (head := weaver.journal.head()):
            raise Problem(422, f"as_of: the journal ends at {head}, there is no position {position} yet", head=head)
    for processor in weaver.processors:
        if processor.name in read_models and not processor.wait_for(position, FRESHNESS_SECONDS):
            raise _too_old(position, _lagging(weaver, read_models, position))
    return position


def _position_at(connection: psycopg.Connection[TupleRow], moment: datetime, run_id: UUID | None) -> int:
    if run_id is not None:
        beginning = streams_until(connection, [run_id], MAX_WHOLE)
        created = beginning[0].event if beginning else None
        if isinstance(created, RunCreated) and created.mode == "backtest" and moment < created.at:
            began = [entry.position for entry, _ in beginning if entry.topic == RunStarted.TOPIC]
            return max(market_position(connection, run_id, moment), *began, beginning[0].entry.position)
    return position_at(connection, moment)


def _lagging(weaver: Weaver, read_models: tuple[str, ...], position: int) -> dict[str, tuple[int, str]]:
    if not read_models:
        head = weaver.tail.head
        return {} if head >= position else {"journal": (head, "following")}
    return {
        processor.name: (processor.position, str(processor.state))
        for processor in weaver.processors
        if processor.name in read_models and processor.position < position
    }


def _too_old(position: int, lagging: dict[str, tuple[int, str]]) -> Problem:
    behind = {
        name: {"position": reached, "lag": position - reached, "state": state}
        for name, (reached, state) in lagging.items()
    }
    names = ", ".join(behind)
    return Problem(503, f"position {position} is not shown yet by: {names}", min_position=position, behind=behind)

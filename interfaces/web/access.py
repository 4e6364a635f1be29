"""What routes reach for: the process's parts, a connection, read models fresh enough, commands carried out."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Annotated, Any

import psycopg
from fastapi import Depends, Request, Response
from psycopg.rows import TupleRow

from application.commands import Command
from interfaces.composition import Weaver
from interfaces.web.errors import Problem, correlation_id_of
from interfaces.web.pagination import Cursors
from interfaces.web.values import MAX_WHOLE
from projections.runs import NAME as RUNS
from projections.runs import RunRow
from projections.runs import find as find_run

POSITION_HEADER = "Weaver-Position"
CONNECTION_SECONDS = 2.0
FRESHNESS_SECONDS = 5.0
FIRST_LOOK, LONGEST_LOOK = 0.002, 0.05
# Whoever creates a run and asks for it at once should find it, without knowing about positions.
SHOWN_SECONDS = 1.0
ACTOR = "rest"


def _weaver(request: Request) -> Weaver:
    weaver: Weaver = request.app.state.weaver
    return weaver


def _cursors(request: Request) -> Cursors:
    cursors: Cursors = request.app.state.cursors
    return cursors


Here = Annotated[Weaver, Depends(_weaver)]
Sealed = Annotated[Cursors, Depends(_cursors)]


@contextlib.contextmanager
def reading(weaver: Weaver) -> Iterator[psycopg.Connection[TupleRow]]:
    """Give a connection to read from; raise psycopg's PoolTimeout when the database is away."""
    with weaver.queries.connection(timeout=CONNECTION_SECONDS) as connection:
        yield connection


def require_run(connection: psycopg.Connection[TupleRow], run_id: Any) -> RunRow:  # noqa: ANN401
    """Return the run; a 404 ends the request when there is none."""
    run = find_run(connection, run_id)
    if run is None:
        raise Problem(404, f"no run has the id {run_id}", run_id=str(run_id))
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
        weaver = _weaver(request)
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + FRESHNESS_SECONDS, FIRST_LOOK
        while lagging := _lagging(weaver, read_models, int(given)):
            if loop.time() >= deadline or any(state.startswith("stopped") for _, state in lagging.values()):
                raise _too_old(int(given), lagging)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_LOOK)

    return Depends(wait)


def carry_out(weaver: Weaver, request: Request, response: Response, command: Command) -> int:
    """Dispatch the command and return the position of what it caused, which is also put into the answer's header.

    Gives the list of runs a moment to show it; a client that must be sure passes the position on as `min_position`.
    """
    position = weaver.dispatch.dispatch(command, correlation_id=correlation_id_of(request), actor=ACTOR)
    response.headers[POSITION_HEADER] = str(position)
    for processor in weaver.processors:
        if processor.name == RUNS:
            processor.wait_for(position, SHOWN_SECONDS)
    return position


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

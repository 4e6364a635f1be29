"""The route of a run's log."""

from typing import Annotated, Any, Literal

from fastapi import Query

from interfaces.web import openapi
from interfaces.web.access import Here, Sealed, reading, require_run, shows
from interfaces.web.pagination import Page, PageOfRows, paged
from interfaces.web.queries import Paged
from interfaces.web.runs import RunId
from interfaces.web.values import Answered, MomentIn, MomentOut, Text
from projections import log, runs

router = openapi.router("runs")


class LogLine(Answered):
    """A line a run's strategy wrote, or Weaver itself of a paper or live run, with its fields.

    `number` counts the run's lines from 1; `at` is the market's time. `level` is `warning` for what Weaver wants to be
    seen: a refused order, a session that died, the last line of a log that holds no more.
    """

    number: int
    at: MomentOut
    source: Literal["strategy", "weaver"]
    level: Literal["info", "warning"]
    message: str
    fields: dict[str, Any]


class RunLogQuery(Paged):
    """Which lines of a run's log to list. start, end: written in [start, end), by the market's time."""

    start: MomentIn | None = None
    end: MomentIn | None = None
    text: Text | None = None


@router.get(
    "/runs/{run_id}/log",
    response_model=Page[LogLine],
    responses=openapi.failures(400, 404),
    dependencies=[shows(runs.NAME, log.NAME)],
)
def list_run_log(
    here: Here, sealed: Sealed, run_id: RunId, query: Annotated[RunLogQuery, Query()]
) -> PageOfRows[log.LogRow]:
    """List what the run's strategy and Weaver itself have logged, oldest first.

    `text` finds a part of the message in whatever case.
    """
    with reading(here) as connection:
        require_run(connection, run_id)
        return paged(
            sealed,
            f"log of {run_id}",
            query,
            lambda limit, offset, after: log.page(
                connection,
                run_id,
                start=query.start,
                end=query.end,
                text=query.text,
                limit=limit,
                offset=offset,
                after=after,
            ),
            lambda row: row.number,
        )

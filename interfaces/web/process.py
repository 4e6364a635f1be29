"""Routes that show this process from inside: the lines it has logged, and what runs here."""

import logging
import os
import resource
import threading
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field

from interfaces.logs import KEPT_LINES, MOST_KEPT
from interfaces.web import openapi
from interfaces.web.access import Here, shows
from interfaces.web.queries import Read
from interfaces.web.values import MAX_WHOLE, Answered, MomentOut

router = openapi.router("system")

Level = Literal["debug", "info", "warning", "error", "critical"]


class ProcessLogQuery(Read):
    """Which lines to show."""

    after: int | None = Field(
        None,
        ge=0,
        le=MAX_WHOLE,
        description="Only lines behind this one: `next_after` of the answer before. Without it the newest are shown.",
    )
    limit: int = Field(200, ge=1, le=MOST_KEPT)
    level: Level = Field("debug", description="The least of the levels to show.")


class ProcessLogLine(Answered):
    """A line of the log of this process, secrets hidden. `number` counts from 1 since it began."""

    number: int
    at: MomentOut
    level: str
    logger: Annotated[str, Field(examples=["web"])]
    message: str
    fields: dict[str, Any]


class ProcessLog(Answered):
    """The newest lines, oldest first. Pass `next_after` as `after` to go on; numbers begin anew with the process."""

    items: list[ProcessLogLine]
    next_after: int


class RunningProcess(Answered):
    """A process: the server itself, the projector that keeps its read models, or the session of a run.

    `memory_bytes` is what it has in memory; null where the system does not tell. `threads` are the server's.
    """

    kind: Literal["server", "projector", "session"]
    pid: int
    run_id: UUID | None
    since: MomentOut
    memory_bytes: int | None
    threads: list[str]


class RunningProcesses(Answered):
    """What runs here, the server first. What other servers of the same database run is not known here."""

    items: list[RunningProcess]


@router.get("/system/log", response_model=ProcessLog, dependencies=[shows()])
def show_log(here: Here, query: Annotated[ProcessLogQuery, Query()]) -> dict[str, Any]:
    """Show the newest lines this process has logged, at most the last 1,000."""
    # Looked at first: a line that is logged meanwhile is shown, or comes with the next answer.
    newest = KEPT_LINES.newest
    lines = KEPT_LINES.after(query.after, query.limit, logging.getLevelNamesMapping()[query.level.upper()])
    last = lines[-1].number if lines else 0
    return {"items": lines, "next_after": last if len(lines) == query.limit else max(last, newest)}


@router.get("/system/processes", response_model=RunningProcesses, dependencies=[shows()])
def list_processes(here: Here, query: Annotated[Read, Query()]) -> dict[str, Any]:
    """List what runs here: this process with its threads, its projector, and the sessions of runs."""
    names = sorted(thread.name for thread in threading.enumerate())
    found: list[dict[str, Any]] = [
        {"kind": "server", "pid": os.getpid(), "run_id": None, "since": here.since, "threads": names}
    ]
    if (projector := here.projector) is not None:
        since = projector.since
        found.append({"kind": "projector", "pid": projector.pid, "run_id": None, "since": since, "threads": []})
    found += [
        {"kind": "session", "pid": one.process.pid, "run_id": one.run_id, "since": one.since, "threads": []}
        for one in here.launcher.sessions()
    ]
    return {"items": [one | {"memory_bytes": memory_of(one["pid"])} for one in found]}


def memory_of(pid: int) -> int | None:
    """Return what a process has in memory, in bytes; None where there is no /proc, or the process has just ended."""
    try:
        resident = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(resident) * resource.getpagesize()

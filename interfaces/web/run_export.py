"""The route of a run as one file."""

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import StreamingResponse

from interfaces.run_export import Exporter
from interfaces.web import openapi
from interfaces.web.access import Here, shows
from interfaces.web.queries import Read
from interfaces.web.release import release
from interfaces.web.runs import RunId

router = openapi.router("runs")
MEDIA_TYPE = "application/gzip"


class RunFile(StreamingResponse):
    """The bytes of a run's archive, as they are made."""

    media_type = MEDIA_TYPE


_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file that `weaver run import` takes: gzip'd lines of JSON.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}, "example": "\x1f\x8b\b"}},
    }
}


@router.get(
    "/runs/{run_id}/export",
    status_code=200,
    response_class=RunFile,
    responses=_FILE | openapi.failures(404),
    dependencies=[shows()],
)
def export_run(here: Here, run_id: RunId, query: Annotated[Read, Query()]) -> RunFile:
    """Give the run as one file: its events with their hashes, its bars, and its strategy's file if that is a user's.

    A run that trades is given as far as it has come. An answer that breaks off is recognised when it is imported.
    """
    exporter = Exporter(here.database_url, here.settings.home, here.journal, here.bars, here.catalog, release())
    _, pieces = exporter.export(run_id, here.clock.now())
    disposition = f'attachment; filename="{run_id}.weaver.gz"'
    return RunFile(pieces, headers={"Content-Disposition": disposition})

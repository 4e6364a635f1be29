"""Logs of runs, line by line (WallE)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from psycopg import Connection, Cursor, sql
from psycopg.rows import TupleRow

from domain.run_log import LogLine, LogNoted, LogWritten
from projections.paging import columns_of, rows_of
from projections.rows import Table
from projections.view import Folded, Poison

NAME = "log"


@dataclass(frozen=True, slots=True)
class LogRow:
    """A line. number: its place in the run's log, from 1, as the lines were recorded. source: who wrote it, `strategy`
    or `weaver`. at: market time. position: of the event it came with.
    """

    run_id: UUID
    number: int
    at: datetime
    source: str
    level: str
    message: str
    fields: dict[str, Any]
    position: int


TABLE = Table(LogRow, "log", key=("run_id", "number"))

_WANTED = sql.SQL("""
from log
where run_id = %(run_id)s
    and (%(start)s::timestamptz is null or at >= %(start)s) and (%(end)s::timestamptz is null or at < %(end)s)
    and (%(text)s::text is null or strpos(lower(message), lower(%(text)s)) > 0)
""")
_COUNTED = sql.SQL("select count(*) {}").format(_WANTED)
_PAGE = sql.SQL("select {} {} and number > %(after)s order by number limit %(limit)s offset %(offset)s").format(
    columns_of(LogRow), _WANTED
)


def page(
    connection: Connection[TupleRow],
    run_id: UUID,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    text: str | None = None,
    limit: int,
    offset: int = 0,
    after: int | None = None,
) -> tuple[list[LogRow], int]:
    """Return lines of a run, oldest first, and how many there are in all.

    start, end: lines of [start, end). text: part of the message, in whatever case. after: only lines of a higher
    number.
    """
    asked = {"run_id": run_id, "start": start, "end": end, "text": text}
    [(total,)] = connection.execute(_COUNTED, asked)
    with rows_of(connection, LogRow) as cursor:
        cursor.execute(_PAGE, {**asked, "after": after or 0, "limit": limit, "offset": offset})
        return cursor.fetchall(), int(total)


_LAST = "select run_id, max(number), max(position) from log where run_id = any(%s) group by run_id"


class LogReadModel:
    """Keeps the table `log`. It parks what it cannot read: a log with a gap is still a log."""

    name: ClassVar[str] = NAME
    tables: ClassVar[tuple[str, ...]] = ("log",)
    topics: ClassVar[frozenset[str]] = frozenset({LogWritten.TOPIC, LogNoted.TOPIC})
    poison: ClassVar[Poison] = "park"

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Write every line; both writers of a log are numbered together, in the order of the journal."""
        events = [(entry.position, event) for entry, event in entries if isinstance(event, LogWritten | LogNoted)]
        last = cursor.execute(_LAST, ([event.run_id for _, event in events],)).fetchall()
        numbers: dict[UUID, int] = {run_id: number for run_id, number, _ in last}
        written: dict[UUID, int] = {run_id: position for run_id, _, position in last}
        rows = []
        for position, event in events:
            if position <= written.get(event.run_id, 0):
                continue
            source, lines = _lines(event)
            for line in lines:
                number = numbers[event.run_id] = numbers.get(event.run_id, 0) + 1
                rows.append(
                    LogRow(event.run_id, number, line.at, source, line.level, line.message, line.fields, position)
                )
        TABLE.write(cursor, rows)

    def forget(self, cursor: Cursor[TupleRow], run_ids: Sequence[UUID]) -> None:
        """Remove everything of these runs."""
        TABLE.remove(cursor, "run_id", run_ids)


def _lines(event: LogWritten | LogNoted) -> tuple[str, Sequence[LogLine]]:
    if isinstance(event, LogWritten):
        return "strategy", event.lines
    return "weaver", [LogLine(event.at, event.message, event.fields, event.level)]

"""Logs of runs, line by line (WallE)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from psycopg import Connection, Cursor, sql
from psycopg.rows import TupleRow

from domain.run_log import LogWritten
from projections.paging import columns_of, rows_of
from projections.rows import Table
from projections.view import Folded, Poison

NAME = "log"


@dataclass(frozen=True, slots=True)
class LogRow:
    """A line. number: its place in the run's log, from 1. at: market time. position: of the event it came with."""

    run_id: UUID
    number: int
    at: datetime
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


class LogReadModel:
    """Keeps the table `log`. It parks what it cannot read: a log with a gap is still a log."""

    name: ClassVar[str] = NAME
    tables: ClassVar[tuple[str, ...]] = ("log",)
    topics: ClassVar[frozenset[str]] = frozenset({LogWritten.TOPIC})
    poison: ClassVar[Poison] = "park"

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Write every line, each number of a run once."""
        lines: dict[tuple[UUID, int], LogRow] = {}
        for entry, event in entries:
            if isinstance(event, LogWritten):
                for number, line in enumerate(event.lines, start=event.first):
                    lines[event.run_id, number] = LogRow(
                        event.run_id, number, line.at, line.level, line.message, line.fields, entry.position
                    )
        TABLE.write(cursor, lines.values())

"""Statistics: every figure of each run that was completed (WallE)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from domain.run import RunCompleted
from projections.rows import Table
from projections.view import Folded, Poison

NAME = "stats"


@dataclass(frozen=True, slots=True)
class StatsRow:
    """The figures of a run, each as `{value, basis}` or `{value: null, reason}`; `position` is that of its end."""

    run_id: UUID
    figures: dict[str, Any]
    position: int


TABLE = Table(StatsRow, "stats", key=("run_id",))


def figures(connection: Connection[TupleRow], run_id: UUID) -> dict[str, Any] | None:
    """Return every figure of the run by name, None for a run that was not completed."""
    found = connection.execute("select figures from stats where run_id = %s", (run_id,)).fetchone()
    return None if found is None else found[0]


class StatsReadModel:
    """Keeps the table `stats`."""

    name: ClassVar[str] = NAME
    poison: ClassVar[Poison] = "stop"
    tables: ClassVar[tuple[str, ...]] = ("stats",)
    topics: ClassVar[frozenset[str]] = frozenset({RunCompleted.TOPIC})

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Insert one row for each completed run."""
        rows = [
            StatsRow(entry.stream_id, msgspec.to_builtins(event.stats), entry.position)
            for entry, event in entries
            if isinstance(event, RunCompleted)
        ]
        TABLE.write(cursor, rows)

    def forget(self, cursor: Cursor[TupleRow], run_ids: Sequence[UUID]) -> None:
        """Remove everything of these runs."""
        TABLE.remove(cursor, "run_id", run_ids)

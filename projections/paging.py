"""Pages of rows, newest first, by number or by the position the last page ended at (WallE)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection, Cursor, sql
from psycopg.rows import TupleRow


def rows_of[Row](connection: Connection[TupleRow], kind: type[Row]) -> Cursor[Row]:
    """Return a cursor whose rows are of the dataclass, the selected columns being its fields in order.

    Times are in UTC whatever the session prefers.
    """

    def made(values: Sequence[Any]) -> Row:
        return kind(*(value.astimezone(UTC) if isinstance(value, datetime) else value for value in values))

    return connection.cursor(row_factory=lambda _: made)


def columns_of(kind: type[Any]) -> sql.Composed:
    """Return the dataclass's fields as the columns of a select."""
    return sql.SQL(", ").join(sql.Identifier(field.name) for field in fields(kind))


@dataclass(frozen=True, slots=True)
class Listing[Row]:
    """What a list shows: rows of one kind from one table, ordered by the journal position in the column `place`.

    always: a condition every listed row meets.
    """

    kind: type[Row]
    table: LiteralString
    place: LiteralString
    always: LiteralString = "true"

    def find(self, connection: Connection[TupleRow], row_id: UUID) -> Row | None:
        """Return the row with this `id`, None if the list would not show it."""
        with rows_of(connection, self.kind) as cursor:
            cursor.execute(
                sql.SQL("select {} from {} where id = %s and {}").format(
                    columns_of(self.kind), sql.Identifier(self.table), sql.SQL(self.always)
                ),
                (row_id,),
            )
            return cursor.fetchone()

    def page(
        self,
        connection: Connection[TupleRow],
        filters: Mapping[LiteralString, object | None],
        *,
        limit: int,
        offset: int,
        before: int | None,
    ) -> tuple[list[Row], int]:
        """Return one page, newest first, and how many rows there are over all pages.

        filters: conditions with one placeholder each and what to put there; None leaves the condition out.
        before: only rows placed before this position, whose cost does not grow with depth; the total ignores it.
        """
        asked = {condition: value for condition, value in filters.items() if value is not None}
        conditions = sql.SQL(" and ").join(map(sql.SQL, [self.always, *asked]))
        source = sql.SQL("from {} where {}").format(sql.Identifier(self.table), conditions)
        counted = connection.execute(sql.SQL("select count(*) {}").format(source), [*asked.values()]).fetchone()
        place = sql.Identifier(self.place)
        older = sql.SQL("and {} < %s").format(place) if before is not None else sql.SQL("")
        with rows_of(connection, self.kind) as cursor:
            cursor.execute(
                sql.SQL("select {} {} {} order by {} desc limit %s offset %s").format(
                    columns_of(self.kind), source, older, place
                ),
                [*asked.values(), *([] if before is None else [before]), limit, offset],
            )
            return cursor.fetchall(), int(counted[0]) if counted else 0

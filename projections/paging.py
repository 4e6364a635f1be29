"""Pages of rows, newest first, by number or by the position the last page ended at (WallE)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from psycopg import Connection, Cursor, sql
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads

from projections.days import Days
from projections.tallies import Tallies

# Up to so many rows are all found first and then put in order, by whatever indexes lead to them; of more than that some
# are met soon by going through the list itself in its order.
FOUND_FIRST = 1_000


def rows_of[Row](connection: Connection[TupleRow], kind: type[Row]) -> Cursor[Row]:
    """Return a cursor whose rows are of the dataclass, the selected columns being its fields in order.

    Times are in UTC whatever the session prefers.
    """
    row_kind: Any = kind
    moments = _moments_of(row_kind)

    def made(values: Sequence[Any]) -> Row:
        row = list(values)
        for place in moments:
            if (moment := row[place]) is not None:
                row[place] = moment.astimezone(UTC)
        return kind(*row)

    cursor = connection.cursor(row_factory=lambda _: made)
    set_json_loads(msgspec.json.decode, cursor)
    return cursor


@lru_cache(50)
def _moments_of(kind: type[Any]) -> tuple[int, ...]:
    """The places of the dataclass's fields that are times."""
    return tuple(place for place, field in enumerate(fields(kind)) if field.type in (datetime, datetime | None))


def columns_of(kind: type[Any]) -> sql.Composed:
    """Return the dataclass's fields as the columns of a select."""
    return sql.SQL(", ").join(sql.Identifier(field.name) for field in fields(kind))


@dataclass(frozen=True, slots=True)
class Listing[Row]:
    """What a list shows: rows of one kind from one table, ordered by the journal position in the column `place`.

    always: a condition every listed row meets. tallies, days: what knows its totals; what they do not know is counted.
    """

    kind: type[Row]
    table: LiteralString
    place: LiteralString
    always: LiteralString = "true"
    tallies: Tallies | None = None
    days: Days | None = None

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
        total, bounds = self._total(connection, asked)
        if offset >= total:
            return [], total
        is_found_first = bool(asked) and total <= FOUND_FIRST
        conditions = {**asked, **({} if is_found_first else bounds)}
        if before is not None:
            conditions[f"{self.place} < %s"] = before
        row_kind: Any = self.kind
        columns = tuple(field.name for field in fields(row_kind))
        statement = _page_statement(columns, self.table, self.place, (self.always, *conditions), is_found_first)
        with rows_of(connection, self.kind) as cursor:
            return cursor.execute(statement, [*conditions.values(), limit, offset]).fetchall(), total

    def _total(
        self, connection: Connection[TupleRow], asked: Mapping[LiteralString, object]
    ) -> tuple[int, Mapping[LiteralString, object]]:
        """Return how many rows meet the conditions, and conditions on the place that all of them meet."""
        for tally in self.tallies.tallies if self.tallies is not None else ():
            if (kind := tally.kind(asked)) is not None:
                return tally.total(connection, kind), {}
        if self.days is not None and (known := self.days.total(connection, asked)) is not None:
            return known
        met = _all_of((self.always, *asked))
        counted = sql.SQL("select count(*) from {} where {}").format(sql.Identifier(self.table), met)
        [(total,)] = connection.execute(counted, [*asked.values()])
        return int(total), {}


def _all_of(conditions: Iterable[LiteralString]) -> sql.Composed:
    return sql.SQL(" and ").join(map(sql.SQL, conditions))


@lru_cache(1_000)
def _page_statement(
    columns: tuple[str, ...],
    table: LiteralString,
    place: LiteralString,
    conditions: tuple[LiteralString, ...],
    is_found_first: bool,
) -> bytes:
    """Made once for each combination of filters: composing it takes longer than sending it."""
    ordered_by = sql.Identifier(place)
    found = sql.SQL("select {} from {} where {}").format(ordered_by, sql.Identifier(table), _all_of(conditions))
    if is_found_first:
        found = sql.SQL("with found as materialized ({}) select {} from found").format(found, ordered_by)
    shown = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL(
        "select {columns} from {table} where {place} in ({found} order by {place} desc limit %s offset %s) "
        "order by {place} desc"
    ).format(
        columns=shown,
        table=sql.Identifier(table),
        place=ordered_by,
        found=found,
    )
    return statement.as_bytes()

"""Rows of a read model in and out as JSON: a batch is written by one statement, whatever its size (WallE)."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from psycopg import Cursor, sql
from psycopg.rows import TupleRow

from domain.events import Event
from projections.tallies import Tallies
from projections.view import Folded

_ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_encoder = msgspec.json.Encoder()


class Table[Row]:
    """A table and the dataclass that stands for its rows: the fields are the columns.

    key: the columns of the primary key. A table that is written to has a column `position`, of the last event its row
    heard of; one that is only inserted into needs none.
    tallies: kept in step with the rows.
    """

    def __init__(
        self, kind: type[Row], name: LiteralString, *, key: Sequence[LiteralString], tallies: Tallies | None = None
    ) -> None:
        row_kind: Any = kind
        columns = [field.name for field in fields(row_kind)]
        changed = [column for column in columns if column not in key]
        table = self._name = sql.Identifier(name)
        self._decoder = msgspec.json.Decoder(kind)
        # Statements are kept as bytes: composing one anew takes longer than sending it.
        self._selection = sql.SQL("select id, to_json({0})::text from {0} where id = any(%s)").format(table).as_bytes()
        self._tallies = tallies
        self._insertion = (
            sql.SQL(
                "insert into {table} ({columns}) select {columns} from json_populate_recordset(null::{table}, %s::json)"
            )
            .format(table=table, columns=_names(columns))
            .as_bytes()
        )
        parts = {
            "table": table,
            "columns": _names(columns),
            "key": _names(key),
            "changed": _names(changed),
            "values": sql.SQL(", ").join(sql.Identifier("excluded", column) for column in changed),
        }
        given = sql.SQL("select {columns} from json_populate_recordset(null::{table}, %s::json)").format(**parts)
        upsert = sql.SQL(
            "insert into {table} ({columns}) select {columns} from given on conflict ({key}) "
            "do update set ({changed}) = row({values}) where {table}.position < excluded.position"
        ).format(**parts)
        if tallies is None:
            written = sql.SQL("with given as ({}) {}").format(given, upsert)
        else:
            # What stood before is read from the statement's snapshot, which what it writes is no part of.
            written = sql.SQL(
                "with given as materialized ({given}), before as materialized ("
                "  select {key}, {kinds} from {table} where ({key}) in (select {key} from given) and {always}"
                "), written as ({upsert} returning {key}, {kinds}, {always} as is_counted), changes as materialized ("
                "  select {names}, sum(change)::bigint as change from ("
                "    select {names}, 1 as change from written where is_counted"
                "    union all select {names}, -1 from before where ({key}) in (select {key} from written)"
                "  ) as each group by {names} having sum(change) <> 0"
                "), {tallied}"
            ).format(
                given=given,
                upsert=upsert,
                kinds=tallies.kinds,
                names=tallies.names,
                always=sql.SQL(tallies.always),
                tallied=tallies.tallied,
                **parts,
            )
        self._upsert = written.as_bytes()

    def write(self, cursor: Cursor[TupleRow], rows: Iterable[Row]) -> None:
        """Insert the rows; a stored row of the same key is replaced, unless its position is as new or newer.

        PostgreSQL's text holds no NUL: it becomes U+FFFD.
        """
        if self._store(cursor, self._upsert, rows) and self._tallies is not None:
            [empty] = cursor.fetchall()
            self._tallies.remove_empty(cursor, empty)

    def insert(self, cursor: Cursor[TupleRow], rows: Iterable[Row]) -> None:
        """Insert rows that are not stored yet; a key that is raises UniqueViolation. Otherwise as `write`."""
        self._store(cursor, self._insertion, rows)

    def _store(self, cursor: Cursor[TupleRow], statement: bytes, rows: Iterable[Row]) -> bool:
        payload = _encoder.encode(list(rows))
        if b"\\u0000" in payload:
            payload = _ESCAPED_NUL.sub(rb"\1\\ufffd", payload)
        if payload == b"[]":
            return False
        cursor.execute(statement, (payload.decode(),))
        return True

    def fold[First: Event](
        self,
        cursor: Cursor[TupleRow],
        entries: Sequence[Folded],
        first: type[First],
        create: Callable[[UUID, int, First], Row],
        change: Callable[[Row, Event], None],
    ) -> None:
        """Bring the row of each stream up to the entries, with one read of those that stand and one write.

        first: the event a stream begins with, of which `create` makes the row from stream id and position; `change`
        applies every other. Entries a row has heard of change nothing. Raises LookupError for a stream without a first.
        """
        created = {entry.stream_id for entry, event in entries if isinstance(event, first)}
        rows: dict[UUID, Any] = dict(self.read(cursor, {entry.stream_id for entry, _ in entries} - created))
        for entry, event in entries:
            if isinstance(event, first):
                rows[entry.stream_id] = create(entry.stream_id, entry.position, event)
                continue
            row = rows.get(entry.stream_id)
            if row is None:
                kind = first.TOPIC.partition(".")[0]
                raise LookupError(f"{entry.topic} of {kind} {entry.stream_id}, whose {first.TOPIC} is missing")
            change(row, event)
            row.position = entry.position
        self.write(cursor, rows.values())

    def remove(self, cursor: Cursor[TupleRow], column: LiteralString, values: Sequence[UUID]) -> None:
        """Delete the rows that have one of the values in the column; tallies are kept in step."""
        self.removed(cursor, column, values)

    def removed(
        self, cursor: Cursor[TupleRow], column: LiteralString, values: Sequence[UUID], *told: LiteralString
    ) -> list[tuple[Any, ...]]:
        """Delete the rows that have one of the values in the column; return the columns `told` of each."""
        deletion = sql.SQL("delete from {} where {} = any(%s) returning").format(self._name, sql.Identifier(column))
        gone: list[tuple[Any, ...]] = []
        if told:
            listed = sql.SQL("select {} from {} where {} = any(%s)").format(
                _names(told), self._name, sql.Identifier(column)
            )
            gone = cursor.execute(listed, (list(values),)).fetchall()
        if self._tallies is None:
            cursor.execute(sql.SQL("{} 1").format(deletion), (list(values),))
            return gone
        counted = sql.SQL(
            "with gone as ({deletion} {kinds}, {always} as is_counted), changes as materialized ("
            "  select {names}, -count(*) as change from gone where is_counted group by {names}"
            "), {tallied}"
        ).format(
            deletion=deletion,
            kinds=self._tallies.kinds,
            names=self._tallies.names,
            always=sql.SQL(self._tallies.always),
            tallied=self._tallies.tallied,
        )
        [empty] = cursor.execute(counted, (list(values),)).fetchall()
        self._tallies.remove_empty(cursor, empty)
        return gone

    def read(self, cursor: Cursor[TupleRow], ids: Iterable[UUID]) -> dict[UUID, Row]:
        """Return the stored rows by their column `id`; ids without a row are absent."""
        wanted = list(ids)
        if not wanted:
            return {}
        decode = self._decoder.decode
        return {row_id: decode(row) for row_id, row in cursor.execute(self._selection, (wanted,))}

    def select(self, cursor: Cursor[TupleRow], query: LiteralString, values: Sequence[object]) -> list[Row]:
        """Return the rows that a `select *` of this table gives."""
        decode = self._decoder.decode
        return [decode(row) for (row,) in cursor.execute(_as_json(query), values)]


@lru_cache(256)
def _as_json(query: LiteralString) -> bytes:
    return sql.SQL("select to_json(found)::text from ({}) as found").format(sql.SQL(query)).as_bytes()


def _names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))

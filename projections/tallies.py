"""How many rows a table has of each kind, kept with every batch: a list's total without counting (WallE).

A tally has a row for each combination of its columns that occurs, and in `tallied` how many rows of the table have it.
What changes is what the statement that writes the rows says it has changed, so entries folded again count once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import LiteralString

import msgspec
from psycopg import Connection, Cursor, sql
from psycopg.rows import TupleRow


def of_kind(kind: Mapping[str, object]) -> sql.Composable:
    """Return the condition that columns have these values, a named placeholder for each."""
    conditions = [sql.SQL("{} = {}").format(sql.Identifier(column), sql.Placeholder(column)) for column in kind]
    return sql.SQL(" and ").join(conditions) if conditions else sql.SQL("true")


@dataclass(frozen=True, slots=True)
class Tally:
    """A table of tallies. columns: what it is by; a row in which one of them is null is left out."""

    name: LiteralString
    columns: tuple[LiteralString, ...]
    _statement: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        columns = sql.SQL(", ").join(map(sql.Identifier, self.columns))
        same = sql.SQL(" and ").join(
            sql.SQL("kept.{0} = given.{0}").format(sql.Identifier(one)) for one in self.columns
        )
        statement = sql.SQL(
            "merge into {table} as kept using json_populate_recordset(null::{table}, %s::json) as given on {same} "
            "when matched and kept.tallied + given.tallied = 0 then delete "
            "when matched then update set tallied = kept.tallied + given.tallied "
            "when not matched then insert ({columns}, tallied) values ({given}, given.tallied)"
        ).format(
            table=sql.Identifier(self.name),
            columns=columns,
            same=same,
            given=sql.SQL(", ").join(sql.Identifier("given", column) for column in self.columns),
        )
        object.__setattr__(self, "_statement", statement.as_bytes())

    def kind(self, asked: Mapping[LiteralString, object]) -> dict[str, object] | None:
        """Return the values of columns that the conditions, each `column = %s`, ask for; None if it knows not all."""
        columns = {f"{column} = %s": column for column in self.columns}
        if not asked.keys() <= columns.keys():
            return None
        return {columns[condition]: value for condition, value in asked.items()}

    def total(self, connection: Connection[TupleRow], kind: Mapping[str, object]) -> int:
        """Return how many rows have these values in these columns."""
        statement = sql.SQL("select coalesce(sum(tallied), 0) from {} where {}").format(
            sql.Identifier(self.name), of_kind(kind)
        )
        [(total,)] = connection.execute(statement, kind)
        return int(total)

    def add(self, cursor: Cursor[TupleRow], changes: Iterable[tuple[Mapping[str, object], int]]) -> None:
        """Add to the tallies of each combination; those that reach 0 are removed."""
        sums: Counter[tuple[object, ...]] = Counter()
        for kind, change in changes:
            sums[tuple(kind[column] for column in self.columns)] += change
        rows = [
            dict(zip((*self.columns, "tallied"), (*kind, change), strict=True))
            for kind, change in sums.items()
            if change and None not in kind
        ]
        if rows:
            cursor.execute(self._statement, (msgspec.json.encode(rows).decode(),))


@dataclass(frozen=True, slots=True)
class Tallies:
    """Every tally of one table, and the way from its rows to theirs.

    of: an expression over the table's row for each column. always: the condition a row meets to be counted at all.
    tallies: the smaller, the earlier: a list takes the first that knows all it filters by.
    """

    of: Mapping[LiteralString, LiteralString]
    tallies: Sequence[Tally]
    always: LiteralString = "true"

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tallies' tables."""
        return tuple(tally.name for tally in self.tallies)

    @property
    def names(self) -> sql.Composed:
        """The columns of `of` as a list of names: aliases of `kinds`."""
        return sql.SQL(", ").join(sql.Identifier(f"of_{column}") for column in self.of)

    @property
    def kinds(self) -> sql.Composed:
        """The expressions of `of` as a list of select."""
        return sql.SQL(", ").join(
            sql.SQL("{} as {}").format(sql.SQL(of), sql.Identifier(f"of_{column}")) for column, of in self.of.items()
        )

    def add(self, cursor: Cursor[TupleRow], changes: Sequence[TupleRow]) -> None:
        """Add changes to every tally: rows of the values of `of` in its order, and by how many there are more."""
        kinds = [(dict(zip(self.of, change, strict=False)), int(change[-1])) for change in changes]
        for tally in self.tallies:
            tally.add(cursor, kinds)

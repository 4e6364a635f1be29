"""How many rows a table has of each kind, kept with every batch: a list's total without counting (WallE).

A tally has a row for each combination of its columns that occurs, and in `tallied` how many rows of the table have it.
What changes is what the statement that writes the rows has changed, so entries folded again count once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

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

    @property
    def addition(self) -> sql.Composed:
        """The statement that adds `changes`, of columns `of_<column>` and `change`.

        It returns of each row it wrote the place, `ctid`, and what it is now, `tallied`.
        """
        changed = [f"of_{column}" for column in self.columns]
        return sql.SQL(
            "insert into {table} as kept ({columns}, tallied) select {changed}, sum(change) from changes "
            "where num_nulls({changed}) = 0 group by {changed} having sum(change) <> 0 "
            "on conflict ({columns}) do update set tallied = kept.tallied + excluded.tallied "
            "returning kept.ctid, kept.tallied"
        ).format(table=sql.Identifier(self.name), columns=_names(self.columns), changed=_names(changed))

    @property
    def removal(self) -> LiteralString:
        """The statement that removes the rows at these places."""
        return f"delete from {self.name} where ctid = any(%s::tid[])"

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


def _names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


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
        return _names(f"of_{column}" for column in self.of)

    @property
    def kinds(self) -> sql.Composed:
        """The expressions of `of` as a list of select."""
        return sql.SQL(", ").join(
            sql.SQL("{} as {}").format(sql.SQL(of), sql.Identifier(f"of_{column}")) for column, of in self.of.items()
        )

    @property
    def tallied(self) -> sql.Composed:
        """The end of a statement whose `changes` are rows of `names`, and by how many there are more: adds them.

        Its only row has for each tally the places of the rows that are empty now; null for none.
        """
        added = [(sql.Identifier(f"in_{tally.name}"), tally.addition) for tally in self.tallies]
        return sql.SQL("{additions} select {empty}").format(
            additions=sql.SQL(", ").join(sql.SQL("{} as ({})").format(*one) for one in added),
            empty=sql.SQL(", ").join(
                sql.SQL("(select array_agg(ctid::text) from {0} where tallied = 0)").format(name) for name, _ in added
            ),
        )

    def remove_empty(self, cursor: Cursor[TupleRow], empty: Sequence[list[str] | None]) -> None:
        """Remove the rows that `tallied` says are empty: a combination of which there is none has no row.

        In the transaction of that statement, which keeps the rows where they are.
        """
        for tally, places in zip(self.tallies, empty, strict=True):
            if places is not None:
                cursor.execute(tally.removal, (places,))

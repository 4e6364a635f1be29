"""Totals of a time, and where its rows are: by whole days, and by counting what is left at both ends (WallE).

Rows are listed by position, and asked for by time; a backtest of last year is recorded today. The rows of a day lie
between its first position and its last, which is all of the list that has to be gone through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import LiteralString

from psycopg import Connection, Cursor, sql
from psycopg.rows import TupleRow

from projections.tallies import Tally, of_kind


@dataclass(frozen=True, slots=True)
class Days:
    """What is known of the days of a table's rows.

    tally: by `day`, in UTC, and other columns. spans: a table `day, first_position, last_position`; positions never
    change, so a span grows until rows are removed. moment: the column days are made of. place: that of the positions.
    """

    table: LiteralString
    moment: LiteralString
    place: LiteralString
    tally: Tally
    spans: LiteralString

    def reach(self, cursor: Cursor[TupleRow], rows: Sequence[tuple[datetime, int]]) -> None:
        """Let the spans of these rows' days, (moment, position), reach as far as they do."""
        reached: dict[date, tuple[int, int]] = {}
        for moment, position in rows:
            day = moment.astimezone(UTC).date()
            first, last = reached.get(day, (position, position))
            reached[day] = min(first, position), max(last, position)
        if not reached:
            return
        cursor.execute(
            _reaching(self.spans),
            ([*reached], [first for first, _ in reached.values()], [last for _, last in reached.values()]),
        )

    def recede(self, cursor: Cursor[TupleRow], rows: Sequence[tuple[datetime, int]]) -> None:
        """Let the spans of these rows' days, (moment, position), end where what is left of the days does.

        The rows are gone. Only days that one of them was the first or the last of are looked at.
        """
        gone: dict[date, tuple[int, int]] = {}
        for moment, position in rows:
            day = moment.astimezone(UTC).date()
            first, last = gone.get(day, (position, position))
            gone[day] = min(first, position), max(last, position)
        if gone:
            given = [*gone], [first for first, _ in gone.values()], [last for _, last in gone.values()]
            touched = cursor.execute(_touched(self.spans), given).fetchall()
            cursor.execute(_without(self.spans), ([day for (day,) in touched],))
            cursor.execute(_left(self), ([day for (day,) in touched],))

    def total(
        self, connection: Connection[TupleRow], asked: Mapping[LiteralString, object]
    ) -> tuple[int, dict[LiteralString, object]] | None:
        """Return how many rows meet the conditions, and conditions on their place; None for others than it knows.

        It knows `moment >= %s`, `moment < %s`, at least one of them, and `column = %s` on the tally's columns.
        """
        others: dict[LiteralString, object] = dict(asked)
        start, end = others.pop(f"{self.moment} >= %s", None), others.pop(f"{self.moment} < %s", None)
        kind = self.tally.kind(others)
        if (start, end) == (None, None) or kind is None:
            return None
        statement = _TOTAL.format(
            table=sql.Identifier(self.table),
            tally=sql.Identifier(self.tally.name),
            spans=sql.Identifier(self.spans),
            moment=sql.Identifier(self.moment),
            first=_FIRST_MIDNIGHT,
            last=_LAST_MIDNIGHT,
            of_kind=of_kind(kind),
        )
        [(total, first, last)] = connection.execute(statement, {**kind, "start": start, "end": end})
        return int(total), {f"{self.place} >= %s": first, f"{self.place} <= %s": last}


@lru_cache(8)
def _reaching(spans: LiteralString) -> bytes:
    statement = sql.SQL(
        "insert into {0} (day, first_position, last_position) "
        "select * from unnest(%s::date[], %s::bigint[], %s::bigint[]) on conflict (day) do update set "
        "first_position = least({0}.first_position, excluded.first_position), "
        "last_position = greatest({0}.last_position, excluded.last_position) "
        "where excluded.first_position < {0}.first_position or excluded.last_position > {0}.last_position"
    )
    return statement.format(sql.Identifier(spans)).as_bytes()


@lru_cache(8)
def _touched(spans: LiteralString) -> bytes:
    statement = sql.SQL(
        "select day from {0} join unnest(%s::date[], %s::bigint[], %s::bigint[]) as gone (day, first, last) using (day)"
        " where gone.first <= {0}.first_position or gone.last >= {0}.last_position"
    )
    return statement.format(sql.Identifier(spans)).as_bytes()


@lru_cache(8)
def _without(spans: LiteralString) -> bytes:
    return sql.SQL("delete from {} where day = any(%s)").format(sql.Identifier(spans)).as_bytes()


def _left(days: Days) -> sql.Composed:
    return sql.SQL(
        "insert into {spans} (day, first_position, last_position) "
        "select day, min(found.{place}), max(found.{place}) from unnest(%s::date[]) as asked (day) "
        "join {table} as found on found.{moment} >= day::timestamp at time zone 'UTC' "
        "and found.{moment} < (day + 1)::timestamp at time zone 'UTC' group by day"
    ).format(
        spans=sql.Identifier(days.spans),
        table=sql.Identifier(days.table),
        place=sql.Identifier(days.place),
        moment=sql.Identifier(days.moment),
    )


# The first midnight not before the start, and the last not after the end: between them the days are whole.
_FIRST_MIDNIGHT = sql.SQL(
    "coalesce(date_trunc('day', %(start)s::timestamptz - interval '1 microsecond', 'UTC') + interval '24 hours',"
    " timestamptz '-infinity')"
)
_LAST_MIDNIGHT = sql.SQL("coalesce(date_trunc('day', %(end)s::timestamptz, 'UTC'), timestamptz 'infinity')")
# One statement, hence one snapshot. Comparing with a start or end that is null finds nothing.
_TOTAL = sql.SQL("""
select (select coalesce(sum(tallied), 0) from {tally}
        where day >= ({first} at time zone 'UTC')::date and day < ({last} at time zone 'UTC')::date and {of_kind})
       + (select count(*) from {table}
          where {moment} >= %(start)s and {moment} < least(%(end)s::timestamptz, {first}) and {of_kind})
       + (select count(*) from {table}
          where {moment} >= greatest({first}, {last}) and {moment} < %(end)s and {of_kind}),
       span.first, span.last
from (
    select min(first_position) as first, max(last_position) as last from {spans}
    where day >= coalesce((%(start)s::timestamptz at time zone 'UTC')::date, date '-infinity')
      and day <= coalesce((%(end)s::timestamptz at time zone 'UTC')::date, date 'infinity')
) as span
""")

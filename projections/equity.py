"""Equity curves: the points each run has marked (WallE)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from psycopg import Connection, Cursor, sql
from psycopg.rows import TupleRow

from domain.run import RunEquityMarked
from projections.paging import columns_of, rows_of
from projections.past import market_time
from projections.rows import Table
from projections.view import Folded, Poison

NAME = "equity"
# More than a backtest marks, and more than a screen shows.
MOST_POINTS = 4_000


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """Equity and cash in quote currency at a bar's close; `position` is that of the event that marked it."""

    run_id: UUID
    time: datetime
    equity: Decimal
    cash: Decimal
    position: int


TABLE = Table(EquityPoint, "equity", key=("run_id", "time"))
_CURVE = sql.SQL("""
    select {columns} from (
        select *, row_number() over (order by time desc) - 1 as age, count(*) over () as points
        from equity
        where run_id = %(run_id)s
            and (%(as_of)s::bigint is null or position <= %(as_of)s or time <= %(passed)s::timestamptz)
    ) as marked
    where age %% ((points + %(most)s - 2) / (%(most)s - 1)) = 0 or age = points - 1
    order by time
""").format(columns=columns_of(EquityPoint))


def curve(connection: Connection[TupleRow], run_id: UUID) -> list[EquityPoint]:
    """Return the run's points, oldest first; none for a run that has marked none.

    Of more than MOST_POINTS evenly many are left out between the first and the last: a run that trades for months marks
    hundreds of thousands.
    """
    return _read(connection, run_id, None, None)


def curve_past(connection: Connection[TupleRow], run_id: UUID, as_of: int) -> list[EquityPoint]:
    """Return the points of the curve up to a position, oldest first, and as many as `curve` does.

    What was marked by then, and what was marked later of times the run's market had passed by then: a backtest marks
    its whole curve at its end.
    """
    return _read(connection, run_id, as_of, market_time(connection, run_id, as_of))


def _read(
    connection: Connection[TupleRow], run_id: UUID, as_of: int | None, passed: datetime | None
) -> list[EquityPoint]:
    given = {"run_id": run_id, "as_of": as_of, "passed": passed, "most": MOST_POINTS}
    with rows_of(connection, EquityPoint) as cursor:
        return cursor.execute(_CURVE, given).fetchall()


class EquityReadModel:
    """Keeps the table `equity`. A time marked again has the value marked last."""

    name: ClassVar[str] = NAME
    poison: ClassVar[Poison] = "stop"
    tables: ClassVar[tuple[str, ...]] = ("equity",)
    topics: ClassVar[frozenset[str]] = frozenset({RunEquityMarked.TOPIC})

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Write every point, each time of a run once."""
        points: dict[tuple[UUID, datetime], EquityPoint] = {}
        for entry, event in entries:
            if isinstance(event, RunEquityMarked):
                for time, equity, cash in zip(event.times, event.equity, event.cash, strict=True):
                    points[entry.stream_id, time] = EquityPoint(entry.stream_id, time, equity, cash, entry.position)
        TABLE.write(cursor, points.values())

"""Equity curves: the points each run has marked (WallE)."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

import numpy as np
from psycopg import Connection, Cursor, sql
from psycopg.rows import TupleRow

from domain.drawdowns import falls_from_peak
from domain.market import Floats, Microseconds, from_microseconds, to_microseconds
from domain.periods import PeriodLength, period_ends
from domain.run import RunEquityMarked
from domain.thinning import thinned
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


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point as it is shown. drawdown: how far it is below the highest equity so far, as a fraction of that peak."""

    time: datetime
    equity: Decimal
    cash: Decimal
    drawdown: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a run, oldest first; total: how many it has marked in the range they were asked for."""

    total: int
    points: list[CurvePoint]


TABLE = Table(EquityPoint, "equity", key=("run_id", "time"))
# Two columns in one piece each: half a million points take a fraction of a second, as rows they would take seconds.
_COLUMNS = """
    select string_agg(int8send((extract(epoch from time) * 1000000)::bigint), ''::bytea),
           string_agg(float8send(equity::float8), ''::bytea)
    from (
        select time, equity from equity
        where run_id = %(run_id)s
            and (%(as_of)s::bigint is null or position <= %(as_of)s or time <= %(passed)s::timestamptz)
        order by time
    ) as marked
"""
_POINTS = sql.SQL("select {} from equity where run_id = %s and time = any(%s) order by time").format(
    columns_of(EquityPoint)
)


def curve(
    connection: Connection[TupleRow],
    run_id: UUID,
    initial: Decimal,
    *,
    most: int = MOST_POINTS,
    start: datetime | None = None,
    end: datetime | None = None,
    as_of: int | None = None,
) -> Curve:
    """Return the run's points in [start, end), none for a run that has marked none there.

    initial: its initial cash, above zero, the first peak. most: of more points than that, 10 at least, so many are
    shown that no peak and no trough of equity or drawdown is lost, nor the first and the last point.

    as_of: the curve up to a position: what was marked by then, and what was marked later of times the run's market had
    passed by then, because a backtest marks its whole curve at its end.
    """
    passed = None if as_of is None else market_time(connection, run_id, as_of)
    with _one_picture(connection):
        marked, amounts = _marked(connection, run_id, as_of, passed)
        drawdowns = falls_from_peak(np.concatenate(([float(initial)], amounts)))[1:]
        first = 0 if start is None else int(np.searchsorted(marked, to_microseconds(start)))
        last = len(marked) if end is None else int(np.searchsorted(marked, to_microseconds(end)))
        if first >= last:
            return Curve(0, [])
        shown = first + thinned(most, amounts[first:last], drawdowns[first:last])
        fallen = dict(zip(marked[shown].tolist(), drawdowns[shown].tolist(), strict=True))
        found = _points_at(connection, run_id, marked[shown])
    points = [CurvePoint(one.time, one.equity, one.cash, fallen[to_microseconds(one.time)]) for one in found]
    return Curve(last - first, points)


def period_ends_of(connection: Connection[TupleRow], run_id: UUID, length: PeriodLength) -> list[EquityPoint]:
    """Return the run's last point in each day, month or year that has one, oldest first."""
    with _one_picture(connection):
        marked, _ = _marked(connection, run_id, None, None)
        return _points_at(connection, run_id, marked[period_ends(marked, length)])


@dataclass(frozen=True, slots=True)
class StandingRow:
    """How a run's equity stands: its newest point, and earlier equity to compare it with; None where there is none.

    before: at the last point up to the boundary that was asked for. armed: the same, up to the later of the boundary
    and of when the run was resumed. peak: the highest, since it was resumed if it was.
    """

    run_id: UUID
    time: datetime | None
    equity: Decimal | None
    cash: Decimal | None
    before: Decimal | None
    armed: Decimal | None
    peak: Decimal | None


def standings(
    connection: Connection[TupleRow], boundary: datetime, resumed: Mapping[UUID, datetime | None]
) -> dict[UUID, StandingRow]:
    """Return how the equity of runs stands. boundary: the day's begin. resumed: by run, when it last was, or None."""
    given = {"boundary": boundary, "runs": [*resumed], "resumed": [*resumed.values()]}
    with rows_of(connection, StandingRow) as cursor:
        return {row.run_id: row for row in cursor.execute(_STANDINGS, given)}


_STANDINGS = """
    select asked.run_id, newest.time, newest.equity, newest.cash, before.equity, armed.equity, highest.equity
    from unnest(%(runs)s::uuid[], %(resumed)s::timestamptz[]) as asked (run_id, resumed)
    left join lateral (
        select time, equity, cash from equity where run_id = asked.run_id order by time desc limit 1
    ) as newest on true
    left join lateral (
        select equity from equity where run_id = asked.run_id and time <= %(boundary)s order by time desc limit 1
    ) as before on true
    left join lateral (
        select equity from equity where run_id = asked.run_id and time <= greatest(%(boundary)s, resumed)
        order by time desc limit 1
    ) as armed on true
    left join lateral (
        select max(equity) as equity from equity
        where run_id = asked.run_id and time >= coalesce((
            select max(time) from equity where run_id = asked.run_id and time <= resumed
        ), '-infinity')
    ) as highest on true
"""


@contextlib.contextmanager
def _one_picture(connection: Connection[TupleRow]) -> Iterator[None]:
    """Let every look inside be at one picture of the table, whatever is marked meanwhile."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        yield


def _marked(
    connection: Connection[TupleRow], run_id: UUID, as_of: int | None, passed: datetime | None
) -> tuple[Microseconds, Floats]:
    """Return the times of the run's points, microseconds since 1970 UTC, ascending, and equity then."""
    [(times, equity)] = connection.execute(_COLUMNS, {"run_id": run_id, "as_of": as_of, "passed": passed})
    return np.frombuffer(times or b"", ">i8").astype(np.int64), np.frombuffer(equity or b"", ">f8").astype(np.float64)


def _points_at(connection: Connection[TupleRow], run_id: UUID, times: Microseconds) -> list[EquityPoint]:
    with rows_of(connection, EquityPoint) as cursor:
        return cursor.execute(_POINTS, (run_id, [*map(from_microseconds, times.tolist())])).fetchall()


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

    def forget(self, cursor: Cursor[TupleRow], run_ids: Sequence[UUID]) -> None:
        """Remove everything of these runs."""
        TABLE.remove(cursor, "run_id", run_ids)

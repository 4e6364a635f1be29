"""Drops old bars of the store: whole chunks, and none that a kept run or sweep is derived from again."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection, IsolationLevel
from psycopg.rows import TupleRow

from domain.market import Timeframe, from_microseconds, to_microseconds
from interfaces.database import connect, database_errors
from interfaces.market_data.bar_chunks import CHUNK_BARS
from interfaces.market_data.bar_store import SERIES_LOCK

_SERIES = "select symbol, timeframe, bars from bar_series order by symbol, timeframe"
# Backtests and sweeps read from their start on. A paper run of the simulated exchange has stored bars played back, of
# any timeframe: which one closes when depends on how many there are.
_NEEDED = """
select id, start_time from runs
where mode = 'backtest' and not deleted and timeframe = %(timeframe)s and %(symbol)s = any (symbols)
union all
select id, start_time from sweeps where timeframe = %(timeframe)s and %(symbol)s = any (symbols)
union all
select id, null from runs
where mode = 'paper' and exchange = 'simulated' and not deleted and status in ('pending', 'running', 'paused')
    and %(symbol)s = any (symbols)
order by 2 nulls first
limit 1
"""
# Eight bytes of its column are one bar's open.
_COUNT = """
select coalesce(sum(length(time) / 8), 0)::bigint from bar_chunks
where symbol = %(symbol)s and timeframe = %(timeframe)s and chunk < %(chunk)s
"""
_LOCK = "select pg_advisory_xact_lock(%s, hashtext(%s))"
_DROP = """
with dropped as (
    delete from bar_chunks where symbol = %(symbol)s and timeframe = %(timeframe)s and chunk < %(chunk)s
    returning length(time) / 8 as bars
)
select coalesce(sum(bars), 0)::bigint from dropped
"""
# The first eight bytes of a chunk's times: microseconds since 2000-01-01 UTC.
_FIRST = """
select timestamptz '2000-01-01 00:00:00+00'
    + ('x' || encode(substring(time for 8), 'hex'))::bit(64)::bigint * interval '1 microsecond'
from bar_chunks where symbol = %(symbol)s and timeframe = %(timeframe)s order by chunk limit 1
"""
_SHRINK = """
update bar_series set bars = bars - %(dropped)s, start_time = %(first)s
where symbol = %(symbol)s and timeframe = %(timeframe)s
"""
_FORGET = "delete from bar_series where symbol = %(symbol)s and timeframe = %(timeframe)s"


class OldBars(NamedTuple):
    """What of a series goes. bars: how many, of `stored`. before: all that open before. held_by: a run or sweep that
    needs younger ones than those; without it more would go.
    """

    symbol: str
    timeframe: str
    stored: int
    bars: int
    before: datetime
    held_by: UUID | None


def plan_old_bars(
    connection: Connection[TupleRow],
    older_than: timedelta,
    now: datetime,
    symbols: Sequence[str] = (),
    timeframe: str | None = None,
) -> list[OldBars]:
    """Return what goes, series by series, also of those that nothing goes of; `runs` and `sweeps` are to be caught up.

    symbols, timeframe: which series are looked at; all without. A chunk goes when all of its bars are that old.
    """
    found = []
    for symbol, length, stored in connection.execute(_SERIES.encode()).fetchall():
        if (symbols and symbol not in symbols) or (timeframe or length) != length:
            continue
        given = {"symbol": symbol, "timeframe": length}
        before, held_by = now - older_than, None
        needed = connection.execute(_NEEDED.encode(), given).fetchone()
        if needed is not None and (needed[1] is None or needed[1] < before):
            held_by, before = needed[0], needed[1] or datetime.min.replace(tzinfo=now.tzinfo)
        chunk = _chunk_of(before, length)
        row = connection.execute(_COUNT.encode(), given | {"chunk": chunk}).fetchone()
        bars = row[0] if row is not None else 0
        found.append(OldBars(symbol, length, stored, bars, _begin_of(chunk, length) or before, held_by))
    return found


def drop_old_bars(database_url: str, planned: Sequence[OldBars]) -> Iterator[OldBars]:
    """Drop what was planned, each series in a transaction of its own; yield it with how many bars are gone.

    An import of the series waits, and is waited for. Raises DatabaseUnavailable.
    """
    with database_errors(), connect(database_url, application_name="weaver data drop") as connection:
        # what the import before has stored must be seen once its lock is free
        connection.isolation_level = IsolationLevel.READ_COMMITTED
        for one in planned:
            given: dict[str, object] = {"symbol": one.symbol, "timeframe": one.timeframe}
            with connection.transaction():
                connection.execute(_LOCK, (SERIES_LOCK, f"{one.symbol} {one.timeframe}"))
                chunk = _chunk_of(one.before, one.timeframe)
                row = connection.execute(_DROP.encode(), given | {"chunk": chunk}).fetchone()
                dropped = row[0] if row is not None else 0
                first = connection.execute(_FIRST.encode(), given).fetchone()
                if first is None:
                    connection.execute(_FORGET.encode(), given)
                elif dropped:
                    connection.execute(_SHRINK.encode(), given | {"dropped": dropped, "first": first[0]})
            yield one._replace(bars=dropped)


def _chunk_of(moment: datetime, timeframe: str) -> int:
    """The number of the chunk a moment lies in: every one before it is older."""
    return to_microseconds(moment) // (CHUNK_BARS * Timeframe.parse(timeframe).microseconds)


def _begin_of(chunk: int, timeframe: str) -> datetime | None:
    """When a chunk begins, None before 1970: no bar is that old."""
    begin = chunk * CHUNK_BARS * Timeframe.parse(timeframe).microseconds
    return from_microseconds(begin) if begin > 0 else None

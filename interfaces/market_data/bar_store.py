"""The bars in PostgreSQL: written and read as whole columns, through binary COPY."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection, Cursor, IsolationLevel
from psycopg.rows import TupleRow

from application.ports import BarCoverage
from domain.errors import SymbolNotFound
from domain.market import Bars, Floats, Timeframe
from domain.run import BarFile
from interfaces.database import connect, database_errors
from interfaces.market_data.files import VALUES, read_bars

# PostgreSQL counts time from 2000-01-01 UTC, Weaver from 1970-01-01 UTC.
POSTGRES_EPOCH = 946_684_800_000_000
COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TRAILER = b"\xff\xff"
ROWS_AT_ONCE = 65_536

# What PostgreSQL sends of an array: a header, then each value behind its length in bytes.
ARRAY_HEADER = 20
TIME_ITEM = np.dtype([("length", ">i4"), ("value", ">i8")])
VALUE_ITEM = np.dtype([("length", ">i4"), ("value", ">f8")])
# Of the time between first and last: a field must stay below 1 GB, and less memory is better.
BARS_AT_ONCE = 1_000_000

# With the hash of a series as the second key: one import of a series at a time.
SERIES_LOCK = 0x42415253
SERIES_SHOWN = 12

SPAN = """
select min(time), max(time) from bars
where symbol = %(symbol)s and timeframe = %(timeframe)s and time >= %(start)s and time < %(end)s
"""
# One row with a whole array for each column: four times as fast as COPY, which costs the client a call for every bar.
COLUMNS = f"""
select {", ".join(f"array_send(array_agg({name}))" for name in ("time", *VALUES))} from bars
where symbol = %(symbol)s and timeframe = %(timeframe)s and time >= %(start)s and time < %(end)s
"""
COPY_IN_SERIES = "copy bars (symbol, timeframe, time, open, high, low, close, volume) from stdin (format binary)"
INCOMING = """
create temporary table incoming_bars (
    time timestamptz, open double precision, high double precision, low double precision, close double precision,
    volume double precision
) on commit drop
"""
COPY_INCOMING = "copy incoming_bars (time, open, high, low, close, volume) from stdin (format binary)"
# A bar whose values changed is replaced whole: the trade count of another source does not belong to it.
# xmax is 0 in a row version that replaced none: the row is new.
UPSERT = """
with written as (
    insert into bars as stored (symbol, timeframe, time, open, high, low, close, volume)
    select %(symbol)s, %(timeframe)s, time, open, high, low, close, volume from incoming_bars order by time
    on conflict (symbol, timeframe, time) do update
    set open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
        volume = excluded.volume, trade_count = excluded.trade_count
    where (stored.open, stored.high, stored.low, stored.close, stored.volume)
       is distinct from (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume)
    returning stored.xmax = 0 as is_new
)
select count(*), count(*) filter (where is_new) from written
"""
GROW_SERIES = """
insert into bar_series as stored (symbol, timeframe, source, bars, start_time, end_time)
values (%(symbol)s, %(timeframe)s, %(source)s, %(new)s, %(start)s, %(end)s)
on conflict (symbol, timeframe) do update
set bars = stored.bars + excluded.bars,
    start_time = least(stored.start_time, excluded.start_time),
    end_time = greatest(stored.end_time, excluded.end_time),
    source = case when excluded.source = any (string_to_array(stored.source, ', ')) then stored.source
                  else stored.source || ', ' || excluded.source end
"""
SERIES = "select symbol, timeframe, bars, start_time, end_time, source from bar_series"
CANDLES = """
select * from (
    select time, open, high, low, close, volume, trade_count from bars
    where symbol = %(symbol)s and timeframe = %(timeframe)s and time >= %(start)s and time < %(end)s
    order by time desc limit %(limit)s
) as newest order by time
"""


@dataclass(frozen=True, slots=True)
class Candle:
    """One stored bar: `timestamp` is its open time, UTC; prices in quote currency, volume in base currency.

    trade_count is None where the feed does not tell.
    """

    symbol: str
    timeframe: str
    timestamp: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float
    trade_count: int | None


class BarStore:
    """Bars by symbol and timeframe, in the tables `bars` and `bar_series`; a BarSource.

    Every call opens a connection and closes it again, so calls from many threads do not meet. All raise
    DatabaseUnavailable when the database is away.
    """

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url

    def coverage(self, symbol: str, timeframe: Timeframe) -> BarCoverage | None:
        """Return what is stored of a symbol, None for nothing."""
        with self._connection() as connection:
            query = f"{SERIES} where symbol = %s and timeframe = %s".encode()
            row = connection.execute(query, (symbol, timeframe.name)).fetchone()
        return _coverage(row) if row else None

    def series(self) -> list[BarCoverage]:
        """Return everything that is stored, by symbol, short timeframes first."""
        with self._connection() as connection:
            stored = [_coverage(row) for row in connection.execute(SERIES)]
        return sorted(stored, key=lambda coverage: (coverage.symbol, coverage.timeframe.seconds))

    def require_coverage(self, symbol: str, timeframe: Timeframe) -> BarCoverage:
        """Return what is stored of a symbol; for nothing raise SymbolNotFound, which says what is and how to import."""
        found = self.coverage(symbol, timeframe)
        if found is None:
            raise SymbolNotFound(
                f"no bars of {symbol} {timeframe} are stored ({_listed(symbol, self.series())}): "
                f"import them with weaver data import FILE --symbol {symbol} --timeframe {timeframe}",
                symbol=symbol,
                timeframe=timeframe.name,
            )
        return found

    def load(self, symbol: str, timeframe: Timeframe, start: datetime | None, end: datetime | None) -> Bars:
        """Return the stored bars that open in [start, end), possibly none, exactly as they were saved."""
        wanted = _range(symbol, timeframe, start, end)
        parts: list[tuple[bytes, ...]] = []
        with self._connection() as connection:
            # One snapshot for all slices: an import that ends meanwhile is seen whole or not at all.
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            with connection.transaction(), connection.cursor(binary=True) as cursor:
                cursor.execute("set local max_parallel_workers_per_gather = 0")  # workers would pass whole arrays on
                first, last = cursor.execute(SPAN, wanted).fetchone() or (None, None)
                while first is not None and first <= last:
                    beyond = first + BARS_AT_ONCE * timeframe.duration
                    part = wanted | {"start": first, "end": min(beyond, last + timeframe.duration)}
                    parts += [row for row in cursor.execute(COLUMNS, part) if row[0] is not None]
                    first = beyond
        return _bars(symbol, timeframe, parts)

    def read_file(self, bar_file: BarFile, timeframe: Timeframe) -> Bars:
        """Return all bars of a file, which is not stored; raise InvalidInput or BarsInvalid as `read_bars` does."""
        return read_bars(Path(bar_file.path), bar_file.symbol, timeframe).bars

    def save(self, bars: Bars, source: str) -> int:
        """Store the bars, replacing those of equal times, and return how many were new or different.

        All or nothing; imports of one series wait for each other. Raises BarsInvalid before anything is stored.
        """
        if not len(bars):
            return 0
        bars.require_valid()
        series = {"symbol": bars.symbol, "timeframe": bars.timeframe.name}
        with self._connection() as connection, connection.transaction(), connection.cursor() as cursor:
            cursor.execute(
                "select pg_advisory_xact_lock(%s, hashtext(%s))", (SERIES_LOCK, f"{bars.symbol} {bars.timeframe}")
            )
            cursor.execute("select 1 from bar_series where symbol = %(symbol)s and timeframe = %(timeframe)s", series)
            if cursor.fetchone() is None:
                _copy_in(cursor, COPY_IN_SERIES, bars, (bars.symbol, bars.timeframe.name))
                written = new = len(bars)
            else:
                cursor.execute(INCOMING)
                _copy_in(cursor, COPY_INCOMING, bars)
                written, new = cursor.execute(UPSERT, series).fetchone() or (0, 0)
            span = {"start": bars.start_time, "end": bars.end_time, "new": new, "source": source}
            cursor.execute(GROW_SERIES, series | span)
        return int(written)

    def candles(
        self, symbol: str, timeframe: Timeframe, start: datetime | None, end: datetime | None, limit: int
    ) -> list[Candle]:
        """Return the last `limit` bars that open in [start, end), oldest first."""
        wanted = _range(symbol, timeframe, start, end) | {"limit": limit}
        with self._connection() as connection:
            return [Candle(symbol, timeframe.name, *row) for row in connection.execute(CANDLES, wanted)]

    def close(self) -> None:
        """Do nothing: no connection outlives a call."""

    @contextmanager
    def _connection(self) -> Iterator[Connection[TupleRow]]:
        with database_errors(), connect(self._database_url) as connection:
            yield connection


def _range(symbol: str, timeframe: Timeframe, start: datetime | None, end: datetime | None) -> dict[str, object]:
    return {"symbol": symbol, "timeframe": timeframe.name, "start": start or "-infinity", "end": end or "infinity"}


def _coverage(row: Sequence[object]) -> BarCoverage:
    symbol, timeframe, bars, start_time, end_time, source = row
    assert isinstance(bars, int)
    assert isinstance(start_time, datetime)
    assert isinstance(end_time, datetime)
    return BarCoverage(str(symbol), Timeframe.parse(str(timeframe)), bars, start_time, end_time, str(source))


def _listed(symbol: str, series: Sequence[BarCoverage]) -> str:
    """Name what is stored, the symbol's own timeframes first."""
    if not series:
        return "nothing is stored"
    ordered = sorted(series, key=lambda coverage: coverage.symbol != symbol)
    names = [f"{coverage.symbol} {coverage.timeframe}" for coverage in ordered]
    more = len(names) - SERIES_SHOWN
    return "stored are " + ", ".join(names[:SERIES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _bars(symbol: str, timeframe: Timeframe, parts: Sequence[tuple[bytes, ...]]) -> Bars:
    """Return the bars of slices that follow each other, each a binary array for every column."""
    times = [np.frombuffer(part[0], TIME_ITEM, offset=ARRAY_HEADER)["value"].astype(np.int64) for part in parts]
    # A slice comes in the order in which it lies on the disk, which is that of time unless imports overlapped.
    orders = [np.argsort(time, kind="stable") for time in times]

    def column(place: int) -> Floats:
        values = [np.frombuffer(part[place], VALUE_ITEM, offset=ARRAY_HEADER)["value"] for part in parts]
        ordered = [part[order].astype(np.float64) for part, order in zip(values, orders, strict=True)]
        return np.concatenate([np.empty(0), *ordered])

    time = np.concatenate([np.empty(0, np.int64), *(time[order] for time, order in zip(times, orders, strict=True))])
    values = {name: column(place) for place, name in enumerate(VALUES, start=1)}
    return Bars(symbol, timeframe, time + POSTGRES_EPOCH, **values)


def _row_type(*texts: int) -> np.dtype[np.void]:
    """Return how binary COPY lays a row out: the number of fields, then for each its length in bytes and its value.

    texts: the lengths of text fields that stand before time, open, high, low, close and volume.
    """
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for place, length in enumerate(texts):
        layout += [(f"length of text {place}", ">i4"), (f"text {place}", f"S{length}")]
    layout += [("length of time", ">i4"), ("time", ">i8")]
    for name in VALUES:
        layout += [(f"length of {name}", ">i4"), (name, ">f8")]
    return np.dtype(layout)


def _copy_in(cursor: Cursor[TupleRow], statement: str, bars: Bars, texts: Sequence[str] = ()) -> None:
    """Send the bars, each row led by the same texts."""
    encoded = [text.encode() for text in texts]
    row_type = _row_type(*map(len, encoded))
    with cursor.copy(statement.encode()) as copy:
        copy.write(COPY_HEADER)
        for first in range(0, len(bars), ROWS_AT_ONCE):
            copy.write(_rows(bars, slice(first, first + ROWS_AT_ONCE), row_type, encoded).tobytes())
        copy.write(COPY_TRAILER)


def _rows(bars: Bars, part: slice, row_type: np.dtype[np.void], texts: Sequence[bytes]) -> NDArray[np.void]:
    rows = np.empty(len(bars.time[part]), row_type)
    rows["fields"] = len(texts) + 1 + len(VALUES)
    for place, text in enumerate(texts):
        rows[f"length of text {place}"] = len(text)
        rows[f"text {place}"] = text
    rows["length of time"] = 8
    rows["time"] = bars.time[part] - POSTGRES_EPOCH
    for name in VALUES:
        rows[f"length of {name}"] = 8
        rows[name] = getattr(bars, name)[part]
    return rows

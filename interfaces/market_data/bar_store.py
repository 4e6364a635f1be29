"""The bars in PostgreSQL: written and read in chunks of whole columns, through binary COPY (WallE)."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import batched, islice
from pathlib import Path

import numpy as np
from psycopg import Connection, Cursor, IsolationLevel
from psycopg.rows import TupleRow

from application.ports import BarCoverage
from domain.candles import candle_name, candle_seconds
from domain.errors import SymbolNotFound
from domain.market import Bars, Microseconds, Timeframe, from_microseconds, to_microseconds
from domain.run import BarFile
from interfaces.database import Pool, connect, database_errors
from interfaces.market_data.bar_chunks import (
    COLUMNS,
    UNTOLD,
    Chunk,
    Merged,
    Rows,
    bars_from,
    chunk_numbers,
    chunk_range,
    cut,
    merge,
    rows_from,
    rows_of,
    summed,
    times_from,
)
from interfaces.market_data.files import read_bars

# With the hash of a series as the second key: one import of a series at a time.
SERIES_LOCK = 0x42415253
SERIES_SHOWN = 12
# A page of candles asks for 1,000: three chunks without gaps.
CHUNKS_AT_ONCE = 4
# Of a series that is summed up: 128 chunks are 65,536 bars, 3.5 MB.
CHUNKS_SUMMED_AT_ONCE = 128

# Where no trade count is told there are no bytes: every column of a chunk is bytes.
KEPT = ", ".join((*COLUMNS[:-1], "coalesce(trade_count, ''::bytea)"))
CHUNKS = f"""
select {KEPT} from bar_chunks
where symbol = %(symbol)s and timeframe = %(timeframe)s and chunk between %(first)s and %(last)s order by chunk
"""
COPY_OUT = f"copy ({CHUNKS}) to stdout (format binary)"
COPY_TIMES_OUT = COPY_OUT.replace(KEPT, "time")
COPY_IN = f"copy bar_chunks (symbol, timeframe, chunk, {', '.join(COLUMNS)}) from stdin (format binary)"
COPIED = ("text", "text", "int8", *("bytea" for _ in COLUMNS))
DELETE = """
delete from bar_chunks where symbol = %(symbol)s and timeframe = %(timeframe)s and chunk = any (%(chunks)s)
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


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of a whole range, oldest first, each of `seconds`: the stored ones, or fewer that they add up to.

    An added-up bar is labelled by where its length begins, a multiple of it from 00:00 UTC; the first and the last one
    may be of a part of it, where the range cuts through.
    """

    timeframe: str
    seconds: int
    candles: list[Candle]


class BarStore:
    """Bars by symbol and timeframe, in the tables `bar_chunks` and `bar_series`; a BarSource.

    Every call has a connection of its own, so calls from many threads do not meet. All raise DatabaseUnavailable when
    the database is away.

    lender: lends connections to what is answered in a moment. Everything else, and all of it without a lender, opens
    one and closes it again.
    """

    def __init__(self, database_url: str, lender: Pool | None = None) -> None:
        self._database_url = database_url
        self._lender = lender

    def coverage(self, symbol: str, timeframe: Timeframe) -> BarCoverage | None:
        """Return what is stored of a symbol, None for nothing."""
        with self._lent() as connection:
            query = f"{SERIES} where symbol = %s and timeframe = %s".encode()
            row = connection.execute(query, (symbol, timeframe.name)).fetchone()
        return _coverage(row) if row else None

    def series(self) -> list[BarCoverage]:
        """Return everything that is stored, by symbol, short timeframes first."""
        with self._lent() as connection:
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
        """Return the stored bars that open in [start, end), possibly none, exactly as they were saved.

        An import that ends meanwhile is seen whole or not at all.
        """
        first, last = chunk_range(timeframe, start, end)
        with self._connection() as connection, connection.cursor() as cursor:
            # One statement, hence one picture of the table; and the rows come one by one, not all held by libpq.
            bars = bars_from(symbol, timeframe, _stored(cursor, symbol, timeframe, first, last))
        return bars.between(start, end)

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
        symbol, timeframe = bars.symbol, bars.timeframe
        with self._connection() as connection:
            # What the import before has stored must be seen once its lock is free.
            connection.isolation_level = IsolationLevel.READ_COMMITTED
            with connection.transaction(), connection.cursor() as cursor:
                cursor.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", (SERIES_LOCK, f"{symbol} {timeframe}"))
                first, last = chunk_numbers(bars.time[[0, -1]], timeframe).tolist()
                stored = rows_from(_stored(cursor, symbol, timeframe, first, last))
                merged = merge(stored, rows_of(bars), timeframe)
                _replace(cursor, symbol, timeframe, merged)
                series = {"symbol": symbol, "timeframe": timeframe.name, "source": source, "new": merged.new}
                cursor.execute(GROW_SERIES, series | {"start": bars.start_time, "end": bars.end_time})
        return merged.new + merged.changed

    def candles(
        self, symbol: str, timeframe: Timeframe, start: datetime | None, end: datetime | None, limit: int
    ) -> list[Candle]:
        """Return the last `limit` bars that open in [start, end), oldest first."""
        first, last = chunk_range(timeframe, start, end)
        candles: deque[Candle] = deque()
        # A cursor of the server gives the chunks one by one, newest first, until there are enough.
        with self._lent() as connection, connection.transaction():
            with connection.cursor("newest", binary=True) as cursor:
                cursor.itersize = CHUNKS_AT_ONCE
                for chunk in cursor.execute(f"{CHUNKS} desc".encode(), _range(symbol, timeframe, first, last)):
                    found = _candles(symbol, timeframe, chunk, start, end)
                    candles.extendleft(islice(reversed(found), limit - len(candles)))
                    if len(candles) == limit:
                        break
        return list(candles)

    def chart(
        self, symbol: str, timeframe: Timeframe, start: datetime | None, end: datetime | None, most: int
    ) -> Chart:
        """Return all that is stored of [start, end) as at most `most` candles, 2 or more; exactly where it is no more.

        Their opens are looked at first, all else is added up stretch by stretch: a million bars take little memory.
        """
        first, last = chunk_range(timeframe, start, end)
        with self._connection() as connection, connection.transaction(), connection.cursor() as cursor:
            # Both looks are at one picture of the table, whatever is imported meanwhile.
            cursor.execute("set transaction isolation level repeatable read, read only")
            times = _stored_times(cursor, symbol, timeframe, first, last)
            times = times[_between(times, start, end)]
            seconds = candle_seconds(times, timeframe, most)
            is_exact = len(times) <= most
            stretches = []
            for chunks in batched(_stored(cursor, symbol, timeframe, first, last), CHUNKS_SUMMED_AT_ONCE, strict=False):
                rows = rows_from(chunks)
                rows = rows[_between(rows["time"], start, end)]
                stretches.append(rows if is_exact else summed(rows, seconds))
        rows = np.concatenate(stretches or [rows_from(())])
        name = timeframe.name if is_exact else candle_name(seconds)
        return Chart(name, seconds, _shown(symbol, name, rows if is_exact else summed(rows, seconds)))

    def close(self) -> None:
        """Do nothing: no connection of its own outlives a call."""

    def _lent(self) -> AbstractContextManager[Connection[TupleRow]]:
        return self._connection() if self._lender is None else self._lender.connection()

    @contextmanager
    def _connection(self) -> Iterator[Connection[TupleRow]]:
        with database_errors(), connect(self._database_url) as connection:
            yield connection


def _range(symbol: str, timeframe: Timeframe, first: int, last: int) -> dict[str, object]:
    return {"symbol": symbol, "timeframe": timeframe.name, "first": first, "last": last}


def _stored(cursor: Cursor[TupleRow], symbol: str, timeframe: Timeframe, first: int, last: int) -> Iterator[Chunk]:
    """Yield the stored chunks of these numbers, oldest first."""
    with cursor.copy(COPY_OUT.encode(), _range(symbol, timeframe, first, last)) as copy:
        yield from copy.rows()


def _stored_times(cursor: Cursor[TupleRow], symbol: str, timeframe: Timeframe, first: int, last: int) -> Microseconds:
    """Return the opens of all bars in the stored chunks of these numbers."""
    with cursor.copy(COPY_TIMES_OUT.encode(), _range(symbol, timeframe, first, last)) as copy:
        return times_from(time for (time,) in copy.rows())


def _between(time: Microseconds, start: datetime | None, end: datetime | None) -> slice:
    """Return where the bars are that open in [start, end); the times are ascending."""
    first = 0 if start is None else int(np.searchsorted(time, to_microseconds(start)))
    return slice(first, len(time) if end is None else int(np.searchsorted(time, to_microseconds(end))))


def _replace(cursor: Cursor[TupleRow], symbol: str, timeframe: Timeframe, merged: Merged) -> None:
    """Write the chunks that an import makes or changes over those that are stored."""
    chunks = dict(cut(merged.rows, timeframe))
    cursor.execute(DELETE, {"symbol": symbol, "timeframe": timeframe.name, "chunks": list(chunks)})
    with cursor.copy(COPY_IN.encode()) as copy:
        copy.set_types(COPIED)
        for number, (*columns, counts) in chunks.items():
            copy.write_row((symbol, timeframe.name, number, *columns, counts or None))


def _candles(
    symbol: str, timeframe: Timeframe, chunk: Chunk, start: datetime | None, end: datetime | None
) -> list[Candle]:
    """Return the bars of a chunk that open in [start, end)."""
    rows = rows_from([chunk])
    return _shown(symbol, timeframe.name, rows[_between(rows["time"], start, end)])


def _shown(symbol: str, timeframe: str, rows: Rows) -> list[Candle]:
    return [
        Candle(symbol, timeframe, from_microseconds(time), open_, high, low, close, volume, _told(trade_count))
        for time, open_, high, low, close, volume, trade_count in rows.tolist()
    ]


def _told(trade_count: int) -> int | None:
    return None if trade_count == UNTOLD else trade_count


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

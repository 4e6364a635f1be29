"""Bars as the store keeps them: rows cut into chunks, each column of a chunk the bytes that PostgreSQL itself sends.

A chunk holds the bars of 512 timeframes, counted from 1970. Times are microseconds since 1970 here and since 2000 in
the bytes; integers and floats are big-endian, eight bytes each, so a float64 comes back with every bit it had.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from domain.candles import candle_opens, candle_starts
from domain.market import Bars, Microseconds, Timeframe, to_microseconds
from interfaces.market_data.files import VALUES

# A larger chunk is loaded faster by a little; but a single new bar writes its whole chunk again.
CHUNK_BARS = 512
COLUMNS = ("time", *VALUES, "trade_count")
# PostgreSQL counts time from 2000-01-01 UTC, Weaver from 1970-01-01 UTC.
POSTGRES_EPOCH = 946_684_800_000_000
UNTOLD = -1
UNTOLD_BYTES = UNTOLD.to_bytes(8, "big", signed=True)
ROW = np.dtype([("time", np.int64), *((name, np.float64) for name in VALUES), ("trade_count", np.int64)])
BEYOND = 2**62

type Rows = NDArray[np.void]
# The bytes of each of COLUMNS, all of one length; those of the trade counts are empty where none is told.
type Chunk = Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Merged:
    """What is to be stored after an import.

    rows: of the chunks that differ from what is stored, whole, by time. new, changed: how many bars of the import have
    a time that was not stored, and how many have other values than the stored one.
    """

    rows: Rows
    new: int
    changed: int


def chunk_numbers(time: Microseconds, timeframe: Timeframe) -> NDArray[np.int64]:
    """Return the number of the chunk that each time belongs to; ascending as the times are."""
    return time // (CHUNK_BARS * timeframe.microseconds)


def chunk_range(timeframe: Timeframe, start: datetime | None, end: datetime | None) -> tuple[int, int]:
    """Return the numbers of the first and the last chunk that may hold a bar that opens in [start, end)."""
    span = CHUNK_BARS * timeframe.microseconds
    first = -BEYOND if start is None else to_microseconds(start) // span
    return first, BEYOND if end is None else to_microseconds(end) // span


def rows_of(bars: Bars) -> Rows:
    """Return the bars as rows of ROW, trade counts untold."""
    rows = np.empty(len(bars), ROW)
    for name in ("time", *VALUES):
        rows[name] = getattr(bars, name)
    rows["trade_count"] = UNTOLD
    return rows


def merge(stored: Rows, incoming: Rows, timeframe: Timeframe) -> Merged:
    """Return what storing the incoming rows over the stored ones takes; both are ascending by time.

    stored: all rows of every chunk that an incoming row belongs to. A row whose values changed is replaced whole: the
    trade count of another source does not belong to it. Equal rows stay as they are stored.
    """
    if not len(stored):
        return Merged(incoming, new=len(incoming), changed=0)
    stored_time, time = stored["time"].copy(), incoming["time"].copy()  # in one piece: searched twice as fast
    place = np.searchsorted(stored_time, time)
    known = np.zeros(len(incoming), np.bool_)
    inside = place < len(stored)
    known[inside] = stored_time[place[inside]] == time[inside]
    changed = known.copy()
    before, after = stored[place[known]], incoming[known]
    changed[known] = np.logical_or.reduce([before[name] != after[name] for name in VALUES])

    rows = stored.copy()
    rows[place[changed]] = incoming[changed]
    if not known.all():
        rows = np.insert(rows, place[~known], incoming[~known])
    touched = np.unique(chunk_numbers(time[changed | ~known], timeframe))
    rows = rows[np.isin(chunk_numbers(rows["time"], timeframe), touched)]
    return Merged(rows, new=int(np.count_nonzero(~known)), changed=int(np.count_nonzero(changed)))


def cut(rows: Rows, timeframe: Timeframe) -> Iterator[tuple[int, Chunk]]:
    """Yield the number and the columns of every chunk that the rows make, ascending; the rows are so by time."""
    numbers = chunk_numbers(rows["time"], timeframe)
    edges = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(rows)]
    columns = [(rows["time"] - POSTGRES_EPOCH).astype(">i8").tobytes()]
    columns += [rows[name].astype(">f8").tobytes() for name in VALUES]
    told = rows["trade_count"] != UNTOLD
    counts = rows["trade_count"].astype(">i8")
    for first, last in pairwise(edges):
        if first < last:
            part = [column[8 * first : 8 * last] for column in columns]
            count = counts[first:last].tobytes() if told[first:last].any() else b""
            yield int(numbers[first]), (*part, count)


def rows_from(chunks: Iterable[Chunk]) -> Rows:
    """Return the rows of chunks that follow each other."""
    times, *values, counts = _columns(chunks)
    rows = np.empty(sum(map(len, times)) // 8, ROW)
    rows["time"] = _integers(times) + POSTGRES_EPOCH
    for name, column in zip(VALUES, values, strict=True):
        rows[name] = np.frombuffer(b"".join(column), ">f8")
    told = (count or UNTOLD_BYTES * (len(time) // 8) for time, count in zip(times, counts, strict=True))
    rows["trade_count"] = _integers(told)
    return rows


def bars_from(symbol: str, timeframe: Timeframe, chunks: Iterable[Chunk]) -> Bars:
    """Return the bars of chunks that follow each other, as native arrays that share nothing with the chunks."""
    times, *values, _ = _columns(chunks)
    columns = {
        name: np.frombuffer(b"".join(column), ">f8").astype(np.float64)
        for name, column in zip(VALUES, values, strict=True)
    }
    return Bars(symbol, timeframe, _integers(times) + POSTGRES_EPOCH, **columns)


def times_from(columns: Iterable[bytes]) -> Microseconds:
    """Return the opens of bars from the time columns of chunks that follow each other."""
    return _integers(columns) + POSTGRES_EPOCH


def summed(rows: Rows, seconds: int) -> Rows:
    """Return the candles of a length that rows add up to, labelled by where they begin; the rows are ascending by time.

    Their sums may be summed again, with others that follow them. The trades of a candle are untold if those of one of
    its bars are.
    """
    if not len(rows):
        return rows
    time = rows["time"].copy()
    starts = candle_starts(time, seconds)
    untold = np.logical_or.reduceat(rows["trade_count"] == UNTOLD, starts)
    made = np.empty(len(starts), ROW)
    made["time"] = candle_opens(time[starts], seconds)
    made["open"] = rows["open"][starts]
    made["high"] = np.maximum.reduceat(rows["high"], starts)
    made["low"] = np.minimum.reduceat(rows["low"], starts)
    made["close"] = rows["close"][np.append(starts[1:], len(rows)) - 1]
    made["volume"] = np.add.reduceat(rows["volume"], starts)
    made["trade_count"] = np.where(untold, UNTOLD, np.add.reduceat(rows["trade_count"], starts))
    return made


def _columns(chunks: Iterable[Chunk]) -> list[tuple[bytes, ...]]:
    return list(zip(*chunks, strict=True)) or [()] * len(COLUMNS)


def _integers(column: Iterable[bytes]) -> NDArray[np.int64]:
    return np.frombuffer(b"".join(column), ">i8").astype(np.int64)

"""Coarser bars out of finer ones: the only aggregator, the same in a backtest and on live data.

A coarse bar covers a half-open bucket of time. Buckets begin at multiples of the timeframe since 00:00 UTC, for markets
that never close and for exchanges alike; only `1d` of an exchange is its session, with early closes and clock changes.
A fine bar belongs to the bucket it opens in, and to a session if it shares time with it: an hour in which the session
opens belongs to it as a whole, because nothing tells its parts apart. Bars before the open and after the close are in
no `1d` bar. Those of the closing auction, which trades a moment after the close, are not either: the session's bar is
seen at the close and may not change afterwards.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.errors import BarsInvalid, InvalidInput
from domain.market import Bars, Microseconds, Timeframe, from_microseconds
from domain.sessions import Sessions

DAILY = Timeframe.parse("1d")


@dataclass(frozen=True, slots=True, eq=False)
class Coarser:
    """Bars of a coarser timeframe, and which of them can be seen at the close of each fine bar.

    bars: one for each bucket in which a fine bar lies; the last may still be open. Labelled by the bucket's begin, for
    sessions by their open.
    newest: for each fine bar the number of the newest coarse bar that is closed when the fine bar closes, -1 before the
    first; never one that a later fine bar could change.
    last_first: the number of the first fine bar of the last coarse bar, 0 without any: bars that are added later change
    nothing that was made of those before it.
    """

    bars: Bars
    newest: NDArray[np.int64]
    last_first: int


@dataclass(frozen=True, slots=True, eq=False)
class _Buckets:
    """members: fine bars that lie in a bucket. firsts: place in `members` of each bucket's first; opens, ends: UTC."""

    members: NDArray[np.int64] | slice
    firsts: NDArray[np.int64]
    opens: Microseconds
    ends: Microseconds


def bar_closes(bars: Bars, sessions: Sessions | None) -> Microseconds:
    """Return the close of each bar, microseconds since 1970 UTC: its open plus its length.

    A `1d` bar of an exchange ends with its session: at the first close after its label, whether the label is the
    session's open, midnight in New York or midnight UTC. sessions: None for markets that never close. Raises
    InvalidInput where the sessions are not known.
    """
    if sessions is not None and bars.timeframe == DAILY:
        return sessions.closes_after(bars.time)
    return bars.time + bars.timeframe.microseconds


def aggregate(bars: Bars, timeframe: Timeframe, sessions: Sessions | None = None) -> Coarser:
    """Return the bars of a coarser timeframe that fine bars add up to: first open, highest, lowest, last close, volume.

    Nothing is invented: a bucket without a fine bar has no bar. A bucket whose last fine bars are missing is closed by
    the next fine bar. The timeframe of the bars themselves gives those very bars. sessions: of the exchange, which are
    its `1d` bars; None for markets that never close.
    Raises InvalidInput for a timeframe that is no multiple of the bars' and for sessions that do not cover them,
    BarsInvalid, naming the row, for bars that overlap.
    """
    if timeframe == bars.timeframe:
        return Coarser(bars, np.arange(len(bars), dtype=np.int64), max(len(bars) - 1, 0))
    if timeframe.microseconds % bars.timeframe.microseconds:
        raise InvalidInput(
            f"bars of {timeframe} cannot be made of bars of {bars.timeframe}: choose a multiple of it",
            timeframe=timeframe.name,
            bars_timeframe=bars.timeframe.name,
        )
    _require_apart(bars)
    if sessions is not None and timeframe == DAILY:
        buckets = _session_buckets(bars, sessions)
    else:
        buckets = _clock_buckets(bars, timeframe.microseconds)
    last_first = int(np.arange(len(bars))[buckets.members][buckets.firsts[-1]]) if len(buckets.firsts) else 0
    return Coarser(_sums(bars, timeframe, buckets), _newest(bars, buckets.ends), last_first)


def _require_apart(bars: Bars) -> None:
    """Refuse bars that overlap: a bucket that one of them closes could still be changed by the next."""
    overlapping = np.diff(bars.time) < bars.timeframe.microseconds
    if overlapping.any():
        row = int(np.argmax(overlapping)) + 1
        moment = from_microseconds(int(bars.time[row]))
        raise BarsInvalid(
            f"row {row + 1} ({moment:%Y-%m-%dT%H:%M:%SZ}): opens before the {bars.timeframe} of the row above is over",
            row=row + 1,
        )


def _clock_buckets(bars: Bars, length: int) -> _Buckets:
    # 1970 began at 00:00 UTC and every timeframe divides a day, so multiples of the length meet every midnight.
    opens = bars.time - bars.time % length
    firsts = _changes(opens)
    opens = opens[firsts]
    return _Buckets(slice(None), firsts, opens, opens + length)


def _session_buckets(bars: Bars, sessions: Sessions) -> _Buckets:
    session = sessions.overlapped(bars.time, bars.timeframe.microseconds)
    members = np.flatnonzero(session >= 0)
    session = session[members]
    firsts = _changes(session)
    held = session[firsts]
    return _Buckets(members, firsts, sessions.opens[held], sessions.closes[held])


def _changes(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places at which a run of equal keys begins."""
    begins = np.ones(len(keys), dtype=np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=begins[1:])
    return np.flatnonzero(begins)


def _sums(bars: Bars, timeframe: Timeframe, buckets: _Buckets) -> Bars:
    members, firsts = buckets.members, buckets.firsts
    lasts = np.append(firsts[1:], len(bars.time[members]))[: len(firsts)] - 1
    return Bars(
        bars.symbol,
        timeframe,
        buckets.opens,
        bars.open[members][firsts],
        np.maximum.reduceat(bars.high[members], firsts),
        np.minimum.reduceat(bars.low[members], firsts),
        bars.close[members][lasts],
        np.add.reduceat(bars.volume[members], firsts),
    )


def _newest(bars: Bars, ends: Microseconds) -> NDArray[np.int64]:
    """Return for each fine bar the number of the last bucket that has ended by its close, -1 before the first."""
    # Looking up a few ends among many closes is twenty times as fast as each close among the ends.
    closed_by = np.searchsorted(bars.time + bars.timeframe.microseconds, ends)
    stretches = np.diff(closed_by, prepend=0, append=len(bars))
    return np.repeat(np.arange(-1, len(ends)), stretches)

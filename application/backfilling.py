"""Bars a run did not watch, fetched from its feed to be seen as history."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from application.exchange import BarFeed, FeedBar
from domain.market import BAR_COLUMNS, Timeframe, from_microseconds
from domain.tape import Tape, TapeBar


def backfilled(
    tape: Tape,
    run_id: UUID,
    feed: BarFeed,
    symbols: Sequence[str],
    timeframe: Timeframe,
    start: datetime,
    end: datetime,
    most: int,
    at: datetime,
    reason: str,
) -> Tape:
    """Return a tape to be recorded: the bars that opened in [start, end), at most so many a symbol, the newest.

    tape: as it is in the journal; it stays as it is, so that what cannot be recorded leaves no trace. Raises as the
    feed does.
    """
    found: list[TapeBar] = []
    for symbol in symbols:
        bars = feed.history(symbol, timeframe, start, end)
        columns = (bars.time[-most:], *(getattr(bars, name)[-most:] for name in BAR_COLUMNS))
        found += [
            TapeBar(symbol, from_microseconds(int(time)), *map(float, prices))
            for time, *prices in zip(*columns, strict=True)
        ]
    found.sort(key=lambda bar: bar.opened_at)
    grown = tape.forked()
    grown.backfill(at, run_id, found, reason)
    return grown


def tape_bar(bar: FeedBar) -> TapeBar:
    """Return a feed's bar as a tape has it."""
    opened_at = from_microseconds(bar.opened_at)
    return TapeBar(bar.symbol, opened_at, bar.open, bar.high, bar.low, bar.close, bar.volume)

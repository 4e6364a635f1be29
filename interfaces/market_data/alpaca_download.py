"""Bars of Alpaca into the store: what the store lacks, page by page, so that an interrupted download goes on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from domain.errors import ExchangeUnavailable, SymbolNotFound
from domain.market import Bars, Microseconds, Timeframe, from_microseconds
from domain.sessions import is_always_open
from interfaces.market_data.alpaca_bars import AlpacaBars, joined
from interfaces.market_data.bar_store import BarStore

SOURCE = "alpaca"
# A longer stretch without a stored bar was never downloaded; a shorter one is taken for a market without trades.
LONGEST_GAP_OF_PAIRS = timedelta(hours=6)
# Weekends and holidays.
LONGEST_GAP_OF_SHARES = timedelta(days=6)
BARS_OF_A_GAP = 3

type Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, [start, end), that the store lacks.

    kind: where the store has bars: `before` it means the stretch lies before all of them, and so on.
    """

    start: datetime
    end: datetime
    kind: Literal["before", "between", "after"] = "after"


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What a download has brought. bars: how many came; written: how many of them were new or different."""

    bars: int
    written: int


def lacking(
    stored: Microseconds, timeframe: Timeframe, start: datetime, end: datetime, gap: timedelta
) -> list[Stretch]:
    """Return the stretches of [start, end) that the store lacks, oldest first.

    stored: opening times of what it has there, ascending. gap: the longest stretch without a bar that is left alone.
    """
    if not len(stored):
        return [Stretch(start, end)] if start < end else []
    found = []
    first, after_last = from_microseconds(int(stored[0])), from_microseconds(int(stored[-1])) + timeframe.duration
    if first - start >= timeframe.duration:
        found.append(Stretch(start, first, "before"))
    longest = max(gap, BARS_OF_A_GAP * timeframe.duration) // timedelta(microseconds=1)
    wide = [(one, other) for one, other in pairwise(stored.tolist()) if other - one > longest]
    found += [
        Stretch(from_microseconds(one) + timeframe.duration, from_microseconds(other), "between") for one, other in wide
    ]
    if end - after_last >= timeframe.duration:
        found.append(Stretch(after_last, end))
    return found


def download(
    bars: AlpacaBars,
    store: BarStore,
    symbol: str,
    timeframe: Timeframe,
    start: datetime,
    end: datetime,
    progress: Progress,
) -> Downloaded:
    """Store Alpaca's bars that open in [start, end) and are not stored yet; every page is stored when it comes.

    progress: is told the fraction done, 0 to 1. Raises SymbolNotFound for a symbol Alpaca does not know,
    ExchangeUnavailable, CredentialsRefused.
    """
    stored = store.load(symbol, timeframe, start, end)
    gap = LONGEST_GAP_OF_PAIRS if is_always_open(symbol) else LONGEST_GAP_OF_SHARES
    stretches = lacking(stored.time, timeframe, start, end, gap)
    total = sum((one.end - one.start for one in stretches), timedelta())
    came, written, done = 0, 0, timedelta()
    try:
        for stretch in stretches:
            for page in _pages(bars, symbol, timeframe, stretch, gap):
                written += store.save(page, SOURCE)
                came += len(page)
                reached = stretch.end - page.start_time if stretch.kind == "before" else page.end_time - stretch.start
                progress(min((done + reached) / total, 1.0))
            done += stretch.end - stretch.start
            progress(done / total)
        if not came and not len(stored) and not bars.is_known(symbol):
            raise SymbolNotFound(
                f"Alpaca has no bars of {symbol}: pairs are written as BTC/USD, shares as SPY", symbol=symbol
            )
    except ExchangeUnavailable as error:
        raise ExchangeUnavailable(
            f"{error.message}; what came is stored, the same command goes on from there"
        ) from None
    return Downloaded(came, written)


def _pages(bars: AlpacaBars, symbol: str, timeframe: Timeframe, stretch: Stretch, gap: timedelta) -> Iterator[Bars]:
    """Yield the bars of a stretch, never none, so that wherever it is interrupted the rest is seen to be lacking.

    What lies before the stored bars comes backwards, and has no hole then. What lies between them is held back where
    the rest would be so short that it would be taken for a market without trades.
    """
    held: list[Bars] = []
    for page in bars.pages(symbol, timeframe, stretch.start, stretch.end, newest_first=stretch.kind == "before"):
        if not len(page):
            continue
        held.append(page)
        if stretch.kind != "between" or stretch.end - page.end_time > gap:
            yield joined(symbol, timeframe, held)
            held = []
    if held:
        yield joined(symbol, timeframe, held)

"""Stored bars played back as if they closed now, for paper runs without an exchange."""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from application.exchange import FeedBar
from application.ports import BarSource
from domain.market import TIMEFRAMES, Bars, Timeframe, from_microseconds, to_microseconds

# Bars of one symbol that are kept in memory: a week of minutes.
MOST_BARS = 10_080
COLUMNS = ("open", "high", "low", "close", "volume")


class ReplayFeed:
    """Implements `BarFeed` with bars of the store, labelled anew and repeated from the beginning when they end.

    Which bar closes at a boundary follows from the boundary alone, so every process and every restart sees the same.
    Bars of the run's timeframe are preferred; without any, those of another one are played at the run's pace.
    """

    name = "replay"

    def __init__(self, bars: BarSource) -> None:
        self._source = bars
        self._lock = threading.Lock()
        self._loaded: dict[tuple[str, str], Bars] = {}

    def follow(self, symbols: Sequence[str], timeframe: Timeframe) -> None:
        """Load the bars, so that the first boundary does not wait for them."""
        for symbol in symbols:
            self._bars(symbol, timeframe)

    def unfollow(self) -> None:
        """Forget what was loaded."""
        with self._lock:
            self._loaded.clear()

    def closed(
        self, symbols: Sequence[str], timeframe: Timeframe, opened_at: int, patience: float
    ) -> Mapping[str, FeedBar]:
        """Return the bars that are played at that moment, of the symbols that have any."""
        found = {}
        for symbol in symbols:
            bars = self._bars(symbol, timeframe)
            if len(bars):
                at = opened_at // timeframe.microseconds % len(bars)
                opened, high, low, close, volume = (float(getattr(bars, name)[at]) for name in COLUMNS)
                found[symbol] = FeedBar(symbol, opened_at, opened, high, low, close, volume)
        return found

    def history(self, symbol: str, timeframe: Timeframe, start: datetime, end: datetime) -> Bars:
        """Return the bars that were played in [start, end)."""
        length = timeframe.microseconds
        first, last = -(-to_microseconds(start) // length), -(-to_microseconds(end) // length)
        bars = self._bars(symbol, timeframe)
        places = [number % len(bars) for number in range(first, last)] if len(bars) else []
        return Bars(
            symbol,
            timeframe,
            np.arange(first, last if places else first, dtype=np.int64) * length,
            *(getattr(bars, name)[places] for name in COLUMNS),
        )

    def state(self) -> Mapping[str, str]:
        """Return what is played."""
        with self._lock:
            played = sorted({symbol for symbol, _ in self._loaded})
        return {"status": "up" if played else "idle", "played": ", ".join(played)}

    def close(self) -> None:
        """Drop the bars."""
        with self._lock:
            self._loaded.clear()

    def _bars(self, symbol: str, timeframe: Timeframe) -> Bars:
        with self._lock:
            found = self._loaded.get((symbol, timeframe.name))
            if found is None:
                found = self._loaded[symbol, timeframe.name] = self._load(symbol, timeframe)
            return found

    def _load(self, symbol: str, timeframe: Timeframe) -> Bars:
        for name in dict.fromkeys((timeframe.name, "1m", *TIMEFRAMES)):
            stored = Timeframe.parse(name)
            coverage = self._source.coverage(symbol, stored)
            if coverage is not None:
                end = coverage.end_time
                start = max(coverage.start_time, end - MOST_BARS * stored.duration)
                return self._source.load(symbol, stored, start, end)
        return self._source.load(symbol, timeframe, from_microseconds(0), from_microseconds(1))

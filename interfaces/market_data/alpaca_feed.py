"""Alpaca's closed bars for paper and live runs: told by its streams, queried where a stream has not told of one."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from time import monotonic

import numpy as np
import structlog

from application.clock import Clock
from application.exchange import FeedBar
from domain.aggregation import DAILY
from domain.errors import CredentialsRefused, ExchangeUnavailable, WeaverError
from domain.market import Bars, Timeframe, to_microseconds
from domain.sessions import is_always_open
from interfaces.market_data.alpaca_bars import AlpacaBars
from interfaces.market_data.alpaca_hearing import Hearing, Span
from interfaces.market_data.alpaca_market_stream import AlpacaMarketStream, MarketListener
from interfaces.market_data.alpaca_minutes import MINUTE, drawn_together

CRYPTO, SHARES = "crypto", "shares"
# How much of the patience the stream gets before a query is made.
PART_OF_STREAM = 0.4
# Alpaca shows a minute to queries some moments after it is over.
ASK_EVERY = 1.0
# With less time than this a question is not worth asking.
SHORTEST_QUESTION = 0.2
GAP_SECONDS = 10.0
# A trade takes some moments to be told of; without a later one, a second is thought to be over after this time.
SETTLING_SECONDS = 0.5

_log = structlog.get_logger("alpaca")

type OpenStream = Callable[[str, MarketListener], AlpacaMarketStream | None]


class AlpacaFeed:
    """Implements `BarFeed`. open_stream: returns the stream of `crypto` or `shares`, None where there are no keys.

    Bars of a minute and longer are made from minutes by the same aggregator as in a backtest, shorter ones from
    trades. A bar that is corrected after it was handed out is logged and not handed out again.
    """

    name = "alpaca"

    def __init__(self, bars: AlpacaBars, open_stream: OpenStream, clock: Clock) -> None:
        self._bars = bars
        self._clock = clock
        self._open_stream = open_stream
        self._streams: dict[str, AlpacaMarketStream | None] = {}
        self._listeners: dict[str, Hearing] = {}
        self._lock = threading.Lock()
        self._queries = ThreadPoolExecutor(1, thread_name_prefix="alpaca gaps")
        self._trouble: dict[str, str] = {}
        self._is_closed = False

    def follow(self, symbols: Sequence[str], timeframe: Timeframe) -> None:
        """Begin to listen to these bars; listening already changes nothing."""
        for kind in (CRYPTO, SHARES):
            chosen = [symbol for symbol in symbols if kind_of(symbol) == kind]
            if not chosen:
                continue
            stream, _ = self._of(kind)
            if stream is not None:
                is_of_trades = timeframe.seconds < MINUTE.seconds
                stream.want([] if is_of_trades else chosen, chosen if is_of_trades else [])

    def unfollow(self) -> None:
        """Close the streams: Alpaca allows one connection of an account, and another process may need it."""
        with self._lock:
            streams, self._streams, self._listeners = list(self._streams.values()), {}, {}
        for stream in streams:
            if stream is not None:
                stream.close()

    def closed(
        self, symbols: Sequence[str], timeframe: Timeframe, opened_at: int, patience: float
    ) -> Mapping[str, FeedBar]:
        """Return the bars that opened at a moment, of the symbols that have one; see BarFeed."""
        deadline = monotonic() + patience
        self.follow(symbols, timeframe)
        found: dict[str, FeedBar] = {}
        for kind in (CRYPTO, SHARES):
            chosen = [symbol for symbol in symbols if kind_of(symbol) == kind]
            if not chosen:
                continue
            closed = self._closed_seconds if timeframe.seconds < MINUTE.seconds else self._closed_minutes
            try:
                found |= closed(kind, chosen, timeframe, opened_at, deadline)
            except WeaverError as error:
                _log.warning("bars cannot be made", kind=kind, symbols=chosen, reason=error.message)
        return found

    def history(self, symbol: str, timeframe: Timeframe, start: datetime, end: datetime) -> Bars:
        """Return the bars that open in [start, end) and are over, possibly none."""
        return self._bars.history(symbol, timeframe, start, end)

    def state(self) -> Mapping[str, str]:
        """Return how the feed is, for people."""
        with self._lock:
            streams, trouble = dict(self._streams), dict(self._trouble)
        shown: dict[str, str] = {}
        for kind, stream in streams.items():
            status, explained = ("up", "by query only: no keys are set") if stream is None else stream.state
            if kind in trouble:
                # a stream that is up needs no query
                status = "up" if stream is not None and status == "up" else "down"
                explained = "; ".join(filter(None, (explained, trouble[kind])))
            shown[kind] = f"{status}: {explained}" if explained else status
        states = [text.partition(":")[0] for text in shown.values()]
        status = next((one for one in ("down", "up") if one in states), "idle")
        return {"status": status, **shown}

    def close(self) -> None:
        """Stop listening, and let everyone who waits go."""
        self._is_closed = True
        with self._lock:
            listeners = list(self._listeners.values())
        for listener in listeners:
            listener.wake()
        self.unfollow()
        self._queries.shutdown(wait=False, cancel_futures=True)
        self._bars.close()

    def _of(self, kind: str) -> tuple[AlpacaMarketStream | None, Hearing]:
        with self._lock:
            if kind not in self._listeners:
                hearing = Hearing(self._clock, lambda: self._fill_gap(kind))
                self._listeners[kind] = hearing
                self._streams[kind] = self._open_stream(kind, hearing)
            return self._streams[kind], self._listeners[kind]

    def _closed_minutes(
        self, kind: str, symbols: Sequence[str], timeframe: Timeframe, opened_at: int, deadline: float
    ) -> Mapping[str, FeedBar]:
        """Return bars of a minute or longer; where a minute may be missing they are made of what a query has."""
        stream, hearing = self._of(kind)
        spans = {symbol: self._span(symbol, timeframe, opened_at) for symbol in symbols}
        whole: set[str] = set()

        def lacking() -> dict[str, Span]:
            return {symbol: span for symbol, span in spans.items() if not hearing.has(symbol, span, symbol in whole)}

        def is_told() -> bool:
            return self._is_closed or all(hearing.has_last(symbol, span) for symbol, span in spans.items())

        if stream is not None and stream.state[0] == "up":
            hearing.wait(is_told, monotonic() + (deadline - monotonic()) * PART_OF_STREAM)
        while (missing := lacking()) and not self._is_closed and (left := deadline - monotonic()) > SHORTEST_QUESTION:
            if self._query(kind, missing, left):
                whole |= set(missing)
                self._count_missed(kind, missing)
            hearing.wait(lambda: self._is_closed or not lacking(), min(monotonic() + ASK_EVERY, deadline))
        found = {}
        for symbol, span in spans.items():
            bar = self._made(hearing, symbol, timeframe, opened_at, span, symbol in whole)
            if bar is not None:
                found[symbol] = bar
        return found

    def _made(
        self, hearing: Hearing, symbol: str, timeframe: Timeframe, opened_at: int, span: Span, is_whole: bool
    ) -> FeedBar | None:
        if timeframe == MINUTE:
            minutes = hearing.handed_out(symbol, span)
            return minutes[0] if minutes else None
        if not hearing.is_covered(symbol, span, is_whole):
            _log.warning("a bar is left out: not all of its minutes are known", symbol=symbol, timeframe=timeframe.name)
            return None
        minutes = hearing.handed_out(symbol, span)
        sessions = self._bars.sessions(symbol, opened_at) if timeframe == DAILY else None
        return drawn_together(minutes, timeframe, opened_at, sessions)

    def _span(self, symbol: str, timeframe: Timeframe, opened_at: int) -> Span:
        sessions = self._bars.sessions(symbol, opened_at) if timeframe == DAILY else None
        if sessions is None:
            return Span(opened_at, opened_at + timeframe.microseconds - MINUTE.microseconds)
        close = sessions.close_after(opened_at)
        opened = int(sessions.opens[np.searchsorted(sessions.closes, opened_at, side="right")])
        return Span(opened, close - MINUTE.microseconds)

    def _closed_seconds(
        self, kind: str, symbols: Sequence[str], timeframe: Timeframe, opened_at: int, deadline: float
    ) -> Mapping[str, FeedBar]:
        _, hearing = self._of(kind)
        end = opened_at + timeframe.microseconds
        settled = min(monotonic() + SETTLING_SECONDS, deadline)
        hearing.wait(lambda: self._is_closed or hearing.is_past(symbols, end), settled)
        return hearing.second_bars(symbols, opened_at, timeframe)

    def _query(self, kind: str, spans: Mapping[str, Span], within: float) -> bool:
        """Ask Alpaca for minutes; return whether it has answered."""
        try:
            bars = self._bars.minutes({symbol: (span.first, span.last) for symbol, span in spans.items()}, within)
        except (ExchangeUnavailable, CredentialsRefused) as error:
            _log.warning("bars cannot be queried", kind=kind, reason=error.message)
            with self._lock:
                self._trouble[kind] = error.message
            return False
        with self._lock:
            self._trouble.pop(kind, None)
        self._of(kind)[1].take(bars)
        return True

    def _count_missed(self, kind: str, spans: Mapping[str, Span]) -> None:
        """Tell the stream of bars that a query has and it should have told of."""
        stream, hearing = self._of(kind)
        if stream is not None and any(hearing.was_missed(symbol, span) for symbol, span in spans.items()):
            stream.missed()

    def _fill_gap(self, kind: str) -> None:
        """Ask for what was not heard before the stream came back, in a thread of its own."""
        if not self._is_closed:
            self._queries.submit(self._ask_for_gap, kind)

    def _ask_for_gap(self, kind: str) -> None:
        hearing = self._of(kind)[1]
        now = to_microseconds(self._clock.now())
        spans = {symbol: Span(newest, max(now, newest)) for symbol, newest in hearing.newest().items()}
        if spans:
            self._query(kind, spans, GAP_SECONDS)


def kind_of(symbol: str) -> str:
    """Return which of Alpaca's two markets a symbol belongs to."""
    return CRYPTO if is_always_open(symbol) else SHARES

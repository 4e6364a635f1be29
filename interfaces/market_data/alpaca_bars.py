"""Bars of Alpaca by query: page by page, complete ones only, of crypto without keys and of shares with them."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic

import numpy as np
import structlog

from application.clock import Clock
from application.exchange import FeedBar
from application.ports import SessionCalendar
from domain.aggregation import DAILY, aggregate, bar_closes
from domain.errors import CredentialsRefused, ExchangeUnavailable
from domain.market import Bars, Timeframe, from_microseconds, to_microseconds
from domain.sessions import Sessions, is_always_open
from interfaces.alpaca_wire.http import AlpacaHttp
from interfaces.market_data.alpaca_minutes import MINUTE, columns
from interfaces.market_data.alpaca_second_bars import SECOND, SecondBars

CRYPTO, SHARES = "/crypto/us", "/stocks"
ROWS_A_PAGE = 10_000
HOUR = Timeframe.parse("1h")
FOUR_HOURS = Timeframe.parse("4h")
NAMES = {"1m": "1Min", "5m": "5Min", "15m": "15Min", "30m": "30Min", "1h": "1Hour", "4h": "4Hour", "1d": "1Day"}
# What shares are asked for with: the free feed, and prices as they were traded.
OF_SHARES = {"feed": "iex", "adjustment": "raw"}

_log = structlog.get_logger("alpaca")


class AlpacaBars:
    """Alpaca's bars and trades of the past; safe to be used by several threads.

    crypto, shares: its two data interfaces; no shares without keys. Everything that asks raises ExchangeUnavailable,
    or CredentialsRefused for keys that are missing or not accepted.
    """

    def __init__(self, crypto: AlpacaHttp, shares: AlpacaHttp | None, clock: Clock, calendar: SessionCalendar) -> None:
        self._crypto = crypto
        self._shares = shares
        self._clock = clock
        self._calendar = calendar

    def history(self, symbol: str, timeframe: Timeframe, start: datetime, end: datetime) -> Bars:
        """Return the bars that open in [start, end) and are over, possibly none."""
        return joined(symbol, timeframe, list(self.pages(symbol, timeframe, start, end)))

    def pages(
        self, symbol: str, timeframe: Timeframe, start: datetime, end: datetime, *, newest_first: bool = False
    ) -> Iterator[Bars]:
        """Yield the same page by page; the bars of a page are oldest first, whichever page comes first."""
        if timeframe.seconds < MINUTE.seconds:
            yield self._of_trades(symbol, timeframe, start, end)
            return
        asked, first, last = _asked(symbol, timeframe, start, end)
        pages = self._rows("bars", symbol, first, last, {"timeframe": NAMES[asked.name]}, newest_first)
        if asked != timeframe:
            # a bar may lie on two pages
            pages = iter([[row for page in pages for row in page]])
        for rows in pages:
            bars = _columns(symbol, asked, rows[::-1] if newest_first else rows)
            bars = self._labelled(aggregate(bars, timeframe).bars)
            yield self._over(bars).between(start, end)

    def minutes(self, spans: Mapping[str, tuple[int, int]], within: float | None = None) -> list[FeedBar]:
        """Return one-minute bars of several symbols of one kind, each from its first to its last opening time.

        Times are microseconds since 1970 UTC, both included. within: seconds it may take.
        """
        symbols = sorted(spans)
        first = from_microseconds(min(first for first, _ in spans.values()))
        last = from_microseconds(max(last for _, last in spans.values()))
        query = {"timeframe": NAMES["1m"]}
        found: list[FeedBar] = []
        for page in self._pages("bars", symbols, first, last, query, within):
            for symbol, rows in page.items():
                bars = [bar_from(symbol, row) for row in rows]
                found += [
                    bar for bar in bars if is_sound(bar) and spans[symbol][0] <= bar.opened_at <= spans[symbol][1]
                ]
        return found

    def is_known(self, symbol: str) -> bool:
        """Return whether Alpaca has any bar of a symbol: of one it does not know it answers with nothing."""
        path = "/latest/bars" if is_always_open(symbol) else "/bars/latest"
        answer = self._ask(symbol, path, {"symbols": symbol})
        return isinstance(answer, dict) and isinstance(answer.get("bars"), dict) and symbol in answer["bars"]

    def close(self) -> None:
        """Close every connection."""
        self._crypto.close()
        if self._shares is not None:
            self._shares.close()

    def sessions(self, symbol: str, opened_at: int) -> Sessions | None:
        """Return the sessions of a symbol around a moment, None for a pair; see SessionCalendar."""
        moment = from_microseconds(opened_at)
        return self._calendar.sessions(symbol, moment, moment)

    def _labelled(self, bars: Bars) -> Bars:
        """Return the bars with the labels Weaver gives them: days of shares begin with their session."""
        if bars.timeframe != DAILY or is_always_open(bars.symbol) or not len(bars):
            return bars
        sessions = self._calendar.sessions(bars.symbol, bars.start_time, bars.end_time)
        assert sessions is not None, "shares have sessions"
        opens = sessions.opens[np.searchsorted(sessions.closes, bars.time, side="right")]
        return Bars(bars.symbol, DAILY, opens, bars.open, bars.high, bars.low, bars.close, bars.volume)

    def _over(self, bars: Bars) -> Bars:
        """Return the bars without the one that is still being formed, which Alpaca shows from an hour up."""
        if bars.timeframe.seconds < HOUR.seconds or not len(bars):
            return bars
        sessions = self._calendar.sessions(bars.symbol, bars.start_time, bars.end_time)
        closes = bar_closes(bars, sessions)
        over = int(np.searchsorted(closes, to_microseconds(self._clock.now()), side="right"))
        return bars if over == len(bars) else bars.between(None, from_microseconds(int(bars.time[over])))

    def _of_trades(self, symbol: str, timeframe: Timeframe, start: datetime, end: datetime) -> Bars:
        made = SecondBars(kept=sys.maxsize)
        opens = set[int]()
        for rows in self._rows("trades", symbol, start, end, {}):
            for row in rows:
                at, price, size = trade_from(row)
                made.add(symbol, at, price, size)
                opens.add(at - at % timeframe.microseconds)
        bars = [made.bar(symbol, at, timeframe.microseconds // SECOND) for at in sorted(opens)]
        found = columns(symbol, timeframe, [bar for bar in bars if bar is not None])
        return found.between(start, min(end, self._clock.now() - timeframe.duration + timedelta(microseconds=1)))

    def _rows(
        self,
        kind: str,
        symbol: str,
        start: datetime,
        end: datetime,
        query: Mapping[str, str],
        newest_first: bool = False,
    ) -> Iterator[list[object]]:
        """Yield the rows of one symbol in [start, end), page by page."""
        sort = {"sort": "desc"} if newest_first else {}
        for page in self._pages(kind, [symbol], start, end - timedelta(microseconds=1), {**query, **sort}):
            yield page.get(symbol, [])

    def _pages(
        self,
        kind: str,
        symbols: Sequence[str],
        first: datetime,
        last: datetime,
        query: Mapping[str, str],
        within: float | None = None,
    ) -> Iterator[Mapping[str, list[object]]]:
        """Yield the rows in [first, last] by symbol. Pages may be shorter than asked for: no token means no more."""
        span = {"start": _moment(first), "end": _moment(last)}
        params = {"symbols": ",".join(symbols), "limit": str(ROWS_A_PAGE), **span, **query}
        deadline = None if within is None else monotonic() + within
        while True:
            left = None if deadline is None else max(deadline - monotonic(), 0.0)
            answer = self._ask(symbols[0], f"/{kind}", params, left)
            rows = answer.get(kind) if isinstance(answer, dict) else None
            if not isinstance(answer, dict) or not isinstance(rows, dict | None):
                raise ExchangeUnavailable(f"Alpaca's {kind} of {', '.join(symbols)} cannot be read")
            yield rows or {}
            token = answer.get("next_page_token")
            if not isinstance(token, str) or not token or token == params.get("page_token"):
                return
            params["page_token"] = token

    def _ask(self, symbol: str, path: str, params: Mapping[str, str], within: float | None = None) -> object:
        if is_always_open(symbol):
            return self._crypto.ask(f"{CRYPTO}{path}", params, within=within)
        if self._shares is None:
            raise CredentialsRefused(
                f"Alpaca has data of shares such as {symbol} for accounts only: set WEAVER_ALPACA_PAPER_KEY_ID and "
                "WEAVER_ALPACA_PAPER_SECRET_KEY"
            )
        feed = {"feed": OF_SHARES["feed"]} if "timeframe" not in params else OF_SHARES
        return self._shares.ask(f"{SHARES}{path}", {**params, **feed}, within=within)


def _asked(symbol: str, timeframe: Timeframe, start: datetime, end: datetime) -> tuple[Timeframe, datetime, datetime]:
    """Return the timeframe to ask Alpaca for, and between which times, for bars that open in [start, end)."""
    if not is_always_open(symbol) and timeframe == FOUR_HOURS:
        # those of Alpaca begin at midnight in New York, Weaver's at midnight UTC
        begin = from_microseconds(to_microseconds(start) // timeframe.microseconds * timeframe.microseconds)
        return HOUR, begin, end + timeframe.duration
    if not is_always_open(symbol) and timeframe == DAILY:
        # labelled midnight in New York there, the session's open here
        return DAILY, start - timeframe.duration, end
    return timeframe, start, end


def joined(symbol: str, timeframe: Timeframe, pages: Sequence[Bars]) -> Bars:
    """Return the bars of pages that follow each other as one."""
    if not pages:
        return columns(symbol, timeframe, [])
    names = ("time", "open", "high", "low", "close", "volume")
    return Bars(symbol, timeframe, *(np.concatenate([getattr(page, name) for page in pages]) for name in names))


def bar_from(symbol: str, row: object) -> FeedBar:
    """Return a bar as Alpaca writes it; raise ExchangeUnavailable if it cannot be read."""
    try:
        assert isinstance(row, dict)
        count = row.get("n")
        return FeedBar(
            symbol,
            _microseconds(row["t"]),
            float(row["o"]),
            float(row["h"]),
            float(row["l"]),
            float(row["c"]),
            float(row["v"]),
            None if count is None else int(count),
        )
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise ExchangeUnavailable(f"a bar of {symbol} cannot be read: {error!r}") from None


def trade_from(row: object) -> tuple[int, float, float]:
    """Return time (microseconds since 1970), price and size of a trade; raise ExchangeUnavailable."""
    try:
        assert isinstance(row, dict)
        at, price, size = _microseconds(row["t"]), float(row["p"]), float(row["s"])
        assert price > 0
        return at, price, size
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise ExchangeUnavailable(f"a trade cannot be read: {error!r}") from None


def is_sound(bar: FeedBar) -> bool:
    """Return whether a bar can be: prices above zero and finite, high the highest, low the lowest of the four."""
    highest, lowest = max(bar.open, bar.close), min(bar.open, bar.close)
    return 0 < bar.low <= lowest <= highest <= bar.high < float("inf") and 0 <= bar.volume < float("inf")


def _columns(symbol: str, timeframe: Timeframe, rows: Sequence[object]) -> Bars:
    """Return rows as columns, without those that cannot be and without repetitions."""
    kept: list[FeedBar] = []
    for row in rows:
        bar = bar_from(symbol, row)
        if is_sound(bar) and (not kept or bar.opened_at > kept[-1].opened_at):
            kept.append(bar)
    if len(kept) < len(rows):
        _log.warning("bars of Alpaca are left out: they cannot be", symbol=symbol, bars=len(rows) - len(kept))
    return columns(symbol, timeframe, kept)


def _microseconds(text: object) -> int:
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is no time")
    return to_microseconds(datetime.fromisoformat(text))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")

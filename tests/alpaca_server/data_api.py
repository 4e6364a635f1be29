"""Alpaca's market data over HTTP, of crypto and of shares: the past in pages, and the latest of each kind."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from tests.alpaca_server import market_data
from tests.alpaca_server.answers import endpoint, one_of
from tests.alpaca_server.assets import Asset
from tests.alpaca_server.bars import Timeframe
from tests.alpaca_server.exchange import Exchange
from tests.alpaca_server.refusals import Refused
from tests.alpaca_server.times import DAY, MINUTE, parsed

MOST_ROWS = 10_000
RECENT = 15 * MINUTE
CRYPTO_SYMBOL = r"[A-Z]+x?/[A-Z]+"
PAGED = {"symbols", "start", "end", "limit", "page_token", "sort"}
OF_SHARES = {"feed", "currency", "asof", "adjustment"}

Rows = Callable[[Asset, int, int], list[dict[str, Any]]]


class DataApi:
    """The endpoints of market data, of crypto or of shares."""

    def __init__(self, exchange: Exchange, *, is_crypto: bool) -> None:
        self._exchange = exchange
        self._is_crypto = is_crypto

    def routes(self) -> list[Route]:
        """Return the endpoints: `latest` stands before the kind for crypto, after it for shares."""
        kinds = {"bars": self.latest_bars, "quotes": self.latest_quotes, "trades": self.latest_trades}
        if self._is_crypto:
            prefix = "/v1beta3/crypto/{feed}"
            latest = {f"latest/{kind}": answer for kind, answer in kinds.items()}
            latest["latest/orderbooks"] = self.latest_order_books
        else:
            prefix = "/v2/stocks"
            latest = {f"{kind}/latest": answer for kind, answer in kinds.items()}
        answers = {"bars": self.bars, "trades": self.trades, "snapshots": self.snapshots} | latest
        return [Route(f"{prefix}/{path}", endpoint(answer), methods=["GET"]) for path, answer in answers.items()]

    # The past, in pages

    async def bars(self, request: Request) -> dict[str, Any]:
        given = self._query(request, PAGED | {"timeframe"})
        timeframe = Timeframe.parse(given.get("timeframe", ""))
        market, now = self._exchange.market, self._exchange.clock.now()

        def rows(asset: Asset, start: int, end: int) -> list[dict[str, Any]]:
            return market_data.bars(market, asset, timeframe, start, end, now).rows()

        return self._page("bars", given, rows, timeframe.unit[0])

    async def trades(self, request: Request) -> dict[str, Any]:
        given = self._query(request, PAGED)
        market, now = self._exchange.market, self._exchange.clock.now()

        def rows(asset: Asset, start: int, end: int) -> list[dict[str, Any]]:
            made = market.trades(asset.symbol, start - 1, min(end, now))
            return [market_data.trade(asset, trade) for trade in made]

        return self._page("trades", given, rows, "T")

    def _page(self, kind: str, given: Mapping[str, str], rows: Rows, unit: str) -> dict[str, Any]:
        """Return a page of rows, sorted by symbol and then by time; it may be shorter than asked for."""
        now = self._exchange.clock.now()
        start = _time(given, "start", now // DAY * DAY)
        end = _time(given, "end", now)
        self._check_feed(given, end)
        newest_first = one_of(given, "sort", ("asc", "desc"), "asc") == "desc"
        size = min(_limit(given), self._exchange.conditions.page_rows)
        after_symbol, after = _position(given.get("page_token"))
        found: dict[str, list[dict[str, Any]]] = {}
        last = ("", 0)
        for asset in sorted(self._assets(given), key=lambda one: one.symbol):
            if asset.symbol < after_symbol:
                continue
            chosen = rows(asset, start, end)
            if newest_first:
                chosen.reverse()
            if asset.symbol == after_symbol:
                chosen = [
                    row for row in chosen if (parsed(row["t"]) < after if newest_first else parsed(row["t"]) > after)
                ]
            for row in chosen[: size + 1]:
                if not size:
                    return {kind: found, "next_page_token": _token(*last, unit)}
                found.setdefault(asset.symbol, []).append(row)
                last = (asset.symbol, parsed(row["t"]))
                size -= 1
        return {kind: found, "next_page_token": None}

    # The latest

    async def latest_bars(self, request: Request) -> dict[str, Any]:
        return self._latest(request, "bars", lambda a, now: market_data.latest_bar(self._exchange.market, a, now))

    async def latest_quotes(self, request: Request) -> dict[str, Any]:
        market = self._exchange.market
        return self._latest(request, "quotes", lambda a, now: market_data.quote(a, market.quote(a.symbol, now)))

    async def latest_trades(self, request: Request) -> dict[str, Any]:
        market = self._exchange.market
        return self._latest(request, "trades", lambda a, now: market_data.trade(a, market.last_trade(a.symbol, now)))

    async def latest_order_books(self, request: Request) -> dict[str, Any]:
        market = self._exchange.market
        return self._latest(request, "orderbooks", lambda a, now: market_data.order_book(market.quote(a.symbol, now)))

    async def snapshots(self, request: Request) -> dict[str, Any]:
        market = self._exchange.market
        answer = self._latest(request, "snapshots", lambda a, now: market_data.snapshot(market, a, now))
        return answer if self._is_crypto else answer["snapshots"]

    def _latest(
        self, request: Request, kind: str, one: Callable[[Asset, int], dict[str, Any] | None]
    ) -> dict[str, Any]:
        given = self._query(request, {"symbols"})
        now = self._exchange.clock.now()
        self._check_feed(given, now)
        rows = {asset.symbol: one(asset, now) for asset in self._assets(given)}
        return {kind: {symbol: row for symbol, row in rows.items() if row is not None}}

    # What a query may hold

    def _query(self, request: Request, known: set[str]) -> Mapping[str, str]:
        unknown = request.query_params.keys() - known - (set() if self._is_crypto else OF_SHARES)
        if unknown:
            raise Refused(400, None, f"unexpected query parameter(s): {', '.join(sorted(unknown))}")
        if not request.query_params.get("symbols"):
            raise Refused(400, None, "symbols is required")
        return request.query_params

    def _assets(self, given: Mapping[str, str]) -> list[Asset]:
        """Return the assets asked for; one that is not known is nowhere in the answer."""
        names = [name.strip() for name in given["symbols"].split(",")]
        for name in names if self._is_crypto else []:
            if not re.fullmatch(CRYPTO_SYMBOL, name):
                raise Refused(400, None, f"invalid symbol: {name} does not match ^{CRYPTO_SYMBOL}$")
        known = self._exchange.listing.assets
        return [
            known[name] for name in dict.fromkeys(names) if name in known and known[name].is_crypto == self._is_crypto
        ]

    def _check_feed(self, given: Mapping[str, str], end: int) -> None:
        """Refuse what the free plan does not give: the consolidated tape of the last quarter of an hour."""
        is_recent = end > self._exchange.clock.now() - RECENT
        if not self._is_crypto and given.get("feed", "sip") == "sip" and is_recent:
            raise Refused(403, None, "subscription does not permit querying recent SIP data")


def _time(given: Mapping[str, str], name: str, usual: int) -> int:
    text = given.get(name)
    if not text:
        return usual
    try:
        return parsed(text)
    except ValueError as error:
        raise Refused(400, None, f"invalid {name}: {error}") from error


def _limit(given: Mapping[str, str]) -> int:
    text = given.get("limit") or "1000"
    if not text.isdecimal() or not 1 <= int(text) <= MOST_ROWS:
        raise Refused(400, None, f"invalid limit: {text} is not between 1 and {MOST_ROWS}")
    return int(text)


def _token(symbol: str, at: int, unit: str) -> str:
    """Return the token of the page after a row."""
    return base64.b64encode(f"{symbol}|{unit}|{at}".encode()).decode()


def _position(token: str | None) -> tuple[str, int]:
    """Return the row a token stands for: its symbol and its time."""
    if not token:
        return "", 0
    try:
        symbol, _, at = base64.b64decode(token, validate=True).decode().split("|")
        return symbol, int(at)
    except (ValueError, binascii.Error) as error:
        raise Refused(400, None, "invalid page_token") from error

"""Alpaca's market data streams: `/v1beta3/crypto/{feed}` and `/v2/{feed}`, in JSON or in MessagePack."""

import asyncio
from collections.abc import Iterable
from typing import Any

import msgpack  # type: ignore[import-untyped]
from starlette.responses import Response
from starlette.websockets import WebSocket

from tests.alpaca_server import market_data
from tests.alpaca_server.assets import Asset
from tests.alpaca_server.exchange import Exchange
from tests.alpaca_server.facts import BarGiven
from tests.alpaca_server.market import Trade
from tests.alpaca_server.streams import Connection, Stream, as_text, encoder
from tests.alpaca_server.times import DAY, MINUTE, parsed

CHANNELS = ("trades", "quotes", "orderbooks", "bars", "updatedBars", "dailyBars")
CHANNELS_OF_SHARES = (*CHANNELS, "statuses", "lulds", "corrections", "cancelErrors")
ERRORS = {
    400: "invalid syntax",
    401: "not authenticated",
    402: "auth failed",
    403: "already authenticated",
    404: "auth timeout",
    405: "symbol limit exceeded",
    406: "connection limit exceeded",
    407: "slow client",
    409: "insufficient subscription",
    500: "internal error",
}
LOGIN_SECONDS = 10.0
STEP = 0.05


class DataConnection(Connection):
    """A client of market data: whose account it uses, and what it has asked for."""

    key_id: str | None = None

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.asked: dict[str, set[str]] = {channel: set() for channel in CHANNELS_OF_SHARES}

    def wants(self, channel: str, symbol: str) -> bool:
        """Say whether a symbol, or all of them, was asked for."""
        return not self.asked[channel].isdisjoint((symbol, "*"))

    def refuse(self, code: int) -> None:
        """Say what is wrong."""
        self.say([{"T": "error", "code": code, "msg": ERRORS[code]}])


class DataStream(Stream[DataConnection]):
    """The stream of crypto or of shares."""

    def __init__(self, exchange: Exchange, *, is_crypto: bool) -> None:
        super().__init__(exchange, "data", "crypto" if is_crypto else "stocks")
        self._is_crypto = is_crypto
        self._channels = CHANNELS if is_crypto else CHANNELS_OF_SHARES
        self._told_until = exchange.clock.now()
        exchange.trade_listeners.append(self._take_given)
        exchange.clock_listeners.append(self._follow_clock)

    # Clients

    async def serve(self, websocket: WebSocket) -> None:
        """Serve a client from its handshake on."""
        if refusal := self.struck("refuse_handshake"):
            await websocket.send_denial_response(Response("too many connections", refusal.status))
            return
        await websocket.accept()
        encode = encoder(websocket, as_text)
        connection = DataConnection(websocket, encode, self.environment, self.name, self.exchange)
        connection.say([{"T": "success", "msg": "connected"}])
        async with self.place(connection):
            if await self._log_in(connection, websocket.path_params["feed"]):
                await self._converse(connection)
            await connection.say_the_rest()

    async def _log_in(self, connection: DataConnection, feed: str) -> bool:
        """Hear who a client is; False when it has to go."""
        try:
            async with asyncio.timeout(LOGIN_SECONDS):
                message = await connection.received()
        except TimeoutError:
            connection.refuse(404)
            return False
        if not isinstance(message, dict) or message.get("action") != "auth":
            connection.refuse(401 if isinstance(message, dict) else 400)
            return False
        pair = (message.get("key"), message.get("secret"))
        venues = self.exchange.venues.values()
        known = next((venue.key_id for venue in venues if (venue.key_id, venue.secret_key) == pair), None)
        if known is None or self.struck("refuse_login"):
            connection.refuse(402)
            return False
        if any(other.key_id == known for other in self.connections) or self.kept:
            connection.refuse(406)
            return False
        if feed == "sip":
            connection.refuse(409)
            return False
        connection.key_id = known
        connection.say([{"T": "success", "msg": "authenticated"}])
        return True

    async def _converse(self, connection: DataConnection) -> None:
        while True:
            message = await connection.received()
            action = message.get("action") if isinstance(message, dict) else None
            if action == "auth":
                connection.refuse(403)
            elif action in ("subscribe", "unsubscribe"):
                self._subscribe(connection, message, adds=action == "subscribe")
            else:
                connection.refuse(400)

    def _subscribe(self, connection: DataConnection, message: dict[str, Any], *, adds: bool) -> None:
        named = {channel: message[channel] for channel in self._channels if message.get(channel)}
        if not all(isinstance(symbols, list) for symbols in named.values()):
            connection.refuse(400)
            return
        changes = {channel: {str(symbol) for symbol in symbols} for channel, symbols in named.items()}
        after = {
            channel: symbols | changes.get(channel, set()) if adds else symbols - changes.get(channel, set())
            for channel, symbols in connection.asked.items()
        }
        if any(len(symbols) > self.exchange.conditions.symbol_limit for symbols in after.values()):
            connection.refuse(405)
            return
        if not self._is_crypto:
            after["corrections"] = after["cancelErrors"] = after["trades"]
        connection.asked = after
        connection.listens = any(after.values())
        listed = {channel: sorted(after[channel]) for channel in self._channels}
        connection.say([{"T": "subscription"} | listed])

    # The market

    async def run(self) -> None:
        """Tell what the market does for as long as the exchange is open."""
        while True:
            await asyncio.sleep(STEP)
            until, since = self.exchange.clock.now(), self._told_until
            self._told_until = until
            if until <= since or not any(connection.listens for connection in self.connections):
                continue
            for asset in self._asked_for():
                self._tell_trades(asset, self.exchange.market.trades(asset.symbol, max(since, until - DAY), until))
                self._tell_minutes(asset, since, until)

    def _follow_clock(self) -> None:
        """Begin to tell from where a clock was set back to; what it is set forward over is told."""
        self._told_until = min(self._told_until, self.exchange.clock.now())

    def _asked_for(self) -> Iterable[Asset]:
        for asset in self.exchange.listing.assets.values():
            of_this_kind = asset.is_crypto == self._is_crypto
            if of_this_kind and any(one.wants(name, asset.symbol) for one in self.connections for name in CHANNELS):
                yield asset

    def _take_given(self, trades: list[Trade], bar: BarGiven | None) -> None:
        """Tell prices given by hand at once, those of the past: what is of now, the market will tell."""
        asset = self.exchange.listing.assets[trades[0].symbol]
        if asset.is_crypto != self._is_crypto:
            return
        self._tell_trades(asset, [trade for trade in trades if trade.at <= self._told_until])
        if bar is None or bar.at % MINUTE or bar.seconds != MINUTE // 1_000_000_000:
            return
        was_told = bar.at + MINUTE <= self._told_until
        for row in self.exchange.market.minutes(asset.symbol, bar.at, bar.at).rows():
            if was_told:
                self._tell("bars", "b", asset.symbol, row)
                self._tell("updatedBars", "u", asset.symbol, row)

    def _tell_trades(self, asset: Asset, trades: list[Trade]) -> None:
        for trade in trades:
            quote = self.exchange.market.quote_around(trade)
            self._tell("quotes", "q", asset.symbol, market_data.quote(asset, quote))
            self._tell("orderbooks", "o", asset.symbol, market_data.order_book(quote))
            self._tell("trades", "t", asset.symbol, market_data.trade(asset, trade))

    def _tell_minutes(self, asset: Asset, since: int, until: int) -> None:
        """Tell the minutes that ended after `since` and not after `until`."""
        first, last = since // MINUTE * MINUTE, until // MINUTE * MINUTE - MINUTE
        if last < first:
            return
        for row in self.exchange.market.minutes(asset.symbol, first, last).rows():
            self._tell("bars", "b", asset.symbol, row)
        if not any(connection.wants("dailyBars", asset.symbol) for connection in self.connections):
            return
        day = market_data.bars(self.exchange.market, asset, market_data.DAYS, until - DAY, until, until)
        for row in day.where(slice(-1, None)).rows():
            self._tell("dailyBars", "d", asset.symbol, row)

    def _tell(self, channel: str, kind: str, symbol: str, row: dict[str, Any]) -> None:
        for connection in self.connections:
            if connection.wants(channel, symbol):
                message = {"T": kind, "S": symbol} | row
                message["t"] = msgpack.Timestamp.from_unix_nano(parsed(row["t"]))
                connection.tell([message], kind, symbol)

"""Alpaca's stream of bars and trades, of crypto or of shares: logged in, subscribed, watched, opened again."""

import threading
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Protocol

import msgspec
import structlog
from websockets.sync.client import ClientConnection

from application.exchange import FeedBar
from domain.errors import ExchangeUnavailable
from interfaces.alpaca_wire.http import refused_keys
from interfaces.alpaca_wire.keys import AlpacaKeys
from interfaces.alpaca_wire.socket import (
    BUSY,
    KeptSocket,
    LoginRefused,
    SocketBusy,
    SocketLost,
    decoded,
    send_json,
)
from interfaces.market_data.alpaca_bars import bar_from, is_sound, trade_from

GREETING_SECONDS = 10.0
# What the free plan allows; bars of further symbols are queried.
MOST_SYMBOLS = 30
# Alpaca's numbers of what is wrong with a login.
NOT_AUTHENTICATED, KEYS_REFUSED, CONNECTION_LIMIT, NO_SUBSCRIPTION = 401, 402, 406, 409
# Bars in a row that a query has and the stream has not told of: it says nothing although it is open.
MISSED_UNTIL_MUTE = 3

_log = structlog.get_logger("alpaca")


class MarketListener(Protocol):
    """Who hears the market. Called from the stream's thread; must return at once."""

    def bar(self, bar: FeedBar) -> None:
        """A minute is over, or one that was is told again with other values."""
        ...

    def trade(self, symbol: str, at: int, price: float, size: float) -> None:
        """Somebody traded; at: microseconds since 1970 UTC."""
        ...

    def subscribed(self, bars: frozenset[str], trades: frozenset[str]) -> None:
        """From now on these are told of."""
        ...

    def silent(self) -> None:
        """Nothing is told any more until the next `subscribed`."""
        ...


class AlpacaMarketStream:
    """One connection to Alpaca's market data.

    kind: `crypto` or `shares`, environment: whose keys these are, both for messages.
    """

    def __init__(self, kind: str, url: str, keys: AlpacaKeys, environment: str, listener: MarketListener) -> None:
        self._kind = kind
        self._keys = keys
        self._environment = environment
        self._listener = listener
        self._socket = KeptSocket(f"alpaca {kind} bars", url, self)
        self._lock = threading.Lock()
        self._bars: dict[str, None] = {}
        self._trades: dict[str, None] = {}
        self._is_started = False
        self._missed = 0
        self._state = "idle"
        self._explained = ""

    @property
    def state(self) -> tuple[str, str]:
        """How it is: `idle`, `up` or `down`, and why."""
        return self._state, self._explained

    def want(self, bars: Iterable[str], trades: Iterable[str]) -> None:
        """Listen to the one-minute bars and the trades of these symbols as well; the first call connects."""
        with self._lock:
            known = len(self._bars), len(self._trades)
            self._bars |= dict.fromkeys(bars)
            self._trades |= dict.fromkeys(trades)
            if (len(self._bars), len(self._trades)) == known:
                return
            is_started, self._is_started = self._is_started, True
        if is_started:
            self._socket.send(self._subscription())
        else:
            self._socket.start()

    def missed(self) -> None:
        """Take note that a bar was there for a query, and was not told of."""
        with self._lock:
            self._missed += 1

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def greet(self, socket: ClientConnection) -> None:
        """Log in and subscribe; raise LoginRefused, SocketBusy or SocketLost."""
        self._await(socket, lambda one: one.get("T") == "success")
        send_json(socket, {"action": "auth", "key": self._keys.key_id, "secret": self._keys.secret})
        self._await(socket, lambda one: one.get("T") == "success")
        send_json(socket, self._subscription())

    def opened(self) -> None:
        """Take note that the login succeeded; what is subscribed comes as a message."""
        with self._lock:
            self._missed = 0
        self._state, self._explained = "up", ""

    def heard(self, frame: str | bytes) -> None:
        """Tell of the bars and trades of a frame; what cannot be read is logged, and the rest told."""
        try:
            messages = decoded(frame)
        except msgspec.DecodeError as error:
            _log.warning("a frame of market data cannot be read", stream=self._kind, reason=str(error))
            return
        for message in messages if isinstance(messages, list) else [messages]:
            try:
                self._take(message if isinstance(message, dict) else {})
            except ExchangeUnavailable as error:
                _log.warning("a message of market data cannot be read", stream=self._kind, reason=str(error))

    def deafness(self) -> str | None:
        """Return that queries have bars which were not told of."""
        with self._lock:
            is_mute = self._missed >= MISSED_UNTIL_MUTE
        return f"{MISSED_UNTIL_MUTE} bars in a row were not told of" if is_mute else None

    def lost(self, reason: str) -> None:
        """Take note that nothing is heard."""
        self._state, self._explained = "down", reason
        self._listener.silent()

    def _take(self, message: dict[str, object]) -> None:
        kind, symbol = message.get("T"), message.get("S")
        if kind in ("b", "u") and isinstance(symbol, str):
            bar = bar_from(symbol, message)
            with self._lock:
                self._missed = 0
            if is_sound(bar):
                self._listener.bar(bar)
            else:
                _log.warning("a bar is left out: it cannot be", symbol=symbol, bar=message)
        elif kind == "t" and isinstance(symbol, str):
            self._listener.trade(symbol, *trade_from(message))
        elif kind == "subscription":
            self._listener.subscribed(_names(message.get("bars")), _names(message.get("trades")))
        elif kind == "error":
            # a subscription that is refused: the bars are queried instead
            self._explained = f"Alpaca: {message.get('msg')} ({message.get('code')})"
            _log.warning("market data refused", stream=self._kind, code=message.get("code"), reason=message.get("msg"))

    def _subscription(self) -> dict[str, object]:
        with self._lock:
            bars, trades = list(self._bars)[:MOST_SYMBOLS], list(self._trades)[:MOST_SYMBOLS]
        return {"action": "subscribe", "bars": bars, "updatedBars": bars, "trades": trades}

    def _await(self, socket: ClientConnection, is_meant: Callable[[dict[str, object]], bool]) -> None:
        """Wait for a message; raise for an error that comes instead, and when nothing comes."""
        deadline = monotonic() + GREETING_SECONDS
        while (left := deadline - monotonic()) > 0:
            try:
                messages = decoded(socket.recv(timeout=left))
            except msgspec.DecodeError as error:
                raise SocketLost(f"the answer to the login cannot be read: {error}") from None
            for one in messages if isinstance(messages, list) else [messages]:
                if isinstance(one, dict) and one.get("T") == "error":
                    raise self._refusal(one.get("code"), one.get("msg"))
                if isinstance(one, dict) and is_meant(one):
                    return
        raise SocketLost(f"no answer to the login within {GREETING_SECONDS:g} s")

    def _refusal(self, code: object, said: object) -> Exception:
        if code in (NOT_AUTHENTICATED, KEYS_REFUSED):
            return LoginRefused(refused_keys(self._environment, None))
        if code == NO_SUBSCRIPTION:
            return LoginRefused(f"the account has no subscription to these data of {self._kind}: {said}")
        if code == CONNECTION_LIMIT:
            return SocketBusy(BUSY)
        return SocketLost(f"Alpaca: {said} ({code})")


def _names(given: object) -> frozenset[str]:
    return frozenset(one for one in given if isinstance(one, str)) if isinstance(given, list) else frozenset()

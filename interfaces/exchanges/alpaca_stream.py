"""The stream of an account's order updates, `trade_updates`: logged in, listened to, watched, opened again."""

import threading
from collections.abc import Callable
from time import monotonic

import msgspec
import structlog
from websockets.sync.client import ClientConnection

from application.exchange import ExchangeListener
from interfaces.alpaca_wire.http import refused_keys
from interfaces.alpaca_wire.keys import AlpacaKeys
from interfaces.alpaca_wire.socket import KeptSocket, LoginRefused, SocketLost, decoded, send_json
from interfaces.exchanges.alpaca_translation import NotUnderstood, SymbolOf, update_from

TRADE_UPDATES = "trade_updates"
GREETING_SECONDS = 10.0
# Messages about an order come within milliseconds: a stream that is silent for so long after one is mute.
MESSAGE_WITHIN = 10.0
MAX_RAW = 10_000

_log = structlog.get_logger("alpaca")


class AlpacaOrderStream:
    """Tells a listener of every change of an order of the account; nothing but `close` ends it.

    mode: `paper` or `live`, for messages.
    """

    def __init__(
        self, mode: str, url: str, keys: AlpacaKeys, symbol_of: SymbolOf, clock: Callable[[], float] = monotonic
    ) -> None:
        self._mode = mode
        self._keys = keys
        self._symbol_of = symbol_of
        self._clock = clock
        self._socket = KeptSocket(f"alpaca {mode} orders", url, self)
        self._listener: ExchangeListener | None = None
        self._lock = threading.Lock()
        self._heard_at = clock()
        self._expected_by: float | None = None
        self._told: str | None = None

    def follow(self, listener: ExchangeListener) -> None:
        """Open the stream in a thread of its own and keep it open until `close`; to be called once."""
        assert self._listener is None, "the stream has a listener already"
        self._listener = listener
        self._socket.start()

    def expect_message(self, since: float) -> None:
        """Take note that a message is due since a moment of the monotonic clock: its absence shows a mute stream."""
        with self._lock:
            if self._expected_by is None and self._heard_at < since:
                self._expected_by = self._clock() + MESSAGE_WITHIN

    def close(self) -> None:
        """Close the stream; nothing is told any more."""
        self._socket.close()

    def greet(self, socket: ClientConnection) -> None:
        """Log in and listen; raise LoginRefused or SocketLost."""
        send_json(
            socket,
            {
                "action": "authenticate",
                "data": {"key_id": self._keys.key_id, "secret_key": self._keys.secret},
            },
        )
        login = self._answer(socket, "authorization")
        if login.get("status") != "authorized":
            raise LoginRefused(refused_keys(self._mode, None))
        send_json(socket, {"action": "listen", "data": {"streams": [TRADE_UPDATES]}})
        streams = self._answer(socket, "listening").get("streams")
        if not isinstance(streams, list) or TRADE_UPDATES not in streams:
            raise SocketLost(f"Alpaca does not let the account listen to {TRADE_UPDATES}")

    def opened(self) -> None:
        """Tell that the stream is subscribed."""
        with self._lock:
            self._expected_by = None
        self._told = None
        assert self._listener is not None
        self._listener.stream_opened()

    def heard(self, frame: str | bytes) -> None:
        """Tell of an update; a frame that cannot be read is told as it came."""
        assert self._listener is not None
        try:
            message = decoded(frame)
            if not isinstance(message, dict) or "stream" not in message:
                raise NotUnderstood("it names no stream")
            if message["stream"] != TRADE_UPDATES:
                _log.info("the order stream says", stream=message["stream"], said=message.get("data"))
                return
            with self._lock:
                self._heard_at, self._expected_by = self._clock(), None
            update = update_from(message.get("data"), self._symbol_of)
        except (msgspec.DecodeError, NotUnderstood) as error:
            _log.warning("a message of the order stream cannot be read", reason=str(error))
            self._listener.misunderstood(_raw(frame), str(error))
            return
        try:
            self._listener.updated(update)
        except Exception as error:  # noqa: BLE001 - it is told as misunderstood, so that the orders are queried
            _log.exception("an update was not taken", word=update.event, order=update.order.exchange_order_id)
            self._listener.misunderstood(_raw(frame), f"it was not taken: {type(error).__name__}")

    def deafness(self) -> str | None:
        """Return that a message which is due has not come."""
        with self._lock:
            is_overdue = self._expected_by is not None and self._clock() > self._expected_by
        return f"no message for {MESSAGE_WITHIN:g} s after an order was sent" if is_overdue else None

    def lost(self, reason: str) -> None:
        """Tell that nothing is heard, once for each reason."""
        if reason != self._told:
            self._told = reason
            assert self._listener is not None
            self._listener.stream_closed(reason)

    def _answer(self, socket: ClientConnection, stream: str) -> dict[str, object]:
        """Return the data of the answer of that name; what else comes first was said before anybody listened."""
        deadline = monotonic() + GREETING_SECONDS
        while (left := deadline - monotonic()) > 0:
            try:
                message = decoded(socket.recv(timeout=left))
            except msgspec.DecodeError as error:
                raise SocketLost(f"the answer to the login cannot be read: {error}") from None
            if isinstance(message, dict) and message.get("stream") == stream:
                data = message.get("data")
                return data if isinstance(data, dict) else {}
        raise SocketLost(f"no answer to the login within {GREETING_SECONDS:g} s")


def _raw(frame: str | bytes) -> str:
    text = frame if isinstance(frame, str) else frame.decode("utf-8", "backslashreplace")
    return text[:MAX_RAW]

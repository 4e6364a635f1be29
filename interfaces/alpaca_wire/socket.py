"""A websocket of Alpaca that is opened again whenever it is lost, in a thread of its own."""

import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

import msgspec
import structlog
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from interfaces.alpaca_wire.figures import WIRE

CONNECT_SECONDS = 10.0
# A pong that is missing for five seconds ends the connection: fifteen after the last sign of life.
PING_EVERY, PONG_WITHIN = 10.0, 5.0
CLOSE_SECONDS = 1.0
STOP_PATIENCE = 3.0
# How long the thread may take to notice that it is to end, or that nothing is heard.
LOOK_UP_EVERY = 0.5
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# Alpaca frees the place of a dead connection after some 90 seconds; wrong keys stay wrong until somebody changes them.
BUSY_PAUSES = (5.0, LONGEST_PAUSE)
REFUSED_PAUSES = (30.0, 60.0)
BUSY = "Alpaca allows one connection of an account, and there is another: is Weaver, or anything else, using it?"
# A connection that lasted for less counts as a failure: one that is accepted and dropped, again and again, is a storm.
STEADY_AFTER = 10.0
MAX_MESSAGE = 16 * 2**20
MAX_QUEUE = 1024
TOO_MANY_REQUESTS = 429

_log = structlog.get_logger("alpaca")


class LoginRefused(Exception):
    """The keys are not accepted on this socket; the message is for people."""


class SocketBusy(Exception):
    """Alpaca allows one connection of an account, and there is one already."""


class SocketLost(Exception):
    """The connection is of no use any more; the message says why."""


class Conversation(Protocol):
    """What is said on a socket. Everything is called from the socket's thread; only `greet` may raise, as it says."""

    def greet(self, socket: ClientConnection) -> None:
        """Log in and subscribe; raise LoginRefused, SocketBusy, SocketLost, or what the socket raises."""
        ...

    def opened(self) -> None:
        """Everything that happens from now on is heard."""
        ...

    def heard(self, frame: str | bytes) -> None:
        """A frame came."""
        ...

    def deafness(self) -> str | None:
        """Return why the connection cannot be trusted although it is open, None if it can; asked twice a second."""
        ...

    def lost(self, reason: str) -> None:
        """Nothing is heard until the next `opened`; repeated with each attempt that fails."""
        ...


class KeptSocket:
    """One websocket, kept open from `start` until `close`: lost connections are noticed and replaced.

    Pauses between attempts are random, up to half a second at first, at most half a minute, and long where trying
    again soon cannot help. Nothing that a conversation does ends the thread.
    """

    def __init__(self, name: str, url: str, conversation: Conversation) -> None:
        self._name = name
        self._url = url
        self._conversation = conversation
        self._closing = threading.Event()
        self._socket: ClientConnection | None = None
        self._opened_at: float | None = None
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        WIRE.begun(self._name, self)
        self._thread.start()

    def close(self) -> None:
        """Close the connection and wait for the thread; one that hangs while it connects is left behind."""
        self._closing.set()
        WIRE.closed(self._name, self)
        socket = self._socket
        if socket is not None:
            socket.close()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(STOP_PATIENCE)

    def send(self, message: object) -> bool:
        """Send JSON on the open connection; return whether there was one. What it subscribes to, `greet` repeats."""
        socket = self._socket
        if socket is None:
            return False
        try:
            send_json(socket, message)
        except (WebSocketException, OSError):
            return False
        return True

    def _work(self) -> None:
        failures = 0
        while not self._closing.is_set():
            self._opened_at = None
            try:
                self._converse()
                continue
            except Exception as error:  # noqa: BLE001 - nothing may end the stream; what nobody foresaw is logged in full
                reason, pauses = self._explained(error)
            if self._opened_at is not None and time.monotonic() > self._opened_at + STEADY_AFTER:
                failures = 0
            pause = back_off(failures) if pauses is None else random.uniform(*pauses)
            failures += 1
            if not self._closing.is_set():
                WIRE.failed(self._name)
                _log.warning("a stream is down", stream=self._name, reason=reason, next_attempt_seconds=round(pause, 1))
                self._tell(self._conversation.lost, reason)
                self._closing.wait(pause)

    def _converse(self) -> None:
        """Hold one connection until `close`; raise when it is lost, deaf, or not to be had."""
        with connect(
            self._url,
            open_timeout=CONNECT_SECONDS,
            ping_interval=PING_EVERY,
            ping_timeout=PONG_WITHIN,
            close_timeout=CLOSE_SECONDS,
            max_size=MAX_MESSAGE,
            max_queue=MAX_QUEUE,
        ) as socket:
            self._socket = socket
            try:
                self._conversation.greet(socket)
                self._opened_at = time.monotonic()
                WIRE.opened(self._name)
                self._tell(self._conversation.opened)
                self._listen(socket)
            finally:
                self._socket = None
                WIRE.lost(self._name)

    def _listen(self, socket: ClientConnection) -> None:
        """Pass frames on until `close`; raise when the connection is lost or deaf."""
        while not self._closing.is_set():
            try:
                frame = socket.recv(timeout=LOOK_UP_EVERY)
            except TimeoutError:
                pass
            else:
                WIRE.heard(self._name)
                self._tell(self._conversation.heard, frame)
            deaf = self._conversation.deafness()
            if deaf is not None:
                raise SocketLost(deaf)

    def _explained(self, error: Exception) -> tuple[str, tuple[float, float] | None]:
        """Return why there is no connection, and the bounds of the pause; None where it grows with each failure."""
        match error:
            case LoginRefused():
                return str(error), REFUSED_PAUSES
            case SocketBusy():
                return str(error), BUSY_PAUSES
            case InvalidStatus() if error.response.status_code == TOO_MANY_REQUESTS:
                return f"{BUSY} (429)", BUSY_PAUSES
            case InvalidStatus():
                return f"Alpaca does not open the connection: {error}", None
            case ConnectionClosed():
                return _said_at_the_end(error), None
            case SocketLost() | WebSocketException() | OSError():
                return str(error) or type(error).__name__, None
        _log.error("a stream failed", stream=self._name, exc_info=error)
        return f"a fault of Weaver: {type(error).__name__}", None

    def _tell[*A](self, hear: Callable[[*A], None], *what: *A) -> None:
        try:
            hear(*what)
        except Exception:  # noqa: BLE001 - what one message does to a listener must not cost the others
            _log.exception("a listener of a stream failed", stream=self._name)


def back_off(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: random, so that many clients do not come at once."""
    return random.uniform(0, min(FIRST_PAUSE * 2.0 ** min(failures, 16), LONGEST_PAUSE))


def send_json(socket: ClientConnection, message: object) -> None:
    """Send a message as one text frame."""
    socket.send(msgspec.json.encode(message).decode())


def decoded(frame: str | bytes) -> object:
    """Return what a frame holds: JSON as text or bytes, or MessagePack; raise msgspec.DecodeError."""
    if isinstance(frame, bytes) and frame[:1] not in (b"{", b"["):
        return msgspec.msgpack.decode(frame)
    return msgspec.json.decode(frame)


def _said_at_the_end(closed: ConnectionClosed) -> str:
    if closed.rcvd is None:
        return "the connection is lost" if closed.sent is None else f"no sign of life: {closed.sent.reason}"
    return f"Alpaca has closed the connection ({closed.rcvd.code} {closed.rcvd.reason})".replace(" )", ")")

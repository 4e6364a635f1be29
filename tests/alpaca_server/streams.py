"""What every stream is: one connection a place, a queue of frames to send, and the faults that bend them."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import msgpack  # type: ignore[import-untyped]
import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.alpaca_server.exchange import Exchange
from tests.alpaca_server.faults import Fault
from tests.alpaca_server.hiding import rewritten
from tests.alpaca_server.times import rfc3339

MESSAGE_FAULTS = ("mute", "cut", "duplicate", "reorder", "lose", "delay", "rewrite_message", "malformed")
LONGEST_HOLD = 0.5

Encoder = Callable[[Any], str | bytes]


def encoder(websocket: WebSocket, otherwise: Encoder) -> Encoder:
    """Return how a connection wants its frames: MessagePack if its handshake says so."""
    if websocket.headers.get("content-type") == "application/msgpack":
        return _as_message_pack
    return otherwise


def _as_message_pack(message: Any) -> bytes:
    return bytes(msgpack.packb(message))


def as_text(message: Any) -> str:
    """Return a message as a text frame."""
    return msgspec.json.encode(message, enc_hook=_written).decode()


def as_binary(message: Any) -> bytes:
    """Return a message as a binary frame holding JSON."""
    return msgspec.json.encode(message, enc_hook=_written)


def _written(value: Any) -> Any:
    if isinstance(value, msgpack.Timestamp):
        return rfc3339(value.to_unix_nano())
    raise NotImplementedError(type(value))


class Connection:
    """One client on a stream: what is said to it waits in a queue, so that nothing it does holds up the exchange."""

    def __init__(
        self, websocket: WebSocket, encode: Encoder, environment: str, stream: str, exchange: Exchange
    ) -> None:
        self.environment = environment
        self.stream = stream
        self.is_muted = False
        self.listens = False
        self._websocket = websocket
        self._encode = encode
        self._exchange = exchange
        self._queue: asyncio.Queue[tuple[str | bytes, float]] = asyncio.Queue()
        self._held: str | bytes | None = None

    def say(self, message: Any) -> None:
        """Send a message nobody tampers with."""
        self._put(self._encode(message))

    def tell(self, message: Any, event: str, symbol: str, client_order_id: str = "") -> None:
        """Send a message about the market or an order; the faults set for such a message strike."""
        where = {"event": event, "symbol": symbol, "client_order_id": client_order_id}
        faults = self._exchange.faults.take_stream(MESSAGE_FAULTS, self.environment, self.stream, **where)
        copies, frame, delay, is_held = 1, self._encode(message), 0.0, False
        for fault in faults:
            match fault.kind:
                case "mute":
                    self.mute(answers_pings=False)
                case "cut":
                    self.cut()
                case "lose":
                    copies = 0
                case "duplicate":
                    copies = 2
                case "reorder":
                    is_held = True
                case "delay":
                    delay = fault.seconds
                case "rewrite_message":
                    message = rewritten(message, fault.field, fault.value)
                    frame = self._encode(message)
                case "malformed":
                    frame = frame[: len(frame) // 2]
        if is_held and copies:
            self._hold(frame)
            return
        for _ in range(copies):
            self._put(frame, delay)
        self._release()

    def _hold(self, frame: str | bytes) -> None:
        """Keep a frame until the next one has gone, or for half a second."""
        self._release()
        self._held = frame
        asyncio.get_running_loop().call_later(LONGEST_HOLD, self._release)

    def _release(self) -> None:
        if self._held is not None:
            frame, self._held = self._held, None
            self._put(frame)

    def _put(self, frame: str | bytes, delay: float = 0.0) -> None:
        if not self.is_muted:
            self._queue.put_nowait((frame, delay))

    def mute(self, *, answers_pings: bool) -> None:
        """Stay connected and say nothing more than was said; without answering pings until the connection is reaped."""
        self.is_muted = True
        if not answers_pings:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(self._exchange.conditions.reap_seconds, self._transport.abort)

    def cut(self) -> None:
        """End the connection without a word, and without what was still to be sent."""
        self._transport.abort()

    @property
    def _transport(self) -> asyncio.Transport:
        transport: asyncio.Transport = self._websocket.scope["state"]["transport"]
        return transport

    async def send_queued(self) -> None:
        """Send what is in the queue for as long as the connection lasts."""
        while True:
            frame, delay = await self._queue.get()
            if delay:
                await asyncio.sleep(delay)
            if not self._transport.is_closing():
                await self._send(frame)
            self._queue.task_done()

    async def _send(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            await self._websocket.send_text(frame)
        else:
            await self._websocket.send_bytes(frame)

    async def say_the_rest(self) -> None:
        """Wait until all that was said is sent, before a connection is closed."""
        await self._queue.join()

    async def received(self) -> Any:
        """Return the next message the client sends, decoded; None if it cannot be. WebSocketDisconnect at the end."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        frame = message.get("text") or message.get("bytes") or b""
        try:
            if isinstance(frame, str) or frame[:1] in (b"{", b"["):
                return msgspec.json.decode(frame)
            return msgpack.unpackb(frame)
        except (ValueError, msgpack.exceptions.UnpackException):
            return None


class Stream[Client: Connection]:
    """A stream of one account: how clients come to it and leave it. One connection has the place."""

    def __init__(self, exchange: Exchange, environment: str, name: str) -> None:
        self.exchange = exchange
        self.environment = environment
        self.name = name
        self.connections: list[Client] = []
        self._kept_until: list[float] = []
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    @property
    def listening(self) -> int:
        """How many connections have asked for something."""
        return sum(connection.listens for connection in self.connections)

    @property
    def taken(self) -> int:
        """How many connections have a place, those included that nobody has missed yet."""
        return len(self.connections) + self.kept

    @property
    def kept(self) -> int:
        """How many who have gone still keep a place."""
        now = asyncio.get_running_loop().time()
        return sum(until > now for until in self._kept_until)

    def struck(self, kind: str) -> Fault | None:
        """Return the fault of a kind that strikes a handshake, a login or a departure."""
        return next(iter(self.exchange.faults.take_stream((kind,), self.environment, self.name)), None)

    @contextlib.asynccontextmanager
    async def place(self, connection: Client) -> Any:
        """Give a connection a place while it lasts, and send what is said to it."""
        self.connections.append(connection)
        self._is_empty.clear()
        sending = asyncio.create_task(connection.send_queued())
        try:
            yield
        except WebSocketDisconnect:
            pass
        finally:
            self.connections.remove(connection)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            if not self.connections:
                self._is_empty.set()
            self._linger()

    def _linger(self) -> None:
        if fault := self.struck("linger"):
            seconds = fault.seconds or self.exchange.conditions.reap_seconds
            self._kept_until.append(asyncio.get_running_loop().time() + seconds)

    async def clear(self) -> None:
        """Cut all connections, and free the places that are kept."""
        for connection in self.connections:
            connection.cut()
        await self._is_empty.wait()
        self._kept_until.clear()

"""Server-sent events on the wire: where a client resumes, heartbeats, and clients that stopped reading."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog
from msgspec import json
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from interfaces.web.values import MAX_WHOLE

HEARTBEAT_SECONDS = 15
# A client that takes nothing for so long is dropped.
SEND_SECONDS = 20
# With the transport's own 64 KiB this is all that a client which does not read can hold of the server's memory.
SOCKET_BUFFER_BYTES = 128 * 1024
SHUTDOWN_SECONDS = 2
RETRY_MILLISECONDS = 1_000

_log = structlog.get_logger("web")


def resumed_from(given: str, epoch: str, *, is_id: bool) -> int | str:
    """Return the position that `<epoch>-<position>` means, or why it means none: `epoch` or `malformed`.

    is_id: whether it is what the stream itself gave out; otherwise a bare position will do.
    """
    theirs, dash, digits = given.strip().rpartition("-")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > len(str(MAX_WHOLE)) or (is_id and not dash):
        return "malformed"
    return "epoch" if dash and theirs != epoch else int(digits)


def reset(epoch: str, head: int, reason: str) -> bytes:
    """Return the event that tells a client to load everything again and go on from the head."""
    data = json.encode({"position": head, "reason": reason})
    return b"id: %b-%d\nevent: reset\ndata: %b\n\n" % (epoch.encode(), head, data)


class EventStream(EventSourceResponse):
    """Frames as a stream that beats, ends in good order with the server, and drops a client that does not read."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncGenerator[bytes], first: bytes = b"") -> None:
        super().__init__(
            _opened(frames, first),
            headers={"Cache-Control": "no-cache"},
            ping=HEARTBEAT_SECONDS,
            ping_message_factory=lambda: ServerSentEvent(comment="heartbeat", sep="\n"),
            sep="\n",
            send_timeout=SEND_SECONDS,
            shutdown_grace_period=SHUTDOWN_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream until the client or the server ends it."""
        transport = scope.get("state", {}).get("transport")
        _bound_buffer(transport)
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            _log.info("a client of the event stream stopped reading and was dropped", client=scope.get("client"))
            if transport is not None:
                # A mere close would wait for the client to read what is still buffered.
                transport.abort()
                while (await receive())["type"] != "http.disconnect":
                    pass


async def _opened(frames: AsyncGenerator[bytes], first: bytes) -> AsyncGenerator[bytes]:
    async with aclosing(frames):
        # No blank line after it: parsers that take every block for an event see nothing but events.
        yield b"retry: %d\n%b" % (RETRY_MILLISECONDS, first)
        async for data in frames:
            yield data


def _bound_buffer(transport: asyncio.Transport | None) -> None:
    connection = transport.get_extra_info("socket") if transport is not None else None
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)

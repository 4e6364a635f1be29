"""Server-sent events on the wire: where a client resumes, and what becomes of clients that stopped reading."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import monotonic

import structlog
from msgspec import json
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from interfaces.broadcast import Broadcast
from interfaces.web.values import MAX_WHOLE

# A client that takes nothing for so long is dropped, after so many looks: at most a quarter later.
SEND_SECONDS = 20
LOOKS = 4
# With the transport's own 64 KiB this is all that a client which does not read can hold of the server's memory.
SOCKET_BUFFER_BYTES = 128 * 1024
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
    data = json.encode({"position": head, "reason": reason}).decode()
    return ServerSentEvent(data, event="reset", id=f"{epoch}-{head}", sep="\n").encode()


class EventStream(EventSourceResponse):
    """A client's frames as a stream that ends in good order with the server, and with a client that does not read.

    Frames come whole from the broadcast, heartbeats included. Sending is our own: the library's sets a timer for each
    frame to each client, and would wait in it for a client that does not read. To clients that keep up, frames go past
    the server's own HTTP state, which has nothing to add to them and takes a third of the time.
    """

    def __init__(self, broadcast: Broadcast, frames: AsyncGenerator[bytes], first: bytes = b"") -> None:
        super().__init__(frames, headers={"Cache-Control": "no-cache"}, ping=0, sep="\n")
        self._broadcast = broadcast
        self._frames = frames
        # No blank line after it: parsers that take every block for an event see nothing but events.
        self._first = b"retry: %d\n%b" % (RETRY_MILLISECONDS, first)
        self._sending_since: float | None = None
        self._chunks_to: asyncio.Transport | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream until the client or the server ends it."""
        transport = scope.get("state", {}).get("transport")
        _bound_buffer(transport)
        # What has no length is sent in chunks, and only by this version of HTTP.
        self._chunks_to = transport if scope.get("http_version") == "1.1" else None
        sending, left, stuck = tasks = (
            asyncio.create_task(self._send_all(send)),
            asyncio.create_task(_until_left(receive)),
            asyncio.create_task(self._until_stuck()),
        )
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if stuck.done():
                self._broadcast.clients_dropped += 1
                _log.info("a client of the event stream stopped reading and was dropped", client=scope.get("client"))
                if transport is not None:
                    # A mere close would wait for the client to read what is still buffered.
                    transport.abort()
                    await left
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if not sending.cancelled():
            sending.result()

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._frames) as frames:
            await self._send(send, self._first)
            async for data in frames:
                await self._send(send, data)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send, data: bytes) -> None:
        to = self._chunks_to
        if to is not None and not to.is_closing() and not to.get_write_buffer_size():
            to.write(b"%x\r\n%b\r\n" % (len(data), data))
            return
        self._sending_since = monotonic()
        await send({"type": "http.response.body", "body": data, "more_body": True})
        self._sending_since = None

    async def _until_stuck(self) -> None:
        """Return when the client has taken nothing for too long; seldom looking is cheaper than a timer a frame."""
        while self._sending_since is None or monotonic() < self._sending_since + SEND_SECONDS:  # noqa: ASYNC110
            await asyncio.sleep(SEND_SECONDS / LOOKS)


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _bound_buffer(transport: asyncio.Transport | None) -> None:
    connection = transport.get_extra_info("socket") if transport is not None else None
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)

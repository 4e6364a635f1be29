"""The HTTP server that serves the application, and ends its event streams before it waits for them."""

import asyncio
import socket
from pathlib import Path

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from domain.ids import new_id
from interfaces.composition import Weaver
from interfaces.web.app import create_app
from interfaces.web.edge import CORRELATION_HEADER, SECURITY_HEADERS
from interfaces.web.errors import ErrorAnswers
from interfaces.web.page import BUILT_PAGE

GRACE_SECONDS = 5
MAX_HEAD_BYTES = 64 * 1024
NO_HTTP = f"this is no HTTP request that can be read, or its head is longer than {MAX_HEAD_BYTES // 1024} KiB"

_log = structlog.get_logger("web")


def protocol_answering(answers: ErrorAnswers) -> type[asyncio.Protocol]:
    """Return uvicorn's HTTP protocol, answering what is no HTTP in the one shape; no route ever sees such requests.

    It is the one over h11, also where httptools is installed: that is faster, but bounds no request's head.
    """

    class Protocol(H11Protocol):
        def send_400_response(self, msg: str) -> None:
            correlation_id = str(new_id())
            _log.info("what came is no HTTP request", correlation_id=correlation_id, client=self.client)
            answer = answers.answer(correlation_id, 400, NO_HTTP)
            head = {CORRELATION_HEADER: correlation_id, **SECURITY_HEADERS, "Cache-Control": "no-store"}
            answer.headers.update(head | {"Connection": "close"})
            lines = [b"HTTP/1.1 400 Bad Request", *(name + b": " + value for name, value in answer.raw_headers)]
            self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + bytes(answer.body))
            self.transport.close()

    return Protocol


class WebServer(uvicorn.Server):
    """uvicorn, with what it cannot know: streams never end by themselves."""

    def __init__(self, weaver: Weaver, *, page: Path = BUILT_PAGE) -> None:
        app = create_app(weaver, page=page)
        config = uvicorn.Config(
            app,
            http=protocol_answering(app.state.answers),
            host=weaver.settings.host,
            port=weaver.settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            # Anyone can send X-Forwarded-For: addresses are those of the connections.
            proxy_headers=False,
            ws="none",
            # Without its beginning the application serves no streams: that must not pass in silence.
            lifespan="on",
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)
        self._broadcast = weaver.broadcast

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: end the streams, finish what is being answered, close what is still open after the grace."""
        self._broadcast.close()
        await super().shutdown(sockets)

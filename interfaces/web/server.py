"""The HTTP server that serves the application, and ends its event streams before it waits for them."""

import socket
from pathlib import Path

import uvicorn

from interfaces.composition import Weaver
from interfaces.web.app import create_app
from interfaces.web.page import BUILT_PAGE

GRACE_SECONDS = 5


class WebServer(uvicorn.Server):
    """uvicorn, with what it cannot know: streams never end by themselves."""

    def __init__(self, weaver: Weaver, *, page: Path = BUILT_PAGE) -> None:
        config = uvicorn.Config(
            create_app(weaver, page=page),
            host=weaver.settings.host,
            port=weaver.settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            # Anyone can send X-Forwarded-For: addresses are those of the connections.
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)
        self._broadcast = weaver.broadcast

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: end the streams, finish what is being answered, close what is still open after the grace."""
        self._broadcast.close()
        await super().shutdown(sockets)

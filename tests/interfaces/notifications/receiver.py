"""A program that takes webhooks, and can be told to take them badly."""

import json
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self


class Received(NamedTuple):
    """A request that was taken, and how it was answered."""

    delivery: str
    body: dict[str, Any]
    raw: bytes
    headers: dict[str, str]
    status: int


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that are killed break their connections."""


class Receiver:
    """A server of HTTP on 127.0.0.1; `received` grows in the order of arrival.

    Answers are 200, or those that were put into `statuses`, the next one first; 0 closes the connection without one.
    pause: the seconds each takes.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.statuses: deque[int] = deque()
        self.retry_after: str | None = None
        self.pause = 0.0
        self._drip: float | None = None
        self._open = threading.Event()
        self._open.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver._take(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = _QuietServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    @property
    def taken(self) -> list[Received]:
        """What was answered with success."""
        return [one for one in list(self.received) if one.status == 200]

    def hold(self) -> None:
        """Answer nobody until `release`."""
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def drip(self, seconds: float) -> None:
        """Answer a byte at a time."""
        self._drip = seconds

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.set()
        self._server.shutdown()
        self._server.server_close()

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        raw = request.rfile.read(int(request.headers["Content-Length"]))
        status = self.statuses.popleft() if self.statuses else 200
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(headers.get("weaver-delivery", ""), json.loads(raw), raw, headers, status))
        self._open.wait(30)
        time.sleep(self.pause)
        if status == 0:
            request.close_connection = True
            return
        try:
            request.send_response(status)
            if self.retry_after is not None:
                request.send_header("Retry-After", self.retry_after)
            request.send_header("Content-Length", "2" if self._drip is None else "100")
            request.end_headers()
            for byte in (b"o", b"k") if self._drip is None else [b"."] * 100:
                request.wfile.write(byte)
                request.wfile.flush()
                if self._drip is not None:
                    time.sleep(self._drip)  # the slowness that is tested
        except OSError:
            request.close_connection = True  # the other side has gone

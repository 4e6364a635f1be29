"""A transport of httpx that knows when a request must be over, whatever the other side does meanwhile.

The timeouts of HTTP libraries bound each read of a socket: a server that sends one byte a second keeps its client for
ever. Here every read and write gets what is left until the deadline of the request it belongs to.
"""

import threading
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ssl import SSLContext
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

MAX_CONNECTIONS = 10
# A request on a connection that the server has just closed has an unknown outcome: idle ones are not kept for long.
IDLE_SECONDS = 4.0

_SOCKET_OPTIONS = Iterable[tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]]


class DeadlineTransport(httpx.HTTPTransport):
    """A pool of connections to one host, through the proxy the environment names for it; for several threads.

    Reads and writes within `until` raise the usual timeouts of httpx once its deadline has passed.
    """

    def __init__(self, url: str) -> None:
        # in place of the pool that httpx makes, which cannot be given a network backend
        proxy = _proxy_of(url)
        self._backend = _Backend()
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            proxy=None if proxy is None else httpcore.Proxy(proxy),
            max_connections=MAX_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=self._backend,
        )

    @contextmanager
    def until(self, deadline: float) -> Iterator[None]:
        """Hold every request of this thread to a deadline, a moment of the monotonic clock."""
        self._backend.deadline = deadline
        try:
            yield
        finally:
            self._backend.deadline = None


def _proxy_of(url: str) -> str | None:
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.netloc):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


class _Backend(threading.local, httpcore.NetworkBackend):
    """The sockets of the standard library; `deadline` is each thread's own."""

    deadline: float | None = None

    def __init__(self) -> None:
        self._sockets = httpcore.SyncBackend()

    def left(self, timeout: float | None, passed: type[Exception]) -> float | None:
        """Return what is left of a timeout, seconds above zero; raise `passed` when the deadline is over."""
        if self.deadline is None:
            return timeout
        left = self.deadline - monotonic()
        if left <= 0:
            raise passed("the deadline has passed")
        return left if timeout is None else min(timeout, left)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: _SOCKET_OPTIONS | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._sockets.connect_tcp(
            host, port, self.left(timeout, httpcore.ConnectTimeout), local_address, socket_options
        )
        try:
            # looking the name up has no timeout of its own: nothing may be sent when it took too long
            self.left(timeout, httpcore.ConnectTimeout)
        except httpcore.ConnectTimeout:
            stream.close()
            raise
        return _Stream(stream, self)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, backend: _Backend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._backend.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._backend.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        timeout = self._backend.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._backend)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore declares it
        return self._stream.get_extra_info(info)

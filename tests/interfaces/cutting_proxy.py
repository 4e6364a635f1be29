"""A TCP proxy in front of PostgreSQL that cuts one connection at a chosen moment, or all of them for a while."""

import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from psycopg.conninfo import conninfo_to_dict

CHUNK = 1 << 20


@dataclass
class Cut:
    """What the client has to say for its connection to be cut, and what happens in that moment.

    reaches_server: whether the words still get there; the server then has answered, and the answer is lost.
    meanwhile: done after the cut is decided and before the client notices.
    """

    words: bytes
    reaches_server: bool
    meanwhile: Callable[[], object] = field(default=lambda: None)


class CuttingProxy:
    """Carries bytes between clients of `url` and the server of `database_url`."""

    def __init__(self, database_url: str) -> None:
        self._parameters = conninfo_to_dict(database_url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing, self._closed = socket.socketpair()
        self._pending: Cut | None = None
        self._threads: list[threading.Thread] = []
        self._carried: set[socket.socket] = set()
        self._refusing = False
        self.cuts = 0
        self._start(self._serve)

    @property
    def url(self) -> str:
        """Where clients connect."""
        user, password, name = (self._parameters.get(key, "") for key in ("user", "password", "dbname"))
        return f"postgresql://{user}:{password}@127.0.0.1:{self._listener.getsockname()[1]}/{name}?sslmode=disable"

    def cut(self, words: bytes, *, reaches_server: bool, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Cut the next connection whose client says these words, once."""
        self._pending = Cut(words, reaches_server, meanwhile)

    def refuse(self) -> None:
        """Cut every connection, and each new one, until `accept`."""
        self._refusing = True
        for client in list(self._carried):
            with contextlib.suppress(OSError):  # it has just ended by itself
                client.shutdown(socket.SHUT_RDWR)

    def accept(self) -> None:
        """Carry connections again."""
        self._refusing = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()
        self._closed.close()

    def _start(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        while self._closed not in (ready := select.select([self._listener, self._closed], [], [])[0]):
            assert ready
            self._start(self._carry, self._listener.accept()[0])

    def _carry(self, client: socket.socket) -> None:
        with client, self._connect() as server, contextlib.suppress(ConnectionError), self._noted(client):
            while self._closed not in (ready := select.select([client, server, self._closed], [], [])[0]):
                for source in ready:
                    data = source.recv(CHUNK)
                    if not data or (source is client and self._is_cut(data, server)):
                        return
                    (server if source is client else client).sendall(data)

    @contextlib.contextmanager
    def _noted(self, client: socket.socket) -> Iterator[None]:
        self._carried.add(client)
        if self._refusing:
            client.shutdown(socket.SHUT_RDWR)
        try:
            yield
        finally:
            self._carried.discard(client)

    def _is_cut(self, data: bytes, server: socket.socket) -> bool:
        cut = self._pending
        if cut is None or cut.words not in data:
            return False
        self._pending = None
        if cut.reaches_server:
            server.sendall(data)
            assert server.recv(CHUNK), "the server has answered, so it has committed"
        cut.meanwhile()
        self.cuts += 1
        return True

    def _connect(self) -> socket.socket:
        host, port = str(self._parameters["host"]), int(self._parameters.get("port") or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

"""Requests end at their deadline, whatever the other side does: real sockets that are silent, slow or gone."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from interfaces.alpaca_wire.http import AlpacaHttp, NotAnswered, Patience

QUICK = Patience(connect=0.5, read=0.5, total=1.0, place=0.5, pause=0.01)


@contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server on the loopback that treats every connection like this, in a thread of its own; all end with it."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as connections:
        listening.settimeout(10)
        threads: list[threading.Thread] = []

        def treat(connection: socket.socket) -> None:
            with suppress(OSError):  # the other side, or the end of the test, may come first
                serve(connection)

        def accept() -> None:
            with suppress(OSError):  # how a listening socket that was closed says it
                while True:
                    connection, _ = listening.accept()
                    connections.enter_context(connection)
                    threads.append(threading.Thread(target=treat, args=(connection,)))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
            connections.close()
            for thread in threads:
                thread.join()


@contextmanager
def http(url: str, patience: Patience = QUICK) -> Iterator[AlpacaHttp]:
    client = AlpacaHttp(url, "v2", None, environment="paper", patience=patience)
    try:
        yield client
    finally:
        client.close()


def silent(connection: socket.socket) -> None:
    connection.recv(65536)


def dripping(connection: socket.socket) -> None:
    """Answer one byte at a time, each well within any timeout of a read."""
    connection.recv(65536)
    with connection:
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Long: " + b"x" * 1000:
            time.sleep(0.1)
            connection.send(bytes([byte]))


def dripping_body(connection: socket.socket) -> None:
    connection.recv(65536)
    with connection:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            time.sleep(0.1)
            connection.send(b" ")


def gone(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.close()


@pytest.mark.parametrize("serve", [silent, dripping, dripping_body], ids=lambda serve: serve.__name__)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_a_request_is_over_at_its_deadline(serve: Callable[[socket.socket], None], method: str) -> None:
    started = time.monotonic()
    with server(serve) as url, http(url) as client, pytest.raises(NotAnswered) as silence:
        _ = client.post("/orders", {}) if method == "post" else getattr(client, method)("/orders")
    assert silence.value.was_sent
    assert time.monotonic() - started < 1.0 + 1.0


def test_an_order_whose_connection_is_closed_is_sent_once() -> None:
    seen = list[bytes]()

    def serve(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.close()

    with server(serve) as url, http(url) as client, pytest.raises(NotAnswered) as silence:
        client.post("/orders", {"qty": "1"})
    assert silence.value.was_sent
    assert len(seen) == 1


def test_nothing_was_sent_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with http(url) as client, pytest.raises(NotAnswered) as silence:
        client.post("/orders", {})
    assert not silence.value.was_sent


def test_nothing_is_sent_when_connecting_has_used_up_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, really = list[bytes](), socket.create_connection

    def slowly(*args: object, **keywords: object) -> socket.socket:
        # as when a name server does not answer: looking a name up has no timeout
        time.sleep(0.6)
        return really(*args, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "create_connection", slowly)
    patience = Patience(connect=0.5, read=0.5, total=0.5, place=0.5)
    with server(lambda connection: seen.append(connection.recv(65536))) as url, http(url, patience) as client:
        with pytest.raises(NotAnswered) as silence:
            client.post("/orders", {})
    assert not silence.value.was_sent
    assert seen in ([], [b""])


def test_alpaca_py_still_takes_the_session_it_is_given() -> None:
    """What we rely on of alpaca-py: it asks `_session.request` for every request, and nothing else."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n")

    started = time.monotonic()
    with server(serve) as url, http(url) as client, pytest.raises(NotAnswered, match="the answer was 504"):
        client.post("/orders", {})
    assert time.monotonic() - started < 1.0, "alpaca-py's own three repetitions take nine seconds"

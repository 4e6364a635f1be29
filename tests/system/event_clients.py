"""Clients of a server that may die at any moment: they watch its events and come back, or send commands and give up."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

PAUSE = 0.02  # before the next attempt, in seconds
CALL_SECONDS = 10.0


class StreamWatcher:
    """Follows the event stream as a browser does: a connection that breaks is made again behind the last id."""

    def __init__(self, port: int, filters: Sequence[tuple[str, str]] = ()) -> None:
        self.filters = filters
        self.positions: list[int] = []
        self.resets: list[str] = []
        self.connections = 0
        self._port = port
        self._last_id: str | None = None

    async def watch(self) -> None:
        """Watch until cancelled."""
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._connect()
            await asyncio.sleep(PAUSE)

    async def _connect(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        with contextlib.closing(writer):
            query = str(httpx.QueryParams((*self.filters, ("after", "0"))))
            resume = "" if self._last_id is None else f"Last-Event-ID: {self._last_id}\r\n"
            writer.write(f"GET /api/v1/events/stream?{query} HTTP/1.1\r\nHost: localhost\r\n{resume}\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                return  # it is about to stop, or the database is away
            self.connections += 1
            rest = b""
            # Chunks, each of them a size and so many bytes: a kill may end one anywhere.
            while size := int(await reader.readuntil(b"\r\n"), 16):
                *frames, rest = (rest + await reader.readexactly(size + 2))[:-2].split(b"\n\n")
                for frame in frames:
                    self._take(dict(line.partition(": ")[::2] for line in frame.decode().split("\n")))

    def _take(self, fields: Mapping[str, str]) -> None:
        if fields.get("event") == "reset":
            self.resets.append(fields["data"])
        elif "id" in fields:
            self._last_id = fields["id"]
            self.positions.append(int(self._last_id.rpartition("-")[2]))


class TailPoller:
    """Follows the events by long polls."""

    def __init__(self, url: str, filters: Sequence[tuple[str, str]] = ()) -> None:
        self.filters = filters
        self.positions: list[int] = []
        self._url = url
        self._after = 0

    async def watch(self) -> None:
        """Poll until cancelled."""
        async with httpx.AsyncClient(base_url=self._url, timeout=CALL_SECONDS) as client:
            while True:
                query = httpx.QueryParams((*self.filters, ("after", str(self._after)), ("wait", "2")))
                answer = await attempt(client.get("/api/v1/events/tail", params=query))
                if answer is None or answer.status_code != 200:
                    await asyncio.sleep(PAUSE)
                    continue
                page = answer.json()
                self.positions += [item["position"] for item in page["items"]]
                self._after = page["next_after"]


@dataclass(frozen=True)
class Acknowledged:
    """A command the server said it had carried out."""

    correlation_id: str
    position: int


@dataclass
class Commander:
    """Creates runs and starts some of them, one command after the other, and notes what was acknowledged."""

    url: str
    name: str
    chance: random.Random
    run: Mapping[str, Any]
    starts: int
    acknowledged: list[Acknowledged] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    unanswered: int = 0
    _sent: int = 0

    async def command(self, stop: asyncio.Event) -> None:
        """Send commands until told to stop."""
        async with httpx.AsyncClient(base_url=f"{self.url}/api/v1", timeout=CALL_SECONDS) as client:
            while not stop.is_set():
                created = await self._send(client, "/runs", json=dict(self.run))
                if created is not None and self.starts > 0 and self.chance.random() < 0.1:
                    run_id = created.json()["id"]
                    if await self._send(client, f"/runs/{run_id}/start") is not None:
                        self.starts -= 1
                        self.started.append(run_id)
                await asyncio.sleep(self.chance.uniform(0, 0.05))

    async def _send(self, client: httpx.AsyncClient, path: str, **body: Any) -> httpx.Response | None:
        self._sent += 1
        correlation_id = f"{self.name}-{self._sent}"
        answer = await attempt(client.post(path, headers={"X-Correlation-ID": correlation_id}, **body))
        if answer is None or answer.status_code == 503:
            self.unanswered += 1
            return None
        assert answer.status_code in (201, 202), answer.text
        self.acknowledged.append(Acknowledged(correlation_id, int(answer.headers["Weaver-Position"])))
        return answer


async def attempt(call: Awaitable[httpx.Response]) -> httpx.Response | None:
    """Return the answer, None when the server died or was not there."""
    try:
        return await call
    except httpx.TransportError:
        return None


async def until(satisfied: Callable[[], bool], seconds: float, what: str) -> None:
    """Return when something holds; fail after the given time."""
    try:
        async with asyncio.timeout(seconds):
            while not satisfied():  # noqa: ASYNC110 - what is waited for happens in many places
                await asyncio.sleep(PAUSE)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {what}") from None

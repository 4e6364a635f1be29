"""Who makes and who watches the load of an event stream, each in a process of its own: one appends, others listen.

Times are `time.perf_counter`, which on Linux is one clock for all processes of a machine.
"""

import asyncio
import contextlib
import multiprocessing
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing.connection import Connection
from uuid import UUID

import numpy as np
import numpy.typing as npt

from application.journal import Journal
from domain.events import Chain
from domain.ids import OrderIds, new_id
from domain.order import Order, OrderCreated
from interfaces.event_store import journal_environment

PLACE = re.compile(rb"^id: [0-9a-f]+-(\d+)$", re.MULTILINE)
FRAME_END = b"\n\n"
CHAIN = Chain("bench", "bench", actor="bench")
AT = datetime(2025, 1, 1, tzinfo=UTC)
ARRIVAL_PATIENCE = 60.0
_processes = multiprocessing.get_context("spawn")

type Times = npt.NDArray[np.float64]
type Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Load:
    """So many clients, each of which is told of so many events a second for so long."""

    clients: int
    events_a_second: int
    seconds: int


@dataclass(frozen=True)
class Delivered:
    """What became of a load: milliseconds from just before each append to each client, and what went wrong."""

    milliseconds: Times
    lost: int
    repeated: int

    def percentile(self, share: float) -> float:
        """Return the time within which this share (0 to 100) of all events arrived."""
        return float(np.percentile(self.milliseconds, share))


def deliver(load: Load, port: int, database_url: str) -> Delivered:
    """Append at the load's pace and return how its clients heard of it."""
    parent_side, child_side = _processes.Pipe()
    listening = _processes.Process(target=listen, args=(child_side, port, load.clients), daemon=True)
    listening.start()
    assert parent_side.recv() == "connected"
    appended_side, appender_side = _processes.Pipe()
    appending = _processes.Process(target=append, args=(appender_side, database_url, load), daemon=True)
    appending.start()
    positions, times = appended_side.recv()
    appending.join()
    parent_side.send(int(positions[-1]))
    heard: list[tuple[Positions, Times]] = parent_side.recv()
    listening.join()
    waits, lost, repeated = [], 0, 0
    for told, arrived in heard:
        distinct, first = np.unique(told, return_index=True)
        lost += len(np.setdiff1d(positions, distinct, assume_unique=True))
        repeated += len(told) - len(distinct)
        known = np.isin(distinct, positions)
        waits.append(arrived[first[known]] - times[np.searchsorted(positions, distinct[known])])
    return Delivered(np.concatenate(waits) * 1_000, lost, repeated)


def append(answers: Connection, database_url: str, load: Load) -> None:
    """Append one event at a time, as a command does; answer with their positions and the times just before each."""
    run_id, count = new_id(), load.events_a_second * load.seconds
    positions, times = np.zeros(count, np.int64), np.zeros(count)
    with Journal(journal_environment(database_url, pool_size=1)) as journal:
        ids = OrderIds(UUID(int=1), run_id)
        journal.head()
        began = time.perf_counter()
        for number in range(count):
            order = new_order(run_id, ids, number)
            time.sleep(max(0.0, began + number / load.events_a_second - time.perf_counter()))
            times[number] = time.perf_counter()
            positions[number] = journal.record(order, run_id=run_id, chain=CHAIN)
    answers.send((positions, times))


def new_order(run_id: UUID, ids: OrderIds, number: int) -> Order:
    """Return an order that has just been decided."""
    order = Order(ids.order_id(number))
    client = ids.client_order_id(number)
    order.trigger(
        OrderCreated(
            at=AT, run_id=run_id, client_order_id=client, sequence=number, symbol="BTC/USD", side="buy", qty=Decimal(1)
        )
    )
    return order


def listen(answers: Connection, port: int, clients: int) -> None:
    """Say when all clients are connected, take the last position, and answer with what each heard and when."""
    asyncio.run(_listen(answers, port, clients))


async def _listen(answers: Connection, port: int, clients: int) -> None:
    loop = asyncio.get_running_loop()
    streams = []
    for _ in range(clients):
        _, stream = await loop.create_connection(_Stream, "127.0.0.1", port)
        await stream.opened.wait()
        streams.append(stream)
    answers.send("connected")
    told = asyncio.Event()
    loop.add_reader(answers.fileno(), told.set)
    await told.wait()
    last = answers.recv()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ARRIVAL_PATIENCE):
            for stream in streams:
                await stream.reached(last)
    answers.send([(np.array(stream.positions, np.int64), np.array(stream.times)) for stream in streams])


@dataclass
class _Stream(asyncio.Protocol):
    """A client that notes which positions it is told of, and when; nothing else, for it shares the machine."""

    opened: asyncio.Event = field(default_factory=asyncio.Event)
    positions: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _rest: bytes = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")

    async def reached(self, position: int) -> None:
        """Return when it has been told of this position."""
        while not self.positions or self.positions[-1] < position:
            self._news.clear()
            await self._news.wait()

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        whole, separator, self._rest = (self._rest + data).rpartition(FRAME_END)
        if not self.opened.is_set() and b"retry: " in whole + self._rest:
            self.opened.set()
        for position in PLACE.findall(whole + separator):
            self.positions.append(int(position))
            self.times.append(now)
        self._news.set()

"""From the journal's thread to everyone who watches: one ring of encoded frames, and each client a place in it.

A client costs the others nothing: it reads at its own pace, and from the journal what the ring no longer holds.
"""

import asyncio
import threading
from bisect import bisect_right
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
import structlog
from anyio import CapacityLimiter, to_thread
from sse_starlette import ServerSentEvent

from domain.errors import Unavailable
from domain.event_catalogue import split_topic
from domain.events import JournalEntry
from domain.money import exact, plain
from domain.order import OrderStatus
from domain.run import RunStatus

RING_SIZE = 20_000
# Frames looked at, and entries read from the journal, before other clients have their turn.
STEP = 500
# Clients that read from the journal at the same time: commands share its few connections.
JOURNAL_READERS = 2
RETRY_SECONDS = 1.0
# One timer for all clients: proxies and browsers give a silent connection up.
HEARTBEAT_SECONDS = 15.0
HEARTBEAT = ServerSentEvent(comment="heartbeat", sep="\n").encode()
PROGRESS, TICK = "progress", "tick"
MAX_PROGRESS = 1_000

_STATUS: dict[str, str] = {
    "run.created": RunStatus.PENDING,
    "run.started": RunStatus.RUNNING,
    "run.paused": RunStatus.PAUSED,
    "run.resumed": RunStatus.RUNNING,
    "run.stopped": RunStatus.STOPPED,
    "run.completed": RunStatus.COMPLETED,
    "run.error": RunStatus.ERROR,
    "order.created": OrderStatus.PENDING,
    "order.submitted": OrderStatus.SUBMITTED,
    "order.accepted": OrderStatus.ACCEPTED,
    "order.partially_filled": OrderStatus.PARTIAL,
    "order.filled": OrderStatus.FILLED,
    "order.cancelled": OrderStatus.CANCELLED,
    "order.rejected": OrderStatus.REJECTED,
    "order.expired": OrderStatus.EXPIRED,
    "order.outcome_unknown": OrderStatus.UNKNOWN,
}
# A fill after the end is booked, and its order stays ended. Quotes inside a text of the payload are escaped.
_LATE = b'"late":true'
_ENDED = frozenset({"run.stopped", "run.completed", "run.error", "run.deleted"})

_log = structlog.get_logger("events")
_encode = msgspec.json.Encoder().encode

type JournalPage = Callable[[int, "Wanted", int], Sequence[JournalEntry]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events a client asked for: of one run or of all, of some types or of all."""

    run_id: UUID | None = None
    types: frozenset[str] = frozenset()

    def admits(self, topic: str, run_id: UUID | None) -> bool:
        """Return whether an event of this type and run was asked for."""
        return (not self.types or topic in self.types) and (self.run_id is None or self.run_id == run_id)


class _Closed(msgspec.Struct):
    symbol: str
    close: float


class _Tick(msgspec.Struct):
    at: datetime
    number: int
    bars: tuple[_Closed, ...]


_decode_tick = msgspec.json.Decoder(_Tick).decode


class Frame(NamedTuple):
    """An event as it goes over the wire, with what a filter needs to know."""

    position: int
    topic: str
    run_id: UUID | None
    data: bytes


@dataclass(slots=True)
class _Ring:
    """The newest frames: all with floor < position <= head. Without a floor nothing is known yet."""

    size: int
    floor: int | None = None
    head: int = 0
    positions: list[int] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    def append(self, frames: Sequence[Frame], first: int, last: int) -> None:
        if not frames:
            self.skip_to(last)
            return
        fresh = [frame for frame in frames if frame.position > self.head]
        if self.floor is None:
            self.floor = first - 1
        self.positions += [frame.position for frame in fresh]
        self.frames += fresh
        self.head = max(self.head, last)
        if len(self.frames) > 2 * self.size:
            surplus = len(self.frames) - self.size
            self.floor = self.positions[surplus - 1]
            del self.positions[:surplus], self.frames[:surplus]

    def skip_to(self, position: int) -> None:
        self.positions, self.frames = [], []
        self.floor = self.head = max(self.head, position)

    def after(self, position: int) -> Sequence[Frame]:
        start = bisect_right(self.positions, position)
        return self.frames[start : start + STEP]


class Broadcast:
    """Hands every entry of the journal, as it appears, to all clients of this process."""

    def __init__(
        self, epoch: str, *, ring_size: int = RING_SIZE, on_handed_out: Callable[[], None] = lambda: None
    ) -> None:
        """Begin without clients. on_handed_out: called when entries are on their way to all who watch."""
        self.epoch = epoch
        self._on_handed_out = on_handed_out
        self._ring = _Ring(ring_size)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._closed = False
        self._clients = 0
        self._readers: CapacityLimiter | None = None
        self._fractions: dict[UUID, float] = {}
        self._passing: dict[tuple[str, object], tuple[int, Frame]] = {}
        self._passed = 0
        self._beats = 0
        self._next_beat: asyncio.TimerHandle | None = None
        # Only ever growing, counted on the loop; read from any thread.
        self.frames_sent = 0
        self.clients_dropped = 0
        self.resets = 0

    @property
    def clients(self) -> int:
        """How many clients are being served, long polls included."""
        return self._clients

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve clients on this event loop, until `unbind`."""
        with self._lock:
            self._loop = loop
            self._readers = CapacityLimiter(JOURNAL_READERS)

    def unbind(self) -> None:
        """Serve no clients any more: the loop is about to end."""
        with self._lock:
            self._loop = None
            if self._next_beat is not None:
                self._next_beat.cancel()
                self._next_beat = None

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        """Hand out entries, which follow on from the last ones. For one thread, any; never blocks."""
        if not entries:
            return
        ended = [one.run_id for one in entries if split_topic(one.topic)[0] in _ENDED and one.run_id is not None]
        for run_id in ended:
            self._fractions.pop(run_id, None)
        # Encoding for nobody would cost a fast backtest dearly; a client that comes later reads these from the journal.
        frames = [encoded(self.epoch, entry) for entry in entries] if self._clients else []
        for entry in entries:
            if split_topic(entry.topic)[0] == "tape.ticked" and entry.run_id is not None:
                self._on_loop(self._note_tick, entry.run_id, entry)
        self._on_loop(self._append, frames, entries[0].position, entries[-1].position, ended)

    def progress(self, run_id: UUID, fraction: float) -> None:
        """Hand out how far a run is, 0 to 1. Nothing of it is kept but the newest figure. For any thread."""
        if run_id not in self._fractions and len(self._fractions) >= MAX_PROGRESS:
            self._fractions.pop(next(iter(self._fractions)), None)
        self._fractions[run_id] = fraction
        self._on_loop(self._note_progress, run_id, fraction)

    def last_progress(self, run_id: UUID) -> float | None:
        """Return how far a run in progress is, None when nothing was heard of it. For any thread."""
        return self._fractions.get(run_id)

    def close(self) -> None:
        """End every client's stream in good order. For any thread."""
        self._closed = True
        self._on_loop(self._wake_all)

    async def follow(
        self, after: int, wanted: Wanted, journal: JournalPage, *, with_passing: bool = True
    ) -> AsyncGenerator[bytes]:
        """Yield the frames of every wanted event after that position, each once and in order, until `close`.

        journal: gives the next entries after a position that are wanted, at most so many; called in a worker thread.
        with_passing: whether what passes goes between them, without a place in the order: the newest progress and the
        newest tick of each run, and heartbeats.
        """
        cursor, passed, beats = after, 0, self._beats
        self._clients += 1
        self._keep_beating()
        try:
            while not self._closed:
                wake = self._wake
                if self._ring.floor is not None and cursor >= self._ring.floor:
                    frames = self._ring.after(cursor)
                    is_behind = len(frames) == STEP
                    cursor = frames[-1].position if frames else cursor
                    frames = [frame for frame in frames if wanted.admits(frame.topic, frame.run_id)]
                else:
                    frames, cursor, is_behind = await self._from_journal(cursor, wanted, journal)
                if with_passing and passed != self._passed:
                    frames, passed = [*frames, *self._passing_after(passed, wanted)], self._passed
                if frames:
                    self.frames_sent += len(frames)
                    yield b"".join([frame.data for frame in frames])
                if with_passing and beats != self._beats:
                    beats = self._beats
                    yield HEARTBEAT
                if is_behind:
                    await asyncio.sleep(0)
                else:
                    await wake.wait()
        finally:
            self._clients -= 1

    async def _from_journal(self, cursor: int, wanted: Wanted, journal: JournalPage) -> tuple[list[Frame], int, bool]:
        # Read before the journal is: whatever is not wanted up to here need not be looked at again.
        floor, head = self._ring.floor, self._ring.head
        try:
            entries = await to_thread.run_sync(journal, cursor, wanted, STEP, limiter=self._readers)
        except Unavailable as error:
            _log.warning("a client waits for the journal", reason=error.message)
            await asyncio.sleep(RETRY_SECONDS)
            return [], cursor, True
        frames = [encoded(self.epoch, entry) for entry in entries]
        is_full = len(entries) == STEP
        reached = entries[-1].position if entries else cursor
        if floor is not None and not is_full:
            reached = max(reached, head)
        return frames, reached, is_full or self._ring.floor is not None

    def _on_loop[*Given](self, call: Callable[[*Given], object], *given: *Given) -> None:
        with self._lock:
            if self._loop is None or self._loop.is_closed():
                call(*given)
            else:
                self._loop.call_soon_threadsafe(call, *given)

    def _append(self, frames: Sequence[Frame], first: int, last: int, ended: Sequence[UUID]) -> None:
        self._ring.append(frames, first, last)
        for run_id in ended:
            self._passing.pop((PROGRESS, run_id), None)
            self._passing.pop((TICK, run_id), None)
        self._wake_all()
        if self._loop is None or not self._clients:
            self._on_handed_out()
        else:
            # behind all whom waking has just put into the queue: each sends in its turn of the loop
            self._loop.call_soon(self._on_handed_out)

    def _note_progress(self, run_id: UUID, fraction: float) -> None:
        self._pass_on(PROGRESS, run_id, run_id, {"run_id": str(run_id), "progress": fraction})

    def _note_tick(self, run_id: UUID, entry: JournalEntry) -> None:
        try:
            tick = _decode_tick(entry.state)
        except msgspec.DecodeError as error:
            _log.warning("a tick cannot be read", position=entry.position, reason=str(error))
            return
        closes = {bar.symbol: plain(exact(bar.close)) for bar in tick.bars}
        thin = {"run_id": run_id, "number": tick.number, "at": tick.at.astimezone(UTC), "closes": closes}
        self._pass_on(TICK, run_id, run_id, thin)

    def _pass_on(self, topic: str, about: object, run_id: UUID | None, thin: dict[str, object]) -> None:
        """Hand out an event that carries no id; of those of a topic about the same thing only the newest is kept."""
        self._passed += 1
        key = topic, about
        if key not in self._passing and len(self._passing) >= MAX_PROGRESS:
            del self._passing[next(iter(self._passing))]
        data = b"event: %b\ndata: %b\n\n" % (topic.encode(), _encode(thin))
        self._passing[key] = self._passed, Frame(0, topic, run_id, data)
        self._wake_all()

    def _passing_after(self, passed: int, wanted: Wanted) -> list[Frame]:
        return [
            frame
            for number, frame in self._passing.values()
            if number > passed and wanted.admits(frame.topic, frame.run_id)
        ]

    def _keep_beating(self) -> None:
        """Arm the next heartbeat, unless it is armed; called by each client that comes, and by each heartbeat."""
        if self._next_beat is None and self._clients and self._loop is not None:
            self._next_beat = self._loop.call_later(HEARTBEAT_SECONDS, self._beat)

    def _beat(self) -> None:
        self._next_beat = None
        self._beats += 1
        self._wake_all()
        self._keep_beating()

    def _wake_all(self) -> None:
        woken, self._wake = self._wake, asyncio.Event()
        woken.set()


def encoded(epoch: str, entry: JournalEntry) -> Frame:
    """Return the frame of an entry: a thin event, whose details are there for the asking by REST."""
    thin: dict[str, object] = {"position": entry.position, "type": entry.topic, "run_id": entry.run_id}
    if entry.topic.startswith("order."):
        thin["order_id"] = entry.stream_id
    if (status := _STATUS.get(split_topic(entry.topic)[0])) and _LATE not in entry.state:
        thin["status"] = status
    thin["ts"] = entry.recorded_at.astimezone(UTC)
    place = f"{epoch}-{entry.position}".encode()
    data = b"id: %b\nevent: %b\ndata: %b\n\n" % (place, entry.topic.encode(), _encode(thin))
    return Frame(entry.position, entry.topic, entry.run_id, data)

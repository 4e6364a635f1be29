"""From the journal's thread to everyone who watches: one ring of encoded frames, and each client a place in it.

A client costs the others nothing: it reads at its own pace, and from the journal what the ring no longer holds.
"""

import asyncio
import threading
from bisect import bisect_right
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import NamedTuple
from uuid import UUID

import msgspec
import structlog
from anyio import CapacityLimiter, to_thread

from domain.errors import Unavailable
from domain.event_catalogue import split_topic
from domain.events import JournalEntry
from domain.order import OrderStatus
from domain.run import RunStatus

RING_SIZE = 20_000
# Frames looked at, and entries read from the journal, before other clients have their turn.
STEP = 500
# Clients that read from the journal at the same time: commands share its few connections.
JOURNAL_READERS = 2
RETRY_SECONDS = 1.0
PROGRESS = "progress"
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

    def __init__(self, epoch: str, *, ring_size: int = RING_SIZE) -> None:
        self.epoch = epoch
        self._ring = _Ring(ring_size)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._closed = False
        self._clients = 0
        self._readers: CapacityLimiter | None = None
        self._fractions: dict[UUID, float] = {}
        self._told = 0
        self._progress: dict[UUID, tuple[int, Frame]] = {}

    @property
    def clients(self) -> int:
        """How many clients are being served."""
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

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        """Hand out entries, which follow on from the last ones. For one thread, any; never blocks."""
        if not entries:
            return
        ended = [one.run_id for one in entries if split_topic(one.topic)[0] in _ENDED and one.run_id is not None]
        for run_id in ended:
            self._fractions.pop(run_id, None)
        # Encoding for nobody would cost a fast backtest dearly; a client that comes later reads these from the journal.
        frames = [encoded(self.epoch, entry) for entry in entries] if self._clients else []
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
        self, after: int, wanted: Wanted, journal: JournalPage, *, with_progress: bool = True
    ) -> AsyncGenerator[bytes]:
        """Yield the frames of every wanted event after that position, each once and in order, until `close`.

        journal: gives the next entries after a position that are wanted, at most so many; called in a worker thread.
        Progress goes between them, without a place in the order: only the newest figure of each run.
        """
        cursor, told = after, 0
        self._clients += 1
        try:
            while not self._closed:
                wake = self._wake
                if self._ring.floor is not None and cursor >= self._ring.floor:
                    frames = self._ring.after(cursor)
                    is_behind = bool(frames)
                    cursor = frames[-1].position if frames else cursor
                    frames = [frame for frame in frames if wanted.admits(frame.topic, frame.run_id)]
                else:
                    frames, cursor, is_behind = await self._from_journal(cursor, wanted, journal)
                if with_progress:
                    frames, told = [*frames, *self._progress_after(told, wanted)], self._told
                if frames:
                    yield b"".join(frame.data for frame in frames)
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
            self._progress.pop(run_id, None)
        self._wake_all()

    def _note_progress(self, run_id: UUID, fraction: float) -> None:
        self._told += 1
        data = _encode({"run_id": str(run_id), "progress": fraction})
        if run_id not in self._progress and len(self._progress) >= MAX_PROGRESS:
            del self._progress[next(iter(self._progress))]
        self._progress[run_id] = self._told, Frame(0, PROGRESS, run_id, b"event: progress\ndata: %b\n\n" % data)
        self._wake_all()

    def _progress_after(self, told: int, wanted: Wanted) -> list[Frame]:
        return [
            frame
            for number, frame in self._progress.values()
            if number > told and wanted.admits(PROGRESS, frame.run_id)
        ]

    def _wake_all(self) -> None:
        woken, self._wake = self._wake, asyncio.Event()
        woken.set()


def encoded(epoch: str, entry: JournalEntry) -> Frame:
    """Return the frame of an entry: a thin event, whose details are there for the asking by REST."""
    thin: dict[str, object] = {"position": entry.position, "type": entry.topic, "run_id": entry.run_id}
    if entry.topic.startswith("order."):
        thin["order_id"] = entry.stream_id
    if status := _STATUS.get(split_topic(entry.topic)[0]):
        thin["status"] = status
    thin["ts"] = entry.recorded_at.astimezone(UTC)
    place = f"{epoch}-{entry.position}".encode()
    data = b"id: %b\nevent: %b\ndata: %b\n\n" % (place, entry.topic.encode(), _encode(thin))
    return Frame(entry.position, entry.topic, entry.run_id, data)

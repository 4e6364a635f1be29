"""The broadcast: every client sees every wanted event once and in order, whatever the others do."""

import asyncio
import json
import threading
from bisect import bisect_right
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.errors import DatabaseUnavailable
from domain.events import JournalEntry
from domain.ids import new_id
from interfaces import broadcast as broadcast_module
from interfaces.broadcast import HEARTBEAT, STEP, Broadcast, Wanted

RUN, OTHER_RUN = new_id(), new_id()
RECORDED = datetime(2024, 1, 31, 14, 30, tzinfo=UTC)
EVERYTHING = Wanted()


class Book:
    """A journal in memory, read like the real one."""

    def __init__(self) -> None:
        self.entries: list[JournalEntry] = []
        self.reads = 0

    def grow(self, count: int, topic: str = "order.filled", run_id: UUID = RUN, gap: int = 1) -> Sequence[JournalEntry]:
        first = self.entries[-1].position + gap if self.entries else gap
        grown = [
            JournalEntry(first + number * gap, new_id(), 1, topic, b"{}", run_id, {}, RECORDED)
            for number in range(count)
        ]
        self.entries += grown
        return grown

    def page(self, after: int, wanted: Wanted, limit: int) -> Sequence[JournalEntry]:
        self.reads += 1
        start = bisect_right(self.entries, after, key=lambda entry: entry.position)
        return [entry for entry in self.entries[start:] if wanted.admits(entry.topic, entry.run_id)][:limit]

    def positions(self, wanted: Wanted = EVERYTHING) -> list[int]:
        return [entry.position for entry in self.entries if wanted.admits(entry.topic, entry.run_id)]


class Client:
    """Follows the broadcast and keeps what it was told."""

    def __init__(self, frames: AsyncGenerator[bytes]) -> None:
        self._frames = frames
        self.told: list[dict[str, str]] = []

    @property
    def positions(self) -> list[int]:
        return [int(frame["id"].rpartition("-")[2]) for frame in self.told if "id" in frame]

    async def read_until(self, satisfied: Callable[["Client"], bool], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not satisfied(self):
                self.told += parsed(await anext(self._frames))

    async def leave(self) -> None:
        await self._frames.aclose()


def parsed(data: bytes) -> list[dict[str, str]]:
    blocks = data.decode().removesuffix("\n\n").split("\n\n")
    return [dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":")) for block in blocks]


def served[Answer](broadcast: Broadcast, scene: Callable[[], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        broadcast.bind(asyncio.get_running_loop())
        try:
            return await scene()
        finally:
            broadcast.close()
            broadcast.unbind()

    return asyncio.run(run())


async def until(satisfied: Callable[[], bool]) -> None:
    """Return when the condition holds, looking at it in each turn of the loop."""
    async with asyncio.timeout(20):
        while not satisfied():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_client_sees_every_event_once_and_in_order_while_another_thread_publishes() -> None:
    broadcast, book = Broadcast("e"), Book()

    def publish() -> None:
        for _ in range(300):
            broadcast.publish(book.grow(7, gap=3))

    async def scene() -> None:
        client = Client(broadcast.follow(0, EVERYTHING, book.page))
        publisher = in_thread(publish)
        await client.read_until(lambda client: len(client.positions) >= 2_100)
        publisher.join()
        assert client.positions == book.positions()
        await client.leave()

    served(broadcast, scene)


def test_entries_are_handed_out_when_every_client_has_been_told() -> None:
    told: list[str] = []
    broadcast, book = Broadcast("e", on_handed_out=lambda: told.append("handed out")), Book()

    async def watch(name: str) -> None:
        async for _ in broadcast.follow(0, EVERYTHING, book.page):
            told.append(name)

    async def scene() -> None:
        broadcast.publish(book.grow(1))
        await until(lambda: told == ["handed out"])  # nobody watches
        watching = [asyncio.create_task(watch(name)) for name in "abc"]
        await until(lambda: len(told) == 4)
        for _ in range(3):
            told.clear()
            broadcast.publish(book.grow(1))
            await until(lambda: len(told) == 4)
            assert (sorted(told[:3]), told[3]) == (["a", "b", "c"], "handed out"), "whoever of them was first"
        broadcast.close()
        await asyncio.gather(*watching)

    served(broadcast, scene)


def test_a_client_older_than_the_ring_reads_from_the_journal_and_then_follows_without_a_gap() -> None:
    broadcast, book = Broadcast("e", ring_size=50), Book()

    async def scene() -> None:
        first = Client(broadcast.follow(0, EVERYTHING, book.page))
        broadcast.publish(book.grow(10))
        await first.read_until(lambda client: len(client.positions) == 10)
        for _ in range(30):
            broadcast.publish(book.grow(100))
        await asyncio.sleep(0)
        reads = book.reads
        late = Client(broadcast.follow(5, EVERYTHING, book.page))
        await late.read_until(lambda client: len(client.positions) == 3_005)
        assert book.reads >= reads + 3_000 // STEP, "what the ring does not hold comes from the journal"
        broadcast.publish(book.grow(20))
        await late.read_until(lambda client: len(client.positions) == 3_025)
        assert late.positions == book.positions()[5:]
        await first.leave()
        await late.leave()

    served(broadcast, scene)


def test_events_published_while_nobody_listened_are_read_from_the_journal() -> None:
    broadcast, book = Broadcast("e"), Book()
    broadcast.publish(book.grow(10))  # before there is a loop

    async def scene() -> None:
        broadcast.publish(book.grow(10))
        await asyncio.sleep(0)
        client = Client(broadcast.follow(3, EVERYTHING, book.page))
        await client.read_until(lambda client: len(client.positions) == 17)
        broadcast.publish(book.grow(1))
        await client.read_until(lambda client: len(client.positions) == 18)
        assert client.positions == book.positions()[3:]
        await client.leave()

    served(broadcast, scene)


def test_a_client_that_came_before_anything_was_published_misses_nothing() -> None:
    broadcast, book = Broadcast("e"), Book()
    book.grow(5)

    async def scene() -> None:
        client = Client(broadcast.follow(5, EVERYTHING, book.page))
        reading = asyncio.create_task(client.read_until(lambda client: len(client.positions) == 3))
        await asyncio.sleep(0.05)
        assert not reading.done()
        broadcast.publish(book.grow(3))
        await reading
        assert client.positions == [6, 7, 8]
        await client.leave()

    served(broadcast, scene)


def test_wherever_a_client_stands_the_next_event_it_sees_is_the_next_one() -> None:
    broadcast, book = Broadcast("e", ring_size=20), Book()
    book.grow(5)  # recorded before anything is published

    async def scene() -> None:
        keeper = Client(broadcast.follow(5, EVERYTHING, book.page))
        reading = asyncio.create_task(keeper.read_until(lambda client: len(client.positions) == 3))
        await asyncio.sleep(0.01)
        for size in (3, 10, 40, 7, 25, 30):
            broadcast.publish(book.grow(size))
            await reading
            for cursor in range(len(book.entries)):
                client = Client(broadcast.follow(cursor, EVERYTHING, book.page))
                await client.read_until(lambda client: bool(client.positions))
                assert client.positions[0] == cursor + 1
                await client.leave()
        await keeper.leave()

    served(broadcast, scene)


def test_an_entry_handed_over_again_is_told_once() -> None:
    broadcast, book = Broadcast("e"), Book()

    async def scene() -> None:
        client = Client(broadcast.follow(0, EVERYTHING, book.page))
        first = book.grow(5)
        broadcast.publish(first)
        await client.read_until(lambda client: len(client.positions) == 5)
        broadcast.publish([*first[3:], *book.grow(2)])
        await client.read_until(lambda client: len(client.positions) >= 7)
        assert client.positions == book.positions()
        await client.leave()

    served(broadcast, scene)


@pytest.mark.parametrize("wanted", [Wanted(OTHER_RUN), Wanted(types=frozenset({"run.started"})), Wanted(RUN)])
def test_filters_hold_for_what_comes_from_the_journal_and_from_the_ring_alike(wanted: Wanted) -> None:
    broadcast, book = Broadcast("e", ring_size=100), Book()

    def mixed() -> None:
        broadcast.publish(book.grow(40))
        broadcast.publish(book.grow(2, "run.started", OTHER_RUN))
        broadcast.publish(book.grow(40, "order.created", OTHER_RUN))

    async def scene() -> None:
        keeper = Client(broadcast.follow(0, EVERYTHING, book.page))
        for _ in range(20):
            mixed()
            await keeper.read_until(lambda client: len(client.positions) == len(book.entries))
        client = Client(broadcast.follow(0, wanted, book.page))
        await client.read_until(lambda client: len(client.positions) == len(book.positions(wanted)))
        mixed()
        await client.read_until(lambda client: len(client.positions) == len(book.positions(wanted)))
        assert client.positions == book.positions(wanted)
        await client.leave()
        await keeper.leave()

    served(broadcast, scene)


def test_a_client_that_does_not_read_costs_the_others_nothing_and_still_gets_everything() -> None:
    broadcast, book = Broadcast("e", ring_size=100), Book()

    async def scene() -> None:
        stalled = Client(broadcast.follow(0, EVERYTHING, book.page))
        broadcast.publish(book.grow(1))
        await stalled.read_until(lambda client: client.positions == [1])
        quick = Client(broadcast.follow(0, EVERYTHING, book.page))
        for _ in range(100):
            broadcast.publish(book.grow(100))
            await quick.read_until(lambda client: len(client.positions) == len(book.entries))
        assert len(broadcast._ring.frames) <= 300, "the ring does not grow for the sake of one client"
        await stalled.read_until(lambda client: len(client.positions) == len(book.entries))
        assert stalled.positions == quick.positions == book.positions()
        await stalled.leave()
        await quick.leave()

    served(broadcast, scene)


def test_progress_carries_no_place_and_only_its_newest_figure_is_sent() -> None:
    broadcast, book = Broadcast("e"), Book()

    async def scene() -> None:
        client = Client(broadcast.follow(0, EVERYTHING, book.page))
        for hundredth in range(100):
            broadcast.progress(RUN, hundredth / 100)
        broadcast.progress(OTHER_RUN, 0.25)
        await client.read_until(lambda client: len(client.told) >= 2)
        assert [json.loads(frame["data"]) for frame in client.told] == [
            {"run_id": str(RUN), "progress": 0.99},
            {"run_id": str(OTHER_RUN), "progress": 0.25},
        ]
        assert all(frame["event"] == "progress" and "id" not in frame for frame in client.told)
        await client.leave()

        of_one = Client(broadcast.follow(0, Wanted(OTHER_RUN), book.page))
        await of_one.read_until(lambda client: bool(client.told))
        assert [json.loads(frame["data"])["run_id"] for frame in of_one.told] == [str(OTHER_RUN)]
        await of_one.leave()

    served(broadcast, scene)


def test_every_client_hears_the_same_heartbeat_and_a_long_poll_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast_module, "HEARTBEAT_SECONDS", 0.05)
    broadcast, book = Broadcast("e"), Book()

    async def scene() -> None:
        clients = [broadcast.follow(0, EVERYTHING, book.page) for _ in range(3)]
        poll = broadcast.follow(0, EVERYTHING, book.page, with_passing=False)
        polled = asyncio.ensure_future(anext(poll))
        async with asyncio.timeout(10):
            for _ in range(3):
                assert await asyncio.gather(*(anext(client) for client in clients)) == [HEARTBEAT] * 3
        assert broadcast.frames_sent == 0, "a heartbeat is no frame"
        assert not polled.done()
        broadcast.publish(book.grow(1))
        async with asyncio.timeout(10):
            assert b"id: e-1" in await polled
        for client in (*clients, poll):
            await client.aclose()

    served(broadcast, scene)


def test_without_clients_no_heart_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast_module, "HEARTBEAT_SECONDS", 0.02)
    broadcast, book = Broadcast("e"), Book()

    async def scene() -> None:
        for _ in range(2):
            client = broadcast.follow(0, EVERYTHING, book.page)
            async with asyncio.timeout(10):
                assert await anext(client) == HEARTBEAT
            await client.aclose()
            async with asyncio.timeout(10):
                while broadcast._next_beat is not None:  # noqa: ASYNC110 - a timer that ends without telling
                    await asyncio.sleep(0.005)

    served(broadcast, scene)


def test_frames_sent_counts_what_each_client_was_sent() -> None:
    broadcast, book = Broadcast("e"), Book()

    async def scene() -> None:
        everything = Client(broadcast.follow(0, EVERYTHING, book.page))
        nothing = Client(broadcast.follow(0, Wanted(OTHER_RUN), book.page))
        reading = asyncio.ensure_future(nothing.read_until(lambda client: bool(client.told)))
        broadcast.publish(book.grow(7))
        await everything.read_until(lambda client: len(client.positions) == 7)
        broadcast.progress(OTHER_RUN, 0.5)
        await everything.read_until(lambda client: len(client.told) == 8)
        await reading
        assert broadcast.frames_sent == 9
        await everything.leave()
        await nothing.leave()

    served(broadcast, scene)


def test_progress_of_a_run_is_forgotten_when_it_ends() -> None:
    broadcast, book = Broadcast("e"), Book()
    assert broadcast.last_progress(RUN) is None
    broadcast.progress(RUN, 0.5)
    assert broadcast.last_progress(RUN) == 0.5
    broadcast.publish(book.grow(1, "run.completed"))
    assert broadcast.last_progress(RUN) is None


def test_progress_of_endless_runs_does_not_grow_without_bound() -> None:
    broadcast = Broadcast("e")
    for _ in range(1_500):
        broadcast.progress(new_id(), 0.5)
    newest = new_id()
    broadcast.progress(newest, 0.75)
    assert broadcast.last_progress(newest) == 0.75
    assert len(broadcast._fractions) <= 1_000


def test_closing_ends_every_stream_in_good_order() -> None:
    broadcast, book = Broadcast("e"), Book()

    async def scene() -> None:
        async with aclosing(broadcast.follow(0, EVERYTHING, book.page)) as frames:
            ending = asyncio.create_task(anext(frames, None))
            await asyncio.sleep(0.01)
            assert broadcast.clients == 1
            in_thread(broadcast.close).join()
            async with asyncio.timeout(5):
                assert await ending is None
        assert broadcast.clients == 0

    served(broadcast, scene)


def test_a_client_outlasts_a_journal_that_is_away_for_a_moment() -> None:
    broadcast, book = Broadcast("e"), Book()
    book.grow(3)
    failures = [DatabaseUnavailable("the database does not answer")]

    def page(after: int, wanted: Wanted, limit: int) -> Sequence[JournalEntry]:
        if failures:
            raise failures.pop()
        return book.page(after, wanted, limit)

    async def scene() -> None:
        client = Client(broadcast.follow(0, EVERYTHING, page))
        await client.read_until(lambda client: len(client.positions) == 3)
        assert client.positions == [1, 2, 3]
        await client.leave()

    served(broadcast, scene)


def test_a_frame_is_a_thin_event_under_its_place_in_the_journal() -> None:
    broadcast, book = Broadcast("0a1b2c"), Book()

    async def scene() -> list[dict[str, str]]:
        client = Client(broadcast.follow(0, EVERYTHING, book.page))
        broadcast.publish([*book.grow(1, "order.partially_filled"), *book.grow(1, "run.completed")])
        await client.read_until(lambda client: len(client.told) == 2)
        await client.leave()
        return client.told

    order, run = served(broadcast, scene)
    assert order["id"] == "0a1b2c-1"
    assert order["event"] == "order.partially_filled"
    assert json.loads(order["data"]) == {
        "position": 1,
        "type": "order.partially_filled",
        "run_id": str(RUN),
        "order_id": str(book.entries[0].stream_id),
        "status": "partial",
        "ts": "2024-01-31T14:30:00Z",
    }
    assert json.loads(run["data"]) == {
        "position": 2,
        "type": "run.completed",
        "run_id": str(RUN),
        "status": "completed",
        "ts": "2024-01-31T14:30:00Z",
    }

"""Live runs on the stream: ticks that pass by beside the journal, and what thin events say of orders."""

import json
from collections.abc import Sequence
from uuid import UUID

import pytest

from domain.event_catalogue import encode
from domain.events import JournalEntry
from domain.ids import new_id
from domain.tape import TapeBar, TapeTicked
from interfaces.broadcast import Broadcast, encoded
from tests.interfaces.test_broadcast import EVERYTHING, OTHER_RUN, RECORDED, RUN, Book, Client, parsed, served


def ticks(book: Book, number: int, *closes: float, run_id: UUID = RUN) -> Sequence[JournalEntry]:
    """The next entry of the book: a tick of a run."""
    bars = tuple(TapeBar(f"S{place}", RECORDED, 1, 1, 1, close) for place, close in enumerate(closes))
    state = encode(TapeTicked(at=RECORDED, run_id=run_id, number=number, bars=bars))[1]
    [entry] = book.grow(1, "tape.ticked", run_id)
    book.entries[-1] = entry._replace(state=state)
    return book.entries[-1:]


def test_a_tick_is_told_beside_its_event_with_the_closes_and_only_the_newest_is_kept() -> None:
    broadcast, book = Broadcast("e"), Book()

    async def scene() -> None:
        client = Client(broadcast.follow(0, EVERYTHING, book.page))
        broadcast.publish(ticks(book, 1, 251.5, 1e-07))
        await client.read_until(lambda client: len(client.told) >= 2)
        journal, passing = sorted(client.told, key=lambda frame: "id" not in frame)
        assert (journal["id"], journal["event"]) == ("e-1", "tape.ticked")
        assert (passing["event"], "id" in passing) == ("tick", False)
        assert json.loads(passing["data"]) == {
            "run_id": str(RUN),
            "number": 1,
            "at": "2024-01-31T14:30:00Z",
            "closes": {"S0": "251.5", "S1": "0.0000001"},
        }
        broadcast.publish([*ticks(book, 2, 252.0), *ticks(book, 1, 9.0, run_id=OTHER_RUN)])
        await client.read_until(lambda client: len(client.told) >= 6)
        await client.leave()
        late = Client(broadcast.follow(book.entries[-1].position, EVERYTHING, book.page))
        await late.read_until(lambda client: len(client.told) >= 2)
        assert [json.loads(frame["data"])["number"] for frame in late.told] == [2, 1]
        await late.leave()

    served(broadcast, scene)


def test_of_a_run_that_has_ended_no_tick_is_told() -> None:
    broadcast, book = Broadcast("e"), Book()

    async def scene() -> None:
        broadcast.publish([*ticks(book, 1, 251.5), *book.grow(1, "run.stopped")])
        broadcast.publish(ticks(book, 7, 9.0, run_id=OTHER_RUN))
        client = Client(broadcast.follow(book.entries[-1].position, EVERYTHING, book.page))
        await client.read_until(lambda client: bool(client.told))
        assert [json.loads(frame["data"])["run_id"] for frame in client.told] == [str(OTHER_RUN)]
        await client.leave()

    served(broadcast, scene)


def test_a_tick_that_cannot_be_read_costs_nobody_anything() -> None:
    broadcast, book = Broadcast("e"), Book()
    broadcast.publish(book.grow(1, "tape.ticked"))  # what raises here is not called again

    async def scene() -> None:
        client = Client(broadcast.follow(0, EVERYTHING, book.page))
        broadcast.publish(book.grow(1))
        await client.read_until(lambda client: client.positions == [1, 2])
        await client.leave()

    served(broadcast, scene)


@pytest.mark.parametrize(
    ("topic", "state", "status"),
    [
        ("order.submitted", b"{}", "submitted"),
        ("order.accepted", b"{}", "accepted"),
        ("order.outcome_unknown", b"{}", "unknown"),
        ("order.filled", b"{}", "filled"),
        ("order.filled", b'{"execution_id":"\\"late\\":true"}', "filled"),
        ("order.filled", b'{"execution_id":"e1","late":true}', None),
        ("order.cancel_requested", b"{}", None),
        ("tape.ticked", b"{}", None),
        ("account.reconciled", b"{}", None),
    ],
)
def test_a_thin_event_names_the_order_and_what_becomes_of_it(topic: str, state: bytes, status: str | None) -> None:
    stream = new_id()
    frame = encoded("e", JournalEntry(1, stream, 1, topic, state, RUN, {}, RECORDED))
    thin = json.loads(parsed(frame.data)[0]["data"])
    assert thin.get("status") == status
    assert thin.get("order_id") == (str(stream) if topic.startswith("order.") else None)

"""What an older Weaver recorded, read by a newer one, from the journal to the tail: one journal with both forms."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from application.clock import WallClock
from application.journal import Journal
from application.recovery import RecordedPrefix, ReplayDiverged
from application.runs import open_orders
from application.supervisor import Supervisor
from domain.errors import InvalidInput
from domain.events import Chain, Event, Recorded
from domain.ids import new_id
from domain.order import Order, OrderCancelled, OrderStatus
from domain.run import Run, RunStartRequested
from interfaces.composition import compose
from interfaces.event_store import journal_environment
from interfaces.run_claims import DatabaseRunClaims
from interfaces.settings import Settings
from projections import orders
from projections.orders import OrdersReadModel
from projections.rebuild import rebuild
from projections.view import ReadModelStopped, fold_batch
from tests.evolved_events import EVOLVED, OrderCancelledV1, OrderCancelledV2, RunStartRequestedV2
from tests.interfaces.web.scenes import Served, served, streamed, until
from tests.projections.facts import dump_all, new_order, run_created
from tests.projections.watching import JournalPoll

AT = datetime(2026, 1, 1, tzinfo=UTC)
CHAIN = Chain("evolution", "evolution", actor="test")


@dataclass
class Past:
    """A journal an older Weaver wrote and a newer one has gone on with: a run, and an order cancelled by each."""

    url: str
    journal: Journal
    run_id: UUID
    old_order: UUID
    new_order: UUID

    def cancelled(self, by: str) -> OrderCancelledV2:
        return OrderCancelledV2(at=AT, run_id=self.run_id, reason="cancelled by the strategy", by=by)


@contextmanager
def opened(database_url: str, **options: Any) -> Iterator[Journal]:
    with Journal(journal_environment(database_url, pool_size=2), **options) as journal:
        yield journal


@pytest.fixture
def past(database_url: str) -> Iterator[Past]:
    run_id = new_id()
    old, new = new_order(run_id, 1), new_order(run_id, 2)
    with opened(database_url) as older:
        events = (run_created(), RunStartRequested(at=AT))
        older.append_batch([Recorded(run_id, n, event) for n, event in enumerate(events, 1)], run_id, CHAIN)
        old.cancel(AT, "cancelled by the strategy")
        older.record(old, new, run_id=run_id, chain=CHAIN)
    with opened(database_url, catalogue=EVOLVED) as journal:
        made = Past(database_url, journal, run_id, old.id, new.id)
        journal.append_batch([Recorded(new.id, 2, made.cancelled("a person"))], run_id, CHAIN)
        yield made


def stored(past: Past, order_id: UUID) -> Event:
    entry = past.journal.stream(order_id)[-1]
    return past.journal.catalogue.decode(entry.topic, entry.state)


def test_the_journal_keeps_what_was_written_and_reads_the_newest_form(past: Past) -> None:
    topics = [past.journal.stream(order_id)[-1].topic for order_id in (past.old_order, past.new_order)]
    assert topics == ["order.cancelled", "order.cancelled.v2"]
    assert stored(past, past.old_order) == past.cancelled("strategy")
    assert stored(past, past.new_order) == past.cancelled("a person")


def test_an_aggregate_folds_both_forms(past: Past) -> None:
    for order_id in (past.old_order, past.new_order):
        order = past.journal.load(Order, order_id)
        assert order is not None
        assert order.status is OrderStatus.CANCELLED
    run = past.journal.load(Run, past.run_id)
    assert run is not None
    assert run.start_requested
    assert open_orders(past.journal, past.run_id) == []


def test_an_older_form_is_not_recorded_any_more(past: Past) -> None:
    head = past.journal.head()
    superseded = OrderCancelledV1(at=AT, run_id=past.run_id, reason="no")
    with pytest.raises(InvalidInput, match=r"order\.cancelled is superseded: record order\.cancelled\.v2 instead"):
        past.journal.append_batch([Recorded(new_id(), 1, superseded)], past.run_id, CHAIN)
    with pytest.raises(InvalidInput, match="OrderCancelled is not a registered event"):
        past.journal.append_batch([Recorded(new_id(), 1, OrderCancelled(at=AT, run_id=past.run_id, reason="no"))],
                                  past.run_id, CHAIN)  # fmt: skip
    assert past.journal.head() == head


def test_an_older_weaver_does_not_guess_what_a_newer_one_wrote(past: Past) -> None:
    with opened(past.url) as older, pytest.raises(InvalidInput, match=r"unknown topic 'order\.cancelled\.v2': a newer"):
        older.load(Order, past.new_order)


@pytest.mark.parametrize("topic", ["order.cancelled", "order.cancelled.v2"])
def test_whoever_reads_one_version_of_a_topic_reads_all(past: Past, topic: str) -> None:
    entries = past.journal.read(0, 10, topics=[topic], run_id=past.run_id)
    assert [entry.stream_id for entry in entries] == [past.old_order, past.new_order]


def test_a_replay_is_held_against_both_forms(past: Past) -> None:
    created = [entry for entry in past.journal.read(0, 10, topics=["order.created"])]
    derived = [Recorded(one.stream_id, 1, past.journal.catalogue.decode(one.topic, one.state)) for one in created]
    derived += [
        Recorded(past.old_order, 2, past.cancelled("strategy")),
        Recorded(past.new_order, 2, past.cancelled("a person")),
    ]
    prefix = RecordedPrefix(past.journal, past.run_id)
    assert len(prefix) == 4
    assert prefix.missing(derived) == []
    prefix.require_spent()
    otherwise = [Recorded(past.old_order, 2, past.cancelled("a person"))]
    with pytest.raises(ReplayDiverged, match="was recorded as"):
        RecordedPrefix(past.journal, past.run_id).missing(otherwise)


def test_read_models_and_their_rebuild_fold_both_forms(past: Past) -> None:
    with psycopg.connect(past.url, autocommit=True) as connection:
        with pytest.raises(ReadModelStopped, match="a newer Weaver wrote it"):
            fold_batch(connection, OrdersReadModel())
        assert fold_batch(connection, OrdersReadModel(), catalogue=EVOLVED).is_complete
        rows, _ = orders.page(connection, run_id=past.run_id, limit=10)
        assert [(row.id, row.status) for row in rows] == [(past.new_order, "cancelled"), (past.old_order, "cancelled")]
        before = dump_all(connection)["orders"]
        connection.execute("update orders set status = 'pending'")
        rebuild(past.url, "orders", catalogue=EVOLVED)
        assert dump_all(connection)["orders"] == before


class Launches:
    """Starts nothing, and notes for which run it should have."""

    def __init__(self) -> None:
        self.runs: set[UUID] = set()

    def launch(self, run_id: UUID, *, again: bool = False) -> "Launches":
        self.runs.add(run_id)
        return self

    def poll(self) -> int | None:
        return None

    @property
    def awaits(self) -> str | None:
        return None

    def interrupt(self) -> None: ...
    def kill(self) -> None: ...
    def last_sign(self) -> float | None:
        return None

    def complaint(self) -> str:
        return ""


def test_the_supervisor_hears_of_runs_started_in_either_form(past: Past) -> None:
    started_today = new_id()
    events = (run_created(), RunStartRequestedV2(at=AT, by="Ada"))
    past.journal.append_batch(
        [Recorded(started_today, n, event) for n, event in enumerate(events, 1)], started_today, CHAIN
    )
    launches, watch = Launches(), JournalPoll(past.url)
    claims = DatabaseRunClaims(past.url)
    supervisor = Supervisor(past.journal, watch, claims, launches, WallClock(), lambda message, fields: None)
    supervisor.start()
    try:
        until(lambda: launches.runs == {past.run_id, started_today})
    finally:
        supervisor.stop()
        claims.close()
        watch.close()


@pytest.fixture
def server(past: Past, tmp_path: Path) -> Iterator[Served]:
    settings = Settings.read(home=tmp_path, port=0, strategies_dir=tmp_path)
    weaver = compose(settings, past.url, only=new_id(), catalogue=EVOLVED)
    weaver.start()
    try:
        with served(weaver) as server:
            yield server
    finally:
        weaver.stop()


def test_the_tail_shows_each_event_as_it_was_recorded(past: Past, server: Served) -> None:
    until(lambda: all(one.position == past.journal.head() for one in server.weaver.processors))
    with server.rest() as api:
        for path in ("/events/tail?type=order.cancelled", f"/runs/{past.run_id}/events?type=order.cancelled.v2"):
            old, new = api.get(path).json()["items"]
            assert (old["type"], old["version"]) == ("order.cancelled", 1)
            assert (new["type"], new["version"]) == ("order.cancelled.v2", 2)
            assert "by" not in old["payload"]
            assert new["payload"]["by"] == "a person"
        shown = [api.get(f"/orders/{order_id}").json() for order_id in (past.old_order, past.new_order)]
        assert [order["status"] for order in shown] == ["cancelled", "cancelled"]


def test_the_stream_tells_the_status_in_either_form(past: Past, server: Served) -> None:
    query = f"after=0&type=order.cancelled&run_id={past.run_id}"
    with server.client() as client, client.stream("GET", f"/api/v1/events/stream?{query}") as response:
        events = streamed(response.iter_lines(), 2)
    assert [event["event"] for event in events] == ["order.cancelled", "order.cancelled.v2"]
    assert all('"status":"cancelled"' in event["data"] for event in events)

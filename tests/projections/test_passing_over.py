"""Events that concern a read model in nothing: shown as reached at once, stored a little later, never confused."""

from collections.abc import Iterator

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.ids import new_id
from projections import processor as processing_module
from projections import runs
from projections.processor import Processor
from projections.runs import RunsReadModel
from projections.view import standing
from tests.projections.facts import append, given, given_unknown, new_order, run_created
from tests.projections.watching import JournalPoll, eventually


class KnowingWatch(JournalPoll):
    """Knows the topics of all there is in the journal."""

    def topics(self, after: int, upto: int) -> frozenset[str] | None:
        with self._lock:
            found = self._connection.execute(
                "select distinct topic from weaver_events where notification_id > %s and notification_id <= %s",
                (after, upto),
            )
            return frozenset(topic for (topic,) in found)


@pytest.fixture
def late_offsets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is stored, or looked at, because it is time to."""
    monkeypatch.setattr(processing_module, "OFFSET_DELAY", 60.0)
    monkeypatch.setattr(processing_module, "SAFETY_POLL", 60.0)


@pytest.fixture
def processor(connection: Connection[TupleRow], database_url: str) -> Iterator[Processor]:
    """A processor of runs at the head of a journal with one run."""
    head = given(connection, new_id(), run_created())[-1]
    watch = KnowingWatch(database_url)
    made = Processor(database_url, RunsReadModel(), watch)
    made.start()
    assert made.wait_for(head, 10)
    yield made
    made.stop()
    watch.close()


def add_order(connection: Connection[TupleRow], number: int) -> int:
    run_id = new_id()
    return append(connection, list(new_order(run_id, number).collect_events()), run_id)[-1]


@pytest.mark.usefixtures("late_offsets")
def test_what_does_not_concern_it_is_reached_without_the_database(
    connection: Connection[TupleRow], processor: Processor
) -> None:
    stored = standing(connection, "runs").position
    for number in range(1, 4):
        head = add_order(connection, number)
        eventually(lambda head=head: processor.position == head)  # type: ignore[misc]
    assert standing(connection, "runs").position == stored
    snapshot = processor.snapshot(head)
    assert (snapshot.position, snapshot.lag_events, snapshot.lag_seconds) == (head, 0, 0.0)
    assert snapshot.events_folded_total == 1


@pytest.mark.usefixtures("late_offsets")
def test_the_next_event_that_concerns_it_is_folded_and_the_offset_stored(
    connection: Connection[TupleRow], processor: Processor
) -> None:
    passed = add_order(connection, 1)
    eventually(lambda: processor.position == passed)
    head = given(connection, new_id(), run_created(name="the second"))[-1]
    eventually(lambda: processor.position == head)
    assert standing(connection, "runs").position == head
    assert [row.name for row in runs.page(connection, limit=1)[0]] == ["the second"]


def test_the_offset_is_stored_a_little_later(connection: Connection[TupleRow], processor: Processor) -> None:
    head = add_order(connection, 1)
    eventually(lambda: standing(connection, "runs").position == head)
    assert processor.position == head


@pytest.mark.usefixtures("late_offsets")
def test_an_unknown_event_is_everybodys_concern(connection: Connection[TupleRow], processor: Processor) -> None:
    given_unknown(connection, "order.teleported")
    eventually(lambda: processor.state.name == "stopped")
    assert "order.teleported" in str(processor.state)


@pytest.mark.usefixtures("late_offsets")
def test_an_offset_that_somebody_else_has_moved_back_is_believed(
    connection: Connection[TupleRow], processor: Processor
) -> None:
    passed = add_order(connection, 1)
    eventually(lambda: processor.position == passed)
    connection.execute("update projection_position set position = 0 where name = 'runs'")
    processor._note(standing(connection, "runs"))
    assert processor.position == 0

"""An event that cannot be folded: read models of money stop before it, the others pass over it and say so."""

import logging
from collections.abc import Sequence
from typing import ClassVar

import psycopg
import pytest
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from domain.ids import new_id
from domain.run import RunStartRequested
from projections import activity
from projections.activity import ActivityReadModel
from projections.catalog import READ_MODELS
from projections.orders import OrdersReadModel
from projections.rebuild import rebuild
from projections.view import Folded, ReadModelStopped, fold_batch, look, standing
from tests.projections.facts import append, fold, given, given_unknown, minute, new_order, run_created
from tests.projections.watching import processing


class Choosy(ActivityReadModel):
    """Raises for what is to be told at one position, as it is told to."""

    poison_at: ClassVar[int] = 0
    error: ClassVar[Exception] = TypeError("nothing is told of\nthis")

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Write rows, then raise if the poison is among them."""
        super().apply(cursor, entries)
        if self.poison_at in [entry.position for entry, _ in entries]:
            raise self.error


def parked(connection: Connection[TupleRow]) -> list[TupleRow]:
    """Every parked event: read model, position, topic, stream and error, oldest first."""
    return connection.execute(
        "select read_model, position, topic, stream_id, error from parked_events order by position"
    ).fetchall()


def positions(connection: Connection[TupleRow]) -> list[int]:
    return [row.position for row in activity.page(connection, limit=100)[0]]


def test_money_stops_and_telling_parks() -> None:
    telling = {"activity", "decisions", "exchange_accounts", "log"}
    assert {model.name for model in READ_MODELS if model.poison == "park"} == telling


@pytest.mark.parametrize("batch", [1, 3, 1_000])
def test_an_event_that_cannot_be_applied_is_passed_over_and_everything_around_it_is_folded(
    connection: Connection[TupleRow], batch: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Choosy, "poison_at", 3)
    run_id = new_id()
    given(connection, run_id, run_created(), *(RunStartRequested(at=minute(n)) for n in range(5)))
    with caplog.at_level(logging.ERROR):
        assert fold(connection, Choosy(), batch) == 6
    assert positions(connection) == [6, 5, 4, 2, 1]
    assert parked(connection) == [("activity", 3, "run.start_requested", run_id, "TypeError: nothing is told of this")]
    assert standing(connection, "activity").parked == 1
    [logged] = caplog.messages
    assert "read model activity passes over run.start_requested at position 3" in logged
    assert "run weaver rebuild activity" in logged


def test_a_payload_that_cannot_be_read_is_passed_over(connection: Connection[TupleRow]) -> None:
    given(connection, new_id(), run_created())
    given_unknown(connection, "run.started", b"not json")
    given(connection, new_id(), run_created())
    assert fold(connection, ActivityReadModel()) == 3
    assert positions(connection) == [3, 1]
    assert [position for _, position, *_ in parked(connection)] == [2]


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("could not extend file: No space left on device"),
        psycopg.errors.UndefinedTable('relation "activity" does not exist'),
        ReadModelStopped("the journal was restored to an earlier time"),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_no_fault_of_the_event_parks_nothing(
    connection: Connection[TupleRow], error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Choosy, "poison_at", 1)
    monkeypatch.setattr(Choosy, "error", error)
    given(connection, new_id(), run_created())
    with pytest.raises(type(error)):
        fold_batch(connection, Choosy())
    assert (positions(connection), look(connection, "activity").position) == ([], 0)
    assert parked(connection) == []


def test_a_read_model_that_parks_never_stops_and_shows_how_many_it_passed_over(
    connection: Connection[TupleRow], database_url: str
) -> None:
    given_unknown(connection, "run.started", b"{}")
    append(connection, new_order(new_id(), 1).collect_events())
    [last] = given(connection, new_id(), run_created())
    with processing(database_url, ActivityReadModel()) as processor:
        assert processor.wait_for(last, 10)
        assert str(processor.state) == "following"
        assert processor.snapshot().parked == 1


def test_a_rebuild_clears_what_is_parked_and_tries_again(
    connection: Connection[TupleRow], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Choosy, "poison_at", 1)
    given(connection, new_id(), run_created())
    poison = given_unknown(connection, "run.started", b"{}")
    fold(connection, Choosy())
    assert [position for _, position, *_ in parked(connection)] == [1, poison]
    rebuild(database_url, "activity")
    assert positions(connection) == [1]
    assert [position for _, position, *_ in parked(connection)] == [poison], "still cannot be read"
    connection.execute("delete from weaver_events where notification_id = %s", (poison,))
    rebuild(database_url, "activity")
    assert parked(connection) == []


def test_a_rebuild_leaves_alone_what_others_have_parked(connection: Connection[TupleRow], database_url: str) -> None:
    given_unknown(connection, "run.started", b"{}")
    given(connection, new_id(), run_created())
    fold(connection, ActivityReadModel())
    fold(connection, OrdersReadModel())
    rebuild(database_url, "orders")
    assert len(parked(connection)) == 1

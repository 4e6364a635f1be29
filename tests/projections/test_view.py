"""One batch: rows and offset together, each event once, whatever the batches are and whoever folds them."""

import threading
from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from domain.errors import InvalidInput
from domain.event_catalogue import EVENTS
from domain.ids import new_id
from interfaces.journal_verification import verify_journal
from projections import view
from projections.catalog import READ_MODELS, read_model
from projections.fills import FillsReadModel
from projections.orders import OrdersReadModel
from projections.view import Folded, Poison, Progress, ReadModel, ReadModelStopped, fold_batch, look, standing
from tests.projections import facts
from tests.projections.facts import append, dump, dump_all, fold, fold_all, forget, new_order, random_facts

ALL = pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)


class Recording:
    """A read model that remembers what it was given, and may raise."""

    name: ClassVar[str] = "orders"
    poison: ClassVar[Poison] = "stop"
    tables: ClassVar[tuple[str, ...]] = ("orders",)
    topics: ClassVar[frozenset[str]] = frozenset(EVENTS)

    def __init__(self, fails_at: int | None = None) -> None:
        self.batches: list[list[int]] = []
        self.fails_at = fails_at

    def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
        """Keep the table `orders` and note the positions."""
        OrdersReadModel().apply(cursor, [folded for folded in entries if folded.event.TOPIC in OrdersReadModel.topics])
        self.batches.append([entry.position for entry, _ in entries])
        if self.fails_at in self.batches[-1]:
            raise RuntimeError("power cut")

    def forget(self, cursor: Cursor[TupleRow], run_ids: Sequence[UUID]) -> None:
        """Forget the orders."""
        OrdersReadModel().forget(cursor, run_ids)


def offset(connection: Connection[TupleRow], name: str) -> int:
    [(position,)] = connection.execute("select position from projection_position where name = %s", (name,))
    return int(position)


def test_an_empty_journal_is_complete(connection: Connection[TupleRow]) -> None:
    assert fold_batch(connection, OrdersReadModel()) == Progress(0, 0)
    assert look(connection, "orders").is_complete


def test_a_batch_moves_the_offset_by_at_most_its_limit(connection: Connection[TupleRow]) -> None:
    append(connection, list(random_facts(seed=1)))
    head = look(connection, "orders").head
    model = Recording()
    assert fold_batch(connection, model, 10) == Progress(10, head)
    assert fold_batch(connection, model, 5) == Progress(15, head)
    assert model.batches == [[*range(1, 11)], [*range(11, 16)]]
    assert look(connection, "orders") == Progress(15, head)


def test_the_offset_passes_over_events_the_read_model_does_not_fold(connection: Connection[TupleRow]) -> None:
    head = append(connection, new_order(new_id(), 1).collect_events())[-1]
    assert fold_batch(connection, FillsReadModel()) == Progress(head, head)


def test_gaps_between_positions_are_crossed(connection: Connection[TupleRow], database_url: str) -> None:
    append(connection, new_order(new_id(), 1).collect_events())
    connection.execute("select setval('weaver_events_notification_id_seq', 1000000000)")
    append(connection, new_order(new_id(), 2).collect_events())
    model = Recording()
    assert fold_batch(connection, model, 5) == Progress(1, 1_000_000_001), "an offset is the position of an event"
    assert (offset(connection, model.name), verify_journal(database_url).findings) == (1, []), "none that was dropped"
    assert fold_batch(connection, model, 5).is_complete
    assert model.batches == [[1], [1_000_000_001]]


def test_rows_and_offset_roll_back_together_when_applying_fails(connection: Connection[TupleRow]) -> None:
    append(connection, list(random_facts(seed=1)))
    fold_batch(connection, Recording(), 10)
    before = dump(connection, "orders")
    with pytest.raises(RuntimeError, match="power cut"):
        fold_batch(connection, Recording(fails_at=15), 10)
    assert (dump(connection, "orders"), offset(connection, "orders")) == (before, 10)
    fold(connection, OrdersReadModel())
    once = dump(connection, "orders")
    forget(connection)
    fold(connection, OrdersReadModel())
    assert dump(connection, "orders") == once


def test_rows_and_offset_roll_back_together_when_the_connection_is_killed(
    connection: Connection[TupleRow], database_url: str
) -> None:
    append(connection, list(random_facts(seed=1)))

    class Killed(Recording):
        def apply(self, cursor: Cursor[TupleRow], entries: Sequence[Folded]) -> None:
            super().apply(cursor, entries)
            connection.execute("select pg_terminate_backend(%s, 5000)", (cursor.connection.info.backend_pid,))

    with psycopg.connect(database_url, autocommit=True) as doomed:
        with pytest.raises(psycopg.OperationalError):
            fold_batch(doomed, Killed())
    assert (dump(connection, "orders"), offset(connection, "orders")) == ([], 0)


@ALL
def test_folding_the_same_events_twice_equals_folding_them_once(
    connection: Connection[TupleRow], model: ReadModel
) -> None:
    append(connection, list(random_facts(seed=2)))
    fold(connection, model)
    once = {table: dump(connection, table) for table in model.tables}
    assert all(once.values())
    connection.execute("update projection_position set position = 0")
    while not fold_batch(connection, model, 13).is_complete:
        assert {table: dump(connection, table) for table in model.tables} == once
    assert {table: dump(connection, table) for table in model.tables} == once


def test_the_size_of_batches_does_not_show_in_the_rows(connection: Connection[TupleRow]) -> None:
    append(connection, list(random_facts(seed=3)))
    fold_all(connection, 1_000)
    in_large = dump_all(connection)
    forget(connection)
    fold_all(connection, 1)
    assert dump_all(connection) == in_large


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    steps=st.lists(st.tuples(st.integers(1, 60), st.integers(0, 40)), min_size=1, max_size=12),
)
def test_any_split_with_any_repetition_gives_the_same_rows(
    connection: Connection[TupleRow], seed: int, steps: list[tuple[int, int]]
) -> None:
    connection.execute("truncate weaver_events restart identity")
    forget(connection)
    append(connection, list(random_facts(seed, runs=2, orders=12)))
    fold_all(connection)
    expected = dump_all(connection)
    forget(connection)
    for model in READ_MODELS:
        for limit, back in steps:  # fold a batch, then forget having folded some of it
            fold_batch(connection, model, limit)
            connection.execute(
                "update projection_position set position = greatest(position - %s, 0) where name = %s",
                (back, model.name),
            )
        fold(connection, model, steps[0][0])
    assert dump_all(connection) == expected


def test_two_at_once_fold_every_event_exactly_once(connection: Connection[TupleRow], database_url: str) -> None:
    append(connection, list(random_facts(seed=4)))
    start = threading.Barrier(4)
    models = [Recording() for _ in range(4)]
    raised: list[BaseException] = []

    def work(model: Recording) -> None:
        try:
            with psycopg.connect(database_url, autocommit=True) as own:
                start.wait()
                fold(own, model, 7)
        except BaseException as error:
            raised.append(error)
            raise

    threads = [threading.Thread(target=work, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not raised
    head = offset(connection, "orders")
    assert sorted(position for model in models for batch in model.batches for position in batch) == [
        *range(1, head + 1)
    ]
    at_once = dump(connection, "orders")
    forget(connection)
    fold(connection, OrdersReadModel())
    assert dump(connection, "orders") == at_once


@ALL
def test_an_event_of_an_unknown_topic_stops_every_view_and_is_not_skipped(
    connection: Connection[TupleRow], model: ReadModel
) -> None:
    append(connection, new_order(new_id(), 1).collect_events())
    position = facts.given_unknown(connection, "order.teleported")
    append(connection, new_order(new_id(), 2).collect_events())
    expected = rf"{model.name} stops before position {position}: .*'order.teleported'.*; update Weaver"
    with pytest.raises(ReadModelStopped, match=expected) as stopped:
        fold(connection, model)
    assert stopped.value.details["position"] == position
    assert offset(connection, model.name) == 0
    assert fold_batch(connection, model, 1).position == position - 1
    with pytest.raises(ReadModelStopped, match=expected):
        fold_batch(connection, model, 1)


@pytest.mark.parametrize("state", [b"{}", b"not json", b'{"at":"yesterday"}'])
def test_an_unreadable_payload_stops_the_view_and_says_where(connection: Connection[TupleRow], state: bytes) -> None:
    facts.given_unknown(connection, "order.cancelled", state)
    with pytest.raises(ReadModelStopped, match=r"stops before position 1: order\.cancelled cannot be read"):
        fold(connection, OrdersReadModel())


@ALL
def test_a_journal_restored_to_an_earlier_time_is_refused_with_the_advice_to_rebuild(
    connection: Connection[TupleRow], model: ReadModel
) -> None:
    append(connection, list(random_facts(seed=1, runs=1)))
    head = fold(connection, model)
    rows = {table: dump(connection, table) for table in model.tables}
    connection.execute("delete from weaver_events where notification_id > 10")
    with pytest.raises(
        ReadModelStopped, match=f"at position {head}, .* ends at 10: .* run weaver rebuild {model.name}"
    ):
        fold_batch(connection, model)
    with pytest.raises(ReadModelStopped, match="restored to an earlier time"):
        look(connection, model.name)
    assert standing(connection, model.name) == Progress(head, 10)
    assert {table: dump(connection, table) for table in model.tables} == rows


def test_a_database_without_the_offset_is_refused(connection: Connection[TupleRow]) -> None:
    connection.execute("delete from projection_position")
    with pytest.raises(ReadModelStopped, match="run weaver migrate"):
        fold_batch(connection, OrdersReadModel())


def test_a_batch_ends_where_its_payloads_are_large(
    connection: Connection[TupleRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    append(connection, list(random_facts(seed=1)))
    fold(connection, OrdersReadModel())
    expected = dump(connection, "orders")
    forget(connection)
    monkeypatch.setattr(view, "BATCH_BYTES", 2_000)
    model = Recording()
    fold(connection, model)
    head = offset(connection, "orders")
    assert [position for batch in model.batches for position in batch] == [*range(1, head + 1)]
    sizes: list[int] = []
    for batch in model.batches:
        [(size,)] = connection.execute(
            "select sum(octet_length(state)) from weaver_events where notification_id = any(%s)", (batch,)
        )
        sizes.append(size)
    assert max(sizes) < 4_000
    assert len(sizes) > 10
    assert dump(connection, "orders") == expected


def test_every_read_model_has_an_offset_and_is_found_by_name(connection: Connection[TupleRow]) -> None:
    names = {name for (name,) in connection.execute("select name from projection_position")}
    assert names == {model.name for model in READ_MODELS}
    assert [read_model(model.name) for model in READ_MODELS] == list(READ_MODELS)
    with pytest.raises(InvalidInput, match=r"no read model 'order': choose one of runs, orders, fills"):
        read_model("order")

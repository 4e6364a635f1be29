"""The journal read once for all: every read model gets what it would have read by itself."""

from contextlib import ExitStack
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from domain.events import JournalEntry
from domain.ids import new_id
from projections import shared_reading
from projections.activity import ActivityReadModel
from projections.catalog import READ_MODELS
from projections.orders import OrdersReadModel
from projections.processor import Processor
from projections.shared_reading import SharedReading
from projections.view import ReadModelStopped, fold_batch, read_entries
from tests.projections.facts import append, dump_all, fold_all, forget, given_unknown, new_order, random_facts
from tests.projections.watching import JournalPoll, eventually


def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Note what is read of the journal: after which position, up to which."""
    noted: list[tuple[int, int]] = []

    def noting(
        cursor: Cursor[TupleRow], topics: frozenset[str], after: int, end: int
    ) -> tuple[list[JournalEntry], int]:
        noted.append((after, end))
        return read_entries(cursor, topics, after, end)

    monkeypatch.setattr(shared_reading, "read_entries", noting)
    return noted


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    order=st.permutations(range(len(READ_MODELS))),
    limits=st.lists(st.integers(6, 70), min_size=1, max_size=5),
    stretch=st.sampled_from([7, 50, 1_000]),
    kept=st.integers(1, 3),
)
def test_read_models_that_share_fold_what_they_fold_alone(
    connection: Connection[TupleRow], seed: int, order: list[int], limits: list[int], stretch: int, kept: int
) -> None:
    connection.execute("truncate weaver_events restart identity")
    forget(connection)
    facts = list(random_facts(seed, runs=2, orders=8))
    append(connection, facts[: len(facts) // 2])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shared_reading, "STRETCH", stretch)
        patched.setattr(shared_reading, "KEPT", kept)
        shared = SharedReading()
        for number, limit in enumerate(limits):
            for place in order:
                fold_batch(connection, READ_MODELS[place], limit, reading=shared)
            if number == 1:
                append(connection, facts[len(facts) // 2 :])
        for place in order:
            while not fold_batch(connection, READ_MODELS[place], limits[0], reading=shared).is_complete:
                pass
    together = dump_all(connection)
    forget(connection)
    fold_all(connection)
    assert dump_all(connection) == together


def test_what_one_has_read_is_not_read_again(connection: Connection[TupleRow], monkeypatch: pytest.MonkeyPatch) -> None:
    noted = reads(monkeypatch)
    head = append(connection, list(random_facts(seed=1)))[-1]
    shared = SharedReading()
    for model in READ_MODELS:
        assert fold_batch(connection, model, 1_000, reading=shared).position == head
    assert noted == [(0, head)]
    more = append(connection, new_order(new_id(), 1).collect_events())[-1]
    for model in READ_MODELS:
        assert fold_batch(connection, model, 1_000, reading=shared).position == more
    assert noted == [(0, head), (head, more)]
    shared.forget()
    fold_batch(connection, OrdersReadModel(), 1_000, reading=shared)
    assert len(noted) == 2, "nothing to fold, nothing read"


def test_a_poison_event_stops_or_is_parked_by_each_read_model_for_itself(connection: Connection[TupleRow]) -> None:
    given_unknown(connection, "risk.halted", b"{}")
    head = append(connection, new_order(new_id(), 1).collect_events())[-1]
    shared = SharedReading()
    assert fold_batch(connection, OrdersReadModel(), 1_000, reading=shared).position == head
    assert fold_batch(connection, ActivityReadModel(), 1_000, reading=shared).parked == 1
    fold_all(connection, 1)
    given_unknown(connection, "order.teleported")
    for model in READ_MODELS:
        with pytest.raises(ReadModelStopped, match=f"read model {model.name} stops"):
            fold_batch(connection, model, 1_000, reading=shared)


def test_processors_that_share_reach_the_head_together_through_a_backlog(
    connection: Connection[TupleRow], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_reading, "STRETCH", 20)
    noted = reads(monkeypatch)
    head = append(connection, list(random_facts(seed=3, runs=6, orders=40)))[-1]
    shared, poll = SharedReading(), JournalPoll(database_url)
    with ExitStack() as ending:
        ending.callback(poll.close)
        processors = [Processor(database_url, model, poll, reading=shared) for model in READ_MODELS]
        for processor in processors:
            ending.callback(processor.stop)
            processor.start()
        assert all(processor.wait_for(head, 20) for processor in processors)
    assert len(noted) < 2 * head / 20, "each stretch about once, not once for each read model"
    together = dump_all(connection)
    forget(connection)
    fold_all(connection)
    assert dump_all(connection) == together


def test_nobody_waits_for_a_read_model_that_is_not_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_reading, "SILENCE", 0.05)
    monkeypatch.setattr(shared_reading, "PATIENCE", 60.0)
    shared = SharedReading()
    shared.pace("slow", 0, 1_000_000, lambda: False)
    began = monotonic()
    shared.pace("fast", 20_000, 1_000_000, lambda: False)
    assert 0.04 < monotonic() - began < 10, "it waits as long as the other may still come"
    shared.pace("fast", 20_000, 1_000_000, lambda: True)
    shared.pace("far ahead", 900_000, 1_000_000, lambda: False)
    shared.pace("at the head", 1_000_000, 1_000_000, lambda: False)


def test_a_lost_connection_forgets_what_was_read(
    connection: Connection[TupleRow], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = append(connection, list(random_facts(seed=1, runs=1)))[-1]
    shared, poll = SharedReading(), JournalPoll(database_url)
    forgotten: list[bool] = []
    monkeypatch.setattr(shared, "forget", lambda: forgotten.append(True))
    processor = Processor(database_url, OrdersReadModel(), poll, reading=shared)
    processor.start()
    try:
        assert processor.wait_for(head, 10)
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'weaver orders' "
            "and datname = current_database()"
        )
        eventually(lambda: len(forgotten) == 2)
    finally:
        processor.stop()
        poll.close()

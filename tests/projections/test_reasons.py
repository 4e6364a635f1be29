"""Why there is an order: what it was decided on is found by causes and by what was recorded beside it."""

from typing import Any
from uuid import UUID

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.events import Event, Recorded
from domain.ids import OrderIds, new_id
from domain.order import OrderFilled, OrderSubmitted
from domain.risk import RiskHalted, risk_stream_id
from domain.run import RunFlattened, RunFlattenRequested, RunStartRequested
from domain.tape import TapeBar, TapeDecided, TapeTicked, tape_stream_id
from projections.reasons import reasons
from tests.projections.facts import STORE, append, given, minute, order_created, run_created


@pytest.fixture
def run_id(connection: Connection[TupleRow]) -> UUID:
    """A paper run, asked to be started."""
    run_id = new_id()
    given(connection, run_id, run_created(mode="paper"), RunStartRequested(at=minute(0)))
    return run_id


def caused(connection: Connection[TupleRow], run_id: UUID, cause: str, *recorded: tuple[UUID, int, Event]) -> None:
    """Write events in one transaction, all for that cause."""
    positions = append(connection, [Recorded(*one) for one in recorded], run_id)
    connection.execute(
        "update weaver_events set meta = jsonb_build_object('causation_id', %s::text) where notification_id = any(%s)",
        (cause, positions),
    )


def topics(connection: Connection[TupleRow], order_id: UUID) -> list[str]:
    found = reasons(connection, order_id)
    assert found is not None
    return [one.entry.topic for one in found.causes]


def ticked(run_id: UUID, number: int) -> TapeTicked:
    bar = TapeBar("BTC/USD", minute(number - 1), 9.5, 9.5, 9.5, 9.5)
    return TapeTicked(at=minute(number), run_id=run_id, number=number, bars=(bar,))


def decided(run_id: UUID, cause: str, number: int) -> TapeDecided:
    return TapeDecided(at=minute(number), run_id=run_id, cause=cause, number=number, orders=1, cancels=0)


def order_id_of(run_id: UUID, sequence: int) -> UUID:
    return OrderIds(STORE, run_id).order_id(sequence)


def test_an_order_is_decided_on_a_tick(connection: Connection[TupleRow], run_id: UUID) -> None:
    tape, order_id = tape_stream_id(run_id), order_id_of(run_id, 2)
    caused(connection, run_id, f"{run_id}:2", (tape, 1, ticked(run_id, 1)))
    caused(connection, run_id, f"{tape}:1", (tape, 2, decided(run_id, f"{tape}:1", 1)))
    caused(connection, run_id, f"{run_id}:2", (tape, 3, ticked(run_id, 2)))
    beside = decided(run_id, f"{tape}:3", 2), order_created(run_id, 2)
    caused(connection, run_id, f"{tape}:3", (tape, 4, beside[0]), (order_id, 1, beside[1]))
    caused(connection, run_id, f"{order_id}:1", (order_id, 2, OrderSubmitted(at=minute(2), run_id=run_id)))
    found = reasons(connection, order_id)
    assert found is not None
    assert [(one.entry.topic, one.entry.version) for one in found.causes] == [("tape.ticked", 3), ("tape.decided", 4)]
    assert [one.entry.topic for one in found.story] == ["order.created", "order.submitted"]
    assert (found.run_id, found.run.mode, found.parent) == (run_id, "paper", [])


def test_an_order_that_a_fill_led_to_goes_back_to_the_bars_that_made_the_fill(
    connection: Connection[TupleRow], run_id: UUID
) -> None:
    tape, first, second = tape_stream_id(run_id), order_id_of(run_id, 1), order_id_of(run_id, 2)
    caused(connection, run_id, f"{run_id}:2", (first, 1, order_created(run_id, 1)))
    caused(connection, run_id, f"{tape}:1", (tape, 1, ticked(run_id, 1)), (first, 2, filled(run_id)))
    decision, intent = decided(run_id, f"{first}:2", 1), order_created(run_id, 2)
    caused(connection, run_id, f"{first}:2", (tape, 2, decision), (second, 1, intent))
    assert topics(connection, second) == ["tape.ticked", "order.filled", "tape.decided"]
    assert topics(connection, first) == [], "that a run was started is no reason for an order"


def test_the_orders_of_a_person_who_wants_to_be_flat(connection: Connection[TupleRow], run_id: UUID) -> None:
    cause = f"{run_id}:2"
    caused(connection, run_id, "a command", (run_id, 3, RunFlattenRequested(at=minute(1))))
    orders = [(order_id_of(run_id, sequence), 1, order_created(run_id, sequence)) for sequence in (1, 2)]
    caused(connection, run_id, cause, (run_id, 4, RunFlattened(at=minute(1), request=3, orders=2)), *orders)
    caused(connection, run_id, cause, (order_id_of(run_id, 3), 1, order_created(run_id, 3)))
    for sequence in (1, 2):
        assert topics(connection, order_id_of(run_id, sequence)) == ["run.flatten_requested", "run.flattened"]
    assert topics(connection, order_id_of(run_id, 3)) == [], "a later order is another matter"


def test_the_orders_of_a_halt(connection: Connection[TupleRow], run_id: UUID) -> None:
    halt = RiskHalted(at=minute(3), run_id=run_id, policy="max_drawdown", message="too deep", figures={})
    given(connection, risk_stream_id(run_id), halt, run_id=run_id)
    for sequence in (3, 4):
        given(connection, order_id_of(run_id, sequence), order_created(run_id, sequence), run_id=run_id)
    assert topics(connection, order_id_of(run_id, 3)) == ["risk.halted"]
    assert topics(connection, order_id_of(run_id, 4)) == []


def test_an_exit_has_the_reasons_of_its_entry(connection: Connection[TupleRow], run_id: UUID) -> None:
    tape, entry = tape_stream_id(run_id), order_id_of(run_id, 1)
    leg = OrderIds(STORE, run_id).order_id(1, 1)
    caused(connection, run_id, f"{run_id}:2", (tape, 1, ticked(run_id, 1)))
    decision = decided(run_id, f"{tape}:1", 1)
    caused(connection, run_id, f"{tape}:1", (tape, 2, decision), (entry, 1, order_created(run_id, 1)))
    given(connection, leg, order_created(run_id, 1, leg=1, parent_id=entry), run_id=run_id)
    found = reasons(connection, leg)
    assert found is not None
    assert [one.entry.topic for one in found.causes] == ["tape.ticked", "tape.decided"]
    assert [one.entry.stream_id for one in (*found.parent, *found.story)] == [entry, leg]


def test_what_is_no_order_has_no_reasons(connection: Connection[TupleRow], run_id: UUID) -> None:
    assert reasons(connection, run_id) is None
    assert reasons(connection, new_id()) is None


def filled(run_id: UUID) -> OrderFilled:
    fields: dict[str, Any] = dict.fromkeys(("qty", "price", "fee", "filled_qty", "filled_avg_price"), 1)
    return OrderFilled(at=minute(1), run_id=run_id, execution_id=f"{run_id}-1", symbol="BTC/USD", side="buy", **fields)

"""Facts of orders in, fills out."""

from decimal import Decimal

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.ids import new_id
from domain.order import Execution
from projections import fills
from projections.fills import FillRow, FillsReadModel
from tests.projections.facts import append, fold, minute, new_order

RUN = new_id()


def test_every_execution_is_one_row(connection: Connection[TupleRow]) -> None:
    order = new_order(RUN, 1, side="sell")
    order.fill(minute(2), "first", Execution(Decimal("0.50"), Decimal("65432.10"), Decimal("3.27")))
    order.fill(minute(3), "second", Execution(Decimal("1.00"), Decimal("65000"), Decimal("6.5")))
    append(connection, order.collect_events(), RUN)
    fold(connection, FillsReadModel())
    rows, total = fills.page(connection, run_id=RUN, limit=10)
    assert total == 2
    assert rows == [
        FillRow(
            3,
            "second",
            RUN,
            order.id,
            "BTC/USD",
            "sell",
            Decimal("1.00"),
            Decimal("65000"),
            Decimal("6.5"),
            Decimal(0),
            Decimal(0),
            "taker",
            False,
            minute(3),
        ),
        FillRow(
            2,
            "first",
            RUN,
            order.id,
            "BTC/USD",
            "sell",
            Decimal("0.50"),
            Decimal("65432.10"),
            Decimal("3.27"),
            Decimal(0),
            Decimal(0),
            "taker",
            False,
            minute(2),
        ),
    ]


def test_orders_without_an_execution_leave_no_row(connection: Connection[TupleRow]) -> None:
    order = new_order(RUN, 1)
    order.cancel(minute(2), "end")
    append(connection, order.collect_events(), RUN)
    assert fold(connection, FillsReadModel()) == 2
    assert fills.page(connection, limit=10) == ([], 0)


def test_fills_are_paged_newest_first_within_a_run(connection: Connection[TupleRow]) -> None:
    for run_id in (RUN, new_id()):
        for sequence in range(1, 6):
            order = new_order(run_id, sequence)
            order.fill(minute(sequence), f"{run_id}-{sequence}", Execution(order.created.qty, Decimal(1), Decimal(0)))
            append(connection, order.collect_events(), run_id)
    fold(connection, FillsReadModel())
    assert [row.position for row in fills.page(connection, limit=3)[0]] == [20, 18, 16]
    assert [row.position for row in fills.page(connection, run_id=RUN, limit=2)[0]] == [10, 8]
    assert [row.position for row in fills.page(connection, run_id=RUN, limit=2, offset=2)[0]] == [6, 4]
    assert [row.position for row in fills.page(connection, run_id=RUN, limit=2, before=8)[0]] == [6, 4]
    assert fills.page(connection, run_id=RUN, limit=2)[1] == 5


def test_an_execution_id_recorded_for_two_orders_stops_the_view(connection: Connection[TupleRow]) -> None:
    for sequence in (1, 2):
        order = new_order(RUN, sequence)
        order.fill(minute(2), "same", Execution(Decimal("1.5"), Decimal(10), Decimal(0)))
        append(connection, order.collect_events(), RUN)
    with pytest.raises(psycopg.errors.UniqueViolation, match="same"):
        fold(connection, FillsReadModel())
    assert fills.page(connection, limit=10) == ([], 0)

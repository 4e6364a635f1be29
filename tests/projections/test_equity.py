"""Marks of equity in, curves out."""

from decimal import Decimal

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.ids import new_id
from domain.run import RunEquityMarked
from projections import equity
from projections.equity import EquityPoint, EquityReadModel
from tests.projections.facts import fold, given, minute

RUN = new_id()


def marked(first: int, *amounts: str) -> RunEquityMarked:
    times = tuple(minute(first + number) for number in range(len(amounts)))
    return RunEquityMarked(
        at=times[-1], times=times, equity=tuple(map(Decimal, amounts)), cash=(Decimal(5),) * len(times)
    )


def test_every_marked_point_is_in_the_curve_oldest_first(connection: Connection[TupleRow]) -> None:
    given(connection, RUN, marked(10, "3.30", "4"), marked(1, "1", "2"))
    given(connection, new_id(), marked(1, "99"))
    fold(connection, EquityReadModel())
    assert equity.curve(connection, RUN) == [
        EquityPoint(RUN, minute(1), Decimal(1), Decimal(5), 2),
        EquityPoint(RUN, minute(2), Decimal(2), Decimal(5), 2),
        EquityPoint(RUN, minute(10), Decimal("3.30"), Decimal(5), 1),
        EquityPoint(RUN, minute(11), Decimal(4), Decimal(5), 1),
    ]


@pytest.mark.parametrize("batch", [1, 1_000])
def test_a_time_marked_again_has_the_value_marked_last(connection: Connection[TupleRow], batch: int) -> None:
    given(connection, RUN, marked(1, "1", "2"), marked(2, "3", "4"))
    fold(connection, EquityReadModel(), batch)
    assert [(int(point.equity), point.position) for point in equity.curve(connection, RUN)] == [(1, 1), (3, 2), (4, 2)]


def test_a_run_that_marked_nothing_has_no_points(connection: Connection[TupleRow]) -> None:
    assert equity.curve(connection, RUN) == []

"""Marks of equity in, curves out."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as given_drawn
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.ids import new_id
from domain.periods import PeriodLength
from domain.run import RunEquityMarked
from projections import equity
from projections.equity import Curve, CurvePoint, EquityReadModel
from tests.projections.facts import fold, given, minute

RUN, OTHER = new_id(), new_id()
INITIAL = Decimal(100)


def marked(first: int, *amounts: str) -> RunEquityMarked:
    times = tuple(minute(first + number) for number in range(len(amounts)))
    return RunEquityMarked(
        at=times[-1], times=times, equity=tuple(map(Decimal, amounts)), cash=(Decimal(5),) * len(times)
    )


def shown(connection: Connection[TupleRow], run_id: UUID = RUN, **asked: Any) -> list[CurvePoint]:
    return equity.curve(connection, run_id, INITIAL, **asked).points


def test_every_marked_point_is_in_the_curve_oldest_first(connection: Connection[TupleRow]) -> None:
    given(connection, RUN, marked(10, "3.30", "4"), marked(1, "1", "2"))
    given(connection, new_id(), marked(1, "99"))
    fold(connection, EquityReadModel())
    assert equity.curve(connection, RUN, Decimal(1)) == Curve(
        4,
        [
            CurvePoint(minute(1), Decimal(1), Decimal(5), 0.0),
            CurvePoint(minute(2), Decimal(2), Decimal(5), 0.0),
            CurvePoint(minute(10), Decimal("3.30"), Decimal(5), 0.0),
            CurvePoint(minute(11), Decimal(4), Decimal(5), 0.0),
        ],
    )


def test_drawdown_is_from_the_highest_point_so_far_and_at_first_from_the_initial_cash(
    connection: Connection[TupleRow],
) -> None:
    given(connection, RUN, marked(0, "90", "120", "60", "150", "150"))
    fold(connection, EquityReadModel())
    assert [point.drawdown for point in shown(connection)] == [0.1, 0, 0.5, 0, 0]
    part = equity.curve(connection, RUN, INITIAL, start=minute(2), end=minute(4))
    assert part.total == 2
    assert [(point.time, point.drawdown) for point in part.points] == [(minute(2), 0.5), (minute(3), 0)]
    assert equity.curve(connection, RUN, INITIAL, start=minute(4), end=minute(4)) == Curve(0, [])
    assert equity.curve(connection, RUN, INITIAL, start=minute(5)) == Curve(0, [])


@pytest.mark.parametrize("batch", [1, 1_000])
def test_a_time_marked_again_has_the_value_marked_last(connection: Connection[TupleRow], batch: int) -> None:
    given(connection, RUN, marked(1, "1", "2"), marked(2, "3", "4"))
    fold(connection, EquityReadModel(), batch)
    assert [int(point.equity) for point in shown(connection)] == [1, 3, 4]


def test_a_run_that_marked_nothing_has_no_points(connection: Connection[TupleRow]) -> None:
    assert equity.curve(connection, RUN, INITIAL) == Curve(0, [])


@pytest.mark.parametrize("batch", [1, 3, 1_000])
def test_points_that_are_marked_one_by_one_make_the_same_curve(connection: Connection[TupleRow], batch: int) -> None:
    amounts = [str(100 + number) for number in range(10)]
    given(connection, RUN, marked(0, *amounts))
    for number, amount in enumerate(amounts):
        given(connection, OTHER, marked(number, amount))
        if batch == 1:  # as live: each is folded when it comes
            fold(connection, EquityReadModel())
    fold(connection, EquityReadModel(), batch)
    assert shown(connection, OTHER) == shown(connection, RUN)
    assert [int(point.equity) for point in shown(connection, OTHER, as_of=5)] == [100, 101, 102, 103]


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given_drawn(amounts=st.lists(st.integers(1, 99), min_size=1, max_size=200), most=st.integers(10, 60))
def test_of_a_long_curve_no_peak_and_no_trough_is_lost(
    connection: Connection[TupleRow], amounts: list[int], most: int
) -> None:
    run_id = new_id()
    given(connection, run_id, marked(0, *map(str, amounts)))
    fold(connection, EquityReadModel())
    whole = shown(connection, run_id, most=1_000)
    found = equity.curve(connection, run_id, INITIAL, most=most)
    assert (found.total, len(whole)) == (len(amounts), len(amounts))
    assert len(found.points) <= most
    assert set(found.points) <= set(whole)
    assert found.points == sorted(found.points, key=lambda point: point.time)
    assert (found.points[0], found.points[-1]) == (whole[0], whole[-1])
    for value in (lambda point: point.equity), (lambda point: point.drawdown):
        assert min(map(value, found.points)) == min(map(value, whole))
        assert max(map(value, found.points)) == max(map(value, whole))


def test_a_long_curve_of_the_past_ends_where_it_had_come_to(connection: Connection[TupleRow]) -> None:
    for number in range(1, 41):
        given(connection, RUN, marked(number, str(number)))
    fold(connection, EquityReadModel())
    for as_of in (1, 8, 9, 25, 40):
        found = [int(point.equity) for point in shown(connection, most=10, as_of=as_of)]
        assert (found[0], found[-1]) == (1, as_of)
        assert len(found) <= 10


def test_the_last_point_of_each_period_is_found(connection: Connection[TupleRow]) -> None:
    days = 1_440
    given(connection, RUN, marked(0, "1", "2"), marked(days - 1, "3", "4", "5"), marked(40 * days, "6"))
    fold(connection, EquityReadModel())

    def ends(length: PeriodLength) -> list[int]:
        return [int(point.equity) for point in equity.period_ends_of(connection, RUN, length)]

    assert ends("day") == [1, 4, 5, 6], "a point at midnight belongs to the day it ends"
    assert ends("month") == [1, 5, 6]
    assert ends("year") == [6]
    assert equity.period_ends_of(connection, OTHER, "month") == []

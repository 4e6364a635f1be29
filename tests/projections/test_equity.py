"""Marks of equity in, curves out."""

import itertools
from decimal import Decimal

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.ids import new_id
from domain.run import RunEquityMarked
from projections import equity
from projections.equity import EquityPoint, EquityReadModel
from tests.projections.facts import fold, given, minute

RUN, OTHER = new_id(), new_id()


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


@pytest.mark.parametrize("batch", [1, 3, 1_000])
def test_points_that_are_marked_one_by_one_make_the_same_curve(connection: Connection[TupleRow], batch: int) -> None:
    amounts = [str(100 + number) for number in range(10)]
    given(connection, RUN, marked(0, *amounts))
    for number, amount in enumerate(amounts):
        given(connection, OTHER, marked(number, amount))
        if batch == 1:  # as live: each is folded when it comes
            fold(connection, EquityReadModel())
    fold(connection, EquityReadModel(), batch)
    at_once, one_by_one = equity.curve(connection, RUN), equity.curve(connection, OTHER)
    assert [(point.time, point.equity, point.cash) for point in one_by_one] == [
        (point.time, point.equity, point.cash) for point in at_once
    ]
    assert [point.position for point in one_by_one] == list(range(2, 12))


@pytest.mark.parametrize("count", [1, 2, 8, 9, 10, 17, 1_000])
def test_of_a_long_curve_evenly_many_points_are_shown_and_both_ends(
    connection: Connection[TupleRow], monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(equity, "MOST_POINTS", 9)
    given(connection, RUN, marked(0, *map(str, range(1, count + 1))))
    fold(connection, EquityReadModel())
    shown = [int(point.equity) for point in equity.curve(connection, RUN)]
    assert (shown[0], shown[-1]) == (1, count)
    assert len(shown) <= 9
    assert len(shown) == count or len(shown) > 4
    steps = {later - earlier for earlier, later in itertools.pairwise(shown[1:])}
    assert len(steps) <= 1, "evenly, but for the first"


def test_a_long_curve_of_the_past_ends_where_it_had_come_to(
    connection: Connection[TupleRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(equity, "MOST_POINTS", 9)
    for number in range(1, 41):
        given(connection, RUN, marked(number, str(number)))
    fold(connection, EquityReadModel())
    for as_of in (1, 8, 9, 25, 40):
        shown = [int(point.equity) for point in equity.curve_past(connection, RUN, as_of)]
        assert (shown[0], shown[-1]) == (1, as_of)
        assert len(shown) <= 9

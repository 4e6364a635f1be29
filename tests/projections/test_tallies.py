"""What a tally says is what counting says, after any events in any batches, repeated or rebuilt."""

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.ids import new_id
from projections import activity, fills, orders, paging, runs
from projections.catalog import READ_MODELS
from projections.rebuild import rebuild
from projections.view import fold_batch
from tests.projections.facts import (
    START,
    append,
    fold,
    fold_all,
    forget,
    minute,
    new_order,
    random_facts,
)

LISTINGS = (runs.LISTING, orders.LISTING, fills.LISTING, activity.LISTING)
MIDNIGHT = START + timedelta(days=1)


def require_tallies_are_counts(connection: Connection[TupleRow]) -> None:
    """Compare every tally with a count over the rows, combination by combination."""
    for listing in LISTINGS:
        tallies = listing.tallies
        assert tallies is not None
        for tally in tallies.tallies:
            columns = ", ".join(tally.columns)
            of = ", ".join(tallies.of[column] for column in tally.columns)
            counted = (
                f"select {of}, count(*) from {listing.table} where {listing.always} "
                f"and num_nulls({of}) = 0 group by {of}"
            )
            kept = f"select {columns}, tallied from {tally.name}"
            for one, other in ((kept, counted), (counted, kept)):
                rest = connection.execute(f"({one}) except all ({other})".encode()).fetchall()
                assert rest == [], f"{tally.name}: {rest}"
    [(differing,)] = connection.execute(
        "select count(*) from (select (created_at at time zone 'UTC')::date as day, min(created_position) as first, "
        "max(created_position) as last from orders group by 1) as counted full join order_days as kept "
        "on (counted.day, first, last) = (kept.day, first_position, last_position) "
        "where kept.day is null or counted.day is null"
    )
    assert differing == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    steps=st.lists(st.tuples(st.integers(1, 60), st.integers(0, 40)), min_size=1, max_size=8),
)
def test_tallies_are_counts_after_any_events_in_any_batches_with_any_repetition(
    connection: Connection[TupleRow], seed: int, steps: list[tuple[int, int]]
) -> None:
    connection.execute("truncate weaver_events restart identity")
    forget(connection)
    append(connection, list(random_facts(seed, runs=2, orders=12)))
    for model in READ_MODELS:
        for limit, back in steps:
            fold_batch(connection, model, limit)
            require_tallies_are_counts(connection)
            connection.execute(
                "update projection_position set position = greatest(position - %s, 0) where name = %s",
                (back, model.name),
            )
        fold(connection, model, steps[0][0])
    require_tallies_are_counts(connection)


def test_a_rebuild_tallies_anew(connection: Connection[TupleRow], database_url: str) -> None:
    append(connection, list(random_facts(seed=5)))
    fold_all(connection, 13)
    for table in (name for listing in LISTINGS if listing.tallies for name in listing.tallies.tables):
        connection.execute(f"update {table} set tallied = tallied + 1".encode())
    for model in READ_MODELS:
        rebuild(database_url, model.name, batch=50)
    require_tallies_are_counts(connection)


@pytest.mark.parametrize("found_first", [0, 1_000])
def test_every_combination_of_filters_gives_the_rows_and_the_total_that_counting_gives(
    connection: Connection[TupleRow], monkeypatch: pytest.MonkeyPatch, found_first: int
) -> None:
    monkeypatch.setattr(paging, "FOUND_FIRST", found_first)
    append(connection, list(random_facts(seed=6)))
    for day in range(4):  # more than the minutes of one day
        run_id = new_id()
        facts = [
            new_order(run_id, n, at=MIDNIGHT + timedelta(hours=day * 13 + n)).collect_events() for n in range(1, 5)
        ]
        append(connection, [fact for order in facts for fact in order], run_id)
    fold_all(connection, 50)
    [(run_id,)] = connection.execute("select run_id from orders limit 1")
    choices: dict[str, list[Any]] = {
        "run_id": [run_id, new_id()],
        "status": ["filled", "pending", "unknown"],
        "symbol": ["BTC/USD", "ETH/USD"],
        "side": ["sell"],
        "start": [minute(10), MIDNIGHT, MIDNIGHT + timedelta(hours=30), datetime(1, 1, 1, tzinfo=UTC)],
        "end": [minute(20), MIDNIGHT, MIDNIGHT + timedelta(hours=31), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)],
    }
    every = connection.execute(
        "select created_position, run_id, status, symbol, side, created_at from orders order by 1 desc"
    ).fetchall()

    def is_meant(row: TupleRow, filters: dict[str, Any]) -> bool:
        named = dict(zip(("run_id", "status", "symbol", "side"), row[1:5], strict=True))
        return (
            all(named[name] == value for name, value in filters.items() if name in named)
            and row[5] >= filters.get("start", row[5])
            and (row[5] < filters["end"] if "end" in filters else True)
        )

    for size in range(4):
        for names in combinations(choices, size):
            for number in range(4):
                filters = {name: choices[name][number % len(choices[name])] for name in names}
                expected = [row[0] for row in every if is_meant(row, filters)]
                shown, total = orders.page(connection, limit=7, **filters)
                assert (total, [row.created_position for row in shown]) == (len(expected), expected[:7]), filters
                shown, total = orders.page(connection, limit=7, offset=5, **filters)
                assert [row.created_position for row in shown] == expected[5:12], filters
                if len(expected) > 3:
                    shown, total = orders.page(connection, limit=7, before=expected[2], **filters)
                    assert (total, [row.created_position for row in shown]) == (len(expected), expected[3:10]), filters


def test_an_order_seen_before_its_batch_ends_is_counted_where_it_is(connection: Connection[TupleRow]) -> None:
    order = new_order(new_id(), 1)
    append(connection, order.collect_events())
    fold(connection, orders.OrdersReadModel())
    assert orders.page(connection, status="pending", limit=1)[1] == 1
    order.cancel(minute(2), "cancelled by the strategy")
    append(connection, order.collect_events())
    fold(connection, orders.OrdersReadModel())
    assert orders.page(connection, status="pending", limit=1) == ([], 0)
    assert orders.page(connection, status="cancelled", limit=1)[1] == 1
    assert connection.execute("select count(*) from order_tally").fetchone() == (1,), "what is 0 has no row"


def test_an_order_of_the_last_day_there_is_is_found_by_time(connection: Connection[TupleRow]) -> None:
    late = datetime(9999, 12, 31, 12, tzinfo=UTC)
    append(connection, [*new_order(new_id(), 1, at=late).collect_events()])
    fold(connection, orders.OrdersReadModel())
    assert orders.page(connection, start=late, limit=1)[1] == 1
    assert orders.page(connection, end=late, limit=1)[1] == 0

"""Intents, cancellations and refusals in, decisions out."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as holds_for
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.ids import OrderIds, new_id
from domain.order import CANCELLED_BY_STRATEGY, Execution, Order, OrderType
from domain.tape import TapeDecided, TapeTicked, tape_stream_id
from projections import decisions
from projections.decisions import MOST_TOLD, DecidedOrder, DecisionRow, DecisionsReadModel, RefusalRow
from projections.view import fold_batch
from tests.projections.facts import STORE, append, dump, fold, forget, given, minute, new_order, order_created

RUN = new_id()


def written(connection: Connection[TupleRow], *orders: Order, batch: int = 1_000) -> None:
    for order in orders:
        append(connection, order.collect_events(), RUN)
    fold(connection, DecisionsReadModel(), batch)


@pytest.mark.parametrize("batch", [1, 1_000])
def test_orders_of_one_moment_are_one_decision(connection: Connection[TupleRow], batch: int) -> None:
    entry = new_order(RUN, 1, at=minute(5), take_profit=Decimal(12), tag="entry")
    other = new_order(
        RUN, 2, at=minute(5), side="sell", symbol="ETH/USD", order_type=OrderType.LIMIT, price=Decimal("9.50")
    )
    later = new_order(RUN, 3, at=minute(6))
    written(connection, entry, other, later, batch=batch)
    assert decisions.page(connection, run_id=RUN, limit=10) == (
        [
            DecisionRow(
                RUN,
                minute(6),
                created_position=3,
                position=3,
                placed=1,
                orders=[DecidedOrder(later.id, "BTC/USD", "buy", Decimal("1.50"), "market")],
                symbols=["BTC/USD"],
            ),
            DecisionRow(
                RUN,
                minute(5),
                created_position=1,
                position=2,
                placed=2,
                orders=[
                    DecidedOrder(
                        entry.id, "BTC/USD", "buy", Decimal("1.50"), "market", take_profit=Decimal(12), tag="entry"
                    ),
                    DecidedOrder(other.id, "ETH/USD", "sell", Decimal("1.50"), "limit", price=Decimal("9.50")),
                ],
                symbols=["BTC/USD", "ETH/USD"],
            ),
        ],
        2,
    )


def test_what_the_strategy_cancelled_is_decided_what_became_of_orders_otherwise_is_not(
    connection: Connection[TupleRow],
) -> None:
    cancelled, lapsed, filled = (new_order(RUN, sequence, at=minute(1)) for sequence in (1, 2, 3))
    cancelled.cancel(minute(2), CANCELLED_BY_STRATEGY)
    lapsed.cancel(minute(3), "the run reached the end of its bars")
    filled.fill(minute(3), "a", Execution(Decimal("1.5"), Decimal(10), Decimal(0)))
    written(connection, cancelled, lapsed, filled)
    rows, total = decisions.page(connection, limit=10)
    assert total == 2
    assert [(row.at, row.placed, row.cancellations, row.cancelled) for row in rows] == [
        (minute(2), 0, 1, [cancelled.id]),
        (minute(1), 3, 0, []),
    ]


def test_the_exits_of_an_entry_are_part_of_its_decision(connection: Connection[TupleRow]) -> None:
    entry = new_order(RUN, 1, take_profit=Decimal(12))
    leg = Order(OrderIds(STORE, RUN).order_id(1, 2))
    leg.trigger(order_created(RUN, 1, at=minute(7), leg=2, parent_id=entry.id))
    written(connection, entry, leg)
    [row], _ = decisions.page(connection, limit=10)
    assert (row.at, [order.id for order in row.orders]) == (minute(1), [entry.id])


def test_a_refusal_says_why_whenever_it_came(connection: Connection[TupleRow]) -> None:
    at_once, at_the_fill, taken = (new_order(RUN, sequence, at=minute(1)) for sequence in (1, 2, 3))
    at_once.reject(minute(1), "no more than 2 open orders", "max_open_orders", {"open": "2"})
    written(connection, at_once, at_the_fill, taken)
    at_the_fill.reject(minute(2), "insufficient cash: 12 needed")
    written(connection, at_the_fill)
    rows, _ = decisions.page(connection, limit=10)
    assert decisions.refusals(connection, rows) == {
        at_once.id: RefusalRow(at_once.id, RUN, minute(1), "no more than 2 open orders", "max_open_orders", 2),
        at_the_fill.id: RefusalRow(at_the_fill.id, RUN, minute(2), "insufficient cash: 12 needed", None, 5),
    }
    assert decisions.refusals(connection, []) == {}


def test_of_very_many_orders_the_first_are_told_and_all_are_counted(connection: Connection[TupleRow]) -> None:
    orders = [new_order(RUN, sequence, at=minute(1)) for sequence in range(1, MOST_TOLD + 12)]
    written(connection, *orders, batch=50)
    [row], _ = decisions.page(connection, limit=10)
    assert row.placed == MOST_TOLD + 11
    assert [order.id for order in row.orders] == [order.id for order in orders[:MOST_TOLD]]


def test_decisions_are_listed_newest_first_and_filtered(connection: Connection[TupleRow]) -> None:
    for sequence, symbol in enumerate(("BTC/USD", "ETH/USD", "BTC/USD"), 1):
        written(connection, new_order(RUN, sequence, symbol=symbol))
    other = new_id()
    append(connection, new_order(other, 1).collect_events(), other)
    fold(connection, DecisionsReadModel())

    def found(**filters: object) -> list[int]:
        rows, total = decisions.page(connection, limit=10, **filters)  # type: ignore[arg-type]
        assert total == len(rows)
        return [row.created_position for row in rows]

    assert found() == [4, 3, 2, 1]
    assert found(run_id=RUN) == [3, 2, 1]
    assert found(run_id=RUN, symbol="ETH/USD") == [2]
    assert found(run_id=RUN, start=minute(2), end=minute(3)) == [2]
    older, total = decisions.page(connection, run_id=RUN, limit=1, before=3)
    assert ([row.created_position for row in older], total) == ([2], 3)


def decided(number: int, orders: int = 0, cancels: int = 0) -> TapeDecided:
    cause = f"{tape_stream_id(RUN)}:{number}"
    return TapeDecided(at=minute(number), run_id=RUN, cause=cause, number=number, orders=orders, cancels=cancels)


def ticked(number: int, missed: int = 0) -> TapeTicked:
    because = "the machine was asleep" if missed else None
    return TapeTicked(at=minute(number), run_id=RUN, number=number, bars=(), missed=missed, missed_because=because)


@pytest.mark.parametrize("batch", [1, 1_000])
def test_a_decision_on_live_data_tells_what_it_was_taken_on(connection: Connection[TupleRow], batch: int) -> None:
    working, placed = new_order(RUN, 1, at=minute(1)), new_order(RUN, 2, at=minute(2))
    given(connection, tape_stream_id(RUN), ticked(1), decided(1, orders=1), run_id=RUN)
    append(connection, working.collect_events(), RUN)
    given(connection, tape_stream_id(RUN), ticked(2), decided(2, orders=1, cancels=1), run_id=RUN)
    working.request_cancel(minute(2))
    append(connection, [*placed.collect_events(), *working.collect_events()], RUN)
    given(connection, tape_stream_id(RUN), ticked(3), decided(3), run_id=RUN)
    fold(connection, DecisionsReadModel(), batch)
    second, first = decisions.page(connection, limit=10)[0]
    assert first == DecisionRow(
        RUN,
        minute(1),
        created_position=2,
        position=3,
        placed=1,
        orders=[DecidedOrder(working.id, "BTC/USD", "buy", Decimal("1.50"), "market")],
        symbols=["BTC/USD"],
        tick=1,
        cause=f"{tape_stream_id(RUN)}:1",
    )
    assert (second.placed, second.cancellations, second.cancelled) == (1, 1, [working.id])
    assert (second.tick, second.cause) == (2, f"{tape_stream_id(RUN)}:2")


def test_a_decision_on_a_fill_of_the_same_moment_is_part_of_that_moment(connection: Connection[TupleRow]) -> None:
    on_fill = TapeDecided(at=minute(1), run_id=RUN, cause=f"{new_id()}:4", number=1, orders=1, cancels=0)
    given(connection, tape_stream_id(RUN), ticked(1), decided(1, orders=1), on_fill, run_id=RUN)
    fold(connection, DecisionsReadModel())
    [row], _ = decisions.page(connection, limit=10)
    assert (row.at, row.tick, row.cause) == (minute(1), 1, f"{tape_stream_id(RUN)}:1")


def test_what_a_person_wants_cancelled_is_no_decision_of_the_strategy(connection: Connection[TupleRow]) -> None:
    order = new_order(RUN, 1, at=minute(1))
    order.request_cancel(minute(5))
    order.cancel(minute(6), "canceled")
    written(connection, order)
    [row], total = decisions.page(connection, limit=10)
    assert (row.at, row.cancellations, row.cancelled, total) == (minute(1), 0, [], 1)


@pytest.mark.parametrize("batch", [1, 1_000])
def test_missed_bars_are_told_with_or_without_a_decision(connection: Connection[TupleRow], batch: int) -> None:
    tape = tape_stream_id(RUN)
    given(connection, tape, ticked(1), ticked(5, missed=3), ticked(9, missed=2), decided(9, orders=1), run_id=RUN)
    placed = new_order(RUN, 9)
    written(connection, placed, batch=batch)
    rows, total = decisions.page(connection, limit=10)
    assert [(row.at, row.missed, row.missed_because, row.placed) for row in rows] == [
        (minute(9), 2, "the machine was asleep", 1),
        (minute(5), 3, "the machine was asleep", 0),
    ]
    assert total == 2


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@holds_for(
    moments=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4), st.booleans()), max_size=25),
    steps=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=6),
)
def test_every_order_is_in_one_decision_whatever_the_batches(
    connection: Connection[TupleRow], moments: list[tuple[int, int, bool]], steps: list[tuple[int, int]]
) -> None:
    connection.execute("truncate weaver_events restart identity")
    forget(connection)
    runs = (RUN, new_id())
    placed = []
    for sequence, (run, at, is_cancelled) in enumerate(moments, 1):
        order = new_order(runs[run], sequence, at=minute(at))
        if is_cancelled:
            order.cancel(minute(at + 1), CANCELLED_BY_STRATEGY)
        append(connection, order.collect_events(), runs[run])
        placed.append((order, runs[run], minute(at)))
    fold(connection, DecisionsReadModel())
    at_once = dump(connection, "decisions")
    connection.execute("truncate decisions, refusals")
    connection.execute("update projection_position set position = 0")
    for limit, back in steps:
        fold_batch(connection, DecisionsReadModel(), limit)
        connection.execute("update projection_position set position = greatest(position - %s, 0)", (back,))
    fold(connection, DecisionsReadModel(), steps[0][0])
    assert dump(connection, "decisions") == at_once
    rows, _ = decisions.page(connection, limit=100)
    told = [(order.id, row.run_id, row.at) for row in rows for order in row.orders]
    assert sorted(told) == sorted((order.id, run_id, at) for order, run_id, at in placed)
    assert sum(row.cancellations for row in rows) == sum(is_cancelled for *_, is_cancelled in moments)

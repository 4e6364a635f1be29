"""Facts in, sentences out."""

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.event_catalogue import EVENTS
from domain.events import Event
from domain.exchange_account import account_stream_id
from domain.ids import new_id
from domain.run import RunDeleted, RunFailed, RunFaulted, RunStarted, RunStartRequested, RunStopped, RunStopRequested
from projections import activity
from projections.activity import MAX_MESSAGE, ActivityReadModel, ActivityRow
from tests.projections.facts import (
    append,
    discrepancy,
    fold,
    given,
    minute,
    new_order,
    reconciled,
    run_completed,
    run_created,
)

RUN = new_id()


@pytest.mark.parametrize(
    ("event", "severity", "message"),
    [
        (run_created(), "info", "Created Crossing: backtest of sma_cross on BTC/USD ETH/USD 1h"),
        (RunStartRequested(at=minute(1)), "info", "Start requested"),
        (RunStarted(at=minute(1), bars=12_345, bars_hash={}), "info", "Started on 12,345 bars"),
        (RunStopRequested(at=minute(1)), "info", "Stop requested"),
        (RunStopped(at=minute(1)), "info", "Stopped"),
        (run_completed(1), "info", "Completed with 1 trades, final equity 100123.45"),
        (RunFailed(at=minute(1), code="X", message="a\n  b"), "error", "Failed: a b (X)"),
        (
            RunFaulted(at=minute(1), code="X", message="a\n  b"),
            "error",
            "Cannot go on, its orders are being cancelled: a b (X)",
        ),
        (RunDeleted(at=minute(1)), "info", "Deleted"),
    ],
    ids=lambda value: value.TOPIC if isinstance(value, Event) else "",
)
def test_every_step_of_a_run_is_told_in_one_line(
    connection: Connection[TupleRow], event: Event, severity: str, message: str
) -> None:
    given(connection, RUN, event)
    fold(connection, ActivityReadModel())
    rows, total = activity.page(connection, limit=10)
    assert rows == [ActivityRow(1, RUN, None, event.at, event.TOPIC, severity, message)]
    assert total == 1


def test_a_rejected_order_is_told_with_its_run_and_nothing_else_of_orders_is(connection: Connection[TupleRow]) -> None:
    rejected, cancelled = new_order(RUN, 1), new_order(RUN, 2)
    rejected.reject(minute(1), "insufficient cash")
    cancelled.cancel(minute(2), "cancelled by the strategy")
    append(connection, [*rejected.collect_events(), *cancelled.collect_events()], RUN)
    assert fold(connection, ActivityReadModel()) == 4
    rows, _ = activity.page(connection, limit=10)
    assert rows == [
        ActivityRow(2, RUN, rejected.id, minute(1), "order.rejected", "warning", "Order rejected: insufficient cash")
    ]


def test_of_an_order_at_an_exchange_only_what_went_wrong_is_told(connection: Connection[TupleRow]) -> None:
    order = new_order(RUN, 1)
    order.submit(minute(1))
    order.lose_sight(minute(2), "no answer within 5 s")
    order.accept(minute(3), "61e69015")
    append(connection, order.collect_events(), RUN)
    fold(connection, ActivityReadModel())
    message = "Outcome of an order unknown, the exchange is asked: no answer within 5 s"
    rows, _ = activity.page(connection, limit=10)
    assert rows == [ActivityRow(3, RUN, order.id, minute(2), "order.outcome_unknown", "warning", message)]


def test_an_account_that_was_compared_is_told_when_something_was_found(connection: Connection[TupleRow]) -> None:
    account = account_stream_id("alpaca-paper")
    given(connection, account, reconciled(1), reconciled(2, executions=3))
    fold(connection, ActivityReadModel())
    message = "Caught up with alpaca-paper: 3 executions the journal had missed"
    rows, total = activity.page(connection, limit=10)
    assert rows == [ActivityRow(2, None, None, minute(2), "account.reconciled", "info", message)]
    assert total == 1


@pytest.mark.parametrize(
    ("policy", "severity", "done"),
    [
        ("adopt", "warning", "Adopted what"),
        ("ignore", "warning", "Ignored what"),
        ("halt", "error", "Trading halted over what"),
    ],
)
def test_a_discrepancy_is_told_with_what_was_done_about_it(
    connection: Connection[TupleRow], policy: str, severity: str, done: str
) -> None:
    account = account_stream_id("alpaca-paper")
    given(connection, account, discrepancy(1, policy=policy), discrepancy(2, policy=policy, run_id=RUN))
    fold(connection, ActivityReadModel())
    message = f"{done} alpaca-paper says: SPY: the exchange holds -2, the runs 0"
    rows, _ = activity.page(connection, limit=10)
    assert [(row.run_id, row.order_id, row.severity, row.message) for row in rows] == [
        (RUN, None, severity, message),
        (None, None, severity, message),
    ]
    assert [row.position for row in activity.page(connection, run_id=RUN, limit=10)[0]] == [2]


def test_a_long_message_is_cut(connection: Connection[TupleRow]) -> None:
    given(connection, RUN, RunFailed(at=minute(1), code="X", message="word " * 1_000))
    fold(connection, ActivityReadModel())
    [row], _ = activity.page(connection, limit=10)
    assert len(row.message) == MAX_MESSAGE
    assert row.message.endswith("…")


def test_activity_is_paged_and_filtered(connection: Connection[TupleRow]) -> None:
    other = new_id()
    given(connection, RUN, run_created(), RunStartRequested(at=minute(1)))
    given(connection, other, RunFailed(at=minute(2), code="X", message="m"), RunDeleted(at=minute(3)))
    fold(connection, ActivityReadModel())
    assert [row.position for row in activity.page(connection, limit=3)[0]] == [4, 3, 2]
    assert [row.position for row in activity.page(connection, limit=3, before=3)[0]] == [2, 1]
    assert [row.position for row in activity.page(connection, run_id=other, limit=3)[0]] == [4, 3]
    rows, total = activity.page(connection, severity="error", limit=3)
    assert ([row.position for row in rows], total) == ([3], 1)


def test_every_topic_of_a_run_is_told_but_marks_of_equity() -> None:
    of_runs = {topic for topic in EVENTS if topic.startswith("run.")}
    assert of_runs - ActivityReadModel.topics == {"run.equity_marked"}

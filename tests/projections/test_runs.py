"""Facts of runs in, rows of runs out."""

from decimal import Decimal
from typing import Any

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.event_catalogue import EVENTS
from domain.events import Event
from domain.ids import new_id
from domain.run import (
    RunDeleted,
    RunEquityMarked,
    RunFailed,
    RunFaulted,
    RunStarted,
    RunStartRequested,
    RunStopped,
    RunStopRequested,
)
from domain.tape import TapeTicked, tape_stream_id
from projections import runs
from projections.runs import RunRow, RunsReadModel
from tests.costs import NO_COSTS
from tests.projections.facts import START, fold, given, minute, run_completed, run_created

RUN = new_id()
STARTED = (RunStartRequested(at=minute(1)), RunStarted(at=minute(2), bars=500, bars_hash={"BTC/USD": "ff"}))


def folded(connection: Connection[TupleRow], *events: Event, batch: int = 1_000) -> RunRow:
    given(connection, RUN, *events)
    fold(connection, RunsReadModel(), batch)
    row = runs.find(connection, RUN)
    assert row is not None
    return row


def changes(row: RunRow, described: RunRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in RunRow.__slots__ if getattr(row, name) != getattr(described, name)}


def test_a_described_run_is_pending_with_everything_that_decides_its_result(connection: Connection[TupleRow]) -> None:
    row = folded(connection, run_created(start_time=minute(0), end_time=minute(600)))
    assert row == RunRow(
        id=RUN,
        name="Crossing",
        strategy_id="sma_cross",
        strategy_version="1.0+abc",
        mode="backtest",
        symbols=["BTC/USD", "ETH/USD"],
        timeframe="1h",
        exchange="simulated",
        config={"fast": 5, "quantity": "0.5", "huge": 10**300, "on": True},
        initial_cash=Decimal("100000.00"),
        costs=NO_COSTS | {"commission_bps": "10"},
        venue="generic",
        volume_cap=Decimal(0),
        account={"kind": "cash", "leverage": "2", "maintenance": "0.25"},
        risk={},
        start_time=minute(0),
        end_time=minute(600),
        created_at=START,
        tags=["nightly", "btc"],
        notes="first\ttry",
        created_position=1,
        position=1,
        status="pending",
    )
    assert row.summary is None


def test_asking_for_start_or_stop_only_moves_the_position(connection: Connection[TupleRow]) -> None:
    described = folded(connection, run_created())
    assert changes(folded(connection, RunStartRequested(at=minute(1))), described) == {"position": 2}
    assert changes(folded(connection, RunStopRequested(at=minute(2))), described) == {"position": 3}


@pytest.mark.parametrize("batch", [1, 1_000])
def test_a_completed_run_has_its_figures_and_the_summary_of_a_list(
    connection: Connection[TupleRow], batch: int
) -> None:
    described = folded(connection, run_created())
    row = folded(connection, *STARTED, run_completed(3), batch=batch)
    assert changes(row, described) == {
        "status": "completed",
        "started_at": minute(2),
        "stopped_at": minute(3),
        "bars": 500,
        "orders": 4,
        "fills": 3,
        "trades": 1,
        "final_equity": Decimal("100123.45"),
        "summary": {
            "total_trades": 1,
            "winning_trades": 1,
            "total_pnl": "123.45",
            "max_drawdown": 0.1,
            "sharpe_ratio": None,
        },
        "timings": {"load_seconds": 0.25, "engine_seconds": 1.5, "persist_seconds": 0.125},
        "position": 4,
    }


def test_a_started_run_is_running(connection: Connection[TupleRow]) -> None:
    row = folded(connection, run_created(), *STARTED)
    assert (row.status, row.started_at, row.stopped_at, row.bars) == ("running", minute(2), None, 500)


def test_a_stopped_run_says_when(connection: Connection[TupleRow]) -> None:
    row = folded(connection, run_created(), *STARTED, RunStopRequested(at=minute(3)), RunStopped(at=minute(4)))
    assert (row.status, row.stopped_at, row.error) == ("stopped", minute(4), None)


def test_a_failed_run_keeps_code_message_and_traceback(connection: Connection[TupleRow]) -> None:
    failed = RunFailed(at=minute(3), code="STRATEGY_ERROR", message="ZeroDivisionError", traceback="line 1\nline 2")
    row = folded(connection, run_created(), *STARTED, failed)
    assert (row.status, row.stopped_at) == ("error", minute(3))
    assert row.error == {"code": "STRATEGY_ERROR", "message": "ZeroDivisionError", "traceback": "line 1\nline 2"}


@pytest.mark.parametrize("batch", [1, 1_000])
def test_a_run_that_cannot_go_on_says_why_while_its_orders_are_being_cancelled(
    connection: Connection[TupleRow], batch: int
) -> None:
    why = {"code": "STRATEGY_ERROR", "message": "ZeroDivisionError", "traceback": "line 1"}
    row = folded(connection, run_created(mode="paper"), *STARTED, RunFaulted(at=minute(3), **why), batch=batch)
    assert (row.status, row.stopped_at, row.error) == ("running", None, why)
    row = folded(connection, RunFailed(at=minute(4), **why), batch=batch)
    assert (row.status, row.stopped_at, row.error) == ("error", minute(4), why)


def test_text_with_nul_characters_is_kept_readable(connection: Connection[TupleRow]) -> None:
    failed = RunFailed(at=minute(3), code="STRATEGY_ERROR", message="a\0b", traceback="literal \\u0000, real \0\0 \\\0")
    row = folded(connection, run_created(notes="\0"), failed)
    assert row.notes == "�"
    assert row.error == {
        "code": "STRATEGY_ERROR",
        "message": "a�b",
        "traceback": "literal \\u0000, real �� \\�",
    }


def test_a_number_stays_the_same_when_its_row_is_read_and_written_again(connection: Connection[TupleRow]) -> None:
    parameters: dict[str, str | int | float | bool] = {
        "large": 1.2345e300,
        "small": 5e-324,
        "third": 1 / 3,
        "whole": 3.0,
        "int": -(2**63),
        "text": "1.50",
    }
    folded(connection, run_created(parameters=parameters))
    [(before,)] = connection.execute("select config::text from runs")
    row = folded(connection, *STARTED)
    assert connection.execute("select config::text from runs").fetchone() == (before,)
    assert row.config == parameters | {"large": 12345 * 10**296}  # the same number, as PostgreSQL writes it


def test_a_deleted_run_is_in_no_list(connection: Connection[TupleRow]) -> None:
    other = new_id()
    given(connection, other, run_created())
    folded(connection, run_created())
    given(connection, RUN, RunDeleted(at=minute(1)))
    fold(connection, RunsReadModel())
    assert runs.find(connection, RUN) is None
    rows, total = runs.page(connection, limit=10)
    assert ([row.id for row in rows], total) == ([other], 1)


def test_marks_of_equity_and_the_tape_leave_the_row_alone(connection: Connection[TupleRow]) -> None:
    before = folded(connection, run_created(), *STARTED)
    given(connection, tape_stream_id(RUN), TapeTicked(at=minute(3), run_id=RUN, number=1, bars=()), run_id=RUN)
    marked = RunEquityMarked(at=minute(3), times=(minute(3),), equity=(Decimal(1),), cash=(Decimal(1),))
    assert folded(connection, marked) == before


def test_every_event_of_a_run_is_folded_but_marks_of_equity() -> None:
    of_runs = {topic for topic in EVENTS if topic.startswith("run.")}
    assert of_runs - RunsReadModel.topics == {"run.equity_marked"}


def test_an_event_of_a_run_that_was_never_created_stops_the_view(connection: Connection[TupleRow]) -> None:
    given(connection, RUN, RunStopped(at=minute(1)))
    with pytest.raises(LookupError, match=f"run.stopped of run {RUN}, whose run.created is missing"):
        fold(connection, RunsReadModel())


def test_runs_are_listed_newest_first_and_filtered(connection: Connection[TupleRow]) -> None:
    given(connection, new_id(), run_created(tags=("a", "b")))
    given(connection, new_id(), run_created(mode="paper", tags=("b",)))
    given(connection, new_id(), run_created(strategy_id="other", tags=()), *STARTED)
    fold(connection, RunsReadModel())

    def found(**filters: Any) -> list[int]:
        rows, total = runs.page(connection, limit=10, **filters)
        assert total == len(rows)
        return [row.created_position for row in rows]

    assert found() == [3, 2, 1]
    assert found(tag="b") == [2, 1]
    assert found(tag="a", mode="backtest") == [1]
    assert found(mode="paper") == [2]
    assert found(strategy_id="other") == [3]
    assert found(status="running") == [3]
    assert found(status="running", mode="paper") == []
    older, total = runs.page(connection, limit=1, before=3)
    assert ([row.created_position for row in older], total) == ([2], 3)

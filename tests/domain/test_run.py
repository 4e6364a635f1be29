"""Runs: which facts allow what."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec import structs

from domain.errors import Refused, RunNotDeletable, RunNotStartable, RunNotStoppable
from domain.run import (
    CostSettings,
    Run,
    RunCompleted,
    RunCreated,
    RunDeleted,
    RunFailed,
    RunFaulted,
    RunFlattenRequested,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStartRequested,
    RunStatus,
    RunStopped,
    RunStopRequested,
)
from tests.specification import given

AT = datetime(2025, 3, 1, 12, tzinfo=UTC)
CREATED = RunCreated(
    at=AT,
    name="sma",
    strategy_id="sma_cross",
    strategy_version="1.0",
    mode="backtest",
    symbols=("BTC/USD",),
    timeframe="1m",
    exchange="simulated",
    parameters={"fast": 10},
    initial_cash=Decimal(100_000),
    costs=CostSettings(),
)
ASKED = RunStartRequested(at=AT)
STARTED = RunStarted(at=AT, bars=3, bars_hash={"BTC/USD": "aa"})
STOP_ASKED = RunStopRequested(at=AT)
STOPPED = RunStopped(at=AT)
FAILED = RunFailed(at=AT, code="STRATEGY_ERROR", message="ValueError: no")
COMPLETED = RunCompleted(
    at=AT,
    bars=3,
    orders=0,
    fills=0,
    trades=0,
    final_equity=Decimal(100_000),
    stats={},
    load_seconds=0.1,
    engine_seconds=0.2,
    persist_seconds=0.3,
)


def test_a_new_run_can_be_asked_to_start() -> None:
    given(Run, CREATED).when(lambda run: run.request_start(AT)).then(ASKED)


@pytest.mark.parametrize(
    "past", [(ASKED,), (ASKED, STARTED), (ASKED, STARTED, COMPLETED), (ASKED, STOP_ASKED, STOPPED)]
)
def test_a_run_starts_only_once(past: tuple[RunStartRequested, ...]) -> None:
    given(Run, CREATED, *past).when(lambda run: run.request_start(AT)).then_refused(
        RunNotStartable, "cannot be started"
    )


def test_a_run_begins_when_it_was_asked_to() -> None:
    given(Run, CREATED, ASKED).when(lambda run: run.start(AT, 3, {"BTC/USD": "aa"})).then(STARTED)


def test_a_run_that_nobody_asked_for_does_not_begin() -> None:
    given(Run, CREATED).when(lambda run: run.start(AT, 3, {})).then_refused(RunNotStartable)


def test_a_run_stopped_before_it_began_does_not_begin() -> None:
    given(Run, CREATED, ASKED, STOP_ASKED).when(lambda run: run.start(AT, 3, {})).then_refused(RunNotStartable)


def test_stopping_twice_is_stopping_once() -> None:
    given(Run, CREATED, ASKED, STARTED).when(lambda run: run.request_stop(AT)).then(STOP_ASKED)
    given(Run, CREATED, ASKED, STARTED, STOP_ASKED).when(lambda run: run.request_stop(AT)).then()
    given(Run, CREATED, ASKED, STARTED, STOP_ASKED, STOPPED).when(lambda run: run.request_stop(AT)).then()


@pytest.mark.parametrize("past", [(), (ASKED, STARTED, COMPLETED), (ASKED, STARTED, FAILED)])
def test_a_run_that_is_not_run_cannot_be_stopped(past: tuple[RunStartRequested, ...]) -> None:
    given(Run, CREATED, *past).when(lambda run: run.request_stop(AT)).then_refused(RunNotStoppable, "cannot be stopped")


def test_only_a_running_run_completes() -> None:
    given(Run, CREATED, ASKED, STARTED).when(lambda run: run.complete(COMPLETED)).then(COMPLETED)
    given(Run, CREATED, ASKED).when(lambda run: run.complete(COMPLETED)).then_refused(Refused)
    given(Run, CREATED, ASKED, STARTED, STOPPED).when(lambda run: run.complete(COMPLETED)).then_refused(Refused)


def test_an_ended_run_stays_as_it_ended() -> None:
    ended = given(Run, CREATED, ASKED, STARTED, COMPLETED)
    ended.when(lambda run: run.fail(AT, "STRATEGY_ERROR", "late")).then()
    ended.when(lambda run: run.stop(AT)).then()
    assert ended.aggregate.status is RunStatus.COMPLETED


def test_a_run_that_is_run_cannot_be_deleted() -> None:
    given(Run, CREATED, ASKED, STARTED).when(lambda run: run.delete(AT)).then_refused(RunNotDeletable, "stop it before")
    given(Run, CREATED, ASKED).when(lambda run: run.delete(AT)).then_refused(RunNotDeletable)


def test_a_new_or_ended_run_can_be_deleted_and_then_not_started() -> None:
    given(Run, CREATED).when(lambda run: run.delete(AT)).then(RunDeleted(at=AT))
    given(Run, CREATED, ASKED, STARTED, FAILED).when(lambda run: run.delete(AT)).then(RunDeleted(at=AT))
    given(Run, CREATED, RunDeleted(at=AT)).when(lambda run: run.request_start(AT)).then_refused(
        RunNotStartable, "deleted"
    )


# Paper and live runs.

PAPER = structs.replace(CREATED, mode="paper")
TRADING = (PAPER, ASKED, STARTED)
PAUSED, RESUMED, FLATTEN_ASKED = RunPaused(at=AT), RunResumed(at=AT), RunFlattenRequested(at=AT)


def test_a_run_is_paused_and_resumed_each_once() -> None:
    scenario = given(Run, *TRADING).when(lambda run: run.pause(AT))
    scenario.then(PAUSED)
    assert scenario.aggregate.status is RunStatus.PAUSED
    given(Run, *TRADING, PAUSED).when(lambda run: run.pause(AT)).then()
    scenario = given(Run, *TRADING, PAUSED).when(lambda run: run.resume(AT))
    scenario.then(RESUMED)
    assert scenario.aggregate.status is RunStatus.RUNNING
    given(Run, *TRADING).when(lambda run: run.resume(AT)).then()


def test_a_paused_run_can_be_flattened_and_stopped() -> None:
    given(Run, *TRADING, PAUSED).when(lambda run: run.request_flatten(AT)).then(FLATTEN_ASKED)
    given(Run, *TRADING, PAUSED).when(lambda run: run.request_stop(AT)).then(STOP_ASKED)
    given(Run, *TRADING, PAUSED, STOP_ASKED).when(lambda run: run.stop(AT)).then(STOPPED)


ASKS = [Run.pause, Run.resume, Run.request_flatten]


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize(
    ("past", "state"),
    [
        ((PAPER,), "pending"),
        ((PAPER, ASKED), "about to start"),
        ((*TRADING, STOP_ASKED), "about to stop"),
        ((*TRADING, PAUSED, STOP_ASKED), "about to stop"),
        ((*TRADING, STOP_ASKED, STOPPED), "stopped"),
        ((*TRADING, FAILED), "error"),
    ],
)
def test_only_what_trades_can_be_paused_resumed_or_flattened(
    ask: Callable[[Run, datetime], None], past: tuple[RunCreated, ...], state: str
) -> None:
    given(Run, *past).when(lambda run: ask(run, AT)).then_refused(Refused, f"it is {state}")


@pytest.mark.parametrize("ask", ASKS)
def test_a_backtest_can_only_be_stopped(ask: Callable[[Run, datetime], None]) -> None:
    given(Run, CREATED, ASKED, STARTED).when(lambda run: ask(run, AT)).then_refused(Refused, "only stopped")


FAULTED = RunFaulted(at=AT, code="STRATEGY_ERROR", message="ValueError: no")


@pytest.mark.parametrize("ask", ASKS)
def test_a_run_that_is_ending_for_a_fault_takes_no_wishes(ask: Callable[[Run, datetime], None]) -> None:
    given(Run, *TRADING, FAULTED).when(lambda run: ask(run, AT)).then_refused(
        Refused, "it is ending, for ValueError: no"
    )
    given(Run, *TRADING, PAUSED, FAULTED).when(lambda run: ask(run, AT)).then_refused(Refused, "it is ending")


@pytest.mark.parametrize(
    "past", [(PAPER, ASKED), TRADING, (*TRADING, PAUSED), (*TRADING, STOP_ASKED)], ids=lambda past: past[-1].TOPIC
)
def test_why_a_run_cannot_go_on_is_recorded_once_and_it_ends_later(past: tuple[RunCreated, ...]) -> None:
    scenario = given(Run, *past)
    status = scenario.aggregate.status
    scenario.when(lambda run: run.fault(AT, "STRATEGY_ERROR", "ValueError: no")).then(FAULTED)
    assert (scenario.aggregate.status, scenario.aggregate.faulted) == (status, FAULTED)
    scenario.when(lambda run: run.fault(AT, "SESSION_DIED", "another reason")).then()
    scenario.when(lambda run: run.fail(AT, FAULTED.code, FAULTED.message)).then(FAILED)
    assert scenario.aggregate.status is RunStatus.ERROR


@pytest.mark.parametrize("end", [STOPPED, FAILED, COMPLETED], ids=lambda end: end.TOPIC)
def test_a_run_that_has_ended_is_not_faulted_any_more(end: RunStopped | RunFailed | RunCompleted) -> None:
    given(Run, *TRADING, end).when(lambda run: run.fault(AT, "SESSION_DIED", "late")).then()


def test_a_faulted_run_can_be_stopped_and_not_deleted() -> None:
    given(Run, *TRADING, FAULTED).when(lambda run: run.request_stop(AT)).then(STOP_ASKED)
    given(Run, *TRADING, FAULTED).when(lambda run: run.stop(AT)).then(STOPPED)
    given(Run, *TRADING, FAULTED).when(lambda run: run.delete(AT)).then_refused(RunNotDeletable, "stop it before")

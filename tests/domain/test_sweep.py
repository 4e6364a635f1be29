"""A sweep and its trials: what each may do when."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from domain.errors import InvalidInput, Refused
from domain.ids import new_id
from domain.search_space import Dimension
from domain.sweep import (
    Sweep,
    SweepCompleted,
    SweepFailed,
    SweepResumed,
    SweepStarted,
    SweepStopped,
    Trial,
    TrialFailed,
    TrialStarted,
    gridded,
    place_of_trial,
    run_of_trial,
    trial_count,
    trial_stream_id,
    trials_in_window,
)
from domain.walk_forward import WalkForwardWindow
from tests.projections.facts import run_created
from tests.projections.sweep_facts import sweep_created
from tests.specification import given

AT = datetime(2026, 11, 22, tzinfo=UTC)
CREATED = sweep_created(run_created())
HASHES = {"BTC/USD": "ab"}
STARTED = SweepStarted(at=AT, bars=500, bars_hash=HASHES)
COMPLETED = SweepCompleted(at=AT, best=None, guards={}, walk={})
SWEEP_ID = UUID(int=1)


def begun(**changes: Any) -> TrialStarted:
    fields: dict[str, Any] = {"at": AT, "sweep_id": SWEEP_ID, "number": 3, "parameters": {"fast": 5, "slow": 30}}
    return TrialStarted(**(fields | changes))


FAILED = TrialFailed(at=AT, sweep_id=SWEEP_ID, number=3, code="STRATEGY_ERROR", message="no")


def test_a_sweep_begins_once_with_the_bars_it_has() -> None:
    given(Sweep, CREATED).when(lambda sweep: sweep.start(AT, 500, HASHES, ())).then(STARTED)
    given(Sweep, CREATED, STARTED).when(lambda sweep: sweep.start(AT, 500, HASHES, ())).then()


def test_whoever_joins_with_other_bars_is_refused() -> None:
    joining = given(Sweep, CREATED, STARTED).when(lambda sweep: sweep.start(AT, 500, {"BTC/USD": "cd"}, ()))
    joining.then_refused(InvalidInput, "not those the sweep began with")


def test_a_sweep_is_stopped_and_resumed_and_doing_so_again_changes_nothing() -> None:
    stopped, resumed = SweepStopped(at=AT), SweepResumed(at=AT)
    given(Sweep, CREATED).when(lambda sweep: sweep.stop(AT)).then(stopped)
    given(Sweep, CREATED, stopped).when(lambda sweep: sweep.stop(AT)).then()
    given(Sweep, CREATED, stopped).when(lambda sweep: sweep.resume(AT)).then(resumed)
    given(Sweep, CREATED, stopped, resumed).when(lambda sweep: sweep.resume(AT)).then()


@pytest.mark.parametrize("end", [COMPLETED, SweepFailed(at=AT, code="STRATEGY_CHANGED", message="other")])
def test_what_has_ended_stays_as_it_is(end: Any) -> None:
    for ask in (lambda sweep: sweep.stop(AT), lambda sweep: sweep.resume(AT), lambda sweep: sweep.fail(AT, "A", "b")):
        given(Sweep, CREATED, STARTED, end).when(ask).then_refused(Refused, "it is")


def test_a_stopped_sweep_cannot_be_completed_by_a_worker_that_has_not_heard_of_it() -> None:
    given(Sweep, CREATED, STARTED, SweepStopped(at=AT)).when(lambda sweep: sweep.complete(AT, 1, {}, {})).then_refused(
        Refused, "it is stopped"
    )


def test_a_trial_begins_once_and_ends_once() -> None:
    given(Trial).when(lambda trial: trial.start(begun())).then(begun())
    given(Trial, begun()).when(lambda trial: trial.start(begun())).then_refused(Refused, "started before")
    given(Trial, begun()).when(lambda trial: trial.end(FAILED)).then(FAILED)
    given(Trial, begun(), FAILED).when(lambda trial: trial.end(FAILED)).then_refused(Refused, "has ended")
    given(Trial).when(lambda trial: trial.end(FAILED)).then_refused(Refused, "was not started")


def test_every_trial_has_a_stream_of_its_own() -> None:
    sweeps = [new_id(), new_id()]
    ids = {trial_stream_id(sweep_id, number) for sweep_id in sweeps for number in range(1_000)}
    assert len(ids) == 2_000
    assert {one.version for one in ids} == {8}
    assert trial_stream_id(sweeps[0], 7) == trial_stream_id(sweeps[0], 7)


def test_a_search_over_listed_values_has_no_more_trials_than_they_have_combinations() -> None:
    listed = (Dimension("fast", (1, 2, 3)), Dimension("kind", ("a", "b")))
    assert trials_in_window(listed, None, "grid") == 6
    assert trials_in_window(listed, 4, "tpe") == 4
    assert trials_in_window(listed, 100, "random") == 6
    assert trials_in_window((Dimension("rate", low="0", high="1"),), 100, "tpe") == 100


@pytest.mark.parametrize(("asked", "method"), [(5, "grid"), (None, "tpe"), (0, "random"), (10_001, "tpe")])
def test_a_number_of_trials_that_does_not_fit_the_search_is_refused(asked: int | None, method: Any) -> None:
    with pytest.raises(InvalidInput):
        trials_in_window((Dimension("fast", (1, 2)),), asked, method)


def test_the_last_trial_of_a_window_is_out_of_sample() -> None:
    window = WalkForwardWindow(AT, AT, AT)
    walking = SweepStarted(at=AT, bars=500, bars_hash=HASHES, windows=(window, window))
    assert trial_count(CREATED.trials, 2) == 14
    places = [place_of_trial(CREATED, walking, number) for number in range(14)]
    assert places == [(window, part) for window in (0, 1) for part in ["in_sample"] * 6 + ["out_of_sample"]]
    assert gridded(CREATED, walking, 7) == gridded(CREATED, walking, 0) == {"fast": 5, "slow": 30}
    assert place_of_trial(CREATED, STARTED, 5) == (0, "whole")


def test_a_trial_is_the_run_with_its_parameters_in_place_over_its_part_of_the_bars() -> None:
    run = run_created(parameters={"quantity": "2"})
    made = run_of_trial(run, begun(start_time=AT))
    assert made.parameters == {"quantity": "2", "fast": 5, "slow": 30}
    assert (made.start_time, made.end_time) == (AT, run.end_time)

"""The read model of sweeps: what is shown of them and of their trials."""

from datetime import timedelta

import numpy as np
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.ids import new_id
from domain.objective import Direction
from domain.sweep import Sweep, Trial, TrialFailed, TrialStarted, trial_stream_id
from projections import sweeps
from projections.sweeps import SweepsReadModel
from tests.projections.facts import append, fold, run_created
from tests.projections.sweep_facts import MARCH, life_of_a_sweep, sweep_created, trial_completed


def given_trials(connection: Connection[TupleRow], *returns: float | None, direction: Direction = "maximize") -> Sweep:
    """A sweep whose trials came to these returns, an error for None, one more trial being at work."""
    sweep = Sweep(new_id())
    created = sweep_created(run_created())
    objective = type(created.objective)("total_return", direction)
    sweep.trigger(sweep_created(run_created(), objective=objective))
    sweep.start(MARCH, 500, {"BTC/USD": "ff"}, ())
    append(connection, sweep.collect_events())
    for number in range(len(returns) + 1):
        trial = Trial(trial_stream_id(sweep.id, number))
        trial.start(TrialStarted(at=MARCH, sweep_id=sweep.id, number=number, parameters={"fast": number, "slow": 30}))
        if number < len(returns):
            value = returns[number]
            if value is None:
                trial.end(TrialFailed(at=MARCH, sweep_id=sweep.id, number=number, code="STRATEGY_ERROR", message="no"))
            else:
                trial.end(trial_completed(sweep.id, number, value))
        append(connection, trial.collect_events())
    fold(connection, SweepsReadModel())
    return sweep


@pytest.mark.parametrize(("direction", "best", "order"), [("maximize", 1, [1, 3, 0]), ("minimize", 0, [0, 1, 3])])
def test_the_best_trial_is_the_first_of_the_best_ones(
    connection: Connection[TupleRow], direction: Direction, best: int, order: list[int]
) -> None:
    sweep = given_trials(connection, 0.1, 0.3, None, 0.3, direction=direction)
    shown = sweeps.find(connection, sweep.id)
    assert shown is not None
    assert (shown.best, shown.completed, shown.failed, shown.pruned, shown.trials) == (best, 3, 1, 0, 6)
    ranked, total = sweeps.trials(connection, shown, order="best", limit=3)
    assert ([trial.number for trial in ranked], total) == (order, 5)


def test_a_trial_that_misses_a_constraint_is_never_the_best_and_comes_after_those_that_count(
    connection: Connection[TupleRow],
) -> None:
    sweep = given_trials(connection, 0.1)
    trial = Trial(trial_stream_id(sweep.id, 5))
    trial.start(TrialStarted(at=MARCH, sweep_id=sweep.id, number=5, parameters={"fast": 1, "slow": 2}))
    trial.end(trial_completed(sweep.id, 5, 9.0, trades=0))
    append(connection, trial.collect_events())
    fold(connection, SweepsReadModel())
    shown = sweeps.find(connection, sweep.id)
    assert shown is not None
    assert shown.best == 0
    ranked, _ = sweeps.trials(connection, shown, order="best", limit=10)
    assert [(trial.number, trial.feasible) for trial in ranked] == [(0, True), (5, False), (1, None)]


def test_trials_are_found_by_window_part_status_and_number(connection: Connection[TupleRow]) -> None:
    events = list(life_of_a_sweep(np.random.default_rng(4), run_created()))
    append(connection, events)
    fold(connection, SweepsReadModel(), batch=5)
    sweep_id = events[0].originator_id
    shown = sweeps.find(connection, sweep_id)
    assert shown is not None
    assert (shown.status, shown.ended_at) == ("completed", MARCH + timedelta(hours=1))
    [best], _ = sweeps.trials(connection, shown, order="best", part="in_sample", window=1, limit=1)
    assert shown.best == best.number
    assert shown.completed + shown.pruned + shown.failed == shown.trials == 14
    kept, total = sweeps.trials(connection, shown, order="number", part="out_of_sample", limit=1, offset=1)
    assert total == 2
    assert [(trial.number, trial.window_number, len(trial.equity)) for trial in kept] == [(13, 1, 2)]
    completed, total = sweeps.trials(connection, shown, order="number", status="completed", window=0, limit=50)
    assert {trial.status for trial in completed} == {"completed"}
    assert total == len(completed) > 0
    assert [row.id for row in sweeps.page(connection, status="completed", limit=5)[0]] == [sweep_id]
    found = sweeps.find_trial(connection, sweep_id, 13)
    assert found == kept[0]
    assert sweeps.find_trial(connection, sweep_id, 14) is None

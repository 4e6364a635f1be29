"""Which parameters a search tries next: Optuna asked about what is known of the trials, and nothing kept of the answer.

A study is built anew from the journal's trials for each question, so that what is recorded is all there is: any process
on any machine can go on with a search, and the same trials and seed give the same answer.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import isfinite
from random import Random
from typing import TYPE_CHECKING, Any

from domain.objective import FigureValue
from domain.run import ParameterValue
from domain.search_space import Dimension, combination, combinations
from domain.sweep import SweepCreated

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study

STARTUP_TRIALS = 10
# Pruning compares with the median of at least so many completed trials, from the third tenth of the bars on.
PRUNE_AFTER_TRIALS, PRUNE_AFTER_STEPS = 5, 3
ASKED_AGAIN = 20
# Of a number from a range: enough for any parameter, and short enough to be read and typed.
DIGITS = 6
# What an undefined constraint is missed by: the sampler sums violations up.
UNDEFINED_VIOLATION = 1e9


@dataclass(frozen=True, slots=True)
class KnownTrial:
    """What is known of a trial of the same window: its varied parameters, and its figures once it has them.

    figures: None while it runs. pruned: it was given up, with the objective of its steps alone.
    """

    parameters: Mapping[str, ParameterValue]
    figures: Mapping[str, FigureValue] | None = None
    steps: tuple[float | None, ...] = ()
    pruned: bool = False
    failed: bool = False


def suggested(created: SweepCreated, known: Sequence[KnownTrial], number: int) -> dict[str, ParameterValue]:
    """Return the varied parameters of trial `number`, none that a known trial of a listed space already has."""
    optuna = _optuna()
    tried = {tuple(one.parameters[dimension.name] for dimension in created.dimensions) for one in known}
    distributions = {one.name: _distribution(one) for one in created.dimensions}
    chosen: dict[str, ParameterValue] = {}
    for again in range(ASKED_AGAIN):
        seed = _seed(created.seed, number, again)
        sampler = (
            optuna.samplers.RandomSampler(seed=seed)
            if created.method == "random"
            else optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS)
        )
        asked = _study(created, known, sampler).ask(distributions).params
        chosen = {one.name: _value(one, asked[one.name]) for one in created.dimensions}
        if tuple(chosen.values()) not in tried:
            return chosen
    return _untried(created, tried, number) if all(one.is_listed for one in created.dimensions) else chosen


def looks_hopeless(created: SweepCreated, known: Sequence[KnownTrial], steps: Sequence[float | None]) -> bool:
    """Return whether a trial with these steps is worse than the median of the others was at that point."""
    optuna = _optuna()
    pruner = optuna.pruners.MedianPruner(n_startup_trials=PRUNE_AFTER_TRIALS, n_warmup_steps=PRUNE_AFTER_STEPS)
    values = _reported(steps)
    if not values or max(values) != len(steps) - 1:
        return False  # its newest step is undefined: it is not held against it
    trial = optuna.trial.create_trial(state=optuna.trial.TrialState.RUNNING, intermediate_values=values)
    return bool(pruner.prune(_study(created, known, optuna.samplers.RandomSampler(seed=0)), trial))


@cache
def _optuna() -> Any:  # noqa: ANN401 - a module that takes a second to import
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _study(created: SweepCreated, known: Sequence[KnownTrial], sampler: object) -> "Study":
    optuna = _optuna()
    study: Study = optuna.create_study(sampler=sampler, direction=created.objective.direction)
    distributions = {one.name: _distribution(one) for one in created.dimensions}
    for one in known:
        study.add_trial(_frozen(created, one, distributions))
    return study


def _frozen(created: SweepCreated, one: KnownTrial, distributions: "Mapping[str, BaseDistribution]") -> Any:  # noqa: ANN401
    optuna = _optuna()
    state = optuna.trial.TrialState
    params = {dimension.name: _place(dimension, one.parameters[dimension.name]) for dimension in created.dimensions}
    given = {"params": params, "distributions": distributions, "intermediate_values": _reported(one.steps)}
    value = None if one.figures is None else created.objective.value(one.figures)
    if one.failed or (one.figures is not None and value is None):
        return optuna.trial.create_trial(state=state.FAIL, **given)
    if one.pruned:
        return optuna.trial.create_trial(state=state.PRUNED, **given)
    if one.figures is None:
        return optuna.trial.create_trial(state=state.RUNNING, **given)
    violations = {str(it): min(it.violation(one.figures), UNDEFINED_VIOLATION) for it in created.constraints}
    return optuna.trial.create_trial(value=value, constraints=violations or None, **given)


def _reported(steps: Sequence[float | None]) -> dict[int, float]:
    return {step: value for step, value in enumerate(steps) if value is not None and isfinite(value)}


def _distribution(dimension: Dimension) -> "BaseDistribution":
    optuna = _optuna()
    if not dimension.is_listed:
        low, high = float(dimension.low or 0), float(dimension.high or 0)
        in_range: BaseDistribution = optuna.distributions.FloatDistribution(low, high, log=dimension.log)
        return in_range
    if all((isinstance(value, str) and not _is_number(value)) or isinstance(value, bool) for value in dimension.values):
        named: BaseDistribution = optuna.distributions.CategoricalDistribution([str(one) for one in dimension.values])
        return named
    # places in the list rather than values: they are in order, whatever lies between them
    placed: BaseDistribution = optuna.distributions.IntDistribution(0, len(dimension.values) - 1)
    return placed


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _value(dimension: Dimension, asked: Any) -> ParameterValue:  # noqa: ANN401
    """The parameter's value for what Optuna chose."""
    if not dimension.is_listed:
        text = f"{asked:.{DIGITS}g}"
        return text if dimension.exact else float(text)
    if isinstance(asked, str):
        return next(value for value in dimension.values if str(value) == asked)
    return dimension.values[int(asked)]


def _place(dimension: Dimension, value: ParameterValue) -> object:
    """What Optuna chose for the parameter to have that value."""
    if not dimension.is_listed:
        return float(value)
    if isinstance(_distribution(dimension), _optuna().distributions.CategoricalDistribution):
        return str(value)
    return dimension.values.index(value)


def _untried(created: SweepCreated, tried: set[tuple[ParameterValue, ...]], number: int) -> dict[str, ParameterValue]:
    """A combination nobody has tried, drawn by the seed; there is one: a search has no more trials than there are."""
    places = list(range(combinations(created.dimensions)))
    Random(_seed(created.seed, number, ASKED_AGAIN)).shuffle(places)
    for place in places:
        chosen = combination(created.dimensions, place)
        if tuple(chosen.values()) not in tried:
            return chosen
    raise AssertionError("unreachable: a search has no more trials than there are combinations")


def _seed(seed: int, number: int, again: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {number} {again}".encode()).digest()[:4])

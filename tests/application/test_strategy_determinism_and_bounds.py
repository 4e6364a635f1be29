"""Determinism, and parameters at their bounds: what differs or breaks is found and named."""

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from application.parameter_bounds import parameter_bounds, values_at_bounds
from application.strategy_check import examined, same_in_both
from domain.errors import InvalidInput
from domain.parameters import ParameterSpec, declared_parameters
from domain.strategy import Context, Strategy
from tests.application.trial_scene import MARKET, candidate, on_trial, verdicts_on
from weaver import parameter
from weaver.strategies.sma_cross import SmaCross


class Diced(Strategy):
    """Asks a die of its own."""

    die = Random(1)

    def on_bar(self, ctx: Context) -> None:
        if self.die.random() < 0.05:
            ctx.target(quantity=1 if not ctx.position() else 0)


class GivenDice(Strategy):
    """Asks the die it is given."""

    def on_bar(self, ctx: Context) -> None:
        if ctx.random.random() < 0.05:
            ctx.target(quantity=1 if not ctx.position() else 0)


def test_what_one_trial_leaves_to_the_next_is_found_and_not_taken_for_look_ahead() -> None:
    found = verdicts_on(Diced)
    assert found["determinism"].outcome == "failed"
    assert "a second trial in the same process differs" in found["determinism"].message
    assert (found["look_ahead"].outcome, found["warm_up"].outcome) == ("skipped", "skipped")
    given = verdicts_on(GivenDice)
    assert given["look_ahead"].outcome == "ok"
    assert "determinism" not in given


def test_equal_trials_are_equal_to_the_last_byte_and_others_are_not() -> None:
    _, tried = on_trial(SmaCross)
    same = same_in_both(examined(MARKET, tried), examined(MARKET, on_trial(SmaCross)[1]))
    assert (same.outcome, same.figures["events"]) == ("ok", len(tried.steps))
    other = same_in_both(examined(MARKET, tried), examined(MARKET, on_trial(GivenDice)[1]))
    assert other.outcome == "failed"
    assert other.difference is not None


def test_trials_are_compared_as_far_as_both_went() -> None:
    one = candidate(SmaCross)
    shorter = examined(MARKET, one.tried(MARKET, end=700))
    longer = examined(MARKET, one.tried(MARKET))
    verdict = same_in_both(longer, shorter)
    assert (verdict.outcome, verdict.figures["events"]) == ("ok", len(shorter.steps))


class Bounded(Strategy):
    """Has a parameter of every kind."""

    length: int = parameter(10, ge=2, lt=50)
    share: float = parameter(0.5, gt=0, le=1)
    size: Decimal = parameter(Decimal(1), gt=0, lt=3)
    mode: str = parameter("calm", choices=("calm", "wild"))
    short: bool = parameter(False)
    free: int = parameter(7)


def specs() -> dict[str, ParameterSpec]:
    return {spec.name: spec for spec in declared_parameters(Bounded)}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("length", [2, 49]),
        ("share", [1.0, 2.2250738585072014e-308]),
        ("size", ["1E-8", "2.99999999"]),
        ("mode", ["calm", "wild"]),
        ("short", [False, True]),
        ("free", []),
    ],
)
def test_bounds_are_the_outermost_values_that_are_allowed(name: str, values: list[object]) -> None:
    assert values_at_bounds(specs()[name]) == values


def test_a_parameter_without_bounds_gets_a_note() -> None:
    verdict = verdicts_on(Bounded)["parameters"]
    assert (verdict.outcome, verdict.notes) == ("ok", ("free has no bounds",))
    assert verdict.figures == {"tried": 10}


class FailsWhenShort(Bounded):
    def on_bar(self, ctx: Context) -> None:
        if self.length < 3:
            raise ZeroDivisionError("no room")


class RefusesWhenShort(Bounded):
    def on_start(self, ctx: Context) -> None:
        if self.length < 3:
            raise InvalidInput("length must be above 2 while the mode is calm")


class FailsToBegin(Bounded):
    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        if self.mode == "wild":
            raise KeyError(self.mode)


def test_a_bound_that_fails_is_named_with_what_was_raised() -> None:
    verdict = verdicts_on(FailsWhenShort)["parameters"]
    assert (verdict.outcome, verdict.message) == ("failed", "with length=2 it fails: ZeroDivisionError: no room")
    beginning = verdicts_on(FailsToBegin)["parameters"]
    assert (beginning.outcome, beginning.message) == ("failed", "with mode=wild it fails: KeyError: 'wild'")


def test_values_that_are_refused_clearly_are_told_and_fine() -> None:
    verdict = verdicts_on(RefusesWhenShort)["parameters"]
    assert verdict.outcome == "ok"
    assert verdict.notes[-1].startswith("length=2 is refused: InvalidInput: length must be above 2")


def test_bounds_that_time_did_not_reach_are_not_called_fine() -> None:
    one, tried = on_trial(Bounded)
    verdict = parameter_bounds(one, MARKET, tried, 0)
    assert (verdict.outcome, verdict.figures) == ("unsure", {"tried": 1})


class Broken(Strategy):
    def on_bar(self, ctx: Context) -> None:
        if len(ctx.bars()) == 30:
            raise RuntimeError("not today")


def test_one_that_fails_as_it_is_fails_and_nothing_else_is_said_of_it() -> None:
    found = verdicts_on(Broken)
    assert {name: verdict.outcome for name, verdict in found.items()} == {
        "look_ahead": "skipped",
        "warm_up": "skipped",
        "parameters": "failed",
    }
    assert "an error (RuntimeError: not today)" in found["parameters"].message
    assert found["parameters"].difference is not None
    assert f"{found['parameters'].difference.at:%H:%M}" == "00:30"

"""What a sweep looks for."""

import math

import pytest

from domain.errors import InvalidInput
from domain.objective import (
    Constraint,
    FigureValue,
    Objective,
    figure_names,
    is_feasible,
    parse_constraint,
    parse_objective,
)

FIGURES: dict[str, FigureValue] = {"total_pnl": "-12.5", "max_drawdown": 0.2, "trades": 30, "sharpe_ratio": None}


def test_an_objective_is_a_number_or_undefined() -> None:
    assert Objective("total_pnl").value(FIGURES) == -12.5
    assert Objective("sharpe_ratio").value(FIGURES) is None


def test_better_is_larger_unless_said_otherwise() -> None:
    assert Objective("trades").is_better(2, 1)
    assert not Objective("trades").is_better(1, 1)
    assert Objective("max_drawdown", "minimize").is_better(1, 2)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("max_drawdown<=0.2", True),
        ("max_drawdown < 0.2", False),
        ("trades>=30", True),
        ("trades>30", False),
        ("total_pnl>=-12.5", True),
        ("sharpe_ratio>=-100", False),
    ],
)
def test_a_constraint_holds_or_it_does_not(text: str, holds: bool) -> None:
    constraint = parse_constraint(text)
    assert is_feasible([constraint], FIGURES) is holds
    assert (constraint.violation(FIGURES) <= 0) is holds


def test_a_constraint_on_an_undefined_figure_is_missed_by_everything() -> None:
    assert math.isinf(Constraint("sharpe_ratio", ">", 0.0).violation(FIGURES))


@pytest.mark.parametrize("text", ["", "trades", "trades=30", "trades>=", "trades>=many", "trades>=nan", ">=3"])
def test_what_is_no_constraint_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is no constraint"):
        parse_constraint(text)


def test_a_figure_that_is_not_there_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(InvalidInput, match="did you mean sharpe_ratio"):
        parse_objective("sharp_ratio", "maximize")


def test_moments_are_no_figures_to_rank_by() -> None:
    assert {"sharpe_ratio", "total_return", "max_drawdown", "trades", "final_equity"} <= set(figure_names())
    assert not [name for name in figure_names() if name.endswith(("_start", "_trough", "_recovery"))]

"""What a sweep looks for: a figure to make large or small, and what a trial must hold to count."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Literal

import msgspec
import numpy as np

from domain.errors import InvalidInput, did_you_mean
from domain.figures import DAY, StatisticFigure
from domain.market import Bars, Timeframe
from domain.money import ZERO
from domain.performance import Account, EquityCurve, statistics, utc_days

type FigureValue = str | int | float | None
type Direction = Literal["maximize", "minimize"]
type Relation = Literal[">=", "<=", ">", "<"]
DIRECTIONS: tuple[Direction, ...] = ("maximize", "minimize")
# What is known of every trial beside its statistics.
COUNTS = ("orders", "fills", "trades", "final_equity")
_MOMENTS = ("_start", "_trough", "_recovery")
_CONSTRAINT = re.compile(r"\s*(?P<figure>\w+)\s*(?P<relation>>=|<=|>|<)\s*(?P<bound>\S+)\s*")


class Objective(msgspec.Struct, frozen=True):
    """The figure by which trials are ranked, and which way."""

    figure: str
    direction: Direction = "maximize"

    def value(self, figures: Mapping[str, FigureValue]) -> float | None:
        """Return the trial's figure as a number, None where it is undefined."""
        return number(figures, self.figure)

    def is_better(self, one: float, other: float) -> bool:
        """Return whether the one is strictly better than the other."""
        return one > other if self.direction == "maximize" else one < other


class Constraint(msgspec.Struct, frozen=True):
    """What a figure of a trial must hold; one that is undefined does not."""

    figure: str
    relation: Relation
    bound: float

    def violation(self, figures: Mapping[str, FigureValue]) -> float:
        """Return by how much the trial misses it: zero or less where it holds, infinite where it is undefined."""
        value = number(figures, self.figure)
        if value is None:
            return float("inf")
        missing = self.bound - value if self.relation.startswith(">") else value - self.bound
        if missing == 0 and self.relation in (">", "<"):
            return float(np.nextafter(0.0, 1.0))
        return missing

    def __str__(self) -> str:
        return f"{self.figure}{self.relation}{self.bound:g}"


def number(figures: Mapping[str, FigureValue], name: str) -> float | None:
    """Return a figure as a number, None where it is undefined."""
    value = figures.get(name)
    return None if value is None else float(value)


def is_feasible(constraints: Sequence[Constraint], figures: Mapping[str, FigureValue]) -> bool:
    """Return whether the trial holds every constraint."""
    return all(one.violation(figures) <= 0 for one in constraints)


def parse_objective(figure: str, direction: Direction) -> Objective:
    """Return the objective; raise InvalidInput, with a suggestion, for a figure that trials do not have."""
    return Objective(require_figure(figure), direction)


def parse_constraint(text: str) -> Constraint:
    """Return the constraint of a text such as `max_drawdown<=0.2`; raise InvalidInput for any other."""
    found = _CONSTRAINT.fullmatch(text)
    try:
        bound = float(found["bound"]) if found else float("nan")
    except ValueError:
        bound = float("nan")
    if found is None or not np.isfinite(bound):
        raise InvalidInput(f"{text!r} is no constraint: write it as max_drawdown<=0.2 or trades>=30")
    relations: dict[str, Relation] = {">=": ">=", "<=": "<=", ">": ">", "<": "<"}
    return Constraint(require_figure(found["figure"]), relations[found["relation"]], bound)


def require_figure(name: str) -> str:
    """Return the name of a figure that is a number; raise InvalidInput, with a suggestion, for any other."""
    if name not in figure_names():
        hint = did_you_mean(name, figure_names())
        raise InvalidInput(f"there is no figure {name!r}: {hint}such as sharpe_ratio, total_return or max_drawdown")
    return name


@cache
def figure_names() -> tuple[str, ...]:
    """Return the names of the figures that every trial has and that are numbers, in the order of a report."""
    return (*(name for name in _of_nothing() if not name.endswith(_MOMENTS)), *COUNTS)


def _of_nothing() -> dict[str, StatisticFigure]:
    """The statistics of an account that never traded: every name there is."""
    columns = [np.ones(2)] * 5
    bars = Bars("NOTHING", Timeframe.parse("1d"), np.array([0, DAY]), *columns)
    curve = EquityCurve(0, np.array([DAY, 2 * DAY]), np.ones(2), np.zeros(2, dtype=np.bool_))
    account = Account(Decimal(1), Decimal(1), ZERO, ZERO, ZERO, (), 0, 0, 0)
    return statistics(curve, account, (bars,), utc_days(0, 2 * DAY))

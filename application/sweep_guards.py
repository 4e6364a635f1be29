"""What is stated beside the best result of a sweep: how many were tried, and how much of it may be luck."""

from collections.abc import Callable

import numpy as np

from application.equity import SESSIONS_A_YEAR
from application.trial import TrialResult
from application.trial_book import TrialPages
from domain.drawdowns import max_drawdown
from domain.figures import StatisticFigure, figure, undefined
from domain.market import Floats
from domain.objective import number
from domain.overfitting import INTERVALS, bootstrap_interval, deflated_sharpe, probabilistic_sharpe
from domain.performance import (
    DAYS_A_YEAR,
    MIN_DAYS_TO_ANNUALISE,
    UTC_DAYS_A_YEAR,
    EquityCurve,
    daily_equity,
    simple_returns,
)
from domain.return_figures import DailyReturns, return_figures
from domain.sessions import is_always_open
from domain.sweep import SweepCreated, SweepStarted, TrialCompleted
from domain.walk_forward import efficiency, out_of_sample_curve, stitched

type Again = Callable[[int], TrialResult]
SHARPE = "sharpe_ratio"
UNDEFINED_OF_BEST = ("probabilistic_sharpe", "deflated_sharpe", *INTERVALS)
# Figures of the stitched parts that daily equity gives.
WALK_FIGURES = ("total_return", "cagr", SHARPE, "max_drawdown", "efficiency")


def guards_of(created: SweepCreated, pages: TrialPages, best: int | None, again: Again) -> dict[str, StatisticFigure]:
    """Return the number of trials, and of the best one the deflated Sharpe ratio and intervals; all by name.

    best: number of the best trial of the last window. again: gives the whole result of a trial, of which only figures
    were kept.
    """
    completed = [one for one in pages.ended.values() if isinstance(one, TrialCompleted)]
    counts = {
        "trials": figure(len(pages.ended), "trials that were run, whatever became of them"),
        "trials_completed": figure(len(completed), "of them those that reached the end of their bars"),
    }
    if best is None:
        return counts | undefined("no trial counts", *UNDEFINED_OF_BEST)
    result = again(best)
    returns = _daily_returns(result)
    if returns is None:
        return counts | undefined("a day ended with equity at or below zero", *UNDEFINED_OF_BEST)
    a_year, window = result.days.a_year, pages.started[best].window
    return counts | {
        "probabilistic_sharpe": probabilistic_sharpe(returns, a_year),
        "deflated_sharpe": deflated_sharpe(returns, _sharpes(pages, window), a_year),
        **bootstrap_interval(returns, a_year, created.seed),
    }


def walk_of(created: SweepCreated, begun: SweepStarted, pages: TrialPages) -> dict[str, StatisticFigure]:
    """Return the figures of the out-of-sample parts put together, by name; none without a walk."""
    if not begun.windows:
        return {}
    curve = walk_curve(created, begun, pages)
    if curve is None:
        return undefined("not every out-of-sample part was traded to its end", *WALK_FIGURES)
    initial = float(created.run.initial_cash)
    equity = curve.equity_from(initial)
    return_over_all = float(equity[-1] / initial - 1)
    found = {
        "total_return": figure(return_over_all, "of the out-of-sample parts, one after the other"),
        "max_drawdown": figure(max_drawdown(equity), "deepest fall from a peak of daily equity, out of sample"),
        "efficiency": efficiency(begun.windows, *_chosen_returns(created, begun, pages)),
    }
    if (equity <= 0).any():
        return found | undefined("a day ended with equity at or below zero", "cagr", SHARPE)
    a_year = _days_a_year(created)
    returns = simple_returns(equity)
    daily = DailyReturns(returns, np.zeros_like(returns), a_year, "the end of each day")
    is_short = curve.days < MIN_DAYS_TO_ANNUALISE
    short = f"{curve.days:.1f} days: nothing is annualised under {MIN_DAYS_TO_ANNUALISE}" if is_short else None
    found[SHARPE] = return_figures(daily, short)[SHARPE]
    if short:
        return found | undefined(short, "cagr")
    rate = float(np.power(equity[-1] / initial, DAYS_A_YEAR / curve.days)) - 1
    return found | {"cagr": figure(rate, "final over initial equity of the stitched parts, a year of 365.25 days")}


def walk_curve(created: SweepCreated, begun: SweepStarted, pages: TrialPages) -> EquityCurve | None:
    """Return daily equity of the out-of-sample parts put together, None unless all were traded to their ends."""
    curves = []
    for window, bounds in enumerate(begun.windows):
        ended = pages.ended.get(window * (created.trials + 1) + created.trials)
        if not isinstance(ended, TrialCompleted):
            return None
        curves.append(out_of_sample_curve(bounds, ended.times, ended.equity))
    return stitched(curves, float(created.run.initial_cash))


def _chosen_returns(created: SweepCreated, begun: SweepStarted, pages: TrialPages) -> tuple[list[float], list[float]]:
    """The total return of each window's chosen trial, and of its out-of-sample part."""
    chosen, kept = [], []
    for window in range(len(begun.windows)):
        best = pages.best(created, window)
        ended = pages.ended[window * (created.trials + 1) + created.trials]
        if best is not None:
            chosen.append(_total_return(pages.ended[best]))
            kept.append(_total_return(ended))
    return chosen, kept


def _total_return(ended: object) -> float:
    value = number(ended.all_figures(), "total_return") if isinstance(ended, TrialCompleted) else None
    if value is None:
        raise AssertionError("unreachable: every completed trial has a total return")
    return value


def _sharpes(pages: TrialPages, window: int) -> list[float]:
    """The Sharpe ratios of the window's trials, wherever there is one; whether they hold constraints is no matter."""
    of_window = (
        ended
        for place, ended in sorted(pages.ended.items())
        if pages.started[place].window == window and pages.started[place].part != "out_of_sample"
    )
    found = (number(one.all_figures(), SHARPE) for one in of_window if isinstance(one, TrialCompleted))
    return [one for one in found if one is not None]


def _daily_returns(result: TrialResult) -> Floats | None:
    equity = daily_equity(result.curve, float(result.account.initial_cash), result.days)
    return None if (equity <= 0).any() else simple_returns(equity)


def _days_a_year(created: SweepCreated) -> int:
    return UTC_DAYS_A_YEAR if any(map(is_always_open, created.run.symbols)) else SESSIONS_A_YEAR

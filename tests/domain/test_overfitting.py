"""Guards against fooling oneself, held to the examples of the papers and to what chance does when it is simulated."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from domain.drawdowns import max_drawdown
from domain.figures import StatisticFigure
from domain.market import Floats
from domain.overfitting import (
    INTERVALS,
    bootstrap_interval,
    deflated_sharpe,
    expected_maximum_sharpe,
    probabilistic_sharpe,
    probability_above,
)

A_YEAR = 365


def daily(count: int, mean: float, deviation: float, seed: int = 1) -> Floats:
    """Returns of exactly that mean and deviation (ddof 1)."""
    drawn = np.random.default_rng(seed).standard_normal(count)
    return mean + deviation * (drawn - drawn.mean()) / drawn.std(ddof=1)


def value(figure: StatisticFigure) -> float:
    """The number of a figure that has one."""
    assert isinstance(figure.value, float), figure.reason
    return figure.value


def test_the_hedge_fund_of_the_sharpe_ratio_efficient_frontier() -> None:
    # Bailey and López de Prado 2012: 24 months, 0.458 a month, skew -2.448 and kurtosis 10.164; 0.982 if it were normal
    assert probability_above(0.458, 0, 24, 0, 3) == pytest.approx(0.982, abs=5e-4)
    assert probability_above(0.458, 0, 24, -2.448, 10.164) == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(
    ("trials", "skew", "kurtosis", "hurdle", "probability"),
    [(100, -3, 10, 0.1132, 0.9004), (46, -3, 10, 0.1000, 0.9505), (88, 0, 3, 0.1108, 0.9505)],
)
def test_the_strategy_of_the_deflated_sharpe_ratio(
    trials: int, skew: float, kurtosis: float, hurdle: float, probability: float
) -> None:
    # Bailey and López de Prado 2014: 2.5 a year over 5 years of 250 days, trials with a variance of 1/2 a year
    by_chance = expected_maximum_sharpe(1 / 2, trials) / math.sqrt(250)
    assert by_chance == pytest.approx(hurdle, abs=2e-3)
    assert probability_above(2.5 / math.sqrt(250), by_chance, 1250, skew, kurtosis) == pytest.approx(
        probability, abs=2e-3
    )


@pytest.mark.parametrize("trials", [3, 10, 200])
def test_the_expected_maximum_is_what_the_best_of_many_lucky_ones_shows(trials: int) -> None:
    lucky = np.random.default_rng(7).normal(0, 0.6, (20_000, trials))
    assert expected_maximum_sharpe(0.36, trials) == pytest.approx(lucky.max(axis=1).mean(), rel=0.04)


def test_the_best_of_a_single_trial_is_expected_to_show_nothing() -> None:
    assert expected_maximum_sharpe(0.36, 1) == 0


@pytest.mark.parametrize("benchmark", [0.0, 0.8, -0.5])
def test_the_probabilistic_sharpe_ratio_is_that_of_the_moments_of_the_returns(benchmark: float) -> None:
    # given returns with a long left tail
    returns = np.concatenate((daily(200, 0.002, 0.01), [-0.06, -0.05]))
    # when their moments are computed one by one
    mean = sum(returns) / 202
    moments = [sum((one - mean) ** power for one in returns) / 202 for power in (2, 3, 4)]
    sharpe = mean / math.sqrt(moments[0] * 202 / 201)
    skew, kurtosis = moments[1] / moments[0] ** 1.5, moments[2] / moments[0] ** 2
    error = math.sqrt((1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2) / 201)
    expected = 0.5 * math.erfc(-(sharpe - benchmark / math.sqrt(A_YEAR)) / error / math.sqrt(2))
    # then
    assert value(probabilistic_sharpe(returns, A_YEAR, benchmark)) == pytest.approx(expected, rel=1e-12)


def test_a_fair_coin_is_better_than_nothing_with_probability_one_half() -> None:
    assert value(probabilistic_sharpe(daily(400, 0, 0.01), A_YEAR)) == pytest.approx(0.5)


def test_the_more_was_tried_the_less_a_result_is_worth() -> None:
    returns = daily(365, 0.0012, 0.01)
    spread = [-1.0, 0.0, 1.0, 2.0]
    few = deflated_sharpe(returns, spread, A_YEAR)
    many = deflated_sharpe(returns, spread * 50, A_YEAR)
    assert value(many) < value(few) < value(probabilistic_sharpe(returns, A_YEAR))
    assert few.basis
    assert "best of 4 trials" in few.basis


def test_the_best_of_many_without_skill_is_seldom_found_to_have_any() -> None:
    # given 60 searches, each through 40 strategies that only toss coins
    random = np.random.default_rng(11)
    found = {"at face value": 0, "deflated": 0}
    for _ in range(60):
        tossed = random.normal(0, 0.01, (40, 250))
        sharpes = tossed.mean(axis=1) / tossed.std(axis=1, ddof=1) * math.sqrt(A_YEAR)
        best = tossed[np.argmax(sharpes)]
        found["at face value"] += value(probabilistic_sharpe(best, A_YEAR)) > 0.95
        found["deflated"] += value(deflated_sharpe(best, sharpes.tolist(), A_YEAR)) > 0.95
    # then nearly every search ends with a find, and hardly one if it is told how often was tried
    assert found["at face value"] > 45
    assert found["deflated"] <= 6


@pytest.mark.parametrize(
    ("returns", "trials", "reason"),
    [
        (daily(29, 0.001, 0.01), [1.0, 2.0], "29 daily returns"),
        (np.full(40, 0.001), [1.0, 2.0], "never differed"),
        (daily(40, 0.001, 0.01), [1.0], "fewer than two trials"),
        (daily(40, 0.001, 0.01), [], "fewer than two trials"),
        (daily(40, 0.001, 0.01), [1.0, math.nan], "no number"),
    ],
)
def test_a_guard_that_cannot_be_computed_says_why(returns: Floats, trials: list[float], reason: str) -> None:
    figure = deflated_sharpe(returns, trials, A_YEAR)
    assert figure.value is None
    assert figure.reason
    assert reason in figure.reason


def test_intervals_of_equal_seeds_are_equal_and_of_others_close() -> None:
    returns = daily(300, 0.001, 0.01)
    one, again, other = (bootstrap_interval(returns, A_YEAR, seed) for seed in (1, 1, 2))
    assert tuple(one) == INTERVALS
    assert one == again
    assert one != other
    assert value(one["sharpe_ratio_low"]) == pytest.approx(value(other["sharpe_ratio_low"]), abs=0.3)


def test_of_independent_days_the_interval_is_that_of_the_theory() -> None:
    # given two years of independent normal days: the standard error of their Sharpe ratio is known (Lo 2002)
    returns = daily(730, 0.001, 0.01)
    sharpe = 0.1 * math.sqrt(A_YEAR)
    error = math.sqrt((1 + 0.1**2 / 2) / 730) * math.sqrt(A_YEAR)
    # when
    found = bootstrap_interval(returns, A_YEAR, seed=3, resamples=4_000)
    # then
    assert value(found["sharpe_ratio_low"]) == pytest.approx(sharpe - 1.96 * error, abs=0.25 * error)
    assert value(found["sharpe_ratio_high"]) == pytest.approx(sharpe + 1.96 * error, abs=0.25 * error)


def test_what_follows_upon_each_other_stays_together() -> None:
    # given days that come in long spells of losing and winning: alone they would average out
    spells = np.repeat(np.random.default_rng(5).choice([-0.01, 0.01], 40), 10) + daily(400, 0, 1e-4)
    found = bootstrap_interval(spells, A_YEAR, seed=1)
    alone = np.random.default_rng(1).choice(spells, (2_000, 400))
    apart = np.percentile(np.prod(1 + alone, axis=1) - 1, [2.5, 97.5])
    # then the interval is wider than that of days drawn one by one
    width = value(found["total_return_high"]) - value(found["total_return_low"])
    assert width > 1.5 * (apart[1] - apart[0])


def resampled_slowly(returns: Floats, resamples: int, seed: int) -> list[tuple[float, float, float, float]]:
    """Sharpe ratio, CAGR, total return and max drawdown of resamples, day by day."""
    random, days = np.random.default_rng(seed), len(returns)
    found = []
    for _ in range(resamples):
        drawn, place = [], 0
        for day in range(days):
            fresh = day == 0 or random.random() < 1 / round(days ** (1 / 3))
            place = int(random.integers(days)) if fresh else (place + 1) % days
            drawn.append(float(returns[place]))
        curve = [1.0]
        for one in drawn:
            curve.append(curve[-1] * (1 + one))
        sharpe = float(np.mean(drawn) / np.std(drawn, ddof=1)) * math.sqrt(A_YEAR)
        found.append(
            (sharpe, curve[-1] ** (A_YEAR / days) - 1, curve[-1] - 1, max_drawdown(np.array(curve, np.float64)))
        )
    return found


def test_the_intervals_are_those_of_resampling_day_by_day() -> None:
    returns = daily(120, 0.002, 0.02)
    slowly = np.percentile(np.array(resampled_slowly(returns, 3_000, 9)), [2.5, 97.5], axis=0)
    found = bootstrap_interval(returns, A_YEAR, seed=4, resamples=6_000)
    for place, name in enumerate(("sharpe_ratio", "cagr", "total_return", "max_drawdown")):
        width = slowly[1, place] - slowly[0, place]
        assert value(found[f"{name}_low"]) == pytest.approx(slowly[0, place], abs=0.06 * width), name
        assert value(found[f"{name}_high"]) == pytest.approx(slowly[1, place], abs=0.06 * width), name


def test_a_drawdown_of_a_resample_is_from_what_there_was_at_its_start() -> None:
    # given 40 days that all lose: whichever are drawn, they lose from the first on
    falling = np.append(np.full(39, -0.01), -0.0100001)
    found = bootstrap_interval(falling, A_YEAR, seed=1, resamples=100)
    assert value(found["max_drawdown_low"]) == pytest.approx(1 - 0.99**40, abs=1e-5)
    assert value(found["total_return_low"]) == pytest.approx(0.99**40 - 1, abs=1e-5)


@pytest.mark.parametrize(
    ("returns", "names", "reason"),
    [
        (daily(10, 0.001, 0.01), INTERVALS, "10 daily returns"),
        (np.zeros(50), INTERVALS, "never differed"),
        (np.append(daily(50, 0, 0.01), -1.0), INTERVALS, "lost everything"),
        (np.append(np.zeros(50), 0.1), ("sharpe_ratio_low", "sharpe_ratio_high"), "none does"),
    ],
)
def test_an_interval_that_cannot_be_computed_says_why(returns: Floats, names: tuple[str, ...], reason: str) -> None:
    found = bootstrap_interval(returns, A_YEAR, seed=1, resamples=200)
    assert [name for name, figure in found.items() if figure.value is None] == list(names)
    assert all(reason in (found[name].reason or "") for name in names)


@settings(max_examples=40, deadline=None)
@given(
    arrays.arrays(np.float64, st.integers(1, 60), elements=st.floats(-2, 1e200) | st.floats(-0.1, 0.1)),
    st.lists(st.floats(-1e200, 1e200), max_size=6),
)
def test_no_guard_is_ever_nan_or_infinite_and_each_has_its_basis_or_a_reason(
    returns: Floats, trials: list[float]
) -> None:
    figures = bootstrap_interval(returns, A_YEAR, seed=0, resamples=20)
    figures |= {"psr": probabilistic_sharpe(returns, A_YEAR), "dsr": deflated_sharpe(returns, trials, A_YEAR)}
    for figure in figures.values():
        if figure.value is None:
            assert figure.reason
        else:
            assert math.isfinite(value(figure))
            assert figure.basis
    assert all(0 <= value(figures[name]) <= 1 for name in ("psr", "dsr") if figures[name].value is not None)

"""Where empyrical and scipy have the same definition, the figures agree within 1e-12."""

from typing import Any

import empyrical  # type: ignore[import-untyped]
import numpy as np
import pytest
import scipy.stats  # type: ignore[import-untyped]
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from domain.market import Floats
from domain.performance import daily_closes, daily_equity, simple_returns, utc_days
from tests.domain.finished_runs import bars_of, curve_of, figures_of, value_of

INITIAL = 1000.0


@st.composite
def curves(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """Daily equity from INITIAL on, and closes of a market over the same days, 30 to 120 of them."""
    count = draw(st.integers(30, 120))
    basis_points = draw(arrays(np.int64, (2, count), elements=st.integers(-2000, 2000)))
    equity, closes = np.cumprod(1 + basis_points / 10_000, axis=1)
    return INITIAL * equity, 100 * closes


def returns_of(equity: Floats, closes: Floats) -> tuple[Floats, Floats]:
    curve = curve_of(equity)
    days = utc_days(curve.start, int(curve.times[-1]))
    own = simple_returns(daily_equity(curve, INITIAL, days))
    market = simple_returns(daily_closes(curve, bars_of(closes), days))
    assert len(own) == len(market) == len(equity)
    return own, market


def agrees(expected: Any) -> Any:
    return pytest.approx(float(expected), rel=1e-12, abs=1e-12)


@given(curves(), st.sampled_from([0.0, 0.02, -0.005]))
def test_ratios_of_daily_returns_are_those_of_empyrical(market: tuple[Floats, Floats], risk_free: float) -> None:
    # given
    own, _ = returns_of(*market)
    assume(np.std(own) > 1e-6)
    a_day = (1 + risk_free) ** (1 / 365) - 1
    # when
    figures = figures_of(market[0], closes=market[1], risk_free=risk_free)
    # then
    assert figures["volatility"].value == agrees(empyrical.annual_volatility(own, annualization=365))
    assert figures["sharpe_ratio"].value == agrees(empyrical.sharpe_ratio(own, a_day, annualization=365))
    if (own - a_day).min() < -1e-9:
        assert figures["sortino_ratio"].value == agrees(empyrical.sortino_ratio(own, a_day, annualization=365))


@given(curves())
def test_tails_and_shape_of_daily_returns_are_those_of_empyrical_and_scipy(market: tuple[Floats, Floats]) -> None:
    own, _ = returns_of(*market)
    assume(np.std(own) > 1e-6)
    figures = figures_of(market[0])
    assert figures["value_at_risk_95"].value == agrees(empyrical.value_at_risk(own))
    assert figures["conditional_value_at_risk_95"].value == agrees(empyrical.conditional_value_at_risk(own))
    assert figures["skew"].value == agrees(scipy.stats.skew(own))
    assert figures["kurtosis"].value == agrees(scipy.stats.kurtosis(own))
    assert (figures["best_day"].value, figures["worst_day"].value) == (own.max(), own.min())


@given(curves(), st.sampled_from([0.0, 0.02]))
def test_alpha_and_beta_are_those_of_empyrical(market: tuple[Floats, Floats], risk_free: float) -> None:
    own, first_symbol = returns_of(*market)
    assume(np.std(first_symbol) > 1e-6)
    a_day = (1 + risk_free) ** (1 / 365) - 1
    alpha, beta = empyrical.alpha_beta(own, first_symbol, risk_free=a_day, annualization=365)
    figures = figures_of(market[0], closes=market[1], risk_free=risk_free)
    assert figures["beta"].value == agrees(beta)
    # a year's compounding makes 365 times of the last digit of a day's
    assert (1 + value_of(figures["alpha"])) ** (1 / 365) == agrees((1 + alpha) ** (1 / 365))


@pytest.mark.parametrize("seed", range(20))
def test_alpha_of_an_ordinary_year_is_that_of_empyrical_to_the_last_of_twelve_digits(seed: int) -> None:
    random = np.random.default_rng(seed)
    moves = random.normal(0.0005, 0.02, (2, 365)) + random.normal(0, 0.01, 365)
    equity, closes = INITIAL * np.cumprod(1 + moves[0]), 100 * np.cumprod(1 + moves[1])
    alpha, beta = empyrical.alpha_beta(*returns_of(equity, closes), annualization=365)
    figures = figures_of(equity, closes=closes)
    assert (figures["alpha"].value, figures["beta"].value) == (agrees(alpha), agrees(beta))


@given(curves())
def test_growth_and_drawdown_are_those_of_empyrical_when_a_day_is_a_bar_and_a_year_has_a_quarter_day_more(
    market: tuple[Floats, Floats],
) -> None:
    own, _ = returns_of(*market)
    deepest = -empyrical.max_drawdown(own)
    figures = figures_of(market[0])
    assert value_of(figures["max_drawdown"]) == agrees(deepest)
    assert figures["cagr"].value == agrees(empyrical.cagr(own, annualization=365.25))
    if deepest > 1e-6:
        expected = empyrical.calmar_ratio(own, annualization=365.25)
        assert figures["calmar_ratio"].value == pytest.approx(expected, rel=1e-9)


def test_a_year_is_365_and_a_quarter_days_and_not_a_number_of_returns() -> None:
    equity = np.array([INITIAL * 1.001**day for day in range(1, 366)])
    own, _ = returns_of(equity, equity)
    figures = figures_of(equity)
    assert empyrical.cagr(own, annualization=365) == pytest.approx(1.001**365 - 1)
    assert figures["cagr"].value == pytest.approx(1.001**365.25 - 1, rel=1e-12)

"""What daily returns say: dispersion, reward for risk, tails, and the comparison with a benchmark."""

from dataclasses import dataclass

import numpy as np

from domain.errors import ParameterInvalid
from domain.figures import StatisticFigure, figure, undefined
from domain.market import Floats

# A float64 has 53 bits: returns of equal days differ by a few 1e-16, which is rounding and no risk.
ROUNDING = 1e-15
TAIL_PERCENT = 5


@dataclass(frozen=True, slots=True, eq=False)
class DailyReturns:
    """Simple returns of a strategy and of its benchmark over the same days, 0.01 for 1 %, oldest first, at least one.

    a_year: how many such returns make a year. sampled_at: the moment of the day, for people. risk_free: a rate a year.
    """

    strategy: Floats
    benchmark: Floats
    a_year: int
    sampled_at: str
    risk_free: float = 0.0

    def __post_init__(self) -> None:
        if not -1 < self.risk_free < np.inf:
            raise ParameterInvalid(f"the risk-free rate is a fraction a year above -1, not {self.risk_free}")

    @property
    def risk_free_a_day(self) -> float:
        """The rate that makes the yearly one when compounded over a_year days."""
        return float((1 + self.risk_free) ** (1 / self.a_year) - 1) if self.risk_free else 0.0

    @property
    def basis(self) -> str:
        """What figures of these returns are based on, in words."""
        return f"daily returns at {self.sampled_at}"

    @property
    def basis_a_year(self) -> str:
        """What annualised figures of these returns are based on, in words."""
        return f"{self.basis}, ddof 1, {self.a_year} a year"


ANNUALISED = ("volatility", "sharpe_ratio", "sortino_ratio", "alpha")
OF_RETURNS = (
    *ANNUALISED,
    "beta",
    "best_day",
    "worst_day",
    "value_at_risk_95",
    "conditional_value_at_risk_95",
    "skew",
    "kurtosis",
)
ONE_RETURN = "there are fewer than two daily returns"
ALL_EQUAL = "daily returns never differed"


def return_figures(daily: DailyReturns, too_short: str | None = None) -> dict[str, StatisticFigure]:
    """Return the figures OF_RETURNS by name, as ratios; the annualised ones undefined for the reason `too_short`.

    Every definition is that of empyrical, skew and kurtosis that of scipy.
    """
    # an overflow becomes an undefined figure
    with np.errstate(over="ignore", invalid="ignore"):
        benchmark = _against_benchmark(daily)
        annualised = undefined(too_short, *ANNUALISED) if too_short else _annualised(daily)
        return _of_days(daily) | _of_shape(daily) | benchmark | annualised


def historical_value_at_risk(returns: Floats) -> float:
    """Return the 5th percentile of the returns, interpolated linearly: a loss is below zero."""
    return float(np.percentile(returns, TAIL_PERCENT))


def historical_conditional_value_at_risk(returns: Floats) -> float:
    """Return the mean of the worst returns, the lowest one and as many more as are 5 % of the others, rounded down."""
    last = (len(returns) - 1) * TAIL_PERCENT // 100
    return float(np.mean(np.partition(returns, last)[: last + 1]))


def _of_days(daily: DailyReturns) -> dict[str, StatisticFigure]:
    returns, basis = daily.strategy, daily.basis
    return {
        "best_day": figure(float(np.max(returns)), f"highest of {basis}"),
        "worst_day": figure(float(np.min(returns)), f"lowest of {basis}"),
        "value_at_risk_95": figure(
            historical_value_at_risk(returns), f"5th percentile of {basis}, a loss is below zero"
        ),
        "conditional_value_at_risk_95": figure(
            historical_conditional_value_at_risk(returns), f"mean of the worst 5 % of {basis}, a loss is below zero"
        ),
    }


def _of_shape(daily: DailyReturns) -> dict[str, StatisticFigure]:
    """Skew m3 / m2^1.5 and excess kurtosis m4 / m2^2 - 3, of moments about the mean divided by n."""
    nothing = _without_dispersion(daily.strategy)
    if nothing:
        return undefined(nothing, "skew", "kurtosis")
    from_mean = daily.strategy - np.mean(daily.strategy)
    second, third, fourth = (np.mean(from_mean**power) for power in (2, 3, 4))
    return {
        "skew": figure(
            float(third / second**1.5), f"third moment of {daily.basis} in standard deviations, not corrected"
        ),
        "kurtosis": figure(
            float(fourth / second**2 - 3),
            f"fourth moment of {daily.basis} in standard deviations, less 3, not corrected",
        ),
    }


def _annualised(daily: DailyReturns) -> dict[str, StatisticFigure]:
    returns = daily.strategy
    if len(returns) < 2:
        return undefined(ONE_RETURN, *ANNUALISED)
    excess = returns - daily.risk_free_a_day
    deviation = float(np.std(excess, ddof=1))
    downside = float(np.sqrt(np.mean(np.minimum(excess, 0) ** 2)))
    year, free = daily.a_year**0.5, f"risk-free {daily.risk_free:g}"
    mean = float(np.mean(excess)) * year
    figures = {
        "volatility": figure(float(np.std(returns, ddof=1)) * year, f"standard deviation of {daily.basis_a_year}"),
        "alpha": _alpha(daily),
    }
    if deviation > ROUNDING:
        basis = f"mean over standard deviation of {daily.basis_a_year}, {free}"
        figures["sharpe_ratio"] = figure(mean / deviation, basis)
    else:
        figures |= undefined(ALL_EQUAL, "sharpe_ratio")
    if downside > ROUNDING:
        basis = f"mean over downside deviation of {daily.basis}, gains counted as 0, {daily.a_year} a year, {free}"
        figures["sortino_ratio"] = figure(mean / downside, basis)
    else:
        figures |= undefined("no day lost", "sortino_ratio")
    return figures


def _against_benchmark(daily: DailyReturns) -> dict[str, StatisticFigure]:
    nothing = _without_dispersion(daily.benchmark)
    if nothing:
        return undefined(f"the first symbol: {nothing}", "beta")
    basis = f"covariance with over variance of the first symbol's {daily.basis}"
    return {"beta": figure(_beta(daily), basis)}


def _beta(daily: DailyReturns) -> float:
    from_mean = daily.benchmark - np.mean(daily.benchmark)
    return float(np.mean(from_mean * daily.strategy) / np.mean(from_mean**2))


def _alpha(daily: DailyReturns) -> StatisticFigure:
    """The mean return that beta does not explain, compounded over a year."""
    nothing = _without_dispersion(daily.benchmark)
    if nothing:
        return StatisticFigure(None, reason=f"the first symbol: {nothing}")
    free = daily.risk_free_a_day
    kept = 1 + np.mean((daily.strategy - free) - _beta(daily) * (daily.benchmark - free))
    if kept <= 0:
        return StatisticFigure(None, reason="what beta does not explain lost everything on an average day")
    basis = f"mean daily return that beta does not explain, compounded over {daily.a_year} days"
    return figure(float(kept**daily.a_year - 1), f"{basis}, {daily.basis}, risk-free {daily.risk_free:g}")


def _without_dispersion(returns: Floats) -> str | None:
    """Why nothing can be divided by the dispersion of the returns; None if it can."""
    if len(returns) < 2:
        return ONE_RETURN
    return ALL_EQUAL if np.std(returns) <= ROUNDING else None

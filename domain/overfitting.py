"""Guards against fooling oneself: how much of a good backtest is chance, and how much of that is having tried often.

Sharpe ratios go in and are told a year, as among the statistics; inside they are those of a day. Skew and kurtosis are
of moments divided by n. Every test is of Bailey and López de Prado: "The Sharpe Ratio Efficient Frontier" (2012) and
"The Deflated Sharpe Ratio" (2014).
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from domain.figures import StatisticFigure, figure, undefined
from domain.market import Floats
from domain.return_figures import ALL_EQUAL, ROUNDING

LEAST_DAYS = 30
RESAMPLES = 2_000
LEVEL_PERCENT = 95
OF_RESAMPLES = ("sharpe_ratio", "cagr", "total_return", "max_drawdown")
INTERVALS = tuple(f"{name}_{end}" for name in OF_RESAMPLES for end in ("low", "high"))
DRAWN_AT_ONCE = 1_000_000  # returns, some 60 MB with all that is made of them
NORMAL = NormalDist()
OVERFLOW_IS_UNDEFINED = np.errstate(over="ignore", invalid="ignore")


@OVERFLOW_IS_UNDEFINED
def probabilistic_sharpe(returns: Floats, a_year: int, benchmark: float = 0.0) -> StatisticFigure:
    """Return the probability that the true Sharpe ratio is above the benchmark, in [0, 1].

    returns: simple daily returns, less the risk-free rate of a day if there is one. a_year: how many make a year.
    benchmark: a Sharpe ratio a year. Undefined for fewer than 30 returns, and if they never differ.
    """
    nothing = _too_little(returns)
    if nothing:
        return StatisticFigure(None, reason=nothing)
    return _above(
        returns, benchmark / math.sqrt(a_year), f"probability that the Sharpe ratio is above {benchmark:g} a year"
    )


@OVERFLOW_IS_UNDEFINED
def deflated_sharpe(returns: Floats, trial_sharpes: Sequence[float], a_year: int) -> StatisticFigure:
    """Return the probability that the best of many trials has a true Sharpe ratio above zero, in [0, 1].

    It is the probabilistic Sharpe ratio against the one that the best of as many trials without any skill is expected
    to show. returns: of the trial that was chosen, as for probabilistic_sharpe. trial_sharpes: the Sharpe ratios a year
    of every trial there was, the chosen one's included; those that are undefined are left out by the caller. The trials
    count as independent: where they resemble each other the figure is lower than it might be. Undefined for fewer than
    two trials as well.
    """
    count = len(trial_sharpes)
    nothing = _too_little(returns) or (
        None if count >= 2 else "fewer than two trials have a Sharpe ratio: their spread is unknown"
    )
    if nothing:
        return StatisticFigure(None, reason=nothing)
    by_chance = expected_maximum_sharpe(float(np.var(trial_sharpes, ddof=1)), count)
    if not math.isfinite(by_chance):
        return StatisticFigure(None, reason="there is a Sharpe ratio among the trials that is no number")
    basis = f"probability that the Sharpe ratio is above {by_chance:.4g} a year, expected of the best of {count} trials"
    return _above(returns, by_chance / math.sqrt(a_year), basis)


def expected_maximum_sharpe(variance: float, trials: int) -> float:
    """Return the Sharpe ratio that the best of so many independent trials shows on average if none has any skill.

    variance: of the Sharpe ratios of the trials; the result is in its units. trials: at least one, of which none is
    better than another by chance.
    """
    if trials < 2:
        return 0.0
    highest = NORMAL.inv_cdf(1 - 1 / trials)
    next_to_it = NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return math.sqrt(variance) * ((1 - np.euler_gamma) * highest + np.euler_gamma * next_to_it)


def probability_above(sharpe: float, benchmark: float, count: int, skew: float, kurtosis: float) -> float:
    """Return how probable it is that the true Sharpe ratio is above the benchmark; NaN if the moments forbid it.

    sharpe, benchmark: of one return, not annualised. count: of returns, at least two. kurtosis: 3 for a normal
    distribution.
    """
    spread = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe * sharpe
    if not spread > 0:
        return math.nan
    return NORMAL.cdf((sharpe - benchmark) * math.sqrt((count - 1) / spread))


@OVERFLOW_IS_UNDEFINED
def bootstrap_interval(
    returns: Floats, a_year: int, seed: int, resamples: int = RESAMPLES
) -> dict[str, StatisticFigure]:
    """Return the ends of the 95 % intervals of Sharpe ratio, CAGR, total return and max drawdown, INTERVALS by name.

    A stationary bootstrap: days are drawn with replacement in blocks of random lengths, the cube root of their number
    on average, so that what follows upon each other stays together (Politis and Romano 1994). The ends are the 2.5th
    and 97.5th percentile of the resamples. returns, a_year: as for probabilistic_sharpe; the same seed gives the same
    ends. All undefined for fewer than 30 returns, and if they never differ.
    """
    nothing = _too_little(returns)
    if nothing:
        return undefined(nothing, *INTERVALS)
    if not (returns > -1).all():
        return undefined("a day lost everything, after which nothing compounds", *INTERVALS)
    block = max(1, round(len(returns) ** (1 / 3)))
    basis = (
        f"end of the {LEVEL_PERCENT} % interval of {resamples} resamples of {len(returns)} daily returns, "
        f"in blocks of {block} days on average"
    )
    values = _of_resamples(returns, a_year, block, np.random.default_rng(seed), resamples)
    figures: dict[str, StatisticFigure] = {}
    for name, column in zip(OF_RESAMPLES, values, strict=True):
        low, high = np.percentile(column, ((100 - LEVEL_PERCENT) / 2, (100 + LEVEL_PERCENT) / 2))
        if name == "sharpe_ratio" and np.isnan(column).any():
            reason = "so few days differ that there are resamples in which none does"
            figures |= undefined(reason, f"{name}_low", f"{name}_high")
        else:
            figures[f"{name}_low"] = figure(float(low), f"lower {basis}")
            figures[f"{name}_high"] = figure(float(high), f"upper {basis}")
    return figures


def _too_little(returns: Floats) -> str | None:
    """Why nothing can be said of these returns; None if something can."""
    if len(returns) < LEAST_DAYS:
        return f"{len(returns)} daily returns: nothing is told from fewer than {LEAST_DAYS}"
    deviation = np.std(returns)
    if not np.isfinite(deviation):
        return "the returns are too large to compute with"
    return ALL_EQUAL if deviation <= ROUNDING else None


def _above(returns: Floats, benchmark: float, basis: str) -> StatisticFigure:
    """The probability that the Sharpe ratio of a day is above the benchmark."""
    from_mean = returns - np.mean(returns)
    second, third, fourth = (np.mean(from_mean**power) for power in (2, 3, 4))
    sharpe = np.mean(returns) / np.std(returns, ddof=1)
    probability = probability_above(sharpe, benchmark, len(returns), third / second**1.5, fourth / second**2)
    return figure(probability, f"{basis}, by mean, deviation, skew and kurtosis of {len(returns)} daily returns")


def _of_resamples(
    returns: Floats, a_year: int, block: int, random: np.random.Generator, resamples: int
) -> tuple[Floats, ...]:
    """The figures OF_RESAMPLES, an array each; a Sharpe ratio is NaN where the days drawn never differ."""
    days = len(returns)
    at_once = max(1, DRAWN_AT_ONCE // days)
    parts: list[tuple[Floats, ...]] = []
    for done in range(0, resamples, at_once):
        drawn = returns[_blocks(days, min(at_once, resamples - done), block, random)]
        deviation = np.std(drawn, axis=1, ddof=1)
        sharpe = np.mean(drawn, axis=1) / np.where(deviation > ROUNDING, deviation, np.nan) * math.sqrt(a_year)
        grown = np.cumprod(1 + drawn, axis=1)
        rate = grown[:, -1] ** (a_year / days) - 1
        peaks = np.maximum(np.maximum.accumulate(grown, axis=1), 1)
        deepest = np.max((peaks - grown) / peaks, axis=1)
        parts.append((sharpe, rate, grown[:, -1] - 1, deepest))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _blocks(days: int, rows: int, block: int, random: np.random.Generator) -> NDArray[np.intp]:
    """The places drawn, a row a resample: blocks of geometric lengths from random days on, around the end."""
    begins = random.random((rows, days)) < 1 / block
    places = np.arange(days)
    began = np.maximum.accumulate(np.where(begins, places, 0), axis=1)
    first = np.take_along_axis(random.integers(0, days, (rows, days)), began, axis=1)
    return np.asarray((first + places - began) % days, dtype=np.intp)

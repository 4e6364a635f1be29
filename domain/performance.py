"""Statistics of a finished run, each figure with its basis.

Equity is marked at every bar; daily equity is sampled from it. Simple returns, standard deviations with ddof 1. Nothing
is annualised under 30 days. A figure that cannot be computed is undefined and says why; none is ever NaN or infinite.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

import numpy as np
from numpy.typing import NDArray

from domain.drawdowns import drawdown_figures, max_drawdown
from domain.figures import DAY, StatisticFigure, figure, money, undefined
from domain.market import Bars, Floats, Microseconds
from domain.portfolio import Portfolio, Trade
from domain.return_figures import OF_RETURNS, DailyReturns, return_figures
from domain.trade_figures import trade_figures

__all__ = [
    "Account",
    "Days",
    "EquityCurve",
    "daily_closes",
    "daily_equity",
    "max_drawdown",
    "simple_returns",
    "statistics",
    "utc_days",
]

DAYS_A_YEAR = 365.25
MIN_DAYS_TO_ANNUALISE = 30
UTC_DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True, eq=False)
class EquityCurve:
    """Equity at every bar's close, oldest first, at least one.

    start: the open of the first bar; times: closes, ascending; both microseconds since 1970 UTC. exposed: whether a
    position was held.
    """

    start: int
    times: Microseconds
    equity: Floats
    exposed: "np.ndarray[tuple[int], np.dtype[np.bool_]]"

    @property
    def days(self) -> float:
        """The time from the first bar's open to the last one's close, in days of 24 hours."""
        return (int(self.times[-1]) - self.start) / DAY

    @property
    def times_from_start(self) -> Microseconds:
        """The start, then the times."""
        return np.concatenate(([self.start], self.times))

    def equity_from(self, initial: float) -> Floats:
        """Return the initial cash at the start, then the equity."""
        return np.concatenate(([initial], self.equity))


@dataclass(frozen=True, slots=True)
class Account:
    """The money side of a finished run, exact, in quote currency; initial_cash is above zero.

    slippage: what fills cost more than at the prices they were moved from. traded_notional: quantity times price of all
    fills. trades: by time of closing. ambiguous_fills: those of a stop inside a bar that its target was inside as well.
    """

    initial_cash: Decimal
    final_equity: Decimal
    fees: Decimal
    slippage: Decimal
    traded_notional: Decimal
    trades: Sequence[Trade]
    open_positions: int
    fills: int
    ambiguous_fills: int

    @classmethod
    def of(cls, portfolio: Portfolio, final_equity: Decimal) -> Self:
        """Return the account of a run that ended with this portfolio and equity."""
        return cls(
            initial_cash=portfolio.initial_cash,
            final_equity=final_equity,
            fees=portfolio.fees,
            slippage=portfolio.slippage,
            traded_notional=portfolio.traded,
            trades=portfolio.trades,
            open_positions=len(portfolio.positions()),
            fills=portfolio.fills,
            ambiguous_fills=portfolio.ambiguous_fills,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """When daily equity is sampled.

    ends: ascending, microseconds since 1970 UTC. a_year: how many of them make a year, 365 for markets that never close
    and 252 for exchanges. name: what they are, for people: "00:00 UTC", "the session's close".
    """

    ends: Microseconds
    a_year: int
    name: str


def utc_days(start: int, end: int) -> Days:
    """Return every 00:00 UTC in (start, end], and `end` itself if it is not one; 365 a year.

    start, end: microseconds since 1970 UTC.
    """
    midnights = np.arange((start // DAY + 1) * DAY, end + 1, DAY, dtype=np.int64)
    ends = midnights if end % DAY == 0 and len(midnights) else np.append(midnights, np.int64(end))
    return Days(ends, UTC_DAYS_A_YEAR, "00:00 UTC")


def statistics(
    curve: EquityCurve, account: Account, markets: Sequence[Bars], days: Days, risk_free: float = 0.0
) -> dict[str, StatisticFigure]:
    """Return every figure by name: money as decimal text, times as ISO 8601 text, ratios as numbers.

    markets: the bars of each of the run's symbols, the first of which is the benchmark. risk_free: a rate a year, 0.02
    for 2 %. Raises ParameterInvalid for a rate that is not above -1.
    """
    initial = float(account.initial_cash)
    drawdowns = drawdown_figures(curve.times_from_start, curve.equity_from(initial))
    too_short = None
    if curve.days < MIN_DAYS_TO_ANNUALISE:
        too_short = f"{curve.days:.1f} days: nothing is annualised under {MIN_DAYS_TO_ANNUALISE}"
    return (
        _money_figures(account)
        | _growth_figures(curve, account, drawdowns["max_drawdown"], too_short)
        | _daily_figures(curve, initial, markets[0], days, risk_free, too_short)
        | drawdowns
        | _activity_figures(curve, account)
        | trade_figures(account.trades, markets)
        | {"buy_and_hold_return": _buy_and_hold(markets[0])}
    )


def daily_equity(curve: EquityCurve, initial: float, days: Days) -> Floats:
    """Return the initial cash and then each day's equity: the last at or before the day's end.

    A curve that goes beyond the last end has one more day, its last point.
    """
    return np.concatenate(([initial], curve.equity_from(initial)[_samples(curve, days)]))


def daily_closes(curve: EquityCurve, bars: Bars, days: Days) -> Floats:
    """Return the first close of the bars and then, for the days of daily_equity, the newest close on each.

    Before the first close it is that one: nothing is held yet. A bar closes at the first point of the curve after its
    open.
    """
    moments = curve.times_from_start[_samples(curve, days)]
    newest = np.searchsorted(bars.time, moments, side="left") - 1
    return bars.close[np.maximum(np.concatenate(([0], newest)), 0)]


def simple_returns(values: Floats) -> Floats:
    """Return the change from each value to the next as a fraction of the former, which must not be zero."""
    return np.asarray(values[1:] / values[:-1] - 1, dtype=np.float64)


def _samples(curve: EquityCurve, days: Days) -> NDArray[np.intp]:
    """The place of each day's last point in the curve with its start, 0 for a day that ends before the first bar."""
    places = np.searchsorted(curve.times, days.ends, side="right")
    last = len(curve.times)
    return places if len(places) and places[-1] == last else np.append(places, last)


def _money_figures(account: Account) -> dict[str, StatisticFigure]:
    pnl = account.final_equity - account.initial_cash
    return {
        "total_pnl": money(pnl, "final equity less initial cash, open positions at the last close"),
        "total_return": figure(float(pnl / account.initial_cash), "total PnL over initial cash"),
        "fees_paid": money(account.fees, "sum of the fees of all fills"),
        "slippage_paid": money(
            account.slippage, "what slippage moved the prices of all fills by, times their quantities"
        ),
        "open_positions": figure(account.open_positions, "positions still held at the last bar, marked at its close"),
    }


def _growth_figures(
    curve: EquityCurve, account: Account, deepest: StatisticFigure, too_short: str | None
) -> dict[str, StatisticFigure]:
    """CAGR and Calmar."""
    names = ("cagr", "calmar_ratio")
    growth = float(account.final_equity / account.initial_cash)
    if too_short:
        return undefined(too_short, *names)
    if growth <= 0:
        return undefined("equity ended at or below zero", *names)
    with np.errstate(over="ignore"):
        rate = float(np.power(growth, DAYS_A_YEAR / curve.days)) - 1
    figures = {"cagr": figure(rate, "final equity over initial cash, a year of 365.25 days")}
    if isinstance(deepest.value, float) and deepest.value > 0:
        return figures | {"calmar_ratio": figure(rate / deepest.value, "CAGR over max drawdown")}
    return figures | undefined("equity never fell from a peak", "calmar_ratio")


def _daily_figures(
    curve: EquityCurve, initial: float, benchmark: Bars, days: Days, risk_free: float, too_short: str | None
) -> dict[str, StatisticFigure]:
    equity = daily_equity(curve, initial, days)
    if (equity[:-1] <= 0).any():
        return undefined("a day ended with equity at or below zero, on which no return can be computed", *OF_RETURNS)
    market = simple_returns(daily_closes(curve, benchmark, days))
    return return_figures(DailyReturns(simple_returns(equity), market, days.a_year, days.name, risk_free), too_short)


def _activity_figures(curve: EquityCurve, account: Account) -> dict[str, StatisticFigure]:
    figures = {"exposure": figure(float(np.mean(curve.exposed)), "bars with a position over all bars")}
    mean = float(np.mean(curve.equity))
    if mean > 0:
        basis = "notional of all fills over mean equity, marked at every bar; not annualised"
        figures["turnover"] = figure(float(account.traded_notional) / mean, basis)
    else:
        figures |= undefined("mean equity was at or below zero", "turnover")
    if account.fills:
        basis = "fills marked ambiguous, stop and target being inside one bar, over all fills"
        figures["ambiguous_share"] = figure(account.ambiguous_fills / account.fills, basis)
    else:
        figures |= undefined("nothing was filled", "ambiguous_share")
    return figures


def _buy_and_hold(bars: Bars) -> StatisticFigure:
    return figure(float(bars.close[-1] / bars.close[0] - 1), "last over first close of the first symbol, less 1")

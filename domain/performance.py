"""Statistics of an equity curve and of trades, each figure with its basis."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from domain.market import Floats, Microseconds
from domain.money import ZERO, plain
from domain.portfolio import Trade
from domain.run import StatisticFigure

DAY = 86_400_000_000
DAYS_A_YEAR = 365.25
MIN_DAYS_TO_ANNUALISE = 30


@dataclass(frozen=True, slots=True, eq=False)
class EquityCurve:
    """Equity at every bar's close, oldest first.

    start: the open of the first bar; times: closes; both microseconds since 1970 UTC. exposed: whether a position was
    held.
    """

    start: int
    times: Microseconds
    equity: Floats
    exposed: "np.ndarray[tuple[int], np.dtype[np.bool_]]"


@dataclass(frozen=True, slots=True)
class Account:
    """The money side of a finished run, exact, in quote currency."""

    initial_cash: Decimal
    final_equity: Decimal
    fees: Decimal
    trades: Sequence[Trade]
    open_positions: int


def statistics(
    curve: EquityCurve, account: Account, first_close: float, last_close: float, sessions_a_year: int
) -> dict[str, StatisticFigure]:
    """Return every figure by name: money as decimal text, ratios as numbers, undefined ones with a reason.

    sessions_a_year: 365 for markets that never close, 252 for exchanges.
    """
    return (
        _money_figures(account)
        | _trade_figures(account.trades)
        | _curve_figures(curve, account, sessions_a_year)
        | {
            "buy_and_hold_return": _figure(
                last_close / first_close - 1, "last over first close of the first symbol, less 1"
            )
        }
    )


def max_drawdown(equity: Floats) -> float:
    """Return the deepest fall from a peak, as a fraction of that peak in [0, 1]; 0 for a curve that never falls."""
    peaks = np.maximum.accumulate(equity)
    return float(np.max((peaks - equity) / peaks)) if len(equity) else 0.0


def daily_returns(curve: EquityCurve, initial: float, sessions_a_year: int) -> Floats:
    """Return simple returns from day to day, each day's equity sampled at 00:00 UTC.

    The first return is against the initial cash. In markets that never close, days without a bar count with a return of
    zero; on exchanges they are no sessions and are left out.
    """
    days = (curve.times - 1) // DAY
    last_of_day = np.flatnonzero(np.diff(days, append=days[-1] + 1))
    samples = curve.equity[last_of_day]
    returns = samples / np.concatenate(([initial], samples[:-1])) - 1
    if sessions_a_year < 365:
        return returns
    spread = np.zeros(int(days[-1] - days[0]) + 1)
    spread[days[last_of_day] - days[0]] = returns
    return spread


def _figure(value: float | int | str, basis: str) -> StatisticFigure:
    return StatisticFigure(value, basis)


def _undefined(reason: str) -> StatisticFigure:
    return StatisticFigure(None, reason=reason)


def _money_figures(account: Account) -> dict[str, StatisticFigure]:
    pnl = account.final_equity - account.initial_cash
    return {
        "total_pnl": _figure(plain(pnl), "final equity less initial cash, open positions at the last close"),
        "total_return": _figure(float(pnl / account.initial_cash), "total PnL over initial cash"),
        "fees_paid": _figure(plain(account.fees), "sum of the fees of all fills"),
        "open_positions": _figure(account.open_positions, "positions still held at the last bar, marked at its close"),
    }


def _trade_figures(trades: Sequence[Trade]) -> dict[str, StatisticFigure]:
    won = [trade.pnl for trade in trades if trade.pnl > 0]
    lost = [trade.pnl for trade in trades if trade.pnl < 0]
    figures = {
        "total_trades": _figure(len(trades), "positions from flat to flat"),
        "winning_trades": _figure(len(won), "trades with PnL after fees above zero"),
        "losing_trades": _figure(len(lost), "trades with PnL after fees below zero; zero is neither"),
    }
    if not trades:
        none = _undefined("no trade was closed")
        return figures | dict.fromkeys(("win_rate", "expectancy", "profit_factor"), none)
    gains, losses = sum(won, ZERO), -sum(lost, ZERO)
    mean = sum((trade.pnl for trade in trades), ZERO) / len(trades)
    figures["win_rate"] = _figure(len(won) / len(trades), "winning trades over all trades")
    figures["expectancy"] = _figure(plain(mean.quantize(Decimal("1e-8"))), "mean PnL of a trade after fees")
    figures["profit_factor"] = (
        _figure(float(gains / losses), "gains of winning over losses of losing trades")
        if losses
        else _undefined("no trade lost")
    )
    return figures


def _curve_figures(curve: EquityCurve, account: Account, sessions_a_year: int) -> dict[str, StatisticFigure]:
    initial = float(account.initial_cash)
    with_start = np.concatenate(([initial], curve.equity))
    figures = {
        "max_drawdown": _figure(max_drawdown(with_start), "deepest fall from a peak of equity, marked at every bar"),
        "exposure": _figure(float(np.mean(curve.exposed)), "bars with a position over all bars"),
    }
    annualised = ("sharpe_ratio", "volatility", "cagr")
    days = (int(curve.times[-1]) - curve.start) / DAY
    if days < MIN_DAYS_TO_ANNUALISE:
        short = _undefined(f"{days:.1f} days: nothing is annualised under {MIN_DAYS_TO_ANNUALISE}")
        return figures | dict.fromkeys(annualised, short)
    returns = daily_returns(curve, initial, sessions_a_year)
    deviation = float(np.std(returns, ddof=1)) if len(returns) > 1 else 0.0
    basis = f"daily returns at 00:00 UTC, ddof 1, {sessions_a_year} a year"
    figures["volatility"] = _figure(deviation * sessions_a_year**0.5, f"standard deviation of {basis}")
    figures["sharpe_ratio"] = (
        _figure(
            float(np.mean(returns)) / deviation * sessions_a_year**0.5,
            f"mean over standard deviation of {basis}, risk-free 0",
        )
        if deviation > 0
        else _undefined("equity never moved")
    )
    growth = float(account.final_equity / account.initial_cash)
    figures["cagr"] = (
        _figure(growth ** (DAYS_A_YEAR / days) - 1, "final equity over initial cash, a year of 365.25 days")
        if growth > 0
        else _undefined("equity ended at or below zero")
    )
    return figures

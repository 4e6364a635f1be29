"""What closed trades say: how many won, how much, how long they lasted, how far they went for and against."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

import numpy as np

from domain.figures import StatisticFigure, figure, money, undefined
from domain.market import Bars, Floats, to_microseconds
from domain.money import ZERO, posted
from domain.portfolio import Trade

SQN_TRADES = 100
NO_TRADE = "no trade was closed"
OF_TRADES = (
    "win_rate",
    "expectancy",
    "profit_factor",
    "payoff_ratio",
    "sqn",
    "average_trade",
    "average_win",
    "average_loss",
    "best_trade",
    "worst_trade",
    "average_trade_duration",
    "longest_trade_duration",
    "average_mae",
    "worst_mae",
    "average_mfe",
    "best_mfe",
)


def trade_figures(trades: Sequence[Trade], markets: Sequence[Bars]) -> dict[str, StatisticFigure]:
    """Return every figure of the trades, oldest close first: money as decimal text, durations in seconds, ratios.

    markets: the bars of every symbol that was traded.
    """
    pnls = [trade.pnl for trade in trades]
    won, lost = [pnl for pnl in pnls if pnl > 0], [pnl for pnl in pnls if pnl < 0]
    figures = {
        "total_trades": figure(len(trades), "positions from flat to flat"),
        "winning_trades": figure(len(won), "trades with PnL after fees above zero"),
        "losing_trades": figure(len(lost), "trades with PnL after fees below zero; zero is neither"),
    } | _streaks(pnls)
    if not trades:
        return figures | undefined(NO_TRADE, *OF_TRADES)
    return figures | _pnl_figures(pnls, won, lost) | _durations(trades) | _excursion_figures(trades, markets)


def excursions(trades: Sequence[Trade], markets: Sequence[Bars]) -> tuple[Floats, Floats]:
    """Return how far the price went against and for each trade, as fractions of its average entry price, not below 0.

    The extremes are those of the bars from the one that holds the entry to the one that holds the exit, both whole. A
    bar holds the moments from its open to the next bar's open. Same order as the trades, NaN for an entry price of 0.
    markets: the bars of every symbol traded, none of them opening after a trade of it.
    """
    against, in_favour = np.zeros(len(trades)), np.zeros(len(trades))
    places: dict[str, list[int]] = {}
    for place, trade in enumerate(trades):
        places.setdefault(trade.symbol, []).append(place)
    market = {bars.symbol: bars for bars in markets}
    for symbol, chosen in places.items():
        bars, own = market[symbol], [trades[place] for place in chosen]
        opened = np.array([to_microseconds(trade.opened_at) for trade in own], dtype=np.int64)
        closed = np.array([to_microseconds(trade.closed_at) for trade in own], dtype=np.int64)
        spans = np.stack(
            (np.searchsorted(bars.time, opened, "right") - 1, np.searchsorted(bars.time, closed, "right")), axis=1
        ).ravel()
        # every second range is a trade's, those between are the time until the next trade; the value put behind the
        # last bar is the end that a range up to it needs
        low = np.minimum.reduceat(np.append(bars.low, np.inf), spans)[::2]
        high = np.maximum.reduceat(np.append(bars.high, -np.inf), spans)[::2]
        # a quantity so small that its value was posted as zero has no entry price: its excursions are NaN
        entry = np.array([float(trade.entry_price) or np.nan for trade in own])
        long = np.array([trade.side == "long" for trade in own])
        below, above = (entry - low) / entry, (high - entry) / entry
        against[chosen] = np.where(long, below, above)
        in_favour[chosen] = np.where(long, above, below)
    return np.maximum(against, 0.0), np.maximum(in_favour, 0.0)


def _pnl_figures(pnls: list[Decimal], won: list[Decimal], lost: list[Decimal]) -> dict[str, StatisticFigure]:
    gains, losses = sum(won, ZERO), -sum(lost, ZERO)
    mean = money(posted(sum(pnls, ZERO) / len(pnls)), "mean PnL of a trade after fees")
    figures = {
        "win_rate": figure(len(won) / len(pnls), "winning trades over all trades"),
        "expectancy": mean,
        "average_trade": mean,
        "best_trade": money(max(pnls), "highest PnL of a trade after fees"),
        "worst_trade": money(min(pnls), "lowest PnL of a trade after fees"),
        "sqn": _system_quality(pnls),
    }
    if won:
        figures["average_win"] = money(posted(gains / len(won)), "mean PnL of winning trades after fees")
    else:
        figures |= undefined("no trade won", "average_win", "payoff_ratio")
    if lost:
        figures["average_loss"] = money(posted(-losses / len(lost)), "mean PnL of losing trades after fees, below zero")
        figures["profit_factor"] = figure(float(gains / losses), "gains of winning over losses of losing trades")
    else:
        figures |= undefined("no trade lost", "average_loss", "profit_factor", "payoff_ratio")
    if won and lost:
        ratio = float((gains / len(won)) / (losses / len(lost)))
        figures["payoff_ratio"] = figure(ratio, "mean gain of winning over mean loss of losing trades")
    return figures


def _system_quality(pnls: list[Decimal]) -> StatisticFigure:
    """Van Tharp's system quality number: mean over standard deviation of the PnL, times the root of at most 100."""
    if len(pnls) < 2:
        return StatisticFigure(None, reason="fewer than two trades were closed")
    if min(pnls) == max(pnls):
        return StatisticFigure(None, reason="every trade had the same PnL")
    amounts = np.array([float(pnl) for pnl in pnls])
    quality = float(np.mean(amounts) / np.std(amounts, ddof=1)) * min(len(pnls), SQN_TRADES) ** 0.5
    basis = "mean over standard deviation (ddof 1) of the PnL of trades, times the root of their number"
    return figure(quality, f"{basis}, {SQN_TRADES} at most")


def _streaks(pnls: list[Decimal]) -> dict[str, StatisticFigure]:
    signs = ((pnl > 0) - (pnl < 0) for pnl in pnls)
    longest = {1: 0, 0: 0, -1: 0}
    for sign, streak in groupby(signs):
        longest[sign] = max(longest[sign], len(list(streak)))
    basis = "in a row, by time of closing; a trade with zero PnL ends both streaks"
    return {
        "longest_winning_streak": figure(longest[1], f"most winning trades {basis}"),
        "longest_losing_streak": figure(longest[-1], f"most losing trades {basis}"),
    }


def _durations(trades: Sequence[Trade]) -> dict[str, StatisticFigure]:
    held = [trade.closed_at - trade.opened_at for trade in trades]
    mean = sum(held, timedelta()) / len(held)
    return {
        "average_trade_duration": figure(mean.total_seconds(), "seconds from first to last fill, mean of all trades"),
        "longest_trade_duration": figure(max(held).total_seconds(), "seconds from first to last fill, longest trade"),
    }


def _excursion_figures(trades: Sequence[Trade], markets: Sequence[Bars]) -> dict[str, StatisticFigure]:
    against, in_favour = excursions(trades, markets)
    basis = "of average entry price, over the bars from entry to exit, both whole"
    adverse, favourable = (
        f"furthest move against a trade, fraction {basis}",
        f"furthest move for a trade, fraction {basis}",
    )
    return {
        "average_mae": figure(float(np.mean(against)), f"{adverse}, mean of all trades"),
        "worst_mae": figure(float(np.max(against)), f"{adverse}, largest of all trades"),
        "average_mfe": figure(float(np.mean(in_favour)), f"{favourable}, mean of all trades"),
        "best_mfe": figure(float(np.max(in_favour)), f"{favourable}, largest of all trades"),
    }

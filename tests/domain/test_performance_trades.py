"""Figures of trades: won, lost, how long, how far for and against."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.figures import StatisticFigure
from domain.portfolio import Direction, Trade
from domain.trade_figures import OF_TRADES, excursions, trade_figures
from tests.domain.finished_runs import START_TIME, bars_of, trade_of, value_of

MINUTE = 60_000_000
ONE_BAR = [bars_of([100.0])]
AMOUNTS = st.decimals("-1000", "1000", places=2)


def figures_with(*pnls: Decimal | int | str) -> dict[str, StatisticFigure]:
    return trade_figures([trade_of(pnl) for pnl in pnls], ONE_BAR)


def values(figures: dict[str, StatisticFigure], *names: str) -> list[Any]:
    return [figures[name].value for name in names]


def test_without_a_trade_the_counts_are_zero_and_the_rest_is_undefined() -> None:
    figures = trade_figures([], [])
    counts = ("total_trades", "winning_trades", "losing_trades", "longest_winning_streak", "longest_losing_streak")
    assert values(figures, *counts) == [0] * 5
    assert {name for name, figure in figures.items() if figure.reason == "no trade was closed"} == set(OF_TRADES)
    assert set(figures) == set(OF_TRADES) | set(counts)


def test_a_trade_that_earned_nothing_is_neither_won_nor_lost() -> None:
    figures = figures_with(10, 0, -5, 0)
    assert values(figures, "total_trades", "winning_trades", "losing_trades", "win_rate") == [4, 1, 1, 0.25]


def test_money_of_trades_is_exact() -> None:
    figures = figures_with("10.10", "0.20", "-5.05", "0")
    names = ("expectancy", "average_trade", "average_win", "average_loss", "best_trade", "worst_trade")
    assert values(figures, *names) == ["1.3125", "1.3125", "5.15", "-5.05", "10.1", "-5.05"]


def test_profit_factor_is_sums_and_payoff_is_means() -> None:
    figures = figures_with(30, 10, -5, -15, -20)
    assert values(figures, "profit_factor", "payoff_ratio") == [1, 1.5]


def test_without_a_loss_nothing_is_divided_by_losses() -> None:
    figures = figures_with(1, 2)
    for name in ("profit_factor", "payoff_ratio", "average_loss"):
        assert (figures[name].value, figures[name].reason) == (None, "no trade lost")
    assert figures["average_win"].value == "1.5"


def test_without_a_win_the_profit_factor_is_zero_and_the_payoff_undefined() -> None:
    figures = figures_with(-1, -2)
    assert figures["profit_factor"].value == 0
    for name in ("payoff_ratio", "average_win"):
        assert (figures[name].value, figures[name].reason) == (None, "no trade won")


def test_one_trade_has_every_figure_but_those_of_a_sample() -> None:
    figures = figures_with(5)
    assert values(figures, "win_rate", "expectancy", "best_trade", "worst_trade") == [1, "5", "5", "5"]
    assert values(figures, "longest_winning_streak", "longest_losing_streak") == [1, 0]
    assert figures["sqn"].reason == "fewer than two trades were closed"


def test_sqn_of_equal_trades_is_undefined() -> None:
    # a mean of three times 0.1 differs from 0.1 in the last bit of a float
    assert figures_with("0.1", "0.1", "0.1")["sqn"].reason == "every trade had the same PnL"


@given(st.lists(AMOUNTS, min_size=2, max_size=130).filter(lambda pnls: min(pnls) < max(pnls)))
def test_sqn_counts_a_hundred_trades_at_most(pnls: list[Decimal]) -> None:
    mean = sum(pnls, Decimal(0)) / len(pnls)
    variance = sum(((pnl - mean) ** 2 for pnl in pnls), Decimal(0)) / (len(pnls) - 1)
    expected = float(mean / variance.sqrt() * Decimal(min(len(pnls), 100)).sqrt())
    assert figures_with(*pnls)["sqn"].value == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(st.lists(st.sampled_from([-1, 0, 1]), max_size=60))
def test_streaks_are_the_longest_runs_of_wins_and_losses(pnls: list[int]) -> None:
    text = "".join("L.W"[pnl + 1] for pnl in pnls)
    figures = figures_with(*pnls)
    for name, letter in (("longest_winning_streak", "W"), ("longest_losing_streak", "L")):
        longest = max(length for length in range(len(text) + 1) if letter * length in text)
        assert figures[name].value == longest


def test_durations_are_seconds_from_the_first_to_the_last_fill() -> None:
    trades = [trade_of(closed=timedelta(hours=1)), trade_of(opened=timedelta(hours=1), closed=timedelta(hours=3))]
    figures = trade_figures(trades, ONE_BAR)
    assert values(figures, "average_trade_duration", "longest_trade_duration") == [5400, 7200]


def test_excursions_are_the_extremes_of_the_bars_from_entry_to_exit_both_whole() -> None:
    # given six bars, and a trade over the second to the fourth
    bars = bars_of([100] * 6, timeframe="1m", low=[10, 90, 95, 80, 10, 10], high=[200, 110, 130, 105, 200, 200])
    sides: tuple[Direction, ...] = ("long", "short")
    trades = [trade_of(side=side, opened=timedelta(minutes=1), closed=timedelta(minutes=3)) for side in sides]
    # then what is bad for a long trade is good for a short one
    against, in_favour = excursions(trades, [bars])
    assert against.tolist() == pytest.approx([0.2, 0.3])
    assert in_favour.tolist() == pytest.approx([0.3, 0.2])


def test_a_trade_that_never_went_against_its_entry_has_an_excursion_of_zero() -> None:
    bars = bars_of([100], low=[99], high=[101])
    against, in_favour = excursions([trade_of(entry="98"), trade_of(entry="102")], [bars])
    assert against.tolist() == [0, pytest.approx(3 / 102)]
    assert in_favour.tolist() == [pytest.approx(3 / 98), 0]


def test_excursions_are_reported_as_mean_and_extreme() -> None:
    bars = bars_of([100, 100], low=[90, 70], high=[120, 140])
    trades = [trade_of(), trade_of(opened=timedelta(days=1), closed=timedelta(days=1))]
    figures = trade_figures(trades, [bars])
    names = ("average_mae", "worst_mae", "average_mfe", "best_mfe")
    assert values(figures, *names) == pytest.approx([0.2, 0.3, 0.3, 0.4])


@st.composite
def markets_and_trades(draw: st.DrawFn) -> tuple[list[Any], list[Trade]]:
    """Minute bars with gaps of two symbols, and trades of both, any way they may overlap."""
    markets, trades = [], []
    for symbol in ("BTC/USD", "ETH/USD"):
        minutes = sorted(draw(st.sets(st.integers(0, 40), min_size=1, max_size=12)))
        middle = draw(st.lists(st.integers(50, 150), min_size=len(minutes), max_size=len(minutes)))
        reach = draw(st.lists(st.integers(0, 40), min_size=len(minutes), max_size=len(minutes)))
        low, high = np.array(middle) - np.array(reach), np.array(middle) + np.array(reach)
        times = [START_TIME + minute * MINUTE for minute in minutes]
        markets.append(bars_of(middle, symbol=symbol, timeframe="1m", times=times, low=low, high=high))
        for _ in range(draw(st.integers(0, 5))):
            ends = sorted(draw(st.tuples(*[st.sampled_from(minutes)] * 2)))
            side: Direction = draw(st.sampled_from(["long", "short"]))
            opened, closed = (timedelta(minutes=minute) for minute in ends)
            trades.append(trade_of(entry="100", opened=opened, closed=closed, side=side, symbol=symbol))
    return markets, draw(st.permutations(trades))


@given(markets_and_trades())
def test_excursions_are_those_found_bar_by_bar(given: tuple[list[Any], list[Trade]]) -> None:
    markets, trades = given
    expected = []
    for trade in trades:
        bars = next(one for one in markets if one.symbol == trade.symbol)
        first, last = ((moment.timestamp() * 1_000_000) for moment in (trade.opened_at, trade.closed_at))
        held = [place for place in range(len(bars)) if first <= bars.time[place] <= last]
        falls = [(100 - bars.low[place]) / 100 for place in held]
        rises = [(bars.high[place] - 100) / 100 for place in held]
        against, in_favour = (falls, rises) if trade.side == "long" else (rises, falls)
        expected.append((max(0, *against), max(0, *in_favour)))
    found = excursions(trades, markets)
    assert list(zip(*(column.tolist() for column in found), strict=True)) == expected


def test_a_fill_inside_a_bar_belongs_to_the_bar_that_is_open() -> None:
    bars = bars_of([100] * 3, timeframe="1h", low=[50, 90, 60])
    trade = trade_of(opened=timedelta(minutes=70), closed=timedelta(minutes=110))
    against, _ = excursions([trade], [bars])
    assert against.tolist() == [pytest.approx(0.1)]


def test_a_trade_too_small_to_have_an_entry_price_leaves_the_excursions_undefined() -> None:
    figures = trade_figures([trade_of(entry="0"), trade_of()], ONE_BAR)
    for name in ("average_mae", "worst_mae", "average_mfe", "best_mfe"):
        assert figures[name].value is None
        assert figures[name].reason
    assert value_of(figures["win_rate"]) == 0

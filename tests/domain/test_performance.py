"""Statistics of a run: sampling by day, growth, and what is undefined."""

import json
import math
from bisect import bisect_right
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ParameterInvalid
from domain.figures import StatisticFigure
from domain.market import from_microseconds, to_microseconds
from domain.performance import Days, EquityCurve, daily_closes, daily_equity, simple_returns, statistics, utc_days
from tests.domain.finished_runs import (
    DAY,
    HOUR,
    START,
    START_TIME,
    account_of,
    bars_of,
    curve_of,
    figures_of,
    trade_of,
    value_of,
)

EQUITIES = st.lists(st.integers(-100, 3000), min_size=1, max_size=90).map(lambda points: [float(one) for one in points])
ABOVE_ZERO = st.lists(st.integers(1, 3000), min_size=1, max_size=90).map(lambda points: [float(one) for one in points])
QUARTER_DAYS = st.integers(0, 20).map(lambda quarters: quarters * DAY // 4)
PNLS = st.lists(st.integers(-50, 50), max_size=6)
ANNUALISED = {"volatility", "sharpe_ratio", "sortino_ratio", "cagr", "calmar_ratio", "alpha"}
MONEY = {
    "total_pnl",
    "fees_paid",
    "slippage_paid",
    "expectancy",
    "average_trade",
    "average_win",
    "average_loss",
    "best_trade",
    "worst_trade",
}


def values_of(figures: dict[str, StatisticFigure]) -> dict[str, object]:
    return {name: figure.value for name, figure in figures.items()}


# What every figure is.


@given(EQUITIES, st.sampled_from([HOUR, DAY]), PNLS, EQUITIES)
def test_a_figure_is_a_finite_value_with_its_basis_or_nothing_with_the_reason(
    equity: list[float], step: int, pnls: list[int], prices: list[float]
) -> None:
    # given a run that may have lost more than everything
    closes = [abs(price) + 1 for price in (prices * len(equity))[: len(equity)]]
    figures = figures_of(equity, [trade_of(pnl) for pnl in pnls], step=step, closes=closes)
    # then
    for name, figure in figures.items():
        assert (figure.value is None) == (figure.basis is None) == (figure.reason is not None), name
        assert type(figure.value) in (str, int, float, type(None)), name
        assert not isinstance(figure.value, float) or math.isfinite(figure.value), name
        assert str(figure.value) != "-0.0", name
    as_sent = json.loads(msgspec.json.encode(figures), parse_constant=pytest.fail)
    assert msgspec.convert(as_sent, dict[str, StatisticFigure]) == figures


def test_a_run_has_the_same_figures_whatever_happened() -> None:
    nothing = figures_of([1000.0])
    lost = figures_of([-10.0] * 40)
    much = figures_of([1000.0 + 7 * (day % 11) for day in range(400)], [trade_of(1), trade_of(-1)], fills=4)
    assert list(nothing) != []
    assert set(nothing) == set(lost) == set(much)


@given(ABOVE_ZERO, PNLS, st.sampled_from([2, 3, 10, 1000]))
def test_figures_do_not_depend_on_the_unit_of_money(equity: list[float], pnls: list[int], unit: int) -> None:
    # given the same run, all money in a smaller unit
    one = figures_of(
        equity, [trade_of(pnl) for pnl in pnls], traded_notional=Decimal(2000), fees=Decimal(3), slippage=Decimal(1)
    )
    trades = [trade_of(pnl * unit, entry=str(100 * unit)) for pnl in pnls]
    scaled = [point * unit for point in equity]
    other = figures_of(
        scaled,
        trades,
        closes=[100.0 * unit] * len(equity),
        initial_cash=Decimal(1000) * unit,
        traded_notional=Decimal(2000) * unit,
        fees=Decimal(3) * unit,
        slippage=Decimal(1) * unit,
    )
    # then amounts are in that unit and everything else is the same
    for name, figure in one.items():
        value = other[name].value
        if isinstance(figure.value, (int, float)):
            assert value == pytest.approx(figure.value, rel=1e-12, abs=1e-12), name
        elif name not in MONEY or figure.value is None:
            assert value == figure.value, name
        else:
            assert abs(Decimal(str(value)) - Decimal(figure.value) * unit) <= Decimal("1e-8") * unit, name


# Runs in which little happens, or too much.


def test_constant_equity_has_no_volatility_and_nothing_to_divide_by_it() -> None:
    figures = figures_of([1000.0] * 60)
    defined = ("total_return", "cagr", "volatility", "max_drawdown", "best_day", "worst_day", "value_at_risk_95")
    assert [figures[name].value for name in defined] == [0] * len(defined)
    reasons = {
        "sharpe_ratio": "daily returns never differed",
        "sortino_ratio": "no day lost",
        "skew": "daily returns never differed",
        "kurtosis": "daily returns never differed",
        "calmar_ratio": "equity never fell from a peak",
        "beta": "the first symbol: daily returns never differed",
        "alpha": "the first symbol: daily returns never differed",
    }
    assert {name: figures[name].reason for name in reasons} == reasons


def test_a_steady_gain_has_no_sharpe_ratio_out_of_rounding() -> None:
    # given a gain of the same fraction every day, which differs from day to day in the last bit
    equity = 1000 * np.cumprod(np.full(60, 1.001))
    assert np.std(equity[1:] / equity[:-1]) > 0
    assert figures_of(equity)["sharpe_ratio"].reason == "daily returns never differed"


def test_a_single_bar_has_a_return_and_no_dispersion() -> None:
    figures = figures_of([1100.0])
    assert [figures[name].value for name in ("total_return", "best_day", "worst_day", "beta", "skew")] == [
        0.1,
        pytest.approx(0.1),
        pytest.approx(0.1),
        None,
        None,
    ]
    assert figures["skew"].reason == "there are fewer than two daily returns"
    assert figures["volatility"].reason == "1.0 days: nothing is annualised under 30"


def test_a_total_loss_at_the_end_is_a_return_and_no_growth() -> None:
    figures = figures_of([1000.0] * 39 + [0.0])
    assert [figures[name].value for name in ("total_return", "worst_day", "max_drawdown")] == [-1, -1, 1]
    for name in ("cagr", "calmar_ratio"):
        assert figures[name].reason == "equity ended at or below zero"


def test_after_a_total_loss_there_are_no_daily_returns() -> None:
    figures = figures_of([1000.0, 0.0] + [500.0] * 40)
    without = {name for name, figure in figures.items() if figure.reason and "at or below zero" in figure.reason}
    assert without == {
        "volatility",
        "sharpe_ratio",
        "sortino_ratio",
        "alpha",
        "beta",
        "best_day",
        "worst_day",
        "value_at_risk_95",
        "conditional_value_at_risk_95",
        "skew",
        "kurtosis",
    }
    assert value_of(figures["cagr"]) < 0


def test_a_loss_of_many_times_the_equity_has_no_alpha_to_compound() -> None:
    closes = [100.0 + day % 3 for day in range(40)]
    figures = figures_of([1000.0] * 39 + [-100_000.0], closes=closes)
    assert figures["alpha"].reason == "what beta does not explain lost everything on an average day"
    assert figures["beta"].value is not None


def test_growth_beyond_any_number_is_undefined() -> None:
    figure = figures_of([1000.0] * 30 + [1e40])["cagr"]
    assert (figure.value, figure.reason) == (None, "the numbers are too large or too small to divide")


@pytest.mark.parametrize(("hours", "is_annualised"), [(30 * 24 - 1, False), (30 * 24, True)])
def test_nothing_is_annualised_under_thirty_days(hours: int, is_annualised: bool) -> None:
    # given equity and a market that move every hour
    equity = [1000.0 + hour % 50 for hour in range(hours)]
    figures = figures_of(equity, step=HOUR, closes=[100.0 + hour % 31 for hour in range(hours)])
    # then
    undefined = {name for name, figure in figures.items() if figure.reason and "annualised" in figure.reason}
    assert undefined == (set() if is_annualised else ANNUALISED)
    assert all((figures[name].value is not None) == is_annualised for name in ANNUALISED)
    assert figures["beta"].value is not None


# Days.


@given(QUARTER_DAYS | st.integers(0, 3 * DAY), QUARTER_DAYS | st.integers(0, 5 * DAY))
def test_utc_days_end_at_midnight_and_the_last_one_with_the_run(offset: int, length: int) -> None:
    start, end = START_TIME + offset, START_TIME + offset + length
    days = utc_days(start, end)
    assert (days.a_year, days.name) == (365, "00:00 UTC")
    expected = []
    midnight = START
    while midnight <= from_microseconds(end):
        if midnight > from_microseconds(start):
            expected.append(midnight)
        midnight += timedelta(days=1)
    if from_microseconds(end) not in expected:
        expected.append(from_microseconds(end))
    assert [from_microseconds(moment) for moment in days.ends.tolist()] == expected


@given(
    st.sets(st.integers(1, 200), min_size=1, max_size=40),
    st.sets(st.integers(-5, 220), max_size=20),
)
def test_a_days_equity_is_the_last_at_or_before_its_end(times: set[int], ends: set[int]) -> None:
    # given a curve with gaps and days that have nothing to do with them
    points, closings = sorted(times), sorted(ends)
    curve = EquityCurve(0, np.array(points), 1000.0 + np.array(points), np.zeros(len(points), dtype=np.bool_))
    bars = bars_of([100.0 + place for place in range(len(points))], times=[0, *points[:-1]])
    days = Days(np.array(closings, dtype=np.int64), 252, "some moment")
    # when
    equity, closes = daily_equity(curve, 999.0, days), daily_closes(curve, bars, days)
    # then
    last = [bisect_right(points, end) - 1 for end in closings]
    if not closings or points[-1] > closings[-1]:
        last.append(len(points) - 1)
    assert equity.tolist() == [999.0, *(999.0 if place < 0 else 1000.0 + points[place] for place in last)]
    assert closes.tolist() == [100.0, *(100.0 + max(place, 0) for place in last)]


def test_flat_days_and_days_without_a_bar_count() -> None:
    # given a gain on the first and on the fourth day, and no bar in between
    curve = EquityCurve(
        START_TIME, START_TIME + DAY * np.array([1, 4]), np.array([1100.0, 1210.0]), np.zeros(2, dtype=np.bool_)
    )
    days = utc_days(START_TIME, START_TIME + 4 * DAY)
    assert simple_returns(daily_equity(curve, 1000.0, days)).tolist() == pytest.approx([0.1, 0, 0, 0.1])


def test_shares_are_sampled_at_the_close_of_their_session_early_closes_included() -> None:
    # given half-hourly points of equity over a session that closed at 18:00 and one that closed at 21:00
    moments = [START + timedelta(days=day, hours=hour) for day in (0, 1) for hour in (15, 18, 21, 23)]
    curve = EquityCurve(
        to_microseconds(START + timedelta(hours=14)),
        np.array([to_microseconds(moment) for moment in moments]),
        np.array([1010.0, 1020, 1030, 1040, 1050, 1060, 1070, 1080]),
        np.zeros(8, dtype=np.bool_),
    )
    closes = [START + timedelta(hours=18), START + timedelta(days=1, hours=21)]
    days = Days(np.array([to_microseconds(close) for close in closes]), 252, "the session's close")
    # then what came after the last close is one more sample
    assert daily_equity(curve, 1000.0, days).tolist() == [1000, 1020, 1070, 1080]


def test_a_daily_bar_of_shares_counts_from_its_session_on() -> None:
    # given daily bars labelled by midnight, and a curve that knows that they close at 21:00
    opens = [START + timedelta(days=day, hours=5) for day in range(3)]
    bars = bars_of([100.0, 110.0, 99.0], symbol="SPY", times=[to_microseconds(moment) for moment in opens])
    ends = np.array([to_microseconds(moment + timedelta(hours=16)) for moment in opens])
    curve = EquityCurve(int(bars.time[0]), ends, np.array([1000.0, 1100.0, 990.0]), np.ones(3, dtype=np.bool_))
    days = Days(ends, 252, "the session's close")
    # then the market moved on the same days as equity
    assert simple_returns(daily_closes(curve, bars, days)).tolist() == pytest.approx([0, 0.1, -0.1])
    figures = statistics(curve, account_of(curve.equity), [bars], days)
    assert value_of(figures["beta"]) == pytest.approx(1)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=80), st.sampled_from([HOUR, DAY, 7 * HOUR]))
def test_daily_returns_of_the_benchmark_compound_to_its_buy_and_hold_return(prices: list[int], step: int) -> None:
    closes = [float(price) for price in prices]
    curve = curve_of(closes, step=step)
    bars = bars_of(closes, times=np.concatenate(([curve.start], curve.times[:-1])).tolist())
    days = utc_days(curve.start, int(curve.times[-1]))
    compounded = np.prod(1 + simple_returns(daily_closes(curve, bars, days))) - 1
    figures = figures_of(closes, step=step, closes=closes)
    assert figures["buy_and_hold_return"].value == pytest.approx(compounded)
    assert figures["buy_and_hold_return"].value == pytest.approx(prices[-1] / prices[0] - 1)


def test_a_benchmark_that_begins_late_returns_nothing_before_its_first_close() -> None:
    curve = curve_of([1000.0] * 4)
    bars = bars_of([50.0, 60.0], times=[START_TIME + 2 * DAY, START_TIME + 3 * DAY])
    days = utc_days(curve.start, int(curve.times[-1]))
    assert simple_returns(daily_closes(curve, bars, days)).tolist() == pytest.approx([0, 0, 0, 0.2])


def test_the_first_symbol_is_the_benchmark() -> None:
    # given a run that did what the first of its symbols did
    curve = curve_of([1000.0, 1100.0, 1000.0])
    first, second = bars_of([1.0, 1.1, 1.0]), bars_of([5.0, 4.0, 9.0], symbol="ETH/USD")
    days = utc_days(curve.start, int(curve.times[-1]))
    # when
    figures = statistics(curve, account_of(curve.equity), [first, second], days)
    turned = statistics(curve, account_of(curve.equity), [second, first], days)
    # then
    assert [value_of(figures[name]) for name in ("buy_and_hold_return", "beta")] == pytest.approx([0, 1])
    assert value_of(turned["buy_and_hold_return"]) == pytest.approx(0.8)
    assert value_of(turned["beta"]) < 0


def test_figures_of_days_say_when_the_days_end_and_how_many_make_a_year() -> None:
    curve = curve_of([1000.0 + day % 7 for day in range(40)])
    days = Days(curve.times, 252, "the session's close")
    figures = statistics(curve, account_of(curve.equity), [bars_of([1.0] * 40)], days, 0.02)
    assert figures["sharpe_ratio"].basis == (
        "mean over standard deviation of daily returns at the session's close, ddof 1, 252 a year, risk-free 0.02"
    )
    by_365 = statistics(curve, account_of(curve.equity), [bars_of([1.0] * 40)], Days(curve.times, 365, ""))
    assert value_of(figures["volatility"]) * (365 / 252) ** 0.5 == pytest.approx(value_of(by_365["volatility"]))


# Ratios by an independent loop.


@given(st.lists(st.integers(900, 1100), min_size=30, max_size=60))
def test_sharpe_and_sortino_are_their_formulas(points: list[int]) -> None:
    # given returns from day to day, the first against the initial cash
    returns = [now / before - 1 for before, now in zip([1000, *points[:-1]], points, strict=True)]
    mean = math.fsum(returns) / len(returns)
    deviation = math.sqrt(math.fsum((one - mean) ** 2 for one in returns) / (len(returns) - 1))
    downside = math.sqrt(math.fsum(min(one, 0) ** 2 for one in returns) / len(returns))
    # when
    figures = figures_of([float(point) for point in points])
    # then
    for name, below in (("sharpe_ratio", deviation), ("sortino_ratio", downside)):
        if below > 1e-9:
            assert figures[name].value == pytest.approx(mean / below * math.sqrt(365), rel=1e-11, abs=1e-11)
        else:
            assert figures[name].value is None


def test_a_risk_free_rate_is_a_year_and_lowers_the_ratios() -> None:
    equity = [1000.0 * 1.002**day * (1 + 0.01 * (day % 3)) for day in range(60)]
    free, lent = figures_of(equity), figures_of(equity, risk_free=0.05)
    a_day = 1.05 ** (1 / 365) - 1
    volatility = value_of(free["volatility"])
    assert lent["volatility"].value == free["volatility"].value
    assert value_of(free["sharpe_ratio"]) - value_of(lent["sharpe_ratio"]) == pytest.approx(a_day * 365 / volatility)
    assert value_of(lent["sortino_ratio"]) < value_of(free["sortino_ratio"])


@pytest.mark.parametrize("rate", [-1.0, -2.0, math.nan, math.inf])
def test_an_impossible_risk_free_rate_is_refused(rate: float) -> None:
    with pytest.raises(ParameterInvalid, match="risk-free"):
        figures_of([1000.0] * 40, risk_free=rate)


def test_growth_is_over_years_of_365_and_a_quarter_days() -> None:
    # given a doubling in half a year, counted in calendar days
    days = (datetime.fromisoformat("2025-07-02T15:00Z") - START) / timedelta(days=1)
    figures = figures_of([1000.0, 2000.0], step=round(days * DAY) // 2)
    assert figures["cagr"].value == pytest.approx(2 ** (365.25 / days) - 1, rel=1e-12)


def test_calmar_is_growth_over_the_deepest_fall() -> None:
    figures = figures_of([1000.0 + day for day in range(50)] + [900.0, 1200.0])
    assert value_of(figures["calmar_ratio"]) == pytest.approx(
        value_of(figures["cagr"]) / value_of(figures["max_drawdown"])
    )


# The account.


def test_money_is_exact_and_open_positions_are_counted() -> None:
    figures = figures_of(
        [1000.0],
        final_equity=Decimal("1000.00000001"),
        fees=Decimal("0.10000000"),
        slippage=Decimal("0.00000002"),
        open_positions=2,
    )
    names = ("total_pnl", "fees_paid", "slippage_paid", "open_positions", "total_return")
    assert [figures[name].value for name in names] == ["0.00000001", "0.1", "0.00000002", 2, 1e-11]


def test_turnover_is_what_was_traded_over_mean_equity() -> None:
    assert figures_of([1000.0, 3000.0], traded_notional=Decimal(5000))["turnover"].value == 2.5
    assert figures_of([1000.0, -3000.0])["turnover"].reason == "mean equity was at or below zero"


def test_the_share_of_ambiguous_fills_is_told() -> None:
    assert figures_of([1000.0], fills=8, ambiguous_fills=2)["ambiguous_share"].value == 0.25
    assert figures_of([1000.0])["ambiguous_share"].reason == "nothing was filled"


def test_exposure_is_the_share_of_bars_with_a_position() -> None:
    curve = curve_of([1000.0] * 4)
    held = EquityCurve(curve.start, curve.times, curve.equity, np.array([True, False, True, True]))
    days = utc_days(curve.start, int(curve.times[-1]))
    assert statistics(held, account_of(curve.equity), [bars_of([1.0] * 4)], days)["exposure"].value == 0.75

"""Where Weaver and backtesting.py differ, rule by rule: one small market each, and what both make of it.

The rules are the rows of docs/peers.md.
"""

import pytest

from tests.oracles import backtesting_side, weaver_side
from tests.oracles.desk import Outcome, Side
from tests.oracles.markets import drawn, flat
from tests.oracles.plans import at

type Deal = tuple[int, Side, float, float]


def deals(outcome: Outcome) -> list[Deal]:
    """Return bar, side, quantity and price of each fill."""
    return [one[:4] for one in outcome.fills]


def test_a_limit_that_is_merely_touched_fills_there_and_not_here() -> None:
    bars = drawn(*flat(2), (100, 101, 95, 100), (100, 101, 94.99, 100)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, limit=95)})
    assert deals(backtesting_side.run(plan, bars)) == [(2, "buy", 1, 95)]
    assert deals(weaver_side.run(plan, bars)) == [(3, "buy", 1, 95)]


def test_a_stop_limit_reached_inside_a_bar_fills_there_in_that_bar_and_here_in_a_later_one() -> None:
    bars = drawn(*flat(2), (100, 110, 99, 108), (108, 109, 105, 107)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, stop=105, limit=106)})
    assert deals(backtesting_side.run(plan, bars)) == [(2, "buy", 1, 105)]
    assert deals(weaver_side.run(plan, bars)) == [(3, "buy", 1, 106)]


def test_a_stop_limit_jumped_over_fills_there_at_a_price_that_never_was_and_here_at_the_open() -> None:
    bars = drawn(*flat(2), (107, 109, 106.5, 108)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, stop=105, limit=108)})
    assert deals(backtesting_side.run(plan, bars)) == [(2, "buy", 1, 105)]
    assert deals(weaver_side.run(plan, bars)) == [(2, "buy", 1, 107)]


def test_the_limit_below_a_stop_that_was_jumped_over_works_there_a_bar_later_than_here() -> None:
    bars = drawn(*flat(2), (106, 107, 102, 104), (104, 104.5, 102.5, 103)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, stop=105, limit=103)})
    assert deals(backtesting_side.run(plan, bars)) == [(3, "buy", 1, 103)]
    assert deals(weaver_side.run(plan, bars)) == [(2, "buy", 1, 103)]


def test_a_profit_that_is_met_at_the_open_goes_here_before_a_stop_inside_the_bar() -> None:
    bars = drawn(*flat(3), (112, 113, 85, 100)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, take_profit=110, stop_loss=90)})
    assert deals(backtesting_side.run(plan, bars)) == [(2, "buy", 1, 100), (3, "sell", 1, 90)]
    assert deals(weaver_side.run(plan, bars)) == [(2, "buy", 1, 100), (3, "sell", 1, 112)]


def test_both_exits_inside_one_bar_leave_at_the_stop_in_both_and_weaver_says_that_it_is_ambiguous() -> None:
    bars = drawn(*flat(3), (100, 113, 85, 100)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, take_profit=110, stop_loss=90)})
    peer, weaver = backtesting_side.run(plan, bars), weaver_side.run(plan, bars)
    assert deals(peer) == deals(weaver) == [(2, "buy", 1, 100), (3, "sell", 1, 90)]
    assert weaver.ambiguous == 1


def test_the_exits_of_a_limit_filled_at_the_open_work_here_in_that_bar_and_there_from_the_next() -> None:
    bars = drawn(*flat(2), (100, 111, 99, 105), (105, 106, 104, 105), (105, 112, 105, 111)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, limit=101, take_profit=110, stop_loss=90)})
    assert deals(backtesting_side.run(plan, bars)) == [(2, "buy", 1, 100), (4, "sell", 1, 110)]
    assert deals(weaver_side.run(plan, bars)) == [(2, "buy", 1, 100), (2, "sell", 1, 110)]


def test_the_profit_of_a_stop_filled_inside_a_bar_is_taken_there_in_that_bar_and_here_in_a_later_one() -> None:
    bars = drawn(*flat(2), (100, 112, 99, 111), (111, 112, 109, 110)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, stop=105, take_profit=110, stop_loss=95)})
    assert deals(backtesting_side.run(plan, bars)) == [(2, "buy", 1, 105), (2, "sell", 1, 110)]
    assert deals(weaver_side.run(plan, bars)) == [(2, "buy", 1, 105), (3, "sell", 1, 111)]


def test_spread_is_paid_there_on_entries_only_and_slippage_here_on_both_sides() -> None:
    bars = drawn(*flat(5)).bars
    plan = at({1: lambda desk: desk.order("buy", 1), 2: lambda desk: desk.order("sell", 1)})
    assert deals(backtesting_side.run(plan, bars, spread=0.01)) == [(2, "buy", 1, 101), (3, "sell", 1, 100)]
    assert deals(weaver_side.run(plan, bars, slippage=0.01)) == [(2, "buy", 1, 101), (3, "sell", 1, 99)]


def test_spread_takes_a_limit_order_there_beyond_its_limit_and_slippage_never_does_here() -> None:
    bars = drawn(*flat(2), (100, 100, 90, 92)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, limit=95)})
    [(_, _, _, paid)] = deals(backtesting_side.run(plan, bars, spread=0.01))
    assert paid == pytest.approx(95.95)
    assert deals(weaver_side.run(plan, bars, slippage=0.01)) == [(2, "buy", 1, 95)]


def test_the_first_bar_is_decided_on_here_and_passed_over_there() -> None:
    bars = drawn(*flat(4)).bars
    plan = at({0: lambda desk: desk.order("buy", 1)})
    assert deals(backtesting_side.run(plan, bars)) == []
    assert deals(weaver_side.run(plan, bars)) == [(1, "buy", 1, 100)]


def test_a_close_can_be_traded_at_there_and_never_here() -> None:
    bars = drawn(*flat(1), (100, 105, 99, 104), (110, 111, 109, 110)).bars
    plan = at({1: lambda desk: desk.order("buy", 1)})
    assert deals(backtesting_side.run(plan, bars, trade_on_close=True)) == [(1, "buy", 1, 104)]
    assert deals(weaver_side.run(plan, bars)) == [(2, "buy", 1, 110)]


def test_positions_left_at_the_end_are_closed_there_at_the_last_open_if_asked_and_only_valued_here() -> None:
    bars = drawn(*flat(3), (120, 130, 119, 125)).bars
    plan = at({1: lambda desk: desk.order("buy", 1)})
    closed = backtesting_side.run(plan, bars, finalize_trades=True)
    assert deals(closed) == [(2, "buy", 1, 100), (3, "sell", 1, 120)]
    left, weaver = backtesting_side.run(plan, bars), weaver_side.run(plan, bars)
    assert deals(left) == deals(weaver) == [(2, "buy", 1, 100)]
    assert left.equity[-1] == weaver.equity[-1] == 1_000_025


def test_what_the_account_cannot_pay_at_the_last_close_is_rejected_here_and_tried_at_the_open_there() -> None:
    bars = drawn(*flat(2), (90, 91, 89, 90)).bars
    plan = at({1: lambda desk: desk.order("buy", 10)})
    assert deals(backtesting_side.run(plan, bars, cash=950)) == [(2, "buy", 10, 90)]
    weaver = weaver_side.run(plan, bars, cash=950)
    assert deals(weaver) == []
    assert weaver.refused == 1


def test_what_the_account_cannot_pay_at_the_open_is_refused_by_both() -> None:
    bars = drawn(*flat(2), (110, 110, 110, 110)).bars
    plan = at({1: lambda desk: desk.order("buy", 10)})
    for outcome in (backtesting_side.run(plan, bars, cash=1050), weaver_side.run(plan, bars, cash=1050)):
        assert deals(outcome) == []
        assert outcome.refused == 1


def test_a_fraction_is_a_share_of_equity_there_and_a_quantity_here() -> None:
    bars = drawn(*flat(3)).bars
    plan = at({1: lambda desk: desk.order("buy", 0.5)})
    assert deals(backtesting_side.run(plan, bars, cash=1_000)) == [(2, "buy", 5, 100)]
    assert deals(weaver_side.run(plan, bars, cash=1_000)) == [(2, "buy", 0.5, 100)]


def test_one_and_a_half_units_are_no_size_there_and_a_quantity_here() -> None:
    bars = drawn(*flat(3)).bars
    plan = at({1: lambda desk: desk.order("buy", 1.5)})
    with pytest.raises(AssertionError, match="whole number of units"):
        backtesting_side.run(plan, bars)
    assert deals(weaver_side.run(plan, bars)) == [(2, "buy", 1.5, 100)]


def test_every_account_goes_short_there_and_only_a_margin_account_here() -> None:
    bars = drawn(*flat(3)).bars
    plan = at({1: lambda desk: desk.order("sell", 1)})
    assert deals(backtesting_side.run(plan, bars)) == [(2, "sell", 1, 100)]
    assert deals(weaver_side.run(plan, bars, leverage=1)) == [(2, "sell", 1, 100)]
    cash_account = weaver_side.run(plan, bars)
    assert deals(cash_account) == []
    assert cash_account.refused == 1


def test_buying_power_at_an_open_is_that_of_the_open_here_and_of_the_bars_close_there() -> None:
    plan = at({1: lambda desk: desk.order("sell", 10), 2: lambda desk: desk.order("sell", 4)})
    for close, filled_there in ((100, True), (120, False)):
        bars = drawn(*flat(3), (100, close, 100, close)).bars
        both = [(2, "sell", 10, 100), (3, "sell", 4, 100)]
        assert deals(backtesting_side.run(plan, bars, cash=1_500)) == (both if filled_there else both[:1])
        assert deals(weaver_side.run(plan, bars, cash=1_500, leverage=1)) == both


def test_an_account_without_equity_ends_the_run_there_at_the_close_and_is_closed_out_here_at_the_next_open() -> None:
    bars = drawn(*flat(3), (100, 250, 100, 250), (240, 240, 230, 230), (230, 230, 230, 230)).bars
    plan = at({1: lambda desk: desk.order("sell", 10)})
    peer = backtesting_side.run(plan, bars, cash=1_000)
    assert deals(peer) == [(2, "sell", 10, 100), (3, "buy", 10, 250)]
    assert peer.equity[3:] == [0, 0, 0], "what is owed is forgotten"
    weaver = weaver_side.run(plan, bars, cash=1_000, leverage=1)
    assert deals(weaver) == [(2, "sell", 10, 100), (4, "buy", 10, 240)]
    assert weaver.equity[3:] == [-500, -400, -400]


def test_long_and_short_are_held_together_there_when_hedging_and_always_net_here() -> None:
    bars = drawn(*flat(3), (110, 110, 110, 110)).bars
    plan = at({1: lambda desk: desk.order("buy", 2), 2: lambda desk: desk.order("sell", 2)})
    hedged = backtesting_side.run(plan, bars, hedging=True)
    weaver = weaver_side.run(plan, bars)
    assert deals(hedged) == deals(weaver) == [(2, "buy", 2, 100), (3, "sell", 2, 110)]
    assert (len(hedged.trips), len(weaver.trips)) == (0, 1)


def test_a_new_order_replaces_the_position_there_when_exclusive_and_adds_to_it_here() -> None:
    bars = drawn(*flat(5)).bars
    plan = at({1: lambda desk: desk.order("buy", 1), 2: lambda desk: desk.order("buy", 1)})
    exclusive = backtesting_side.run(plan, bars, exclusive_orders=True)
    assert deals(exclusive) == [(2, "buy", 1, 100), (3, "buy", 1, 100), (3, "sell", 1, 100)]
    assert deals(weaver_side.run(plan, bars)) == [(2, "buy", 1, 100), (3, "buy", 1, 100)]


def test_prices_finer_than_the_tick_are_kept_there_and_rounded_against_the_trader_here() -> None:
    bars = drawn(*flat(2), (100, 100, 90, 92)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, limit=95.0000000051)})
    assert deals(backtesting_side.run(plan, bars)) == [(2, "buy", 1, 95.0000000051)]
    assert deals(weaver_side.run(plan, bars)) == [(2, "buy", 1, 95.0)]

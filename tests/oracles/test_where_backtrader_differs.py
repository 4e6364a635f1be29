"""Where Weaver and backtrader differ, rule by rule: one small market each, and what both make of it.

The rules are the rows of docs/peers.md.
"""

from tests.oracles import backtrader_side, weaver_side
from tests.oracles.desk import Desk, Outcome, Side
from tests.oracles.markets import drawn, flat
from tests.oracles.peers import backtrader as bt
from tests.oracles.plans import at

type Deal = tuple[int, Side, float, float]


def deals(outcome: Outcome) -> list[Deal]:
    """Return bar, side, quantity and price of each fill."""
    return [one[:4] for one in outcome.fills]


def test_a_limit_that_is_merely_touched_fills_there_and_not_here() -> None:
    bars = drawn(*flat(2), (100, 101, 95, 100), (100, 101, 94.99, 100)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, limit=95)})
    assert deals(backtrader_side.run(plan, bars)) == [(2, "buy", 1, 95)]
    assert deals(weaver_side.run(plan, bars)) == [(3, "buy", 1, 95)]


def test_a_stop_limit_fills_there_in_the_bar_of_its_trigger_if_that_closes_beyond_the_limit() -> None:
    bars = drawn(*flat(2), (104, 106, 101, 102), (102, 103, 101, 102)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, stop=105, limit=103)})
    assert deals(backtrader_side.run(plan, bars)) == [(2, "buy", 1, 103)]
    assert deals(weaver_side.run(plan, bars)) == [(3, "buy", 1, 102)]


def test_a_stop_limit_whose_limit_is_beyond_the_stop_fills_there_at_the_stop_at_once() -> None:
    bars = drawn(*flat(2), (100, 110, 99, 108), (108, 109, 105, 107)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, stop=105, limit=106)})
    assert deals(backtrader_side.run(plan, bars)) == [(2, "buy", 1, 105)]
    assert deals(weaver_side.run(plan, bars)) == [(3, "buy", 1, 106)]


def test_a_stop_limit_jumped_over_is_a_limit_from_that_open_on_in_both() -> None:
    bars = drawn(*flat(2), (106, 107, 102, 104)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, stop=105, limit=103)})
    assert deals(backtrader_side.run(plan, bars)) == deals(weaver_side.run(plan, bars)) == [(2, "buy", 1, 103)]


def test_a_trailing_stop_follows_the_closes_there_and_the_best_prices_here() -> None:
    bars = drawn(*flat(3), (100, 120, 100, 101), (101, 102, 97, 98), (98, 98, 90, 91)).bars
    plan = at({1: lambda desk: desk.order("buy", 1), 2: lambda desk: desk.order("sell", 1, trail=5)})
    assert deals(backtrader_side.run(plan, bars)) == [(2, "buy", 1, 100), (5, "sell", 1, 96)]
    assert deals(weaver_side.run(plan, bars)) == [(2, "buy", 1, 100), (4, "sell", 1, 101)]


def test_exits_work_here_in_the_bar_of_an_entry_at_its_open_and_there_from_the_next() -> None:
    bars = drawn(*flat(2), (100, 106, 99, 101), (101, 102, 100, 101), (101, 107, 101, 106)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, take_profit=105, stop_loss=90)})
    assert deals(backtrader_side.run(plan, bars)) == [(2, "buy", 1, 100), (4, "sell", 1, 105)]
    assert deals(weaver_side.run(plan, bars)) == [(2, "buy", 1, 100), (2, "sell", 1, 105)]


def test_a_profit_that_is_met_at_the_open_goes_here_before_a_stop_inside_the_bar() -> None:
    bars = drawn(*flat(3), (112, 113, 85, 100)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, take_profit=110, stop_loss=90)})
    assert deals(backtrader_side.run(plan, bars)) == [(2, "buy", 1, 100), (3, "sell", 1, 90)]
    assert deals(weaver_side.run(plan, bars)) == [(2, "buy", 1, 100), (3, "sell", 1, 112)]


def test_both_exits_inside_one_bar_leave_at_the_stop_in_both_and_weaver_says_that_it_is_ambiguous() -> None:
    bars = drawn(*flat(3), (100, 113, 85, 100)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, take_profit=110, stop_loss=90)})
    peer, weaver = backtrader_side.run(plan, bars), weaver_side.run(plan, bars)
    assert deals(peer) == deals(weaver) == [(2, "buy", 1, 100), (3, "sell", 1, 90)]
    assert weaver.ambiguous == 1


def test_slippage_ends_there_at_the_edge_of_the_bar_and_not_here() -> None:
    bars = drawn(*flat(2), (100, 100.5, 99, 100)).bars
    plan = at({1: lambda desk: desk.order("buy", 1)})
    peer = backtrader_side.run(plan, bars, slip_perc=0.01, slip_open=True)
    assert deals(peer) == [(2, "buy", 1, 100.5)]
    assert deals(weaver_side.run(plan, bars, slippage=0.01)) == [(2, "buy", 1, 101)]


def test_slippage_moves_a_limit_filled_at_the_open_there_up_to_its_limit_and_no_limit_here() -> None:
    bars = drawn(*flat(2), (100, 103, 99, 100)).bars
    plan = at({1: lambda desk: desk.order("buy", 1, limit=100.4)})
    peer = backtrader_side.run(plan, bars, slip_perc=0.01, slip_open=True)
    assert deals(peer) == [(2, "buy", 1, 100.4)]
    assert deals(weaver_side.run(plan, bars, slippage=0.01)) == [(2, "buy", 1, 100)]


def test_a_share_of_the_volume_is_had_there_by_every_order_and_here_by_the_run() -> None:
    def two_orders(desk: Desk) -> None:
        desk.order("buy", 10)
        desk.order("buy", 10)

    bars = drawn(*flat(4), volume=100).bars
    plan = at({1: two_orders})
    peer = backtrader_side.run(plan, bars, filler=bt.fillers.FixedBarPerc(perc=10))
    assert deals(peer) == [(2, "buy", 20, 100)]
    assert deals(weaver_side.run(plan, bars, volume_cap=10)) == [(2, "buy", 10, 100), (3, "buy", 10, 100)]


def test_cash_for_a_working_order_is_kept_back_here_and_promised_twice_there() -> None:
    bars = drawn(*flat(4), (100, 100, 94, 95), (95, 96, 88, 89)).bars
    plan = at({1: lambda desk: desk.order("buy", 6, limit=90), 2: lambda desk: desk.order("buy", 6, limit=95)})
    peer = backtrader_side.run(plan, bars, cash=1_000)
    assert deals(peer) == [(4, "buy", 6, 95)]
    assert peer.refused == 1, "the order that was placed first finds the cash gone"
    weaver = weaver_side.run(plan, bars, cash=1_000)
    assert deals(weaver) == [(5, "buy", 6, 90)]
    assert weaver.refused == 1


def test_what_the_account_cannot_pay_at_the_last_close_is_tried_there_at_the_open_only_if_not_checked() -> None:
    bars = drawn(*flat(2), (90, 91, 89, 90)).bars
    plan = at({1: lambda desk: desk.order("buy", 10)})
    assert deals(backtrader_side.run(plan, bars, cash=950, checksubmit=False)) == [(2, "buy", 10, 90)]
    for outcome in (backtrader_side.run(plan, bars, cash=950), weaver_side.run(plan, bars, cash=950)):
        assert deals(outcome) == []
        assert outcome.refused == 1


def test_every_account_goes_short_there_and_only_a_margin_account_here() -> None:
    bars = drawn(*flat(3)).bars
    plan = at({1: lambda desk: desk.order("sell", 1)})
    assert deals(backtrader_side.run(plan, bars)) == [(2, "sell", 1, 100)]
    assert deals(weaver_side.run(plan, bars, leverage=1)) == [(2, "sell", 1, 100)]
    cash_account = weaver_side.run(plan, bars)
    assert deals(cash_account) == []
    assert cash_account.refused == 1


def test_a_short_position_is_not_bounded_there_and_by_equity_and_leverage_here() -> None:
    bars = drawn(*flat(3)).bars
    plan = at({1: lambda desk: desk.order("sell", 1_000)})
    assert deals(backtrader_side.run(plan, bars, cash=1_000)) == [(2, "sell", 1_000, 100)]
    weaver = weaver_side.run(plan, bars, cash=1_000, leverage=1)
    assert deals(weaver) == []
    assert weaver.refused == 1


def test_an_account_without_equity_trades_on_there_and_is_closed_out_here_at_the_next_open() -> None:
    bars = drawn(*flat(3), (100, 250, 100, 250), (240, 240, 230, 230), (230, 230, 230, 230)).bars
    plan = at({1: lambda desk: desk.order("sell", 10)})
    assert deals(backtrader_side.run(plan, bars, cash=1_000)) == [(2, "sell", 10, 100)]
    weaver = weaver_side.run(plan, bars, cash=1_000, leverage=1)
    assert deals(weaver) == [(2, "sell", 10, 100), (4, "buy", 10, 240)]


def test_a_turn_that_cannot_be_paid_closes_there_and_is_rejected_whole_here() -> None:
    bars = drawn(*flat(5)).bars
    plan = at({1: lambda desk: desk.order("sell", 1), 2: lambda desk: desk.order("buy", 50)})
    peer = backtrader_side.run(plan, bars, cash=1_000, checksubmit=False)
    assert deals(peer) == [(2, "sell", 1, 100), (3, "buy", 1, 100)]
    weaver = weaver_side.run(plan, bars, cash=1_000, leverage=1)
    assert deals(weaver) == [(2, "sell", 1, 100)]
    assert weaver.refused == 1


def test_a_close_can_be_traded_at_there_and_never_here() -> None:
    bars = drawn(*flat(1), (100, 105, 99, 104), (110, 111, 109, 110)).bars
    plan = at({1: lambda desk: desk.order("buy", 1)})
    [(_, _, _, paid)] = deals(backtrader_side.run(plan, bars, coc=True))
    assert paid == 104
    assert deals(weaver_side.run(plan, bars)) == [(2, "buy", 1, 110)]


def test_a_level_that_floats_put_beside_the_price_is_missed_there_and_met_here() -> None:
    bars = drawn(*flat(3, 100.1), (100.1, 100.1, 98.9, 99), (98, 98, 97, 97)).bars
    plan = at({1: lambda desk: desk.order("buy", 1), 2: lambda desk: desk.order("sell", 1, trail=1.2)})
    assert deals(backtrader_side.run(plan, bars)) == [(2, "buy", 1, 100.1), (4, "sell", 1, 98)]
    assert deals(weaver_side.run(plan, bars)) == [(2, "buy", 1, 100.1), (3, "sell", 1, 98.9)]

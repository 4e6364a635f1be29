"""Weaver against backtrader: the same plans on the same bars, trade by trade, where the rules of both coincide.

Fills and their fees must be the same executions, trades the same money, and equity must agree to the cent at every bar.
The last tests take single orders under rules that do not coincide: each difference must be the one that docs/peers.md
names.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.oracles import backtrader_side, plans, tickets, weaver_side
from tests.oracles.desk import CENT, Outcome, Plan, Side, first_disagreement
from tests.oracles.markets import SOURCES, Market, Source, of_closes, without_gaps
from tests.oracles.peers import backtrader as bt
from tests.oracles.tickets import Ticket

COMMISSION = 0.001
RICH = 1e9
# backtrader takes five times as long as the others
FEW = 1_000

# minutes of ETH/USD behave like those of the future
MARKETS = [source for source in SOURCES if source.symbol != "ETH/USD"]

every_market = pytest.mark.parametrize("source", MARKETS, ids=lambda source: source.name)
every_side = pytest.mark.parametrize("side", ["buy", "sell"])


def both(plan: Callable[[], Plan], market: Market, leverage: int | None = None) -> tuple[Outcome, Outcome]:
    """Return what Weaver and what backtrader make of a plan; each is given one of its own."""
    weaver = weaver_side.run(plan(), market.bars, commission=COMMISSION, leverage=leverage)
    return weaver, backtrader_side.run(plan(), market.bars, commission=COMMISSION)


def both_on(placed: Sequence[Ticket], market: Market) -> tuple[Outcome, Outcome]:
    """Return what Weaver and what backtrader make of the tickets."""
    weaver = weaver_side.run(tickets.plan(market, placed), market.bars, cash=RICH, leverage=1)
    return weaver, backtrader_side.run(tickets.plan(market, placed), market.bars, cash=RICH)


@every_market
def test_market_orders_fill_alike(source: Source) -> None:
    market = source.market(2 * FEW)
    weaver, peer = both(lambda: plans.crossover(market), market)
    assert len(weaver.fills) > 50
    assert first_disagreement(weaver, peer) is None


@every_market
def test_positions_built_and_sold_in_parts_are_worth_the_same(source: Source) -> None:
    market = source.market(FEW)
    weaver, peer = both(lambda: plans.pyramid(market), market)
    assert max(weaver.held) > 2 * market.lot
    assert first_disagreement(weaver, peer) is None


@every_market
def test_a_long_position_turned_short_and_back_is_worth_the_same(source: Source) -> None:
    market = source.market(FEW)
    weaver, peer = both(lambda: plans.reversal(market), market, leverage=1)
    assert min(weaver.held) < 0 < max(weaver.held)
    assert first_disagreement(weaver, peer) is None


@every_market
def test_an_account_short_of_cash_has_the_same_orders_refused(source: Source) -> None:
    market = source.market(FEW)
    cash = 2.5 * market.lot * float(market.bars.close[plans.WARM_UP])
    weaver = weaver_side.run(plans.pyramid(market), market.bars, cash=cash, commission=COMMISSION)
    peer = backtrader_side.run(plans.pyramid(market), market.bars, cash=cash, commission=COMMISSION)
    assert weaver.refused == peer.refused > 0
    assert first_disagreement(weaver, peer) is None


@every_market
@pytest.mark.parametrize("plan", [plans.limits, plans.patient_limits])
def test_limit_orders_between_ticks_fill_alike(source: Source, plan: Callable[[Market, float], Plan]) -> None:
    market = source.market(FEW)
    weaver, peer = both(lambda: plan(market, market.stride), market)
    assert len(weaver.fills) > 20
    assert first_disagreement(weaver, peer) is None


@every_market
def test_stop_orders_fill_alike(source: Source) -> None:
    market = source.market(FEW)
    weaver, peer = both(lambda: plans.breakout(market), market)
    assert len(weaver.fills) > 20
    assert first_disagreement(weaver, peer) is None


@every_market
@pytest.mark.parametrize("plan", [plans.crossover, plans.breakout])
def test_slippage_moves_market_and_stop_orders_alike_where_it_may_leave_the_bar(
    source: Source, plan: Callable[[Market], Plan]
) -> None:
    market = source.market(FEW)
    weaver = weaver_side.run(plan(market), market.bars, slippage=0.0005)
    peer = backtrader_side.run(plan(market), market.bars, slip_perc=0.0005, slip_open=True, slip_out=True)
    assert len(weaver.fills) > 20
    # Weaver rounds a slipped price against the trader, to eight decimals
    assert first_disagreement(weaver, peer, money=CENT) is None


@every_market
def test_stop_limit_orders_fill_alike_where_no_bar_turns(source: Source) -> None:
    market = of_closes(source.market(2 * FEW))
    weaver, peer = both(lambda: plans.pullback(market, market.stride, market.stride / 2), market)
    assert len(weaver.fills) > 20
    assert first_disagreement(weaver, peer) is None


@every_market
def test_trailing_stops_fill_alike_where_the_best_price_is_a_close(source: Source) -> None:
    market = of_closes(source.market(2 * FEW))
    weaver, peer = both(lambda: plans.trailing(market, 2 * market.stride), market)
    assert len(weaver.fills) > 20
    assert first_disagreement(weaver, peer) is None


@every_market
def test_two_exits_of_which_one_cancels_the_other_fill_alike(source: Source) -> None:
    market = without_gaps(source.market(FEW))
    weaver, peer = both(lambda: plans.pairs(market, 2 * market.stride, market.stride), market)
    assert len(weaver.fills) > 100
    assert first_disagreement(weaver, peer) is None


@every_market
@every_side
@pytest.mark.parametrize("kind", ["market", "limit"])
def test_a_tenth_of_each_bars_volume_fills_alike(source: Source, side: Side, kind: str) -> None:
    market = capped(source.market(FEW))
    way = 1 if side == "buy" else -1

    def ticket(bar: int, close: float) -> Ticket:
        limit = None if kind == "market" else market.between_ticks(close * (1 - way * market.stride / 2))
        return Ticket(bar, 9, side, limit=limit)

    placed = tickets.on_grid(market, 9, ticket)
    weaver = weaver_side.run(tickets.plan(market, placed), market.bars, cash=1e15, volume_cap=10, leverage=1)
    filler = bt.fillers.FixedBarPerc(perc=10)
    peer = backtrader_side.run(tickets.plan(market, placed), market.bars, cash=1e15, filler=filler)
    assert len(weaver.fills) > len(placed), "most orders take several bars"
    assert [one[:4] for one in weaver.fills] == [one[:4] for one in peer.fills]


def capped(market: Market) -> Market:
    """Return the market with volumes of which a tenth is whole, and a lot that takes several bars."""
    volume = np.ceil(market.bars.volume) * 10
    lot = max(int(np.median(volume) / 4), 1)
    return replace(market, bars=replace(market.bars, volume=volume), lot=lot)


@every_market
@every_side
def test_limit_orders_on_a_tick_differ_only_where_they_are_merely_touched(source: Source, side: Side) -> None:
    market = source.market(FEW)
    way = 1 if side == "buy" else -1
    placed = tickets.on_grid(
        market,
        7,
        lambda bar, close: Ticket(bar, 7, side, limit=market.on_tick(close * (1 - way * market.stride))),
    )
    weaver, peer = both_on(placed, market)
    different = tickets.count_explained(market, placed, weaver, peer, tickets.merely_touched)
    assert different < len(weaver.fills)
    assert different or market.decimals, "where a tick is large, some limits are merely touched"


@every_market
@every_side
def test_stop_limit_orders_differ_only_where_the_bar_of_the_trigger_fills_them(source: Source, side: Side) -> None:
    market = source.market(FEW)
    way = 1 if side == "buy" else -1

    def stop_limit(bar: int, close: float) -> Ticket:
        stop = market.on_tick(close * (1 + way * market.stride))
        return Ticket(bar, 7, side, limit=market.between_ticks(stop * (1 - way * market.stride / 2)), stop=stop)

    placed = tickets.on_grid(market, 7, stop_limit)
    weaver, peer = both_on(placed, market)
    different = tickets.count_explained(market, placed, weaver, peer, tickets.filled_in_the_trigger_bar)
    assert 0 < different < len(placed)


@every_market
@every_side
def test_brackets_differ_only_where_an_exit_is_met_in_the_bar_of_entry_or_at_an_open(
    source: Source, side: Side
) -> None:
    market = source.market(FEW)
    way = 1 if side == "buy" else -1

    def bracket(bar: int, close: float) -> Ticket:
        profit = market.between_ticks(close * (1 + way * market.stride))
        loss = market.on_tick(close * (1 - way * market.stride))
        return Ticket(bar, 12, side, take_profit=profit, stop_loss=loss)

    placed = tickets.on_grid(market, 12, bracket)
    weaver, peer = both_on(placed, market)
    different = tickets.count_explained(
        market,
        placed,
        weaver,
        peer,
        lambda *case: tickets.left_in_the_bar_of_entry(*case) or tickets.profit_at_the_open(*case),
    )
    assert 0 < different < len(placed)

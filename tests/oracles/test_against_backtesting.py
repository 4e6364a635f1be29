"""Weaver against backtesting.py: the same plans on the same bars, trade by trade, where the rules of both coincide.

Fills must be the same executions, trades the same money, and equity must agree to the cent at every bar. The last tests
take single orders under rules that do not coincide: each difference must be the one that docs/peers.md names.
"""

from collections.abc import Callable, Sequence

import pytest

from tests.oracles import backtesting_side, plans, tickets, weaver_side
from tests.oracles.desk import Outcome, Plan, Side, first_disagreement
from tests.oracles.markets import SOURCES, Market, Source, without_gaps
from tests.oracles.tickets import Ticket

COMMISSION = 0.001
# Tickets pile up a position, which is not to end for lack of money.
RICH = 1e9

every_market = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
every_side = pytest.mark.parametrize("side", ["buy", "sell"])


def both(plan: Callable[[], Plan], market: Market, leverage: int | None = None) -> tuple[Outcome, Outcome]:
    """Return what Weaver and what backtesting.py make of a plan; each is given one of its own."""
    weaver = weaver_side.run(plan(), market.bars, commission=COMMISSION, leverage=leverage)
    return weaver, backtesting_side.run(plan(), market.bars, commission=COMMISSION)


def both_on(placed: Sequence[Ticket], market: Market) -> tuple[Outcome, Outcome]:
    """Return what Weaver and what backtesting.py make of the tickets."""
    weaver = weaver_side.run(tickets.plan(market, placed), market.bars, cash=RICH, leverage=1)
    return weaver, backtesting_side.run(tickets.plan(market, placed), market.bars, cash=RICH)


@every_market
def test_market_orders_fill_alike(source: Source) -> None:
    market = source.market(5_000)
    weaver, peer = both(lambda: plans.crossover(market), market)
    assert len(weaver.fills) > 100
    assert first_disagreement(weaver, peer) is None


@every_market
def test_positions_built_and_sold_in_parts_are_worth_the_same(source: Source) -> None:
    market = source.market()
    weaver, peer = both(lambda: plans.pyramid(market), market)
    assert max(weaver.held) > 2 * market.lot
    assert first_disagreement(weaver, peer) is None


@every_market
def test_a_long_position_turned_short_and_back_is_worth_the_same(source: Source) -> None:
    market = source.market()
    weaver, peer = both(lambda: plans.reversal(market), market, leverage=1)
    assert min(weaver.held) < 0 < max(weaver.held)
    assert first_disagreement(weaver, peer) is None


@every_market
@pytest.mark.parametrize("plan", [plans.limits, plans.patient_limits])
def test_limit_orders_between_ticks_fill_alike(source: Source, plan: Callable[[Market, float], Plan]) -> None:
    market = source.market()
    weaver, peer = both(lambda: plan(market, market.stride), market)
    assert len(weaver.fills) > 30
    assert first_disagreement(weaver, peer) is None


@every_market
def test_stop_orders_fill_alike(source: Source) -> None:
    market = source.market()
    weaver, peer = both(lambda: plans.breakout(market), market)
    assert len(weaver.fills) > 30
    assert first_disagreement(weaver, peer) is None


@every_market
def test_stop_limit_orders_fill_alike_where_no_open_jumps_over_the_stop(source: Source) -> None:
    market = without_gaps(source.market())
    weaver, peer = both(lambda: plans.pullback(market, market.stride, market.stride / 2), market)
    assert len(weaver.fills) > 30
    assert first_disagreement(weaver, peer) is None


@every_market
@pytest.mark.parametrize("both_sides", [False, True], ids=["long", "long and short"])
def test_the_legs_of_a_bracket_fill_alike_where_no_open_jumps_over_them(source: Source, both_sides: bool) -> None:
    market = without_gaps(source.market())
    gain, loss = 2 * market.stride, market.stride
    weaver, peer = both(lambda: plans.brackets(market, gain, loss, both_sides=both_sides), market, leverage=1)
    assert len(weaver.fills) > 100
    assert first_disagreement(weaver, peer) is None


@every_market
def test_two_exits_of_which_one_cancels_the_other_fill_alike(source: Source) -> None:
    market = without_gaps(source.market())
    weaver, peer = both(lambda: plans.pairs(market, 2 * market.stride, market.stride), market)
    assert len(weaver.fills) > 100
    assert first_disagreement(weaver, peer) is None


@every_market
@every_side
def test_limit_orders_on_a_tick_differ_only_where_they_are_merely_touched(source: Source, side: Side) -> None:
    market = source.market()
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
def test_stop_limit_orders_differ_only_where_the_open_is_beyond_the_stop(source: Source, side: Side) -> None:
    market = source.market()
    way = 1 if side == "buy" else -1

    def stop_limit(bar: int, close: float) -> Ticket:
        stop = market.on_tick(close * (1 + way * market.stride))
        return Ticket(bar, 7, side, limit=market.between_ticks(stop * (1 - way * market.stride / 2)), stop=stop)

    placed = tickets.on_grid(market, 7, stop_limit)
    weaver, peer = both_on(placed, market)
    different = tickets.count_explained(market, placed, weaver, peer, tickets.triggered_by_the_open)
    assert different < len(weaver.fills)


@every_market
@every_side
def test_brackets_differ_only_where_the_open_is_beyond_the_profit(source: Source, side: Side) -> None:
    market = source.market()
    way = 1 if side == "buy" else -1

    def bracket(bar: int, close: float) -> Ticket:
        profit = market.between_ticks(close * (1 + way * market.stride))
        loss = market.on_tick(close * (1 - way * market.stride))
        return Ticket(bar, 12, side, take_profit=profit, stop_loss=loss)

    placed = tickets.on_grid(market, 12, bracket)
    weaver, peer = both_on(placed, market)
    different = tickets.count_explained(market, placed, weaver, peer, tickets.profit_at_the_open)
    assert different < len(weaver.fills) / 10

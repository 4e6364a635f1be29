"""How much of a bar a run may take, and what slippage and commission make of a fill."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from domain.order import OrderFill
from domain.run import CostSettings
from domain.strategy import Context
from tests.scripted import Row, Script, Step, bars, decimals, facts, fills, flat, minute, prices, quantities
from tests.trading import MARGIN, trade


def of(*volumes: float, price: float = 100) -> list[Row]:
    """Bars in which nothing but the volume changes."""
    return [(price, price, price, price, volume) for volume in volumes]


def test_a_market_order_takes_ten_percent_of_each_bar_until_it_is_filled() -> None:
    script = Script({0: lambda ctx: ctx.buy(25)})
    _, events = trade(script, bars(*of(1000, 100, 50, 200)), volume_cap="10")
    assert facts(events, "at", "qty") == [(minute(1), 10), (minute(2), 5), (minute(3), 10)]
    assert script.statuses() == ["filled"]


def test_what_is_left_at_the_end_is_cancelled_and_the_handle_tells_how_much_was_filled() -> None:
    script = Script({0: lambda ctx: ctx.buy(25)})
    trade(script, bars(*of(1000, 100, 50)), volume_cap="10")
    assert script.statuses() == ["cancelled"]
    assert script.placed[0].filled_quantity == 15


@pytest.mark.parametrize(("cap", "taken"), [("10", 10), ("2.5", Decimal("2.5")), ("100", 50), ("0", 50)])
def test_the_cap_is_a_percentage_and_zero_is_none(cap: str, taken: Decimal) -> None:
    _, events = trade(Script({0: lambda ctx: ctx.buy(50)}), bars(*of(1, 100)), volume_cap=cap)
    assert quantities(events) == [taken]


def test_orders_of_one_bar_share_its_volume_in_the_order_of_placement() -> None:
    def three(ctx: Context) -> object:
        return ctx.buy(6), ctx.buy(6), ctx.buy(6)

    script = Script({0: three})
    trade(script, bars(*of(1, 100)), volume_cap="10")
    assert [one.filled_quantity for one in script.placed] == [6, 4, 0]
    assert script.statuses() == ["filled", "cancelled", "cancelled"]


def test_what_fills_at_the_open_takes_its_share_before_what_fills_inside() -> None:
    def two(ctx: Context) -> object:
        return ctx.buy(8, limit=99), ctx.buy(8)

    script = Script({0: two})
    trade(script, bars(*of(1), (100, 101, 90, 95, 100)), volume_cap="10")
    assert [one.filled_quantity for one in script.placed] == [2, 8]


def test_buys_and_sells_share_the_same_volume() -> None:
    script = Script({0: lambda ctx: ctx.buy(5), 1: lambda ctx: (ctx.sell(5), ctx.buy(8))})
    trade(script, bars(*of(1000, 1000, 100)), volume_cap="10")
    assert [one.filled_quantity for one in script.placed] == [5, 5, 5]


def test_a_symbol_has_a_volume_of_its_own() -> None:
    a, b = bars(*of(1, 100), symbol="A/USD"), bars(*of(1, 30), symbol="B/USD")
    script = Script({0: lambda ctx: (ctx.buy(20, "A/USD"), ctx.buy(20, "B/USD"))})
    trade(script, a, b, volume_cap="10")
    assert [one.filled_quantity for one in script.placed] == [10, 3]


def test_a_feed_without_any_volume_is_not_capped() -> None:
    _, events = trade(Script({0: lambda ctx: ctx.buy(500)}), bars(*flat(100, 2)), volume_cap="10")
    assert quantities(events) == [500]


def test_a_bar_without_volume_in_a_feed_that_has_some_fills_nothing() -> None:
    _, events = trade(Script({0: lambda ctx: ctx.buy(5)}), bars(*of(100, 0, 0, 100)), volume_cap="10")
    assert facts(events, "at", "qty") == [(minute(3), 5)]


def test_a_share_of_the_volume_is_cut_to_whole_lots() -> None:
    _, events = trade(Script({0: lambda ctx: ctx.buy(5)}), bars(*of(1, 1e-9, 1.23456789e-7, 100)), volume_cap="10")
    assert quantities(events) == decimals("1.2e-8", "4.999999988")


def test_the_rest_of_a_limit_keeps_its_price() -> None:
    rows = [(100, 101, 98, 100, 100), (97, 98, 96, 97, 100), (100, 101, 99, 100, 100), (100, 101, 98, 100, 100)]
    _, events = trade(Script({0: lambda ctx: ctx.buy(30, limit=99)}), bars(*of(1), *rows), volume_cap="10")
    assert facts(events, "at", "price") == [(minute(1), 99), (minute(2), 97), (minute(4), 99)]


def test_the_rest_of_a_stop_that_was_reached_is_sold_at_the_next_open() -> None:
    # a stop that was reached is a market order: it does not go back to waiting because the price recovers
    rows = [(100, 100, 94, 96, 100), (97, 98, 96, 97, 100)]
    steps: dict[int, Step] = {0: lambda ctx: ctx.buy(20), 1: lambda ctx: ctx.sell(20, stop=95)}
    _, events = trade(Script(steps), bars(*of(1e6, 1e6), *rows), volume_cap="10")
    assert facts(events, "qty", "price")[1:] == [(10, 95), (10, 97)]


def test_the_rest_of_a_trailing_stop_that_was_reached_is_sold_at_the_next_open() -> None:
    rows = [(100, 100, 94, 96, 100), (97, 98, 96, 97, 100)]
    steps: dict[int, Step] = {0: lambda ctx: ctx.buy(20), 1: lambda ctx: ctx.sell(20, trail=5)}
    _, events = trade(Script(steps), bars(*of(1e6, 1e6), *rows), volume_cap="10")
    assert facts(events, "qty", "price")[1:] == [(10, 95), (10, 97)]


def test_an_order_refused_at_its_fill_takes_nothing_of_the_volume() -> None:
    # the first cannot be paid at the open any more: the second may have what the bar gives
    def two(ctx: Context) -> object:
        return ctx.buy(9), ctx.buy(1, limit=50)

    script = Script({0: two})
    rows = [(10, 10, 10, 10, 100), (50, 50, 49, 50, 90)]
    trade(script, bars(*rows), cash="140", volume_cap="10")
    assert script.statuses() == ["rejected", "filled"]


def costing(settings: Mapping[str, str]) -> dict[str, Any]:
    return {name: Decimal(value) for name, value in settings.items()}


KINDS: tuple[dict[str, Any], ...] = ({}, {"stop": 100})
SLIPPAGE = [
    ({"slippage_bps": "10"}, "100.1", "99.9"),
    ({"slippage_ticks": "3"}, "100.00000003", "99.99999997"),
    ({"slippage_bps": "10", "slippage_ticks": "3"}, "100.10000003", "99.89999997"),
    # half of the bar's volume: 0.1 x 0.5² = 2.5 %
    ({"slippage_impact": "0.1"}, "102.5", "97.5"),
    ({"slippage_bps": "100", "slippage_impact": "0.1"}, "103.5", "96.5"),
    ({}, "100", "100"),
]


@pytest.mark.parametrize(("settings", "bought", "sold"), SLIPPAGE)
def test_slippage_moves_market_and_stop_fills_against_the_trader(
    settings: dict[str, str], bought: str, sold: str
) -> None:
    costs = CostSettings(**costing(settings))
    for kind in KINDS:
        steps: dict[int, Step] = {0: lambda ctx: ctx.buy(5, **kind), 1: lambda ctx: ctx.sell(5, **kind)}  # noqa: B023
        session, events = trade(Script(steps), bars(*of(10, 10, 10)), costs=costs)
        assert prices(events) == decimals(bought, sold)
        assert [fill.slippage for fill in fills(events)] == [5 * (Decimal(bought) - 100), 5 * (100 - Decimal(sold))]
        assert session.cash == 100_000 + 5 * (Decimal(sold) - Decimal(bought))


@pytest.mark.parametrize("figures", [{"limit": 100}, {"stop": 100, "limit": 101}], ids=["limit", "stop-limit"])
def test_limits_do_not_slip(figures: dict[str, Any]) -> None:
    _, events = trade(Script({0: lambda ctx: ctx.buy(1, **figures)}), bars(*flat(100, 2)), slippage_bps="50")
    assert prices(events) == [100]
    assert fills(events)[0].slippage == 0


def test_a_bar_without_volume_has_no_impact() -> None:
    costs = CostSettings(slippage_impact=Decimal("0.1"))
    _, events = trade(Script({0: lambda ctx: ctx.buy(5)}), bars(*flat(100, 2)), costs=costs)
    assert prices(events) == [100]


def test_a_sale_gives_at_least_one_tick() -> None:
    costs = CostSettings(slippage_ticks=Decimal(10**9))
    script = Script({0: lambda ctx: ctx.sell(1)})
    _, events = trade(script, bars(*flat(5, 2)), costs=costs, account=MARGIN)
    assert prices(events) == decimals("1e-8")


def fees(settings: dict[str, str], steps: dict[int, Step], rows: Sequence[Row], **more: Any) -> list[OrderFill]:
    costs = CostSettings(**costing(settings))
    _, events = trade(Script(steps), bars(*rows), costs=costs, **more)
    return fills(events)


@pytest.mark.parametrize(
    ("settings", "fee"),
    [
        ({"commission_bps": "10"}, "0.4"),
        ({"commission_per_unit": "0.005"}, "0.02"),
        ({"commission_per_order": "1"}, "1"),
        ({"commission_bps": "10", "commission_per_unit": "0.005", "commission_per_order": "1"}, "1.42"),
    ],
)
def test_commissions_add_up(settings: dict[str, str], fee: str) -> None:
    found = fees(settings, {0: lambda ctx: ctx.buy(4), 1: lambda ctx: ctx.sell(4)}, flat(100, 3))
    assert [fill.fee for fill in found] == decimals(fee, fee)


def test_what_is_due_by_the_order_is_paid_with_its_first_execution_only() -> None:
    settings = {"commission_per_order": "1", "commission_per_unit": "0.1"}
    found = fees(settings, {0: lambda ctx: ctx.buy(25)}, of(1, 100, 100, 100), volume_cap="10")
    assert [fill.fee for fill in found] == decimals("2", "1", "0.5")


def test_what_rests_pays_the_makers_rate() -> None:
    settings = {"commission_bps": "25", "maker_bps": "15"}
    steps: dict[int, Step] = {0: lambda ctx: (ctx.buy(1), ctx.buy(1, limit=90))}
    found = fees(settings, steps, [*flat(100, 2), (95, 96, 89, 90)])
    assert [(fill.liquidity, fill.fee) for fill in found] == [("taker", Decimal("0.25")), ("maker", Decimal("0.135"))]


def test_a_fee_in_base_is_taken_from_buys_of_pairs_and_in_cash_from_sells() -> None:
    costs = CostSettings(commission_bps=Decimal(25), fee_in_base=True)
    script = Script({0: lambda ctx: ctx.buy("0.0002"), 1: lambda ctx: ctx.close()})
    session, events = trade(script, bars(*flat(100_000, 3)), costs=costs)
    bought, sold = fills(events)
    assert [bought.fee, bought.base_fee] == decimals(0, "0.0000005")
    assert [sold.qty, sold.fee, sold.base_fee] == decimals("0.0001995", "0.049875", 0)
    assert not session.position("BTC/USD")


def test_a_share_pays_its_fee_in_cash_where_pairs_pay_in_base() -> None:
    costs = CostSettings(commission_bps=Decimal(25), fee_in_base=True)
    _, events = trade(Script({0: lambda ctx: ctx.buy(1)}), bars(*flat(100, 2), symbol="SPY"), costs=costs)
    assert facts(events, "fee", "base_fee") == [(Decimal("0.25"), 0)]


def test_a_fee_in_base_is_rounded_up_to_whole_lots_so_that_the_rest_can_be_sold() -> None:
    costs = CostSettings(commission_bps=Decimal(25), fee_in_base=True)
    script = Script({0: lambda ctx: ctx.buy("0.000000333"), 1: lambda ctx: ctx.close()})
    session, events = trade(script, bars(*flat(100_000, 3)), costs=costs)
    assert fills(events)[0].base_fee == Decimal("1e-9")
    assert fills(events)[1].qty == Decimal("0.000000332")
    assert not session.position("BTC/USD")

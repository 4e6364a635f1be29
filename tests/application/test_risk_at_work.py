"""Risk policies at work: orders refused with policy and figures, runs halted once, positions flattened."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from domain.events import Event
from domain.order import OrderCancelled, OrderCreated, OrderRejected
from domain.risk import RiskHalted, RiskLimits
from tests.scripted import Row, Script, Step, bars, facts, fills, flat, legs, minute, quantities, sessions
from tests.trading import MARGIN, trade


def limited(
    steps: Mapping[int, Step], rows: Sequence[Row], **settings: Any
) -> tuple[Script, list[Event], list[OrderRejected]]:
    script = Script(steps)
    limits = RiskLimits(**{name: value for name, value in settings.items() if name in RiskLimits.__struct_fields__})
    rest = {name: value for name, value in settings.items() if name not in RiskLimits.__struct_fields__}
    _, events = trade(script, bars(*rows), risk=limits, **rest)
    return script, events, [event for event in events if isinstance(event, OrderRejected)]


# what is placed at bar 0 (and filled at bar 1), at bar 1, the policy that refuses the last of them, its figures
POLICIES = [
    (
        {"max_position": Decimal(5)},
        {0: lambda ctx: ctx.buy(3), 1: lambda ctx: ctx.buy(3)},
        {"symbol": "BTC/USD", "position": "3", "working": "0", "qty": "3", "limit": "5"},
    ),
    (
        {"max_position": Decimal(5)},
        {0: lambda ctx: (ctx.buy(3, limit=50), ctx.buy(3))},
        {"symbol": "BTC/USD", "position": "0", "working": "3", "qty": "3", "limit": "5"},
    ),
    (
        {"max_order_notional": Decimal(250)},
        {0: lambda ctx: ctx.buy(3)},
        {"symbol": "BTC/USD", "qty": "3", "price": "100", "notional": "300", "limit": "250"},
    ),
    (
        {"max_order_notional": Decimal(250)},
        {0: lambda ctx: ctx.buy(3, limit=90)},
        {"symbol": "BTC/USD", "qty": "3", "price": "90", "notional": "270", "limit": "250"},
    ),
    (
        {"max_gross_exposure": Decimal(500)},
        {0: lambda ctx: ctx.buy(3), 1: lambda ctx: ctx.buy(3)},
        {"gross": "300", "opened": "300", "reached": "600", "limit": "500"},
    ),
    (
        {"max_gross_exposure": Decimal(500)},
        {0: lambda ctx: (ctx.buy(3, limit=90), ctx.buy(3))},
        {"gross": "300", "opened": "300", "reached": "600", "limit": "500"},
    ),
    (
        {"max_open_orders": 2},
        {0: lambda ctx: (ctx.buy(1, limit=50), ctx.buy(1, limit=51), ctx.buy(1, limit=52))},
        {"open_orders": "2", "limit": "2"},
    ),
    (
        {"max_orders_per_minute": 2},
        {0: lambda ctx: (ctx.buy(1), ctx.buy(1), ctx.buy(1))},
        {"orders": "2", "since": "2025-01-01T00:01:00Z", "limit": "2"},
    ),
]


@pytest.mark.parametrize(("limits", "steps", "figures"), POLICIES)
def test_an_order_beyond_a_limit_is_rejected_with_the_policy_and_its_figures(
    limits: dict[str, Any], steps: dict[int, Step], figures: dict[str, str]
) -> None:
    script, _, rejected = limited(steps, flat(100, 3), **limits)
    (one,) = rejected
    assert one.policy == next(iter(limits))
    assert one.figures == figures
    assert figures["limit"] in one.reason
    assert script.placed[-1].reject_reason == one.reason
    assert [status for status in script.statuses() if status == "rejected"] == ["rejected"]


def test_a_short_sale_is_refused_where_only_longs_are_allowed() -> None:
    steps: dict[int, Step] = {0: lambda ctx: ctx.sell(1), 1: lambda ctx: ctx.buy(1), 2: lambda ctx: ctx.sell(2)}
    script, _, rejected = limited(steps, flat(100, 4), long_only=True, account=MARGIN)
    assert script.statuses() == ["rejected", "filled", "rejected"]
    assert [one.policy for one in rejected] == ["long_only"] * 2
    assert rejected[1].figures == {"symbol": "BTC/USD", "position": "1", "working": "0", "qty": "2", "opening": "1"}


EXITS: list[tuple[dict[str, Any], dict[int, Step]]] = [
    ({"long_only": True}, {0: lambda ctx: ctx.buy(1, take_profit=110, stop_loss=90)}),
    ({"long_only": True}, {0: lambda ctx: ctx.buy(1), 1: lambda ctx: ctx.exit(take_profit=110, stop_loss=90)}),
    ({"max_gross_exposure": Decimal(150)}, {0: lambda ctx: ctx.buy(1, take_profit=110, stop_loss=90)}),
    ({"max_order_notional": Decimal(105)}, {0: lambda ctx: ctx.buy(1, take_profit=110, stop_loss=90)}),
    ({"cooldown_after_loss_seconds": 60}, {0: lambda ctx: ctx.buy(1, take_profit=110, stop_loss=90)}),
]


@pytest.mark.parametrize(("limits", "steps"), EXITS)
def test_both_exits_of_a_position_reduce_it(limits: dict[str, Any], steps: dict[int, Step]) -> None:
    _, events, rejected = limited(steps, flat(100, 4), **limits)
    assert [(one.policy, one.figures) for one in rejected] == []
    assert sum(isinstance(event, OrderCancelled) for event in events) == 2, "both worked until the end of the run"


def test_an_order_that_only_reduces_is_taken_beyond_the_limits_on_size() -> None:
    steps: dict[int, Step] = {0: lambda ctx: ctx.buy(2), 1: lambda ctx: ctx.sell(2)}
    limits = {"max_order_notional": Decimal(200), "max_gross_exposure": Decimal(200), "max_position": Decimal(2)}
    script, _, rejected = limited(steps, [*flat(100), *flat(100), *flat(300, 2)], **limits)
    assert rejected == []
    assert script.statuses() == ["filled", "filled"]


def test_orders_are_counted_over_sixty_seconds_of_market_time() -> None:
    buy: Step = lambda ctx: ctx.buy(1)  # noqa: E731
    script, _, rejected = limited(
        {0: lambda ctx: (ctx.buy(1), ctx.buy(1)), 1: buy}, flat(100, 3), max_orders_per_minute=1
    )
    assert script.statuses() == ["filled", "rejected", "filled"]
    assert [one.policy for one in rejected] == ["max_orders_per_minute"]


def test_a_stale_bar_is_not_traded_on() -> None:
    script = Script({1: lambda ctx: (ctx.buy(1, "A/USD"), ctx.buy(1, "B/USD"))})
    a, b = bars(*flat(10), symbol="A/USD"), bars(*flat(10, 8), symbol="B/USD", opens=[5, *range(6, 13)])
    _, events = trade(script, a, b, risk=RiskLimits(max_bar_age_seconds=120))
    (rejected,) = [event for event in events if isinstance(event, OrderRejected)]
    assert rejected.policy == "max_bar_age_seconds"
    assert (rejected.figures["symbol"], rejected.figures["limit"]) == ("A/USD", "120")
    assert script.statuses() == ["rejected", "filled"]


def test_no_position_is_opened_for_a_while_after_a_loss() -> None:
    buy: Step = lambda ctx: ctx.buy(1)  # noqa: E731
    steps: dict[int, Step] = {0: buy, 1: lambda ctx: ctx.close(), 2: buy, 3: buy, 4: buy}
    script, _, rejected = limited(steps, [*flat(100, 2), *flat(90, 5)], cooldown_after_loss_seconds=120)
    # the loss is made at minute 2; the orders are decided at minutes 3, 4 and 5
    assert script.statuses() == ["filled", "filled", "rejected", "filled", "filled"]
    assert rejected[0].policy == "cooldown_after_loss_seconds"
    assert rejected[0].figures == {
        "pnl": "-10",
        "closed_at": "2025-01-01T00:02:00Z",
        "passed_seconds": "60",
        "limit": "120",
    }


HALTS = [({"max_drawdown": Decimal("0.1")}, "max_drawdown"), ({"max_daily_loss": Decimal(100)}, "max_daily_loss")]


@pytest.mark.parametrize("flatten", [False, True])
@pytest.mark.parametrize(("limits", "policy"), HALTS)
def test_a_run_that_loses_too_much_is_halted_once(limits: dict[str, Any], policy: str, flatten: bool) -> None:
    again: Step = lambda ctx: ctx.buy(1)  # noqa: E731
    steps: dict[int, Step] = {0: lambda ctx: (ctx.buy(5), ctx.buy(1, limit=50)), 3: again, 4: again}
    rows = [*flat(100, 2), *flat(75, 2), *flat(40), *flat(110, 2)]
    script, events, rejected = limited(steps, rows, cash="1000", flatten_on_halt=flatten, **limits)
    (halted,) = [event for event in events if isinstance(event, RiskHalted)]
    assert (halted.policy, halted.at) == (policy, minute(3))
    assert halted.figures["equity"] == "875"
    assert script.statuses() == ["filled", "cancelled", "rejected", "rejected"]
    (cancelled,) = [event for event in events if isinstance(event, OrderCancelled)]
    assert (cancelled.at, cancelled.reason) == (minute(3), f"trading is halted: {halted.message}")
    assert [one.policy for one in rejected] == ["halt"] * 2
    assert all(one.figures["halted_by"] == policy for one in rejected)
    # the limit at 50 never fills although the market falls to 40; what is held is closed only where that was asked for
    assert quantities(events) == ([5, 5] if flatten else [5])
    if flatten:
        assert facts(events, "side", "price", "at")[-1] == ("sell", 75, minute(3))


def test_a_halt_that_flattens_closes_every_symbol_long_or_short() -> None:
    script = Script({0: lambda ctx: (ctx.buy(5, "A/USD"), ctx.sell(3, "B/USD"))})
    a, b = (bars(*flat(100, 2), *flat(price, 3), symbol=symbol) for symbol, price in (("A/USD", 60), ("B/USD", 100)))
    limits = RiskLimits(max_drawdown=Decimal("0.1"), flatten_on_halt=True)
    session, events = trade(script, a, b, cash="1000", risk=limits, account=MARGIN)
    assert facts(events, "symbol", "side", "qty")[2:] == [("A/USD", "sell", 5), ("B/USD", "buy", 3)]
    assert session.portfolio.positions() == ()
    assert [event.tag for event in events if isinstance(event, OrderCreated)][2:] == ["flatten", "flatten"]


def test_a_halt_that_flattens_closes_fractions_of_shares_at_alpaca() -> None:
    days = {"SPY": sessions((0, 60), (60, 120))}
    script = Script({0: lambda ctx: ctx.buy("1.5", tif="day")})
    limits = RiskLimits(max_drawdown=Decimal("0.1"), flatten_on_halt=True)
    market = bars(*flat(100, 2), *flat(60, 3), symbol="SPY")
    session, events = trade(script, market, cash="200", risk=limits, venue="alpaca", sessions=days)
    assert [event.reason for event in events if isinstance(event, OrderRejected)] == []
    assert session.portfolio.positions() == ()


def test_a_halt_that_flattens_closes_positions_above_the_venues_largest_order() -> None:
    steps: dict[int, Step] = {0: lambda ctx: (ctx.buy(1500), ctx.buy(1500))}
    limits = RiskLimits(max_drawdown=Decimal("0.1"), flatten_on_halt=True)
    session, events = trade(
        Script(steps), bars(*flat(100, 2), *flat(80, 3)), cash="310000", risk=limits, venue="alpaca", commission_bps="0"
    )
    assert [event.reason for event in events if isinstance(event, OrderRejected)] == []
    assert session.portfolio.positions() == ()


def test_legs_pass_the_same_policies_and_the_stop_comes_first() -> None:
    steps: dict[int, Step] = {0: lambda ctx: ctx.buy(1, take_profit=110, stop_loss=90)}
    _, events, rejected = limited(steps, [*flat(100, 2), (100, 120, 80, 100)], max_open_orders=1)
    assert [one.policy for one in rejected] == ["max_open_orders"]
    assert [leg.leg for leg in legs(events)] == [1, 2]
    assert fills(events)[-1].price == 90, "the stop works; the profit was one order too many"


def test_a_rejected_order_does_not_count_as_placed() -> None:
    steps: dict[int, Step] = {0: lambda ctx: (ctx.buy(9), ctx.buy(1))}
    limits = {"max_order_notional": Decimal(100), "max_orders_per_minute": 1}
    script, _, _ = limited(steps, flat(100, 2), **limits)
    assert script.statuses() == ["rejected", "filled"]


def test_an_order_the_account_cannot_carry_does_not_count_as_placed() -> None:
    script, _, rejected = limited(
        {0: lambda ctx: (ctx.buy(9), ctx.buy(1))}, flat(100, 2), cash="100", max_orders_per_minute=1
    )
    assert script.statuses() == ["rejected", "filled"]
    assert [one.policy for one in rejected] == [None]


def test_without_limits_nothing_is_refused_and_nothing_halts() -> None:
    script, events, rejected = limited({0: lambda ctx: ctx.buy(5)}, [*flat(100, 2), *flat(1, 3)])
    assert (script.statuses(), rejected) == (["filled"], [])
    assert not [event for event in events if isinstance(event, RiskHalted)]

"""What an account carries: reservations of a cash account, buying power and margin calls of one with leverage."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from domain.order import OrderCreated
from domain.risk import RiskHalted
from domain.run import AccountSettings, CostSettings
from domain.strategy import Context
from tests.scripted import Script, Step, bars, decimals, fills, flat, minute, prices, quantities, reasons
from tests.trading import MARGIN, trade


def ending(steps: Mapping[int, Step], *rows: Any, **settings: Any) -> list[str]:
    """Return how the placed orders ended."""
    script = Script(steps)
    trade(script, bars(*rows), **settings)
    return script.statuses()


def cleared(ctx: Context, *, first_only: bool = False) -> Context:
    """Return the context once its working orders, or the oldest of them, are cancelled."""
    for order in ctx.orders()[: 1 if first_only else None]:
        ctx.cancel(order.id)
    return ctx


BUYS = [
    # cash 100, price 10
    (lambda ctx: ctx.buy(10), True),
    (lambda ctx: ctx.buy("10.000000001"), False),
    (lambda ctx: ctx.buy(12, limit=8), True),
    (lambda ctx: ctx.buy(13, limit=8), False),
    (lambda ctx: ctx.buy(9, stop=11), True),
    (lambda ctx: ctx.buy(10, stop=11), False),
    (lambda ctx: ctx.buy(8, stop=11, limit=12), True),
    (lambda ctx: ctx.buy(9, stop=11, limit=12), False),
    (lambda ctx: ctx.buy(10, trail=1), True),
]


@pytest.mark.parametrize(("place", "taken"), BUYS)
def test_a_buy_reserves_its_limit_else_its_stop_else_the_last_close(place: Step, taken: bool) -> None:
    script = Script({0: place})
    _, events = trade(script, bars(*flat(10, 2)), cash="100")
    assert reasons(events) == [] if taken else "insufficient cash" in reasons(events)[0]
    assert script.heard == ([] if taken else ["rejected"])


def test_reservations_add_up_over_symbols_and_name_what_is_free() -> None:
    script = Script({0: lambda ctx: (ctx.buy(6, "A/USD", limit=9), ctx.buy(6, "B/USD"))})
    _, events = trade(script, bars(*flat(10, 2), symbol="A/USD"), bars(*flat(10, 2), symbol="B/USD"), cash="100")
    assert reasons(events) == ["insufficient cash: about 60 needed, 46 free"]


RELEASES: list[tuple[str, dict[int, Step], dict[str, Any]]] = [
    ("cancel", {0: lambda ctx: ctx.buy(10, limit=10), 1: lambda ctx: ctx.cancel_all()}, {}),
    ("price improvement", {0: lambda ctx: ctx.buy(5, limit=20)}, {}),
    ("immediate", {0: lambda ctx: ctx.buy(10, limit=10, tif="ioc")}, {}),
]


@pytest.mark.parametrize(("steps", "settings"), [row[1:] for row in RELEASES], ids=[row[0] for row in RELEASES])
def test_cash_is_free_again_once_an_order_has_ended(steps: dict[int, Step], settings: dict[str, Any]) -> None:
    script = Script({**steps, 2: lambda ctx: ctx.buy((ctx.cash / 11).quantize(Decimal("1e-9"), "ROUND_DOWN"))})
    trade(script, bars(*flat(11, 5)), cash="110", **settings)
    assert script.statuses()[-1] == "filled"


def test_a_partial_fill_keeps_back_what_remains_only() -> None:
    rows = [(10, 10, 10, 10, 40)] * 3
    # 4 of 10 are bought at 10: 60 of 100 are left, all of them kept for the other 6
    script = Script({0: lambda ctx: ctx.buy(10), 1: lambda ctx: (ctx.buy(1), cleared(ctx).buy(6))})
    session, events = trade(script, bars(*rows), cash="100", volume_cap="10")
    assert reasons(events) == ["insufficient cash: about 10 needed, 0 free"]
    assert script.statuses() == ["cancelled", "rejected", "cancelled"]
    assert quantities(events) == [4, 4]
    assert session.cash == 20


def test_sells_reserve_units_and_give_them_back() -> None:
    def sell_twice(ctx: Context) -> object:
        first, second = ctx.sell(1, limit=20), ctx.sell("0.5")
        ctx.cancel(first.id)
        return first, second, ctx.sell(1)

    script = Script({0: lambda ctx: ctx.buy(1), 1: sell_twice})
    session, events = trade(script, bars(*flat(10, 3)))
    assert script.statuses() == ["filled", "cancelled", "rejected", "filled"]
    assert reasons(events) == ["insufficient BTC/USD: 0.5 ordered, 0 free to sell"]
    assert session.cash == 100_000


def test_a_pair_reserves_its_units_once_and_all_of_them() -> None:
    def leave(ctx: Context) -> object:
        exits = ctx.exit(take_profit=20, stop_loss=5)
        return *exits, ctx.sell(1)

    script = Script({0: lambda ctx: ctx.buy(2), 1: leave, 2: lambda ctx: cleared(ctx).close()})
    session, _ = trade(script, bars(*flat(10, 5)))
    assert script.statuses() == ["filled", "cancelled", "cancelled", "rejected", "filled"]
    assert not session.position("BTC/USD")


def test_cancelling_the_first_of_a_pair_keeps_its_units_for_the_second() -> None:
    steps: dict[int, Step] = {
        0: lambda ctx: ctx.buy(2),
        1: lambda ctx: ctx.exit(take_profit=20, stop_loss=5),
        2: lambda ctx: cleared(ctx, first_only=True).sell(2),
        3: lambda ctx: cleared(ctx).sell(2),
    }
    assert ending(steps, *flat(10, 6)) == ["filled", "cancelled", "cancelled", "rejected", "filled"]


def test_a_pair_filled_in_part_reserves_what_is_left() -> None:
    rows = [(10, 10, 10, 10, 1e6)] * 2 + [(10, 21, 10, 10, 10), (10, 10, 10, 10, 1e6), (10, 10, 10, 10, 1e6)]
    steps: dict[int, Step] = {
        0: lambda ctx: ctx.buy(2),
        1: lambda ctx: ctx.exit(take_profit=20, stop_loss=5),
        2: lambda ctx: (ctx.sell(1), cleared(ctx).sell(1))[1],
    }
    script = Script(steps)
    session, events = trade(script, bars(*rows), volume_cap="10")
    assert reasons(events) == ["insufficient BTC/USD: 1 ordered, 0 free to sell"]
    assert quantities(events) == [2, 1, 1]
    assert not session.position("BTC/USD")


def test_the_fee_of_a_sale_never_takes_cash_below_zero() -> None:
    steps: dict[int, Step] = {0: lambda ctx: ctx.buy("9.5"), 1: lambda ctx: ctx.sell("0.01")}
    costs = CostSettings(commission_per_order=Decimal(5))
    session, _ = trade(Script(steps), bars(*flat(10, 4)), cash="100", costs=costs)
    assert session.cash >= 0


def test_a_fee_taken_in_base_needs_no_cash() -> None:
    costs = CostSettings(commission_bps=Decimal(25), fee_in_base=True)
    assert ending({0: lambda ctx: ctx.buy(10)}, *flat(10, 2), cash="100", costs=costs) == ["filled"]


# A margin account.


def test_a_margin_account_sells_short_and_buys_back() -> None:
    steps: dict[int, Step] = {0: lambda ctx: ctx.sell(5), 2: lambda ctx: ctx.close()}
    session, events = trade(Script(steps), bars(*flat(100, 2), *flat(90, 2)), account=MARGIN)
    assert prices(events) == [100, 90]
    assert session.cash == 100_050
    (trade_made,) = session.portfolio.trades
    assert trade_made.side == "short"
    assert [trade_made.qty, trade_made.pnl] == [5, 50]


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize(("qty", "status"), [(20, "filled"), ("20.000000001", "rejected")])
def test_positions_are_opened_up_to_equity_times_leverage(side: str, qty: Any, status: str) -> None:
    place: Callable[[Context], object] = lambda ctx: (ctx.buy if side == "buy" else ctx.sell)(qty)  # noqa: E731
    assert ending({0: place}, *flat(100, 2), cash="1000", account=MARGIN) == [status]


def test_working_orders_and_positions_use_up_buying_power() -> None:
    def probe(ctx: Context) -> object:
        # 2000 of power, 1000 held, 300 kept for the limit; of the sale only 7 of 17 would open
        ctx.buy(6, limit=50)
        ctx.buy("7.1")
        ctx.sell(17, limit=101)
        ctx.cancel_all()
        return ctx.buy(10)

    script = Script({0: lambda ctx: ctx.buy(10), 1: probe})
    _, events = trade(script, bars(*flat(100, 3)), cash="1000", account=MARGIN)
    assert reasons(events) == [
        "insufficient buying power: about 710 needed, 700 free",
        "insufficient buying power: about 707 needed, 700 free",
    ]
    assert script.statuses() == ["filled", "filled"]


def test_what_reduces_a_position_is_always_carried() -> None:
    # at a price of 130 the short is worth more than equity x leverage allows: it can still be reduced
    steps: dict[int, Step] = {0: lambda ctx: ctx.sell(18), 2: lambda ctx: ctx.buy(1), 3: lambda ctx: ctx.sell(1)}
    none = AccountSettings("margin", Decimal(2), Decimal(0))
    rows = [*flat(100, 2), *flat(130, 4)]
    assert ending(steps, *rows, cash="1000", account=none) == ["filled", "filled", "rejected"]


def test_a_flip_is_two_trades() -> None:
    steps: dict[int, Step] = {0: lambda ctx: ctx.buy(5), 1: lambda ctx: ctx.sell(8), 2: lambda ctx: ctx.buy(3)}
    session, events = trade(Script(steps), bars(*flat(100, 2), *flat(110, 1), *flat(105, 1)), account=MARGIN)
    assert quantities(events) == [5, 8, 3]
    made = session.portfolio.trades
    assert [one.side for one in made] == ["long", "short"]
    assert [(one.qty, one.pnl) for one in made] == [tuple(decimals(5, 50)), tuple(decimals(3, 15))]


def test_target_below_zero_is_a_short_position() -> None:
    steps: dict[int, Step] = {0: lambda ctx: ctx.target(3), 1: lambda ctx: ctx.target(-2)}
    session, events = trade(Script(steps), bars(*flat(100, 3)), account=MARGIN)
    assert quantities(events) == [3, 5]
    assert session.position("BTC/USD").quantity == -2


def test_a_gap_beyond_the_buying_power_rejects_the_order_at_its_fill() -> None:
    script = Script({0: lambda ctx: ctx.buy(20)})
    _, events = trade(script, bars(*flat(100), *flat(101)), cash="1000", account=MARGIN)
    assert reasons(events) == ["insufficient buying power: 2020 needed at the fill, 2000 there"]
    assert script.heard == ["rejected"]


@pytest.mark.parametrize(("qty", "crash"), [(20, 60), (-20, 135)], ids=["long", "short"])
def test_a_margin_call_halts_the_run_cancels_its_orders_and_closes_everything(qty: int, crash: float) -> None:
    steps: dict[int, Step] = {
        0: lambda ctx: (ctx.target(qty), ctx.buy("0.1", limit=1)),
        3: lambda ctx: ctx.buy(1),
        5: lambda ctx: ctx.buy(1),
    }
    script = Script(steps)
    session, events = trade(script, bars(*flat(100, 2), *flat(crash, 5)), cash="1001", account=MARGIN)
    (halted,) = [event for event in events if isinstance(event, RiskHalted)]
    assert (halted.policy, halted.at) == ("margin_call", minute(3))
    assert set(halted.figures) == {"equity", "positions"}
    assert "margin call: equity" in halted.message
    assert not session.position("BTC/USD")
    flattened = [event for event in events if isinstance(event, OrderCreated) and event.tag == "flatten"]
    assert [one.at for one in flattened] == [minute(3)]
    assert [one.qty for one in flattened] == [20]
    assert fills(events)[-1].at == minute(3)
    assert [str(one.status) for one in script.placed[1:]] == ["cancelled", "rejected", "rejected"]
    assert all(reason.startswith("trading is halted: margin call") for reason in reasons(events))


def test_crypto_at_alpaca_cannot_be_sold_short() -> None:
    script = Script({0: lambda ctx: ctx.sell(1), 1: lambda ctx: ctx.buy(2), 2: lambda ctx: ctx.sell(3)})
    _, events = trade(script, bars(*flat(100, 4)), account=MARGIN, venue="alpaca")
    assert script.statuses() == ["rejected", "filled", "rejected"]
    assert reasons(events) == ["BTC/USD cannot be sold short at alpaca"] * 2


def test_fractions_of_shares_at_alpaca_cannot_be_sold_short_but_whole_shares_can() -> None:
    script = Script({0: lambda ctx: (ctx.sell(1), ctx.sell(2, tag="whole"))})
    market = bars(*flat(100, 3), symbol="SPY")
    trade(script, market, account=MARGIN, venue="alpaca")
    assert script.statuses() == ["filled", "filled"]


def test_decimals_of_cash_are_kept_to_eight_places() -> None:
    session, _ = trade(Script({0: lambda ctx: ctx.buy("0.333333333")}), bars(*flat(0.1, 2)), commission_bps="7")
    assert session.cash == decimals("99999.96664334")[0]


@pytest.mark.parametrize("close", [100, 80, 120])
def test_whether_an_open_can_be_carried_does_not_depend_on_how_its_bar_goes_on(close: float) -> None:
    steps: dict[int, Step] = {0: lambda ctx: ctx.buy(10), 1: lambda ctx: ctx.buy(10)}
    rows = [*flat(100, 2), (100, max(close, 100), min(close, 100), close)]
    assert ending(steps, *rows, cash="1000", account=MARGIN) == ["filled", "filled"]

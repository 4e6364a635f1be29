"""Exits in pairs: a bracket's legs, ctx.exit, and bars that would fill both."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from domain.errors import StrategyFault
from domain.events import Event
from domain.order import OrderCancelled, OrderCreated, OrderExpired, OrderFill
from domain.run import CostSettings
from domain.strategy import Context
from tests.scripted import Row, Script, Step, bars, decimals, facts, fills, flat, legs, minute, quantities, sessions
from tests.trading import MARGIN, trade

HALF = Decimal("0.5")


def bracket(side: str, qty: Any = 1, **figures: Any) -> Step:
    """A bracket of stop and profit ten away from 100."""
    low, high = figures.pop("low", 90), figures.pop("high", 110)
    stop, profit = (low, high) if side == "buy" else (high, low)

    def step(ctx: Context) -> object:
        return (ctx.buy if side == "buy" else ctx.sell)(qty, take_profit=profit, stop_loss=stop, **figures)

    return step


def seen(events: list[Event]) -> list[tuple[Any, ...]]:
    """Return minute, side, price and ambiguity of each execution."""
    return [((fill.at - minute(0)).seconds // 60, fill.side, fill.price, fill.ambiguous) for fill in fills(events)]


# the bars after an entry that fills at the open of bar 1 at 100 -> the exit's bar and price, and ambiguous
EXITS = [
    ("buy", [(100, 111, 95, 110)], (1, 110, False)),  # the legs see the bar their entry opened in
    ("buy", [(100, 105, 89, 90)], (1, 90, False)),
    ("buy", [(100, 111, 89, 100)], (1, 90, True)),  # both: the stop first, and said so
    ("buy", [(100, 110, 91, 100), (100, 110.01, 99, 105)], (2, 110, False)),  # a profit that was touched waits
    ("buy", [(100, 105, 95, 100), (85, 86, 84, 85)], (2, 85, False)),  # gap down: the stop at the open
    ("buy", [(100, 105, 95, 100), (115, 116, 80, 85)], (2, 115, False)),  # gap up: the profit at the open, known first
    ("buy", [(100, 105, 95, 100), (110, 111, 80, 85)], (2, 110, False)),  # opens exactly at the profit
    ("buy", [(100, 105, 95, 100), (90, 120, 89, 115)], (2, 90, False)),  # opens exactly at the stop
    ("buy", [(100, 105, 95, 100), (100, 120, 80, 100)], (2, 90, True)),
    ("buy", [(100, 105, 95, 100), (100, 110, 90, 100)], (2, 90, False)),  # the profit was touched only
    ("sell", [(100, 105, 89, 90)], (1, 90, False)),
    ("sell", [(100, 111, 95, 110)], (1, 110, False)),
    ("sell", [(100, 111, 89, 100)], (1, 110, True)),
    ("sell", [(100, 105, 95, 100), (115, 116, 114, 115)], (2, 115, False)),
    ("sell", [(100, 105, 95, 100), (85, 120, 84, 115)], (2, 85, False)),
    ("sell", [(100, 105, 95, 100), (90, 120, 84, 115)], (2, 90, False)),
    ("sell", [(100, 105, 95, 100), (110, 111, 80, 85)], (2, 110, False)),
    ("sell", [(100, 105, 95, 100), (100, 120, 80, 100)], (2, 110, True)),
]
LEAVE = {"buy": "sell", "sell": "buy"}


@pytest.mark.parametrize(("side", "rows", "answer"), EXITS)
def test_a_brackets_exit(side: str, rows: list[Row], answer: tuple[int, float, bool]) -> None:
    _, events = trade(Script({0: bracket(side)}), bars(*flat(100), *rows), account=MARGIN)
    assert seen(events) == [(1, side, 100, False), (answer[0], LEAVE[side], answer[1], answer[2])]
    assert sum(isinstance(event, OrderCancelled) for event in events) == 1, "the other leg is cancelled"


@pytest.mark.parametrize(("side", "rows", "answer"), EXITS)
def test_an_exit_placed_around_a_position_fills_as_a_brackets_does(
    side: str, rows: list[Row], answer: tuple[int, float, bool]
) -> None:
    if len(rows) == 1:
        rows = [(100, 105, 95, 100), *rows]
        answer = (2, *answer[1:])
    stop, profit = (90, 110) if side == "buy" else (110, 90)
    steps: dict[int, Step] = {
        0: lambda ctx: (ctx.buy if side == "buy" else ctx.sell)(1),
        1: lambda ctx: ctx.exit(take_profit=profit, stop_loss=stop),
    }
    script = Script(steps)
    session, events = trade(script, bars(*flat(100), *rows), account=MARGIN)
    assert seen(events)[1:] == [(answer[0], LEAVE[side], answer[1], answer[2])]
    assert sorted(script.statuses()) == ["cancelled", "filled", "filled"]
    assert not session.position("BTC/USD")


@pytest.mark.parametrize(
    ("side", "row"), [("buy", (103, 115, 80, 100)), ("sell", (97, 115, 85, 100))], ids=["long", "short"]
)
def test_an_entry_filled_inside_a_bar_leaves_its_exits_to_later_bars(side: str, row: Row) -> None:
    # the entry's limit of 100 is traded through by a bar that also reaches both exits: what came first is unknown
    rows = [row, (100, 104, 96, 100), (100, 111, 89, 100)]
    _, events = trade(
        Script({0: bracket(side, limit=100)}), bars(*flat(103 if side == "buy" else 97), *rows), account=MARGIN
    )
    stop = 90 if side == "buy" else 110
    assert seen(events) == [(1, side, 100, False), (3, LEAVE[side], stop, True)]


def test_an_entry_beyond_its_own_stop_leaves_at_the_same_open() -> None:
    _, events = trade(Script({0: bracket("buy")}), bars(*flat(100), (85, 86, 84, 85)))
    assert seen(events) == [(1, "buy", 85, False), (1, "sell", 85, False)]


@pytest.mark.parametrize(("figures", "number"), [({"stop_loss": 90}, 1), ({"take_profit": 110}, 2)])
def test_a_single_leg_is_placed_alone(figures: dict[str, Any], number: int) -> None:
    script = Script({0: lambda ctx: ctx.buy(1, **figures)})
    _, events = trade(script, bars(*flat(100), (100, 100, 100, 100), (100, 120, 80, 100)))
    (leg,) = legs(events)
    assert (leg.leg, leg.parent_id, leg.sequence) == (number, script.placed[0].id, 1)
    assert seen(events)[1][2:] == (next(iter(figures.values())), False)


def test_an_entry_that_never_fills_has_no_legs() -> None:
    _, events = trade(Script({0: bracket("buy", limit=95)}), bars(*flat(100, 3)))
    assert legs(events) == []
    assert fills(events) == []


def test_the_legs_of_an_entry_filled_over_several_bars_are_of_its_whole_quantity() -> None:
    rows = [(100, 101, 99, 100, 40), (100, 101, 99, 100, 40), (100, 101, 99, 100, 40), (100, 120, 99, 100, 1000)]
    _, events = trade(Script({0: bracket("buy", 10)}), bars((100, 100, 100, 100, 40), *rows), volume_cap="10")
    assert quantities(events) == [4, 4, 2, 10]
    assert {leg.qty for leg in legs(events)} == {Decimal(10)}


def test_cancelling_a_partly_filled_entry_leaves_legs_of_what_was_filled() -> None:
    rows = [(100, 101, 99, 100, 40), (100, 101, 99, 100, 40), (100, 101, 85, 90, 1000)]
    steps: dict[int, Step] = {0: bracket("buy", 10), 1: lambda ctx: ctx.cancel(ctx.orders()[0].id)}
    session, events = trade(Script(steps), bars(*rows[:2], *rows[1:]), volume_cap="10")
    assert [leg.qty for leg in legs(events)] == [4, 4]
    assert quantities(events) == [4, 4]
    assert not session.position("BTC/USD")


def test_the_rest_of_an_ioc_entry_is_cancelled_and_what_was_filled_is_protected() -> None:
    rows = [(100, 101, 99, 100, 40), (100, 101, 99, 100, 40), (100, 101, 85, 90, 1000)]
    session, events = trade(Script({0: bracket("buy", 10, tif="ioc")}), bars(*rows), volume_cap="10")
    assert [leg.qty for leg in legs(events)] == [4, 4]
    assert seen(events)[-1][1:3] == ("sell", 90)
    assert not session.position("BTC/USD")


def test_the_legs_of_an_ioc_entry_see_its_bar_though_the_entry_took_all_the_volume() -> None:
    rows = [(100, 100, 100, 100, 40), (100, 101, 85, 90, 1000), (120, 120, 120, 120, 1000)]
    _, events = trade(Script({0: bracket("buy", 200, tif="ioc")}), bars(*rows), volume_cap="10")
    assert quantities(events)[0] == 100
    assert seen(events)[1][1:3] == ("sell", 120), "reached inside that bar, filled where there was volume again"


def test_a_fee_taken_in_base_is_not_sold_by_the_legs() -> None:
    costs = CostSettings(commission_bps=Decimal(25), fee_in_base=True)
    session, events = trade(
        Script({0: bracket("buy", 2)}), bars(*flat(100, 2), (100, 120, 99, 110)), costs=costs, cash="1000"
    )
    entry, leave = fills(events)
    assert entry.base_fee == Decimal("0.005")
    assert [leg.qty for leg in legs(events)] == decimals("1.995", "1.995")
    assert leave.qty == Decimal("1.995")
    assert not session.position("BTC/USD")


@pytest.mark.parametrize("cancelled", [0, 1], ids=["the stop", "the profit"])
def test_cancelling_one_of_a_pair_leaves_the_other_working(cancelled: int) -> None:
    steps: dict[int, Step] = {
        0: lambda ctx: ctx.buy(1),
        1: lambda ctx: ctx.exit(take_profit=110, stop_loss=90),
        2: lambda ctx: ctx.cancel(ctx.orders()[cancelled].id),
    }
    script = Script(steps)
    session, events = trade(script, bars(*flat(100, 3), (100, 111, 89, 100)))
    assert fills(events)[1].price == (110, 90)[cancelled]
    assert not fills(events)[1].ambiguous, "only one was left to fill"
    assert script.statuses()[1:] == (["cancelled", "filled"] if cancelled == 0 else ["filled", "cancelled"])
    assert not session.position("BTC/USD")


def test_the_two_of_a_pair_sell_the_position_once_when_both_fill_in_part() -> None:
    rows = [(100, 100, 100, 100, 1e6)] * 2 + [(100, 111, 99, 105, 40), (100, 101, 85, 90, 1e6)]
    steps: dict[int, Step] = {0: lambda ctx: ctx.buy(10), 1: lambda ctx: ctx.exit(take_profit=110, stop_loss=90)}
    script = Script(steps)
    session, events = trade(script, bars(*rows), volume_cap="10")
    assert facts(events, "qty", "price")[1:] == [(4, 110), (6, 90)]
    assert not session.position("BTC/USD")
    assert [str(handle.status) for handle in script.placed[1:]] == ["cancelled", "cancelled"]
    assert [handle.filled_quantity for handle in script.placed[1:]] == [6, 4]


@pytest.mark.parametrize(
    ("enter", "exits"),
    [
        (lambda ctx: ctx.buy(1), {"take_profit": 90, "stop_loss": 110}),
        (lambda ctx: ctx.sell(1), {"take_profit": 110, "stop_loss": 90}),
    ],
    ids=["long", "short"],
)
def test_an_exit_the_wrong_way_round_is_refused(enter: Callable[[Context], object], exits: dict[str, Any]) -> None:
    steps: dict[int, Step] = {0: enter, 1: lambda ctx: ctx.exit(**exits)}
    with pytest.raises(StrategyFault, match=r"OrderRefused: .*the wrong way round"):
        trade(Script(steps), bars(*flat(100, 4)), account=MARGIN)


def test_exits_may_be_of_a_part_of_the_position() -> None:
    steps: dict[int, Step] = {
        0: lambda ctx: ctx.buy(2),
        1: lambda ctx: ctx.exit(take_profit=110, stop_loss=90, quantity=HALF, tag="part"),
    }
    session, events = trade(Script(steps), bars(*flat(100, 2), (100, 101, 89, 90)))
    assert session.position("BTC/USD").quantity == Decimal("1.5")
    assert [event.tag for event in events if isinstance(event, OrderCreated)][1:] == ["part", "part"]


def test_no_leg_is_created_later_than_it_fills() -> None:
    _, events = trade(Script({0: bracket("buy")}), bars(*flat(100), (100, 111, 95, 110)))
    created = {event.client_order_id: event.at for event in events if isinstance(event, OrderCreated)}
    for fill in fills(events):
        assert created[fill.execution_id.rpartition("-")[0]] <= fill.at


def test_the_legs_of_a_day_order_end_with_the_session_it_was_filled_in() -> None:
    days = {"SPY": sessions((0, 1440), (1440, 2880), (2880, 4320), (4320, 5760))}
    market = bars(*flat(100, 4), symbol="SPY", timeframe="1d")
    _, events = trade(Script({0: bracket("buy", tif="day")}), market, sessions=days)
    assert [fill.at for fill in fills(events)] == [minute(1440)]
    assert [event.at for event in events if isinstance(event, OrderExpired)] == [minute(2880)] * 2


def test_strategies_hear_of_both_exits() -> None:
    heard: list[tuple[str, object]] = []

    class Listening(Script):
        def on_fill(self, ctx: Context, fill: OrderFill) -> None:
            heard.append((fill.side, fill.price))

    script = Listening({0: bracket("buy")})
    trade(script, bars(*flat(100, 2), (100, 111, 99, 105)))
    assert heard == [("buy", 100), ("sell", 110)]
    assert script.heard == ["cancelled"]

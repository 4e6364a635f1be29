"""Order types at work over several bars: gaps, carried levels, and what can be filled at once only."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from domain.order import OrderCancelled, OrderCreated, OrderFill, OrderFilled
from domain.strategy import Context
from tests.scripted import Row, Script, Step, bars, decimals, facts, fills, flat, minute, prices, quantities
from tests.trading import MARGIN, trade

BEFORE = flat(100)


def asked(side: str, qty: float = 1, **figures: Any) -> Step:
    def step(ctx: Context) -> object:
        return (ctx.buy if side == "buy" else ctx.sell)(qty, **figures)

    return step


def run(side: str, figures: dict[str, Any], rows: Sequence[Row], **settings: Any) -> tuple[Script, list[OrderFill]]:
    """Place the order at the close of a bar at 100, then trade these bars; a margin account, so that sells open."""
    script = Script({0: asked(side, **figures)})
    _, events = trade(script, bars(*BEFORE, *rows), account=MARGIN, **settings)
    return script, fills(events)


# side, order, the bars after it, the number of the bar that fills it (from 1) and the price; None: it stays open
GAPS = [
    ("buy", {"limit": 95}, [(90, 92, 88, 91)], (1, 90)),
    ("buy", {"limit": 95}, [(110, 112, 108, 111)], None),
    ("sell", {"limit": 105}, [(110, 112, 108, 111)], (1, 110)),
    ("sell", {"limit": 105}, [(90, 92, 88, 91)], None),
    ("buy", {"stop": 105}, [(110, 112, 108, 111)], (1, 110)),
    ("buy", {"stop": 105}, [(90, 92, 88, 91)], None),
    ("sell", {"stop": 95}, [(90, 92, 88, 91)], (1, 90)),
    ("sell", {"stop": 95}, [(110, 112, 108, 111)], None),
    ("buy", {"stop": 105, "limit": 111}, [(110, 112, 108, 111)], (1, 110)),
    ("buy", {"stop": 105, "limit": 106}, [(110, 112, 108, 111), (108, 109, 105, 107)], (2, 106)),
    ("buy", {"stop": 105, "limit": 106}, [(90, 92, 88, 91)], None),
    ("sell", {"stop": 95, "limit": 89}, [(90, 92, 88, 91)], (1, 90)),
    ("sell", {"stop": 95, "limit": 94}, [(90, 92, 88, 91), (92, 95, 91, 93)], (2, 94)),
    ("sell", {"stop": 95, "limit": 94}, [(110, 112, 108, 111)], None),
    ("buy", {"trail": 5}, [(110, 112, 108, 111)], (1, 110)),
    ("buy", {"trail": 5}, [(90, 92, 88, 91), (92, 94, 91, 93)], (2, 93)),
    ("sell", {"trail": 5}, [(90, 92, 88, 91)], (1, 90)),
    ("sell", {"trail": 5}, [(110, 112, 108, 111), (110, 110, 106, 107)], (2, 107)),
    ("buy", {"trail_percent": 10}, [(112, 113, 111, 112)], (1, 112)),
    ("buy", {"trail_percent": 10}, [(85, 87, 80, 86), (86, 89, 85, 88)], (2, 88)),
    ("sell", {"trail_percent": 10}, [(85, 87, 80, 86)], (1, 85)),
    ("sell", {"trail_percent": 10}, [(110, 120, 109, 118), (118, 119, 107, 108)], (2, 108)),
]


@pytest.mark.parametrize(("side", "figures", "rows", "answer"), GAPS)
def test_what_a_gap_does_to_an_order(
    side: str, figures: dict[str, Any], rows: list[Row], answer: tuple[int, float] | None
) -> None:
    script, found = run(side, figures, rows)
    if answer is None:
        assert found == []
        assert script.statuses() == ["cancelled"], "what is open at the end of a run is cancelled"
    else:
        assert [(fill.at, fill.price) for fill in found] == [(minute(answer[0]), Decimal(str(answer[1])))]
        assert script.statuses() == ["filled"]


def test_a_limit_waits_until_it_is_traded_through() -> None:
    touched, through = (100, 101, 95, 100), (100, 101, 94.99, 100)
    _, found = run("buy", {"limit": 95}, [touched, touched, through, through])
    assert [(fill.at, fill.price) for fill in found] == [(minute(3), Decimal(95))]


def test_the_limit_of_a_stop_limit_triggered_inside_a_bar_sees_only_later_bars() -> None:
    # the first bar reaches the stop and trades far through the limit: which came first is unknown
    _, found = run("buy", {"stop": 105, "limit": 106}, [(100, 110, 90, 100), (104, 104, 103, 103)])
    assert [(fill.at, fill.price) for fill in found] == [(minute(2), Decimal(104))]


def test_a_trailing_stop_carries_its_level_from_bar_to_bar() -> None:
    rows = [(100, 104, 96, 103), (103, 110, 100, 109), (109, 109, 106, 106), (106, 108, 105, 105)]
    script, found = run("sell", {"trail": 5}, rows)
    assert [(fill.at, fill.price) for fill in found] == [(minute(4), Decimal(105))]
    assert script.placed[0].stop == 105


def test_the_handle_of_a_trailing_stop_shows_where_it_stands_now() -> None:
    seen: list[Decimal | None] = []

    def look(ctx: Context) -> None:
        seen.append(ctx.orders()[0].stop)

    def begin(ctx: Context) -> None:
        ctx.sell(1, trail_percent=10)
        look(ctx)

    script = Script({0: begin, 1: look, 2: look})
    trade(script, bars(*BEFORE, (100, 110, 99, 110), (110, 110, 105, 106)), account=MARGIN)
    assert seen == [90, 99, 99]


def test_a_market_order_of_a_flat_market_fills_at_its_price() -> None:
    _, found = run("buy", {}, flat(100))
    assert [fill.price for fill in found] == [100]


@pytest.mark.parametrize(
    ("figures", "row", "liquidity"),
    [
        ({}, (100, 101, 99, 100), "taker"),
        ({"limit": 101}, (100, 101, 99, 100), "taker"),  # marketable when it was placed
        ({"limit": 95}, (100, 101, 94, 100), "maker"),
        ({"stop": 105}, (100, 106, 99, 100), "taker"),
    ],
)
def test_what_takes_liquidity_and_what_rests(figures: dict[str, Any], row: Row, liquidity: str) -> None:
    _, (fill,) = run("buy", figures, [row])
    assert fill.liquidity == liquidity


def test_a_limit_that_rested_for_bars_is_a_maker_when_the_open_gaps_through_it() -> None:
    _, (fill,) = run("buy", {"limit": 90}, [*flat(100, 3), (85, 86, 84, 85)])
    assert fill.price == 85
    assert fill.liquidity == "maker"


# what is judged at once: side, order, the next bar (volume 100), the fill's quantity and price, the status
AT_ONCE = [
    ("ioc", "buy", 5, None, (101, 102, 99, 100, 100), (5, 101), "filled"),
    ("fok", "buy", 5, None, (101, 102, 99, 100, 100), (5, 101), "filled"),
    ("ioc", "buy", 50, None, (101, 102, 99, 100, 100), (10, 101), "cancelled"),
    ("fok", "buy", 50, None, (101, 102, 99, 100, 100), None, "cancelled"),
    ("fok", "buy", 10, None, (101, 102, 99, 100, 100), (10, 101), "filled"),
    ("ioc", "buy", 5, 100, (99, 102, 98, 100, 100), (5, 99), "filled"),
    ("ioc", "buy", 5, 100, (100, 102, 98, 100, 100), (5, 100), "filled"),
    ("ioc", "buy", 5, 100, (101, 102, 90, 95, 100), None, "cancelled"),  # only the open counts
    ("fok", "buy", 5, 100, (101, 102, 90, 95, 100), None, "cancelled"),
    ("ioc", "sell", 5, 100, (101, 102, 98, 100, 100), (5, 101), "filled"),
    ("ioc", "sell", 5, 100, (99, 110, 98, 100, 100), None, "cancelled"),
    ("fok", "sell", 50, 100, (101, 102, 98, 100, 100), None, "cancelled"),
    ("ioc", "sell", 50, 100, (101, 102, 98, 100, 100), (10, 101), "cancelled"),
    ("ioc", "buy", 5, None, (101, 102, 99, 100, 0), None, "cancelled"),
]


@pytest.mark.parametrize(("tif", "side", "qty", "limit", "row", "answer", "status"), AT_ONCE)
def test_ioc_takes_what_the_first_open_gives_and_fok_all_of_it_or_nothing(
    tif: str, side: str, qty: int, limit: int | None, row: Row, answer: tuple[int, int] | None, status: str
) -> None:
    rows = [(100, 100, 100, 100, 100), row, *[(100, 120, 80, 100, 1e6)] * 2]
    script = Script({0: asked(side, qty, limit=limit, tif=tif)})
    _, events = trade(script, bars(*rows), account=MARGIN, volume_cap="10")
    found = facts(events, "qty", "price")
    assert found == ([] if answer is None else [answer])
    assert script.statuses() == [status]
    if status == "cancelled":
        (cancelled,) = [event for event in events if isinstance(event, OrderCancelled)]
        assert cancelled.reason.startswith(f"{tif}: ")
        assert cancelled.at <= minute(2), "it is judged at its first bar, not at the end of the run"


def test_an_immediate_order_waits_for_the_first_bar_there_is() -> None:
    script = Script({0: asked("buy", tif="fok")})
    _, events = trade(script, bars(*flat(100), (101, 101, 101, 101), opens=[0, 90]))
    assert facts(events, "at", "price") == [(minute(90), Decimal(101))]


def test_a_gtc_order_works_until_it_is_cancelled() -> None:
    steps: dict[int, Step] = {0: asked("buy", limit=50), 3: lambda ctx: ctx.cancel_all()}
    script = Script(steps)
    session, events = trade(script, bars(*flat(100, 5), (60, 60, 40, 40)))
    assert script.statuses() == ["cancelled"]
    assert [event.at for event in events if isinstance(event, OrderCancelled)] == [minute(4)]
    assert session.cash == 100_000


def test_an_order_placed_when_told_of_a_fill_sees_only_later_bars() -> None:
    class Doubler(Script):
        def on_fill(self, ctx: Context, fill: OrderFill) -> None:
            if len(self.placed) < 2:
                self.placed.append(ctx.buy(1, limit=99))

    script = Doubler({0: asked("buy")})
    _, events = trade(script, bars(*BEFORE, (100, 101, 90, 100), (98, 99, 97, 98)))
    assert facts(events, "at", "price") == [(minute(1), Decimal(100)), (minute(2), Decimal(98))]


def test_orders_of_one_bar_fill_at_its_open_first_and_then_inside_in_order_of_placement() -> None:
    def three(ctx: Context) -> object:
        return ctx.buy(1, limit=99), ctx.buy(2), ctx.buy(3, limit=99)

    script = Script({0: three})
    _, events = trade(script, bars(*BEFORE, (100, 101, 90, 100)))
    assert quantities(events) == [2, 1, 3]
    assert prices(events) == decimals(100, 99, 99)


def test_the_events_of_an_order_carry_what_was_asked() -> None:
    script = Script({0: lambda ctx: ctx.buy(2, stop=105, limit="106.5", tag="breakout")})
    _, events = trade(script, bars(*BEFORE, (104, 105, 103, 105), (105, 106, 104, 105)))
    created, filled = events
    assert isinstance(created, OrderCreated)
    assert isinstance(filled, OrderFilled)
    assert created.order_type == "stop_limit"
    assert [created.stop_price, created.price] == decimals(105, "106.5")
    assert created.tag == "breakout"
    assert (created.at, filled.at) == (minute(1), minute(2))
    assert filled.price == 105

"""Day orders end with the exchange's session: late in the day, after an early close, over nights and gaps."""

from decimal import Decimal

import pytest

from domain.errors import StrategyFault
from domain.events import Event
from domain.order import OrderExpired
from domain.strategy import Context
from tests.scripted import Script, Step, bars, decimals, facts, fills, flat, minute, prices, sessions
from tests.trading import MARGIN, trade

# three sessions of ten minutes, the second closes early; an hour apart
WEEK = sessions((0, 10), (60, 65), (120, 130))
MINUTES = [*range(10), *range(60, 65), *range(120, 130)]


def expired(events: list[Event]) -> list[tuple[object, str]]:
    return [(event.at, event.reason) for event in events if isinstance(event, OrderExpired)]


def placed_at(number: int) -> tuple[Script, list[Event]]:
    """Return what becomes of a day order far from the market, placed at the close of a bar."""
    script = Script({number: lambda ctx: ctx.buy(1, limit=50, tif="day")})
    market = bars(*flat(100, len(MINUTES)), symbol="SPY", opens=MINUTES)
    _, events = trade(script, market, sessions={"SPY": WEEK})
    return script, events


@pytest.mark.parametrize(
    ("number", "close"),
    [
        (0, 10),  # in the first minute
        (8, 10),  # a minute before the close
        (9, 65),  # at the close: it works in the next session, which closes early
        (10, 65),
        (13, 65),
        (14, 130),  # at the early close
        (15, 130),
    ],
)
def test_a_day_order_ends_at_the_next_close_of_its_exchange(number: int, close: int) -> None:
    script, events = placed_at(number)
    assert expired(events) == [(minute(close), "day: the session closed")]
    assert script.statuses() == ["expired"]
    assert script.heard == ["expired"]


def test_a_day_order_works_through_the_last_bar_of_its_session() -> None:
    script = Script({0: lambda ctx: ctx.buy(1, limit=50, tif="day")})
    rows = [*flat(100, 9), (100, 100, 49, 60), *flat(60, 5)]
    market = bars(*rows, symbol="SPY", opens=MINUTES[:15])
    _, events = trade(script, market, sessions={"SPY": WEEK})
    assert facts(events, "at", "price") == [(minute(9), Decimal(50))]
    assert expired(events) == []


def test_a_day_order_does_not_fill_at_the_open_of_the_next_session() -> None:
    # the bars of the session's end are missing: nothing tells of the close but the next bar
    script = Script({0: lambda ctx: ctx.buy(1, limit=99, tif="day")})
    market = bars(*flat(100), *flat(90, 3), symbol="SPY", opens=[5, 60, 61, 62])
    _, events = trade(script, market, sessions={"SPY": WEEK})
    assert fills(events) == []
    assert expired(events) == [(minute(10), "day: the session closed")]


def test_a_gtc_order_lives_over_the_night() -> None:
    script = Script({0: lambda ctx: ctx.buy(1, limit=99)})
    market = bars(*flat(100), *flat(90, 3), symbol="SPY", opens=[5, 60, 61, 62])
    _, events = trade(script, market, sessions={"SPY": WEEK})
    assert facts(events, "at", "price") == [(minute(60), Decimal(90))]


@pytest.mark.parametrize(
    "place",
    [
        lambda ctx: ctx.buy(1, limit=50, tif="day"),
        lambda ctx: ctx.buy(1, stop=200, tif="day"),
        lambda ctx: ctx.buy(1, stop=200, limit=210, tif="day"),
        lambda ctx: ctx.buy(1, trail=50, tif="day"),
        lambda ctx: ctx.sell(1, limit=200, tif="day"),
        lambda ctx: ctx.sell(1, trail_percent=50, tif="day"),
    ],
)
def test_every_type_may_be_a_day_order_and_gives_back_what_it_kept(place: Step) -> None:
    script = Script({0: place, 11: lambda ctx: ctx.buy(20)})
    market = bars(*flat(100, len(MINUTES)), symbol="SPY", opens=MINUTES)
    trade(script, market, sessions={"SPY": WEEK}, cash="1000", account=MARGIN)
    assert script.statuses() == ["expired", "filled"]


def test_a_partly_filled_day_order_expires_with_what_it_has() -> None:
    rows = [(100, 100, 100, 100, 40)] * 3
    script = Script({0: lambda ctx: ctx.buy(10, tif="day")})
    session, events = trade(
        script, bars(*rows, symbol="SPY", opens=[8, 9, 60]), sessions={"SPY": WEEK}, volume_cap="10", cash="1000"
    )
    assert [fill.qty for fill in fills(events)] == [4]
    assert expired(events) == [(minute(10), "day: the session closed")]
    assert script.placed[0].filled_quantity == 4
    assert session.position("SPY").quantity == 4
    assert session.cash == 600


def test_what_a_day_order_filled_before_it_expired_is_protected() -> None:
    rows = [(100, 100, 100, 100, 40)] * 2 + [(100, 100, 80, 85, 1000)]
    script = Script({0: lambda ctx: ctx.buy(10, stop_loss=90, tif="day")})
    session, events = trade(
        script, bars(*rows, symbol="SPY", opens=[8, 9, 60]), sessions={"SPY": WEEK}, volume_cap="10"
    )
    assert prices(events) == decimals(100, 90)
    assert not session.position("SPY")


def test_daily_bars_let_a_day_order_work_for_the_whole_next_session() -> None:
    days = {"SPY": sessions((-870, -480), (570, 960), (2010, 2400), (3450, 3840))}
    script = Script({0: lambda ctx: (ctx.buy(1, limit=95, tif="day"), ctx.buy(1, limit=50, tif="day"))})
    rows = [*flat(100), (100, 101, 90, 95), *flat(40)]
    _, events = trade(script, bars(*rows, symbol="SPY", timeframe="1d"), sessions=days)
    assert facts(events, "at", "price") == [(minute(1440), Decimal(95))]
    assert expired(events) == [(minute(2400), "day: the session closed")]


def test_a_day_order_of_a_share_expires_while_only_the_pair_beside_it_trades() -> None:
    script = Script({0: lambda ctx: ctx.buy(1, "SPY", limit=50, tif="day")})
    share = bars(*flat(100), symbol="SPY", opens=[8])
    pair = bars(*flat(10, 6), symbol="BTC/USD", opens=[*range(8, 14)])
    _, events = trade(script, share, pair, sessions={"SPY": WEEK})
    assert expired(events) == [(minute(10), "day: the session closed")]


def test_an_order_placed_when_told_of_an_expiry_works_in_the_next_session() -> None:
    class Renewing(Script):
        def on_order(self, ctx: Context, order: object) -> None:
            super().on_order(ctx, order)  # type: ignore[arg-type]
            if len(self.placed) < 2:
                self.placed.append(ctx.buy(1, limit=50, tif="day"))

    script = Renewing({0: lambda ctx: ctx.buy(1, limit=50, tif="day")})
    market = bars(*flat(100, len(MINUTES)), symbol="SPY", opens=MINUTES)
    _, events = trade(script, market, sessions={"SPY": WEEK})
    assert [at for at, _ in expired(events)] == [minute(10), minute(65)]


@pytest.mark.parametrize("venue", ["generic", "alpaca"])
def test_a_day_order_of_a_pair_is_refused(venue: str) -> None:
    script = Script({0: lambda ctx: ctx.buy(1, limit=50, tif="day")})
    with pytest.raises(StrategyFault, match=f"OrderRefused: {venue} takes no day limit orders of BTC/USD: gtc, ioc"):
        trade(script, bars(*flat(100, 2)), venue=venue)


def test_a_day_order_without_known_sessions_is_refused() -> None:
    with pytest.raises(StrategyFault, match="OrderRefused: SPY has no trading sessions: a day order would never end"):
        trade(Script({0: lambda ctx: ctx.buy(1, tif="day")}), bars(*flat(100, 2), symbol="SPY"))

"""Several symbols on one timeline, and coarser bars beside the run's own: nothing shows or trades the future."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.aggregation import aggregate
from domain.errors import StrategyFault
from domain.market import Bars, Timeframe
from domain.strategy import Context, Strategy
from tests.scripted import Row, Script, bars, facts, fills, flat, minute, sessions
from tests.trading import trade

FIVE = Timeframe.parse("5m")


def rising(count: int) -> list[Row]:
    """Bars that open at their number and close half above it."""
    return [(n, n + 0.75, n - 0.25, n + 0.5, 1.0) for n in range(1, count + 1)]


class Watching(Strategy):
    """Notes the five-minute bars it can see; asks for them in on_start or from a bar on."""

    def __init__(self, first_asked: int) -> None:
        super().__init__()
        self.first_asked = first_asked
        self.number = -1
        self.seen: list[tuple[int, list[tuple[float, float, float, float, float]]]] = []

    def on_start(self, ctx: Context) -> None:
        if self.first_asked < 0:
            assert len(ctx.bars(timeframe="5m")) == 0
            assert list(ctx.bars(timeframe="5m").close) == []

    def on_bar(self, ctx: Context) -> None:
        self.number += 1
        if self.number >= self.first_asked:
            coarse = ctx.bars(timeframe="5m")
            columns = (coarse.open, coarse.high, coarse.low, coarse.close, coarse.volume)
            self.seen.append((self.number, list(zip(*(list(column) for column in columns), strict=True))))


@pytest.mark.parametrize("first_asked", [-1, 0, 3, 4, 5, 11])
def test_coarser_bars_show_once_they_are_closed_whenever_they_are_asked_for(first_asked: int) -> None:
    strategy = Watching(first_asked)
    trade(strategy, bars(*rising(13)))
    whole = [(1, 5.75, 0.75, 5.5, 5), (6, 10.75, 5.75, 10.5, 5)]
    assert strategy.seen
    for number, seen in strategy.seen:
        assert seen == whole[: (number + 1) // 5]


def test_a_coarser_bar_whose_last_minutes_are_missing_shows_with_the_next_bar() -> None:
    strategy = Watching(-1)
    trade(strategy, bars(*rising(4), opens=[0, 1, 2, 7]))
    assert [len(seen) for _, seen in strategy.seen] == [0, 0, 0, 1]
    assert strategy.seen[-1][1] == [(1, 3.75, 0.75, 3.5, 3)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.integers(-1, 39))
def test_at_every_bar_the_coarser_bars_are_those_of_the_bars_so_far(steps: list[int], first_asked: int) -> None:
    opens = [sum(steps[: n + 1]) for n in range(len(steps))]
    market = bars(*rising(len(steps)), opens=opens)
    strategy = Watching(first_asked)
    trade(strategy, market)
    for number, seen in strategy.seen:
        past = market.between(None, minute(opens[number] + 1))
        made = aggregate(past, FIVE)
        closed = int(made.newest[-1]) + 1
        columns = (made.bars.open, made.bars.high, made.bars.low, made.bars.close, made.bars.volume)
        assert seen == [tuple(float(column[n]) for column in columns) for n in range(closed)]
        assert all(float(opening) / 60e6 % 5 == 0 for opening in made.bars.time)


@pytest.mark.parametrize(
    ("timeframe", "words"),
    [("30s", "cannot be made of bars of 1m"), ("7m", "unknown timeframe '7m'")],
)
def test_a_timeframe_that_the_bars_cannot_give_is_refused(timeframe: str, words: str) -> None:
    with pytest.raises(StrategyFault, match=words):
        trade(Script({0: lambda ctx: ctx.bars(timeframe=timeframe)}), bars(*flat(10, 2)))


def test_the_runs_own_timeframe_may_be_named() -> None:
    seen: list[bool] = []
    script = Script({1: lambda ctx: seen.append(ctx.bars(timeframe="1m") is ctx.bars())})
    trade(script, bars(*flat(10, 3)))
    assert seen == [True]


def test_a_series_never_reads_past_now() -> None:
    def reach(ctx: Context) -> None:
        close = ctx.bars().close
        assert (close[-1], close[0], len(close)) == (2.5, 1.5, 2)
        for beyond in (2, 3, -3):
            with pytest.raises(IndexError, match="only 2 bars so far"):
                close[beyond]
        assert close[:10] == [1.5, 2.5]

    script = Script({1: reach})
    trade(script, bars(*rising(4)))
    assert script.number == 3


# Several symbols.


def pair_of_markets() -> tuple[Bars, Bars]:
    return (
        bars(*flat(10, 4), symbol="A/USD", opens=[0, 1, 2, 5]),
        bars(*flat(20, 4), symbol="B/USD", opens=[1, 2, 4, 5]),
    )


def test_fills_of_one_instant_come_in_the_order_of_placement_over_symbols() -> None:
    def three(ctx: Context) -> object:
        return ctx.buy(1, "B/USD"), ctx.buy(2, "A/USD"), ctx.buy(3, "B/USD")

    script = Script({2: three})
    a, b = (bars(*flat(10, 6), symbol=symbol) for symbol in ("A/USD", "B/USD"))
    _, events = trade(script, a, b)
    assert facts(events, "symbol", "qty") == [("B/USD", 1), ("A/USD", 2), ("B/USD", 3)]
    assert {fill.at for fill in fills(events)} == {minute(3)}


def test_an_order_waits_for_a_bar_of_its_own_symbol() -> None:
    # decided at minute 3: A has its next bar at minute 5, B at minute 4
    script = Script({2: lambda ctx: (ctx.buy(1, "A/USD"), ctx.buy(1, "B/USD"))})
    _, events = trade(script, *pair_of_markets())
    assert facts(events, "symbol", "at") == [("B/USD", minute(4)), ("A/USD", minute(5))]


def test_one_on_bar_an_instant_with_all_bars_of_it_visible() -> None:
    seen: list[tuple[int, int, int]] = []

    class Counting(Strategy):
        def on_bar(self, ctx: Context) -> None:
            passed = int((ctx.now - minute(0)).total_seconds()) // 60
            seen.append((passed, len(ctx.bars("A/USD")), len(ctx.bars("B/USD"))))

    trade(Counting(), *pair_of_markets())
    assert seen == [(1, 1, 0), (2, 2, 1), (3, 3, 2), (5, 3, 3), (6, 4, 4)]


def test_a_symbol_without_a_bar_yet_cannot_be_ordered() -> None:
    with pytest.raises(StrategyFault, match="OrderRefused: B/USD has no bar yet: there is no price to trade at"):
        trade(Script({0: lambda ctx: ctx.buy(1, "B/USD")}), *pair_of_markets())


# four days of 14:30 to 21:00, and the one before them
SPY = {"SPY": sessions(*((day * 1440 + 870, day * 1440 + 1260) for day in range(-1, 5)))}


def test_no_order_fills_on_a_bar_that_opened_before_it_was_placed() -> None:
    # the share's day closes at 21:00, the pair's at midnight: at the share's close the pair's bar is half over
    share = bars(*[(100 + n, 101 + n, 99 + n, 100 + n) for n in range(4)], symbol="SPY", timeframe="1d")
    pair = bars(*[(10 + n, 11 + n, 9 + n, 10 + n) for n in range(4)], symbol="BTC/USD", timeframe="1d")
    steps = {2: lambda ctx: (ctx.buy(1, "BTC/USD"), ctx.buy(1, "SPY"))}
    # instants: SPY at 21:00, BTC at 24:00, SPY at 45:00 (this one), BTC at 48:00
    _, events = trade(Script(steps), share, pair, sessions=SPY)
    assert {(fill.symbol, fill.at, fill.price) for fill in fills(events)} == {
        ("BTC/USD", minute(2 * 1440), Decimal(12)),
        ("SPY", minute(2 * 1440), Decimal(102)),
    }


@pytest.mark.parametrize("kind", [{}, {"limit": 15}, {"stop": 5}, {"tif": "ioc"}])
def test_a_pair_ordered_at_a_shares_close_waits_for_the_pairs_next_day(kind: dict[str, Any]) -> None:
    share = bars(*flat(100, 3), symbol="SPY", timeframe="1d")
    pair = bars(*[(10 + n, 30, 1, 10 + n) for n in range(3)], symbol="BTC/USD", timeframe="1d")
    # at 45:00 the pair's second day, which opened at 24:00, is still open
    script = Script({2: lambda ctx: ctx.buy(1, "BTC/USD", **kind)})
    _, events = trade(script, share, pair, sessions=SPY)
    assert facts(events, "at", "price") == [(minute(2 * 1440), Decimal(12))]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=2, max_size=30),
    st.lists(st.integers(1, 4), min_size=2, max_size=30),
)
def test_orders_of_two_uneven_markets_fill_at_the_next_bar_of_their_own(a: Sequence[int], b: Sequence[int]) -> None:
    class Both(Strategy):
        def on_bar(self, ctx: Context) -> None:
            for symbol in ctx.symbols:
                if len(ctx.bars(symbol)):
                    ctx.buy("0.001", symbol)

    opens = {name: [sum(gaps[: n + 1]) for n in range(len(gaps))] for name, gaps in (("A/USD", a), ("B/USD", b))}
    _, events = trade(Both(), *(bars(*rising(len(opens[one])), symbol=one, opens=opens[one]) for one in opens))
    created = {event.client_order_id: event for event in events if hasattr(event, "client_order_id")}
    found = fills(events)
    assert {fill.execution_id for fill in found}
    for fill in found:
        decided = created[fill.execution_id.removesuffix("-1")].at
        assert fill.at == min(minute(at) for at in opens[fill.symbol] if minute(at) >= decided)

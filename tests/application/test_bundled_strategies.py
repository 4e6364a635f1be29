"""The bundled strategies: what each decides in a market made for it, and that none of them looks ahead."""

import math
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import StrategyFault
from domain.events import Event
from domain.order import OrderCancelled, OrderCreated, OrderFill, OrderRejected
from domain.strategy import Strategy
from interfaces.strategy_catalog import FileStrategyCatalog
from tests.trading import MARGIN, START, market, trade
from weaver.strategies.breakout import Breakout
from weaver.strategies.mean_reversion import MeanReversion
from weaver.strategies.multi_timeframe import MultiTimeframe
from weaver.strategies.pairs import Pairs
from weaver.strategies.rsi_reversal import RsiReversal

NAMES = ("breakout", "mean_reversion", "multi_timeframe", "pairs", "rsi_reversal", "sma_cross")
SYMBOLS = ("BTC/USD", "ETH/USD")


def wave(count: int, length: float, swing: float = 0.2) -> list[float]:
    return [round(100 * (1 + swing * math.sin(i / length) + 0.03 * math.sin(i / 9)), 2) for i in range(count)]


def created(events: Sequence[Event]) -> list[OrderCreated]:
    return [event for event in events if isinstance(event, OrderCreated)]


def fills(events: Sequence[Event]) -> list[OrderFill]:
    return [event for event in events if isinstance(event, OrderFill)]


def decided(strategy: Strategy, *opens: Sequence[float], **changes: Any) -> list[Event]:
    bars = [market(prices, symbol=symbol) for prices, symbol in zip(opens, SYMBOLS, strict=False)]
    return trade(strategy, *bars, **changes)[1]


def test_these_are_bundled_and_each_says_what_it_does() -> None:
    bundled = [one for one in FileStrategyCatalog(None).list() if one.source == "bundled"]
    assert tuple(one.strategy_id for one in bundled) == NAMES
    assert all(one.error is None and one.description and one.parameters for one in bundled)
    assert all(parameter.description for one in bundled for parameter in one.parameters)


@pytest.mark.parametrize("name", NAMES)
def test_each_trades_both_ways_with_its_defaults(name: str) -> None:
    kind = FileStrategyCatalog(None).load(name)
    events = decided(kind(), wave(9_000, 500), wave(9_000, 350), commission_bps="10")
    assert {one.side for one in fills(events)} == {"buy", "sell"}
    assert not [event for event in events if isinstance(event, OrderRejected)]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_is_decided_does_not_depend_on_the_future(name: str, data: st.DataObject) -> None:
    kind = FileStrategyCatalog(None).load(name)
    markets = [wave(700, 20), wave(700, 13)]
    cut = data.draw(st.integers(1, 699), label="cut")
    other = data.draw(st.floats(0.5, 2), label="factor of what comes after")
    changed = [[*prices[:cut], *(round(price * other, 2) for price in prices[cut:])] for prices in markets]
    whole, again = (decided(kind(), *given_markets) for given_markets in (markets, changed))
    # a bar closes at the open of the next one: the last open before the cut is the last close that is the same
    known = START + (cut - 1) * timedelta(minutes=1)

    def until(events: Sequence[Event]) -> list[Event]:
        return [one for one in events if isinstance(one, OrderCreated | OrderCancelled) and one.at <= known]

    assert until(whole) == until(again)


def test_mean_reversion_sells_at_the_average() -> None:
    prices = [100.0, 101.0] * 10 + [95.0, 95.0, 96.0, 98.0, 99.0, 102.0, 102.0, 102.0]
    events = decided(MeanReversion(length=10, width=1.5, stop_percent=Decimal(20)), prices)
    assert [(one.side, one.tag) for one in created(events)] == [
        ("buy", "below the band"),
        ("sell", "stop"),
        ("sell", "back at the average"),
    ]
    bought, sold = fills(events)
    assert (bought.price, sold.price > bought.price) == (Decimal("95.0"), True)


def test_mean_reversion_leaves_at_a_loss_and_after_too_long() -> None:
    falling = [100.0, 101.0] * 10 + [95.0, 95.0, 90.0, 80.0, 80.0]
    stopped = fills(decided(MeanReversion(length=10, width=1.5, stop_percent=Decimal(3)), falling))
    assert [one.side for one in stopped] == ["buy", "sell"]
    assert stopped[1].price <= stopped[0].price * Decimal("0.97")
    waiting = [100.0, 101.0] * 10 + [95.0] * 9
    events = decided(MeanReversion(length=18, width=1.5, stop_percent=Decimal(20), patience=4), waiting)
    assert created(events)[-1].tag == "waited too long"


def test_rsi_reversal_buys_the_end_of_a_fall_and_sells_the_end_of_a_rise() -> None:
    prices = [100.0 - n for n in range(20)] + [81.0 + 2 * n for n in range(20)] + [119.0 - 2 * n for n in range(10)]
    events = decided(RsiReversal(length=5, percent=Decimal(50)), prices)
    bought, sold = fills(events)
    assert (bought.side, sold.side) == ("buy", "sell")
    assert bought.price < 90
    assert sold.price > 105
    assert not fills(decided(RsiReversal(length=5, trend=30), prices)), "the end of a fall is below its average"


def test_breakout_waits_above_the_channel_and_trails_what_it_bought() -> None:
    prices = [100.0, 102.0] * 12 + [101.0, 103.0, 106.0, 110.0, 115.0, 110.0, 104.0, 98.0, 95.0]
    events = decided(Breakout(length=6, range_length=4, distance=Decimal(2)), prices)
    entry, *_ = created(events)
    assert (entry.order_type, entry.stop_price, entry.tag) == ("stop", Decimal("102.0"), "breakout")
    bought, sold, *_ = fills(events)
    assert (bought.side, bought.price >= 102) == ("buy", True)
    trail = next(one for one in created(events) if one.tag == "trailing stop")
    assert trail.trail is not None
    assert trail.trail > 0
    assert (sold.side, sold.price > bought.price) == ("sell", True)


def test_breakout_moves_its_order_with_the_channel() -> None:
    prices = [100.0 + 10 - n / 2 for n in range(30)]
    events = decided(Breakout(length=4, range_length=2), prices)
    levels = [one.stop_price for one in created(events)]
    assert levels == sorted(set(levels), key=lambda level: -(level or 0))
    cancelled = sum(isinstance(event, OrderCancelled) for event in events)
    assert cancelled == len(levels), "one order waits at a time"
    assert not fills(events)


def apart(side: float) -> tuple[list[float], list[float]]:
    """Two markets with a steady ratio, until the first moves away by a tenth and comes back."""
    first = [100 + n % 2 / 10 for n in range(20)]
    return [*first, *[100 * (1 + side * 0.1)] * 4, *[100.0] * 6], [50.0] * 30


@pytest.mark.parametrize(("side", "cheap"), [(1, "ETH/USD"), (-1, "BTC/USD")])
def test_pairs_buys_the_cheaper_one_until_the_ratio_is_back(side: float, cheap: str) -> None:
    events = decided(Pairs(length=12, percent=Decimal(40)), *apart(side))
    assert [(one.side, one.symbol) for one in fills(events)] == [("buy", cheap), ("sell", cheap)]


def test_neutral_pairs_sell_the_dearer_one_short() -> None:
    events = decided(Pairs(length=12, neutral=True), *apart(1), account=MARGIN)
    sides = [(one.side, one.symbol) for one in fills(events)]
    assert set(sides[:2]) == {("buy", "ETH/USD"), ("sell", "BTC/USD")}
    assert set(sides[2:]) == {("sell", "ETH/USD"), ("buy", "BTC/USD")}


def test_pairs_needs_two_symbols() -> None:
    with pytest.raises(StrategyFault, match="needs two symbols"):
        decided(Pairs(), wave(50, 5))


def test_multi_timeframe_buys_dips_only_while_the_coarse_bars_rise() -> None:
    rising = [100 + n / 10 + (-2.0 if n % 25 > 20 else 0.0) for n in range(400)]
    falling = [200 - n / 10 + (-2.0 if n % 25 > 20 else 0.0) for n in range(400)]
    strategy: dict[str, Any] = {"coarse": "15m", "trend": 3, "length": 5}
    bought = fills(decided(MultiTimeframe(**strategy), rising))
    assert bought
    assert {one.side for one in bought} == {"buy"}
    assert not fills(decided(MultiTimeframe(**strategy), falling))
    turned = fills(decided(MultiTimeframe(**strategy), [*rising, *falling]))
    assert turned[-1].side == "sell"

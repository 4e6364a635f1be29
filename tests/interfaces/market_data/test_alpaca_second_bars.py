"""Bars made of trades: the same whatever order they are told in, and as the one aggregator adds them up."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.exchange import FeedBar
from domain.aggregation import aggregate
from domain.market import Timeframe
from interfaces.market_data.alpaca_minutes import columns
from interfaces.market_data.alpaca_second_bars import SECOND, SecondBars

START = 1_700_000_010 * SECOND  # a multiple of thirty seconds
TRADES = st.lists(
    st.tuples(st.integers(0, 60 * SECOND - 1), st.sampled_from([1.0, 2.5, 3.25, 7.0]), st.integers(1, 9)),
    unique_by=lambda trade: trade[0],
    min_size=1,
    max_size=60,
)


@given(TRADES, st.randoms(use_true_random=False), st.sampled_from([1, 5, 15, 30]))
def test_the_order_in_which_trades_are_told_does_not_matter(
    trades: list[tuple[int, float, int]], random: Random, seconds: int
) -> None:
    shuffled = list(trades)
    random.shuffle(shuffled)
    made = SecondBars()
    for at, price, size in shuffled:
        made.add("BTC/USD", START + at, price, size)
    for opened_at in range(START, START + 60 * SECOND, seconds * SECOND):
        inside = sorted(one for one in trades if opened_at <= START + one[0] < opened_at + seconds * SECOND)
        prices = [price for _, price, _ in inside]
        expected = (
            FeedBar(
                "BTC/USD",
                opened_at,
                prices[0],
                max(prices),
                min(prices),
                prices[-1],
                sum(size for _, _, size in inside),
                len(inside),
            )
            if inside
            else None
        )
        assert made.bar("BTC/USD", opened_at, seconds) == expected


@given(TRADES, st.sampled_from(["5s", "15s", "30s"]))
def test_longer_bars_are_what_the_aggregator_makes_of_seconds(trades: list[tuple[int, float, int]], name: str) -> None:
    made, timeframe = SecondBars(), Timeframe.parse(name)
    for at, price, size in trades:
        made.add("BTC/USD", START + at, price, size)
    single = [made.bar("BTC/USD", START + second * SECOND, 1) for second in range(60)]
    sums = aggregate(columns("BTC/USD", Timeframe.parse("1s"), [bar for bar in single if bar]), timeframe).bars
    for number, opened_at in enumerate(sums.time.tolist()):
        bar = made.bar("BTC/USD", opened_at, timeframe.seconds)
        assert bar is not None
        values = (bar.open, bar.high, bar.low, bar.close, bar.volume)
        assert values == tuple(getattr(sums, column)[number] for column in ("open", "high", "low", "close", "volume"))


def test_of_trades_of_one_moment_the_first_told_opens_and_the_last_told_closes() -> None:
    made = SecondBars()
    for price in (5.0, 9.0, 7.0):
        made.add("BTC/USD", START, price, 1.0)
    bar = made.bar("BTC/USD", START, 1)
    assert bar is not None
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trade_count) == (5.0, 9.0, 5.0, 7.0, 3.0, 3)


@pytest.mark.parametrize("kept", [1, 10])
def test_only_the_newest_seconds_are_kept(kept: int) -> None:
    made = SecondBars(kept)
    for second in range(100):
        made.add("BTC/USD", START + second * SECOND, 1.0, 1.0)
    there = [second for second in range(100) if made.bar("BTC/USD", START + second * SECOND, 1)]
    assert there == list(range(100 - kept, 100))

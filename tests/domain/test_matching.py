"""Which price one bar gives one order: the textbook's cases, row by row, buys beside their mirror image."""

from decimal import Decimal
from typing import Any

import pytest

from domain.errors import OrderRefused
from domain.matching import Bar, price_at_open, price_inside, trailing_level
from domain.order import Side
from domain.order_request import OrderRequest
from domain.working_order import Working
from tests.scripted import Row, instrument, working

HUNDRED = Decimal(100)


def order(side: Side, **figures: Any) -> Working:
    """Return an order of one unit; a trailing stop stands where a last close of 100 puts it."""
    asked: dict[str, Any] = {name: Decimal(str(value)) for name, value in figures.items()}
    request = OrderRequest(symbol="BTC/USD", side=side, qty=Decimal(1), **asked)
    made = working(request)
    if request.trail is not None or request.trail_percent is not None:
        made.level = trailing_level(instrument(), side, HUNDRED, request.trail, request.trail_percent)
    return made


def judged(one: Working, row: Row) -> tuple[str, Decimal] | None:
    """Return where the bar fills the order, `open` or `inside`, and at which price; None if it does not."""
    bar = Bar((row[0], row[1], row[2], 0.0))
    price = price_at_open(one, bar)
    if price is not None:
        return "open", price
    price = price_inside(one, bar)
    return None if price is None else ("inside", price)


def expected(answer: tuple[str, float] | None) -> tuple[str, Decimal] | None:
    return None if answer is None else (answer[0], Decimal(str(answer[1])))


# open, high, low, close
LIMIT = [
    # buy at 100 or less
    ("buy", (95, 96, 94, 96), ("open", 95)),  # gap down: the price is improved
    ("buy", (100, 101, 99, 100), ("open", 100)),  # opens exactly at the limit
    ("buy", (100, 105, 100, 105), ("open", 100)),  # opens at the limit and leaves it: an open is a trade
    ("buy", (105, 106, 99.99, 105), ("inside", 100)),  # traded through
    ("buy", (105, 106, 100, 105), None),  # touched, not traded through
    ("buy", (105, 106, 100.01, 105), None),  # not reached
    ("buy", (110, 111, 109, 110), None),  # gap up, away
    ("buy", (100, 100, 100, 100), ("open", 100)),  # nothing moves, at the limit
    ("buy", (101, 101, 101, 101), None),  # nothing moves, above it
    ("buy", (105, 120, 1, 50), ("inside", 100)),  # a crash inside gives no better price than the limit
    # sell at 100 or more
    ("sell", (105, 106, 104, 105), ("open", 105)),
    ("sell", (100, 101, 99, 100), ("open", 100)),
    ("sell", (100, 100, 95, 95), ("open", 100)),
    ("sell", (95, 100.01, 94, 95), ("inside", 100)),
    ("sell", (95, 100, 94, 95), None),
    ("sell", (95, 99.99, 94, 95), None),
    ("sell", (90, 91, 89, 90), None),
    ("sell", (100, 100, 100, 100), ("open", 100)),
    ("sell", (99, 99, 99, 99), None),
    ("sell", (95, 300, 94, 200), ("inside", 100)),
]


@pytest.mark.parametrize(("side", "row", "answer"), LIMIT)
def test_a_limit_of_100_fills_at_the_open_or_at_its_limit_when_traded_through(
    side: Side, row: Row, answer: tuple[str, float] | None
) -> None:
    assert judged(order(side, limit=100), row) == expected(answer)


STOP = [
    # buy once 100 is reached
    ("buy", (105, 106, 104, 105), ("open", 105)),  # gap up beyond the stop: the open, not the stop
    ("buy", (100, 101, 99, 100), ("open", 100)),  # opens exactly at the stop
    ("buy", (95, 100, 94, 95), ("inside", 100)),  # touched is reached
    ("buy", (95, 110, 94, 109), ("inside", 100)),  # ran through
    ("buy", (95, 99.99, 94, 95), None),  # not reached
    ("buy", (90, 92, 80, 85), None),  # gap down, away
    ("buy", (100, 100, 100, 100), ("open", 100)),
    ("buy", (99, 99, 99, 99), None),
    # sell once 100 is reached
    ("sell", (95, 96, 94, 95), ("open", 95)),
    ("sell", (100, 101, 99, 100), ("open", 100)),
    ("sell", (105, 106, 100, 105), ("inside", 100)),
    ("sell", (105, 106, 90, 91), ("inside", 100)),
    ("sell", (105, 106, 100.01, 105), None),
    ("sell", (110, 120, 108, 115), None),
    ("sell", (100, 100, 100, 100), ("open", 100)),
    ("sell", (101, 101, 101, 101), None),
]


@pytest.mark.parametrize(("side", "row", "answer"), STOP)
def test_a_stop_of_100_fills_at_the_worse_of_stop_and_open(
    side: Side, row: Row, answer: tuple[str, float] | None
) -> None:
    assert judged(order(side, stop=100), row) == expected(answer)


STOP_LIMIT = [
    # buy: stop 100, limit 102
    ("buy", (101, 103, 100.5, 102), ("open", 101), True),  # the open triggers it and is within the limit
    ("buy", (100, 100, 100, 100), ("open", 100), True),  # opens exactly at the stop
    ("buy", (102, 103, 101, 102), ("open", 102), True),  # opens exactly at the limit
    ("buy", (105, 106, 101.99, 104), ("inside", 102), True),  # the gap triggers it, later the limit is traded through
    ("buy", (105, 106, 102, 104), None, True),  # the gap triggers it, the limit is touched only
    ("buy", (105, 106, 103, 104), None, True),  # the gap triggers it and jumps over the limit
    ("buy", (95, 101, 94, 100), None, True),  # triggered inside: the limit sees later bars only
    ("buy", (95, 100, 94, 95), None, True),  # touched is reached
    ("buy", (95, 99.99, 94, 95), None, False),
    ("buy", (90, 91, 80, 85), None, False),  # gap down, away
    # sell: stop 100, limit 98
    ("sell", (99, 99.5, 97, 98), ("open", 99), True),
    ("sell", (100, 100, 100, 100), ("open", 100), True),
    ("sell", (98, 99, 97, 98), ("open", 98), True),
    ("sell", (95, 98.01, 94, 96), ("inside", 98), True),
    ("sell", (95, 98, 94, 96), None, True),
    ("sell", (95, 97, 94, 96), None, True),
    ("sell", (105, 106, 99, 100), None, True),
    ("sell", (105, 106, 100, 105), None, True),
    ("sell", (105, 106, 100.01, 105), None, False),
    ("sell", (110, 120, 109, 115), None, False),
]


@pytest.mark.parametrize(("side", "row", "answer", "triggered"), STOP_LIMIT)
def test_a_stop_limit_is_a_limit_at_once_only_if_the_open_triggered_it(
    side: Side, row: Row, answer: tuple[str, float] | None, triggered: bool
) -> None:
    one = order(side, stop=100, limit=102 if side == "buy" else 98)
    assert judged(one, row) == expected(answer)
    assert one.triggered is triggered


LATER = [
    ("buy", (101, 103, 100.5, 102), ("open", 101)),
    ("buy", (90, 91, 89, 90), ("open", 90)),  # below the stop again: a triggered stop-limit is a limit for good
    ("buy", (105, 106, 102, 104), None),
    ("buy", (105, 106, 101.99, 104), ("inside", 102)),
    ("sell", (99, 99.5, 97, 98), ("open", 99)),
    ("sell", (110, 111, 109, 110), ("open", 110)),
    ("sell", (95, 98, 94, 96), None),
    ("sell", (95, 98.01, 94, 96), ("inside", 98)),
]


@pytest.mark.parametrize(("side", "row", "answer"), LATER)
def test_a_stop_limit_triggered_in_an_earlier_bar_is_a_limit(
    side: Side, row: Row, answer: tuple[str, float] | None
) -> None:
    one = order(side, stop=100, limit=102 if side == "buy" else 98)
    before = (95, 101, 94, 100) if side == "buy" else (105, 106, 99, 100)
    assert judged(one, before) is None
    assert judged(one, row) == expected(answer)


# the level carried into the bar is 95 for a sell, 105 for a buy, by distance as by percent
TRAILING = [
    ("sell", (94, 99, 93, 98), ("open", 94), 95),  # gap down beyond the level
    ("sell", (95, 99, 93, 98), ("open", 95), 95),  # opens exactly at the level
    ("sell", (100, 101, 95, 99), ("inside", 95), 95),  # touched is reached
    ("sell", (100, 200, 95, 199), ("inside", 95), 95),  # adverse extreme first: the new high comes too late
    ("sell", (96, 99, 95.01, 96), None, 95),  # a lower high moves nothing: a level never goes back
    ("sell", (95.5, 95.5, 95.5, 95.5), None, 95),
    ("buy", (106, 107, 101, 102), ("open", 106), 105),
    ("buy", (105, 107, 101, 102), ("open", 105), 105),
    ("buy", (100, 105, 99, 101), ("inside", 105), 105),
    ("buy", (100, 105, 10, 11), ("inside", 105), 105),
    ("buy", (104, 104.99, 101, 104), None, 105),
    ("buy", (104.5, 104.5, 104.5, 104.5), None, 105),
]
RATCHETED = [
    ("sell", {"trail": 5}, (100, 110, 96, 97), 105),  # the close lies below the new level: the next bar's business
    ("sell", {"trail": 5}, (120, 122, 118, 121), 117),  # gap up
    ("sell", {"trail": 5}, (100, 100, 96, 96), 95),
    ("sell", {"trail_percent": 5}, (100, 110, 96, 97), 104.5),
    ("sell", {"trail_percent": 5}, (120, 120, 118, 119), 114),
    ("buy", {"trail": 5}, (100, 104, 90, 103), 95),
    ("buy", {"trail": 5}, (80, 82, 78, 81), 83),
    ("buy", {"trail": 5}, (100, 104, 100, 104), 105),
    ("buy", {"trail_percent": 5}, (100, 104, 90, 103), 94.5),
    ("buy", {"trail_percent": 5}, (80, 82, 80, 81), 84),
]


@pytest.mark.parametrize("trail", [{"trail": 5}, {"trail_percent": 5}], ids=["distance", "percent"])
@pytest.mark.parametrize(("side", "row", "answer", "level"), TRAILING)
def test_a_trailing_stop_is_tested_at_the_level_carried_into_the_bar(
    side: Side, row: Row, answer: tuple[str, float] | None, level: float, trail: dict[str, float]
) -> None:
    one = order(side, **trail)
    assert judged(one, row) == expected(answer)
    assert one.level == Decimal(str(level))


@pytest.mark.parametrize(("side", "trail", "row", "level"), RATCHETED)
def test_a_bar_that_does_not_reach_the_level_moves_it_by_its_favourable_extreme(
    side: Side, trail: dict[str, float], row: Row, level: float
) -> None:
    one = order(side, **trail)
    assert judged(one, row) is None
    assert one.level == Decimal(str(level))


def test_a_level_never_moves_away_from_the_price() -> None:
    one = order("sell", trail=5)
    levels = []
    for row in [(100, 110, 96, 110), (108, 109, 106, 107), (107, 111, 106, 111), (110, 110, 107, 108)]:
        assert judged(one, row) is None
        levels.append(one.level)
    assert levels == [105, 105, 106, 106]
    assert judged(one, (108, 112, 106, 112)) == ("inside", Decimal(106))


def test_a_level_is_rounded_so_that_it_is_never_reached_earlier_than_asked() -> None:
    third = Decimal(100) / 3
    assert trailing_level(instrument(), "sell", HUNDRED, third, None) == Decimal("66.66666666")
    assert trailing_level(instrument(), "buy", HUNDRED, third, None) == Decimal("133.33333334")


@pytest.mark.parametrize("distance", [100, 101])
def test_a_trail_that_reaches_zero_is_refused(distance: int) -> None:
    with pytest.raises(OrderRefused, match="below zero"):
        trailing_level(instrument(), "sell", HUNDRED, Decimal(distance), None)


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_market_order_fills_at_the_open_and_nowhere_else(side: Side) -> None:
    one, bar = order(side), Bar((101.0, 103.0, 99.0, 0.0))
    assert price_at_open(one, bar) == 101
    assert price_inside(one, bar) is None


def test_prices_of_a_bar_are_the_decimals_their_floats_stand_for() -> None:
    bar = Bar((0.1, 0.3, 0.07, 12.5))
    assert [bar.open, bar.high, bar.low, bar.volume] == [Decimal(text) for text in ("0.1", "0.3", "0.07", "12.5")]


def test_the_share_of_a_bar_is_at_most_all_of_it_and_nothing_without_volume() -> None:
    bar = Bar((1.0, 1.0, 1.0, 8.0))
    assert [bar.share(Decimal(qty)) for qty in (2, 8, 9)] == [Decimal("0.25"), 1, 1]
    assert Bar((1.0, 1.0, 1.0, 0.0)).share(Decimal(1)) == 0

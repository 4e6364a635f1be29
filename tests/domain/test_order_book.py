"""The book gives a bar every order it may concern, and spares it the rest."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.matching import Bar, price_at_open, price_inside, trailing_level, watched_level
from domain.order import Side, TimeInForce
from domain.order_book import OrderBook
from domain.order_request import OrderRequest
from domain.working_order import Working
from tests.scripted import instrument, working

ONE = Decimal(1)


def placed(serial: int, side: Side, *, tif: TimeInForce = TimeInForce.GTC, **figures: Decimal | float | str) -> Working:
    given_prices: dict[str, Any] = {name: Decimal(str(value)) for name, value in figures.items()}
    request = OrderRequest(symbol="BTC/USD", side=side, qty=ONE, tif=tif, **given_prices)
    one = working(request, serial=serial)
    if request.trail is not None:
        one.level = trailing_level(instrument(), side, Decimal(100), request.trail, None)
    return one


def taken(book: OrderBook, high: float, low: float) -> list[int]:
    return sorted(order.serial for order in book.take(high, low))


def book_of(*orders: Working) -> OrderBook:
    book = OrderBook()
    for one in orders:
        book.put(one)
    return book


@pytest.mark.parametrize(
    ("side", "figures", "reached", "missed"),
    [
        ("buy", {"limit": 90}, (100, 90), (100, 90.01)),
        ("sell", {"limit": 110}, (110, 100), (109.99, 100)),
        ("buy", {"stop": 110}, (110, 100), (109.99, 100)),
        ("sell", {"stop": 90}, (100, 90), (100, 90.01)),
        ("buy", {"stop": 110, "limit": 112}, (110, 100), (109.99, 100)),
        ("sell", {"stop": 90, "limit": 88}, (100, 90), (100, 90.01)),
    ],
)
def test_an_order_is_taken_by_the_bar_that_reaches_its_level_and_by_no_other(
    side: Side, figures: dict[str, Any], reached: tuple[float, float], missed: tuple[float, float]
) -> None:
    book = book_of(placed(1, side, **figures))
    assert taken(book, *missed) == []
    assert taken(book, *reached) == [1]
    assert taken(book, *reached) == [], "an order that was taken is off the book until it is put back"


def test_market_and_trailing_and_immediate_orders_see_every_bar() -> None:
    book = book_of(
        placed(1, "buy"),
        placed(2, "sell", trail=5),
        placed(3, "buy", limit=50, tif=TimeInForce.IOC),
        placed(4, "sell", limit=500, tif=TimeInForce.FOK),
        placed(5, "buy", limit=50),
    )
    assert taken(book, 100, 100) == [1, 2, 3, 4]


def test_a_triggered_stop_limit_waits_for_its_limit() -> None:
    order = placed(1, "buy", stop=110, limit=105)
    book = book_of(order)
    assert watched_level(order) == (True, 110.0)
    (back,) = book.take(111, 100)
    back.triggered = True
    book.put(back)
    assert watched_level(order) == (False, 105.0)
    assert taken(book, 120, 106) == []
    assert taken(book, 120, 105) == [1]


def test_an_order_that_was_taken_off_is_never_given_to_a_bar() -> None:
    orders = [placed(1, "buy", limit=90), placed(2, "buy", limit=95), placed(3, "sell", stop=90), placed(4, "buy")]
    book = book_of(*orders)
    for one in orders[:1] + orders[2:]:
        one.on_book = False
    assert taken(book, 100, 80) == [2]


def test_levels_beyond_the_exactness_of_floats_are_not_missed() -> None:
    # 17 digits: the nearest float lies beside the level, and the bar's price is that float
    level = "100.00000000000001"
    book = book_of(placed(1, "buy", limit=level), placed(2, "sell", limit=level), placed(3, "buy", stop=level))
    price = float(level)
    assert taken(book, price, price) == [1, 2, 3]


def test_of_ten_thousand_resting_orders_a_bar_takes_only_those_it_reaches() -> None:
    book = book_of(*(placed(number + 1, "buy", limit=number + 1) for number in range(10_000)))
    assert taken(book, 20_000, 9_998) == [9_998, 9_999, 10_000]
    assert taken(book, 20_000, 9_998) == []
    assert taken(book, 20_000, 9_990) == list(range(9_990, 9_998))


ticks = st.integers(80, 120).map(Decimal)
trails = st.integers(1, 20).map(Decimal)


@st.composite
def orders(draw: st.DrawFn) -> list[Working]:
    made = []
    for serial in range(1, draw(st.integers(1, 12)) + 1):
        side: Side = draw(st.sampled_from(["buy", "sell"]))
        names = draw(st.sampled_from([(), ("limit",), ("stop",), ("stop", "limit"), ("trail",)]))
        figures: dict[str, Any] = {
            name: draw(st.integers(1, 20).map(Decimal) if name == "trail" else ticks) for name in names
        }
        made.append(placed(serial, side, **figures))
    return made


@st.composite
def ranges(draw: st.DrawFn) -> list[tuple[float, float, float]]:
    found = []
    for _ in range(draw(st.integers(1, 8))):
        low, middle, high = sorted(float(draw(ticks)) for _ in range(3))
        found.append((middle, high, low))
    return found


def state(order: Working) -> tuple[bool, Decimal | None]:
    return order.triggered, order.level


@settings(max_examples=60, deadline=None)
@given(orders(), ranges())
def test_an_order_left_on_the_book_is_one_the_bar_does_nothing_to(
    made: Sequence[Working], bars: Sequence[tuple[float, float, float]]
) -> None:
    book = book_of(*made)
    for opened, high, low in bars:
        due = book.take(high, low)
        assert len({id(order) for order in due}) == len(due)
        for order in made:
            before, bar = state(order), Bar((opened, high, low, 0.0))
            concerned = price_at_open(order, bar) is not None or price_inside(order, bar) is not None
            if order not in due:
                assert not concerned
                assert state(order) == before
        for order in due:
            book.put(order)

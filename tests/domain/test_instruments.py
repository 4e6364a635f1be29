"""What each venue takes of each symbol: increments, sizes, and the table of order types and times in force."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidInput, OrderRefused
from domain.instruments import Instrument
from domain.order import OrderType, Side, TimeInForce
from domain.venues import asset_class, default_costs, default_volume_cap, venue
from tests.scripted import instrument

PAIR, SHARE = "BTC/USD", "SPY"
GTC, DAY, IOC, FOK = TimeInForce.GTC, TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK

# venue, symbol -> what is taken; whatever is not named is refused
TAKEN: dict[tuple[str, str], dict[str, str]] = {
    ("generic", PAIR): {
        "market": "gtc ioc fok",
        "limit": "gtc ioc fok",
        "stop": "gtc",
        "stop_limit": "gtc",
        "trailing_stop": "gtc",
    },
    ("generic", SHARE): {
        "market": "day gtc ioc fok",
        "limit": "day gtc ioc fok",
        "stop": "day gtc",
        "stop_limit": "day gtc",
        "trailing_stop": "day gtc",
    },
    ("alpaca", PAIR): {"market": "gtc ioc", "limit": "gtc ioc", "stop_limit": "gtc ioc"},
    ("alpaca", SHARE): {
        "market": "day gtc ioc fok",
        "limit": "day gtc ioc fok",
        "stop": "day gtc",
        "stop_limit": "day gtc",
        "trailing_stop": "day gtc",
    },
}
COMBINATIONS = [(at, symbol, kind, tif) for at, symbol in TAKEN for kind in OrderType for tif in TimeInForce]


@pytest.mark.parametrize(("at", "symbol", "kind", "tif"), COMBINATIONS)
def test_what_a_venue_does_not_take_is_refused_with_what_it_takes(
    at: str, symbol: str, kind: OrderType, tif: TimeInForce
) -> None:
    table = TAKEN[at, symbol]
    if tif in table.get(kind, "").split():
        instrument(symbol, at).require_capable(kind, tif, has_legs=False)
        return
    with pytest.raises(OrderRefused) as refused:
        instrument(symbol, at).require_capable(kind, tif, has_legs=False)
    words = str(refused.value)
    if kind in table:
        named = words.removeprefix(f"{at} takes no {tif} {kind} orders of {symbol}: ").removesuffix(" only")
        assert sorted(named.split(", ")) == sorted(table[kind].split())
    else:
        assert words == f"{at} takes no {kind} orders of {symbol}: {', '.join(table)} only"


@pytest.mark.parametrize(("at", "symbol", "takes"), [(*key, key != ("alpaca", PAIR)) for key in TAKEN])
def test_legs_are_taken_everywhere_but_for_crypto_at_alpaca(at: str, symbol: str, takes: bool) -> None:
    one = instrument(symbol, at)
    if takes:
        one.require_capable(OrderType.MARKET, GTC, has_legs=True)
    else:
        with pytest.raises(OrderRefused, match="takes no take_profit or stop_loss with orders of BTC/USD"):
            one.require_capable(OrderType.MARKET, GTC, has_legs=True)


@pytest.mark.parametrize(
    ("at", "symbol", "side", "price", "limit", "stop"),
    [
        # a buyer's limit is rounded down and a buyer's stop up: never worse than asked, never earlier than asked
        ("alpaca", SHARE, "buy", "10.019", "10.01", "10.02"),
        ("alpaca", SHARE, "sell", "10.011", "10.02", "10.01"),
        ("alpaca", SHARE, "buy", "0.12349", "0.1234", "0.1235"),
        ("alpaca", SHARE, "sell", "0.12341", "0.1235", "0.1234"),
        ("alpaca", SHARE, "buy", "1", "1", "1"),
        ("alpaca", SHARE, "buy", "0.99999", "0.9999", "1"),
        ("generic", PAIR, "buy", "1.123456789", "1.12345678", "1.12345679"),
        ("generic", PAIR, "sell", "1.123456781", "1.12345679", "1.12345678"),
        ("alpaca", PAIR, "buy", "0.1234567899", "0.123456789", "0.12345679"),
    ],
)
def test_prices_are_put_on_the_tick_against_who_asked(
    at: str, symbol: str, side: Side, price: str, limit: str, stop: str
) -> None:
    one = instrument(symbol, at)
    assert one.limit_price(Decimal(price), side) == Decimal(limit)
    assert one.stop_price(Decimal(price), side) == Decimal(stop)


def test_a_price_below_one_tick_is_refused_where_rounding_would_make_it_nothing() -> None:
    with pytest.raises(OrderRefused, match="less than one tick of SPY"):
        instrument(SHARE, "alpaca").limit_price(Decimal("0.00001"), "buy")
    assert instrument(SHARE, "alpaca").limit_price(Decimal("0.00001"), "sell") == Decimal("0.0001")


@pytest.mark.parametrize(
    ("qty", "words"),
    [
        ("0", "must be above zero, not 0"),
        ("-1", "must be above zero, not -1"),
        ("NaN", "must be above zero, not NaN"),
        ("sNaN", "must be above zero, not sNaN"),
        ("Infinity", "must be above zero, not Infinity"),
        ("-Infinity", "must be above zero, not -Infinity"),
        ("1E+30", "must be at most 1000000000000000, not 1E"),
        ("1.0000000001", "has more than 9 decimals"),
        ("1E-30", "has more than 9 decimals"),
    ],
)
def test_what_is_no_quantity_is_refused(qty: str, words: str) -> None:
    with pytest.raises(OrderRefused, match=words):
        instrument().quantity(Decimal(qty))


def in_lots_of(lot: str) -> Instrument:
    one = instrument(SHARE)
    return Instrument(
        SHARE, one.venue, one.asset_class, one.tick, Decimal(lot), one.capabilities, legs=True, shortable=True
    )


def test_quantities_are_cut_to_whole_lots_and_less_than_one_is_refused() -> None:
    hundreds = in_lots_of("100")
    assert [hundreds.quantity(Decimal(qty)) for qty in (100, 199, 250)] == [100, 100, 200]
    with pytest.raises(OrderRefused, match="the quantity 99 is less than one lot of SPY: 100"):
        hundreds.quantity(Decimal(99))


amounts = st.decimals(Decimal("0.000000001"), Decimal(10**6), places=9)


@settings(max_examples=100, deadline=None)
@given(amounts, st.sampled_from(["0.000000001", "0.0001", "0.5", "1", "100"]))
def test_whole_lots_are_the_most_that_fits(qty: Decimal, lot: str) -> None:
    cut, size = in_lots_of(lot).whole_lots(qty), Decimal(lot)
    assert cut % size == 0
    assert cut <= qty < cut + size


@settings(max_examples=100, deadline=None)
@given(amounts, st.sampled_from([("generic", PAIR), ("alpaca", PAIR), ("alpaca", SHARE)]))
def test_rounding_moves_a_price_by_less_than_a_tick(price: Decimal, where: tuple[str, str]) -> None:
    one = instrument(where[1], where[0])
    tick = one.tick(price)
    for rounded in (one.limit_price(price, "sell"), one.stop_price(price, "buy")):
        assert rounded % tick == 0
        assert price <= rounded < price + tick
    if price >= tick:
        for rounded in (one.limit_price(price, "buy"), one.stop_price(price, "sell")):
            assert rounded % tick == 0
            assert price - tick < rounded <= price


SIZES = [
    (PAIR, "buy", "0.5", GTC, "9.99", False, "alpaca takes buys of at least 10: this one is of 9.99"),
    (PAIR, "buy", "0.5", GTC, "10", False, None),
    (PAIR, "sell", "0.5", GTC, "1", False, None),
    (PAIR, "sell", "3", GTC, "200000.01", False, "alpaca takes orders of at most 200000: this one is of 200000.01"),
    ("ETH/BTC", "buy", "0.5", GTC, "0.01", False, None),
    (SHARE, "buy", "1", GTC, "0.99", False, "alpaca takes buys of at least 1: this one is of 0.99"),
    (SHARE, "buy", "1.5", GTC, "15", False, "alpaca takes fractions of SPY as day orders only"),
    (SHARE, "sell", "1.5", IOC, "15", False, "alpaca takes fractions of SPY as day orders only"),
    (SHARE, "buy", "1.5", DAY, "15", False, None),
    (SHARE, "buy", "1.5", DAY, "15", True, "alpaca takes fractions of SPY without take_profit and stop_loss only"),
    (SHARE, "buy", "2", GTC, "20", True, None),
]


@pytest.mark.parametrize(("symbol", "side", "qty", "tif", "notional", "has_legs", "words"), SIZES)
def test_alpaca_takes_orders_of_these_sizes(
    symbol: str, side: Side, qty: str, tif: TimeInForce, notional: str, has_legs: bool, words: str | None
) -> None:
    one = instrument(symbol, "alpaca")
    assert one.has_size_rules
    assert one.objection(side, Decimal(qty), tif, Decimal(notional), has_legs=has_legs) == words


def test_the_textbook_venue_has_no_size_rules() -> None:
    assert not instrument(PAIR).has_size_rules
    assert not instrument(SHARE).has_size_rules


@pytest.mark.parametrize(("symbol", "kind"), [(PAIR, "crypto"), ("ETH/BTC", "crypto"), (SHARE, "us_equity")])
def test_pairs_are_crypto_and_the_rest_are_shares(symbol: str, kind: str) -> None:
    assert asset_class(symbol) == kind


def test_an_unknown_venue_is_named_with_a_suggestion() -> None:
    with pytest.raises(
        InvalidInput, match="unknown venue 'alpacca': did you mean alpaca\\? choose one of generic, alpaca"
    ):
        venue("alpacca")


@pytest.mark.parametrize(
    ("symbols", "cap"), [((PAIR,), 0), ((SHARE,), 10), ((PAIR, SHARE), 10), (("ETH/USD", PAIR), 0)]
)
def test_alpaca_caps_the_volume_of_shares(symbols: Sequence[str], cap: int) -> None:
    assert default_volume_cap(venue("alpaca"), tuple(symbols)) == cap


def test_costs_that_differ_by_asset_class_have_to_be_said() -> None:
    with pytest.raises(InvalidInput, match="different costs for crypto and us_equity"):
        default_costs(venue("alpaca"), (PAIR, SHARE))
    assert default_costs(venue("alpaca"), (PAIR,)).fee_in_base
    assert default_costs(venue("alpaca"), (SHARE,)).commission_bps == 0

"""Money: nothing appears and nothing vanishes."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.costs import Costs
from domain.errors import InvalidInput
from domain.ids import OrderIds, new_id
from domain.money import exact, plain, posted
from domain.order import Liquidity, OrderFilled, Side
from domain.portfolio import Portfolio, PortfolioState, PositionState, Trade
from domain.run import CostSettings
from domain.venues import venue

AT = datetime(2025, 3, 1, 12, tzinfo=UTC)


def fill(side: Side, qty: Decimal, price: Decimal, fee: Decimal = Decimal(0)) -> OrderFilled:
    return OrderFilled(
        at=AT,
        run_id=UUID(int=1),
        execution_id="e",
        symbol="X/USD",
        side=side,
        qty=qty,
        price=price,
        fee=fee,
        filled_qty=qty,
        filled_avg_price=price,
    )


quantities = st.decimals("0.000000001", "1000", places=9)
prices = st.decimals("0.00000001", "99999", places=8)
fees = st.decimals("0", "10", places=8)
fills = st.lists(st.tuples(st.sampled_from(["buy", "sell"]), quantities, prices, fees), max_size=25)


@given(fills)
def test_cash_and_position_are_the_sums_of_the_fills(history: list[tuple[Side, Decimal, Decimal, Decimal]]) -> None:
    portfolio = Portfolio(Decimal(100_000))
    cash, held = Decimal(100_000), Decimal(0)
    for side, qty, price, fee in history:
        if side == "sell" and qty > held:
            continue
        portfolio.book(fill(side, qty, price, fee))
        signed = qty if side == "buy" else -qty
        held += signed
        cash += (-posted(qty * price) if side == "buy" else posted(qty * price)) - fee
        assert (portfolio.cash, portfolio.position("X/USD").quantity) == (cash, held)
        assert portfolio.equity({"X/USD": price}) == cash + posted(held * price)
        assert held or portfolio.position("X/USD").cost == 0


@given(fills)
def test_once_flat_all_pnl_is_realised_and_belongs_to_trades(
    history: list[tuple[Side, Decimal, Decimal, Decimal]],
) -> None:
    portfolio = Portfolio(Decimal(100_000))
    for side, qty, price, fee in history:
        if side == "buy" or qty <= portfolio.position("X/USD").quantity:
            portfolio.book(fill(side, qty, price, fee))
    held = portfolio.position("X/USD").quantity
    if held:
        portfolio.book(fill("sell", held, Decimal(10)))
    assert portfolio.realised_pnl - portfolio.fees == portfolio.cash - portfolio.initial_cash
    assert sum((trade.pnl for trade in portfolio.trades), Decimal(0)) == portfolio.cash - portfolio.initial_cash


def test_a_trade_is_flat_to_flat_however_many_fills_it_took() -> None:
    portfolio = Portfolio(Decimal(1000))
    for side, qty, price in (("buy", 1, 10), ("buy", 1, 20), ("sell", 1, 30), ("sell", 1, 30), ("buy", 1, 5)):
        portfolio.book(fill("buy" if side == "buy" else "sell", Decimal(qty), Decimal(price), Decimal(1)))
    (trade,) = portfolio.trades
    assert (trade.qty, trade.pnl, trade.fees) == (Decimal(2), Decimal(60 - 30 - 4), Decimal(4))
    assert portfolio.position("X/USD").average_price == 5


@given(st.floats(1e-8, 1e9, allow_nan=False))
def test_a_price_becomes_the_decimal_its_text_says(price: float) -> None:
    assert float(exact(price)) == price
    assert exact(0.1) == Decimal("0.1")


@given(st.decimals("0.01", "100000", places=2), st.decimals("0", "200", places=1))
def test_slippage_is_always_against_the_trader(price: Decimal, bps: Decimal) -> None:
    costs = Costs.of(CostSettings(slippage_bps=bps))
    assert costs.slipped(price, "sell", BTC) <= price <= costs.slipped(price, "buy", BTC)
    assert abs(costs.slipped(price, "buy", BTC) - price * (1 + bps / 10000)) <= Decimal("1e-8")


BTC, SPY = venue("alpaca").instrument("BTC/USD"), venue("alpaca").instrument("SPY")


@pytest.mark.parametrize(
    ("settings", "qty", "price", "liquidity", "is_first", "fee"),
    [
        (CostSettings(commission_bps=Decimal(10)), "2", "150.5", "taker", True, "0.301"),
        (CostSettings(commission_bps=Decimal(10)), "2", "150.5", "maker", True, "0.301"),
        (CostSettings(commission_bps=Decimal(25), maker_bps=Decimal(15)), "2", "100", "taker", True, "0.5"),
        (CostSettings(commission_bps=Decimal(25), maker_bps=Decimal(15)), "2", "100", "maker", True, "0.3"),
        (CostSettings(commission_per_unit=Decimal("0.005")), "200", "7", "taker", True, "1"),
        (CostSettings(commission_per_order=Decimal(1)), "200", "7", "taker", True, "1"),
        (CostSettings(commission_per_order=Decimal(1)), "200", "7", "taker", False, "0"),
        (
            CostSettings(Decimal(10), commission_per_unit=Decimal("0.1"), commission_per_order=Decimal(3)),
            "10",
            "100",
            "taker",
            True,
            "5",
        ),
    ],
)
def test_commission_is_charged_by_notional_unit_and_order(
    settings: CostSettings, qty: str, price: str, liquidity: Liquidity, is_first: bool, fee: str
) -> None:
    charged = Costs.of(settings).charged(Decimal(qty), Decimal(price), "sell", BTC, liquidity, is_first=is_first)
    assert charged == (Decimal(fee), Decimal(0))


def test_a_fee_in_base_is_taken_from_what_was_bought_and_only_of_crypto() -> None:
    costs = Costs.of(CostSettings(commission_bps=Decimal(25), fee_in_base=True))
    qty, price = Decimal("0.0002"), Decimal(30_000)
    assert costs.charged(qty, price, "buy", BTC, "taker", is_first=True) == (Decimal(0), Decimal("0.0000005"))
    assert costs.charged(qty, price, "sell", BTC, "taker", is_first=True) == (Decimal("0.015"), Decimal(0))
    assert costs.charged(Decimal(1), Decimal(400), "buy", SPY, "taker", is_first=True) == (Decimal(1), Decimal(0))


def test_ticks_and_impact_add_to_slippage() -> None:
    ticks = Costs.of(CostSettings(slippage_ticks=Decimal(2)))
    assert ticks.slipped(Decimal(100), "buy", SPY) == Decimal("100.02")
    assert ticks.slipped(Decimal("0.5"), "sell", SPY) == Decimal("0.4998")
    impact = Costs.of(CostSettings(slippage_bps=Decimal(10), slippage_impact=Decimal("0.1")))
    assert impact.slipped(Decimal(100), "buy", SPY, Decimal("0.5")) == Decimal("102.6")


def test_a_fill_through_flat_is_two_trades() -> None:
    portfolio = Portfolio(Decimal(1000))
    portfolio.book(fill("buy", Decimal(2), Decimal(10), Decimal(1)))
    portfolio.book(fill("sell", Decimal(5), Decimal(12), Decimal(5)))
    (first,) = portfolio.trades
    assert (first.side, first.qty, first.pnl, first.fees) == ("long", Decimal(2), Decimal(4 - 1 - 2), Decimal(3))
    held = portfolio.position("X/USD")
    assert (held.quantity, held.average_price) == (Decimal(-3), Decimal(12))
    portfolio.book(fill("buy", Decimal(3), Decimal(10), Decimal(0)))
    second = portfolio.trades[-1]
    assert (second.side, second.qty, second.entry_price, second.exit_price) == (
        "short",
        Decimal(3),
        Decimal(12),
        Decimal(10),
    )
    assert (second.pnl, second.fees) == (Decimal(6 - 3), Decimal(3))


def test_lots_go_in_the_order_they_came() -> None:
    portfolio = Portfolio(Decimal(1000))
    for price in (10, 20, 30):
        portfolio.book(fill("buy", Decimal(1), Decimal(price)))
    portfolio.book(fill("sell", Decimal("1.5"), Decimal(40)))
    lots = portfolio.position("X/USD").lots
    assert [(lot.quantity, lot.price) for lot in lots] == [(Decimal("0.5"), Decimal(20)), (Decimal(1), Decimal(30))]


def test_a_fill_of_which_the_fee_takes_everything_leaves_no_lot() -> None:
    portfolio = Portfolio(Decimal(1000))
    portfolio.book(fill("buy", Decimal(1), Decimal(10)))
    portfolio.book(msgspec.structs.replace(fill("buy", Decimal(1), Decimal(20)), base_fee=Decimal(1)))
    assert [(lot.quantity, lot.price) for lot in portfolio.position("X/USD").lots] == [(Decimal(1), Decimal(10))]


signed_fills = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell"]),
        st.decimals("0.001", "10", places=3),
        st.decimals("1", "100", places=2),
        st.decimals("0", "2", places=2),
        st.sampled_from([Decimal(0), Decimal("0.0025")]),
    ),
    max_size=30,
)


@given(signed_fills)
def test_on_either_side_of_flat_position_cash_and_pnl_add_up(
    history: list[tuple[Side, Decimal, Decimal, Decimal, Decimal]],
) -> None:
    portfolio, quantity = Portfolio(Decimal(100_000)), Decimal(0)
    for side, qty, price, fee, rate in history:
        base_fee = (qty * rate).quantize(Decimal("1e-9")) if side == "buy" else Decimal(0)
        portfolio.book(msgspec.structs.replace(fill(side, qty, price, fee), base_fee=base_fee))
        quantity += qty - base_fee if side == "buy" else -qty
    position = portfolio.position("X/USD")
    assert position.quantity == quantity, "sum of signed fills less base fees"
    assert sum((lot.quantity for lot in position.lots), Decimal(0)) == abs(quantity)
    assert all(one.qty > 0 and one.opened_at <= one.closed_at for one in portfolio.trades)
    mark = Decimal(50)
    unrealised = (quantity * mark).quantize(Decimal("1e-8")) - position.cost
    assert portfolio.equity({"X/USD": mark}) == 100_000 + portfolio.realised_pnl + unrealised - portfolio.fees


@pytest.mark.parametrize("bps", ["-1", "10000", "NaN", "Infinity"])
def test_impossible_costs_are_refused(bps: str) -> None:
    with pytest.raises(InvalidInput, match="commission_bps"):
        Costs.of(CostSettings(commission_bps=Decimal(bps)))


@pytest.mark.parametrize(
    ("amount", "text"), [("1E+5", "100000"), ("0.500", "0.5"), ("1e-8", "0.00000001"), ("-0", "0"), ("-1.50", "-1.5")]
)
def test_amounts_are_written_as_plain_digits(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text


def test_the_same_decision_has_the_same_ids_and_another_run_has_others() -> None:
    store, run = new_id(), new_id()
    ids, again, other = OrderIds(store, run), OrderIds(store, run), OrderIds(store, new_id())
    assert [ids.order_id(n) for n in range(5)] == [again.order_id(n) for n in range(5)]
    made = {ids.order_id(n, leg) for n in range(50) for leg in range(3)} | {other.order_id(n) for n in range(50)}
    assert len(made) == 200
    assert all(one.version == 8 and one.variant == "specified in RFC 4122" for one in made)
    client = ids.client_order_id(1)
    assert client.startswith("wv1-")
    assert len(client) == 36
    assert client == again.client_order_id(1)
    assert client not in {
        other.client_order_id(1),
        OrderIds(new_id(), run).client_order_id(1),
        ids.client_order_id(1, 1),
    }


def test_new_ids_ascend_with_time_and_say_their_version() -> None:
    made = [new_id() for _ in range(2000)]
    assert len(set(made)) == 2000
    assert [one.int >> 80 for one in made] == sorted(one.int >> 80 for one in made)
    assert {one.version for one in made} == {7}


splits = st.sets(st.integers(0, 30))


def booked(
    history: list[tuple[Side, Decimal, Decimal, Decimal, Decimal]], written_down_before: set[int], *, with_lots: bool
) -> tuple[PortfolioState, list[Trade]]:
    """Book a history over two symbols, the portfolio being written down as JSON and restored before these fills."""
    portfolio, trades = Portfolio(Decimal(100_000)), list[Trade]()
    for number, (side, qty, price, fee, rate) in enumerate(history):
        if number in written_down_before:
            trades += portfolio.trades
            state = portfolio.state()
            if not with_lots:
                state = without_lots(state)
            portfolio = Portfolio.restore(msgspec.json.decode(msgspec.json.encode(state), type=PortfolioState))
        base_fee = (qty * rate).quantize(Decimal("1e-9")) if side == "buy" else Decimal(0)
        symbol = "X/USD" if price % 2 < 1 else "Y/USD"
        portfolio.book(msgspec.structs.replace(fill(side, qty, price, fee), base_fee=base_fee, symbol=symbol))
    return portfolio.state(), [*trades, *portfolio.trades]


def without_lots(state: PortfolioState) -> PortfolioState:
    positions = tuple(msgspec.structs.replace(one, lots=()) for one in state.positions)
    return msgspec.structs.replace(state, positions=positions)


@given(signed_fills, splits)
def test_a_portfolio_written_down_and_restored_at_any_point_books_the_same(
    history: list[tuple[Side, Decimal, Decimal, Decimal, Decimal]], written_down_before: set[int]
) -> None:
    at_once = booked(history, set(), with_lots=True)
    restored = booked(history, written_down_before, with_lots=True)
    assert restored == at_once
    assert str(restored) == str(at_once), "to the last trailing zero"


@given(signed_fills, splits)
def test_a_position_restored_without_its_lots_books_the_same_and_has_those_opened_since(
    history: list[tuple[Side, Decimal, Decimal, Decimal, Decimal]], written_down_before: set[int]
) -> None:
    at_once, trades = booked(history, set(), with_lots=True)
    restored, trades_of_restored = booked(history, written_down_before, with_lots=False)
    assert (without_lots(restored), trades_of_restored) == (without_lots(at_once), trades)
    for one, other in zip(restored.positions, at_once.positions, strict=True):
        assert one.lots == newest(other, len(one.lots))


def newest(position: PositionState, count: int) -> tuple[object, ...]:
    return position.lots[len(position.lots) - count :]

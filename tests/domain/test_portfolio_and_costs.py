"""Money: nothing appears and nothing vanishes."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.costs import Costs
from domain.errors import InvalidInput
from domain.ids import OrderIds, new_id
from domain.money import exact, plain, posted
from domain.order import OrderFilled, Side
from domain.portfolio import Portfolio
from domain.run import CostSettings

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
    assert costs.slipped(price, "sell") <= price <= costs.slipped(price, "buy")
    assert abs(costs.slipped(price, "buy") - price * (1 + bps / 10000)) <= Decimal("1e-8")


def test_commission_is_a_fraction_of_the_notional() -> None:
    assert Costs.of(CostSettings(commission_bps=Decimal(10))).fee(Decimal(2), Decimal("150.5")) == Decimal("0.301")


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
    assert len(client) == 30
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

"""Risk: which orders are refused, in which words, and that no way leads past the limits."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.order import Side
from domain.risk import Objection, RiskLimits, parse_limits
from domain.risk_gate import Exposure, Proposed, RiskGate, opening_quantity

AT = datetime(2025, 3, 1, 12, tzinfo=UTC)
CASH = Decimal(100_000)
FLAT = Exposure(Decimal(0), Decimal(0), Decimal(0), open_orders=0, gross=Decimal(0), bar_age_seconds=0.0)
LONG = replace(FLAT, position=Decimal(5), gross=Decimal(500))


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def order(side: Side = "buy", qty: str = "1", price: str = "100", at: datetime = AT) -> Proposed:
    return Proposed("BTC/USD", side, Decimal(qty), Decimal(price), at)


def gate(**limits: object) -> RiskGate:
    return RiskGate(parse_limits(limits), CASH)


# What an order is told.

LOSS = Objection("max_drawdown", "equity 80000 is 20 % below its peak, 100000: max_drawdown is 10 %", {"limit": "0.1"})
STILL_HALTED = f"trading is halted: {LOSS.message}"


def halted() -> RiskGate:
    made = gate()
    made.halt(LOSS)
    return made


def cooling() -> RiskGate:
    made = gate(cooldown_after_loss_seconds=300)
    made.trade_closed(Decimal("-12.50"), AT)
    return made


def busy(count: int) -> RiskGate:
    made = gate(max_orders_per_minute=count)
    for second in range(count):
        made.placed(after(second))
    return made


@pytest.mark.parametrize(
    ("asked", "proposed", "exposure", "policy", "message", "figures"),
    [
        (halted(), order(), FLAT, "halt", STILL_HALTED, {"limit": "0.1", "halted_by": "max_drawdown"}),
        (
            gate(max_bar_age_seconds=120),
            order(),
            replace(FLAT, bar_age_seconds=120.5),
            "max_bar_age_seconds",
            "the newest bar of BTC/USD is 120.5 s old: max_bar_age_seconds is 120",
            {"symbol": "BTC/USD", "bar_age_seconds": "120.5", "limit": "120"},
        ),
        (
            gate(max_bar_age_seconds=120),
            order(),
            replace(FLAT, bar_age_seconds=inf),
            "max_bar_age_seconds",
            "BTC/USD has no bar yet: max_bar_age_seconds is 120",
            {"symbol": "BTC/USD", "bar_age_seconds": "none", "limit": "120"},
        ),
        (
            gate(long_only=True),
            order("sell", "4"),
            replace(LONG, working_sells=Decimal(2)),
            "long_only",
            "selling 4 BTC/USD could go short by 1: 5 held, 2 in working sells, and the run is long-only",
            {"symbol": "BTC/USD", "position": "5", "working": "2", "qty": "4", "opening": "1"},
        ),
        (
            gate(max_position="10"),
            order("buy", "3.5"),
            replace(LONG, working_buys=Decimal(2), working_sells=Decimal(5)),
            "max_position",
            "the position in BTC/USD could become 10.5: 5 held, 2 in working buys, 3.5 ordered, max_position is 10",
            {"symbol": "BTC/USD", "position": "5", "working": "2", "qty": "3.5", "limit": "10"},
        ),
        (
            gate(max_position="10"),
            order("sell", "16"),
            LONG,
            "max_position",
            "the position in BTC/USD could become -11: 5 held, 0 in working sells, 16 ordered, max_position is 10",
            {"symbol": "BTC/USD", "position": "5", "working": "0", "qty": "16", "limit": "10"},
        ),
        (
            gate(max_position="10"),
            order("sell", "7"),
            replace(FLAT, position=Decimal(1), working_sells=Decimal("4.5"), working_buys=Decimal(9)),
            "max_position",
            "the position in BTC/USD could become -10.5: 1 held, 4.5 in working sells, 7 ordered, max_position is 10",
            {"symbol": "BTC/USD", "position": "1", "working": "4.5", "qty": "7", "limit": "10"},
        ),
        (
            gate(max_order_notional="1000"),
            order("buy", "3", "400.50"),
            FLAT,
            "max_order_notional",
            "3 BTC/USD at about 400.5 are worth 1201.5: max_order_notional is 1000",
            {"symbol": "BTC/USD", "qty": "3", "price": "400.5", "notional": "1201.5", "limit": "1000"},
        ),
        (
            gate(max_gross_exposure="1000"),
            order("sell", "12"),
            LONG,
            "max_gross_exposure",
            "gross exposure could become 1200: 500 so far, 700 opened by this order, max_gross_exposure is 1000",
            {"gross": "500", "opened": "700", "reached": "1200", "limit": "1000"},
        ),
        (
            cooling(),
            order(at=after(299.5)),
            FLAT,
            "cooldown_after_loss_seconds",
            "a trade closed with a loss of 12.5 at 2025-03-01T12:00:00Z: no position is opened for 300 s after a loss",
            {"pnl": "-12.5", "closed_at": "2025-03-01T12:00:00Z", "passed_seconds": "299.5", "limit": "300"},
        ),
        (
            gate(max_open_orders=2),
            order(),
            replace(FLAT, open_orders=2),
            "max_open_orders",
            "2 orders are open: max_open_orders is 2",
            {"open_orders": "2", "limit": "2"},
        ),
        (
            busy(3),
            order(at=after(59)),
            FLAT,
            "max_orders_per_minute",
            "3 orders were placed since 2025-03-01T12:00:00Z, less than a minute ago: max_orders_per_minute is 3",
            {"orders": "3", "since": "2025-03-01T12:00:00Z", "limit": "3"},
        ),
        (
            busy(1),
            order(),
            FLAT,
            "max_orders_per_minute",
            "1 order was placed since 2025-03-01T12:00:00Z, less than a minute ago: max_orders_per_minute is 1",
            {"orders": "1", "since": "2025-03-01T12:00:00Z", "limit": "1"},
        ),
    ],
)
def test_a_refusal_names_the_policy_and_says_the_figures(
    asked: RiskGate, proposed: Proposed, exposure: Exposure, policy: str, message: str, figures: dict[str, str]
) -> None:
    assert asked.objection(proposed, exposure) == Objection(policy, message, figures)


@pytest.mark.parametrize(
    ("asked", "proposed", "exposure"),
    [
        (gate(max_bar_age_seconds=120), order(), replace(FLAT, bar_age_seconds=120.0)),
        (gate(long_only=True), order("sell", "3"), replace(LONG, working_sells=Decimal(2))),
        (gate(max_position="10"), order("buy", "3"), replace(LONG, working_buys=Decimal(2))),
        (gate(max_position="10"), order("sell", "15"), LONG),
        (gate(max_order_notional="1000"), order("buy", "10"), FLAT),
        (gate(max_position="10"), order("sell", "6"), replace(FLAT, working_sells=Decimal(4))),
        (gate(max_gross_exposure="1000"), order("buy", "5"), LONG),
        (
            gate(max_gross_exposure="1500"),
            order("buy", "5"),
            replace(LONG, working_buys=Decimal(5), gross=Decimal(1000)),
        ),
        (cooling(), order(at=after(300)), FLAT),
        (gate(max_open_orders=2), order(), replace(FLAT, open_orders=1)),
        (busy(3), order(at=after(60)), FLAT),
    ],
)
def test_an_order_exactly_at_a_limit_is_let_through(asked: RiskGate, proposed: Proposed, exposure: Exposure) -> None:
    assert asked.objection(proposed, exposure) is None


def test_a_bar_of_unknown_age_is_taken_for_stale() -> None:
    found = gate(max_bar_age_seconds=120).objection(order(), replace(FLAT, bar_age_seconds=nan))
    assert found is not None
    assert found.policy == "max_bar_age_seconds"


@pytest.mark.parametrize("pnl", ["0", "0.01"])
def test_a_trade_that_did_not_lose_starts_no_cool_down(pnl: str) -> None:
    asked = gate(cooldown_after_loss_seconds=300)
    asked.trade_closed(Decimal(pnl), AT)
    assert asked.objection(order(), FLAT) is None


def test_policies_object_in_their_documented_order() -> None:
    # given an order that breaks every policy there is
    names = [
        "max_bar_age_seconds",
        "long_only",
        "max_position",
        "max_order_notional",
        "max_gross_exposure",
        "cooldown_after_loss_seconds",
        "max_open_orders",
        "max_orders_per_minute",
    ]
    crowded = replace(FLAT, open_orders=9, bar_age_seconds=inf)
    limits: dict[str, object] = dict.fromkeys(names, 1)
    told = []
    while limits:
        # when the policy that objected is switched off
        asked = gate(**limits)
        asked.trade_closed(Decimal(-1), AT)
        asked.placed(AT)
        found = asked.objection(order("sell", "2"), crowded)
        assert found is not None
        told.append(found.policy)
        del limits[found.policy]
    # then the next one objects
    assert told == names


# Getting out.

STUCK = Exposure(Decimal(5), Decimal(3), Decimal(2), open_orders=9, gross=Decimal(9_000), bar_age_seconds=inf)
SIZES: dict[str, object] = {
    "max_position": 1,
    "max_order_notional": 1,
    "max_gross_exposure": 1,
    "long_only": True,
    "max_bar_age_seconds": 1,
    "cooldown_after_loss_seconds": 300,
}
MIRROR: dict[Side, Exposure] = {
    "sell": STUCK,
    "buy": replace(STUCK, position=Decimal(-5), working_buys=Decimal(2), working_sells=Decimal(3)),
}


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_an_order_that_only_reduces_a_position_is_never_too_large(side: Side) -> None:
    asked = gate(**SIZES)
    asked.trade_closed(Decimal(-1), AT)
    assert asked.objection(order(side, "3"), MIRROR[side]) is None
    assert asked.objection(order(side, "3.01"), MIRROR[side]) is not None


def test_traffic_and_a_halt_hold_for_orders_that_reduce_too() -> None:
    for asked, policy in ((gate(max_open_orders=1), "max_open_orders"), (busy(1), "max_orders_per_minute")):
        found = asked.objection(order("sell", "1"), STUCK)
        assert found is not None
        assert found.policy == policy
    refused = halted().objection(order("sell", "1"), STUCK)
    assert refused is not None
    assert refused.policy == "halt"


amounts = st.decimals("-100", "100", places=2)
sizes = st.decimals("0", "100", places=2)


@given(st.sampled_from(["buy", "sell"]), amounts, sizes)
def test_what_an_order_opens_is_what_the_position_grows_by_beyond_flat(
    side: Side, position: Decimal, working: Decimal
) -> None:
    target = position + (working if side == "buy" else -working)
    crosses = (target > 0) != (position > 0) or position == 0
    grown = abs(target) if crosses else max(Decimal(0), abs(target) - abs(position))
    assert opening_quantity(side, position, working) == grown


# No way past the limits.

PRICES = {"A": Decimal(5), "B": Decimal("7.25")}


@dataclass
class Account:
    """A venue at constant prices: what the gate lets through works until it is filled or cancelled."""

    gate: RiskGate
    positions: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(PRICES, Decimal(0)))
    working: list[tuple[str, Side, Decimal]] = field(default_factory=list)

    def resting(self, symbol: str, side: Side) -> Decimal:
        return sum((qty for name, way, qty in self.working if (name, way) == (symbol, side)), Decimal(0))

    def exposure(self, symbol: str) -> Exposure:
        gross = Decimal(0)
        for name, held in self.positions.items():
            gross += abs(held) * PRICES[name]
            gross += opening_quantity("buy", held, self.resting(name, "buy")) * PRICES[name]
            gross += opening_quantity("sell", held, self.resting(name, "sell")) * PRICES[name]
        buys, sells = self.resting(symbol, "buy"), self.resting(symbol, "sell")
        return Exposure(self.positions[symbol], buys, sells, len(self.working), gross, 0.0)

    def propose(self, symbol: str, side: Side, qty: Decimal) -> None:
        proposed = Proposed(symbol, side, qty, PRICES[symbol], AT)
        if self.gate.objection(proposed, self.exposure(symbol)) is None:
            self.working.append((symbol, side, qty))

    def fill(self, place: int, part: Decimal) -> None:
        if self.working:
            symbol, side, qty = self.working.pop(place % len(self.working))
            filled = min(qty, part)
            self.positions[symbol] += filled if side == "buy" else -filled
            if filled < qty:
                self.working.append((symbol, side, qty - filled))

    def cancel(self, place: int) -> None:
        if self.working:
            self.working.pop(place % len(self.working))


quantities = st.decimals("0.01", "30", places=2)
proposals = st.tuples(st.just("propose"), st.sampled_from(sorted(PRICES)), st.sampled_from(["buy", "sell"]), quantities)
fills = st.tuples(st.just("fill"), st.integers(0, 9), quantities)
cancels = st.tuples(st.just("cancel"), st.integers(0, 9))
histories = st.lists(proposals | fills | cancels, max_size=60)


some_limits = st.builds(
    RiskLimits,
    max_position=st.none() | st.decimals("1", "40", places=2),
    max_gross_exposure=st.none() | st.decimals("1", "400", places=2),
    max_open_orders=st.none() | st.integers(1, 5),
    long_only=st.booleans(),
)


@given(histories, some_limits)
def test_no_orders_that_were_let_through_ever_break_a_limit_however_they_fill(
    history: list[tuple[str, *tuple[object, ...]]], limits: RiskLimits
) -> None:
    most, gross, count = limits.max_position, limits.max_gross_exposure, limits.max_open_orders
    account = Account(RiskGate(limits, CASH))
    for name, *arguments in history:
        getattr(account, name)(*arguments)
        held = account.positions
        assert most is None or max(map(abs, held.values())) <= most
        assert gross is None or sum(abs(quantity) * PRICES[symbol] for symbol, quantity in held.items()) <= gross
        assert count is None or len(account.working) <= count
        assert not limits.long_only or min(held.values()) >= 0


@given(st.lists(st.integers(0, 50_000_000), max_size=60), st.integers(1, 6))
def test_orders_per_minute_is_a_true_sliding_window(gaps: list[int], limit: int) -> None:
    asked = gate(max_orders_per_minute=limit)
    accepted: list[datetime] = []
    now = AT
    for gap in gaps:
        now += timedelta(microseconds=gap)
        recent = [at for at in accepted if now - at < timedelta(minutes=1)]
        refused = asked.objection(order(at=now), FLAT) is not None
        assert refused == (len(recent) >= limit)
        if not refused:
            asked.placed(now)
            accepted.append(now)


@given(
    st.builds(Proposed, st.just("A"), st.sampled_from(["buy", "sell"]), quantities, quantities, st.just(AT)),
    st.builds(Exposure, amounts, sizes, sizes, st.integers(0, 1000), sizes, st.floats(min_value=0)),
    st.lists(amounts, max_size=10),
)
def test_with_every_policy_off_nothing_is_ever_refused_or_halted(
    proposed: Proposed, exposure: Exposure, history: list[Decimal]
) -> None:
    asked = gate()
    assert not asked.watches_equity
    for day, equity in enumerate(history):
        asked.placed(AT)
        asked.trade_closed(equity, AT)
        assert asked.mark(equity, day, AT) is None
        assert asked.objection(proposed, exposure) is None
    assert not asked.is_halted


def test_a_halted_run_keeps_its_first_reason_and_resume_keeps_traffic_and_cool_down() -> None:
    asked = gate(max_orders_per_minute=1, cooldown_after_loss_seconds=300)
    asked.placed(AT)
    asked.trade_closed(Decimal(-1), AT)
    asked.halt(LOSS)
    asked.halt(Objection("margin_call", "equity 1 is below the margin of 2", {}))
    refused = asked.objection(order(), FLAT)
    assert refused is not None
    assert refused.figures["halted_by"] == "max_drawdown"
    asked.resume(CASH)
    told = [asked.objection(order("sell"), LONG), asked.objection(order(at=after(60)), FLAT)]
    assert [found and found.policy for found in told] == ["max_orders_per_minute", "cooldown_after_loss_seconds"]

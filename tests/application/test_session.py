"""A session: when orders fill, what the account allows, and what a strategy sees."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.equity import MAX_POINTS, equity_curve, equity_marks
from domain.errors import StrategyFault
from domain.order import OrderCancelled, OrderCreated, OrderFill, OrderFilled, OrderRejected, OrderStatus
from domain.strategy import Context, Strategy
from domain.working_order import OrderHandle
from tests.trading import START, market, trade

ONE = Decimal(1)


class Script(Strategy):
    """Does what the test says at each bar, by number from 0."""

    def __init__(self, **steps: Callable[[Context], object]) -> None:
        super().__init__()
        self.steps = {int(name.removeprefix("bar")): step for name, step in steps.items()}
        self.number = -1
        self.heard: list[object] = []

    def on_bar(self, ctx: Context) -> None:
        self.number += 1
        if self.number in self.steps:
            self.steps[self.number](ctx)

    def on_fill(self, ctx: Context, fill: OrderFill) -> None:
        self.heard.append(("fill", self.number, fill.price))

    def on_order(self, ctx: Context, order: OrderHandle) -> None:
        self.heard.append(("order", self.number, order.status))

    def on_stop(self, ctx: Context) -> None:
        self.heard.append("stop")


def test_a_market_order_fills_at_the_next_bars_open() -> None:
    session, events = trade(Script(bar1=lambda ctx: ctx.buy(2)), market([10, 11, 12, 13]), commission_bps="10")
    created, filled = events
    assert isinstance(created, OrderCreated)
    assert isinstance(filled, OrderFilled)
    assert created.at == START + timedelta(minutes=2)
    assert (filled.at, filled.price, filled.qty, filled.fee) == (
        START + timedelta(minutes=2),
        Decimal(12),
        Decimal(2),
        Decimal("0.024"),
    )
    assert session.cash == Decimal(100_000) - 24 - Decimal("0.024")


def test_slippage_moves_the_fill_against_the_trader() -> None:
    script = Script(bar0=lambda ctx: ctx.buy(1), bar1=lambda ctx: ctx.close())
    _, events = trade(script, market([100, 100, 100]), slippage_bps="10")
    assert [event.price for event in events if isinstance(event, OrderFill)] == [Decimal("100.1"), Decimal("99.9")]


def test_the_fill_is_in_the_position_when_on_bar_sees_its_bar() -> None:
    seen: list[Decimal] = []
    script = Script(
        bar0=lambda ctx: ctx.buy(1),
        bar1=lambda ctx: seen.append(ctx.position().quantity),
    )
    trade(script, market([1, 2, 3]))
    assert seen == [ONE]
    assert script.heard == [("fill", 0, Decimal(2)), "stop"]


def test_after_a_gap_an_order_fills_at_the_next_bar_there_is() -> None:
    _, events = trade(Script(bar0=lambda ctx: ctx.buy(1)), market([10, 20], minutes=[0, 90]))
    assert [(type(event), event.at) for event in events] == [
        (OrderCreated, START + timedelta(minutes=1)),
        (OrderFilled, START + timedelta(minutes=90)),
    ]


def test_an_order_of_the_last_bar_is_cancelled_at_the_end() -> None:
    session, events = trade(Script(bar1=lambda ctx: ctx.buy(1)), market([10, 11]))
    assert [type(event) for event in events] == [OrderCreated, OrderCancelled]
    assert session.cash == 100_000


def test_a_cash_account_buys_no_more_than_it_can_pay_with_fees() -> None:
    _, events = trade(Script(bar0=lambda ctx: ctx.buy(10)), market([10, 10]), cash="100", commission_bps="1")
    _, rejected = events
    assert isinstance(rejected, OrderRejected)
    assert rejected.reason == "insufficient cash: about 100.01 needed, 100 free"


def test_working_orders_keep_their_cash_reserved() -> None:
    def buy_twice(ctx: Context) -> None:
        first, second = ctx.buy(6), ctx.buy(6)
        assert (first.status, second.status) == (OrderStatus.PENDING, OrderStatus.REJECTED)

    _, events = trade(Script(bar0=buy_twice), market([10, 10]), cash="100")
    assert sum(isinstance(event, OrderRejected) for event in events) == 1


def test_an_open_that_gapped_beyond_the_cash_rejects_the_order() -> None:
    session, events = trade(Script(bar0=lambda ctx: ctx.buy(10)), market([10, 11], [10, 11]), cash="100")
    assert isinstance(events[-1], OrderRejected)
    assert "110 needed at the fill, 100 there" in events[-1].reason
    assert session.cash == 100


def test_a_cash_account_cannot_go_short() -> None:
    def oversell(ctx: Context) -> None:
        assert ctx.sell(1).status is OrderStatus.PENDING
        assert ctx.sell(1).status is OrderStatus.REJECTED

    _, events = trade(Script(bar0=lambda ctx: ctx.buy(1), bar1=oversell), market([10, 10, 10]))
    assert isinstance(events[-2], OrderRejected)
    assert events[-2].reason == "insufficient BTC/USD: 1 ordered, 0 free to sell"


def test_a_cancelled_order_does_not_fill_and_frees_its_cash() -> None:
    def place_and_cancel(ctx: Context) -> None:
        handle = ctx.buy(10)
        ctx.cancel(handle.id)
        assert handle.status is OrderStatus.CANCELLED
        assert ctx.orders() == []
        assert ctx.buy(10).status is OrderStatus.PENDING

    session, events = trade(Script(bar0=place_and_cancel), market([10, 10]), cash="100")
    assert session.position("BTC/USD").quantity == 10
    assert sum(isinstance(event, OrderCancelled) for event in events) == 1


def test_target_brings_the_position_to_a_share_of_equity() -> None:
    script = Script(bar0=lambda ctx: ctx.target(percent=50), bar1=lambda ctx: ctx.target(2))
    session, _ = trade(script, market([10, 10, 10]), cash="100")
    assert session.position("BTC/USD").quantity == 2


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda ctx: ctx.buy(0), "above zero"),
        (lambda ctx: ctx.buy(-1), "above zero"),
        (lambda ctx: ctx.buy("NaN"), "above zero"),
        (lambda ctx: ctx.buy("many"), "must be a number"),
        (lambda ctx: ctx.buy("0.1234567891"), "more than 9 decimals"),
        (lambda ctx: ctx.buy(1, "ETH/USD"), "not traded by this run"),
        (lambda ctx: ctx.buy(1, limit=-1), "above zero"),
        (lambda ctx: ctx.buy(1, tif="day"), "takes no day market orders of BTC/USD: gtc, ioc, fok only"),
        (lambda ctx: ctx.buy(1, tif="forever"), "unknown time in force"),
        (lambda ctx: ctx.buy(1, take_profit=10, stop_loss=20), "the wrong way round"),
        (lambda ctx: ctx.exit(take_profit=20, stop_loss=5), "no position of BTC/USD"),
        (lambda ctx: ctx.buy(1, trail=1, trail_percent=1), "either trail or trail_percent"),
        (lambda ctx: ctx.buy(1, trail=1, limit=5), "neither limit nor stop"),
        (lambda ctx: ctx.sell(1, trail_percent=100), "must be below 100"),
        (lambda ctx: ctx.sell(1, trail=11), "below zero"),
        (lambda ctx: ctx.buy("0.0000000001"), "more than 9 decimals"),
        (lambda ctx: ctx.buy(1, limit="1e-9"), "less than one tick"),
        (lambda ctx: ctx.target(), "either a quantity or percent"),
        (lambda ctx: ctx.bars(timeframe="1s"), "1s"),
        (lambda ctx: ctx.bars("ETH/USD"), "no bars of ETH/USD"),
        (lambda ctx: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_an_impossible_request_is_the_strategys_fault(ask: Callable[[Context], object], words: str) -> None:
    with pytest.raises(StrategyFault, match=words) as caught:
        trade(Script(bar0=ask), market([10, 10]))
    assert "Traceback" in str(caught.value.details["traceback"])


@pytest.mark.parametrize("callback", ["on_start", "on_bar", "on_fill", "on_order", "on_stop"])
def test_an_exception_in_any_callback_is_told_with_its_traceback(callback: str) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError(f"boom in {callback}")

    script = Script(bar0=lambda ctx: (ctx.buy(1), ctx.buy(10**9)))
    setattr(script, callback, explode)
    with pytest.raises(StrategyFault, match=f"RuntimeError: boom in {callback}"):
        trade(script, market([10, 10, 10]))


def test_several_symbols_share_one_timeline() -> None:
    seen: list[tuple[int, int]] = []

    class Watcher(Strategy):
        def on_bar(self, ctx: Context) -> None:
            seen.append((len(ctx.bars("A")), len(ctx.bars("B"))))
            if len(seen) == 1:
                ctx.buy(1, "A")

    a, b = market([1, 2, 3], symbol="A", minutes=[0, 3, 4]), market([7, 8], symbol="B", minutes=[1, 3])
    _, events = trade(Watcher(), a, b)
    assert seen == [(1, 0), (1, 1), (2, 2), (3, 2)]
    assert events[1].at == START + timedelta(minutes=3)


class Gambler(Strategy):
    """Trades at random, seeded by the run."""

    def on_bar(self, ctx: Context) -> None:
        held = ctx.position().quantity
        if ctx.random.random() < 0.3:
            ctx.buy(Decimal(ctx.random.randint(1, 900)) / 100)
        elif held and ctx.random.random() < 0.5:
            ctx.sell((held / 2).quantize(Decimal("0.01")) or held)


walks = st.lists(st.integers(50, 150).map(float), min_size=2, max_size=60)


@given(walks, st.sampled_from(["0", "7"]), st.sampled_from(["0", "25"]))
def test_every_fill_is_at_its_bars_open_and_nothing_is_lost(opens: list[float], slippage: str, commission: str) -> None:
    bars = market(opens)
    session, events = trade(Gambler(), bars, slippage_bps=slippage, commission_bps=commission)
    created = {event.sequence: event for event in events if isinstance(event, OrderCreated)}
    fills = [event for event in events if isinstance(event, OrderFill)]
    by_client = {event.client_order_id: event for event in created.values()}
    cash = session.initial_cash
    held = Decimal(0)
    for fill in fills:
        intent = by_client[fill.execution_id.removesuffix("-1")]
        assert fill.at >= intent.at, "no fill before placement"
        price = opens[int((fill.at - START).total_seconds() // 60)]
        assert abs(float(fill.price) / price - 1) <= float(slippage) / 10_000 + 1e-9
        assert fill.filled_qty <= intent.qty
        sign = 1 if fill.side == "buy" else -1
        cash -= sign * (fill.qty * fill.price).quantize(Decimal("1e-8")) + fill.fee
        held += sign * fill.qty
        assert cash >= 0
        assert held >= 0
    assert (session.cash, session.position("BTC/USD").quantity) == (cash, held)


@given(walks, st.integers(1, 59))
def test_truncating_the_future_never_changes_the_past(opens: list[float], kept: int) -> None:
    kept = min(kept, len(opens) - 1)
    closes = [*opens[1:], opens[-1]]
    _, whole = trade(Gambler(), market(opens, closes))
    _, part = trade(Gambler(), market(opens[:kept], closes[:kept]))
    settled = [event for event in part if not isinstance(event, OrderCancelled)]
    assert whole[: len(settled)] == settled


@given(walks)
def test_the_curve_ends_at_the_final_equity_and_marks_lie_on_it(opens: list[float]) -> None:
    bars = market(opens)
    session, _ = trade(Gambler(), bars)
    curve = equity_curve(session, session._timeline)
    assert curve.equity[-1] == pytest.approx(float(session.equity), abs=1e-6)
    (marked,) = equity_marks(session, session._timeline, START)
    assert len(marked.times) == len(opens) <= MAX_POINTS
    assert marked.equity[-1] == session.equity
    assert [float(value) for value in marked.equity] == pytest.approx(list(curve.equity), abs=1e-6)


def test_the_context_names_the_runs_symbols_in_their_order() -> None:
    seen: list[tuple[str, ...]] = []
    a, b = market([1, 2], symbol="A"), market([7, 8], symbol="B")
    trade(Script(bar0=lambda ctx: seen.append(ctx.symbols)), b, a)
    assert seen == [("B", "A")]

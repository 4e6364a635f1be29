"""Input that cannot be meant: a clear refusal or a rejected event, and a run that stays well-defined."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.session import Session
from domain.errors import OrderRefused, StrategyFault
from domain.events import Event
from domain.ids import OrderIds
from domain.order import OrderCancelled, OrderCreated, OrderFill, OrderRejected
from domain.strategy import Context
from domain.timeline import Timeline
from domain.working_order import OrderHandle
from tests.scripted import Row, Script, Step, bars, fills, flat, reasons
from tests.trading import CASH, MARGIN, RUN, STORE, description, trade

REFUSED = [
    (lambda ctx: ctx.buy(0), "the quantity must be above zero, not 0"),
    (lambda ctx: ctx.sell(-1), "the quantity must be above zero, not -1"),
    (lambda ctx: ctx.buy("NaN"), "the quantity must be above zero, not NaN"),
    (lambda ctx: ctx.buy(float("nan")), "the quantity must be above zero, not NaN"),
    (lambda ctx: ctx.buy(float("inf")), "the quantity must be above zero, not Infinity"),
    (lambda ctx: ctx.buy("-inf"), "the quantity must be above zero, not -Infinity"),
    (lambda ctx: ctx.buy(1e30), "the quantity must be at most 1000000000000000, not 1E"),
    (lambda ctx: ctx.buy(Decimal("1E+999999")), "the quantity must be at most 1000000000000000, not 1E"),
    (lambda ctx: ctx.buy("1.0000000001"), "more than 9 decimals"),
    (lambda ctx: ctx.buy(None), "quantity must be a number, not None"),
    (lambda ctx: ctx.buy(True), "quantity must be a number, not True"),
    (lambda ctx: ctx.buy([1]), r"quantity must be a number, not \[1\]"),
    (lambda ctx: ctx.buy(1, "ETH/USD"), "ETH/USD is not traded by this run: it has BTC/USD"),
    (lambda ctx: ctx.buy(1, "btc/usd"), "btc/usd is not traded by this run"),
    (lambda ctx: ctx.buy(1, limit=-5), "limit must be above zero, not -5"),
    (lambda ctx: ctx.buy(1, limit=0), "limit must be above zero, not 0"),
    (lambda ctx: ctx.buy(1, limit="NaN"), "limit must be above zero, not NaN"),
    (lambda ctx: ctx.buy(1, stop=float("inf")), "stop must be above zero, not inf"),
    (lambda ctx: ctx.buy(1, stop="cheap"), "stop must be a number, not 'cheap'"),
    (lambda ctx: ctx.buy(1, trail=0), "trail must be above zero, not 0"),
    (lambda ctx: ctx.buy(1, trail_percent=-1), "trail_percent must be above zero, not -1"),
    (lambda ctx: ctx.buy(1, take_profit=-1), "take_profit must be above zero, not -1"),
    (lambda ctx: ctx.buy(1, stop_loss="x"), "stop_loss must be a number, not 'x'"),
    (
        lambda ctx: ctx.buy(1, take_profit=90, stop_loss=110),
        "take_profit 90 and stop_loss 110 of a buy are the wrong way",
    ),
    (
        lambda ctx: ctx.sell(1, take_profit=110, stop_loss=90),
        "take_profit 110 and stop_loss 90 of a sell are the wrong",
    ),
    (lambda ctx: ctx.buy(1, take_profit=90, stop_loss=90), "the wrong way round"),
    (lambda ctx: ctx.buy(1, tag="x" * 101), "a tag has at most 100 characters"),
    (lambda ctx: ctx.buy(1, tif="GTC"), "unknown time in force 'GTC': choose one of day, gtc, ioc, fok"),
    (lambda ctx: ctx.target("NaN"), "the quantity must be above zero|must be a number|finite"),
    (lambda ctx: ctx.target(percent="NaN"), "must be above zero|must be a number|finite"),
    (lambda ctx: ctx.target(percent="inf"), "must be above zero|must be a number|finite"),
    (lambda ctx: ctx.buy("sNaN"), "the quantity must be above zero, not sNaN"),
]


@pytest.mark.parametrize(("ask", "words"), REFUSED)
def test_what_can_never_be_an_order_is_refused_in_one_line(ask: Step, words: str) -> None:
    with pytest.raises(StrategyFault, match=f"OrderRefused: .*({words})") as caught:
        trade(Script({0: ask}), bars(*flat(100, 2)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("ask", "words"), REFUSED)
def test_a_strategy_that_catches_a_refusal_trades_on(ask: Callable[[Context], object], words: str) -> None:
    def careful(ctx: Context) -> object:
        with pytest.raises(OrderRefused, match=words):
            ask(ctx)
        return ctx.buy(1)

    script = Script({0: careful})
    session, events = trade(script, bars(*flat(100, 2)))
    assert script.statuses() == ["filled"]
    assert len([event for event in events if isinstance(event, OrderCreated)]) == 1, "a refusal leaves no trace"
    assert session.position("BTC/USD").quantity == 1


HUGE = {
    "quantity": (lambda ctx: ctx.buy(10**15), 100_000.0),
    "limit": (lambda ctx: ctx.buy(1, limit="1e30"), 100.0),
    "stop": (lambda ctx: ctx.buy(1, stop="1e30"), 100.0),
    "stop and limit": (lambda ctx: ctx.buy(1, stop="1e30", limit="1e30"), 100.0),
    "trail": (lambda ctx: ctx.buy(1, trail="1e30"), 100.0),
    "notional": (lambda ctx: ctx.buy(10**15, limit=10**9), 100.0),
    "sale": (lambda ctx: ctx.sell(10**15), 100_000.0),
    "tiny limit": (lambda ctx: ctx.buy(1, limit="1e-30"), 100.0),
    "limit of a sale": (lambda ctx: ctx.sell(1, limit="1e30"), 100.0),
    "target": (lambda ctx: ctx.target(10**15), 100_000.0),
    "percent": (lambda ctx: ctx.target(percent=10**15), 100_000.0),
}


@pytest.mark.parametrize("account", ["cash", "margin"])
@pytest.mark.parametrize(("ask", "price"), HUGE.values(), ids=HUGE)
def test_what_is_too_large_to_be_meant_is_refused_or_rejected(ask: Step, price: float, account: str) -> None:
    def careful(ctx: Context) -> object:
        try:
            return ask(ctx)
        except OrderRefused:
            return None

    script = Script({0: careful})
    session, _ = trade(script, bars(*flat(price, 3)), account=MARGIN if account == "margin" else CASH)
    assert all(status in ("rejected", "cancelled") for status in script.statuses())
    assert session.cash == 100_000


REJECTED = [
    (lambda ctx: ctx.buy(1001), "insufficient cash: about 100100 needed, 100000 free"),
    (lambda ctx: ctx.buy(1, limit=100_001), "insufficient cash: about 100001 needed, 100000 free"),
    (lambda ctx: ctx.sell(1), "insufficient BTC/USD: 1 ordered, 0 free to sell"),
    (lambda ctx: ctx.sell(1, limit=200), "insufficient BTC/USD: 1 ordered, 0 free to sell"),
    (lambda ctx: ctx.target(-1), "insufficient BTC/USD: 1 ordered, 0 free to sell"),
]


@pytest.mark.parametrize(("ask", "reason"), REJECTED)
def test_what_the_account_cannot_carry_is_an_event_and_not_an_error(ask: Step, reason: str) -> None:
    script = Script({0: ask, 1: lambda ctx: ctx.buy(1)})
    _, events = trade(script, bars(*flat(100, 3)))
    assert reasons(events) == [reason]
    assert script.statuses() == ["rejected", "filled"]
    assert script.placed[0].reject_reason == reason
    assert script.heard == ["rejected"]


def test_an_order_before_the_first_bar_is_refused() -> None:
    class Hasty(Script):
        def on_start(self, ctx: Context) -> None:
            ctx.buy(1)

    with pytest.raises(StrategyFault, match="OrderRefused: orders can be placed from the first on_bar on"):
        trade(Hasty({}), bars(*flat(100, 2)))


def test_cancelling_what_is_unknown_or_over_changes_nothing() -> None:
    def again(ctx: Context) -> None:
        ctx.cancel(script.placed[0].id)
        ctx.cancel(script.placed[0].id.__class__(int=5))

    script = Script({0: lambda ctx: ctx.buy(1), 1: again})
    _, events = trade(script, bars(*flat(100, 3)))
    assert script.statuses() == ["filled"]
    assert not [event for event in events if isinstance(event, OrderCancelled)]


class Broken(Script):
    """Raises in one callback, with an order working and a position held."""

    def __init__(self, callback: str) -> None:
        super().__init__({0: lambda ctx: (ctx.buy(1), ctx.buy(1, limit=1)), 2: lambda ctx: ctx.buy(10**9)})
        self.callback = callback

    def raises(self, callback: str) -> None:
        if callback == self.callback:
            raise RuntimeError(f"boom in {callback}")

    def on_start(self, ctx: Context) -> None:
        self.raises("on_start")

    def on_bar(self, ctx: Context) -> None:
        super().on_bar(ctx)
        if self.number == 2:
            self.raises("on_bar")

    def on_fill(self, ctx: Context, fill: OrderFill) -> None:
        self.raises("on_fill")

    def on_order(self, ctx: Context, order: OrderHandle) -> None:
        super().on_order(ctx, order)
        self.raises("on_order")

    def on_stop(self, ctx: Context) -> None:
        self.raises("on_stop")


@pytest.mark.parametrize("callback", ["on_start", "on_bar", "on_fill", "on_order", "on_stop"])
def test_a_strategy_that_raises_leaves_whole_orders_behind(callback: str) -> None:
    timeline = Timeline([bars(*flat(100, 4))])
    session = Session(
        RUN, description(), OrderIds(STORE, RUN), timeline, Broken(callback), lambda message, fields: None
    )

    def whole_run() -> None:
        session.start()
        session.run(0, len(timeline))
        session.finish("the end")

    with pytest.raises(StrategyFault, match=f"RuntimeError: boom in {callback}") as fault:
        whole_run()
    assert "Traceback" in str(fault.value.details["traceback"])
    session.cancel_working_orders("the strategy failed")
    events = [recorded.event for recorded in session.collect_events()]
    assert_every_order_has_ended(events)
    assert session.open_orders() == []
    assert session.position("BTC/USD").quantity == sum(fill.qty for fill in fills(events))


def assert_every_order_has_ended(events: Sequence[Event]) -> None:
    created = sum(isinstance(event, OrderCreated) for event in events)
    ended = sum(isinstance(event, (OrderCancelled, OrderRejected)) or event.TOPIC == "order.filled" for event in events)
    assert created == ended


def test_orders_placed_in_on_stop_are_cancelled() -> None:
    class Late(Script):
        def on_stop(self, ctx: Context) -> None:
            self.placed.append(ctx.buy(1))

    script = Late({})
    _, events = trade(script, bars(*flat(100, 2)))
    assert script.statuses() == ["cancelled"]
    assert_every_order_has_ended(events)


numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(max_size=6),
    st.sampled_from(["1e30", "1e-30", "-0", "0.1", "1" * 40, "1E+999999", None, True]),
)
ROWS: list[Row] = [(100, 101, 99, 100), (100, 110, 90, 100), (100, 100, 100, 100)]


@settings(max_examples=200, deadline=None)
@given(
    st.just(1) | numbers,
    st.dictionaries(
        st.sampled_from(["limit", "stop", "trail", "trail_percent", "take_profit", "stop_loss"]), numbers, max_size=3
    ),
    st.sampled_from(["buy", "sell"]),
    st.booleans(),
)
def test_whatever_is_asked_for_is_an_order_or_a_refusal(
    quantity: Any, figures: dict[str, Any], side: str, on_margin: bool
) -> None:
    def ask(ctx: Context) -> object:
        try:
            return (ctx.buy if side == "buy" else ctx.sell)(quantity, **figures)
        except OrderRefused:
            return None

    _, events = trade(Script({0: ask}), bars(*ROWS), account=MARGIN if on_margin else CASH)
    assert_every_order_has_ended(events)

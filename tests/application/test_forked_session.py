"""Forks in memory: without a change they are the run itself, and with one they differ from the moment on only."""

import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.forked_session import ForkedSession
from application.session import Session
from domain.events import Event, Recorded
from domain.ids import OrderIds
from domain.market import Bars
from domain.order import OrderCancelled, OrderCreated, OrderFill, OrderRejected, OrderStatus
from domain.risk import RiskHalted, RiskLimits
from domain.run import CostSettings, RunCreated
from domain.run_log import LogIndicatorsDeclared, LogWritten, RunLog, log_stream_id
from domain.strategy import Context, Strategy
from domain.timeline import Timeline
from domain.working_order import OrderHandle
from interfaces.strategy_catalog import FileStrategyCatalog
from tests.random_trading import END, Gambler, World, worlds
from tests.trading import CASH, MARGIN, RUN, STORE, description, market

NAMES = ("breakout", "mean_reversion", "multi_timeframe", "pairs", "rsi_reversal", "sma_cross")
SYMBOLS = ("BTC/USD", "ETH/USD")
DEAR = CostSettings(Decimal(10), Decimal(5), maker_bps=Decimal(2))
type Make = Callable[[], Strategy]


def session_of(
    bars: Sequence[Bars], described: RunCreated, strategy: Strategy, past: Session | None, handover: int, log: RunLog
) -> Session:
    """A session on a timeline of its own; of a fork with a past."""
    ids, timeline = OrderIds(STORE, RUN), Timeline(bars)
    if past is None:
        return Session(RUN, described, ids, timeline, strategy, lambda message, fields: None, {}, log)
    return ForkedSession(RUN, described, ids, timeline, strategy, lambda message, fields: None, {}, log, past, handover)


def traded(session: Session, length: int, stretch: int = 7) -> list[Recorded]:
    """Everything a session records, collected stretch by stretch as a backtest does."""
    session.start()
    recorded: list[Recorded] = []
    for first in range(0, length, stretch):
        session.run(first, min(first + stretch, length))
        recorded += session.collect_events()
    session.finish(END)
    return [*recorded, *session.collect_events()]


def plain(bars: Sequence[Bars], described: RunCreated, make: Make) -> list[Recorded]:
    log = RunLog(log_stream_id(RUN))
    return traded(session_of(bars, described, make(), None, 0, log), len(Timeline(bars)))


def forked(
    bars: Sequence[Bars], parent: RunCreated, make: Make, *forks: tuple[int, RunCreated, Make]
) -> tuple[Session, list[Recorded]]:
    """A fork of a fork … of a run: each with its handover."""
    log = RunLog(log_stream_id(RUN))
    session = session_of(bars, parent, make(), None, 0, log)
    for handover, described, made in forks:
        session = session_of(bars, described, made(), session, handover, log)
    return session, traded(session, len(Timeline(bars)))


def of_orders(recorded: Sequence[Recorded]) -> list[Event]:
    """The events of orders and risk."""
    return [one.event for one in recorded if not isinstance(one.event, LogWritten | LogIndicatorsDeclared)]


@settings(max_examples=150, deadline=None)
@given(world=worlds(costs=(CostSettings(), DEAR)), data=st.data())
def test_a_fork_without_a_change_is_the_run_itself(world: World, data: st.DataObject) -> None:
    limits = data.draw(
        st.sampled_from(
            (
                RiskLimits(),
                RiskLimits(max_drawdown=Decimal("0.05"), flatten_on_halt=True),
                RiskLimits(max_daily_loss=Decimal(50), max_orders_per_minute=1, cooldown_after_loss_seconds=120),
                RiskLimits(max_position=Decimal(8), max_open_orders=4, max_gross_exposure=Decimal(900)),
            )
        ),
        label="limits",
    )
    described = description([one.symbol for one in world.markets], risk=limits, **world.settings)
    length = len(Timeline(world.markets))
    handovers = data.draw(st.lists(st.integers(1, length), min_size=1, max_size=3), label="handovers")

    def make() -> Strategy:
        return Gambler(world.seed)

    expected = plain(world.markets, described, make)
    _, found = forked(world.markets, described, make, *((one, described, make) for one in handovers))
    assert found == expected


def wave(count: int, length: float, swing: float = 0.2) -> list[float]:
    return [round(100 * (1 + swing * math.sin(i / length) + 0.03 * math.sin(i / 9)), 2) for i in range(count)]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=5, deadline=None)
@given(handover=st.integers(1, 4_000), account=st.sampled_from(("cash", "margin")))
def test_a_fork_of_a_bundled_strategy_without_a_change_is_the_run_itself(
    name: str, handover: int, account: str
) -> None:
    bars = [market(wave(4_000, 200), symbol="BTC/USD"), market(wave(4_000, 130), symbol="ETH/USD")]
    kind = FileStrategyCatalog(None).load(name)
    described = description(SYMBOLS, commission_bps="10", account=CASH if account == "cash" else MARGIN)
    expected = plain(bars, described, kind)
    assert len(of_orders(expected)) >= 2
    _, found = forked(bars, described, kind, (handover, described, kind))
    assert found == expected


@settings(max_examples=60, deadline=None)
@given(world=worlds(), other=st.integers(0, 2**32 - 1), data=st.data())
def test_what_changes_changes_nothing_before_the_moment_and_the_books_balance_after_it(
    world: World, other: int, data: st.DataObject
) -> None:
    described = description([one.symbol for one in world.markets], **world.settings)
    timeline = Timeline(world.markets)
    handover = data.draw(st.integers(1, len(timeline)), label="handover")
    expected = plain(world.markets, described, lambda: Gambler(world.seed))
    dearer = msgspec.structs.replace(described, costs=CostSettings(commission_bps=Decimal(20)))
    session, found = forked(
        world.markets, described, lambda: Gambler(world.seed), (handover, dearer, lambda: Gambler(other))
    )
    moment = timeline.closes[handover - 1]
    before = [one for one in expected if int(one.event.at.timestamp() * 1e6) <= moment and is_decided(one.event)]
    assert [one for one in found if int(one.event.at.timestamp() * 1e6) <= moment and is_decided(one.event)][
        : len(before)
    ] == before
    fills = [one for one in of_orders(found) if isinstance(one, OrderFill)]
    flows = sum(
        ((one.qty * one.price).quantize(Decimal("1e-8")) * (-1 if one.side == "buy" else 1) - one.fee for one in fills),
        session.initial_cash,
    )
    assert session.portfolio.cash == flows
    assert session.portfolio.fills == len(fills)
    ends: dict[Any, int] = {}
    for one in found:
        if isinstance(one.event, LogWritten | LogIndicatorsDeclared | RiskHalted):
            continue
        ends[one.originator_id] = ends.get(one.originator_id, 0) + 1
        assert one.originator_version == ends[one.originator_id], "the streams have no hole"


def is_decided(event: Event) -> bool:
    """Whether it was decided at a close: fills at the next open have the same time, and belong to the next bar."""
    return isinstance(event, OrderCreated) and not event.leg


class Keeper(Strategy):
    """Bids far below the market at the third bar and keeps the handle; logs what it sees."""

    limit = Decimal(50)

    def on_start(self, ctx: Context) -> None:
        self.bid: OrderHandle | None = None

    def on_bar(self, ctx: Context) -> None:
        if len(ctx.bars()) == 3:
            self.bid = ctx.buy(1, limit=self.limit)
        ctx.log("seen", bars=len(ctx.bars()), limit=self.limit)
        if len(ctx.bars()) == 7 and self.bid is not None:
            self.seen = (self.bid.status, self.bid.id, [order.id for order in ctx.orders()])
            ctx.cancel(self.bid.id)


class Lower(Keeper):
    """Bids lower."""

    limit = Decimal(40)


def test_an_order_both_have_placed_stays_in_the_strategys_hands_and_others_are_gone() -> None:
    bars, described = [market([100.0] * 10)], description()
    kept, lost = Keeper(), Lower()
    _, found = forked(bars, described, Keeper, (5, described, lambda: kept))
    status, order_id, orders = kept.seen
    assert status is not OrderStatus.CANCELLED
    assert orders == [order_id]
    assert [type(one) for one in of_orders(found)] == [OrderCreated, OrderCancelled]
    _, found = forked(bars, described, Keeper, (5, described, lambda: lost))
    status, order_id, orders = lost.seen
    assert status is OrderStatus.CANCELLED
    assert order_id not in orders, "the carried order is not the one it placed"
    assert len(orders) == 1
    cancelled = of_orders(found)[1]
    assert isinstance(cancelled, OrderCancelled)
    assert cancelled.reason == END, "cancelling what never was cancels nothing else"


def test_the_log_holds_what_the_account_s_strategy_said() -> None:
    bars, described = [market([100.0] * 10)], description()
    _, found = forked(bars, described, Keeper, (5, described, Lower))
    lines = [line for one in found if isinstance(one.event, LogWritten) for line in one.event.lines]
    assert [line.fields["limit"] for line in lines] == ["50"] * 5 + ["40"] * 5
    assert [line.fields["bars"] for line in lines] == list(range(1, 11))


class Buyer(Strategy):
    """Buys one at every bar."""

    def on_bar(self, ctx: Context) -> None:
        ctx.buy(1)


def test_limits_hold_from_the_moment_on_and_know_what_was_before() -> None:
    falling = [100.0 - n for n in range(20)]
    parent = description()
    strict = msgspec.structs.replace(parent, risk=RiskLimits(max_position=Decimal(6), max_daily_loss=Decimal(60)))
    _, found = forked([market(falling)], parent, Buyer, (5, strict, Buyer))
    rejected = [one for one in of_orders(found) if isinstance(one, OrderRejected)]
    assert rejected[0].policy == "max_position"
    [halt] = [one for one in of_orders(found) if isinstance(one, RiskHalted)]
    assert halt.figures["day_start"] == "100000", "the day began before the fork"


def test_a_limit_of_the_last_fork_in_a_line_knows_of_all_that_was_before() -> None:
    rising_then_falling = [100.0] * 3 + [200.0] * 6 + [200.0 - 2 * n for n in range(20)]
    parent = description()
    strict = msgspec.structs.replace(parent, risk=RiskLimits(max_drawdown=Decimal("0.0005")))
    _, found = forked([market(rising_then_falling)], parent, Buyer, (2, parent, Buyer), (12, strict, Buyer))
    [halt] = [one for one in of_orders(found) if isinstance(one, RiskHalted)]
    peak_at = min(one.event.at for one in found) + timedelta(minutes=3)
    assert halt.figures["peak_at"].startswith(f"{peak_at:%Y-%m-%dT%H:0}"), "the peak was before both forks"


class Spender(Keeper):
    """Takes its bid back, then spends all there is."""

    def on_bar(self, ctx: Context) -> None:
        super().on_bar(ctx)
        if len(ctx.bars()) == 8:
            ctx.buy(1_000, limit=100)


def test_what_an_order_of_both_keeps_back_is_what_the_account_keeps_back_for_it() -> None:
    dear, free = description(commission_bps="1000"), description()
    _, found = forked([market([100.0] * 10)], dear, Spender, (5, free, Spender))
    assert [one for one in of_orders(found) if isinstance(one, OrderRejected)] == []

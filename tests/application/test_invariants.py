"""What holds in every run, whatever the market does and the strategy tries."""

from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec
import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.market import Bars, from_microseconds, to_microseconds
from domain.order import Order, OrderCancelled, OrderFill, OrderRejected
from domain.risk import RiskHalted
from domain.run import AccountSettings, CostSettings
from domain.strategy import Context, Strategy
from tests.random_trading import END, Played, World, play, worlds
from tests.scripted import bars, flat
from tests.trading import CASH, trade

ZERO = Decimal(0)
FREE = CostSettings()
COSTS = (
    FREE,
    CostSettings(commission_bps=Decimal(10), maker_bps=Decimal(2)),
    CostSettings(commission_bps=Decimal(25), fee_in_base=True),
    CostSettings(commission_per_unit=Decimal("0.01"), slippage_bps=Decimal(5)),
    CostSettings(slippage_ticks=Decimal(1000), slippage_impact=Decimal("0.1")),
)
# a fall of one percent calls it once all of its power is used
DARING = AccountSettings("margin", Decimal(10), Decimal("0.095"))
some = settings(max_examples=40, deadline=None)


def row_of(market: Bars, fill: OrderFill) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Return open, high, low and volume of the bar that opened at the fill's moment; fail if there is none."""
    (index,) = np.flatnonzero(market.time == to_microseconds(fill.at))
    return tuple(
        Decimal(repr(float(column[index]))) for column in (market.open, market.high, market.low, market.volume)
    )  # type: ignore[return-value]


def market_of(played: Played, symbol: str) -> Bars:
    return next(one for one in played.world.markets if one.symbol == symbol)


def sign(fill: OrderFill) -> int:
    return 1 if fill.side == "buy" else -1


@some
@given(worlds())
def test_no_fill_is_outside_its_bar_nor_on_a_bar_that_is_not_there(world: World) -> None:
    played = play(world)
    for fill in played.fills:
        _, high, low, _ = row_of(market_of(played, fill.symbol), fill)
        assert low <= fill.price <= high


@some
@given(worlds(costs=COSTS))
def test_no_order_fills_before_it_was_placed(world: World) -> None:
    played = play(world)
    filled_at = {fill.execution_id.rpartition("-")[0]: fill.at for fill in played.fills}
    ids = {recorded.originator_id: recorded.event for recorded in played.recorded if recorded.originator_version == 1}
    for fill in played.fills:
        intent = played.intent(fill)
        if intent.parent_id is None:
            assert fill.at >= intent.at
        else:
            parent: Any = ids[intent.parent_id]
            assert fill.at >= filled_at[parent.client_order_id]


@some
@given(worlds(costs=COSTS))
def test_slippage_is_against_the_trader_and_stated(world: World) -> None:
    played = play(world)
    for fill in played.fills:
        _, high, low, _ = row_of(market_of(played, fill.symbol), fill)
        reference = fill.price - sign(fill) * fill.slippage / fill.qty
        assert fill.slippage >= 0
        assert low - Decimal("1e-6") <= reference <= high + Decimal("1e-6")


@some
@given(worlds(costs=COSTS))
def test_a_limit_never_fills_worse_than_its_limit(world: World) -> None:
    played = play(world)
    for fill in played.fills:
        limit = played.intent(fill).price
        if limit is not None:
            assert sign(fill) * (limit - fill.price) >= 0
            assert fill.slippage == 0


@some
@given(worlds(costs=COSTS))
def test_no_more_is_filled_than_was_ordered_and_a_pair_fills_once(world: World) -> None:
    played = play(world)
    filled: dict[str, Decimal] = {}
    for fill in played.fills:
        order = fill.execution_id.rpartition("-")[0]
        filled[order] = filled.get(order, ZERO) + fill.qty
        assert fill.qty > 0
        assert filled[order] == fill.filled_qty <= played.created[order].qty
    assert len({fill.execution_id for fill in played.fills}) == len(played.fills)
    pairs: dict[int, list[tuple[Decimal, Decimal]]] = {}
    for order, intent in played.created.items():
        if intent.leg:
            pairs.setdefault(intent.sequence, []).append((filled.get(order, ZERO), intent.qty))
    for pair in pairs.values():
        assert sum(done for done, _ in pair) <= max(qty for _, qty in pair)


@some
@given(worlds(caps=("10", "35")))
def test_no_bar_gives_more_than_the_capped_share_of_its_volume(world: World) -> None:
    played = play(world)
    cap = Decimal(world.settings["volume_cap"]) / 100
    taken: dict[tuple[str, int], Decimal] = {}
    for fill in played.fills:
        key = (fill.symbol, to_microseconds(fill.at))
        taken[key] = taken.get(key, ZERO) + fill.qty
        market = market_of(played, fill.symbol)
        if market.volume.any():
            assert taken[key] <= cap * row_of(market, fill)[3]


@some
@given(worlds(costs=COSTS))
def test_cash_is_what_the_fills_left_and_positions_are_their_sum_less_base_fees(world: World) -> None:
    played = play(world)
    assert played.session.cash == played.session.initial_cash + played.net_cash()
    for market in world.markets:
        own = [fill for fill in played.fills if fill.symbol == market.symbol]
        held = sum((sign(fill) * fill.qty - fill.base_fee for fill in own), ZERO)
        assert played.session.position(market.symbol).quantity == held


@some
@given(worlds(costs=COSTS))
def test_equity_is_cash_and_positions_at_the_newest_closes_at_every_bar(world: World) -> None:
    played = play(world)
    assert played.strategy.marked
    for shown, computed in played.strategy.marked:
        assert abs(shown - computed) <= Decimal("1e-7")


@some
@given(worlds())
def test_without_costs_value_moves_only_with_prices(world: World) -> None:
    played = play(world)
    closes = {market.symbol: Decimal(repr(float(market.close[-1]))) for market in world.markets}
    gained = sum((sign(fill) * fill.qty * (closes[fill.symbol] - fill.price) for fill in played.fills), ZERO)
    # amounts are posted with eight decimals, quantities may have as many
    assert abs(played.session.equity - played.session.initial_cash - gained) <= Decimal("1e-6")
    portfolio = played.session.portfolio
    unrealised = sum((one.quantity * closes[one.symbol] - one.cost for one in portfolio.positions()), ZERO)
    assert abs(portfolio.realised_pnl + unrealised - gained) <= Decimal("1e-6")


@some
@given(worlds(accounts=[CASH], costs=COSTS))
def test_a_cash_account_is_never_short_of_cash_or_units(world: World) -> None:
    played = play(world)
    for line in played.session.ledger:
        assert line.cash >= 0
        assert line.quantity >= 0


@some
@given(worlds(accounts=[DARING]))
def test_a_margin_call_comes_once_and_after_it_positions_are_only_closed(world: World) -> None:
    played = play(world)
    halts = [event for event in played.events if isinstance(event, RiskHalted)]
    assert len(halts) <= 1
    assert all(halt.policy == "margin_call" for halt in halts)
    for halt in halts:
        after = [event for event in played.events if isinstance(event, OrderFill) and event.at >= halt.at]
        assert all(played.intent(fill).tag == "flatten" for fill in after)


@some
@given(worlds(costs=COSTS))
def test_the_events_fold_to_what_the_handles_show_and_every_order_ends(world: World) -> None:
    played = play(world)
    streams: dict[Any, list[Any]] = {}
    for one in played.recorded:
        streams.setdefault(one.originator_id, []).append(one)
    folded = {}
    for stream, recorded in streams.items():
        assert [one.originator_version for one in recorded] == list(range(1, len(recorded) + 1))
        if not isinstance(recorded[0].event, RiskHalted):
            folded[stream] = Order.fold(None, recorded)
    for stream, order in folded.items():
        assert order is not None
        assert order.status.is_final
        handle = played.strategy.handles.get(stream)
        if handle is not None:
            assert (order.status, order.filled_qty) == (handle.status, handle.filled_quantity)
            assert order.reject_reason == handle.reject_reason
    assert set(played.strategy.handles) <= set(folded)
    assert played.session.open_orders() == []


@some
@given(worlds(costs=COSTS), st.floats(0.1, 0.95))
def test_truncating_the_future_never_changes_the_past(world: World, part: float) -> None:
    first = min(int(market.time[0]) for market in world.markets)
    last = max(int(market.time[-1]) for market in world.markets)
    cut = from_microseconds(first + int((last - first) * part))
    kept = tuple(market.between(None, cut) for market in world.markets)
    assume(all(len(market) for market in kept))
    whole = play(world).events
    settled = [
        event
        for event in play(World(kept, world.seed, world.settings)).events
        if not (isinstance(event, OrderCancelled) and event.reason == END)
    ]
    assert whole[: len(settled)] == settled


@some
@given(worlds(costs=COSTS))
def test_the_same_run_gives_the_same_events_byte_for_byte(world: World) -> None:
    first, second = (
        b"".join(one.originator_id.bytes + msgspec.json.encode(one.event) for one in play(world).recorded)
        for _ in range(2)
    )
    assert first == second


@some
@given(worlds(caps=["0"]), st.sampled_from([2, 4, 8]))
def test_twice_the_prices_and_the_cash_give_twice_the_gain(world: World, scale: int) -> None:
    dear = tuple(
        Bars(
            one.symbol,
            one.timeframe,
            one.time,
            one.open * scale,
            one.high * scale,
            one.low * scale,
            one.close * scale,
            one.volume,
        )
        for one in world.markets
    )
    rich = {**world.settings, "cash": str(Decimal(world.settings["cash"]) * scale)}
    base, scaled = play(world), play(World(dear, world.seed, rich), scale)
    assert [(one.at, one.symbol, one.qty) for one in scaled.fills] == [
        (one.at, one.symbol, one.qty) for one in base.fills
    ]
    assert [one.price for one in scaled.fills] == [one.price * scale for one in base.fills]
    gains = [one.session.equity - one.session.initial_cash for one in (base, scaled)]
    assert abs(gains[1] - gains[0] * scale) <= Decimal("1e-6")


@some
@given(worlds(costs=COSTS))
def test_market_time_never_runs_backwards_within_an_order(world: World) -> None:
    played = play(world)
    key = lambda one: one.originator_id.int  # noqa: E731
    for _, stream in groupby(sorted(played.recorded, key=key), key=key):
        first, *later = [one.event for one in stream]
        if getattr(first, "parent_id", None) is None:
            for event in later:
                assert event.at >= first.at
        moments = [event.at for event in later]
        assert moments == sorted(moments)


def test_ten_thousand_open_limits_fill_when_reached_and_are_cancelled_at_the_end() -> None:
    class Ladder(Strategy):
        def on_bar(self, ctx: Context) -> None:
            if len(ctx.bars()) == 1:
                for step in range(10_000):
                    ctx.buy("0.001", limit=Decimal(step + 1) / 200)

    # limits of 0.005 to 50; the market stays at 100 but for one bar that trades down to 49.99
    rows = [*flat(100, 500), (100.0, 100.0, 49.99, 100.0), *flat(100, 499)]
    session, events = trade(Ladder(), bars(*rows))
    found = [event for event in events if isinstance(event, OrderFill)]
    assert [fill.price for fill in found] == [Decimal("49.995"), Decimal(50)]
    assert sum(isinstance(event, OrderCancelled) for event in events) == 9_998
    assert not [event for event in events if isinstance(event, OrderRejected)]
    assert session.open_orders() == []
    assert session.position("BTC/USD").quantity == Decimal("0.002")

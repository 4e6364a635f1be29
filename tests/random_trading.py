"""Random markets and a strategy that uses every kind of order on them: what invariants are held against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from application.session import Session
from domain.errors import OrderRefused
from domain.events import Event, Recorded
from domain.ids import OrderIds
from domain.market import Bars
from domain.order import OrderCreated, OrderFill
from domain.run import AccountSettings, CostSettings
from domain.strategy import Context, Strategy
from domain.timeline import Timeline
from domain.working_order import OrderHandle
from tests.scripted import Row, bars
from tests.trading import CASH, MARGIN, RUN, STORE, description

QUARTER = Decimal("0.25")
SYMBOLS = ("A/USD", "B/USD", "C/USD")
END = "the run reached the end of its bars"


@dataclass(frozen=True)
class World:
    """Markets, the seed of the strategy's choices, and the settings of the run."""

    markets: tuple[Bars, ...]
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)


class Gambler(Strategy):
    """Places, changes and cancels orders of every type at random; offsets are in quarters x scale.

    handles: every order it has seen, legs included, by id. marked: cash and equity as the context shows them, and what
    they should be, at each bar.
    """

    def __init__(self, seed: int, scale: int = 1) -> None:
        super().__init__()
        self.dice = Random(seed)
        self.scale = scale
        self.handles: dict[UUID, OrderHandle] = {}
        self.marked: list[tuple[Decimal, Decimal]] = []

    def on_bar(self, ctx: Context) -> None:
        for _ in range(self.dice.choice((0, 1, 1, 2))):
            try:
                self._act(ctx, self.dice.choice(ctx.symbols))
            except OrderRefused:
                continue
        self.handles |= {order.id: order for order in ctx.orders()}
        held = {symbol: ctx.position(symbol).quantity for symbol in ctx.symbols}
        worth = sum(
            (qty * Decimal(repr(ctx.bars(symbol).close[-1])) for symbol, qty in held.items() if qty), Decimal(0)
        )
        self.marked.append((ctx.equity, ctx.cash + worth))

    def on_fill(self, ctx: Context, fill: OrderFill) -> None:
        self.handles |= {order.id: order for order in ctx.orders()}

    def on_order(self, ctx: Context, order: OrderHandle) -> None:
        self.handles[order.id] = order

    def _act(self, ctx: Context, symbol: str) -> None:
        # every figure is drawn whether it is used or not, so that a scaled run draws the same
        dice = self.dice
        choice, away, further = dice.randrange(16), dice.randint(-6, 12), dice.randint(1, 8)
        place = ctx.buy if dice.random() < 0.55 else ctx.sell
        qty = Decimal(dice.randint(1, 600)) / 100
        tif, which = dice.choice(("gtc", "gtc", "gtc", "ioc", "fok")), dice.random()
        if not len(ctx.bars(symbol)):
            return
        last = Decimal(repr(ctx.bars(symbol).close[-1]))
        step = QUARTER * self.scale
        down, up = last - step * away, last + step * away
        limit, stop = (down, up) if place == ctx.buy else (up, down)
        beyond = stop + step * further if place == ctx.buy else stop - step * further
        low, high = last - step * (further + 2), last + step * (further + 2)
        exits: dict[str, Any] = (
            {"take_profit": high, "stop_loss": low} if place == ctx.buy else {"take_profit": low, "stop_loss": high}
        )
        handle: OrderHandle | None = None
        if choice < 3:
            handle = place(qty, symbol, tif=tif)
        elif choice < 6:
            handle = place(qty, symbol, limit=limit, tif=tif)
        elif choice == 6:
            handle = place(qty, symbol, stop=stop)
        elif choice == 7:
            handle = place(qty, symbol, stop=stop, limit=beyond)
        elif choice == 8:
            handle = place(qty, symbol, trail=step * further)
        elif choice == 9:
            handle = place(qty, symbol, trail_percent=further)
        elif choice < 12:
            handle = place(qty, symbol, limit=limit if which < 0.5 else None, tif=tif, **exits)
        elif choice == 12:
            held = ctx.position(symbol).quantity
            profit, loss = (high, low) if held > 0 else (low, high)
            for one in ctx.exit(symbol, take_profit=profit, stop_loss=loss):
                self.handles[one.id] = one
        elif choice == 13:
            handle = ctx.close(symbol) if which < 0.5 else ctx.target(percent=20, symbol=symbol)
        elif ctx.orders():
            ctx.cancel(ctx.orders()[int(which * len(ctx.orders()))].id)
        if handle is not None:
            self.handles[handle.id] = handle


@dataclass(frozen=True)
class Played:
    """A run that has ended: its session, its strategy, and every event with its place in its stream."""

    world: World
    session: Session
    strategy: Gambler
    recorded: Sequence[Recorded]

    @property
    def events(self) -> list[Event]:
        return [one.event for one in self.recorded]

    @property
    def fills(self) -> list[OrderFill]:
        return [event for event in self.events if isinstance(event, OrderFill)]

    @property
    def created(self) -> dict[str, OrderCreated]:
        """The intents, by the id their executions begin with."""
        return {event.client_order_id: event for event in self.events if isinstance(event, OrderCreated)}

    def intent(self, fill: OrderFill) -> OrderCreated:
        return self.created[fill.execution_id.rpartition("-")[0]]

    def net_cash(self) -> Decimal:
        """Return what all fills paid and received, fees included."""
        flows = (
            (fill.qty * fill.price).quantize(Decimal("1e-8")) * (-1 if fill.side == "buy" else 1) - fill.fee
            for fill in self.fills
        )
        return sum(flows, Decimal(0))


def play(world: World, scale: int = 1) -> Played:
    """Return the run of the world's strategy on its markets."""
    timeline = Timeline(world.markets)
    described = description([one.symbol for one in world.markets], **world.settings)
    strategy = Gambler(world.seed, scale)
    session = Session(RUN, described, OrderIds(STORE, RUN), timeline, strategy, lambda message, fields: None)
    session.start()
    session.run(0, len(timeline))
    session.finish(END)
    return Played(world, session, strategy, session.collect_events())


def random_market(dice: Random, symbol: str, length: int, has_volume: bool) -> Bars:
    """Return bars in quarters: gaps in price and time, flat bars, bars without volume."""
    rows: list[Row] = []
    opens: list[int] = []
    last, moment = 400, dice.randint(0, 3)
    for _ in range(length):
        opened = max(last + dice.choice((0, 0, 0, 0, 1, -1, 2, -3, 20, -20)), 60)
        last = opened + dice.choice((0, 0, 1, -1, 3, -3, 6, -6))
        up, down = dice.choice((0, 0, 2, 5, 12)), dice.choice((0, 0, 2, 5, 12))
        quarters = (opened, max(opened, last) + up, min(opened, last) - down, last)
        volume = dice.choice((0, 10, 60, 400))
        # a feed shows at its first bar whether it has volume
        traded = (volume if rows else 50) if has_volume else 0
        rows.append((*(one / 4 for one in quarters), float(traded)))
        opens.append(moment)
        moment += dice.choice((1, 1, 1, 1, 2, 7))
    return bars(*rows, symbol=symbol, opens=opens)


@st.composite
def worlds(
    draw: st.DrawFn,
    *,
    accounts: Sequence[AccountSettings] = (CASH, MARGIN),
    costs: Sequence[CostSettings] | None = None,
    caps: Sequence[str] = ("0", "10"),
) -> World:
    """A world of one to three symbols. costs: none by default."""
    # lengths and choices are drawn, what follows from a seed is rich: short lists would hardly ever trade
    dice = Random(draw(st.integers(0, 2**32)))
    lengths = draw(st.lists(st.integers(2, 40), min_size=1, max_size=3))
    made = tuple(
        random_market(dice, symbol, length, draw(st.booleans()))
        for symbol, length in zip(SYMBOLS, lengths, strict=False)
    )
    settings = {
        "cash": draw(st.sampled_from(("1000", "20000"))),
        "account": draw(st.sampled_from(accounts)),
        "volume_cap": draw(st.sampled_from(caps)),
        "costs": draw(st.sampled_from(costs)) if costs is not None else CostSettings(),
    }
    return World(made, dice.randrange(2**32), settings)

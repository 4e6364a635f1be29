"""Weaver as one of the engines: a plan run through a session, and its fills, trades and equity."""

from decimal import Decimal

from domain.market import Bars, to_microseconds
from domain.order import OrderFill, OrderRejected
from domain.run import AccountSettings
from domain.strategy import Context, Strategy
from tests.oracles.desk import Fill, Outcome, Plan, RoundTrip, Side, merged
from tests.trading import trade


class _Desk:
    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    @property
    def index(self) -> int:
        return len(self._ctx.bars()) - 1

    @property
    def held(self) -> float:
        return float(self._ctx.position().quantity)

    def order(
        self,
        side: Side,
        qty: float,
        *,
        limit: float | None = None,
        stop: float | None = None,
        trail: float | None = None,
        take_profit: float | None = None,
        stop_loss: float | None = None,
    ) -> None:
        place = self._ctx.buy if side == "buy" else self._ctx.sell
        place(qty, limit=limit, stop=stop, trail=trail, take_profit=take_profit, stop_loss=stop_loss)

    def leave(self, *, take_profit: float, stop_loss: float) -> None:
        self._ctx.exit(take_profit=take_profit, stop_loss=stop_loss)

    def cancel_all(self) -> None:
        self._ctx.cancel_all()


class _Planned(Strategy):
    """Does what the plan says, and notes the equity of every bar."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self.equity: list[float] = []

    def on_bar(self, ctx: Context) -> None:
        self.equity.append(float(ctx.equity))
        self.plan(_Desk(ctx))


def run(
    plan: Plan,
    bars: Bars,
    cash: float = 1_000_000.0,
    commission: float = 0.0,
    *,
    slippage: float = 0.0,
    leverage: int | None = None,
    volume_cap: int = 0,
) -> Outcome:
    """Return what Weaver makes of the plan.

    commission, slippage: fractions of the price. leverage: of a margin account, a cash account without it. volume_cap:
    percent of a bar's volume, 0 for all of it.
    """
    strategy = _Planned(plan)
    session, events = trade(
        strategy,
        bars,
        cash=repr(cash),
        commission_bps=_bps(commission),
        slippage_bps=_bps(slippage),
        volume_cap=str(volume_cap),
        account=AccountSettings() if leverage is None else AccountSettings("margin", Decimal(leverage), Decimal(0)),
    )
    index = {int(time): bar for bar, time in enumerate(bars.time)}
    fills = [one for one in events if isinstance(one, OrderFill)]
    return Outcome(
        fills=merged(
            Fill(index[to_microseconds(one.at)], one.side, float(one.qty), float(one.price), float(one.fee))
            for one in fills
        ),
        trips=[
            RoundTrip(
                index[to_microseconds(one.opened_at)],
                index[to_microseconds(one.closed_at)],
                float(one.fees),
                float(one.pnl),
            )
            for one in session.portfolio.trades
        ],
        equity=strategy.equity,
        refused=sum(isinstance(one, OrderRejected) for one in events),
        ambiguous=sum(one.ambiguous for one in fills),
    )


def _bps(fraction: float) -> str:
    return str(Decimal(repr(fraction)) * 10_000)

"""backtrader as one of the engines: a plan run through it, and its fills, trades and equity."""

import warnings
from typing import Any

from domain.market import Bars, from_microseconds
from tests.oracles.desk import Fill, Outcome, Plan, RoundTrip, Side, merged
from tests.oracles.peers import backtrader as bt


class _Columns(bt.feed.DataBase):  # type: ignore[misc]
    """Bars as a feed of backtrader, without a file or pandas between."""

    params = (("bars", None),)

    def start(self) -> None:
        super().start()
        self._row = 0

    def _load(self) -> bool:
        bars, row = self.p.bars, self._row
        if row == len(bars):
            return False
        self._row += 1
        self.lines.datetime[0] = bt.date2num(from_microseconds(int(bars.time[row])).replace(tzinfo=None))
        for name in ("open", "high", "low", "close", "volume"):
            getattr(self.lines, name)[0] = float(getattr(bars, name)[row])
        self.lines.openinterest[0] = 0.0
        return True


class _Desk:
    def __init__(self, strategy: Any) -> None:
        self._strategy = strategy

    @property
    def index(self) -> int:
        return len(self._strategy.data) - 1

    @property
    def held(self) -> float:
        return float(self._strategy.position.size)

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
        kind: dict[str, Any] = {"size": qty, **_kind(limit, stop, trail)}
        if take_profit is None and stop_loss is None:
            place = self._strategy.buy if side == "buy" else self._strategy.sell
            place(**kind)
            return
        place = self._strategy.buy_bracket if side == "buy" else self._strategy.sell_bracket
        # of a buy's bracket the stop is the lower leg and the limit the upper one; of a sale's it is the reverse
        place(
            **kind,
            stopprice=stop_loss,
            stopexec=bt.Order.Stop if stop_loss is not None else None,
            limitprice=take_profit,
            limitexec=bt.Order.Limit if take_profit is not None else None,
        )

    def leave(self, *, take_profit: float, stop_loss: float) -> None:
        strategy, held = self._strategy, self._strategy.position.size
        place = strategy.sell if held > 0 else strategy.buy
        stop = place(size=abs(held), exectype=bt.Order.Stop, price=stop_loss)
        place(size=abs(held), exectype=bt.Order.Limit, price=take_profit, oco=stop)

    def cancel_all(self) -> None:
        for order in self._strategy.broker.get_orders_open():
            self._strategy.cancel(order)


def _kind(limit: float | None, stop: float | None, trail: float | None) -> dict[str, Any]:
    if trail is not None:
        return {"exectype": bt.Order.StopTrail, "trailamount": trail}
    if stop is not None and limit is not None:
        return {"exectype": bt.Order.StopLimit, "price": stop, "plimit": limit}
    if stop is not None:
        return {"exectype": bt.Order.Stop, "price": stop}
    if limit is not None:
        return {"exectype": bt.Order.Limit, "price": limit}
    return {"exectype": bt.Order.Market}


class _Planned(bt.Strategy):  # type: ignore[misc]
    """Does what the plan says, and notes fills, trades and the equity of every bar."""

    params = (("plan", None),)

    def __init__(self) -> None:
        self.desk = _Desk(self)
        self.fills: list[Fill] = []
        self.trips: list[RoundTrip] = []
        self.equity: list[float] = []
        self.refused = 0

    def next(self) -> None:
        self.equity.append(self.broker.getvalue())
        self.p.plan(self.desk)

    def notify_order(self, order: Any) -> None:
        if order.status == order.Margin:
            self.refused += 1
        if order.status in (order.Partial, order.Completed):
            side: Side = "buy" if order.isbuy() else "sell"
            for part in order.executed.iterpending():
                fee = part.openedcomm + part.closedcomm
                self.fills.append(Fill(len(self.data) - 1, side, abs(part.size), part.price, fee))

    def notify_trade(self, trade: Any) -> None:
        if trade.isclosed:
            self.trips.append(RoundTrip(trade.baropen - 1, trade.barclose - 1, trade.commission, trade.pnlcomm))


def run(plan: Plan, bars: Bars, cash: float = 1_000_000.0, commission: float = 0.0, **settings: Any) -> Outcome:
    """Return what backtrader makes of the plan. commission: a fraction. settings: those of its broker."""
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(_Columns(bars=bars))
    cerebro.addstrategy(_Planned, plan=plan)
    cerebro.broker = bt.brokers.BackBroker(cash=cash, **settings)
    cerebro.broker.setcommission(commission=commission)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        [done] = cerebro.run()
    return Outcome(merged(done.fills), done.trips, done.equity, done.refused)

"""backtesting.py as one of the engines: a plan run through it, and its fills, trades and equity."""

import warnings
from typing import Any

from domain.market import Bars
from tests.oracles.desk import Fill, Outcome, Plan, RoundTrip, Side, merged
from tests.oracles.peers import backtesting
from tests.oracles.peers import pandas as pd

NONE = float("nan")
NEVER = 2**62


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
        if trail is not None:
            raise NotImplementedError("backtesting.py has no trailing orders")
        place = self._strategy.buy if side == "buy" else self._strategy.sell
        place(size=qty, limit=limit, stop=stop, tp=take_profit, sl=stop_loss)

    def leave(self, *, take_profit: float, stop_loss: float) -> None:
        for trade in self._strategy.trades:
            trade.tp, trade.sl = take_profit, stop_loss

    def cancel_all(self) -> None:
        for order in self._strategy.orders:
            order.cancel()


def run(plan: Plan, bars: Bars, cash: float = 1_000_000.0, commission: float = 0.0, **settings: Any) -> Outcome:
    """Return what backtesting.py makes of the plan. commission: a fraction. settings: those of its `Backtest`.

    It has no fee of a single fill and no equity of the first bar: those are NaN.
    """

    class Planned(backtesting.Strategy):  # type: ignore[misc]
        def init(self) -> None:
            self.desk = _Desk(self)

        def next(self) -> None:
            plan(self.desk)

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        stats = backtesting.Backtest(_frame(bars), Planned, cash=cash, commission=commission, **settings).run()
    closed, still_open = stats["_strategy"].closed_trades, stats["_strategy"].trades
    equity = stats["_equity_curve"]["Equity"].tolist()
    return Outcome(
        fills=merged([*_fills(closed), *_fills(still_open)]),
        trips=_trips(stats["_trades"], still_open),
        equity=[NONE, *equity[1:]],
        refused=sum("insufficient margin" in str(one.message) for one in said),
    )


def _frame(bars: Bars) -> Any:
    columns = {"Open": bars.open, "High": bars.high, "Low": bars.low, "Close": bars.close, "Volume": bars.volume}
    return pd.DataFrame(columns, index=pd.DatetimeIndex(bars.time.astype("datetime64[us]")))


def _fills(trades: Any) -> list[Fill]:
    made = []
    for one in trades:
        entry: Side = "buy" if one.size > 0 else "sell"
        leave: Side = "sell" if one.size > 0 else "buy"
        made.append(Fill(int(one.entry_bar), entry, abs(float(one.size)), float(one.entry_price), NONE))
        if one.exit_bar is not None:
            made.append(Fill(int(one.exit_bar), leave, abs(float(one.size)), float(one.exit_price), NONE))
    return made


def _trips(trades: Any, still_open: Any) -> list[RoundTrip]:
    """Its trades are single entries; those that overlap are parts of one position."""
    parts = [
        RoundTrip(int(one.EntryBar), int(one.ExitBar), float(one.Commission), float(one.PnL))
        for one in trades.itertuples()
    ]
    parts += [RoundTrip(int(one.entry_bar), NEVER, 0.0, 0.0) for one in still_open]
    made: list[RoundTrip] = []
    for one in sorted(parts):
        if made and one.opened < made[-1].closed:
            last = made.pop()
            one = RoundTrip(last.opened, max(last.closed, one.closed), last.fees + one.fees, last.pnl + one.pnl)
        made.append(one)
    return [one for one in made if one.closed < NEVER]

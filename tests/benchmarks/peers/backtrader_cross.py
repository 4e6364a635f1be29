"""The workload in backtrader."""

# The library is in its own environment, not in the one that is checked.
# mypy: disable-error-code="import-not-found,import-untyped,misc,no-any-return"
from collections.abc import Callable
from typing import Any

import backtrader
import pandas as pd

from tests.benchmarks.peers.workload import CASH, COMMISSION, FAST, QUANTITY, SLOW, Outcome, given_minutes, measure


class Cross(backtrader.Strategy):
    """Long one unit while the fast average is above the slow one."""

    def __init__(self) -> None:
        closes = self.data.close
        averages = [backtrader.indicators.SimpleMovingAverage(closes, period=length) for length in (FAST, SLOW)]
        self.cross = backtrader.indicators.CrossOver(*averages)
        self.sent = 0
        self.closed = 0

    def next(self) -> None:
        """Decide on the bar just closed."""
        if self.cross[0] > 0 and not self.position:
            self.buy(size=QUANTITY)
            self.sent += 1
        elif self.cross[0] < 0 and self.position:
            self.close()
            self.sent += 1

    def notify_trade(self, trade: Any) -> None:
        """Count the trades that have ended."""
        self.closed += trade.isclosed


def main() -> None:
    """Measure `Cerebro.run` without observers, reading the bars out of their data frame included."""
    minutes = given_minutes()
    frame = pd.DataFrame(minutes.values, index=pd.to_datetime(minutes.time, unit="us"))

    def prepared() -> Callable[[], Any]:
        cerebro = backtrader.Cerebro(stdstats=False)
        cerebro.adddata(backtrader.feeds.PandasData(dataname=frame, timeframe=backtrader.TimeFrame.Minutes))
        cerebro.addstrategy(Cross)
        cerebro.broker.setcash(CASH)
        cerebro.broker.setcommission(commission=COMMISSION)
        return cerebro.run

    def outcome(strategies: Any) -> Outcome:
        [cross] = strategies
        return Outcome(cross.sent, cross.closed, cross.broker.getvalue())

    measure("backtrader", "backtrader", len(minutes), prepared, outcome, "float money; no observers, no analysers")


if __name__ == "__main__":
    main()

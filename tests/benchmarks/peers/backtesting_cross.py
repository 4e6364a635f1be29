"""The workload in backtesting.py."""

# The library is in its own environment, not in the one that is checked.
# mypy: disable-error-code="import-not-found,import-untyped,misc,no-any-return"
from typing import Any

import pandas as pd
from backtesting import Backtest, Strategy
from backtesting.lib import crossover

from tests.benchmarks.peers.workload import (
    CASH,
    COMMISSION,
    FAST,
    QUANTITY,
    SLOW,
    Floats,
    Outcome,
    given_minutes,
    measure,
)


def average(closes: Floats, length: int) -> Floats:
    """Return the simple moving average, NaN while warming up."""
    return pd.Series(closes).rolling(length).mean().to_numpy()


class Cross(Strategy):
    """Long one unit while the fast average is above the slow one."""

    def init(self) -> None:
        """Let the engine compute both averages once."""
        self.fast = self.I(average, self.data.Close, FAST, plot=False)
        self.slow = self.I(average, self.data.Close, SLOW, plot=False)
        self.sent = 0

    def next(self) -> None:
        """Decide on the bar just closed."""
        if crossover(self.fast, self.slow) and not self.position:
            self.buy(size=QUANTITY)
            self.sent += 1
        elif crossover(self.slow, self.fast) and self.position:
            self.position.close()
            self.sent += 1


def main() -> None:
    """Measure `Backtest.run`, its averages and statistics included."""
    minutes = given_minutes()
    frame = pd.DataFrame(minutes.values, index=pd.to_datetime(minutes.time, unit="us"))
    frame.columns = frame.columns.str.capitalize()

    def outcome(stats: Any) -> Outcome:
        return Outcome(stats["_strategy"].sent, stats["# Trades"], stats["Equity Final [$]"])

    measure(
        "backtesting.py",
        "backtesting",
        len(minutes),
        lambda: Backtest(frame, Cross, cash=CASH, commission=COMMISSION).run,
        outcome,
        "float money; its statistics included",
    )


if __name__ == "__main__":
    main()

"""The workload in bt."""

# The library is in its own environment, not in the one that is checked.
# mypy: disable-error-code="import-not-found,import-untyped,misc,no-any-return"
from collections.abc import Callable
from typing import Any

import bt
import numpy as np
import pandas as pd

from tests.benchmarks.peers.workload import CASH, COMMISSION, FAST, QUANTITY, SLOW, Outcome, given_minutes, measure

SYMBOL = "BENCH"


class Cross(bt.Algo):
    """Long one unit while the fast average was above the slow one at the close before."""

    def __init__(self, closes: pd.Series) -> None:
        super().__init__()
        fast, slow = (closes.rolling(length).mean().to_numpy() for length in (FAST, SLOW))
        # bt trades at the very price it shows: it is given the opens, and the averages up to the close before
        self.difference = np.concatenate(([np.nan], (fast - slow)[:-1])).tolist()
        self.bar = -1
        self.sent = 0

    def __call__(self, target: Any) -> bool:
        """Decide before the open of the bar."""
        self.bar += 1
        if self.bar == 0:
            return True
        before, now = self.difference[self.bar - 1], self.difference[self.bar]
        security = target.children[SYMBOL]
        if before <= 0 < now and not security.position:
            security.transact(QUANTITY)
            self.sent += 1
        elif before >= 0 > now and security.position:
            security.transact(-QUANTITY)
            self.sent += 1
        return True


def main() -> None:
    """Measure `Backtest.run`, the averages and its statistics included."""
    minutes = given_minutes()
    index = pd.to_datetime(minutes.time, unit="us")
    opens, closes = pd.DataFrame({SYMBOL: minutes.open}, index=index), pd.Series(minutes.close, index=index)

    def prepared() -> Callable[[], Any]:
        def run() -> Any:
            strategy = bt.Strategy("cross", [Cross(closes)], children=[bt.Security(SYMBOL)])
            test = bt.Backtest(
                strategy,
                opens,
                initial_capital=CASH,
                commissions=lambda quantity, price: abs(quantity) * price * COMMISSION,
            )
            test.run()
            return test

        return run

    def outcome(test: Any) -> Outcome:
        [cross] = test.strategy.stack.algos
        held = test.strategy.children[SYMBOL].position
        final = test.strategy.capital + held * float(minutes.close[-1])
        return Outcome(cross.sent, cross.sent // 2, final)

    measure("bt", "bt", len(minutes), prepared, outcome, "float money; knows no opens: it trades at the price it shows")


if __name__ == "__main__":
    main()

"""The workload in vectorbt: no code per bar, but columns and compiled loops."""

# The library is in its own environment, not in the one that is checked.
# mypy: disable-error-code="import-not-found,import-untyped,misc,no-any-return"
from collections.abc import Callable
from typing import Any

import pandas as pd
import vectorbt

from tests.benchmarks.peers.workload import CASH, COMMISSION, FAST, QUANTITY, SLOW, Outcome, given_minutes, measure


def main() -> None:
    """Measure averages, signals and `Portfolio.from_signals`; the second trial finds everything compiled."""
    minutes = given_minutes()
    index = pd.to_datetime(minutes.time, unit="us")
    opens, closes = (pd.Series(column, index=index) for column in (minutes.open, minutes.close))

    def simulated() -> Any:
        fast, slow = (vectorbt.MA.run(closes, length) for length in (FAST, SLOW))
        entries = fast.ma_crossed_above(slow).vbt.signals.fshift(1)
        exits = fast.ma_crossed_below(slow).vbt.signals.fshift(1)
        return vectorbt.Portfolio.from_signals(
            closes, entries, exits, price=opens, size=QUANTITY, fees=COMMISSION, init_cash=CASH, freq="1min"
        )

    def prepared() -> Callable[[], Any]:
        return simulated

    def outcome(portfolio: Any) -> Outcome:
        return Outcome(
            int(portfolio.orders.count()), int(portfolio.trades.closed.count()), float(portfolio.value().iloc[-1])
        )

    note = "vectorised: signals are computed for all bars at once, no strategy code per bar; float money"
    measure("vectorbt", "vectorbt", len(minutes), prepared, outcome, note)


if __name__ == "__main__":
    main()

"""The workload's strategy as freqtrade finds it: in a folder of its own, by the name of its class."""

# The library is in its own environment, not in the one that is checked.
# mypy: disable-error-code="import-not-found,import-untyped,misc,no-any-return"
from datetime import datetime
from typing import Any

import pandas as pd
from freqtrade.strategy import IStrategy

from tests.benchmarks.peers.workload import FAST, QUANTITY, SLOW


class Cross(IStrategy):
    """Long one unit while the fast average is above the slow one; columns, not bars, are what freqtrade asks for."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    can_short = False
    use_exit_signal = True
    startup_candle_count = 0
    # neither ever ends a trade
    stoploss = -0.99
    minimal_roi = {"0": 100}  # noqa: RUF012 - the form its base class prescribes

    def populate_indicators(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Add where the fast average lies to the slow one."""
        closes = dataframe["close"]
        dataframe["difference"] = closes.rolling(FAST).mean() - closes.rolling(SLOW).mean()
        return dataframe

    def populate_entry_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Mark the bars on which the fast average rose above the slow one."""
        difference = dataframe["difference"]
        dataframe.loc[(difference > 0) & (difference.shift(1) <= 0), "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Mark the bars on which the fast average fell below the slow one."""
        difference = dataframe["difference"]
        dataframe.loc[(difference < 0) & (difference.shift(1) >= 0), "exit_long"] = 1
        return dataframe

    def custom_stake_amount(
        self, pair: str, current_time: datetime, current_rate: float, proposed_stake: float, **others: Any
    ) -> float:
        """Return the money that buys one unit."""
        return current_rate * QUANTITY

"""The workload in zipline-reloaded: equities on a calendar that never closes, bars out of arrays in memory."""

# The library is in its own environment, not in the one that is checked.
# mypy: disable-error-code="import-not-found,import-untyped,misc,no-any-return"
import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any

import pandas as pd
import sqlalchemy
from zipline.algorithm import TradingAlgorithm
from zipline.api import order, set_commission, set_slippage
from zipline.assets import AssetDBWriter, AssetFinder
from zipline.data.adjustments import SQLiteAdjustmentReader, SQLiteAdjustmentWriter
from zipline.data.bar_reader import BarReader
from zipline.data.data_portal import DataPortal
from zipline.finance import metrics
from zipline.finance.blotter import SimulationBlotter
from zipline.finance.commission import PerDollar
from zipline.finance.slippage import SlippageModel
from zipline.finance.trading import SimulationParameters
from zipline.utils.calendar_utils import get_calendar

from tests.benchmarks.peers.workload import (
    CASH,
    COMMISSION,
    FAST,
    QUANTITY,
    SLOW,
    Minutes,
    Outcome,
    given_minutes,
    measure,
)

MINUTES_A_SESSION = 1440
MINUTE = 60_000_000_000
SID = 1


class MinutesInMemory(BarReader):
    """What zipline asks of a source of minute bars; it labels a bar by its close."""

    data_frequency = "minute"
    trading_calendar = None
    first_trading_day = None
    last_available_dt = None

    def __init__(self, minutes: Minutes, calendar: Any) -> None:
        self.trading_calendar = calendar
        self.first_trading_day = pd.Timestamp(minutes.time[0], unit="us")
        self.last_available_dt = pd.Timestamp(minutes.time[-1], unit="us", tz="UTC") + pd.Timedelta(minutes=1)
        self._first = int(minutes.time[0]) * 1000 + MINUTE
        self._columns = {name: column.tolist() for name, column in minutes.values.items()}

    def get_value(self, sid: int, dt: Any, field: str) -> float:
        """Return one value of the bar that closes at dt."""
        value: float = self._columns[field][(dt.value - self._first) // MINUTE]
        return value

    def get_last_traded_dt(self, asset: Any, dt: Any) -> Any:
        """Return dt: every minute has trades."""
        return dt

    def load_raw_arrays(self, columns: Any, start_date: Any, end_date: Any, assets: Any) -> Any:
        """Refuse: the strategy keeps a window of its own and asks for none."""
        raise NotImplementedError("no window is read in this measurement")


class NextOpen(SlippageModel):
    """Fill a market order whole at the open of the bar after the decision."""

    @staticmethod
    def process_order(data: Any, order: Any) -> tuple[float, int]:
        """Return price and amount of the fill."""
        return data.current(order.asset, "open"), order.amount


class Cross:
    """Long one unit while the fast average is above the slow one; sums of floats that run along."""

    def __init__(self, asset: Any) -> None:
        self.asset = asset
        self.closes: deque[float] = deque(maxlen=SLOW)
        self.fast = self.slow = 0.0
        self.was_above: bool | None = None
        self.sent = 0

    def initialize(self, context: Any) -> None:
        """Set what trading costs."""
        set_commission(PerDollar(cost=COMMISSION))
        set_slippage(NextOpen())

    def handle_data(self, context: Any, data: Any) -> None:
        """Decide on the bar just closed."""
        close, closes = data.current(self.asset, "close"), self.closes
        if len(closes) == SLOW:
            self.slow -= closes[0]
        if len(closes) >= FAST:
            self.fast -= closes[-FAST]
        closes.append(close)
        self.fast += close
        self.slow += close
        if len(closes) < SLOW:
            return
        was_above, self.was_above = self.was_above, self.fast * SLOW > self.slow * FAST
        if was_above is None or was_above is self.was_above:
            return
        held = context.portfolio.positions[self.asset].amount
        if self.was_above and not held:
            order(self.asset, QUANTITY)
            self.sent += 1
        elif held and not self.was_above:
            order(self.asset, -QUANTITY)
            self.sent += 1


def asset_finder(first: Any, last: Any) -> AssetFinder:
    """Return the finder of one equity that lives as long as the bars."""
    engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.pool.StaticPool)
    equity = {
        "symbol": "BENCH",
        "asset_name": "BENCH",
        "start_date": first,
        "end_date": last,
        "first_traded": first,
        "auto_close_date": last + pd.Timedelta(days=30),
        "exchange": "BENCH",
    }
    exchange = {"exchange": "BENCH", "canonical_name": "BENCH", "country_code": "US"}
    AssetDBWriter(engine).write(equities=pd.DataFrame([equity], index=[SID]), exchanges=pd.DataFrame([exchange]))
    return AssetFinder(engine)


def main() -> None:
    """Measure `TradingAlgorithm.run`, its daily performance included."""
    minutes = given_minutes()
    sessions = len(minutes) // MINUTES_A_SESSION
    first = pd.Timestamp(minutes.time[0], unit="us")
    last = first + pd.Timedelta(days=sessions - 1)
    calendar = get_calendar("24/7", start=first, end=last + pd.Timedelta(days=2))
    connection = sqlite3.connect(":memory:")
    SQLiteAdjustmentWriter(connection, None, overwrite=True).write()

    def prepared() -> Callable[[], Any]:
        finder = asset_finder(first, last)
        portal = DataPortal(
            finder,
            calendar,
            first,
            equity_minute_reader=MinutesInMemory(minutes, calendar),
            adjustment_reader=SQLiteAdjustmentReader(connection),
        )
        cross = Cross(finder.retrieve_asset(SID))
        algorithm = TradingAlgorithm(
            sim_params=SimulationParameters(first, last, calendar, capital_base=CASH, data_frequency="minute"),
            data_portal=portal,
            trading_calendar=calendar,
            initialize=cross.initialize,
            handle_data=cross.handle_data,
            metrics_set=metrics.load("default"),
            blotter=SimulationBlotter(),
            benchmark_returns=pd.Series(0.0, index=calendar.sessions),
        )

        def run() -> tuple[Cross, Any]:
            return cross, algorithm.run()

        return run

    def outcome(result: tuple[Cross, Any]) -> Outcome:
        cross, performance = result
        return Outcome(cross.sent, cross.sent // 2, performance["portfolio_value"].iloc[-1])

    measure(
        "zipline-reloaded",
        "zipline-reloaded",
        sessions * MINUTES_A_SESSION,
        prepared,
        outcome,
        "float money; its daily performance included",
    )


if __name__ == "__main__":
    main()

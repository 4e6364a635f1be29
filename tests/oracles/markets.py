"""The markets the engines meet on: bars that come with a peer, bars beside the checkout, and bars made to a purpose."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from domain.market import Bars, Timeframe, from_microseconds, to_microseconds
from interfaces.market_data.files import read_bars
from tests.oracles.peers import peer_frame
from tests.postgres_servers import SHARED_DATA
from tests.trading import MINUTE, START

# Enough for a hundred trades of most plans, and few enough that all of them take seconds.
ENOUGH = 2_000


@dataclass(frozen=True, slots=True)
class Market:
    """Bars and how they are quoted.

    decimals: of every price in the bars. lot: a quantity that suits the prices.
    """

    name: str
    bars: Bars
    decimals: int
    lot: int

    @property
    def stride(self) -> float:
        """A distance the price often goes within a bar or two, as a fraction of the price: the mean range of a bar."""
        return float(np.mean((self.bars.high - self.bars.low) / self.bars.close))

    def on_tick(self, price: float) -> float:
        """Return the nearest price at which the market could trade."""
        return round(price, self.decimals)

    def between_ticks(self, price: float) -> float:
        """Return a price near this one at which the market never trades: half a tick beside.

        A limit there is either traded through or not reached; it is never merely touched.
        """
        tick = 10.0**-self.decimals
        return round(math.floor(price / tick) * tick + tick / 2, self.decimals + 1)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a market comes from: a file beside the checkout, or a data set that comes with backtesting.py."""

    name: str
    symbol: str
    timeframe: str
    decimals: int
    lot: int
    first: int = 0

    def market(self, bars_wanted: int = ENOUGH) -> Market:
        """Return so many bars from `first` on, or as many as there are; skip the test where the file is absent."""
        if "." not in self.name:
            bars = _from_peer(self)
        else:
            path = SHARED_DATA / self.name
            if not path.exists():
                pytest.skip(f"the shared market data are not beside this checkout: {self.name}")
            bars = read_bars(path, self.symbol, Timeframe.parse(self.timeframe)).bars
        return Market(self.name, rows(bars, self.first, self.first + bars_wanted), self.decimals, self.lot)


SOURCES = (
    Source("GOOG", "GOOG", "1d", 2, 10),
    Source("EURUSD", "EUR/USD", "1h", 5, 10_000),
    Source("equity_spy_1h_1998-2021.parquet", "SPY", "1h", 4, 50, first=10_000),
    Source("crypto_btcusd_coinbase_1h_2017-2019.csv", "BTC/USD", "1h", 2, 2),
    Source("crypto_ethusd_coinbase_1m_2017-2018.csv", "ETH/USD", "1m", 2, 20),
    Source("future_estx50_1m_2006.csv", "ESTX50", "1m", 0, 3),
)


def _from_peer(source: Source) -> Bars:
    time, columns = peer_frame(source.name)
    return Bars(source.symbol, Timeframe.parse(source.timeframe), time, *columns).require_valid()


def rows(bars: Bars, first: int, last: int) -> Bars:
    """Return the bars with indices in [first, last)."""
    last = min(last, len(bars))
    end = from_microseconds(int(bars.time[last])) if last < len(bars) else None
    return bars.between(from_microseconds(int(bars.time[first])), end)


def without_gaps(market: Market) -> Market:
    """Return the market with each bar opening at the close before it: nothing jumps over a stop or a limit."""
    bars = market.bars
    opens = np.concatenate([bars.open[:1], bars.close[:-1]])
    made = replace(bars, open=opens, high=np.maximum(bars.high, opens), low=np.minimum(bars.low, opens))
    return replace(market, name=f"{market.name} without gaps", bars=made.require_valid())


def of_closes(market: Market) -> Market:
    """Return the market as bars without gaps and without wicks: the best price of a bar is its open or its close."""
    bars = without_gaps(market).bars
    made = replace(bars, high=np.maximum(bars.open, bars.close), low=np.minimum(bars.open, bars.close))
    return replace(market, name=f"{market.name} of closes", bars=made.require_valid())


def drawn(*candles: tuple[float, float, float, float], volume: float = 1_000_000.0) -> Market:
    """Return a market of exactly these candles, open, high, low and close, one a minute."""
    columns = np.array(candles, dtype=np.float64).T
    time = np.arange(len(candles), dtype=np.int64) * MINUTE + to_microseconds(START)
    volumes = np.full(len(candles), volume)
    bars = Bars("BTC/USD", Timeframe.parse("1m"), time, *[*columns, volumes]).require_valid()
    return Market("drawn", bars, decimals=2, lot=1)


def flat(count: int, price: float = 100.0) -> Sequence[tuple[float, float, float, float]]:
    """Return candles in which nothing happens."""
    return [(price, price, price, price)] * count

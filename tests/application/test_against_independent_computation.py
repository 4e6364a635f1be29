"""The engine against a referee that shares no code with it: every fill, and the money to the cent."""

from decimal import Decimal
from pathlib import Path

import pytest

from domain.market import Timeframe, to_microseconds
from domain.order import OrderCreated, OrderFill
from interfaces.market_data.files import read_bars
from tests.independent_sma_cross import sma_cross
from tests.postgres_servers import SHARED_DATA
from tests.trading import trade
from weaver.strategies.sma_cross import SmaCross

CENT = Decimal("0.01")


@pytest.mark.parametrize(
    ("file", "symbol", "timeframe", "fast", "slow", "quantity"),
    [
        ("crypto_btcusd_bitfinex_1m_2015.parquet", "BTC/USD", "1m", 10, 30, "1"),
        ("equity_spy_1h_1998-2021.parquet", "SPY", "1h", 10, 30, "100"),
        ("forex_eurusd_oanda_1h_2007-2018.parquet", "EUR/USD", "1h", 5, 20, "1000"),
        ("future_estx50_1m_2006.csv", "ESTX50", "1m", 7, 23, "3"),
    ],
)
def test_orders_fills_and_equity_equal_an_independent_computation(
    file: str, symbol: str, timeframe: str, fast: int, slow: int, quantity: str
) -> None:
    path = SHARED_DATA / file
    if not path.exists():
        pytest.skip(f"the shared market data are not beside this checkout: {file}")
    bars = read_bars(Path(path), symbol, Timeframe.parse(timeframe)).bars
    referee = sma_cross(path, fast, slow, Decimal(quantity), Decimal(100_000), Decimal(10))
    strategy = SmaCross(fast=fast, slow=slow, quantity=Decimal(quantity))
    session, events = trade(strategy, bars, commission_bps="10")
    fills = [(to_microseconds(e.at), e.side, e.price) for e in events if isinstance(e, OrderFill)]
    assert len(fills) > 100
    assert fills == referee.fills
    assert sum(isinstance(event, OrderCreated) for event in events) == referee.orders
    assert session.equity.quantize(CENT) == referee.final_equity.quantize(CENT)

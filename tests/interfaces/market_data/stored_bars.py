"""Simple bars for tests of the store, and what must hold of a store at any time."""

from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg

from domain.market import Bars, Timeframe, to_microseconds
from interfaces.market_data.bar_store import BarStore

MINUTE = Timeframe.parse("1m")
SECOND = Timeframe.parse("1s")
START = datetime(2024, 1, 1, tzinfo=UTC)


def flat(minutes: list[int], price: float, symbol: str = "BTC/USD", timeframe: Timeframe = MINUTE) -> Bars:
    """Return bars that open so many timeframes after the start, all at one price."""
    time = to_microseconds(START) + np.array(minutes, np.int64) * timeframe.microseconds
    prices = np.full(len(minutes), float(price))
    return Bars(symbol, timeframe, time, prices, prices, prices, prices, np.ones(len(minutes)))


def at(minutes: int) -> datetime:
    """Return the moment so many minutes after the start."""
    return START + timedelta(minutes=minutes)


def everything(store: BarStore, symbol: str = "BTC/USD", timeframe: Timeframe = MINUTE) -> Bars:
    """Return all bars of a series."""
    return store.load(symbol, timeframe, None, None)


def require_exact_series(store: BarStore, database_url: str) -> None:
    """Compare what the store says of its series with the bars themselves."""
    query = "select symbol, timeframe, count(*), min(time), max(time) from bars group by 1, 2"
    with psycopg.connect(database_url) as connection:
        counted = {(row[0], row[1]): row[2:] for row in connection.execute(query)}
    told = {
        (one.symbol, one.timeframe.name): (one.bars, one.start_time, one.end_time - one.timeframe.duration)
        for one in store.series()
    }
    assert told == counted

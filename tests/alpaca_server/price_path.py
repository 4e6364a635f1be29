"""Made-up prices: a sum of slow waves and a little noise, the same for the same seed, readable at any second."""

import math
from decimal import Decimal
from functools import lru_cache
from random import Random

import numpy as np
from numpy.typing import NDArray

from tests.alpaca_server import sessions
from tests.alpaca_server.assets import Asset
from tests.alpaca_server.bars import MinuteBars
from tests.alpaca_server.times import DAY, SECOND

# Periods in seconds and swings, as shares of the price: a week, a day, five hours, one, a quarter, four minutes.
WAVES = ((604_800, 0.03), (86_400, 0.015), (18_000, 0.008), (3_600, 0.004), (900, 0.0015), (240, 0.0008))
NOISE = 0.0002
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SEARCH = 10 * DAY // SECOND


class PricePath:
    """One trade a second: of crypto always, of shares while New York is open."""

    def __init__(self, asset: Asset, seed: int) -> None:
        self._asset = asset
        chance = Random(f"{seed}:{asset.symbol}")
        self._key = np.uint64(chance.getrandbits(64))
        self._waves = [
            (period * chance.uniform(0.9, 1.1), swing, chance.uniform(0, math.tau)) for period, swing in WAVES
        ]
        self._size_unit = 1_000 / float(asset.price)
        self._day = lru_cache(maxsize=400)(self._made_day)

    def _columns(self, seconds: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return prices in ticks and sizes of the trades at some seconds."""
        noise, chance = self._uniform(seconds, 1), self._uniform(seconds, 2)
        log_price = (noise - 0.5) * NOISE
        for period, swing, phase in self._waves:
            log_price += swing * np.sin(seconds * (math.tau / period) + phase)
        prices = float(self._asset.price) * np.exp(log_price)
        ticks = np.maximum(np.rint(prices / float(self._asset.tick)).astype(np.int64), 1)
        return ticks, np.round(self._size_unit * (0.05 + chance**3), 6)

    def _uniform(self, seconds: NDArray[np.int64], salt: int) -> NDArray[np.float64]:
        """Return a number in [0, 1) for each second, by splitmix64."""
        with np.errstate(over="ignore"):
            mixed = (seconds.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ (self._key + np.uint64(salt))
            mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
            mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
        return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53

    def trades(self, seconds: list[int]) -> list[tuple[int, Decimal, Decimal]]:
        """Return second, price and size of the trades at some seconds."""
        ticks, sizes = self._columns(np.array(seconds, dtype=np.int64))
        tick = self._asset.tick
        return [
            (second, int(price) * tick, Decimal(f"{size:.6f}"))
            for second, price, size in zip(seconds, ticks, sizes, strict=True)
        ]

    def seconds(self, after: int, until: int) -> list[int]:
        """Return the seconds with a trade, later than `after` and not later than `until`, both in nanoseconds."""
        found = range(after // SECOND + 1, until // SECOND + 1)
        if self._asset.is_crypto:
            return list(found)
        return [second for second in found if sessions.is_open(second * SECOND)]

    def last_second(self, at: int) -> int:
        """Return the last second with a trade at a time or before it."""
        second = at // SECOND
        if self._asset.is_crypto or sessions.is_open(second * SECOND):
            return second
        return sessions.last_close(at) // SECOND - 1

    def minutes(self, first: int, last: int) -> MinuteBars:
        """Return the one-minute bars that open from `first` to `last`, both included."""
        days = range(first // DAY, last // DAY + 1)
        whole = MinuteBars.joined([self._day(day) for day in days])
        return whole.between(first, last)

    def _made_day(self, day: int) -> MinuteBars:
        """Return the one-minute bars of a UTC day."""
        seconds = np.arange(day * 86_400, (day + 1) * 86_400, dtype=np.int64)
        ticks, sizes = self._columns(seconds)
        prices = np.array(ticks * float(self._asset.tick)).round(9)
        made = MinuteBars.of_seconds(seconds * SECOND, prices, sizes)
        if self._asset.is_crypto:
            return made
        return made.where([sessions.is_open(int(at)) for at in made.at])

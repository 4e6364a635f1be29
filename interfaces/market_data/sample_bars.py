"""A generator of bars for trying things out: not a market, and never to be taken for one."""

from datetime import UTC, datetime

import numpy as np

from domain.errors import InvalidInput
from domain.market import Bars, Floats, Timeframe, to_microseconds

SAMPLE_SYMBOL = "SAMPLE/USD"
SAMPLE_START = datetime(2025, 1, 1, tzinfo=UTC)
MINUTES_AN_HOUR = 60
HOURS_A_DAY = 24
MOVES_A_MINUTE = 4
FIRST_PRICE = 100.0
LOWEST_PRICE = 1.0

# Of the price, per minute: some 60 % a year. It follows its own past from hour to hour: quiet and busy times cluster.
USUAL_VOLATILITY = 0.0008
VOLATILITY_MEMORY = 0.9
VOLATILITY_SHOCK = 0.25
# The price leans one way for some days, then another way; the lean is of the price, per minute.
REGIME_HOURS = 36
USUAL_LEAN = 0.00003
USUAL_VOLUME = 4.0


def sample_bars(symbol: str = SAMPLE_SYMBOL, days: int = 30, seed: int = 7) -> Bars:
    """Return `days` days of GENERATED one-minute bars from 2025-01-01 UTC, without a gap: nobody ever traded these.

    Equal arguments give equal bars. Prices have two decimals; volatility comes in clusters, and leans last for days, so
    that a strategy has something to follow. What it earns on them says nothing about any market. Raises InvalidInput
    for less than one day.
    """
    if days < 1:
        raise InvalidInput(f"sample bars are made for 1 day or more, not for {days}", days=days)
    random = np.random.Generator(np.random.PCG64(seed))
    volatility, lean = _volatility(random, days), _lean(random, days)
    minutes = len(volatility)
    shocks = random.standard_normal((minutes, MOVES_A_MINUTE)) * volatility[:, None] / np.sqrt(MOVES_A_MINUTE)
    moves = shocks + lean[:, None] / MOVES_A_MINUTE
    walk = np.concatenate(([0.0], np.cumsum(moves.ravel())))
    prices = np.round(np.maximum(FIRST_PRICE * np.exp(walk), LOWEST_PRICE), 2)
    # Five prices a minute: where the one before ended, and after each move.
    path = np.column_stack((prices[:-1:MOVES_A_MINUTE], prices[1:].reshape(minutes, MOVES_A_MINUTE)))
    return Bars(
        symbol,
        Timeframe.parse("1m"),
        to_microseconds(SAMPLE_START) + np.arange(minutes, dtype=np.int64) * 60_000_000,
        open=path[:, 0].copy(),
        high=path.max(axis=1),
        low=path.min(axis=1),
        close=path[:, -1].copy(),
        volume=_volume(random, np.abs(moves.sum(axis=1)) / USUAL_VOLATILITY),
    )


def _volatility(random: np.random.Generator, days: int) -> Floats:
    """Return the volatility of every minute: its logarithm goes back to the usual one, slowly, and is shaken hourly."""
    shocks = VOLATILITY_SHOCK * random.standard_normal(days * HOURS_A_DAY)
    logarithm, hourly = 0.0, np.empty(len(shocks))
    for hour, shock in enumerate(shocks):
        logarithm = VOLATILITY_MEMORY * logarithm + float(shock)
        hourly[hour] = logarithm
    return np.repeat(USUAL_VOLATILITY * np.exp(hourly), MINUTES_AN_HOUR)


def _lean(random: np.random.Generator, days: int) -> Floats:
    regimes = -(-days * HOURS_A_DAY // REGIME_HOURS)
    leans = USUAL_LEAN * random.standard_normal(regimes)
    return np.repeat(leans, REGIME_HOURS * MINUTES_AN_HOUR)[: days * HOURS_A_DAY * MINUTES_AN_HOUR]


def _volume(random: np.random.Generator, excitement: Floats) -> Floats:
    """Return the volume of every minute, four decimals: more when the price moves more, never quite nothing."""
    spread = np.exp(0.6 * random.standard_normal(len(excitement)))
    return np.maximum(np.round(USUAL_VOLUME * spread * (0.5 + excitement), 4), 0.0001)

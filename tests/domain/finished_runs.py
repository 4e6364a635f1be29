"""Curves, accounts, bars and trades of runs that never were, for tests of statistics."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from domain.figures import StatisticFigure
from domain.market import Bars, Floats, Timeframe, to_microseconds
from domain.performance import Account, EquityCurve, statistics, utc_days
from domain.portfolio import Direction, Trade

START = datetime(2025, 1, 1, tzinfo=UTC)
START_TIME = to_microseconds(START)
DAY = 86_400_000_000
HOUR = DAY // 24
INITIAL = Decimal(1000)


def curve_of(equity: Sequence[float] | Floats, *, start: int = START_TIME, step: int = DAY) -> EquityCurve:
    """Return a curve with a point at the end of every step."""
    times = start + step * np.arange(1, len(equity) + 1, dtype=np.int64)
    return EquityCurve(start, times, np.array(equity, dtype=np.float64), np.zeros(len(equity), dtype=np.bool_))


def bars_of(
    closes: Sequence[float] | Floats,
    *,
    symbol: str = "BTC/USD",
    timeframe: str = "1d",
    times: Sequence[int] | None = None,
    low: Sequence[float] | Floats | None = None,
    high: Sequence[float] | Floats | None = None,
) -> Bars:
    """Return bars with these closes, one after the other from START on unless told when they open."""
    close = np.array(closes, dtype=np.float64)
    length = Timeframe.parse(timeframe)
    opens = START_TIME + length.microseconds * np.arange(len(close)) if times is None else times
    return Bars(
        symbol,
        length,
        np.array(opens, dtype=np.int64),
        close,
        close if high is None else np.array(high, dtype=np.float64),
        close if low is None else np.array(low, dtype=np.float64),
        close,
        np.ones(len(close)),
    )


def trade_of(
    pnl: Decimal | int | str = 0,
    *,
    entry: str = "100",
    opened: timedelta = timedelta(),
    closed: timedelta = timedelta(),
    side: Direction = "long",
    symbol: str = "BTC/USD",
) -> Trade:
    """Return a trade, opened and closed so long after START."""
    return Trade(
        symbol=symbol,
        side=side,
        opened_at=START + opened,
        closed_at=START + closed,
        qty=Decimal(1),
        entry_price=Decimal(entry),
        exit_price=Decimal(entry),
        pnl=Decimal(pnl),
        fees=Decimal(0),
    )


def account_of(equity: Sequence[float] | Floats, trades: Sequence[Trade] = (), **changed: object) -> Account:
    """Return the account of a run that ended with the last of these, having begun with INITIAL."""
    account = Account(
        initial_cash=INITIAL,
        final_equity=Decimal(repr(float(equity[-1]))),
        fees=Decimal(0),
        slippage=Decimal(0),
        traded_notional=Decimal(0),
        trades=trades,
        open_positions=0,
        fills=0,
        ambiguous_fills=0,
    )
    return replace(account, **changed)  # type: ignore[arg-type]


def figures_of(
    equity: Sequence[float] | Floats,
    trades: Sequence[Trade] = (),
    *,
    step: int = DAY,
    closes: Sequence[float] | Floats | None = None,
    risk_free: float = 0.0,
    **changed: object,
) -> dict[str, StatisticFigure]:
    """Return the statistics of a run with a point of equity, and a bar of BTC/USD, at every step from START on."""
    curve = curve_of(equity, step=step)
    opens = np.concatenate(([curve.start], curve.times[:-1])).tolist()
    bars = bars_of(closes if closes is not None else [100.0] * len(equity), times=opens)
    days = utc_days(curve.start, int(curve.times[-1]))
    return statistics(curve, account_of(equity, trades, **changed), [bars], days, risk_free)


def value_of(figure: StatisticFigure) -> float:
    """Return the number of a figure that must be defined."""
    assert isinstance(figure.value, (int, float)), figure
    return figure.value

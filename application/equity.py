"""The equity of a session: at every bar for statistics, at chosen bars for the journal."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

import numpy as np

from application.session import Session
from domain.market import Floats, from_microseconds
from domain.money import ZERO, exact, posted
from domain.performance import Days, EquityCurve, utc_days
from domain.run import RunEquityMarked
from domain.sessions import Sessions
from domain.timeline import Timeline

# The journal keeps the shape of the curve; bars and fills give every other point of it exactly.
MAX_POINTS = 2_000
POINTS_AN_EVENT = 1_000
SESSIONS_A_YEAR = 252


def equity_curve(session: Session, timeline: Timeline) -> EquityCurve:
    """Return equity at every instant as floats: cash and positions at the newest closes."""
    instants = np.arange(len(timeline))
    equity = _stepped(
        [(line.instant, float(line.cash)) for line in session.ledger], instants, float(session.initial_cash)
    )
    exposed = np.zeros(len(timeline), dtype=np.bool_)
    for symbol, closes in zip(session.symbols, timeline.newest_closes(), strict=True):
        changes = [(line.instant, float(line.quantity)) for line in session.ledger if line.symbol == symbol]
        quantity = _stepped(changes, instants, 0.0)
        equity += np.where(quantity == 0, 0.0, quantity * closes)
        exposed |= quantity != 0
    return EquityCurve(timeline.start, timeline.closing_times, equity, exposed)


def trading_days(timeline: Timeline, sessions: Mapping[str, Sessions]) -> Days:
    """Return when daily equity is sampled: at session closes, at 00:00 UTC once a market never closes.

    sessions: of each symbol whose market has any.
    """
    start, end = timeline.start, timeline.closes[len(timeline) - 1]
    exchange = sessions.get(timeline.series[0].symbol)
    if exchange is None or any(one.symbol not in sessions for one in timeline.series):
        return utc_days(start, end)
    return Days(exchange.closes_within(start, end), SESSIONS_A_YEAR, "the session's close")


def _stepped(
    changes: list[tuple[int, float]], instants: "np.ndarray[tuple[int], np.dtype[np.int64]]", initial: float
) -> Floats:
    """The value in force at each instant: the last change at or before it."""
    places = np.searchsorted([instant for instant, _ in changes], instants, side="right")
    return np.array([initial, *(value for _, value in changes)], dtype=np.float64)[places]


def equity_marks(session: Session, timeline: Timeline, at: datetime) -> Iterator[RunEquityMarked]:
    """Yield evenly spaced points of the curve, exact, at most 2,000, the last bar always among them."""
    step = -(-len(timeline) // MAX_POINTS)
    chosen = sorted({*range(len(timeline) - 1, -1, -step)})
    points = list(_points(session, timeline, chosen))
    for first in range(0, len(points), POINTS_AN_EVENT):
        times, equity, cash = zip(*points[first : first + POINTS_AN_EVENT], strict=True)
        yield RunEquityMarked(at=at, times=times, equity=equity, cash=cash)


def _points(session: Session, timeline: Timeline, chosen: list[int]) -> Iterator[tuple[datetime, Decimal, Decimal]]:
    lines = iter(session.ledger)
    line = next(lines, None)
    cash, held = session.initial_cash, dict.fromkeys(session.symbols, ZERO)
    for instant in chosen:
        while line is not None and line.instant <= instant:
            cash, held[line.symbol] = line.cash, line.quantity
            line = next(lines, None)
        value = sum(
            (
                posted(quantity * exact(timeline.close_at(place, instant)))
                for place, quantity in enumerate(held.values())
                if quantity
            ),
            ZERO,
        )
        yield from_microseconds(timeline.closes[instant]), cash + value, cash

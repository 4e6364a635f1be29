"""What an equity curve made by calendar day, month and year, in UTC.

A point belongs to the period it ends: a bar that closes at a period's midnight is of the one before. A period is
measured from the last point of the one before it, the first from the initial cash, so returns chain to the whole; a
period without a point has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from domain.market import Microseconds, from_microseconds, to_microseconds

type PeriodLength = Literal["day", "month", "year"]

_UNITS: dict[PeriodLength, Literal["D", "M", "Y"]] = {"day": "D", "month": "M", "year": "Y"}
_DECIMALS = 8


@dataclass(frozen=True, slots=True)
class Period:
    """One period [start, end) of the calendar, UTC. first: equity at the end of the one before; last: at its own."""

    start: datetime
    end: datetime
    first: Decimal
    last: Decimal

    @property
    def pnl(self) -> Decimal:
        """What was made, in quote currency."""
        return self.last - self.first

    @property
    def change(self) -> float | None:
        """The return as a fraction, 0.01 for 1 %; None where equity was not above zero."""
        return round(float(self.last / self.first - 1), _DECIMALS) if self.first > 0 else None


def period_ends(time: Microseconds, length: PeriodLength) -> NDArray[np.intp]:
    """Return the place of the last point of each period that has one. time: ascending, microseconds since 1970 UTC."""
    numbers = _numbers(time, length)
    return np.flatnonzero(np.append(np.diff(numbers) != 0, len(numbers) > 0))


def periods(points: Sequence[tuple[datetime, Decimal]], initial: Decimal, length: PeriodLength) -> list[Period]:
    """Return every period with a point, oldest first. points: times with equity; the last of each period is enough."""
    times = np.array([to_microseconds(time) for time, _ in points], np.int64)
    ends = period_ends(times, length)
    numbers = _numbers(times[ends], length).tolist()
    amounts = [initial, *(points[place][1] for place in ends.tolist())]
    return [
        Period(_begin(number, length), _begin(number + 1, length), first, last)
        for number, (first, last) in zip(numbers, pairwise(amounts), strict=True)
    ]


def _numbers(time: Microseconds, length: PeriodLength) -> NDArray[np.int64]:
    """The periods, counted from 1970, that end the times."""
    inside = (time - 1).astype("datetime64[us]")
    return np.asarray(inside.astype(f"datetime64[{_UNITS[length]}]").astype(np.int64))


def _begin(number: int, length: PeriodLength) -> datetime:
    return from_microseconds(int(np.datetime64(number, _UNITS[length]).astype("datetime64[us]").astype(np.int64)))

"""Where bars of a series are missing while their market was open."""

from datetime import datetime
from typing import NamedTuple

import numpy as np

from domain.aggregation import DAILY
from domain.market import Microseconds, Timeframe, from_microseconds
from domain.sessions import Sessions


class Gap(NamedTuple):
    """Bars in a row that are missing. start: when the first of them would open; end: when the next one there does."""

    start: datetime
    end: datetime
    bars: int


def gaps(time: Microseconds, timeframe: Timeframe, sessions: Sessions | None) -> list[Gap]:
    """Return what is missing between the first and the last bar, oldest first.

    time: opens, ascending, microseconds since 1970 UTC. sessions: when the market was open, None for always; they must
    be known over the whole series, or InvalidInput is raised. A night between two sessions is no gap.
    """
    if len(time) < 2:
        return []
    if sessions is not None and timeframe == DAILY:
        # a day's bar opens where its exchange says, not in steps: each session wants one
        held = np.unique(sessions.overlapped(time, timeframe.microseconds))
        held = held[held >= 0]  # a bar of a day without a session stands for none
        numbers = np.arange(held[0], held[-1] + 1) if len(held) else held
        expected, is_there = sessions.opens[numbers], np.isin(numbers, held)
    else:
        expected = np.arange(time[0], time[-1] + 1, timeframe.microseconds, dtype=np.int64)
        if sessions is not None:
            expected = expected[sessions.overlapped(expected, timeframe.microseconds) >= 0]
        is_there = np.isin(expected, time)
    missing = np.flatnonzero(~is_there)
    found = []
    for places in np.split(missing, np.flatnonzero(np.diff(missing) > 1) + 1):
        if len(places):
            first = int(expected[places[0]])
            following = int(time[np.searchsorted(time, first)])
            found.append(Gap(from_microseconds(first), from_microseconds(following), len(places)))
    return found

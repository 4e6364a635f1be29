"""When the markets of a run are open."""

from datetime import datetime

import numpy as np

from application.ports import SessionCalendar
from domain.market import Timeframe, to_microseconds
from domain.run import RunCreated
from domain.sessions import Sessions


class MarketHours:
    """The sessions of a run's symbols, from its creation to some days from now.

    sessions: of each symbol whose market has any.
    """

    def __init__(self, calendar: SessionCalendar, description: RunCreated, now: datetime) -> None:
        found = {one: calendar.sessions(one, description.at, now) for one in description.symbols}
        self.sessions: dict[str, Sessions] = {one: known for one, known in found.items() if known is not None}
        self._is_always_open = len(self.sessions) < len(found)
        self._length = Timeframe.parse(description.timeframe).microseconds

    def was_open(self, boundary: datetime) -> bool:
        """Return whether any of the markets was open in the bar that ends at a boundary.

        Raises InvalidInput where that is not known.
        """
        if self._is_always_open:
            return True
        opened_at = np.array([to_microseconds(boundary) - self._length], dtype=np.int64)
        return any(one.overlapped(opened_at, self._length)[0] >= 0 for one in self.sessions.values())

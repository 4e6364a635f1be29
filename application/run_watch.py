"""Whether a run keeps up with its boundaries, for whoever watches it from outside."""

from datetime import datetime

from application.clock import Clock, boundary_after
from domain.market import Timeframe


class RunWatch:
    """Told by a run's thread, read by any. barren: boundaries in a row without a bar while the market was open."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: tuple[datetime, Timeframe] | None = None
        self._has_stumbled = False
        self.barren = 0

    def idle(self, timeframe: Timeframe) -> None:
        """No boundary is due now. After a fault that is believed only once a boundary was dealt with."""
        if self._seen is None or not self._has_stumbled:
            self._seen = self._clock.now(), timeframe

    def saw(self, boundary: datetime, timeframe: Timeframe) -> None:
        """A boundary was dealt with, or the market was closed then."""
        self._seen, self._has_stumbled = (boundary, timeframe), False

    def stumbled(self) -> None:
        """Something went wrong, and the run begins again."""
        self._has_stumbled = True

    def heard(self, bars: int) -> None:
        """So many bars closed at a boundary."""
        self.barren = 0 if bars else self.barren + 1

    @property
    def overdue(self) -> float | None:
        """Seconds since a boundary that should be dealt with by now, 0 while none is due; None before it has begun.

        Grows for as long as the run's thread is stuck, or dead, or fails at every boundary.
        """
        if self._seen is None:
            return None
        return max((self._clock.now() - boundary_after(*self._seen)).total_seconds(), 0.0)

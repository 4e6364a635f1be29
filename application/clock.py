"""The only reader of time: everything else is told what time it is, and when a boundary has passed."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from domain.market import Timeframe, from_microseconds, to_microseconds

# The wall clock is read again at least this often while a boundary is awaited: it may be set, and machines sleep.
LONGEST_STEP = 0.25
# So far wall and monotonic clock may move apart in one step before the difference is called a jump.
JUMP_SECONDS = 0.5


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """Return the present moment, UTC."""
        ...


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment, UTC."""
        return datetime.now(UTC)


def seconds_awake_or_asleep() -> float:
    """Return seconds that only ever grow, also while the machine sleeps, where the system counts those (Linux)."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Waiting(Protocol):
    """How time passes: for real, or under a test's control."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        ...

    def wait(self, woken: threading.Event, seconds: float) -> bool:
        """Return whether `woken` was set before so many seconds had passed."""
        ...


class RealWaiting:
    """Time as it passes."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow; they stand still while the machine sleeps."""
        return time.monotonic()

    def wait(self, woken: threading.Event, seconds: float) -> bool:
        """Return whether `woken` was set before so many seconds had passed."""
        return woken.wait(seconds)


@dataclass(frozen=True, slots=True)
class Passed:
    """A boundary that has passed. lateness: seconds since. missed: boundaries before it that nobody saw pass.

    because: why they were missed, None if none was.
    """

    boundary: datetime
    lateness: float
    missed: int = 0
    because: str | None = None


def boundary_after(moment: datetime, timeframe: Timeframe) -> datetime:
    """Return the first boundary later than a moment: multiples of the timeframe since 00:00 UTC."""
    length = timeframe.microseconds
    return from_microseconds((to_microseconds(moment) // length + 1) * length)


class RealtimeClock:
    """Waits for the boundaries of a timeframe: each once, never early, and those that were missed are counted.

    The wall clock says when a boundary has passed, the monotonic clock how long to wait; both are compared at every
    step, so that a machine that slept or whose clock was set is noticed. jumps: how often that happened; last_jump: by
    how many seconds, above zero for forward. lateness: of the last boundary, in seconds; worst_lateness: ever.
    missed: how many boundaries nobody saw pass.
    """

    def __init__(self, clock: Clock, waiting: Waiting | None = None) -> None:
        self._clock = clock
        self._waiting = waiting or RealWaiting()
        self.jumps = 0
        self.last_jump = 0.0
        self.lateness = 0.0
        self.worst_lateness = 0.0
        self.missed = 0

    def wait(
        self, timeframe: Timeframe, after: datetime | None, woken: threading.Event, patience: float
    ) -> Passed | None:
        """Return the next boundary that passes, None if `woken` is set or so many seconds pass first.

        after: the last boundary that was seen; None if none was, so that none can have been missed. A boundary that
        passed too long ago to be traded on is counted as missed, and the next one is awaited.
        """
        now, tolerated = self._clock.now(), self.tolerated(timeframe)
        target = boundary_after(now if after is None else max(after, now - tolerated), timeframe)
        seen = target - timeframe.duration if after is None else after
        jumped, give_up_at = 0.0, self._waiting.monotonic() + patience
        while True:
            while (now := self._clock.now()) < target:
                began = self._waiting.monotonic()
                is_woken = self._waiting.wait(woken, min((target - now).total_seconds(), LONGEST_STEP))
                jumped += self._jump(now, began)
                if is_woken or (self._waiting.monotonic() >= give_up_at and self._clock.now() < target):
                    return None
            newest = boundary_after(now - timeframe.duration, timeframe)
            if now - newest <= tolerated:
                return self._passed(newest, timeframe, seen, jumped)
            target = boundary_after(now, timeframe)

    @staticmethod
    def tolerated(timeframe: Timeframe) -> timedelta:
        """Return how late a boundary may be noticed and still be traded on: a tenth of it, from 0.5 to 10 seconds."""
        return max(timedelta(seconds=0.5), min(timeframe.duration / 10, timedelta(seconds=10)))

    def _passed(self, boundary: datetime, timeframe: Timeframe, after: datetime, jumped: float) -> Passed:
        lateness = (self._clock.now() - boundary).total_seconds()
        self.lateness = lateness
        self.worst_lateness = max(self.worst_lateness, lateness)
        missed = int((boundary - after) / timeframe.duration) - 1
        self.missed += missed
        because = None
        if missed:
            because = f"the clock jumped by {jumped:+.1f} s" if abs(jumped) >= JUMP_SECONDS else "nobody was watching"
        return Passed(boundary, lateness, missed, because)

    def _jump(self, before: datetime, began: float) -> float:
        by_wall = (self._clock.now() - before).total_seconds()
        jump = by_wall - (self._waiting.monotonic() - began)
        if abs(jump) < JUMP_SECONDS:
            return 0.0
        self.jumps += 1
        self.last_jump = jump
        return jump

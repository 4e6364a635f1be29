"""How often Alpaca may be asked: a bucket of tokens, what its answers say is left, and a lane kept free for cancels."""

import threading
import time
from collections.abc import Callable

REQUESTS_A_MINUTE = 200
MINUTE = 60.0
# Requests that nothing but a cancel may take: an order that must go must not wait behind questions.
RESERVE = 10
# A refusal that does not say for how long: so many seconds, doubled for each that follows at once.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# No statement of the exchange is believed for longer, whatever its clock says.
LONGEST_WINDOW = 60.0


class TokenBucket:
    """How many requests may leave, counted here and as the exchange says; every method is told the time, in seconds.

    In any `w` seconds at most `limit + w * limit / 60` requests are granted; within the exchange's own window never
    more than it said are left. Requests that are not urgent leave `reserve` tokens for those that are.
    """

    def __init__(self, now: float, limit: int = REQUESTS_A_MINUTE, reserve: int = RESERVE) -> None:
        self._limit = max(limit, 1)
        self._reserve = reserve
        self._tokens = float(self._limit)
        self._filled_at = now
        self._window: tuple[float, int] | None = None  # when it ends, and what is left until then
        self._paused_until = now
        self._pause = 0.0

    def take(self, now: float, *, is_urgent: bool = False) -> float:
        """Take one token; return 0.0, or the seconds until asking again may help, and then none is taken."""
        self._fill(now)
        if now < self._paused_until:
            return self._paused_until - now
        # with a limit below the reserve nothing else would ever be sent
        needed = 1.0 if is_urgent else 1.0 + min(self._reserve, self._limit - 1)
        if self._tokens + 1e-9 < needed:  # less is the error of the sums
            return (needed - self._tokens) * MINUTE / self._limit
        if self._window is not None:
            ends, left = self._window
            if now >= ends:
                self._window = None
            elif left < needed:
                return ends - now
            else:
                self._window = ends, left - 1
        self._tokens -= 1.0
        return 0.0

    def told(self, now: float, limit: int | None, left: int | None, ends_in: float | None) -> None:
        """Take note of what an answer says: requests a minute, requests left, and seconds until they are renewed."""
        self._fill(now)
        self._pause = 0.0
        if limit is not None and limit >= 1:
            self._limit = limit
            self._tokens = min(self._tokens, float(limit))
        if left is None or ends_in is None:
            return
        ends = now + min(max(ends_in, 0.0), LONGEST_WINDOW)
        if self._window is not None and now < self._window[0]:
            known_end, known_left = self._window
            # answers overtake each other: of the same window the lower number is the newer one
            if ends < known_end + 1.0:
                ends, left = max(ends, known_end), min(left, known_left)
        self._window = ends, max(left, 0)

    def refused(self, now: float, ends_in: float | None) -> None:
        """Take note of a refusal for too many requests; ends_in: seconds until asking may help, None if not told."""
        self._fill(now)
        if ends_in is None:
            self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            ends_in = self._pause
        self._paused_until = max(self._paused_until, now + min(max(ends_in, 0.0), LONGEST_WINDOW))

    def left(self, now: float) -> float:
        """Return how many requests may leave at once, the reserve included."""
        self._fill(now)
        if now < self._paused_until:
            return 0.0
        if self._window is not None and now < self._window[0]:
            return min(self._tokens, float(self._window[1]))
        return self._tokens

    def _fill(self, now: float) -> None:
        grown = self._tokens + max(now - self._filled_at, 0.0) * self._limit / MINUTE
        self._tokens = min(grown, float(self._limit))
        self._filled_at = max(now, self._filled_at)


class RateLimit:
    """A bucket that several threads wait at. clock: seconds that never go back; pause: waits so many seconds."""

    def __init__(
        self,
        limit: int = REQUESTS_A_MINUTE,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._bucket = TokenBucket(clock(), limit)
        self._clock = clock
        self._pause = pause
        self._lock = threading.Lock()

    def acquire(self, patience: float, *, is_urgent: bool = False) -> bool:
        """Wait at most `patience` seconds for a place; return whether there is one, which then is taken."""
        deadline = self._clock() + patience
        while True:
            with self._lock:
                now = self._clock()
                wait = self._bucket.take(now, is_urgent=is_urgent)
            if not wait:
                return True
            if now + wait > deadline:
                return False
            self._pause(wait)

    def told(self, limit: int | None, left: int | None, ends_in: float | None) -> None:
        """Take note of what an answer says; see TokenBucket."""
        with self._lock:
            self._bucket.told(self._clock(), limit, left, ends_in)

    def refused(self, ends_in: float | None) -> None:
        """Take note of a refusal; see TokenBucket."""
        with self._lock:
            self._bucket.refused(self._clock(), ends_in)

    def left(self) -> float:
        """Return how many requests may leave at once; see TokenBucket."""
        with self._lock:
            return self._bucket.left(self._clock())

"""A count of requests a minute, by the wall's clock, and the headers that tell of it."""

from tests.alpaca_server.conditions import Conditions
from tests.alpaca_server.times import MINUTE, SECOND, wall_time


class RateLimit:
    """The requests of one account in the present minute."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self.begin()

    def begin(self) -> None:
        """Count from nothing."""
        self._minute, self._taken = 0, 0

    def take(self) -> bool:
        """Count a request; False if it is one too many."""
        self._turn()
        if self._taken >= self._conditions.rate_limit:
            return False
        self._taken += 1
        return True

    def _turn(self) -> None:
        minute = wall_time() // MINUTE
        if minute != self._minute:
            self._minute, self._taken = minute, 0

    def headers(self, *, spent: bool = False) -> dict[str, str]:
        """Return the headers of an answer; `spent` says that nothing remains whatever was counted."""
        self._turn()
        remaining = 0 if spent else max(self._conditions.rate_limit - self._taken, 0)
        return {
            "X-Ratelimit-Limit": str(self._conditions.rate_limit),
            "X-Ratelimit-Remaining": str(remaining),
            "X-Ratelimit-Reset": str((self._minute + 1) * MINUTE // SECOND),
        }

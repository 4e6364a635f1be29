"""Trading sessions of an exchange: when it opens and closes, early closes and clock changes included."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidInput
from domain.market import Microseconds, from_microseconds


def is_always_open(symbol: str) -> bool:
    """Return whether the symbol's market never closes: pairs such as BTC/USD do not, anything else has sessions."""
    return "/" in symbol


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Every session of an exchange in one unbroken stretch of time, at least one, oldest first.

    opens, closes: first moment of a session and the moment it has ended, [open, close), microseconds since 1970 UTC;
    a session opens no earlier than the one before it has closed. What lies before the first open or after the last
    close is unknown, and asking for it raises InvalidInput. The constructor raises InvalidInput for anything else.
    """

    opens: Microseconds
    closes: Microseconds

    def __post_init__(self) -> None:
        if self.opens.ndim != 1 or self.opens.shape != self.closes.shape or not len(self.opens):
            raise InvalidInput(f"sessions need as many opens as closes, got {self.opens.shape} and {self.closes.shape}")
        if (self.closes <= self.opens).any() or (self.opens[1:] < self.closes[:-1]).any():
            raise InvalidInput("sessions must close after they open and not overlap, oldest first")

    def __len__(self) -> int:
        return len(self.opens)

    def close_after(self, moment: int) -> int:
        """Return the first close that is later than the moment; raise InvalidInput where it is not known."""
        self.require_known(moment, moment + 1)
        return int(self.closes[np.searchsorted(self.closes, moment, side="right")])

    def closes_after(self, moments: Microseconds) -> Microseconds:
        """Return for each moment, in any order, the first later close; raise InvalidInput where one is not known."""
        if len(moments):
            self.require_known(int(moments.min()), int(moments.max()) + 1)
        found: Microseconds = self.closes[np.searchsorted(self.closes, moments, side="right")]
        return found

    def closes_within(self, start: int, end: int) -> Microseconds:
        """Return the closes in (start, end], ascending, possibly none; raise InvalidInput where they are not known."""
        self.require_known(start, end)
        first, last = np.searchsorted(self.closes, (start, end), side="right")
        return self.closes[first:last]

    def overlapped(self, starts: Microseconds, length: int) -> NDArray[np.int64]:
        """Return for each interval [start, start + length) the number of the first session it shares time with, or -1.

        length: in microseconds, above zero. Raises InvalidInput where it is not known.
        """
        if len(starts):
            self.require_known(int(starts.min()), int(starts.max()) + 1)
        following = np.searchsorted(self.closes, starts, side="right")
        return np.where(self.opens[following] < starts + length, following, -1)

    def require_known(self, start: int, end: int) -> None:
        """Raise InvalidInput unless every session of [start, end) is known."""
        first, last = int(self.opens[0]), int(self.closes[-1])
        if start < first or end > last:
            moment = start if start < first else end
            raise InvalidInput(
                f"the exchange's sessions are known from {_shown(first)} to {_shown(last)}, not at {_shown(moment)}",
                first=first,
                last=last,
                moment=moment,
            )


def _shown(moment: int) -> str:
    return f"{from_microseconds(moment):%Y-%m-%dT%H:%M:%SZ}"

"""A column of values that grows at its end without being copied each time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FIRST_ROOM = 256


class GrowingColumn:
    """Values that are added at the end, with room for twice as many whenever there is none."""

    def __init__(self, kind: type[np.generic] = np.float64) -> None:
        self._room: NDArray[Any] = np.empty(FIRST_ROOM, kind)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def values(self) -> NDArray[Any]:
        """All of them. What was handed out before sees no more of them, and only what `add` replaces changes in it."""
        return self._room[: self._length]

    def add(self, values: NDArray[Any], after: int | None = None) -> None:
        """Add values at the end, or after so many, in place of what follows there."""
        first = self._length if after is None else after
        self._length = first + len(values)
        if self._length > len(self._room):
            larger = np.empty(2 * self._length, self._room.dtype)
            larger[:first] = self._room[:first]
            self._room = larger
        self._room[first : self._length] = values

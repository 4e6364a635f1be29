"""The working orders of one symbol, so kept that a bar only looks at those it may concern."""

from heapq import heappop, heappush

from domain.matching import watched_level
from domain.working_order import Working

type _Waiting = tuple[float, int, Working]


class OrderBook:
    """Orders by what they wait for: every bar, a rise to a price, or a fall to one.

    Ten thousand resting orders cost a bar that reaches none of them two comparisons. An order that was taken off stays
    in its heap until a bar reaches it, and is dropped there.
    """

    def __init__(self) -> None:
        self._every_bar: list[Working] = []
        self._rising: list[_Waiting] = []
        self._falling: list[_Waiting] = []

    def put(self, order: Working) -> None:
        """Put the order where the next bar looks for it."""
        watched = watched_level(order)
        if watched is None:
            self._every_bar.append(order)
            return
        waits_for_rise, level = watched
        if waits_for_rise:
            heappush(self._rising, (level, order.serial, order))
        else:
            heappush(self._falling, (-level, order.serial, order))

    def take(self, high: float, low: float) -> list[Working]:
        """Take off and return the orders that a bar with these extremes may concern, in no order.

        Those that still work after it have to be put back.
        """
        due = [order for order in self._every_bar if order.on_book]
        self._every_bar.clear()
        rising, falling = self._rising, self._falling
        while rising and rising[0][0] <= high:
            order = heappop(rising)[2]
            if order.on_book:
                due.append(order)
        while falling and -falling[0][0] >= low:
            order = heappop(falling)[2]
            if order.on_book:
                due.append(order)
        return due

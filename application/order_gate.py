"""The gate before an exchange: the last question before an order leaves, and never one for the strategy's process."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from application.kill_latch import KillSwitchLatch
from application.run_book import RunBook
from domain.order import Order
from domain.risk import KILL_SWITCH
from domain.run import RunStatus

# A strategy that has lost its mind sends orders as fast as it can: no run may send more than so many in a minute.
BREAKER_ORDERS, BREAKER_PERIOD = 120, timedelta(minutes=1)
RATE_BREAKER = "rate_breaker"


@dataclass(frozen=True, slots=True)
class Stopped:
    """The order does not leave. policy: why it is rejected; None: it is cancelled, or `is_expired`."""

    reason: str
    policy: str | None = None
    is_expired: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """The order waits. reason: what for."""

    reason: str


class OrderGate:
    """Decides whether an order may leave now."""

    def __init__(self, latch: KillSwitchLatch) -> None:
        self._latch = latch
        self._sent: dict[UUID, deque[datetime]] = {}

    def judge(self, order: Order, book: RunBook, now: datetime) -> Stopped | Held | None:
        """Return why the order must not leave, or what it waits for; None: send it now."""
        intent, run = order.created, book.run
        if order.cancel_requested:
            return Stopped("cancelled before it was sent")
        if (reason := self._latch.reason) is not None:
            return Stopped(reason, KILL_SWITCH)
        if run.faulted is not None or run.stop_requested or run.status.is_final or run.deleted:
            return Stopped("the run ended before the order was sent")
        if run.status is RunStatus.PAUSED and order.created.tag is None:
            return Stopped("the run was paused before the order was sent")
        if intent.valid_until is not None and now > intent.valid_until:
            late = (now - intent.at).total_seconds()
            return Stopped(f"decided {late:.0f} s ago: too late to be sent", is_expired=True)
        if self._is_too_fast(run.id, now):
            return Stopped(
                f"more than {BREAKER_ORDERS} orders in {BREAKER_PERIOD.total_seconds():.0f} s: the breaker is open",
                RATE_BREAKER,
            )
        if any(_is_in_the_way(other, order) for other in book.orders.values()):
            return Held("an earlier order of the symbol is being cancelled")
        return None

    def sent(self, run_id: UUID, now: datetime) -> None:
        """Count an order that leaves."""
        self._sent.setdefault(run_id, deque(maxlen=BREAKER_ORDERS)).append(now)

    def _is_too_fast(self, run_id: UUID, now: datetime) -> bool:
        sent = self._sent.get(run_id)
        return sent is not None and len(sent) == BREAKER_ORDERS and now - sent[0] < BREAKER_PERIOD


def _is_in_the_way(other: Order, order: Order) -> bool:
    """Whether an order that is being cancelled was decided before another of the same symbol: it may still fill."""
    earlier, later = other.created, order.created
    return other.cancel_requested and earlier.symbol == later.symbol and earlier.sequence < later.sequence

"""What the simulated exchange makes of a run's orders: folded from the run's entries, carried on tick by tick."""

from collections.abc import Callable, Mapping
from uuid import UUID

from application.simulated_account import SimulatedAccount
from domain.errors import ConcurrentChange
from domain.events import Event, JournalEntry, Recorded
from domain.ids import OrderIds
from domain.order import (
    Order,
    OrderAccepted,
    OrderCancelled,
    OrderCreated,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderStatus,
)
from domain.run import RunCreated
from domain.sessions import Sessions
from domain.tape import TapeBackfilled, TapeTicked
from domain.working_order import Working


class SimulatedMatching:
    """The exchange's side of one run. Made anew and given the run's entries, it is where it was.

    An order works from the first tick that knows it: a tick says up to which position of the journal it does. load:
    gives an order as the journal has it.
    """

    def __init__(
        self,
        run_id: UUID,
        ids: OrderIds,
        description: RunCreated,
        sessions: Mapping[str, Sessions],
        load: Callable[[UUID], Order | None],
    ) -> None:
        self._load = load
        self._account = SimulatedAccount(run_id, description, ids, sessions)
        self._accepted: list[tuple[int, UUID]] = []
        self._intents: dict[UUID, OrderCreated] = {}

    @property
    def working(self) -> Mapping[int, Working]:
        """The orders on the book by key, as far as the last tick has brought them."""
        return self._account.working

    def take(self, entry: JournalEntry, event: Event) -> None:
        """Fold one entry of the run; a tick that was matched here already changes nothing."""
        match event:
            case OrderCreated():
                self._intents[entry.stream_id] = event
            case OrderAccepted():
                self._accepted.append((entry.position, entry.stream_id))
            case OrderFilled():
                self._intents.pop(entry.stream_id, None)
            case OrderCancelled() | OrderRejected() | OrderExpired():
                self._intents.pop(entry.stream_id, None)
                self._account.cancelled(entry.stream_id)
            case TapeBackfilled():
                self._account.history(event)
            case TapeTicked() if event.number > self._account.matched:
                self._let_in(event.seen)
                self._account.match(event)
                self._account.forget()

    def match(self, ticked: TapeTicked) -> list[Recorded]:
        """Match the orders with a new tick's bars; return the events of what became of them, to be recorded with it.

        Raises ConcurrentChange if an order is not to be found: everything has to be folded anew.
        """
        self._let_in(ticked.seen)
        self._account.match(ticked)
        return self._account.events({one: self._order(one) for one in self._account.facts.concerned()})

    def _let_in(self, seen: int) -> None:
        """Put the orders on the book that were accepted by a position of the journal."""
        waiting = self._accepted
        self._accepted = [one for one in waiting if one[0] > seen]
        for position, order_id in waiting:
            intent = self._intents.get(order_id)
            if position <= seen and intent is not None:
                self._account.accept(order_id, intent)

    def _order(self, order_id: UUID) -> Order:
        order = self._load(order_id)
        if order is None:
            raise ConcurrentChange(f"order {order_id} is not in the journal yet")
        return order


def is_settled(order: Order) -> bool:
    """Return whether an order is on the book and to stay: one that is to be cancelled must not be filled any more."""
    return order.status in (OrderStatus.ACCEPTED, OrderStatus.PARTIAL) and not order.cancel_requested

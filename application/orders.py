"""Handlers of commands on orders."""

from uuid import UUID

from application.clock import Clock
from application.commands import CancelOrder
from application.journal import Journal
from application.runs import run_as_created
from domain.errors import OrderNotFound, Refused
from domain.events import Chain
from domain.order import Order


class OrderHandlers:
    """What each command on an order does."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    def cancel(self, command: CancelOrder, chain: Chain) -> int:
        """Ask for the order to be cancelled; raise OrderNotFound, or Refused if it has ended or is a backtest's."""
        order = load_order(self._journal, command.order_id)
        run_id = order.created.run_id
        if not order.status.is_final and run_as_created(self._journal, run_id).mode == "backtest":
            raise Refused(f"order {order.id} is of a backtest: stop run {run_id} instead", run_id=str(run_id))
        order.request_cancel(self._clock.now())
        return self._journal.record(order, run_id=run_id, chain=chain)


def load_order(journal: Journal, order_id: UUID) -> Order:
    """Return the order as the journal has it; raise OrderNotFound if there is none."""
    order = journal.load(Order, order_id)
    if order is None:
        raise OrderNotFound(order_id)
    return order

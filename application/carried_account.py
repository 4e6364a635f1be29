"""The orders of a run that goes on with an account another session has kept until now (Marvin)."""

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid5

from application.dealing import Dealer
from application.desk import Market, Told
from application.order_facts import OrderFacts
from domain.ids import OrderIds
from domain.order import OrderStatus, TimeInForce
from domain.run import RunCreated
from domain.working_order import Working

_OF_NO_RUN = "orders a fork's strategy placed in a past that was not"


class CarriedDealer(Dealer):
    """Takes over cash, positions, working orders and the state of the risk policies; costs and limits are its own.

    before: whose account it is, all its events collected. facts: those of that account. own: the dealer the strategy
    has had until now, whose orders never were.

    An order that both sides placed as the same decision stays in the strategy's hands: its handle shows the account's
    order. Every other order of the strategy's own past counts as cancelled.
    """

    def __init__(
        self,
        run_id: UUID,
        description: RunCreated,
        ids: OrderIds,
        market: Market,
        told: Told,
        has_volume: Sequence[bool],
        before: Dealer,
        facts: OrderFacts,
        own: Dealer,
    ) -> None:
        super().__init__(run_id, description, ids, market, told, has_volume, before.portfolio)
        self.facts, self.ledger = facts, before.ledger
        self.orders, self._decisions = before.orders, before._decisions
        self.risk.carry_on(before.risk)
        self._account.carry_on(before._account)
        self.working = self._held_by_both(before.working, own.working)
        for order in self.working.values():
            order.instrument = self._instruments[order.request.symbol]
            if order.sibling is not None:
                order.sibling = self.working.get(order.sibling.key, order.sibling)
            if order.request.tif is TimeInForce.DAY:
                self._expiring.append((market.session_close(order.request.symbol, order.placed_at), order))
            self._venue.place(market.symbol_index[order.request.symbol], order)
        never = OrderIds(run_id, uuid5(run_id, _OF_NO_RUN))
        for order in own.working.values():
            if self.working.get(order.key) is not order:
                order.ids, order.status, order.on_book = never, OrderStatus.CANCELLED, False

    @staticmethod
    def _held_by_both(carried: Mapping[int, Working], own: Mapping[int, Working]) -> dict[int, Working]:
        """The carried orders, each as the object the strategy knows it by, if it has placed the same one."""
        working: dict[int, Working] = {}
        for key, order in carried.items():
            known = own.get(key)
            if known is not None and (known.request, known.placed_at) == (order.request, order.placed_at):
                known.become(order)
                working[key] = known
            else:
                working[key] = order
        return working

"""What happened to the orders of a run, turned into events in bulk: deciding is kept apart from writing it down."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.events import Recorded
from domain.ids import OrderIds
from domain.market import from_microseconds
from domain.order import Execution, Liquidity, Order, OrderCreated
from domain.portfolio import Fill
from domain.risk import Objection
from domain.working_order import Working

type _Fact = tuple[Callable[..., None], Working | None, int, Any]


class OrderFacts:
    """Facts in the order they happened, waiting to become events; moments are microseconds since 1970 UTC.

    The events come from Order, the aggregate, which holds every fact against what an order allows.

    validity: how long after its decision an order may be sent for the first time; None for ever.
    """

    def __init__(self, run_id: UUID, ids: OrderIds, validity: timedelta | None = None) -> None:
        self._run_id = run_id
        self._ids = ids
        self._validity = validity
        self._waiting: list[_Fact] = []
        self._orders: dict[int, Order] = {}
        self._collected: list[Recorded] = []
        self._moment = from_microseconds(0)
        self._moment_at = 0

    def __len__(self) -> int:
        """How many facts have not been collected."""
        return len(self._waiting)

    def adopt(self, key: int, order: Order) -> None:
        """Let the facts of an order continue its stream as it is in the journal."""
        self._orders[key] = order

    def placed(self, order: Working) -> None:
        """The intent was decided."""
        self._waiting.append((self._create, order, order.placed_at, None))

    def filled(self, order: Working, fill: Fill, liquidity: Liquidity) -> None:
        """A part or all of it was executed."""
        self._waiting.append((self._fill, order, fill.at, (order.number_of_fills, fill, liquidity)))

    def cancelled(self, order: Working, at: int, reason: str) -> None:
        """It ended before it was filled."""
        self._waiting.append((self._cancel, order, at, reason))

    def expired(self, order: Working, at: int, reason: str) -> None:
        """Its time in force ended."""
        self._waiting.append((self._expire, order, at, reason))

    def rejected(self, order: Working, at: int, reason: str | Objection) -> None:
        """A rule refused it; an Objection is a risk policy's."""
        self._waiting.append((self._reject, order, at, reason))

    def recorded(self, events: Sequence[Recorded]) -> None:
        """Events of another stream happened now."""
        self._waiting.append((self._pass_on, None, 0, events))

    def collect(self) -> list[Recorded]:
        """Return the events of all facts since the last call, oldest first."""
        waiting, self._waiting = self._waiting, []
        for write, order, at, detail in waiting:
            write(order, at, detail)
        collected, self._collected = self._collected, []
        return collected

    def _create(self, working: Working, at: int, detail: None) -> None:
        request = working.request
        order = self._orders[working.key] = Order(working.id)
        order.trigger(
            OrderCreated(
                at=self._time(at),
                run_id=self._run_id,
                client_order_id=self._ids.client_order_id(working.sequence, working.leg),
                sequence=working.sequence,
                leg=working.leg,
                symbol=request.symbol,
                side=request.side,
                qty=request.qty,
                order_type=working.kind,
                price=request.limit,
                stop_price=request.stop,
                trail=request.trail,
                trail_percent=request.trail_percent,
                take_profit=request.take_profit,
                stop_loss=request.stop_loss,
                time_in_force=request.tif,
                parent_id=working.parent_id,
                tag=request.tag,
                valid_until=None if self._validity is None else self._time(at) + self._validity,
            )
        )
        self._collected += order.collect_events()

    def _fill(self, working: Working, at: int, detail: tuple[int, Fill, Liquidity]) -> None:
        number, fill, liquidity = detail
        execution = Execution(fill.qty, fill.price, fill.fee, fill.base_fee, fill.slippage, liquidity, fill.ambiguous)
        order = self._orders[working.key]
        order.fill(self._time(at), f"{order.created.client_order_id}-{number}", execution)
        self._finish(working, order)

    def _cancel(self, working: Working, at: int, reason: str) -> None:
        order = self._orders[working.key]
        order.cancel(self._time(at), reason)
        self._finish(working, order)

    def _expire(self, working: Working, at: int, reason: str) -> None:
        order = self._orders[working.key]
        order.expire(self._time(at), reason)
        self._finish(working, order)

    def _reject(self, working: Working, at: int, reason: str | Objection) -> None:
        order = self._orders[working.key]
        if isinstance(reason, Objection):
            order.reject(self._time(at), reason.message, reason.policy, reason.figures)
        else:
            order.reject(self._time(at), reason)
        self._finish(working, order)

    def _finish(self, working: Working, order: Order) -> None:
        self._collected += order.collect_events()
        if order.status.is_final:
            del self._orders[working.key]

    def _pass_on(self, working: None, at: int, events: Sequence[Recorded]) -> None:
        self._collected += events

    def _time(self, at: int) -> datetime:
        # an order's fill mostly happens at the moment it was placed: the close of one bar is the open of the next
        if at != self._moment_at:
            self._moment, self._moment_at = from_microseconds(at), at
        return self._moment

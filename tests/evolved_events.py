"""A Weaver of tomorrow: two events have got another payload, and the old forms are read for ever."""

from typing import ClassVar
from uuid import UUID

from domain.event_catalogue import CATALOGUE, Catalogue
from domain.events import Event, Superseded
from domain.order import OrderCancelled
from domain.run import RunStartRequested


class OrderCancelledV2(OrderCancelled, frozen=True, kw_only=True):
    """Says who cancelled the order. In a change of the code itself, OrderCancelled would have become this."""

    TOPIC: ClassVar[str] = "order.cancelled.v2"

    by: str


class OrderCancelledV1(Superseded, frozen=True, kw_only=True):
    """As it was recorded before."""

    TOPIC: ClassVar[str] = "order.cancelled"
    SUCCESSOR: ClassVar[type[Event]] = OrderCancelledV2

    run_id: UUID
    reason: str

    def upcast(self) -> OrderCancelledV2:
        by = "strategy" if self.reason == "cancelled by the strategy" else "weaver"
        return OrderCancelledV2(at=self.at, run_id=self.run_id, reason=self.reason, by=by)


class RunStartRequestedV2(RunStartRequested, frozen=True, kw_only=True):
    """Says who wants the run to start."""

    TOPIC: ClassVar[str] = "run.start_requested.v2"

    by: str


class RunStartRequestedV1(Superseded, frozen=True, kw_only=True):
    """As it was recorded before."""

    TOPIC: ClassVar[str] = "run.start_requested"
    SUCCESSOR: ClassVar[type[Event]] = RunStartRequestedV2

    def upcast(self) -> RunStartRequestedV2:
        return RunStartRequestedV2(at=self.at, by="nobody knows")


CHANGED = (OrderCancelled, RunStartRequested)
EVOLVED = Catalogue(
    (
        *(kind for kind in CATALOGUE.events.values() if kind not in CHANGED),
        *(OrderCancelledV1, OrderCancelledV2, RunStartRequestedV1, RunStartRequestedV2),
    )
)

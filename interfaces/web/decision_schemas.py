"""Decisions as they cross the wire."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec
from pydantic import Field

from domain.order import OrderType
from interfaces.web.order_schemas import Side
from interfaces.web.queries import Paged
from interfaces.web.values import Answered, DecimalOut, MomentIn, MomentOut, Text
from projections.decisions import MOST_TOLD, DecisionRow, RefusalRow


class DecisionQuery(Paged):
    """Which of a run's decisions to list. symbol: an order of it was placed. start, end: taken in [start, end)."""

    symbol: Text | None = None
    start: MomentIn | None = None
    end: MomentIn | None = None


class Refusal(Answered):
    """Why an order was refused."""

    at: Annotated[MomentOut, Field(description="At placement, or at the open it would have filled at.")]
    reason: str
    policy: Annotated[str | None, Field(description="The risk policy that refused; null for another rule.")]


class DecidedOrder(Answered):
    """An order as it was decided; what became of it is at `/orders/{id}`."""

    id: UUID
    symbol: str
    side: Side
    qty: DecimalOut
    order_type: OrderType
    price: Annotated[DecimalOut | None, Field(description="The limit.")]
    stop_price: DecimalOut | None
    take_profit: Annotated[DecimalOut | None, Field(description="Price of the exit placed once it has filled.")]
    stop_loss: Annotated[DecimalOut | None, Field(description="Trigger of the exit placed once it has filled.")]
    tag: str | None
    refused: Refusal | None


class Decision(Answered):
    """What a run's strategy decided at one moment.

    A moment at which it decided nothing has none, unless bars were missed before it.
    """

    run_id: UUID
    at: Annotated[MomentOut, Field(description="Market time: the close of the bar the strategy saw.")]
    placed: Annotated[int, Field(description="How many orders were placed.")]
    orders: Annotated[list[DecidedOrder], Field(description=f"The first {MOST_TOLD} of them, in the order they came.")]
    cancellations: Annotated[int, Field(description="How many working orders the strategy cancelled.")]
    cancelled: Annotated[list[UUID], Field(description=f"The first {MOST_TOLD} of those orders.")]
    tick: Annotated[int | None, Field(description="Number of the newest tick it had seen; null for a backtest.")]
    cause: Annotated[str | None, Field(description="The `id` of the event it decided on; null for a backtest.")]
    missed: Annotated[int, Field(description="Boundaries that passed unwatched right before.")]
    missed_because: str | None
    position: Annotated[int, Field(description="Of its last event, in the journal.")]


def shown_decision(row: DecisionRow, refusals: Mapping[UUID, RefusalRow]) -> dict[str, Any]:
    """Return the fields of a Decision."""
    orders = [msgspec.structs.asdict(order) | {"refused": refusals.get(order.id)} for order in row.orders]
    return {name: getattr(row, name) for name in Decision.model_fields} | {"orders": orders}

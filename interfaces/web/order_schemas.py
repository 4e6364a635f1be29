"""Orders and fills as they cross the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from domain.order import OrderStatus, OrderType, TimeInForce
from interfaces.web.event_schemas import Envelope
from interfaces.web.queries import AsOfParameter, Paged
from interfaces.web.values import Answered, DecimalOut, MomentIn, MomentOut, Text

Side = Literal["buy", "sell"]


class RunOrderQuery(Paged):
    """Which of a run's orders to list. start, end: created in [start, end)."""

    status: OrderStatus | None = None
    symbol: Text | None = None
    side: Side | None = None
    start: MomentIn | None = None
    end: MomentIn | None = None
    as_of: AsOfParameter = None


class OrderQuery(RunOrderQuery):
    """Which orders to list."""

    run_id: UUID | None = None


class FillQuery(Paged):
    """Which fills to list."""

    run_id: UUID | None = None


class Order(Answered):
    """An order as it stands. Quantities in units of the symbol, prices in quote currency."""

    id: UUID
    run_id: UUID
    client_order_id: str
    exchange_order_id: str | None
    symbol: str
    side: Side
    order_type: OrderType
    qty: DecimalOut
    price: Annotated[DecimalOut | None, Field(description="The limit.")]
    stop_price: DecimalOut | None
    trail: Annotated[DecimalOut | None, Field(description="Distance of a trailing stop, quote currency.")]
    trail_percent: DecimalOut | None
    take_profit: Annotated[DecimalOut | None, Field(description="Price of the exit placed once it has filled.")]
    stop_loss: Annotated[DecimalOut | None, Field(description="Trigger of the exit placed once it has filled.")]
    time_in_force: TimeInForce
    filled_qty: DecimalOut
    filled_avg_price: DecimalOut | None
    status: OrderStatus
    cancel_requested: Annotated[
        bool, Field(description="Whether anybody ever asked for it to be cancelled: it works until `status` says not.")
    ]
    parent_id: UUID | None
    tag: str | None
    reject_reason: str | None
    created_at: MomentOut
    submitted_at: Annotated[MomentOut | None, Field(description="When it was sent, the last time if more than once.")]
    filled_at: MomentOut | None


class OrderWithEvents(Order):
    """An order with its whole story, oldest event first."""

    events: list[Envelope]


class CancelAccepted(Answered):
    """A wish to cancel that was recorded; what comes of it shows in the order and on the event stream."""

    order_id: UUID
    position: int


class Fill(Answered):
    """One execution. `qty`, `price` and `fee` are of it alone, the fee in quote currency."""

    execution_id: str
    run_id: UUID
    order_id: UUID
    symbol: str
    side: Side
    qty: DecimalOut
    price: DecimalOut
    fee: DecimalOut
    base_fee: Annotated[DecimalOut, Field(description="Taken from what was bought, in units of the symbol.")]
    slippage: Annotated[DecimalOut, Field(description="Cost beyond the price before slippage, quote currency.")]
    liquidity: Literal["maker", "taker"]
    ambiguous: Annotated[bool, Field(description="The bar does not tell whether the other exit came first.")]
    filled_at: MomentOut
    position: int

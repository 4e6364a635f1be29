"""Routes of orders and fills, across all runs."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query

from application.commands import CancelOrder
from domain.errors import OrderNotFound
from interfaces.envelope import envelope
from interfaces.web import openapi
from interfaces.web.access import Here, Sealed, reading, shows
from interfaces.web.commands import Commanding
from interfaces.web.order_schemas import CancelAccepted, Fill, FillQuery, Order, OrderQuery, OrderWithEvents
from interfaces.web.pagination import Page, PageOfRows, paged
from interfaces.web.queries import NoBody, NoQuery, Read
from projections import fills, orders

router = openapi.router("orders")

OrderId = Annotated[UUID, Path(description="The order's id.")]


@router.get("/orders", response_model=Page[Order], responses=openapi.failures(400), dependencies=[shows(orders.NAME)])
def list_orders(here: Here, sealed: Sealed, query: Annotated[OrderQuery, Query()]) -> PageOfRows[orders.OrderRow]:
    """List orders, newest first."""
    with reading(here) as connection:
        return paged(
            sealed,
            "orders",
            query,
            lambda limit, offset, before: orders.page(
                connection,
                run_id=query.run_id,
                status=query.status,
                symbol=query.symbol,
                side=query.side,
                start=query.start,
                end=query.end,
                limit=limit,
                offset=offset,
                before=before,
            ),
            lambda row: row.created_position,
        )


@router.get(
    "/orders/{order_id}",
    response_model=OrderWithEvents,
    responses=openapi.failures(404),
    dependencies=[shows(orders.NAME)],
)
def show_order(here: Here, order_id: OrderId, query: Annotated[Read, Query()]) -> dict[str, Any]:
    """Show one order and everything that happened to it."""
    with reading(here) as connection:
        row = orders.find(connection, order_id)
    if row is None:
        raise OrderNotFound(order_id)
    return asdict(row) | {"events": [envelope(entry) for entry in here.journal.stream(order_id)]}


@router.post(
    "/orders/{order_id}/cancel",
    status_code=202,
    response_model=CancelAccepted,
    responses=openapi.failures(404, 409, 413, 415),
)
def cancel_order(commands: Commanding, order_id: OrderId, query: NoQuery, body: NoBody = None) -> CancelAccepted:
    """Ask for a working order to be cancelled; it has ended when its status says so. Asking again changes nothing."""
    position = commands.carry_out(CancelOrder(order_id=order_id), order_id, shown_in=orders.NAME).position
    return CancelAccepted(order_id=order_id, position=position)


@router.get("/fills", response_model=Page[Fill], responses=openapi.failures(400), dependencies=[shows(fills.NAME)])
def list_fills(here: Here, sealed: Sealed, query: Annotated[FillQuery, Query()]) -> PageOfRows[fills.FillRow]:
    """List fills, newest first."""
    with reading(here) as connection:
        return paged(
            sealed,
            "fills",
            query,
            lambda limit, offset, before: fills.page(
                connection, run_id=query.run_id, limit=limit, offset=offset, before=before
            ),
            lambda row: row.position,
        )

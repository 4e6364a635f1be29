"""Routes of orders and fills, across all runs."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query

from domain.errors import OrderNotFound
from interfaces.envelope import envelope
from interfaces.web import openapi
from interfaces.web.access import Here, Sealed, reading, shows
from interfaces.web.lists import listed
from interfaces.web.order_schemas import Fill, FillQuery, Order, OrderQuery, OrderWithEvents
from interfaces.web.pagination import Page, PageOfRows
from interfaces.web.queries import Read
from projections import fills, orders

router = openapi.router("orders")


@router.get("/orders", response_model=Page[Order], responses=openapi.failures(400), dependencies=[shows(orders.NAME)])
def list_orders(here: Here, sealed: Sealed, query: Annotated[OrderQuery, Query()]) -> PageOfRows[orders.OrderRow]:
    """List orders, newest first."""
    return listed(here, sealed, "orders", query, orders.LISTING, orders.page)


@router.get(
    "/orders/{order_id}",
    response_model=OrderWithEvents,
    responses=openapi.failures(404),
    dependencies=[shows(orders.NAME)],
)
def show_order(
    here: Here, order_id: Annotated[UUID, Path(description="The order's id.")], query: Annotated[Read, Query()]
) -> dict[str, Any]:
    """Show one order and everything that happened to it."""
    with reading(here) as connection:
        row = orders.find(connection, order_id)
    if row is None:
        raise OrderNotFound(order_id)
    return asdict(row) | {"events": [envelope(entry) for entry in here.journal.stream(order_id)]}


@router.get("/fills", response_model=Page[Fill], responses=openapi.failures(400), dependencies=[shows(fills.NAME)])
def list_fills(here: Here, sealed: Sealed, query: Annotated[FillQuery, Query()]) -> PageOfRows[fills.FillRow]:
    """List fills, newest first."""
    return listed(here, sealed, "fills", query, fills.LISTING, fills.page)

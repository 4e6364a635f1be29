"""Routes of orders and fills, across all runs."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query

from application.commands import CancelOrder
from domain.errors import OrderNotFound
from interfaces.envelope import envelope
from interfaces.web import openapi
from interfaces.web.access import Here, Sealed, past, reading, shows
from interfaces.web.commands import Commanding
from interfaces.web.lists import listed
from interfaces.web.order_schemas import (
    CancelAccepted,
    Fill,
    FillQuery,
    Order,
    OrderQuery,
    OrderWithEvents,
)
from interfaces.web.pagination import Page, PageOfRows
from interfaces.web.queries import NoBody, NoQuery, ReadPast
from projections import fills, orders

router = openapi.router("orders")

type OrdersAndTotal = tuple[list[orders.OrderRow], int]

OrderId = Annotated[UUID, Path(description="The order's id.")]


@router.get("/orders", response_model=Page[Order], responses=openapi.failures(400), dependencies=[shows(orders.NAME)])
def list_orders(here: Here, sealed: Sealed, query: Annotated[OrderQuery, Query()]) -> PageOfRows[orders.OrderRow]:
    """List orders, newest first."""
    as_of = past(here, query.as_of, orders.NAME, run_id=query.run_id)
    return listed(here, sealed, "orders", query, orders.LISTING, orders_page(as_of))


@router.get(
    "/orders/{order_id}",
    response_model=OrderWithEvents,
    responses=openapi.failures(404),
    dependencies=[shows(orders.NAME)],
)
def show_order(here: Here, order_id: OrderId, query: Annotated[ReadPast, Query()]) -> dict[str, Any]:
    """Show one order and everything that happened to it, until now or until some time in the past."""
    as_of = past(here, query.as_of)
    with reading(here) as connection:
        row = orders.find(connection, order_id) if as_of is None else orders.find_past(connection, order_id, as_of)
    if row is None:
        raise OrderNotFound(order_id)
    happened = [entry for entry in here.journal.stream(order_id) if as_of is None or entry.position <= as_of]
    return asdict(row) | {"events": [envelope(entry) for entry in happened]}


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
    return listed(here, sealed, "fills", query, fills.LISTING, fills.page)


def orders_page(as_of: int | None) -> Callable[..., OrdersAndTotal]:
    """Return what finds a page of orders as they are, or as they were at a position."""
    return orders.page if as_of is None else partial(orders.page_past, as_of=as_of)

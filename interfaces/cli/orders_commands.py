"""`weaver orders`: orders over all runs, and one order with its whole story."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from interfaces.cli import typed
from interfaces.cli.opened import catch_up, dispatched, opened_database, reading
from interfaces.cli.options import Json, Limit
from interfaces.cli.printing import print_facts, print_json, print_line, print_table

if TYPE_CHECKING:
    from projections.orders import OrderRow

Side = Literal["buy", "sell"]
Status = Literal["pending", "submitted", "accepted", "partial", "filled", "cancelled", "rejected", "expired", "unknown"]

group = typer.Typer(name="orders", help="Orders and what became of them.", no_args_is_help=True)


@group.command("list")
def list_orders(
    run: Annotated[str | None, typer.Option("--run", metavar="RUN", help="Only orders of this run.")] = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only orders in this state.")] = None,
    symbol: Annotated[
        str | None, typer.Option("--symbol", metavar="SYMBOL", help="Only orders of this symbol.")
    ] = None,
    side: Annotated[Side | None, typer.Option("--side", help="Only orders of this side.")] = None,
    limit: Limit = 50,
    json_wanted: Json = False,
) -> None:
    """List orders, the newest first."""
    from domain.market import parse_symbol
    from projections import orders

    run_id = None if run is None else typed.identity(run, "run")
    wanted = None if symbol is None else parse_symbol(symbol)
    with reading(orders.NAME) as connection:
        rows, total = orders.page(connection, run_id=run_id, status=status, symbol=wanted, side=side, limit=limit)
    if json_wanted:
        print_json([_as_json(row) for row in rows])
        return
    print_table(
        ("order", "created", "symbol", "side", "type", "quantity", "filled", "at", "status"),
        [
            (
                row.id,
                row.created_at,
                row.symbol,
                row.side,
                row.order_type,
                row.qty,
                row.filled_qty,
                row.filled_avg_price,
                row.status,
            )
            for row in rows
        ],
        right=("quantity", "filled", "at"),
    )
    if total > len(rows):
        print_line(f"{len(rows):,} of {total:,} orders: --limit shows more")


@group.command("show")
def show_order(
    order: Annotated[str, typer.Argument(metavar="ORDER", help="Id of the order.")], json_wanted: Json = False
) -> None:
    """Show one order with its events."""
    from application.journal import Journal
    from domain.errors import OrderNotFound
    from interfaces.database import connect
    from interfaces.envelope import envelope
    from interfaces.event_store import journal_environment
    from projections import orders

    order_id = typed.identity(order, "order")
    with opened_database() as url:
        with connect(url) as connection:
            catch_up(connection, (orders.NAME,))
            row = orders.find(connection, order_id)
        if row is None:
            raise OrderNotFound(order_id)
        with Journal(journal_environment(url, pool_size=1)) as journal:
            events = [envelope(entry) for entry in journal.stream(order_id)]
    if json_wanted:
        print_json(_as_json(row) | {"events": events})
        return
    print_facts(_as_json(row))
    print_line()
    print_table(
        ("position", "event", "at", "payload"),
        [(one["position"], one["type"], one["payload"].get("at"), _details(one["payload"])) for one in events],
        right=("position",),
    )


@group.command("cancel")
def cancel_order(
    order: Annotated[str, typer.Argument(metavar="ORDER", help="Id of the order.")], json_wanted: Json = False
) -> None:
    """Ask for a working order to be cancelled."""
    from application.commands import CancelOrder

    order_id = typed.identity(order, "order")
    position = dispatched(CancelOrder(order_id=order_id))
    if json_wanted:
        print_json({"order_id": order_id, "position": position})
    else:
        print_line(f"order {order_id}: cancelling requested")


def _as_json(row: "OrderRow") -> dict[str, Any]:
    """The order as the REST interface shows it."""
    from dataclasses import asdict

    return {name: value for name, value in asdict(row).items() if name not in ("created_position", "position")}


def _details(payload: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in payload.items() if name not in ("at", "run_id", "symbol"))

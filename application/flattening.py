"""The orders that make a run flat, placed by the run's desk and not by its strategy."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import UUID

from domain.ids import OrderIds
from domain.instruments import Instrument
from domain.money import exact
from domain.order import Order, OrderCreated

FLATTEN = "flatten"
# Decisions of the desk are numbered beyond any strategy's: request by request, up to so many orders each.
FIRST_SEQUENCE = 1 << 38
ORDERS_A_REQUEST = 1 << 8
VALIDITY = timedelta(minutes=5)


def closing_orders(
    run_id: UUID,
    ids: OrderIds,
    request: int,
    held: Mapping[str, Decimal],
    closes: Mapping[str, float],
    instrument: Callable[[str], Instrument],
    at: datetime,
    taken: Collection[UUID] = (),
) -> list[Order]:
    """Return the market orders that close everything that is held, in the parts the exchange takes.

    request: a number of its own for each wish to be flat; the same gives the same ids. taken: ids that are given away:
    those of a wish that was lost in a restore, while its orders are at the exchange.
    """
    orders: list[Order] = []
    first = FIRST_SEQUENCE + request * ORDERS_A_REQUEST
    numbers = (number for number in count(first) if ids.order_id(number) not in taken)
    for symbol, quantity in sorted(held.items()):
        for qty, tif in instrument(symbol).parts(abs(quantity), exact(closes[symbol])):
            sequence = next(numbers)
            order = Order(ids.order_id(sequence))
            order.trigger(
                OrderCreated(
                    at=at,
                    run_id=run_id,
                    client_order_id=ids.client_order_id(sequence),
                    sequence=sequence,
                    symbol=symbol,
                    side="sell" if quantity > 0 else "buy",
                    qty=qty,
                    time_in_force=tif,
                    tag=FLATTEN,
                    valid_until=at + VALIDITY,
                )
            )
            orders.append(order)
    return orders

"""Orders that an exchange has of this store's runs and the journal does not: it was restored, and is behind them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from uuid import UUID

from application.exchange import ExchangeOrder
from application.flattening import FIRST_SEQUENCE, ORDERS_A_REQUEST
from application.run_book import RunBook
from domain.ids import CLIENT_ORDER_PREFIX, OrderIds
from domain.order import Order, OrderCreated, OrderType, TimeInForce

# How many decisions in a row may have come to nothing at the exchange, beyond the last that is known of.
DECISIONS_BEYOND = 5_000
REQUESTS_BEYOND, ORDERS_OF_A_REQUEST = 20, 8
LEGS = range(3)
ADOPTED = "adopted"


def adoptable(store_id: UUID, books: Iterable[RunBook], orders: Sequence[ExchangeOrder]) -> list[tuple[RunBook, Order]]:
    """Return those of the orders that runs have placed, each with its run, as they are to be recorded: by age.

    The id an order is known by follows from store, run and number of the decision, so the numbers that a run would give
    next are tried. orders: what the journal does not know; those of others are left out.
    """
    wanted = {one.client_order_id: one for one in orders if is_ours(one) and one.qty is not None}
    found = [
        (book, _recorded(OrderIds(store_id, book.id), book, *place, order))
        for book in books
        if wanted and not book.run.status.is_final
        for place, order in _of_run(OrderIds(store_id, book.id), book, wanted)
    ]
    return sorted(found, key=lambda one: (one[1].created.at, one[1].created.sequence))


def is_ours(order: ExchangeOrder) -> bool:
    """Whether Weaver has placed the order, here or elsewhere."""
    return order.client_order_id.startswith(CLIENT_ORDER_PREFIX)


def _of_run(
    ids: OrderIds, book: RunBook, wanted: dict[str, ExchangeOrder]
) -> Iterator[tuple[tuple[int, int], ExchangeOrder]]:
    """The wanted orders that are the run's, with number and leg; they are wanted no more."""
    known = [key >> 8 for order_id in book.client_ids.values() if (key := ids.key_of(order_id)) is not None]
    sequence = max((one for one in known if one < FIRST_SEQUENCE), default=0)
    last = sequence + DECISIONS_BEYOND
    while wanted and sequence < last:
        sequence += 1
        for leg in LEGS:
            order = wanted.get(ids.client_order_id(sequence, leg))
            if order is not None and order.symbol in book.description.symbols:
                del wanted[order.client_order_id]
                last = sequence + DECISIONS_BEYOND
                yield (sequence, leg), order
    for request in range(book.run.version, book.run.version + REQUESTS_BEYOND):
        for number in range(ORDERS_OF_A_REQUEST):
            sequence = FIRST_SEQUENCE + request * ORDERS_A_REQUEST + number
            order = wanted.pop(ids.client_order_id(sequence), None)
            if order is not None:
                yield (sequence, 0), order


def _recorded(ids: OrderIds, book: RunBook, sequence: int, leg: int, found: ExchangeOrder) -> Order:
    order = Order(ids.order_id(sequence, leg))
    tif = TimeInForce.GTC
    with suppress(ValueError):
        tif = TimeInForce(found.time_in_force or tif)
    order.trigger(
        OrderCreated(
            at=found.submitted_at,
            run_id=book.id,
            client_order_id=found.client_order_id,
            sequence=sequence,
            leg=leg,
            symbol=found.symbol,
            side=found.side,
            qty=found.qty or found.filled_qty,
            order_type=_type(found),
            price=found.limit,
            stop_price=found.stop,
            time_in_force=tif,
            tag=ADOPTED,
        )
    )
    order.accept(found.submitted_at, found.exchange_order_id)
    return order


def _type(found: ExchangeOrder) -> OrderType:
    """The order's type as far as what is known of it goes: what it is worth is in its executions, whatever it was."""
    match found.order_type:
        case OrderType.LIMIT if found.limit is not None:
            return OrderType.LIMIT
        case OrderType.STOP_LIMIT if found.limit is not None and found.stop is not None:
            return OrderType.STOP_LIMIT
        case OrderType.STOP | OrderType.TRAILING_STOP if found.stop is not None:
            return OrderType.STOP
        case _:
            return OrderType.MARKET

"""Two runs side by side: what became of each, and the first order in which they differ."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from application.run_journal import RunJournal
from application.runs import ORDER_TOPICS, READ_PAGE, load_run
from domain.figures import StatisticFigure
from domain.order import Order, OrderFill
from domain.portfolio import Portfolio
from domain.run import RunCompleted, RunCreated, RunEquityMarked


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order and what became of it, without what tells one run from another. price, stop_price: as it was placed."""

    at: datetime
    symbol: str
    side: str
    qty: Decimal
    order_type: str
    price: Decimal | None
    stop_price: Decimal | None
    status: str
    filled_qty: Decimal
    filled_avg_price: Decimal | None


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What became of a run. final_equity: at its end, of a run that has none the last that was marked, None without.

    stats: of a run that is complete.
    """

    run_id: UUID
    created: RunCreated
    status: str
    final_equity: Decimal | None
    fills: int
    trades: int
    stats: dict[str, StatisticFigure] | None
    orders: tuple[PlacedOrder, ...]


def outcome_of(journal: RunJournal, run_id: UUID) -> RunOutcome:
    """Return what became of a run, folded from the journal; raise RunNotFound."""
    run = load_run(journal, run_id)
    equity, stats = None, None
    for entry in journal.stream(run_id):
        event = journal.catalogue.decode(entry.topic, entry.state)
        if isinstance(event, RunEquityMarked):
            equity = event.equity[-1]
        elif isinstance(event, RunCompleted):
            equity, stats = event.final_equity, event.stats
    orders: dict[UUID, Order] = {}
    portfolio = Portfolio(run.created.initial_cash)
    after = 0
    while entries := journal.read(after, READ_PAGE, topics=ORDER_TOPICS, run_id=run_id):
        for entry in entries:
            event = journal.catalogue.decode(entry.topic, entry.state)
            orders.setdefault(entry.stream_id, Order(entry.stream_id)).apply(event)
            if isinstance(event, OrderFill):
                portfolio.book(event)
        after = entries[-1].position
    placed = sorted(orders.values(), key=lambda order: (order.created.at, order.created.sequence, order.created.leg))
    return RunOutcome(
        run_id,
        run.created,
        str(run.status),
        equity,
        portfolio.fills,
        len(portfolio.trades),
        stats,
        tuple(_placed(order) for order in placed),
    )


def first_difference(one: RunOutcome, other: RunOutcome) -> tuple[PlacedOrder | None, PlacedOrder | None] | None:
    """Return the first orders that differ, None on a side that has no more; None if all are equal."""
    for number in range(max(len(one.orders), len(other.orders))):
        was, now = (side.orders[number] if number < len(side.orders) else None for side in (one, other))
        if was != now:
            return was, now
    return None


def _placed(order: Order) -> PlacedOrder:
    intent = order.created
    return PlacedOrder(
        intent.at,
        intent.symbol,
        intent.side,
        intent.qty,
        str(intent.order_type),
        intent.price,
        intent.stop_price,
        str(order.status),
        order.filled_qty,
        order.filled_avg_price,
    )

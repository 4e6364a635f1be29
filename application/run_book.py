"""What a paper or live run holds and has working, folded from its entries as they come."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from application.journal import Journal
from application.runs import READ_PAGE
from domain.events import Event, JournalEntry
from domain.money import ZERO, exact, posted
from domain.order import Order, OrderAccepted, OrderCreated, OrderFill, OrderRejected, OrderSubmitted
from domain.portfolio import Fill, Portfolio
from domain.risk import RiskGuard, risk_stream_id
from domain.run import Run, RunCreated, RunFlattened, RunFlattenRequested
from domain.tape import Tape, TapeBackfilled, TapeTicked, tape_stream_id


class RunBook:
    """One run, folded. Entries are taken in the order of the journal; one that was taken already changes nothing.

    run, tape, guard: the aggregates. orders: those that have not ended, oldest first, ready to be decided on. ended:
    the status every other order ended with. client_ids, exchange_ids: every order ever, by the id it is known by to the
    exchange, ours and its own. unseen: our ids of orders that were sent, and neither seen at the exchange nor refused.
    executions: ids of those that are booked. wishes: numbers of the wishes to be flat that have not been carried out.
    portfolio: what its executions add up to. closes: the newest close by symbol. position: of the last entry taken.
    """

    def __init__(self, run_id: UUID, description: RunCreated) -> None:
        self.id = run_id
        self.description = description
        self.run = Run(run_id)
        self.tape = Tape(tape_stream_id(run_id))
        self.guard = RiskGuard(risk_stream_id(run_id))
        self.orders: dict[UUID, Order] = {}
        self.ended: dict[UUID, str] = {}
        self.client_ids: dict[str, UUID] = {}
        self.exchange_ids: dict[str, UUID] = {}
        self.unseen: dict[UUID, str] = {}
        self.executions: set[str] = set()
        self.corr_ids: dict[UUID, str] = {}
        self.portfolio = Portfolio(description.initial_cash)
        self.closes: dict[str, float] = {}
        self.wishes: list[int] = []
        self.position = 0

    def take(self, entry: JournalEntry, event: Event) -> None:
        """Fold one entry of the run."""
        if entry.position <= self.position:
            return
        self.position = entry.position
        if entry.stream_id == self.id:
            self._fold(self.run, entry, event)
            if isinstance(event, RunFlattenRequested):
                self.wishes.append(entry.version)
            elif isinstance(event, RunFlattened):
                self.wishes = [one for one in self.wishes if one > event.request]
        elif entry.stream_id == self.tape.id:
            self._fold(self.tape, entry, event)
            if isinstance(event, TapeTicked | TapeBackfilled):
                self.closes |= {bar.symbol: bar.close for bar in event.bars}
        elif entry.stream_id == self.guard.id:
            self._fold(self.guard, entry, event)
        elif entry.topic.startswith("order."):
            self._take_order(entry, event)

    def quantities(self) -> dict[str, Decimal]:
        """Return what is held of each symbol, flat ones left out."""
        return {one.symbol: one.quantity for one in self.portfolio.positions() if one.quantity != ZERO}

    def worth(self) -> tuple[datetime, Decimal, Decimal] | None:
        """Return the newest boundary, equity at the newest closes and cash; None while they are not known."""
        at, held = self.tape.ticked_at, self.quantities()
        if at is None or not held.keys() <= self.closes.keys():
            return None
        cash = posted(self.portfolio.cash)
        return at, sum((posted(qty * exact(self.closes[symbol])) for symbol, qty in held.items()), cash), cash

    def _take_order(self, entry: JournalEntry, event: Event) -> None:
        match event:
            case OrderFill():
                self.executions.add(event.execution_id)
                self.portfolio.book(Fill.of(event))
            case OrderAccepted():
                self.exchange_ids[event.exchange_order_id] = entry.stream_id
                self.unseen.pop(entry.stream_id, None)
            case OrderSubmitted() if entry.stream_id in self.orders:
                self.unseen[entry.stream_id] = self.orders[entry.stream_id].created.client_order_id
            case OrderRejected():
                self.unseen.pop(entry.stream_id, None)
            case OrderCreated():
                self.client_ids[event.client_order_id] = entry.stream_id
        order = self.orders.get(entry.stream_id)
        if order is None:
            if entry.version > 1:
                return  # of an order that has ended: its late executions are booked above
            order = self.orders[entry.stream_id] = Order(entry.stream_id)
            self.corr_ids[entry.stream_id] = entry.meta.get("corr_id", str(self.id))
        self._fold(order, entry, event)
        if order.status.is_final:
            self.ended[order.id] = order.status
            del self.orders[order.id]
            self.corr_ids.pop(order.id, None)

    @staticmethod
    def _fold(aggregate: Run | Tape | RiskGuard | Order, entry: JournalEntry, event: Event) -> None:
        # what this process has recorded itself is applied already
        if entry.version > aggregate.version:
            aggregate.apply(event)
            aggregate.version = entry.version


def read_book(journal: Journal, run_id: UUID, description: RunCreated) -> RunBook:
    """Return the book of a run, with everything that is recorded of it so far."""
    book = RunBook(run_id, description)
    catch_up(journal, book)
    return book


def catch_up(journal: Journal, book: RunBook) -> list[tuple[JournalEntry, Event]]:
    """Take everything recorded since the last entry taken; return it, oldest first."""
    taken: list[tuple[JournalEntry, Event]] = []
    while True:
        page = journal.read(book.position, READ_PAGE, run_id=book.id)
        for entry in page:
            event = journal.catalogue.decode(entry.topic, entry.state)
            book.take(entry, event)
            taken.append((entry, event))
        if len(page) < READ_PAGE:
            return taken

"""What happens to an order at an exchange, written into the journal: each step once, each execution once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from application.clock import Clock
from application.exchange import Exchange, ExchangeExecution
from application.journal import Journal
from application.run_book import RunBook
from domain.costs import Costs
from domain.errors import ConcurrentChange
from domain.events import Chain
from domain.money import ZERO
from domain.order import Execution as Executed
from domain.order import Order
from domain.risk import Objection, RiskGuard, risk_stream_id

ACTOR = "execution"
OVERFILL = "overfill"
MAX_ATTEMPTS = 10
# In seconds.
RETRY, LONGEST_RETRY = 0.25, 5.0


@dataclass(slots=True)
class Desk:
    """One order that has not ended.

    is_unsent: recorded as submitted, but surely not sent. is_in_doubt: the exchange has to be asked after it. next_at:
    not looked at before, monotonic seconds. absent: how often in a row the exchange has said that it is not there.
    declined: why a repeated request was refused; whether the first one was, too, is still to be asked.
    """

    order: Order
    book: RunBook
    is_asking: bool = False
    is_unsent: bool = False
    is_in_doubt: bool = True
    next_at: float = 0.0
    delay: float = RETRY
    absent: int = 0
    absent_since: float = 0.0
    declined: str | None = None

    def wait_longer(self, now: float | None = None) -> None:
        """Leave the order alone for a while, each time longer."""
        self.next_at = (monotonic() if now is None else now) + self.delay
        self.delay = min(self.delay * 2, LONGEST_RETRY)


class OrderRecords:
    """Records what is decided on the orders of one account. ended: is told of every order that has."""

    def __init__(self, exchange: Exchange, journal: Journal, clock: Clock, ended: Callable[[Order], object]) -> None:
        self._exchange = exchange
        self._journal = journal
        self._clock = clock
        self._ended = ended

    def record(self, desk: Desk, decide: Callable[[Order], object]) -> bool:
        """Record what is decided on an order as the journal has it now; return False if nothing was to be recorded."""
        for _ in range(MAX_ATTEMPTS):
            order = desk.order
            before = order.version
            decide(order)
            if order.version == before:
                return False
            try:
                self._journal.record(order, run_id=desk.book.id, chain=_chain(order, desk.book))
            except ConcurrentChange:
                self._reload(desk)
                continue
            if order.status.is_final:
                self._ended(order)
            return True
        raise ConcurrentChange(f"order {desk.order.id} could not be recorded: others were faster")

    def book_executions(self, desk: Desk, executions: Sequence[ExchangeExecution]) -> int:
        """Book what was executed of an order, each execution once; return how many were new."""
        booked = 0
        for execution in executions:
            booked += self.record(desk, _fill(execution, self._costed(desk, execution)))
        if desk.order.filled_qty > desk.order.created.qty:
            self._halt_overfilled(desk)
        return booked

    def _costed(self, desk: Desk, execution: ExchangeExecution) -> Executed:
        liquidity = execution.liquidity or "taker"
        fee, base_fee = execution.fee, execution.base_fee
        if fee is None and base_fee is None:
            instrument = self._exchange.instrument(execution.symbol)
            fee, base_fee = Costs.of(desk.book.description.costs).charged(
                execution.qty,
                execution.price,
                execution.side,
                instrument,
                liquidity,
                is_first=not desk.order.executions,
            )
        return Executed(execution.qty, execution.price, fee or ZERO, base_fee or ZERO, liquidity=liquidity)

    def _halt_overfilled(self, desk: Desk) -> None:
        order, run_id = desk.order, desk.book.id
        message = f"order {order.id} of {order.created.qty} was filled with {order.filled_qty}"
        guard = self._journal.load(RiskGuard, risk_stream_id(run_id)) or RiskGuard(risk_stream_id(run_id))
        guard.halt(self._clock.now(), run_id, Objection(OVERFILL, message, {"filled": str(order.filled_qty)}))
        self._journal.record(guard, run_id=run_id, chain=_chain(order, desk.book))

    def _reload(self, desk: Desk) -> None:
        order = self._journal.load(Order, desk.order.id)
        if order is None:
            raise ConcurrentChange(f"order {desk.order.id} is not in the journal")
        desk.order = order
        if desk.order.id in desk.book.orders:
            desk.book.orders[desk.order.id] = order


def _chain(order: Order, book: RunBook) -> Chain:
    correlation_id = book.corr_ids.get(order.id, str(book.id))
    return Chain(correlation_id, f"{order.id}:{order.version - 1}", actor=ACTOR)


def _fill(execution: ExchangeExecution, executed: Executed) -> Callable[[Order], object]:
    return lambda order: order.fill(execution.at, execution.execution_id, executed, is_a_fact=True)

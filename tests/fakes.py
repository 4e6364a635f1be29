"""Stand-ins for the world around the order protocol: time, and an exchange whose book is the judge."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from application.exchange import (
    Accepted,
    CancelOutcome,
    Capabilities,
    Declined,
    ExchangeAccount,
    ExchangeExecution,
    ExchangeListener,
    ExchangeOrder,
    ExchangePosition,
    ExchangeStatus,
    ExchangeUpdate,
    Listing,
    NotSent,
    OrderTicket,
    OutcomeUnknown,
    SubmitOutcome,
)
from domain.errors import ExchangeUnavailable
from domain.instruments import Instrument
from domain.venues import ALPACA, venue

type Mishap = Literal["request lost", "answer lost", "not sent", "refused"]


class ControlledClock:
    """Time that passes when it is told to: of the day, and in seconds that never go back."""

    def __init__(self, at: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)) -> None:
        self._at = at
        self._seconds = 1_000.0

    def now(self) -> datetime:
        """Return the time of day, UTC."""
        return self._at

    def seconds(self) -> float:
        """Return seconds that never go back."""
        return self._seconds

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._at += timedelta(seconds=seconds)
        self._seconds += seconds


class InMemoryExchange:
    """Implements `Exchange` on a book in memory: an id is good for one order, for ever.

    mishaps: what befalls the next requests to submit, in turn; none: they are accepted. hidden: client ids that no
    query shows. is_away: nothing can be asked. requests: how often each client id was asked to be submitted.
    accepted: how often it was taken. unanswered_cancels: how many there were so far, None if cancels are answered.
    clock: the exchange's own. behind: how much less than that it says it is. updates: what the stream would tell,
    oldest first. foreign: what others hold there.
    """

    capabilities = Capabilities(asset_classes=frozenset({"crypto"}), streaming=True, is_real_money=False)

    def __init__(self, clock: ControlledClock, name: str = "exchange-paper") -> None:
        self.name = name
        self.clock = clock
        self.orders: dict[str, ExchangeOrder] = {}
        self.booked: list[ExchangeExecution] = []
        self.mishaps: deque[Mishap] = deque()
        self.hidden: set[str] = set()
        self.is_away = False
        self.behind = timedelta(0)
        self.requests: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self.cancel_requests: list[str] = []
        self.unanswered_cancels: int | None = None
        self.updates: deque[ExchangeUpdate] = deque()
        self.listener: ExchangeListener | None = None
        self.foreign: dict[str, Decimal] = {}

    # What Weaver asks.

    def submit(self, ticket: OrderTicket) -> SubmitOutcome:
        """Take an order, or let the next mishap befall it."""
        mishap = self.mishaps.popleft() if self.mishaps else None
        if mishap == "not sent":
            return NotSent("no connection")
        if mishap == "request lost":
            return OutcomeUnknown("no answer")
        self.requests[ticket.client_order_id] += 1
        if ticket.client_order_id in self.orders:
            return OutcomeUnknown("an order of this id exists")
        if mishap == "refused":
            return Declined("insufficient buying power")
        order = self._take(ticket)
        return OutcomeUnknown("no answer") if mishap == "answer lost" else Accepted(order)

    def cancel(self, exchange_order_id: str) -> CancelOutcome:
        """Take note that an order is to be cancelled; whether it is, the test decides."""
        if self.unanswered_cancels is not None:
            self.unanswered_cancels += 1
        if self.is_away or self.unanswered_cancels is not None:
            return CancelOutcome.UNKNOWN
        order = self._by_id(exchange_order_id)
        if order.status.is_final:
            return CancelOutcome.NOT_CANCELABLE
        self.cancel_requests.append(order.client_order_id)
        return CancelOutcome.TAKEN

    def find(self, client_order_id: str) -> ExchangeOrder | None:
        """Return an order, unless it is hidden."""
        self._require_reachable()
        return None if client_order_id in self.hidden else self.orders.get(client_order_id)

    def open_orders(self) -> Sequence[ExchangeOrder]:
        """Return what may still trade."""
        self._require_reachable()
        return [one for name, one in self.orders.items() if not one.status.is_final and name not in self.hidden]

    def orders_since(self, after: datetime) -> Sequence[ExchangeOrder]:
        """Return what was placed since a moment."""
        self._require_reachable()
        return [one for name, one in self.orders.items() if one.submitted_at >= after and name not in self.hidden]

    def executions(self, after: datetime) -> Sequence[ExchangeExecution]:
        """Return what was executed since a moment."""
        self._require_reachable()
        return [one for one in self.booked if one.at >= after]

    def positions(self) -> Sequence[ExchangePosition]:
        """Return what the executions come to, fees in base deducted as they are booked, and what others put there."""
        self._require_reachable()
        held: dict[str, Decimal] = dict(self.foreign)
        for one in self.booked:
            signed = one.qty if one.side == "buy" else -one.qty
            held[one.symbol] = held.get(one.symbol, Decimal(0)) + signed - (one.base_fee or Decimal(0))
        return [ExchangePosition(symbol, qty, qty, None, None) for symbol, qty in held.items() if qty]

    def account(self) -> ExchangeAccount:
        """Return an account with some money."""
        self._require_reachable()
        return ExchangeAccount("one", "USD", Decimal(1_000), Decimal(1_000), Decimal(1_000))

    def time(self) -> datetime:
        """Return its own clock."""
        self._require_reachable()
        return self.clock.now() - self.behind

    def instrument(self, symbol: str) -> Instrument:
        """Return what Alpaca allows."""
        return venue(ALPACA).instrument(symbol)

    def listing(self, symbol: str) -> Listing | None:
        """Return that it is traded."""
        return Listing(symbol, "crypto", tradable=True)

    def follow(self, listener: ExchangeListener) -> None:
        """Remember who listens; the test tells what is heard."""
        self.listener = listener

    def unfollow(self) -> None:
        """Forget who listens."""
        self.listener = None

    def close(self) -> None:
        """Close nothing."""

    # What happens at the exchange.

    def fill(self, client_order_id: str, qty: str, price: str = "100") -> None:
        """Execute a part of an order, or more than it, whatever its status."""
        order, part = self.orders[client_order_id], Decimal(qty)
        filled = order.filled_qty + part
        is_whole = order.qty is not None and filled >= order.qty
        status = ExchangeStatus.FILLED if is_whole and not order.status.is_final else order.status
        order = self._move(order, status, "filled" if is_whole else "partially_filled", filled_qty=filled)
        execution = ExchangeExecution(
            execution_id=f"{order.exchange_order_id}:{filled}",
            exchange_order_id=order.exchange_order_id,
            symbol=order.symbol,
            side=order.side,
            qty=part,
            price=Decimal(price),
            cumulative_qty=filled,
            at=self.clock.now(),
            client_order_id=client_order_id,
            fee=Decimal(0),
            base_fee=Decimal(0),
        )
        self.booked.append(execution)
        self.updates.append(ExchangeUpdate("fill" if is_whole else "partial_fill", order, execution))

    def end(self, client_order_id: str, status: ExchangeStatus, word: str) -> None:
        """End an order."""
        order = self._move(self.orders[client_order_id], status, word)
        self.updates.append(ExchangeUpdate(word, order))

    def arrive_late(self, ticket: OrderTicket) -> None:
        """Take an order whose request was under way for long."""
        self.requests[ticket.client_order_id] += 1
        self._take(ticket)

    def _take(self, ticket: OrderTicket) -> ExchangeOrder:
        now = self.clock.now()
        order = ExchangeOrder(
            exchange_order_id=f"there-{len(self.orders) + 1}",
            client_order_id=ticket.client_order_id,
            symbol=ticket.symbol,
            side=ticket.side,
            qty=ticket.qty,
            order_type=ticket.order_type,
            status=ExchangeStatus.WORKING,
            word="new",
            filled_qty=Decimal(0),
            filled_avg_price=None,
            submitted_at=now,
            updated_at=now,
        )
        self.orders[ticket.client_order_id] = order
        self.accepted[ticket.client_order_id] += 1
        self.updates.append(ExchangeUpdate("new", order))
        return order

    def _move(self, order: ExchangeOrder, status: ExchangeStatus, word: str, **changes: Decimal) -> ExchangeOrder:
        moved = replace(order, status=status, word=word, updated_at=self.clock.now(), **changes)  # type: ignore[arg-type]
        self.orders[order.client_order_id] = moved
        return moved

    def _by_id(self, exchange_order_id: str) -> ExchangeOrder:
        return next(one for one in self.orders.values() if one.exchange_order_id == exchange_order_id)

    def _require_reachable(self) -> None:
        if self.is_away:
            raise ExchangeUnavailable("the exchange cannot be reached")


@dataclass
class Asked[T]:
    """A question that waits for its answer."""

    question: Callable[[], T]
    answer: Callable[[Future[T]], None]


class Questions:
    """Implements `Questions` of an account: what is asked waits until the test lets it be answered."""

    def __init__(self) -> None:
        self.waiting: deque[Asked[object]] = deque()

    def __call__[T](self, question: Callable[[], T], answer: Callable[[Future[T]], None]) -> None:
        """Keep a question."""
        self.waiting.append(Asked(question, answer))  # type: ignore[arg-type]

    def reach(self, index: int = 0) -> Callable[[], None]:
        """Let a question reach the exchange; return what brings its answer back."""
        asked = self.waiting[index]
        del self.waiting[index]
        done: Future[object] = Future()
        try:
            done.set_result(asked.question())
        except Exception as error:  # noqa: BLE001 - it is the answer
            done.set_exception(error)
        return lambda: asked.answer(done)

    def answer_all(self) -> None:
        """Let every question be answered, and those that the answers lead to."""
        while self.waiting:
            self.reach()()

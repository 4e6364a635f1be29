"""An account with one run, on a real journal, against an exchange in memory: a test says what happens, and when."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from application.exchange import OrderTicket
from application.journal import Journal
from application.kill_latch import KillSwitchLatch
from application.traded_account import TradedAccount
from domain.events import Chain
from domain.ids import OrderIds, new_id
from domain.order import Order, OrderCreated, OrderStatus
from domain.run import CostSettings, Run, RunCreated
from tests.fakes import ControlledClock, InMemoryExchange, Questions

CHAIN = Chain("test", "test", actor="test")
SYMBOL = "BTC/USD"
STEP = 0.25


class Scene:
    """One account, one run of it, and the exchange. Orders are named by the number of their decision."""

    def __init__(self, journal: Journal, adapter: str = "exchange") -> None:
        self.journal = journal
        self.clock = ControlledClock()
        self.exchange = InMemoryExchange(self.clock, f"{adapter}-paper")
        self.adapter = adapter
        self.reports: list[str] = []
        self.run = Run(new_id())
        self.run.trigger(
            RunCreated(
                at=self.clock.now(),
                name="run",
                strategy_id="s",
                strategy_version="1",
                mode="paper",
                symbols=(SYMBOL,),
                timeframe="1s",
                exchange=adapter,
                parameters={},
                initial_cash=Decimal(100_000),
                costs=CostSettings(),
            )
        )
        self.run.request_start(self.clock.now())
        self.run.start(self.clock.now(), 0, {})
        self._record(self.run)
        self.ids = OrderIds(journal.store_id, self.run.id)
        self.latch = KillSwitchLatch()
        self.is_ours = True
        self.account = self.process()

    def process(self) -> TradedAccount:
        """Return what another process knows of the account; its questions wait in `questions`, heard is nothing."""
        self.questions = Questions()
        account = TradedAccount(
            self.exchange,
            ("paper", self.adapter),
            self.journal,
            self.latch,
            self.clock,
            self.questions,
            lambda message, fields: self.reports.append(message),
            lambda: self.is_ours,
            self.clock.seconds,
        )
        account.begin()
        return account

    def restart(self) -> None:
        """Let the process die with all it was asking, and the next one begin."""
        self.account = self.process()
        self.exchange.updates.clear()

    def listen(self) -> None:
        """Let the stream be heard, and both sides be compared."""
        self.account.hear()
        self.questions.answer_all()

    # What the run decides.

    def decide(self, number: int, qty: str = "2", **changes: Any) -> OrderTicket:
        """Record an intent, as the run's session does; return the ticket it makes."""
        order = Order(self.ids.order_id(number))
        intended: dict[str, Any] = {
            "at": self.clock.now(),
            "run_id": self.run.id,
            "client_order_id": self.name(number),
            "sequence": number,
            "symbol": SYMBOL,
            "side": "buy",
            "qty": Decimal(qty),
            "valid_until": self.clock.now() + timedelta(seconds=30),
        }
        intent = OrderCreated(**intended | changes)
        order.trigger(intent)
        self._record(order)
        self.account.catch_up(self.run.id)
        return OrderTicket(
            intent.client_order_id, SYMBOL, intent.side, intent.qty, intent.order_type, intent.time_in_force
        )

    def cancel(self, number: int) -> None:
        """Record that an order is to be cancelled."""
        order = self.order(number)
        if not order.status.is_final:
            order.request_cancel(self.clock.now())
            self._record(order)
        self.account.catch_up(self.run.id)

    def stop(self, *, is_heard: bool = True) -> None:
        """Record that the run is to stop; is_heard: whether the account knows at once."""
        self.run.request_stop(self.clock.now())
        self._record(self.run)
        if is_heard:
            self.account.catch_up(self.run.id)

    # What goes on.

    def turn(self, seconds: float = 0.0, *, knows: bool = True) -> None:
        """Let time pass, and the account take its next steps; knows: whether it was told what was recorded."""
        self.clock.advance(seconds)
        if knows:
            self.account.catch_up(self.run.id)
        self.account.turn()

    def go_on(self, seconds: float, *, is_heard: bool = True, step: float = STEP) -> None:
        """Let everything take its course for some seconds; is_heard: whether the stream tells of it."""
        for _ in range(int(seconds / step)):
            self.turn(step)
            self.questions.answer_all()
            while is_heard and self.exchange.updates:
                self.account.take(self.exchange.updates.popleft())

    # What came of it.

    def name(self, number: int) -> str:
        """Return an order's client id."""
        return self.ids.client_order_id(number)

    def order(self, number: int) -> Order:
        """Return an order as the journal has it."""
        order = self.journal.load(Order, self.ids.order_id(number))
        assert order is not None
        return order

    def status(self, number: int) -> OrderStatus:
        """Return an order's status in the journal."""
        return self.order(number).status

    def topics(self, number: int) -> list[str]:
        """Return what was recorded of an order, oldest first, without `order.`."""
        return [one.topic.removeprefix("order.") for one in self.journal.stream(self.ids.order_id(number))]

    def requests(self, number: int) -> int:
        """Return how often the exchange was asked to take an order."""
        return self.exchange.requests[self.name(number)]

    def _record(self, *aggregates: Run | Order) -> None:
        self.journal.record(*aggregates, run_id=self.run.id, chain=CHAIN)

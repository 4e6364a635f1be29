"""A paper run on a journal whose exchange the test is: the simulated one, or one that fills as the test says."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.backtest import Backtest, BacktestTools
from application.clock import WallClock
from application.dispatch import Dispatch
from application.journal import Journal
from application.live import LiveTools, LiveTrading, SessionAsked
from application.live_session import EXCHANGE
from application.runs import load_run, open_orders
from application.simulated_matching import SimulatedMatching
from domain.events import Aggregate, Chain, Event, Recorded
from domain.ids import OrderIds, new_id
from domain.order import Execution, Order, OrderStatus
from domain.run import CostSettings, Run, RunCreated
from domain.tape import Tape, TapeBar, TapeTicked, tape_stream_id
from interfaces.event_store import journal_environment
from interfaces.exchanges.catalog import EntryPointExchangeCatalog
from interfaces.market_data.bar_store import BarStore
from interfaces.market_data.exchange_sessions import ExchangeSessions
from interfaces.settings import Settings
from interfaces.strategy_catalog import FileStrategyCatalog
from tests.application.test_live_trading import EndsWhenIdle
from tests.fakes import ControlledClock

SYMBOL = "BTC/USD"
MINUTE = timedelta(minutes=1)


class PaperScene:
    """One run, tick by tick: the tape, what its session decides, and what its exchange makes of that."""

    def __init__(self, database_url: str, home: Path, strategy: str, source: str, **settings: Any) -> None:
        self.home = home
        (home / f"{strategy}.py").write_text(source)
        self.journal = Journal(journal_environment(database_url, pool_size=2))
        self.bars = BarStore(database_url)
        self.clock = ControlledClock()
        self.catalog = FileStrategyCatalog(home)
        self.dispatch = Dispatch(
            self.journal, WallClock(), self.catalog, self.bars, EntryPointExchangeCatalog(Settings(), self.bars)
        )
        run = Run(new_id())
        usual: dict[str, Any] = {
            "exchange": "simulated",
            "costs": CostSettings(commission_bps=Decimal(10)),
            "symbols": (SYMBOL,),
            "parameters": {},
        }
        run.trigger(
            RunCreated(
                at=self.clock.now(),
                name="paper",
                strategy_id=strategy,
                strategy_version=self.catalog.describe(strategy).version,
                mode="paper",
                timeframe="1m",
                initial_cash=Decimal(100_000),
                **(usual | settings),
            )
        )
        run.request_start(self.clock.now())
        self.id = run.id
        self.ids = OrderIds(self.journal.store_id, self.id)
        self.record(run)

    def close(self) -> None:
        self.journal.close()

    def begin(self, history: Sequence[float] = ()) -> None:
        """Let the run begin, after bars it sees as history."""
        if history:
            tape, first = Tape(tape_stream_id(self.id)), self.clock.now() - MINUTE * len(history)
            bars = [self._bar(SYMBOL, first + MINUTE * number, close, close) for number, close in enumerate(history)]
            tape.backfill(self.clock.now(), self.id, bars, "history")
            self.record(tape)
        run = load_run(self.journal, self.id)
        run.start(self.clock.now(), 0, {})
        self.record(run)

    def record(self, aggregate: Aggregate, actor: str = "test") -> None:
        """Record what others than the session have to say."""
        self.journal.record(aggregate, run_id=self.id, chain=Chain("test", "test", actor=actor))

    def trade(self, prices: Sequence[tuple[float, float]]) -> None:
        """Let the run see bars, of an open and a close each, its orders accepted at once."""
        for opened, closed in prices:
            self.tick({SYMBOL: (opened, closed)})
            self.process()
            self.settle()

    def tick(self, prices: Mapping[str, tuple[float, float]]) -> None:
        """Record the next boundary, and what the simulated exchange makes of its bars."""
        tape = self.journal.load(Tape, tape_stream_id(self.id)) or Tape(tape_stream_id(self.id))
        at = self.clock.now() + MINUTE * (tape.ticks + 1)
        bars = [self._bar(symbol, at - MINUTE, *pair) for symbol, pair in prices.items()]
        tape.tick(at, self.id, bars, seen=self.journal.head())
        [ticked] = tape.collect_events()
        assert isinstance(ticked.event, TapeTicked)
        reports: Sequence[Recorded] = []
        if load_run(self.journal, self.id).created.exchange == "simulated":
            reports = self._matching().match(ticked.event)
        cause = f"{ticked.originator_id}:{ticked.originator_version}"
        self.journal.append_batch([ticked, *reports], self.id, Chain("test", cause, actor=EXCHANGE))

    def fill(self, order_id: UUID, qty: str, price: str, fee: str = "0", at: datetime | None = None) -> None:
        """Record an execution at an exchange that is not simulated."""
        order = self.journal.load(Order, order_id)
        assert order is not None
        number = len(order.executions) + 1
        at = at or self.now() + timedelta(seconds=2)
        order.fill(at, f"x-{order_id}-{number}", Execution(Decimal(qty), Decimal(price), Decimal(fee)))
        self.record(order)

    def now(self) -> datetime:
        """The newest boundary."""
        tape = self.journal.load(Tape, tape_stream_id(self.id))
        assert tape is not None
        assert tape.ticked_at is not None
        return tape.ticked_at

    def settle(self) -> None:
        """Let the exchange take what was decided: orders are accepted, cancellations carried out."""
        for order in open_orders(self.journal, self.id):
            if order.cancel_requested:
                order.cancel(self.now(), "cancelled by the strategy")
            elif order.status is OrderStatus.PENDING:
                order.submit(self.now())
                order.accept(self.now(), f"x-{order.id}")
            else:
                continue
            self.record(order)

    def process(self) -> None:
        """Let a new process of the session see everything and end."""
        with pytest.raises(SessionAsked):
            LiveTrading(self.id, self.live_tools()).execute()

    def live_tools(self) -> LiveTools:
        wakeup = EndsWhenIdle()
        return LiveTools(
            journal=self.journal,
            catalog=self.catalog,
            calendar=ExchangeSessions(self.home),
            clock=self.clock,
            wakeup=wakeup,
            end_asked=lambda: wakeup.is_idle,
            alive=lambda: None,
            log=lambda message, fields: None,
        )

    def backtest_tools(self) -> BacktestTools:
        return BacktestTools(
            self.journal,
            self.catalog,
            self.bars,
            ExchangeSessions(self.home),
            WallClock(),
            self,
            lambda: False,
            lambda message, fields: None,
        )

    def report(self, run_id: UUID, fraction: float) -> None:
        """Hear of progress."""

    def execute(self, run_id: UUID) -> None:
        """Execute a backtest that was started."""
        Backtest(run_id, self.backtest_tools()).execute()

    def events(self, run_id: UUID | None = None) -> list[tuple[int, UUID, Event]]:
        """Return everything recorded of a run: position, stream, event."""
        decode = self.journal.catalogue.decode
        entries = self.journal.read(0, 100_000, run_id=run_id or self.id)
        return [(entry.position, entry.stream_id, decode(entry.topic, entry.state)) for entry in entries]

    @staticmethod
    def _bar(symbol: str, opened_at: datetime, opened: float, closed: float) -> TapeBar:
        return TapeBar(symbol, opened_at, opened, max(opened, closed), min(opened, closed), closed, 1.0)

    def _matching(self) -> SimulatedMatching:
        run = load_run(self.journal, self.id)
        matching = SimulatedMatching(
            self.id, self.ids, run.created, {}, lambda order_id: self.journal.load(Order, order_id)
        )
        for entry in self.journal.read(0, 100_000, run_id=self.id):
            matching.take(entry, self.journal.catalogue.decode(entry.topic, entry.state))
        return matching

"""A session's process of a paper run, again and again on the same journal: what is recorded is derived, and no more."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.journal import Journal
from application.live import LiveTools, LiveTrading, SessionAsked
from domain.events import Aggregate, Chain
from domain.ids import OrderIds, new_id
from domain.order import Order, OrderAccepted, OrderFilled, OrderSubmitted
from domain.run import CostSettings, Run, RunCreated, RunFaulted
from domain.run_log import LogIndicatorsDeclared, LogWritten
from domain.tape import Tape, TapeBar, TapeDecided, tape_stream_id
from interfaces.event_store import journal_environment
from interfaces.market_data.exchange_sessions import ExchangeSessions
from interfaces.strategy_catalog import FileStrategyCatalog
from tests.fakes import ControlledClock

SYMBOL = "BTC/USD"
SECOND = timedelta(seconds=1)
TALKER = '''
from weaver import Context, Strategy, sma


class Talker(Strategy):
    """Says something whenever it is told anything."""

    def on_start(self, ctx: Context) -> None:
        ctx.log("started")
        self.mean = ctx.indicator(sma, ctx.bars().close, 2)

    def on_bar(self, ctx: Context) -> None:
        if len(ctx.bars()) == 1:
            ctx.buy(1)

    def on_fill(self, ctx: Context, fill) -> None:
        ctx.log("filled")
'''


@dataclass
class EndsWhenIdle:
    """A wakeup that never comes: the process is asked to end once it has nothing more to read."""

    is_idle: bool = False

    def wait(self, timeout: float) -> None:
        self.is_idle = True


class PaperRun:
    """A run whose ticks and executions the test records; its session's processes live until they have seen them all."""

    def __init__(self, journal: Journal, home: Path) -> None:
        (home / "talker.py").write_text(TALKER)
        self.journal, self.home = journal, home
        self.clock = ControlledClock()
        self.catalog = FileStrategyCatalog(home)
        run = Run(new_id())
        run.trigger(
            RunCreated(
                at=self.clock.now(),
                name="run",
                strategy_id="talker",
                strategy_version=self.catalog.describe("talker").version,
                mode="paper",
                symbols=(SYMBOL,),
                timeframe="1s",
                exchange="exchange",
                parameters={},
                initial_cash=Decimal(100_000),
                costs=CostSettings(),
            )
        )
        run.request_start(self.clock.now())
        run.start(self.clock.now(), 0, {})
        self.id = run.id
        self.record(run)
        self.order_id = OrderIds(journal.store_id, run.id).order_id(1)

    def record(self, aggregate: Aggregate, actor: str = "test") -> None:
        """Record what others than the session have to say."""
        self.journal.record(aggregate, run_id=self.id, chain=Chain("test", "test", actor=actor))

    def tick(self, close: float) -> None:
        """Record the next boundary."""
        tape = self.journal.load(Tape, tape_stream_id(self.id)) or Tape(tape_stream_id(self.id))
        at = self.clock.now() + SECOND * (tape.ticks + 1)
        tape.tick(at, self.id, [TapeBar(SYMBOL, at - SECOND, close, close, close, close)])
        self.record(tape)

    def fill(self) -> None:
        """Record that the order was sent, accepted and filled."""
        order = self.journal.load(Order, self.order_id)
        assert order is not None
        at = self.clock.now() + SECOND
        order.trigger(OrderSubmitted(at=at, run_id=self.id))
        order.trigger(OrderAccepted(at=at, run_id=self.id, exchange_order_id="x-1"))
        order.trigger(
            OrderFilled(
                at=at,
                run_id=self.id,
                execution_id="e-1",
                symbol=SYMBOL,
                side=order.created.side,
                qty=Decimal(1),
                price=Decimal(100),
                fee=Decimal(0),
                filled_qty=Decimal(1),
                filled_avg_price=Decimal(100),
            )
        )
        self.record(order)

    def process(self) -> None:
        """Let a new process of the session see everything and end."""
        wakeup = EndsWhenIdle()
        tools = LiveTools(
            journal=self.journal,
            catalog=self.catalog,
            calendar=ExchangeSessions(self.home),
            clock=self.clock,
            wakeup=wakeup,
            end_asked=lambda: wakeup.is_idle,
            alive=lambda: None,
            log=lambda message, fields: None,
        )
        with pytest.raises(SessionAsked):
            LiveTrading(self.id, tools).execute()

    def events[E](self, kind: type[E]) -> list[E]:
        """Return the run's events of a kind."""
        found: list[Any] = [
            self.journal.catalogue.decode(entry.topic, entry.state)
            for entry in self.journal.read(0, 1_000, run_id=self.id)
        ]
        return [one for one in found if isinstance(one, kind)]

    def lines(self) -> list[str]:
        """Return what the strategy has logged."""
        return [line.message for written in self.events(LogWritten) for line in written.lines]


@pytest.fixture
def run(database_url: str, tmp_path: Path) -> Iterator[PaperRun]:
    with Journal(journal_environment(database_url, pool_size=2)) as journal:
        yield PaperRun(journal, tmp_path)


def test_what_a_strategy_says_between_ticks_is_said_once_and_no_reason_to_fail(run: PaperRun) -> None:
    run.process()
    assert run.lines() == ["started"]
    run.process()
    run.tick(100.0)
    run.process()
    run.fill()
    run.process()
    said = ["started", "filled"]
    assert run.lines() == said
    for close in (101.0, 102.0):
        run.process()
        run.tick(close)
    run.process()
    assert run.events(RunFaulted) == []
    assert run.lines() == said
    assert [one.number for one in run.events(TapeDecided)] == [1, 2, 3]


def test_indicators_are_recorded_once(run: PaperRun) -> None:
    for close in (100.0, 101.0, 102.0):
        run.process()
        run.tick(close)
    run.process()
    [event] = run.events(LogIndicatorsDeclared)
    [mean] = event.indicators
    assert (mean.symbol, mean.timeframe, mean.function, mean.inputs, mean.arguments, mean.is_bundled) == (
        SYMBOL,
        "1s",
        "sma",
        ("close",),
        (2,),
        True,
    )


def test_a_decision_that_an_earlier_version_recorded_for_a_line_is_passed_over(run: PaperRun) -> None:
    tape = Tape(tape_stream_id(run.id))
    tape.decide(run.clock.now(), run.id, UUID(int=1).hex + ":3", 0, 0, 0)
    run.record(tape, actor="session")
    run.process()
    run.tick(100.0)
    run.process()
    run.process()
    assert run.events(RunFaulted) == []
    assert [one.orders for one in run.events(TapeDecided)] == [0, 1]

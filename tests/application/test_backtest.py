"""A backtest through the journal: complete or continued after a death, never half, always the same."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from application.backtest import Backtest, BacktestStopped, BacktestTools
from application.clock import WallClock
from application.commands import CreateRun, StartRun
from application.dispatch import Dispatch
from application.journal import MAX_BATCH, Journal
from application.runs import ORDER_TOPICS, load_run, open_orders
from domain.event_catalogue import decode
from domain.events import JournalEntry
from domain.ids import new_id
from domain.market import Timeframe
from domain.order import OrderCreated
from domain.run import CostSettings, RunCompleted, RunFailed, RunStatus
from interfaces.event_store import journal_environment
from interfaces.exchanges.catalog import EntryPointExchangeCatalog
from interfaces.market_data.bar_store import BarStore
from interfaces.market_data.exchange_sessions import ExchangeSessions
from interfaces.settings import Settings
from interfaces.strategy_catalog import FileStrategyCatalog
from tests.trading import market

ALTERNATE = '''
from pathlib import Path

from weaver import Context, Strategy, parameter


class Alternate(Strategy):
    """Buys and sells in turn at every bar."""

    fail_at: int = parameter(0, ge=0)

    def on_start(self, ctx: Context) -> None:
        # no strategy should read a file: it makes a replay another run, which is what a test here needs
        self.size = int((Path(__file__).parent / "size.txt").read_text())

    def on_bar(self, ctx: Context) -> None:
        if self.fail_at and len(ctx.bars()) == self.fail_at:
            ctx.buy(1)
            raise RuntimeError("as told")
        if ctx.position().quantity:
            ctx.close()
        else:
            ctx.buy(self.size)
'''


class Died(BaseException):
    """Stands for kill -9: nothing of Weaver catches it."""


class Tools:
    """Real parts on a real database, and a sink for progress that can die or ask to stop at a moment."""

    def __init__(self, database_url: str, strategies: Path) -> None:
        self.journal = Journal(journal_environment(database_url, pool_size=2))
        self.bars = BarStore(database_url)
        self.catalog = FileStrategyCatalog(strategies)
        self.dispatch = Dispatch(
            self.journal, WallClock(), self.catalog, self.bars, EntryPointExchangeCatalog(Settings(), self.bars)
        )
        self.batches_until_death: int | None = None
        self.stopping = False

    def report(self, run_id: UUID, fraction: float) -> None:
        """Hear of progress."""

    def tools(self) -> BacktestTools:
        return BacktestTools(
            self.journal,
            self.catalog,
            self.bars,
            ExchangeSessions(),
            WallClock(),
            self,
            lambda: self.stopping,
            lambda message, fields: None,
        )

    def started_run(self, **parameters: int) -> UUID:
        run_id = new_id()
        self.dispatch.dispatch(
            CreateRun(
                run_id=run_id,
                strategy_id="alternate",
                mode="backtest",
                symbols=("BTC/USD",),
                parameters=dict(parameters),
                costs=CostSettings(commission_bps=Decimal(5)),
            )
        )
        self.dispatch.dispatch(StartRun(run_id=run_id))
        return run_id

    def order_entries(self, run_id: UUID) -> list[JournalEntry]:
        return self.journal.read(0, 100_000, topics=ORDER_TOPICS, run_id=run_id)


BARS = 1_700


@pytest.fixture
def tools(database_url: str, tmp_path: Path) -> Iterator[Tools]:
    (tmp_path / "alternate.py").write_text(ALTERNATE)
    (tmp_path / "size.txt").write_text("1")
    made = Tools(database_url, tmp_path)
    made.bars.save(market([100 + (n * 37 % 11) for n in range(BARS)]), "test")
    yield made
    made.journal.close()


def last(tools: Tools, run_id: UUID) -> object:
    entry = tools.journal.stream(run_id)[-1]
    return decode(entry.topic, entry.state)


def without_identity(entries: Sequence[JournalEntry], run_id: UUID) -> list[tuple[int, str, str]]:
    """The events without what may differ between two equal runs: the ids of run and orders."""
    replaced = []
    for entry in entries:
        event = decode(entry.topic, entry.state)
        text = entry.state.decode().replace(str(run_id), "RUN")
        client = event.client_order_id if isinstance(event, OrderCreated) else ""
        replaced.append((entry.version, entry.topic, text.replace(client, "CLIENT") if client else text[-120:]))
    return replaced


def test_a_backtest_runs_to_its_end_and_tells_its_figures(tools: Tools) -> None:
    run_id = tools.started_run()
    Backtest(run_id, tools.tools()).execute()
    completed = last(tools, run_id)
    assert isinstance(completed, RunCompleted)
    assert (completed.bars, completed.orders, completed.fills) == (BARS, BARS, BARS - 1)
    topics = [entry.topic for entry in tools.journal.stream(run_id)]
    assert topics[:3] == ["run.created", "run.start_requested", "run.started"]
    assert topics[-1] == "run.completed"
    assert open_orders(tools.journal, run_id) == []
    assert len(tools.order_entries(run_id)) == 2 * BARS
    marks = tools.bars.load("BTC/USD", Timeframe.parse("1m"), None, None)
    assert load_run(tools.journal, run_id).started.bars_hash == {"BTC/USD": marks.content_hash()}  # type: ignore[union-attr]


def test_two_equal_runs_record_the_same_events_but_for_ids(tools: Tools) -> None:
    runs = [tools.started_run(), tools.started_run()]
    for run_id in runs:
        Backtest(run_id, tools.tools()).execute()
    one, two = (without_identity(tools.order_entries(run_id), run_id) for run_id in runs)
    assert one == two


@pytest.mark.parametrize("batches", [0, 1, 2, 3])
def test_a_backtest_that_died_is_executed_again_and_records_only_what_is_missing(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    run_id = tools.started_run()
    append, left = Journal.append_batch, [batches]

    def append_and_die(journal: Journal, *arguments: object) -> int:
        if left[0] == 0:
            raise Died
        left[0] -= 1
        return append(journal, *arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append_batch", append_and_die)
        with pytest.raises(Died):
            Backtest(run_id, tools.tools()).execute()
    before = tools.order_entries(run_id)
    assert len(before) == batches * MAX_BATCH
    assert load_run(tools.journal, run_id).status is RunStatus.RUNNING
    Backtest(run_id, tools.tools()).execute()
    after = tools.order_entries(run_id)
    assert after[: len(before)] == before
    assert len(after) == 2 * BARS
    assert isinstance(last(tools, run_id), RunCompleted)
    never_killed = tools.started_run()
    Backtest(never_killed, tools.tools()).execute()
    assert without_identity(after, run_id) == without_identity(tools.order_entries(never_killed), never_killed)


def test_a_replay_that_decides_differently_is_noticed_and_nothing_is_mixed(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run_id = tools.started_run()
    append = Journal.append_batch

    def append_once(journal: Journal, *arguments: object) -> int:
        append(journal, *arguments)  # type: ignore[arg-type]
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append_batch", append_once)
        with pytest.raises(Died):
            Backtest(run_id, tools.tools()).execute()
    (tmp_path / "size.txt").write_text("2")
    Backtest(run_id, tools.tools()).execute()
    failed = last(tools, run_id)
    assert isinstance(failed, RunFailed)
    assert failed.code == "REPLAY_DIVERGED"
    assert "was recorded as" in failed.message
    assert len(tools.order_entries(run_id)) in (MAX_BATCH, MAX_BATCH + 1)
    assert open_orders(tools.journal, run_id) == []


def test_a_strategy_file_that_changed_since_the_run_was_created_is_not_executed(tools: Tools, tmp_path: Path) -> None:
    run_id = tools.started_run()
    (tmp_path / "alternate.py").write_text(ALTERNATE + "# another version\n")
    Backtest(run_id, tools.tools()).execute()
    failed = last(tools, run_id)
    assert isinstance(failed, RunFailed)
    assert failed.code == "STRATEGY_CHANGED"
    assert "create a new run" in failed.message
    assert tools.order_entries(run_id) == []


def test_bars_that_changed_since_the_death_are_noticed(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = tools.started_run()

    def die(*_: object) -> int:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append_batch", die)
        with pytest.raises(Died):
            Backtest(run_id, tools.tools()).execute()
    tools.bars.save(market([55.0, 56.0]), "correction")
    Backtest(run_id, tools.tools()).execute()
    failed = last(tools, run_id)
    assert isinstance(failed, RunFailed)
    assert "bars are not those the run began with" in failed.message


def test_a_strategy_that_raises_fails_the_run_and_leaves_no_order_working(tools: Tools) -> None:
    run_id = tools.started_run(fail_at=10)
    Backtest(run_id, tools.tools()).execute()
    failed = last(tools, run_id)
    assert isinstance(failed, RunFailed)
    assert (failed.code, failed.message) == ("STRATEGY_ERROR", "RuntimeError: as told")
    assert failed.traceback is not None
    assert "alternate.py" in failed.traceback
    entries = tools.order_entries(run_id)
    assert entries[-1].topic == "order.cancelled"
    assert open_orders(tools.journal, run_id) == []


def test_a_backtest_that_is_asked_to_stop_says_so(tools: Tools) -> None:
    run_id = tools.started_run()
    tools.stopping = True
    with pytest.raises(BacktestStopped):
        Backtest(run_id, tools.tools()).execute()


def test_a_run_nobody_asked_for_is_not_executed(tools: Tools) -> None:
    run_id = new_id()
    tools.dispatch.dispatch(
        CreateRun(run_id=run_id, strategy_id="alternate", mode="backtest", symbols=("BTC/USD",), start_time=AT)
    )
    with pytest.raises(Exception, match="cannot begin"):
        Backtest(run_id, tools.tools()).execute()
    assert [entry.topic for entry in tools.journal.stream(run_id)] == ["run.created"]


AT = datetime(2025, 1, 1, tzinfo=UTC)


def test_a_stopped_strategy_says_goodbye_and_its_orders_are_cancelled(tools: Tools, tmp_path: Path) -> None:
    farewell = ALTERNATE + '\n    def on_stop(self, ctx: Context) -> None:\n        ctx.log("goodbye")\n'
    (tmp_path / "alternate.py").write_text(farewell)
    run_id = tools.started_run()
    tools.stopping = True
    said: list[str] = []
    told = replace(tools.tools(), log=lambda message, fields: said.append(message))
    with pytest.raises(BacktestStopped):
        Backtest(run_id, told).execute()
    assert said == ["goodbye"]
    assert open_orders(tools.journal, run_id) == []

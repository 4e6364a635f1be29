"""Supervised runs in real child processes: one process a run, whatever dies."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest

from application.commands import CreateRun, StartRun, StopRun
from application.runs import open_orders
from application.session_keeper import LEFT_ALONE
from domain.event_catalogue import decode
from domain.ids import new_id
from domain.run import RunCompleted, RunFailed, RunStopped
from interfaces.composition import Weaver, compose
from interfaces.session_process import ChildLauncher
from interfaces.settings import Settings
from tests.system.weaver_process import wait_until
from tests.trading import market

STRATEGIES = {
    "alternate": """
from weaver import Context, Strategy

class Alternate(Strategy):
    def on_bar(self, ctx: Context) -> None:
        ctx.close() if ctx.position().quantity else ctx.buy(1)
""",
    "endless": """
from weaver import Context, Strategy

class Endless(Strategy):
    def on_bar(self, ctx: Context) -> None:
        ctx.buy(1)
        while len(ctx.bars()) == 1500:
            pass
""",
    "suicidal": """
import os, signal
from weaver import Context, Strategy

class Suicidal(Strategy):
    def on_start(self, ctx: Context) -> None:
        print("these are my last words", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
""",
    "curious": """
import os
from weaver import Context, Strategy

class Curious(Strategy):
    def on_start(self, ctx: Context) -> None:
        raise RuntimeError("I see " + " ".join(sorted(name for name in os.environ if name.startswith("WEAVER"))))
""",
}
BARS = 4_000
PATIENCE = 40.0


@pytest.fixture
def strategies(tmp_path: Path) -> Path:
    for name, text in STRATEGIES.items():
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


@pytest.fixture
def weaver(database_url: str, strategies: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Weaver]:
    monkeypatch.setenv("WEAVER_ALPACA_LIVE_SECRET_KEY", "a broker's key")
    with ExitStack() as closing:
        made = compose(Settings.read(strategies_dir=strategies), database_url)
        closing.callback(made.stop)
        made.bars.save(market([100 + n * 37 % 11 for n in range(BARS)]), "test")
        made.start()
        yield made


def started(weaver: Weaver, strategy: str) -> UUID:
    run_id = new_id()
    weaver.dispatch.dispatch(CreateRun(run_id=run_id, strategy_id=strategy, mode="backtest", symbols=("BTC/USD",)))
    weaver.dispatch.dispatch(StartRun(run_id=run_id))
    return run_id


def end_of(weaver: Weaver, run_id: UUID, seconds: float = PATIENCE) -> object:
    def ended() -> object:
        event = decode((last := weaver.journal.stream(run_id)[-1]).topic, last.state)
        return event if isinstance(event, RunCompleted | RunFailed | RunStopped) else None

    return wait_until(ended, seconds, f"run {run_id} ends")


def children() -> list[int]:
    """The session children of this process."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == os.getpid() and "session_child" in command:
            found.append(int(entry.name))
    return found


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for child processes in /proc")


def test_a_started_run_is_executed_in_a_child_process(weaver: Weaver) -> None:
    completed = end_of(weaver, started(weaver, "alternate"))
    assert isinstance(completed, RunCompleted)
    assert completed.orders == BARS


@needs_proc
def test_a_child_that_is_killed_is_replaced_and_the_run_completes(weaver: Weaver) -> None:
    run_id = started(weaver, "alternate")
    (child,) = wait_until(lambda: children() or None, PATIENCE, "the child starts")
    wait_until(lambda: len(weaver.journal.stream(run_id)) >= 3, PATIENCE, "the run begins")
    os.kill(child, signal.SIGKILL)
    completed = end_of(weaver, run_id)
    assert isinstance(completed, RunCompleted)
    assert (completed.orders, completed.fills) == (BARS, BARS - 1)
    assert len(weaver.journal.read(0, 100_000, run_id=run_id, topics=["order.created"])) == BARS


def test_a_strategy_that_loops_for_ever_is_stopped_within_seconds(weaver: Weaver) -> None:
    run_id = started(weaver, "endless")
    wait_until(
        lambda: weaver.journal.read(0, 1, run_id=run_id, topics=["order.filled"]) or None, PATIENCE, "orders come"
    )
    asked = time.monotonic()
    weaver.dispatch.dispatch(StopRun(run_id=run_id))
    assert isinstance(end_of(weaver, run_id), RunStopped)
    assert time.monotonic() - asked < 5.0, "half a second on an idle machine"
    assert open_orders(weaver.journal, run_id) == []


def test_a_child_that_always_dies_fails_its_run_with_its_last_words(weaver: Weaver) -> None:
    failed = end_of(weaver, started(weaver, "suicidal"))
    assert isinstance(failed, RunFailed)
    assert failed.code == "SESSION_DIED"
    assert "exit code -9" in failed.message
    assert "these are my last words" in (failed.traceback or "")


def test_a_strategy_sees_no_setting_and_no_broker_key(weaver: Weaver) -> None:
    failed = end_of(weaver, started(weaver, "curious"))
    assert isinstance(failed, RunFailed)
    assert failed.message == "RuntimeError: I see "


def test_of_two_supervisors_one_takes_a_run_and_the_other_goes_on_when_it_is_gone(
    weaver: Weaver, database_url: str, strategies: Path
) -> None:
    second = compose(Settings.read(strategies_dir=strategies), database_url)
    try:
        second.start()
        runs = [started(weaver, "alternate") for _ in range(3)]
        for run_id in runs:
            assert isinstance(end_of(weaver, run_id), RunCompleted)
            begins = weaver.journal.read(0, 10, run_id=run_id, topics=["run.started"])
            assert len(begins) == 1
    finally:
        second.stop()


def test_a_run_asked_for_while_nobody_was_there_is_executed_when_somebody_comes(
    database_url: str, strategies: Path
) -> None:
    absent = compose(Settings.read(strategies_dir=strategies), database_url)
    absent.bars.save(market([100.0, 101.0, 102.0]), "test")
    run_id = started(absent, "alternate")
    absent.stop()
    present = compose(Settings.read(strategies_dir=strategies), database_url)
    try:
        present.start()
        assert isinstance(end_of(present, run_id), RunCompleted)
    finally:
        present.stop()


def test_a_session_ends_by_itself_when_the_process_that_started_it_is_gone(database_url: str, strategies: Path) -> None:
    weaver = compose(Settings.read(strategies_dir=strategies), database_url)
    try:
        weaver.bars.save(market([100 + n * 37 % 11 for n in range(BARS)]), "test")
        run_id = started(weaver, "endless")
        orphan = ChildLauncher(database_url, Settings(home=strategies, strategies_dir=strategies)).launch(run_id)
        orders = ["order.filled"]
        wait_until(lambda: weaver.journal.read(0, 1, run_id=run_id, topics=orders) or None, PATIENCE, "it trades")
        orphan.hang_up()
        assert wait_until(orphan.poll, PATIENCE, "it ends") == LEFT_ALONE, orphan.complaint()
        assert "Fatal Python error" not in orphan.complaint()
    finally:
        weaver.stop()


def test_what_a_session_records_belongs_to_the_request_that_started_it(weaver: Weaver) -> None:
    run_id = new_id()
    create = CreateRun(run_id=run_id, strategy_id="alternate", mode="backtest", symbols=("BTC/USD",))
    weaver.dispatch.dispatch(create, correlation_id="the creation")
    weaver.dispatch.dispatch(StartRun(run_id=run_id), correlation_id="the start")
    assert isinstance(end_of(weaver, run_id), RunCompleted)
    created, asked, *caused = weaver.journal.read(0, 20_000, run_id=run_id)
    assert (created.meta["corr_id"], asked.meta["corr_id"]) == ("the creation", "the start")
    assert created.meta["causation_id"] != asked.meta["causation_id"]
    assert {entry.topic for entry in caused} >= {"run.started", "order.created", "order.filled", "run.completed"}
    assert {(entry.meta["corr_id"], entry.meta["causation_id"]) for entry in caused} == {("the start", f"{run_id}:2")}


def test_the_end_of_a_stopped_run_belongs_to_the_request_that_stopped_it(weaver: Weaver) -> None:
    run_id = started(weaver, "endless")
    wait_until(lambda: weaver.journal.read(0, 1, topics=["run.started"], run_id=run_id), PATIENCE, "the run begins")
    weaver.dispatch.dispatch(StopRun(run_id=run_id), correlation_id="the stop")
    assert isinstance(end_of(weaver, run_id), RunStopped)
    *_, asked, stopped = weaver.journal.stream(run_id)
    assert (stopped.topic, stopped.meta["corr_id"]) == ("run.stopped", "the stop")
    assert stopped.meta["causation_id"] == f"{run_id}:{asked.version}"

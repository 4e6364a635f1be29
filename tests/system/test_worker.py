"""Sessions on workers: strategies run where no broker's key is, and go on elsewhere when a worker is gone."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.system.paper_trading import BUSY, assert_undivided, events_of
from tests.system.weaver_process import WeaverServer, clean_environment, wait_until, weaver

SYMBOL, TIMEFRAME = "TEST/USD", "1s"
# A worker is given up after ten seconds without a sign; the rest is the start of a session on a busy machine.
TAKE_OVER_SECONDS = 60.0
# What the environment of a session may be asked for.
NOSY = '''
import os

from weaver import Context, Strategy


class Nosy(Strategy):
    """Says in whose process it runs."""

    def on_start(self, ctx: Context) -> None:
        ctx.log("here", parent=os.getppid())
'''

pytestmark = pytest.mark.timeout(400)


class Workers:
    """A server that offers its sessions, and workers beside it, each with strategies of its own."""

    def __init__(self, directory: Path, database_url: str, running: ExitStack) -> None:
        self._directory = directory
        self._running = running
        self.settings = {"WEAVER_DATABASE_URL": database_url, "WEAVER_SESSIONS": "workers"}
        self.server = running.enter_context(WeaverServer(self._home("server"), **self.settings))

    def _home(self, name: str, busy: str = BUSY) -> Path:
        home = self._directory / name
        (home / "strategies").mkdir(parents=True)
        (home / "strategies" / "busy.py").write_text(busy)
        (home / "strategies" / "nosy.py").write_text(NOSY)
        return home

    def worker(self, name: str, *arguments: str, busy: str = BUSY) -> "subprocess.Popen[bytes]":
        """Start a worker; it is killed in the end."""
        home = self._home(name, busy)
        log = self._running.enter_context((home / "log").open("wb"))
        process = subprocess.Popen(
            [sys.executable, "-m", "weaver", "worker", "--name", name, *arguments],
            env=clean_environment(home, **self.settings),
            cwd=home,
            stdout=log,
            stderr=log,
        )
        self._running.callback(process.wait, 30)
        self._running.callback(process.kill)
        return process

    def log(self, name: str) -> str:
        """What a worker has said."""
        return (self._directory / name / "log").read_text()

    def start(self, strategy: str = "busy") -> str:
        """Create and start a paper run."""
        run_id = self.server.create_run(mode="paper", symbols=[SYMBOL], timeframe=TIMEFRAME, strategy_id=strategy)
        self.server.start_run(run_id)
        return run_id

    def events(self, run_id: str, *topics: str) -> list[dict[str, Any]]:
        """A run's events."""
        return events_of(self.server, run_id, *topics)

    def wait_for_decisions(self, run_id: str, more: int) -> None:
        """Wait until a run has decided on so many more ticks."""
        before = len(self.events(run_id, "tape.decided"))
        wait_until(
            lambda: len(self.events(run_id, "tape.decided")) >= before + more,
            TAKE_OVER_SECONDS,
            f"{more} more decisions; the server's log so far:\n{self.server.log.read_text()[-3000:]}",
        )

    def stop(self, run_id: str) -> dict[str, Any]:
        """Stop a run and return how it ended."""
        assert self.server.api.post(f"/api/v1/runs/{run_id}/stop").status_code == 202
        return self.server.wait_for_end(run_id)


@pytest.fixture
def workers(tmp_path: Path, home: Path, database_url: str) -> Iterator[Workers]:
    imported = ("data", "import", str(home / "sample.csv"), "--symbol", SYMBOL, "--timeframe", "1m")
    done = weaver(home, *imported, settings={"WEAVER_DATABASE_URL": database_url})
    assert done.returncode == 0, done.stderr
    with ExitStack() as running:
        yield Workers(tmp_path, database_url, running)


def test_a_run_waits_for_a_worker_with_its_strategy_and_is_traded_by_that(workers: Workers) -> None:
    run_id = workers.start("nosy")
    wait_until(lambda: len(workers.events(run_id, "tape.ticked")) >= 2, TAKE_OVER_SECONDS, "the run ticks")
    assert workers.events(run_id, "tape.decided") == [], "there is nobody who could decide"
    worker = workers.worker("first")
    workers.wait_for_decisions(run_id, 2)
    [line] = [one for one in workers.server.get(f"/runs/{run_id}/log")["items"] if one["message"] == "here"]
    assert line["fields"]["parent"] == worker.pid, "the strategy runs under the worker"
    assert workers.stop(run_id)["status"] == "stopped"


def test_the_session_of_a_worker_that_is_killed_goes_on_with_another(workers: Workers) -> None:
    first = workers.worker("first")
    run_id = workers.start()
    workers.wait_for_decisions(run_id, 2)
    workers.worker("second", "--sessions", "1")
    first.kill()
    wait_until(lambda: "session started" in workers.log("second"), TAKE_OVER_SECONDS, "the second has the session")
    workers.wait_for_decisions(run_id, 2)
    assert workers.stop(run_id)["status"] == "stopped"
    assert_undivided(workers.events(run_id))


def test_a_worker_that_was_suspended_finds_its_session_gone_and_decides_nothing_more(workers: Workers) -> None:
    first = workers.worker("first")
    run_id = workers.start()
    workers.wait_for_decisions(run_id, 2)
    os.kill(first.pid, signal.SIGSTOP)
    workers.worker("second")
    try:
        wait_until(lambda: "session started" in workers.log("second"), TAKE_OVER_SECONDS, "the second has the session")
        workers.wait_for_decisions(run_id, 2)
    finally:
        os.kill(first.pid, signal.SIGCONT)
    # told by its engine, or refused by the journal meanwhile: its session had gone on without it
    ends = ("session is wanted no more", "session ended")
    wait_until(lambda: any(one in workers.log("first") for one in ends), TAKE_OVER_SECONDS, "the first knows")
    workers.wait_for_decisions(run_id, 2)
    assert workers.stop(run_id)["status"] == "stopped"
    assert_undivided(workers.events(run_id))


def test_a_worker_with_another_version_of_the_strategy_leaves_its_sessions_to_others(workers: Workers) -> None:
    workers.worker("other", busy=BUSY.replace("Trades at nearly every bar", "Trades otherwise"))
    run_id = workers.start()
    wait_until(lambda: "session is left to others" in workers.log("other"), TAKE_OVER_SECONDS, "it is passed over")
    assert "the run needs" in workers.log("other")
    same = workers.worker("same")
    workers.wait_for_decisions(run_id, 1)
    same.terminate()
    assert same.wait(30) == 0
    assert workers.stop(run_id)["status"] == "stopped"


def test_a_backtest_is_executed_by_a_worker(workers: Workers) -> None:
    workers.worker("first")
    run_id = workers.server.create_run(
        symbols=[SYMBOL], timeframe="1m", start_time="2025-01-01T00:00:00Z", end_time="2025-01-03T00:00:00Z"
    )
    workers.server.start_run(run_id)
    run = workers.server.wait_for_end(run_id)
    assert run["status"] == "completed", run["error"]
    assert "session started" in workers.log("first")
    assert run["stats"]["total_trades"] > 0

"""An engine that is suspended: its sessions end, so that whoever takes its runs over is alone with them."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from interfaces.session_child import SILENT_SECONDS
from tests.system.paper_trading import BUSY, assert_undivided, events_of
from tests.system.weaver_process import WeaverServer, wait_until, weaver

SYMBOL = "TEST/USD"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def server(tmp_path: Path, home: Path) -> Iterator[WeaverServer]:
    own = tmp_path / "home"
    (own / "strategies").mkdir(parents=True)
    (own / "strategies" / "busy.py").write_text(BUSY)
    done = weaver(own, "data", "import", str(home / "sample.csv"), "--symbol", SYMBOL, "--timeframe", "1m")
    assert done.returncode == 0, done.stderr
    with WeaverServer(own) as running:
        yield running


def sessions(server: WeaverServer) -> list[psutil.Process]:
    """The processes of runs that live."""
    children = psutil.Process(server.pid).children()
    found = [one for one in children if "session_child" in " ".join(one.cmdline())]
    return [one for one in found if one.status() != psutil.STATUS_ZOMBIE]


def test_the_session_of_a_suspended_engine_ends_and_the_run_goes_on_with_it(server: WeaverServer) -> None:
    run_id = server.create_run(mode="paper", symbols=[SYMBOL], timeframe="1s", strategy_id="busy")
    server.start_run(run_id)

    def decisions() -> int:
        return len(events_of(server, run_id, "tape.decided"))

    wait_until(lambda: decisions() >= 2, 60, "the run decides")
    [session] = sessions(server)
    os.kill(server.pid, signal.SIGSTOP)
    try:
        wait_until(
            lambda: session.status() == psutil.STATUS_ZOMBIE if session.is_running() else True,
            3 * SILENT_SECONDS,
            "the session has ended",
        )
    finally:
        os.kill(server.pid, signal.SIGCONT)
    before = decisions()
    wait_until(lambda: decisions() >= before + 2, 60, "the run goes on")
    assert session not in sessions(server)
    assert server.api.post(f"/api/v1/runs/{run_id}/stop").status_code == 202
    server.wait_for_end(run_id)
    assert_undivided(events_of(server, run_id))
    notes = [one["payload"]["message"] for one in events_of(server, run_id, "log.noted")]
    told = [note.partition(":")[0] for note in notes]
    assert "session left" in told
    assert "session died" not in told, "it was not the session's fault"

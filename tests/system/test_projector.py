"""The process that keeps the read models: it folds for the server, and dies without anything being missed."""

from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from interfaces.embedded_postgres import EmbeddedPostgres
from tests.system.weaver_process import WeaverServer, wait_until

pytestmark = pytest.mark.timeout(180)

RUN = {
    "symbols": ["TEST/USD"],
    "timeframe": "1m",
    "start_time": "2025-01-01T00:00:00Z",
    "end_time": "2025-01-02T00:00:00Z",
}


def projectors(server_pid: int) -> list[psutil.Process]:
    """The processes that keep read models for a server."""
    return [one for one in psutil.Process(server_pid).children() if "interfaces.projector_child" in one.cmdline()]


def states(server: WeaverServer) -> set[str]:
    """What the server's own processors are doing."""
    return {str(one["state"]) for one in server.get("/system/read-models")["items"]}


def test_a_server_leaves_folding_to_a_process_of_its_own(home: Path) -> None:
    with WeaverServer(home) as server:
        [projector] = projectors(server.pid)
        assert states(server) == {"standby"}
        run_id = server.create_run(name="seen", **RUN)
        position = server.get("/info")["journal_position"]
        shown = server.api.get("/api/v1/runs", params={"min_position": position})
        assert run_id in {one["id"] for one in shown.json()["items"]}
        shown_processes = {one["kind"]: one["pid"] for one in server.get("/system/processes")["items"]}
        assert shown_processes == {"server": server.pid, "projector": projector.pid}
        assert server.api.get("/readyz").json()["processors"]["state"] == "up"
        assert server.stop() == 0
    assert not projector.is_running()


def test_the_server_folds_while_its_projector_is_gone_and_gives_the_place_back(home: Path) -> None:
    with WeaverServer(home) as server:
        [first] = projectors(server.pid)
        first.kill()
        expected = {server.create_run(name=f"run {number}", **RUN) for number in range(5)}
        position = server.get("/info")["journal_position"]
        shown = server.api.get("/api/v1/runs", params={"min_position": position, "page_size": 100})
        assert shown.status_code == 200, shown.text
        assert expected <= {one["id"] for one in shown.json()["items"]}
        wait_until(lambda: states(server) == {"standby"}, 60, "the read models are given back")
        [second] = projectors(server.pid)
        assert second.pid != first.pid
        expected.add(server.create_run(name="after", **RUN))
        position = server.get("/info")["journal_position"]
        shown = server.api.get("/api/v1/runs", params={"min_position": position, "page_size": 100})
        assert expected <= {one["id"] for one in shown.json()["items"]}


def test_a_projector_ends_with_the_server_that_was_killed(home: Path) -> None:
    with WeaverServer(home) as server:
        [projector] = projectors(server.pid)
        server.kill()
        wait_until(lambda: not projector.is_running(), 30, "the projector has ended")
    with EmbeddedPostgres(home / "postgres"):
        pass  # takes the database over that nobody is left to end, and ends it

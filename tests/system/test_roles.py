"""The parts of Weaver as processes of their own, on one database: an interface, a projector and two engines."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.system.paper_trading import BUSY, assert_undivided, events_of
from tests.system.weaver_process import WeaverServer, wait_until, weaver

SYMBOL, TIMEFRAME = "TEST/USD", "1s"
# Claims are looked at every five seconds; the rest is the start of sessions on a busy machine.
TAKE_OVER_SECONDS = 60.0

pytestmark = pytest.mark.timeout(400)


@dataclass
class Parts:
    """What is at work."""

    api: WeaverServer
    projector: WeaverServer
    engines: Sequence[WeaverServer]


@pytest.fixture
def parts(tmp_path: Path, home: Path, database_url: str) -> Iterator[Parts]:
    """One interface, one projector, two engines, each with a home of its own."""
    settings = {"WEAVER_DATABASE_URL": database_url}
    with ExitStack() as running:

        def part(name: str, role: str) -> WeaverServer:
            own = tmp_path / name
            (own / "strategies").mkdir(parents=True)
            (own / "strategies" / "busy.py").write_text(BUSY)
            return running.enter_context(WeaverServer(own, "--role", role, **settings))

        imported = ("data", "import", str(home / "sample.csv"), "--symbol", SYMBOL, "--timeframe", "1m")
        done = weaver(home, *imported, settings=settings)
        assert done.returncode == 0, done.stderr
        projector = part("projector", "projector")
        engines = [part("first", "engine"), part("second", "engine")]
        yield Parts(part("api", "api"), projector, engines)


def start(parts: Parts) -> str:
    """Create and start a paper run; return its id once it ticks."""
    run_id = parts.api.create_run(mode="paper", symbols=[SYMBOL], timeframe=TIMEFRAME, strategy_id="busy")
    parts.api.start_run(run_id)
    wait_for_decisions(parts, run_id, 2)
    return run_id


def wait_for_decisions(parts: Parts, run_id: str, more: int) -> None:
    """Wait until a run has decided on so many more ticks."""
    before = len(events_of(parts.api, run_id, "tape.decided"))
    logs = "\n".join(one.log.read_text()[-1500:] for one in parts.engines)
    wait_until(
        lambda: len(events_of(parts.api, run_id, "tape.decided")) >= before + more,
        TAKE_OVER_SECONDS,
        f"{more} more decisions; the engines' logs so far:\n{logs}",
    )


def sessions_of(server: WeaverServer) -> set[str]:
    """Return the runs whose sessions a process keeps."""
    return {one["run_id"] for one in server.get("/system/processes")["items"] if one["kind"] == "session"}


def figure(server: WeaverServer, name: str) -> float:
    """Return one figure of a process."""
    lines = server.api.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def test_runs_are_traded_shown_halted_and_taken_over_by_processes_of_their_own(parts: Parts) -> None:
    first_run, second_run = start(parts), start(parts)
    holding = [engine for engine in parts.engines if sessions_of(engine)]
    assert [sessions_of(engine) for engine in holding] == [{first_run, second_run}], "an account's runs stay together"
    assert sessions_of(parts.api) == sessions_of(parts.projector) == set()
    shown = parts.api.get("/orders", run_id=first_run, min_position=parts.api.get("/info")["journal_position"])
    assert shown["total"] >= 1

    halted = parts.api.api.post("/api/v1/halt", json={"reason": "a look at it"})
    assert (halted.status_code, halted.json()["halted"]) == (202, True)
    wait_until(lambda: figure(holding[0], "weaver_trading_halted") == 1, 5.0, "the engine knows of the halt")
    assert parts.api.api.post("/api/v1/resume").status_code == 202
    wait_until(lambda: figure(holding[0], "weaver_trading_halted") == 0, 5.0, "the engine goes on")

    holding[0].kill()
    for run_id in (first_run, second_run):
        wait_for_decisions(parts, run_id, 2)
    [other] = [engine for engine in parts.engines if engine is not holding[0]]
    assert sessions_of(other) == {first_run, second_run}
    for run_id in (first_run, second_run):
        assert parts.api.api.post(f"/api/v1/runs/{run_id}/stop").status_code == 202
        parts.api.wait_for_end(run_id)
        assert_undivided(events_of(parts.api, run_id))


def test_each_role_answers_what_is_its_own_and_says_where_to_ask_for_the_rest(parts: Parts) -> None:
    engine = parts.engines[0]
    for server in (parts.api, parts.projector, engine):
        assert server.api.get("/healthz").json()["status"] == "ok"
        assert server.api.get("/readyz").json()["status"] == "ready"
        assert server.get("/system/log")["items"]
    refused = engine.api.get("/api/v1/runs")
    assert refused.status_code == 404
    assert "role engine: ask one with the role api or all" in refused.json()["message"]
    assert engine.get("/risk")["halted"] is False
    assert parts.projector.api.post("/api/v1/halt").status_code == 404
    assert engine.api.get("/", headers={"accept": "text/html"}).status_code == 404
    assert parts.api.api.get("/", headers={"accept": "text/html"}).status_code == 200


def test_an_interface_without_a_projector_says_how_old_its_answers_are_and_catches_up(parts: Parts) -> None:
    run_id = parts.api.create_run(mode="paper", symbols=[SYMBOL], timeframe=TIMEFRAME, strategy_id="busy")
    parts.projector.kill()
    changed = parts.api.api.post(f"/api/v1/runs/{run_id}/start")
    position = int(changed.headers["weaver-position"])
    behind = parts.api.api.get(f"/api/v1/runs/{run_id}", params={"min_position": position})
    assert (behind.status_code, behind.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
    parts.projector.start()
    assert parts.api.get(f"/runs/{run_id}", min_position=position)["id"] == run_id

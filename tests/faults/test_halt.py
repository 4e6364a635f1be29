"""`POST /halt` while orders work: all are cancelled at the exchange, nothing leaves, and it holds over a restart."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interfaces.database import migrate
from tests.faults.invariants import FINAL_AT_THE_EXCHANGE, no_crash_loop, nobody_had_to_intervene
from tests.faults.script import PATIENT
from tests.faults.trial import Stage
from tests.postgres_servers import SystemServer, debian_binaries

pytestmark = pytest.mark.timeout(600)

# Of the request; what is under way at the exchange gets as long as one answer may take.
ANSWER_SECONDS, IN_FLIGHT_SECONDS = 2.0, 1.0
CANCELLED_WITHIN = 20.0
WATCHED_SECONDS = 4.0
AWAY_SECONDS = 5.0


def halt(stage: Stage) -> dict[str, Any]:
    """Throw the switch; return the answer, which does not wait for the database."""
    began = time.monotonic()
    answer = stage.weaver.api.post("/api/v1/halt", json={"reason": "a test"})
    assert answer.status_code == 202, answer.text
    stage.story.tell(f"halted within {time.monotonic() - began:.3f} s")
    assert time.monotonic() - began < ANSWER_SECONDS
    halted: dict[str, Any] = answer.json()
    return halted


def working(stage: Stage) -> list[str]:
    """The orders that work at the exchange."""
    return [one["id"] for one in stage.accepted() if one["status"] not in FINAL_AT_THE_EXCHANGE]


def assert_nothing_leaves(stage: Stage) -> None:
    """Watch the exchange for some seconds: no order arrives."""
    time.sleep(IN_FLIGHT_SECONDS)  # what had left before may still arrive
    before = len(stage.accepted())
    time.sleep(WATCHED_SECONDS)  # that nothing happens can only be watched
    assert len(stage.accepted()) == before, stage.told()


def test_a_halt_cancels_everything_and_holds_over_a_restart_until_it_is_resumed(stage: Stage) -> None:
    stage.trade(PATIENT)
    assert halt(stage)["position"] is not None
    stage.wait(lambda: not working(stage), CANCELLED_WITHIN, "every order is cancelled")
    assert_nothing_leaves(stage)
    stage.kill_main()
    assert_nothing_leaves(stage)
    assert stage.weaver.get("/risk")["halted"]
    assert stage.weaver.api.post("/api/v1/resume").status_code == 202
    stage.recover()
    stage.stop()
    assert stage.judged(nobody_had_to_intervene) == [], stage.told()


@pytest.fixture
def server() -> Iterator[SystemServer]:
    """A database server that a test may stop."""
    binaries = debian_binaries()
    if binaries is None:
        pytest.skip("no system PostgreSQL of version 15 or newer is installed (Debian: apt-get install postgresql)")
    with tempfile.TemporaryDirectory(prefix="weaver-halt-") as directory:
        database = SystemServer(binaries, Path(directory))
        database.start()
        try:
            yield database
        finally:
            database.stop()


def test_a_halt_does_not_wait_for_the_database(tmp_path: Path, server: SystemServer) -> None:
    migrate(server.url)
    with Stage(tmp_path, server.url) as stage:
        stage.trade(PATIENT)
        server.stop()
        assert halt(stage)["position"] is None
        stage.wait(lambda: not working(stage), CANCELLED_WITHIN, "every order is cancelled without the database")
        time.sleep(AWAY_SECONDS)  # the database stays away
        server.start()
        stage.wait(lambda: bool(stage.status()), CANCELLED_WITHIN, "the server answers again")
        assert_nothing_leaves(stage)
        stage.wait(lambda: bool(stage.weaver.get("/risk")["halted"]), CANCELLED_WITHIN, "the halt is recorded")
        assert stage.weaver.api.post("/api/v1/resume").status_code == 202
        stage.recover()
        stage.stop()
        # sessions end when they cannot read the journal, and are started again
        assert stage.judged(nobody_had_to_intervene, no_crash_loop) == [], stage.told()

"""The database goes away under a running server and comes back: read models are at the head within five seconds."""

import tempfile
import time
from pathlib import Path

import pytest

from application.journal import Journal
from domain.events import Chain, Recorded
from domain.ids import new_id
from interfaces.database import connect, migrate
from interfaces.event_store import journal_environment
from tests.interfaces.web.scenes import described
from tests.postgres_servers import SystemServer, debian_binaries
from tests.system.weaver_process import WeaverServer, wait_until

CATCH_UP_SECONDS = 5.0
RESTARTS = 3
AWAY_SECONDS = 3.0
CHAIN = Chain("restart", "restart", actor="test")


def record_runs(url: str, count: int) -> int:
    """Record runs nobody has started, as another process would; return the last position."""
    with Journal(journal_environment(url, pool_size=1)) as journal:
        for run_id in (new_id() for _ in range(count)):
            journal.append_batch([Recorded(run_id, 1, described())], run_id, CHAIN)
        return journal.head()


def test_read_models_are_at_the_head_five_seconds_after_the_database_is_back(tmp_path: Path) -> None:
    binaries = debian_binaries()
    if binaries is None:
        pytest.skip("no system PostgreSQL of version 15 or newer is installed (Debian: apt-get install postgresql)")
    with tempfile.TemporaryDirectory(prefix="weaver-restart-") as directory:
        database = SystemServer(binaries, Path(directory))
        database.start()
        try:
            migrate(database.url)
            record_runs(database.url, 3)
            with WeaverServer(tmp_path, WEAVER_DATABASE_URL=database.url) as server:
                for number in range(RESTARTS):
                    take_away_and_watch(server, database, expected=3 + 20 * (number + 1))
        finally:
            database.stop()


def take_away_and_watch(server: WeaverServer, database: SystemServer, expected: int) -> None:
    """Stop the database until the server has noticed, start it, record runs, and see all of them in time."""
    database.stop()
    wait_until(lambda: server.api.get("/readyz").status_code == 503, 20, "the server notices")
    gone = time.monotonic()
    wait_until(lambda: time.monotonic() - gone > AWAY_SECONDS, 20, "every backoff has grown")
    database.start()
    with connect(database.url):
        back = time.monotonic()
    head = record_runs(database.url, 20)

    def is_at_head() -> bool:
        answer = server.api.get("/api/v1/system/read-models")
        return answer.status_code == 200 and all(item["position"] >= head for item in answer.json()["items"])

    wait_until(is_at_head, 30, "every read model is at the head")
    took = time.monotonic() - back
    assert took <= CATCH_UP_SECONDS, f"caught up after {took:.1f} s"
    assert server.get("/runs", min_position=head)["total"] == expected
    # by the projector, for which the server stands by, or by the server until the projector is back

    def is_led() -> bool:
        return {item["state"] for item in server.get("/system/read-models")["items"]} <= {"standby", "following"}

    wait_until(is_led, 20, "somebody leads every read model")

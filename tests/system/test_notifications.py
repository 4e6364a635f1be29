"""Notifications as a user has them: a server with a file of channels, a receiver, and kill -9 at any moment."""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from application.journal import Journal
from interfaces.database import connect, migrate
from interfaces.embedded_postgres import EmbeddedPostgres
from interfaces.event_store import journal_environment
from tests.interfaces.notifications.receiver import Receiver
from tests.interfaces.notifications.scene import SECRET, failure, record, record_run
from tests.system.paper_trading import BUSY, events_of
from tests.system.weaver_process import WeaverServer, wait_until, weaver

KILLS = int(os.environ.get("WEAVER_TEST_KILLS", "10"))
LONGEST_LIFE = 1.0
SYMBOL = "TEST/USD"

pytestmark = pytest.mark.timeout(1200)


class Channels(NamedTuple):
    """Where messages go, and the file that says so."""

    receiver: Receiver
    file: Path

    @property
    def settings(self) -> dict[str, str]:
        return {"WEAVER_NOTIFICATIONS": str(self.file), "SIGNING": SECRET}

    def told(self) -> list[tuple[str, str]]:
        """What was taken: type of the event, and the id of its delivery."""
        return [(one.body["type"], one.delivery) for one in self.receiver.taken]


@pytest.fixture
def channels(tmp_path: Path) -> Iterator[Channels]:
    """A channel for everything that went wrong, and one that nobody answers at."""
    file = tmp_path / "notifications.toml"
    with Receiver() as receiver, Receiver() as dead:
        dead.hold()
        usual = 'kind = "webhook"\nsecret_env = "SIGNING"\nper_minute = 1000\nevents = ["run.error", "risk.halted"]\n'
        file.write_text(
            f'[[channel]]\nname = "program"\nurl = "{receiver.url}"\n{usual}'
            f'[[channel]]\nname = "dead"\nurl = "{dead.url}"\n{usual}'
        )
        yield Channels(receiver, file)


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    """A PostgreSQL of the test's own; it outlives every server."""
    with EmbeddedPostgres(tmp_path / "postgres") as postgres:
        migrate(postgres.url)
        yield postgres.url


def test_a_paper_run_that_fails_and_a_halt_are_one_message_each(tmp_path: Path, home: Path, channels: Channels) -> None:
    own = tmp_path / "home"
    (own / "strategies").mkdir(parents=True)
    (own / "strategies" / "busy.py").write_text(BUSY)
    done = weaver(own, "data", "import", str(home / "sample.csv"), "--symbol", SYMBOL, "--timeframe", "1m")
    assert done.returncode == 0, done.stderr
    with WeaverServer(own, **channels.settings) as server:
        run_id = server.create_run(
            mode="paper", symbols=[SYMBOL], strategy_id="busy", timeframe="5s", name="nights", config={"fail_at": 2}
        )
        server.start_run(run_id)
        assert server.wait_for_end(run_id, 120)["status"] == "error"
        wait_until(lambda: channels.told() or None, 60, "the failure is told")
        [failed] = channels.receiver.taken
        assert failed.body["run_id"] == run_id
        assert failed.body["id"] == events_of(server, run_id, "run.error")[0]["id"]
        assert "paper run nights: has failed\nwhy: " in failed.body["text"]
        assert server.api.post("/api/v1/halt", json={"reason": "enough for today"}).status_code == 202
        wait_until(lambda: len(channels.told()) == 2, 60, "the halt is told")
        assert "all trading: is halted\nwhy: enough for today" in channels.receiver.taken[1].body["text"]

        def sent() -> dict[str, int]:
            return {one["name"]: one["deliveries"]["sent"] for one in server.get("/notifications")["items"]}

        # what was taken is recorded a moment later; the dead channel has had its attempt, and nobody else knows
        wait_until(lambda: sent()["program"] == 2, 60, "both are recorded as sent")
        assert sent()["dead"] == 0
        assert SECRET not in server.log.read_text()
    with WeaverServer(own, **channels.settings) as server:
        wait_until(lambda: server.get("/notifications")["items"][0]["state"] == "ok", 60, "the channel is opened again")
        assert server.api.post("/api/v1/resume").status_code == 202
        assert server.api.post("/api/v1/halt", json={"reason": "again"}).status_code == 202
        wait_until(lambda: len(channels.told()) == 3, 60, "the second halt is told")
    assert [topic for topic, _ in channels.told()] == ["run.error", "risk.halted", "risk.halted"]


class Trouble(threading.Thread):
    """Runs that fail, one after the other, until it is stopped: many while `busy` is set, else one now and then.

    positions: of the failures that were recorded.
    """

    def __init__(self, database_url: str) -> None:
        super().__init__(name="trouble", daemon=True)
        self._url = database_url
        self._stopping = threading.Event()
        self.busy = threading.Event()
        self.busy.set()
        self.positions: list[int] = []

    def run(self) -> None:
        """Record a failure about thirty times a second, or every two seconds."""
        with Journal(journal_environment(self._url)) as journal:
            while not self._stopping.wait(0.03):
                self.busy.wait(2)
                self.positions.append(record(journal, record_run(journal), failure(), version=2))

    def stop(self) -> None:
        self._stopping.set()
        self.join(30)
        assert not self.is_alive()


def answers(server: WeaverServer) -> bool:
    """Whether the server lives, ready or not."""
    try:
        return server.api.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def sent(database_url: str) -> list[int]:
    """Return the positions whose delivery to the living channel is recorded as sent."""
    with connect(database_url) as connection:
        rows = connection.execute(
            "select position from notification_deliveries "
            "where channel = 'program' and state = 'sent' order by position"
        )
        return [position for (position,) in rows]


def require_told(channels: Channels, database_url: str, positions: list[int]) -> None:
    """Check that every failure has arrived, under one id each and always with the same body."""
    wait_until(lambda: sent(database_url) == positions, 180, f"{len(positions)} deliveries are recorded as sent")
    arrived: dict[int, set[tuple[str, bytes]]] = {}
    for one in channels.receiver.taken:
        arrived.setdefault(one.body["position"], set()).add((one.delivery, one.raw))
    assert sorted(arrived) == positions, "missing or strange"
    assert [position for position, seen in arrived.items() if len(seen) != 1] == [], "another id or body"
    assert max(Counter(delivery for seen in arrived.values() for delivery, _ in seen).values()) == 1


def test_ten_kills_lose_nothing_and_give_no_event_a_second_id(
    tmp_path: Path, database_url: str, channels: Channels
) -> None:
    seed = int(os.environ.get("WEAVER_TEST_SEED", time.monotonic_ns() % 2**32))
    print(f"WEAVER_TEST_SEED={seed}")  # noqa: T201 - what it takes to see a failure again
    chance = random.Random(seed)
    channels.receiver.pause = 0.02
    with WeaverServer(tmp_path, WEAVER_DATABASE_URL=database_url, **channels.settings) as server:
        wait_until(lambda: server.get("/notifications")["items"][0]["state"] == "ok", 60, "the channel is opened")
        trouble = Trouble(database_url)
        trouble.start()
        for _ in range(KILLS):
            threading.Event().wait(chance.uniform(0, LONGEST_LIFE))  # a random moment of its life
            server.kill()
            trouble.busy.clear()
            server.spawn()
            wait_until(lambda: answers(server), 180, "the server answers again")
            trouble.busy.set()
        trouble.stop()
        require_told(channels, database_url, trouble.positions)
    repeated = len(channels.receiver.taken) - len(trouble.positions)
    assert repeated <= KILLS, "only an attempt that a kill interrupted is made again"
    print(f"{len(trouble.positions)} failures, {repeated} told again under the same id")  # noqa: T201 - for the record


def test_two_servers_tell_nothing_twice(tmp_path: Path, database_url: str, channels: Channels) -> None:
    homes = [tmp_path / "one", tmp_path / "two"]
    for own in homes:
        own.mkdir()
    settings = channels.settings | {"WEAVER_DATABASE_URL": database_url}
    with WeaverServer(homes[0], **settings) as first, WeaverServer(homes[1], **settings) as second:
        wait_until(lambda: first.get("/notifications")["items"][0]["state"] == "ok", 60, "the channel is opened")
        trouble = Trouble(database_url)
        trouble.start()
        wait_until(lambda: len(channels.told()) >= 30, 60, "thirty failures are told")
        first.stop()
        so_far = len(channels.told())
        wait_until(lambda: len(channels.told()) >= so_far + 30, 60, "the other server has taken over")
        trouble.stop()
        require_told(channels, database_url, trouble.positions)
        assert second.api.get("/healthz").status_code == 200
    assert len(channels.receiver.taken) == len(trouble.positions), "told twice"

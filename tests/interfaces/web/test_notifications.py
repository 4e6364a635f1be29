"""Channels over REST and in the metrics: how each stands, and nothing of where it leads."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from interfaces.composition import Weaver, compose
from interfaces.database import connect
from interfaces.notifications.channels import read_channels
from interfaces.settings import Settings
from tests.interfaces.notifications.receiver import Receiver
from tests.interfaces.notifications.scene import SECRET, failure, record, record_run
from tests.interfaces.web.scenes import Served, served, until
from tests.interfaces.web.test_metrics import scraped, value

FILE = """
[[channel]]
name = "program"
kind = "webhook"
url = "{url}/a-path-nobody-may-see"
secret = "{secret}"
events = ["run.*"]

[[channel]]
name = "refusing"
kind = "slack"
url = "{refusing}/another-path-nobody-may-see"
"""


@pytest.fixture
def receivers() -> Iterator[tuple[Receiver, Receiver]]:
    with Receiver() as taking, Receiver() as refusing:
        refusing.statuses.extend([404] * 100)
        yield taking, refusing


@pytest.fixture
def server(database_url: str, tmp_path: Path, receivers: tuple[Receiver, Receiver]) -> Iterator[Served]:
    """A whole Weaver with two channels, one of which takes nothing."""
    path = tmp_path / "notifications.toml"
    taking, refusing = receivers
    path.write_text(FILE.format(url=taking.url, secret=SECRET, refusing=refusing.url))
    settings = Settings.read(home=tmp_path, port=0, strategies_dir=tmp_path / "strategies", notifications=path)
    weaver = compose(settings, database_url, channels=read_channels(path, {}))
    weaver.start()
    try:
        with served(weaver) as server:
            until(lambda: all(one.standing is not None for one in weaver.notifier.snapshots()))
            yield server
    finally:
        weaver.stop()


def fail_a_run(weaver: Weaver) -> None:
    record(weaver.journal, record_run(weaver.journal), failure(), version=2)


def test_channels_are_listed_with_how_they_stand(server: Served, api: httpx.Client, database_url: str) -> None:
    fail_a_run(server.weaver)
    until(lambda: [one["state"] for one in api.get("/notifications").json()["items"]] == ["ok", "parked"])
    until(lambda: api.get("/notifications").json()["items"][0]["deliveries"]["sent"] == 1)
    answer = api.get("/notifications")
    taking, refusing = answer.json()["items"]
    assert {name: taking[name] for name in ("name", "kind", "events", "minimum_severity", "modes", "is_quiet")} == {
        "name": "program",
        "kind": "webhook",
        "events": ["run.*"],
        "minimum_severity": "warning",
        "modes": ["paper", "live"],
        "is_quiet": False,
    }
    assert taking["deliveries"] == {"pending": 0, "sending": 0, "sent": 1, "parked": 0, "skipped": 0}
    assert taking["last_error"] is None
    assert taking["last_success_at"].endswith("Z")
    assert refusing["deliveries"]["parked"] == 1
    assert refusing["last_error"] == "404 ok"
    text = answer.text + api.get("/system/log").text
    assert not [secret for secret in (SECRET, "nobody-may-see") if secret in text]
    assert api.get("/notifications?page=2").status_code == 422
    with connect(database_url) as connection:
        [(errors,)] = connection.execute("select string_agg(last_error, ' ') from notification_deliveries")
    assert "nobody-may-see" not in errors


def test_a_channel_in_trouble_is_in_the_metrics_and_the_process_is_ready(server: Served) -> None:
    fail_a_run(server.weaver)
    name, messages = "weaver_notification_deliveries", "weaver_notification_messages_total"
    until(lambda: value(scraped(server), name, channel="refusing", state="parked") == 1)
    until(lambda: value(scraped(server), name, channel="program", state="sent") == 1)
    samples = scraped(server)
    assert value(samples, messages, channel="refusing", outcome="parked") == 1
    assert value(samples, messages, channel="program", outcome="sent") == 1
    assert value(samples, messages, channel="program", outcome="failed") == 0
    assert value(samples, "weaver_notification_oldest_pending_seconds", channel="program") == 0
    assert value(samples, "weaver_notification_channel_up", channel="program") == 1
    with server.client() as client:
        assert client.get("/readyz").status_code == 200


def test_without_a_file_there_is_none(lasting_api: httpx.Client) -> None:
    assert lasting_api.get("/notifications").json() == {"items": []}

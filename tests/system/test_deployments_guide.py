"""The bridge of docs/deployments.md, as it stands there: a real server, and a broker that is away now and then."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.system.weaver_process import ROOT, WeaverServer


class Away(Exception):
    """The broker does not answer."""


class Broker:
    """Takes messages, drops those whose id it has seen, and is away at some calls."""

    AWAY_AT = (3, 40, 200)

    def __init__(self, wanted: int) -> None:
        self.calls = 0
        self.taken: dict[str, tuple[str, dict[str, Any]]] = {}
        self._wanted = wanted

    async def publish(self, subject: str, message: bytes, event_id: str) -> None:
        self.calls += 1
        if self.calls in self.AWAY_AT:
            raise Away
        self.taken.setdefault(event_id, (subject, json.loads(message)))
        if len(self.taken) >= self._wanted:
            raise asyncio.CancelledError  # enough, for a test


def bridge() -> dict[str, Any]:
    """Return what the page's program defines."""
    page = (ROOT / "docs" / "deployments.md").read_text()
    [program] = [block.split("```")[0] for block in page.split("```python\n")[1:]]
    defined: dict[str, Any] = {"__name__": "bridge"}
    exec(compile(program, "docs/deployments.md", "exec"), defined)
    return defined


async def followed(url: str, broker: Broker) -> None:
    """Run the program again and again, as a service manager would, until the broker has had enough."""
    while True:
        async with httpx.AsyncClient(base_url=url, timeout=40) as api:
            try:
                await bridge()["follow"](api, broker.publish)
            except Away:
                continue
            except asyncio.CancelledError:
                return


def test_a_broker_gets_every_event_once_and_in_order_whenever_it_is_away(
    server: WeaverServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    day = {"start_time": "2025-01-01T00:00:00Z", "end_time": "2025-01-02T00:00:00Z"}
    server.start_run(run_id := server.create_run(symbols=["TEST/USD"], timeframe="1m", **day))
    server.wait_for_end(run_id)
    events, after = [], 0
    while page := (answer := server.get("/events/tail", after=after, limit=500))["items"]:
        events += page
        after = answer["next_after"]
    broker = Broker(len(events))
    asyncio.run(followed(server.url, broker))
    assert list(broker.taken) == [event["id"] for event in events]
    assert list(broker.taken.values()) == [(f"weaver.{event['type']}", event) for event in events]
    assert broker.calls > len(events), "the broker was away, so some were published again"

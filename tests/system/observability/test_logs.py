"""The log of a trading server: JSON with documented fields on every line, nothing at every tick, and no secret."""

import json
import re
from typing import Any

import pytest

from tests.system.observability.catalogue import ROOT
from tests.system.observability.conftest import Desk
from tests.system.paper_trading import events_of
from tests.system.weaver_process import wait_until

pytestmark = pytest.mark.timeout(300)
ALWAYS = {"event", "level", "logger", "timestamp"}
# What is printed for people at the start, before and beside the log.
ANNOUNCEMENT = re.compile(r"^Haro is at http")


def documented() -> set[str]:
    """Every field of docs/logging.md."""
    text = (ROOT / "docs" / "logging.md").read_text()
    _, _, fields = text.partition("## Fields")
    fields, _, _ = fields.partition("## Shipping")
    return {
        name for row in re.findall(r"^\| (`[^|]+) \|", fields, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }


def lines(desk: Desk) -> list[dict[str, Any]]:
    """Every line so far; one that is no JSON object fails."""
    written = [line for line in desk.server.log.read_text().splitlines() if not ANNOUNCEMENT.match(line)]
    return [json.loads(line) for line in written]


def test_every_line_has_the_four_fields_and_only_documented_ones(desk: Desk) -> None:
    desk.server.api.post(f"/api/v1/runs/{desk.simulated}/pause")
    desk.server.api.post(f"/api/v1/runs/{desk.simulated}/resume")
    desk.server.api.get("/api/v1/runs/no-such-run")
    seen = lines(desk)
    assert {"request", "a command is recorded", "session started"} <= {line["event"] for line in seen}
    for line in seen:
        assert line.keys() >= ALWAYS, line
        assert line["level"] in ("debug", "info", "warning", "error")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["timestamp"])
        if line["logger"] != "strategy":
            assert line.keys() <= documented(), f"add its fields to docs/logging.md: {line}"


def test_no_line_tells_a_key(desk: Desk) -> None:
    text = desk.server.log.read_text()
    secrets = [value for name, value in desk.alpaca.settings().items() if name.endswith(("KEY_ID", "SECRET_KEY"))]
    assert len(secrets) == 4
    assert [secret for secret in secrets if secret in text] == []


def test_a_quiet_run_writes_nothing_at_its_ticks(desk: Desk) -> None:
    wait_until(lambda: len(events_of(desk.server, desk.at_alpaca, "tape.ticked")) >= 3, 60, "it ticks")
    before, ticks = len(lines(desk)), len(events_of(desk.server, desk.at_alpaca, "tape.ticked"))
    for _ in range(20):
        desk.scrape()
        assert desk.server.api.get("/healthz").status_code == 200
    wait_until(lambda: len(events_of(desk.server, desk.at_alpaca, "tape.ticked")) >= ticks + 15, 60, "15 ticks more")
    by_weaver = [
        line
        for line in lines(desk)[before:]
        if line["logger"] != "strategy" and not str(line.get("path", "")).startswith("/api/")
    ]
    assert len(by_weaver) <= 3, by_weaver

"""What a process tells of itself: the newest lines of its log, redacted, and what runs here."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from domain.ids import new_id
from interfaces import logs
from interfaces.composition import Weaver
from interfaces.logs import HIDDEN, MOST_KEPT, KeptLines, configure_logs
from interfaces.session_process import ChildProcess
from tests.interfaces.web.scenes import require_error, until

SECRET = "a-secret-nobody-may-read"


@pytest.fixture
def logged(weaver: Weaver, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeptLines]:
    """What is logged is kept as `weaver serve` keeps it, and logging is left as it was."""
    root, kept = logging.getLogger(), KeptLines()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(logs, "KEPT_LINES", kept)
    monkeypatch.setattr("interfaces.web.process.KEPT_LINES", kept)
    configure_logs("INFO", "console", [SECRET], keeps_lines=True)
    yield kept
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(api: httpx.Client, **asked: Any) -> tuple[list[dict[str, Any]], int]:
    answer = api.get("/system/log", params=asked)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return [line for line in body["items"] if line["logger"] == "scene"], body["next_after"]


def test_what_was_logged_is_shown_with_its_fields_and_without_secrets(api: httpx.Client, logged: KeptLines) -> None:
    log = structlog.get_logger("scene")
    log.warning(f"the key is {SECRET}", run_id="7", bars=3)
    logging.getLogger("scene").error("of a library: %s", SECRET)
    (first, second), reached = lines(api)
    assert (first["level"], first["message"], first["fields"]) == (
        "warning",
        f"the key is {HIDDEN}",
        {"run_id": "7", "bars": 3},
    )
    assert (second["level"], second["message"]) == ("error", f"of a library: {HIDDEN}")
    assert second["number"] > first["number"]
    assert first["at"].endswith("Z")
    log.info("later")
    [later], _ = lines(api, after=reached)
    assert later["message"] == "later"
    assert [line["message"] for line in lines(api, level="error")[0]] == [second["message"]]


def test_the_log_is_followed_line_by_line_and_from_its_beginning_after_a_restart(
    api: httpx.Client, logged: KeptLines
) -> None:
    log = structlog.get_logger("scene")
    for number in range(5):
        log.error("line", of=number)
    found, after = [], 0
    for _ in range(5):
        shown, after = lines(api, after=after, limit=1, level="error")
        found += [line["fields"]["of"] for line in shown]
    assert found == [0, 1, 2, 3, 4]
    assert [line["fields"]["of"] for line in lines(api, limit=2, level="error")[0]] == [3, 4]
    assert len(lines(api, after=10**9)[0]) == 5
    require_error(api.get("/system/log", params={"level": "loud"}), 422, "VALIDATION_ERROR")
    require_error(api.get("/system/log", params={"limit": MOST_KEPT + 1}), 422, "VALIDATION_ERROR")


def test_only_the_newest_lines_are_kept() -> None:
    kept = KeptLines()
    kept.setFormatter(logging.Formatter('{"event": "%(message)s", "level": "info"}'))
    for number in range(MOST_KEPT + 5):
        kept.handle(logging.makeLogRecord({"msg": str(number)}))
    found = kept.after(None, MOST_KEPT)
    assert (len(found), found[0].message, kept.newest) == (MOST_KEPT, "5", MOST_KEPT + 5)


def test_the_server_and_the_sessions_of_runs_are_listed(api: httpx.Client, weaver: Weaver) -> None:
    [own] = api.get("/system/processes").json()["items"]
    assert (own["kind"], own["pid"], own["run_id"]) == ("server", os.getpid(), None)
    assert "supervisor" in own["threads"]
    assert own["memory_bytes"] is None or own["memory_bytes"] > 10**6
    assert Path(f"/proc/{os.getpid()}").exists() == (own["memory_bytes"] is not None)
    run_id = new_id()
    child = weaver.launcher.launch(run_id)
    assert isinstance(child, ChildProcess)
    try:
        [_, session] = api.get("/system/processes").json()["items"]
        assert (session["kind"], session["pid"], session["run_id"]) == ("session", child.pid, str(run_id))
        assert session["since"] > own["since"]
    finally:
        child.kill()
    until(lambda: len(api.get("/system/processes").json()["items"]) == 1)

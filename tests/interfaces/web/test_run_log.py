"""A run's log over REST: oldest first, by page and by cursor, filtered, and nothing else than what was logged."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.ids import new_id
from domain.run_log import RunLog, log_line, log_stream_id
from interfaces.composition import Weaver
from tests.interfaces.web.scenes import CHAIN, START, record_run, require_error

LINES = 7


@pytest.fixture
def logged(weaver: Weaver) -> UUID:
    """A run with a log of seven lines, a minute apart."""
    run_id = record_run(weaver)
    log = RunLog(log_stream_id(run_id))
    for number in range(LINES):
        at = START + timedelta(minutes=number)
        log.write(log_line(at, f"Line {number}", {"price": 251.5, "nothing": None, "what": {"a": 1}, "up": True}))
    log.record(run_id)
    weaver.journal.append_batch(log.collect_events(), run_id, CHAIN)
    return run_id


def fresh(weaver: Weaver, **params: Any) -> dict[str, Any]:
    """The parameters, and that the answer must show all there is."""
    return {"min_position": weaver.journal.head()} | params


def test_a_log_is_a_list_of_lines_oldest_first(api: httpx.Client, weaver: Weaver, logged: UUID) -> None:
    answer = api.get(f"/runs/{logged}/log", params=fresh(weaver)).json()
    assert {name: answer[name] for name in ("total", "page", "page_size", "next_cursor")} == {
        "total": LINES,
        "page": 1,
        "page_size": 50,
        "next_cursor": None,
    }
    assert [line["message"] for line in answer["items"]] == [f"Line {number}" for number in range(LINES)]
    assert answer["items"][1] == {
        "number": 2,
        "at": "2024-01-01T00:01:00Z",
        "source": "strategy",
        "level": "info",
        "message": "Line 1",
        "fields": {"price": 251.5, "nothing": None, "what": "{'a': 1}", "up": True},
    }


def test_a_cursor_leads_through_the_whole_log(api: httpx.Client, weaver: Weaver, logged: UUID) -> None:
    seen: list[int] = []
    params = fresh(weaver, page_size=3)
    while True:
        page = api.get(f"/runs/{logged}/log", params=params).json()
        assert page["total"] == LINES
        seen += [line["number"] for line in page["items"]]
        if page["next_cursor"] is None:
            break
        params = fresh(weaver, page_size=3, cursor=page["next_cursor"])
    assert seen == list(range(1, LINES + 1))
    second = api.get(f"/runs/{logged}/log", params=fresh(weaver, page_size=3, page=2)).json()
    assert [line["number"] for line in second["items"]] == [4, 5, 6]


def test_lines_are_found_by_time_and_text(api: httpx.Client, weaver: Weaver, logged: UUID) -> None:
    window = {"start": "2024-01-01T00:02:00Z", "end": "2024-01-01T00:04:00Z"}
    for params, numbers in ((window, [3, 4]), ({"text": "line 6"}, [7]), (window | {"text": "6"}, [])):
        page = api.get(f"/runs/{logged}/log", params=fresh(weaver, **params)).json()
        assert ([line["number"] for line in page["items"]], page["total"]) == (numbers, len(numbers))


def test_what_cannot_be_meant_is_refused(api: httpx.Client, weaver: Weaver, logged: UUID) -> None:
    require_error(api.get(f"/runs/{new_id()}/log"), 404, "NOT_FOUND")
    for params in ({"level": "info"}, {"text": ""}, {"text": "a\0b"}, {"start": "yesterday"}):
        require_error(api.get(f"/runs/{logged}/log", params=params), 422, "VALIDATION_ERROR")
    cursor = api.get(f"/runs/{logged}/log", params=fresh(weaver, page_size=1)).json()["next_cursor"]
    require_error(api.get(f"/runs/{logged}/log", params={"cursor": cursor, "text": "line"}), 400, "BAD_REQUEST")


def test_a_run_that_logged_nothing_has_an_empty_log(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver)
    page = api.get(f"/runs/{run_id}/log", params=fresh(weaver)).json()
    assert (page["items"], page["total"]) == ([], 0)

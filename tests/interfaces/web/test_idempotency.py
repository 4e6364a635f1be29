"""`Idempotency-Key`: a request is carried out once, however often and however simultaneously it comes."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import psycopg
import pytest

from domain.ids import new_id
from interfaces.composition import Weaver
from tests.interfaces.web.scenes import Served, new_backtest, record_run, require_error

AT_ONCE = 1_000


def key(text: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": text or str(new_id())}


def test_a_repeated_request_gets_the_first_answer_and_changes_nothing(api: httpx.Client, weaver: Weaver) -> None:
    asked: dict[str, Any] = {"json": new_backtest(name="once"), "headers": key()}
    first = api.post("/runs", **asked)
    head = weaver.journal.head()
    again = api.post("/runs", **asked)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    for header in ("location", "weaver-position"):
        assert again.headers[header] == first.headers[header]
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert weaver.journal.head() == head


def test_the_order_of_fields_and_spaces_do_not_make_another_request(api: httpx.Client) -> None:
    headers = key() | {"Content-Type": "application/json"}
    body = '{"strategy_id":"sma_cross","mode":"backtest","symbols":["BTC/USD"],"timeframe":"1h",%s}'
    times = '"start_time":"2024-01-01T00:00:00Z","end_time":"2024-01-10T00:00:00Z"'
    first = api.post("/runs", content=body % times, headers=headers)
    assert first.status_code == 201, first.text
    turned = '{ "mode": "backtest", "strategy_id": "sma_cross", ' + (body % times).partition('"backtest",')[2]
    again = api.post("/runs", content=turned, headers=headers)
    assert again.json() == first.json()


@pytest.mark.parametrize("change", [{"name": "another"}, {"config": {"fast": 7}}, {"initial_cash": "1"}])
def test_a_key_of_another_request_is_refused(api: httpx.Client, weaver: Weaver, change: dict[str, object]) -> None:
    headers = key()
    assert api.post("/runs", json=new_backtest(), headers=headers).status_code == 201
    head = weaver.journal.head()
    refused = api.post("/runs", json=new_backtest(**change), headers=headers)
    require_error(refused, 422, "IDEMPOTENCY_MISMATCH")
    assert weaver.journal.head() == head


def test_a_key_of_another_route_is_refused(api: httpx.Client, weaver: Weaver) -> None:
    headers = key()
    first, second = record_run(weaver), record_run(weaver)
    assert api.post(f"/runs/{first}/start", headers=headers).status_code == 202
    require_error(api.post(f"/runs/{second}/start", headers=headers), 422, "IDEMPOTENCY_MISMATCH")
    require_error(api.post(f"/runs/{first}/stop", headers=headers), 422, "IDEMPOTENCY_MISMATCH")


def test_a_start_that_is_repeated_is_no_second_start(api: httpx.Client, weaver: Weaver) -> None:
    run_id, headers = record_run(weaver), key()
    first = api.post(f"/runs/{run_id}/start", headers=headers)
    again = api.post(f"/runs/{run_id}/start", headers=headers)
    assert (first.status_code, again.status_code) == (202, 202), again.text
    assert first.json() == again.json()
    require_error(api.post(f"/runs/{run_id}/start", headers=key()), 409, "RUN_NOT_STARTABLE")


def test_a_command_without_effect_is_remembered_as_well(api: httpx.Client, weaver: Weaver) -> None:
    run_id = record_run(weaver)
    assert api.post(f"/runs/{run_id}/start").status_code == 202
    assert api.post(f"/runs/{run_id}/stop").status_code == 202
    headers = key()
    first = api.post(f"/runs/{run_id}/stop", headers=headers)
    api.post("/runs", json=new_backtest())
    again = api.post(f"/runs/{run_id}/stop", headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.json(), again.headers["weaver-position"]) == (first.json(), first.headers["weaver-position"])


def test_what_was_refused_may_be_asked_again_under_its_key(api: httpx.Client, weaver: Weaver) -> None:
    run_id, headers = record_run(weaver), key()
    require_error(api.post(f"/runs/{run_id}/stop", headers=headers), 409, "RUN_NOT_STOPPABLE")
    assert api.post(f"/runs/{run_id}/start").status_code == 202
    assert api.post(f"/runs/{run_id}/stop", headers=headers).status_code == 202


def test_the_answer_outlives_what_it_was_about(api: httpx.Client) -> None:
    asked: dict[str, Any] = {"json": new_backtest(), "headers": key()}
    first = api.post("/runs", **asked)
    assert api.delete(first.headers["location"].removeprefix("/api/v1")).status_code == 204
    assert api.post("/runs", **asked).json() == first.json()


def test_a_key_is_forgotten_after_a_day(api: httpx.Client, weaver: Weaver) -> None:
    asked: dict[str, Any] = {"json": new_backtest(), "headers": key()}
    first = api.post("/runs", **asked)
    with psycopg.connect(weaver.database_url) as connection:
        connection.execute("update idempotency_keys set created_at = created_at - interval '24 hours 1 second'")
    assert api.post("/runs", **asked).json()["id"] != first.json()["id"]
    with psycopg.connect(weaver.database_url) as connection:
        [(kept,)] = connection.execute("select count(*) from idempotency_keys")
    assert kept == 1, "what has expired is removed"


@pytest.mark.parametrize("bad", ["", "with space", "ä", "x" * 201, "tab\tinside"])
def test_a_key_that_cannot_be_one_is_refused(api: httpx.Client, weaver: Weaver, bad: str) -> None:
    head = weaver.journal.head()
    refused = api.post("/runs", json=new_backtest(), headers={b"Idempotency-Key": bad.encode()})
    require_error(refused, 422, "VALIDATION_ERROR")
    assert weaver.journal.head() == head


def test_two_keys_are_refused(api: httpx.Client) -> None:
    headers = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    require_error(api.post("/runs", json=new_backtest(), headers=headers), 422, "VALIDATION_ERROR")


@pytest.mark.timeout(120)
def test_a_thousand_equal_requests_at_once_have_one_effect(server: Served, weaver: Weaver) -> None:
    async def post_all() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", limits=limits, timeout=100) as client:
            asked: dict[str, Any] = {"json": new_backtest(name="at once"), "headers": key("thousand")}
            return await asyncio.gather(*(client.post("/runs", **asked) for _ in range(AT_ONCE)))

    head = weaver.journal.head()
    answers = asyncio.run(post_all())
    assert Counter(answer.status_code for answer in answers) == {201: AT_ONCE}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["weaver-position"] for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert [entry.topic for entry in weaver.journal.read(head, 10)] == ["run.created"]

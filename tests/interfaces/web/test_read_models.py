"""Read models over REST: how they stand, and rebuilds that are in nobody's way."""

import threading
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from interfaces.composition import Weaver
from projections import rebuild as rebuilding
from projections.catalog import READ_MODELS
from projections.rebuild import claim
from tests.interfaces.web.scenes import CHAIN, composed, orders_of, record_backtest, require_error, until
from tests.projections.facts import given_unknown

NAMES = {model.name for model in READ_MODELS}


def shown(api: httpx.Client, name: str) -> dict[str, Any]:
    """Return the read model as REST shows it."""
    answer = api.get(f"/system/read-models/{name}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def rebuilt(api: httpx.Client, name: str) -> dict[str, Any]:
    """Return the rebuild once it has ended."""
    until(lambda: shown(api, name)["rebuild"]["state"] != "running")
    found: dict[str, Any] = shown(api, name)["rebuild"]
    return found


def test_every_read_model_is_shown_with_where_it_stands(api: httpx.Client, weaver: Weaver) -> None:
    record_backtest(weaver)
    head = weaver.journal.head()
    until(lambda: all(one.position >= head for one in weaver.processors))
    items = api.get("/system/read-models", params={"min_position": head}).json()["items"]
    assert {item["name"] for item in items} == NAMES
    for item in items:
        assert (item["state"], item["reason"], item["position"], item["lag"]) == ("following", None, head, 0)
        assert (item["lag_seconds"], item["parked"], item["rebuild"]["state"]) == (0, 0, "none")
        assert item == shown(api, item["name"])


def test_a_rebuild_is_begun_at_once_and_seen_to_its_end(api: httpx.Client, weaver: Weaver) -> None:
    record_backtest(weaver)
    head = weaver.journal.head()
    before = api.get("/orders", params={"min_position": head}).json()
    with psycopg.connect(weaver.database_url, autocommit=True) as connection:
        connection.execute("update orders set status = 'unknown'")
    answer = api.post("/system/read-models/orders/rebuild")
    assert answer.status_code == 202, answer.text
    assert answer.json()["name"] == "orders"
    rebuild = rebuilt(api, "orders")
    assert (rebuild["state"], rebuild["position"], rebuild["fraction"], rebuild["error"]) == ("done", head, 1, None)
    assert rebuild["seconds"] > 0
    assert rebuild["started_at"].endswith("Z")
    assert api.get("/orders").json() == before
    assert api.post("/system/read-models/orders/rebuild", json={}).status_code == 202, "and again"
    assert rebuilt(api, "orders")["state"] == "done"


def test_unknown_names_and_bodies_are_refused(api: httpx.Client) -> None:
    for call in (api.get("/system/read-models/order"), api.post("/system/read-models/order/rebuild")):
        body = require_error(call, 404, "NOT_FOUND")
        assert "choose one of runs, orders, fills" in body["message"]
    require_error(api.post("/system/read-models/orders/rebuild", json={"x": 1}), 422, "VALIDATION_ERROR")
    require_error(api.post("/system/read-models/orders/rebuild", params={"x": 1}), 422, "VALIDATION_ERROR")


def test_a_rebuild_of_another_process_is_seen_and_not_disturbed(api: httpx.Client, weaver: Weaver) -> None:
    with claim(weaver.database_url, "orders"):
        rebuild = shown(api, "orders")["rebuild"]
        assert (rebuild["state"], rebuild["started_at"], rebuild["position"]) == ("running", None, 0)
        body = require_error(api.post("/system/read-models/orders/rebuild"), 409, "CONFLICT")
        assert "being rebuilt already" in body["message"]
        assert api.post("/system/read-models/fills/rebuild").status_code == 202
        assert rebuilt(api, "fills")["state"] == "done"
    until(lambda: shown(api, "orders")["rebuild"]["state"] == "none")


def test_a_rebuild_that_fails_says_why_and_changes_nothing(api: httpx.Client, weaver: Weaver) -> None:
    record_backtest(weaver)
    until(lambda: all(one.position >= weaver.journal.head() for one in weaver.processors))
    before = api.get("/orders").json()
    with psycopg.connect(weaver.database_url, autocommit=True) as connection:
        given_unknown(connection, "order.teleported")
    assert api.post("/system/read-models/orders/rebuild").status_code == 202
    rebuild = rebuilt(api, "orders")
    assert rebuild["state"] == "failed"
    assert "order.teleported" in rebuild["error"]
    assert api.get("/orders").json() == before


def test_a_server_that_stops_ends_its_rebuilds_and_leaves_nothing_behind(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "SWAP_PATIENCE", 60.0)
    with psycopg.connect(database_url) as reader, composed(database_url, tmp_path) as weaver:
        record_backtest(weaver)
        until(lambda: all(one.position >= weaver.journal.head() for one in weaver.processors))
        reader.execute("select count(*) from orders")  # keeps the swap waiting
        weaver.rebuilds.start("orders")
        with psycopg.connect(database_url, autocommit=True) as other:
            until(lambda: weaver.rebuilds.status(other, "orders", 0).position != 0)
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert connection.execute("select count(*) from orders").fetchone() == (4,)
        assert connection.execute("select 1 from pg_namespace where nspname = 'rebuild_orders'").fetchone() is None
        assert weaver.rebuilds.status(connection, "orders", 0).error == "Weaver stops"


def test_appends_and_reads_go_on_during_rebuilds_and_no_reader_sees_half_a_list(
    api: httpx.Client, weaver: Weaver
) -> None:
    run_id = record_backtest(weaver, filled=300, cancelled=0)
    until(lambda: all(one.position >= weaver.journal.head() for one in weaver.processors))
    stopping, failures = threading.Event(), list[str]()
    totals: list[int] = []

    def read() -> None:
        with httpx.Client(base_url=api.base_url, timeout=20) as reader:
            while not stopping.is_set():
                answer = reader.get("/orders", params={"page_size": 5})
                if answer.status_code != 200:
                    failures.append(answer.text)
                    return
                totals.append(answer.json()["total"])
                counted = len({item["id"] for item in answer.json()["items"]})
                if counted != 5:
                    failures.append(f"{counted} items")

    def write() -> None:
        number = 1_000
        while not stopping.is_set():
            weaver.journal.append_batch(orders_of(weaver, run_id, 5, 0, first=number), run_id, CHAIN)
            number += 5

    threads = [threading.Thread(target=read), threading.Thread(target=read), threading.Thread(target=write)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            seen = len(totals)
            until(lambda: len(totals) > seen + 10)  # noqa: B023  called at once
            assert api.post("/system/read-models/orders/rebuild").status_code == 202
            assert rebuilt(api, "orders")["state"] == "done"
    finally:
        stopping.set()
        for thread in threads:
            thread.join(20)
    assert failures == []
    head = weaver.journal.head()
    total = api.get("/orders", params={"min_position": head}).json()["total"]
    with psycopg.connect(weaver.database_url) as connection:
        assert connection.execute("select count(*) from orders").fetchone() == (total,)
    assert min(totals) >= 300

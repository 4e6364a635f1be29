"""One line for each request with what one looks for later, and lines of commands that say which run they are about."""

import io
import json
import logging
import socket
from typing import Any

import psycopg
import pytest

from domain.ids import new_id
from interfaces.logs import configure_logs
from tests.interfaces.web.scenes import Served, new_backtest, until


@pytest.fixture
def written(server: Served) -> io.StringIO:
    """What is logged during the test, as JSON lines."""
    configure_logs("INFO", "json", [server.weaver.database_url])
    [handler] = [one for one in logging.getLogger().handlers if isinstance(one, logging.StreamHandler)]
    stream = io.StringIO()
    handler.setStream(stream)
    return stream


def lines(written: io.StringIO, event: str, **fields: Any) -> list[dict[str, Any]]:
    """The lines of an event that have these fields."""
    every = [json.loads(line) for line in written.getvalue().splitlines()]
    return [line for line in every if line.get("event") == event and fields.items() <= line.items()]


def only_line(written: io.StringIO, event: str, **fields: Any) -> dict[str, Any]:
    until(lambda: bool(lines(written, event, **fields)))
    [line] = lines(written, event, **fields)
    return line


def test_a_request_is_one_line_with_its_path_but_not_its_query(server: Served, written: io.StringIO) -> None:
    with server.client() as client:
        client.get("/api/v1/runs?tag=private&page=1", headers={"X-Correlation-ID": "look-me-up"})
    line = only_line(written, "request", correlation_id="look-me-up")
    assert (line["method"], line["path"], line["status"], line["level"]) == ("GET", "/api/v1/runs", 200, "info")
    assert 0 < line["milliseconds"] < 20_000
    assert line.keys().isdisjoint({"run_id", "order_id"})
    assert not [one for one in written.getvalue().splitlines() if "private" in one and '"logger": "httpx"' not in one]


def test_a_request_about_a_run_or_an_order_names_it(server: Served, written: io.StringIO) -> None:
    run_id, order_id = str(new_id()), str(new_id())
    with server.client() as client:
        for path in (f"/api/v1/runs/{run_id}/events", f"/api/v1/orders/{order_id}"):
            client.get(path)
    assert only_line(written, "request", run_id=run_id)["status"] == 404
    assert only_line(written, "request", order_id=order_id)["status"] == 404


def test_a_command_is_a_line_with_the_run_and_the_request_it_came_with(server: Served, written: io.StringIO) -> None:
    with server.client(headers={"X-Correlation-ID": "make-it"}) as client:
        created = client.post("/api/v1/runs", json=new_backtest())
        run_id = created.json()["id"]
        client.headers["X-Correlation-ID"] = "start-it"
        started = client.post(f"/api/v1/runs/{run_id}/start")
    line = only_line(written, "a command is recorded", correlation_id="make-it")
    assert (line["command"], line["run_id"]) == ("create_run", run_id)
    assert str(line["position"]) == created.headers["weaver-position"]
    line = only_line(written, "a command is recorded", correlation_id="start-it")
    assert (line["command"], line["run_id"]) == ("start_run", run_id)
    assert str(line["position"]) == started.headers["weaver-position"]


def test_a_failure_is_logged_in_full_under_its_correlation_id(server: Served, written: io.StringIO) -> None:
    run_id = str(new_id())
    with psycopg.connect(server.weaver.database_url, autocommit=True) as connection:
        connection.execute("alter table runs rename to hidden_runs")
    with server.client(headers={"X-Correlation-ID": "it-broke"}) as client:
        assert client.get(f"/api/v1/runs/{run_id}").status_code == 500
    line = only_line(written, "a request failed", correlation_id="it-broke")
    assert "UndefinedTable" in line["exception"]
    assert line["run_id"] == run_id
    assert only_line(written, "request", correlation_id="it-broke")["status"] == 500


def test_what_is_no_http_is_logged_without_what_was_sent(server: Served, written: io.StringIO) -> None:
    with socket.create_connection((server.host, server.port), timeout=10) as connection:
        connection.sendall(b"private nonsense\r\n\r\n")
        answer = json.loads(connection.recv(65536).partition(b"\r\n\r\n")[2])
    only_line(written, "what came is no HTTP request", correlation_id=answer["correlation_id"])
    assert "private" not in written.getvalue()

"""Health and what this Weaver says of itself."""

import httpx
import psycopg
import pytest

from interfaces.composition import Weaver
from interfaces.web.release import release
from projections.catalog import READ_MODELS
from tests.interfaces.web.scenes import Served, record_run, require_error, until
from tests.projections.facts import given_unknown

PARTS = {"database", "migrations", "journal", "processors", "supervisor", "execution", "clock"}


def test_a_process_that_lives_says_so(server: Served) -> None:
    with server.client() as client:
        assert client.get("/healthz").json() == {"status": "ok", "version": release()}


def test_a_process_with_everything_it_needs_is_ready(server: Served) -> None:
    with server.client() as client:
        until(lambda: client.get("/readyz").status_code == 200)
        body = client.get("/readyz").json()
    assert body.pop("status") == "ready"
    assert set(body) == PARTS
    assert body["execution"]["state"] == "up"
    assert {part["state"] for name, part in body.items() if name != "execution"} == {"up"}
    assert abs(body["clock"]["details"]["drift_seconds"]) < 1
    assert set(body["processors"]["details"]) == {model.name for model in READ_MODELS}


def test_a_database_that_is_away_shows_in_its_own_part(server: Served) -> None:
    server.weaver.queries.close()
    with server.client() as client:
        response = client.get("/readyz")
    body = response.json()
    assert response.status_code == 503
    assert body["code"] == "SERVICE_UNAVAILABLE"
    assert body["status"] == "not_ready"
    assert body["database"]["state"] == "down"
    assert set(body) > PARTS
    assert body["correlation_id"] == response.headers["x-correlation-id"]


@pytest.mark.parametrize("part", ["journal", "processors", "supervisor"])
def test_a_part_that_stopped_is_down(server: Served, part: str) -> None:
    with server.client() as client:
        until(lambda: client.get("/readyz").status_code == 200)
        if part == "journal":
            server.weaver.tail.stop()
        elif part == "supervisor":
            assert server.weaver.supervisor is not None
            server.weaver.supervisor.stop()
        else:
            server.weaver.processors[0]._enter(type(server.weaver.processors[0].state)("stopped", "for the test"))
        body = client.get("/readyz").json()
    assert body[part]["state"] == "down"
    assert part in body["message"]


def test_parked_events_are_named_while_the_process_stays_ready(server: Served, weaver: Weaver) -> None:
    with psycopg.connect(weaver.database_url, autocommit=True) as connection:
        position = given_unknown(connection, "risk.halted", b"{}")
    record_run(weaver)
    processor = next(one for one in weaver.processors if one.name == "activity")
    until(lambda: processor.snapshot().position > position)
    with server.client() as client:
        answer = client.get("/readyz")
    part = answer.json()["processors"]
    assert (answer.status_code, part["state"]) == (200, "up")
    assert part["details"]["activity"]["parked"] == 1
    assert "activity has passed over 1 event: remove the cause, then rebuild it" in part["reason"]


def test_info_says_what_runs_here_and_where_the_journal_ends(api: httpx.Client, weaver: Weaver) -> None:
    record_run(weaver)
    head = weaver.journal.head()
    info = api.get("/info", params={"min_position": head}).json()
    assert info.pop("python").startswith("3.")
    assert info == {
        "version": release(),
        "modes": ["backtest", "paper"],
        "exchanges": ["simulated"],
        "journal_position": head,
        "epoch": weaver.journal.epoch,
    }


def test_the_reference_and_its_document_are_served(server: Served) -> None:
    with server.client() as client:
        document = client.get("/openapi.json").json()
        for path in ("/docs", "/redoc"):
            page = client.get(path)
            assert page.status_code == 200
            assert "cdn.jsdelivr.net" in page.text, "the policy names where its assets come from"
            assert "cannot be reached" in page.text, "without a network the page is not silently empty"
            assert "cdn.jsdelivr.net" in page.headers["content-security-policy"]
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["apiKey"]["name"] == "X-API-Key"
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                assert "X-Correlation-ID" in response["headers"]
                if int(status) >= 400 and path != "/readyz":
                    schema = response["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Failure"}, (path, status)


def test_errors_of_health_have_the_one_shape(server: Served) -> None:
    with server.client() as client:
        require_error(client.delete("/readyz"), 405, "METHOD_NOT_ALLOWED")

"""The OpenAPI document leaves nothing out: what can be asked, what can be answered, and how each of it looks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI

from interfaces.web import openapi
from interfaces.web.app import include_routes
from interfaces.web.document import document as document_of_routes
from interfaces.web.edge import MAX_BODY_BYTES
from interfaces.web.errors import CODES

# Under the prefix anything may be refused for these reasons.
EVERYWHERE = {"400", "401", "403", "413", "415", "422", "429", "500", "503"}
CONTRACT = {
    "VALIDATION_ERROR",
    "BAD_REQUEST",
    "UNAUTHORIZED",
    "FORBIDDEN",
    "NOT_FOUND",
    "CONFLICT",
    "RUN_NOT_STARTABLE",
    "RUN_NOT_STOPPABLE",
    "INVALID_RUN_MODE",
    "PAYLOAD_TOO_LARGE",
    "RATE_LIMITED",
    "SERVICE_UNAVAILABLE",
    "INTERNAL_ERROR",
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document of an application with every route, and no Weaver behind them."""
    app = FastAPI(title="Weaver", version="1.0")
    include_routes(app)
    return app.openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def require_allowed(document: dict[str, Any], schema: dict[str, Any], value: object, what: str) -> None:
    """Check that a schema of the document allows the value."""
    whole = schema | {"components": document["components"]}
    try:
        jsonschema_rs.validate(whole, value)
    except jsonschema_rs.ValidationError as error:
        raise AssertionError(f"{what}: {error}") from None


def test_every_operation_says_what_it_does_and_where_it_belongs(document: dict[str, Any]) -> None:
    summaries = []
    for method, path, operation in operations(document):
        what = f"{method} {path}"
        assert len(operation.get("summary", "")) > 8, what
        assert len(operation.get("description", "")) > 8, what
        assert operation.get("tags"), what
        for parameter in operation.get("parameters", ()):
            assert parameter["schema"], f"{what}: {parameter['name']}"
        summaries.append(operation["summary"])
    assert len(set(summaries)) == len(summaries)


def test_every_operation_documents_each_answer_it_can_give(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        what, statuses = f"{method} {path}", set(operation["responses"])
        assert len([status for status in statuses if status < "300"]) == 1, what
        if not path.startswith(openapi.PREFIX):
            assert statuses >= {"403", "413", "500"}, what
            continue
        assert statuses >= EVERYWHERE, what
        assert ("{" not in path) or "404" in statuses, what
        assert (method == "get") or "409" in statuses, what


def test_every_body_and_every_answer_has_an_example_that_its_schema_allows(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        bodies = {"the body": operation["requestBody"]} if "requestBody" in operation else {}
        for name, described in (bodies | operation["responses"]).items():
            what = f"{method} {path}: {name}"
            assert described.get("content") or name == "204", what
            for media in described.get("content", {}).values():
                examples = [one["value"] for one in media.get("examples", {}).values()] or [media["example"]]
                for example in examples:
                    require_allowed(document, media["schema"], example, what)


def test_every_error_has_the_one_shape_and_shows_its_codes(document: dict[str, Any]) -> None:
    shown = set()
    for method, path, operation in operations(document):
        for status, response in operation["responses"].items():
            if status < "400" or path == "/readyz":
                continue
            what, media = f"{method} {path}: {status}", response["content"]["application/json"]
            assert media["schema"] == {"$ref": "#/components/schemas/Failure"}, what
            codes = set(media["examples"])
            assert codes, what
            assert {one["value"]["code"] for one in media["examples"].values()} == codes, what
            assert CODES[int(status)] in codes, what
            shown |= codes
    assert shown >= CONTRACT
    assert "RUN_NOT_STARTABLE" not in str(document["paths"]["/api/v1/runs"])


def test_every_header_an_answer_carries_is_described(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for status, response in operation["responses"].items():
            what, headers = f"{method} {path}: {status}", set(response["headers"])
            assert "X-Correlation-ID" in headers, what
            assert ("Retry-After" in headers) == (status == "429"), what
            assert ("Location" in headers) == (status == "201"), what
            records = method != "get" and status < "300" and not path.endswith("/check")
            assert ("Weaver-Position" in headers) == records, what
            assert ("Idempotent-Replayed" in headers) == (records and method == "post"), what


def test_the_limit_of_a_body_is_the_one_that_is_described(document: dict[str, Any]) -> None:
    response = document["paths"]["/api/v1/runs"]["post"]["responses"]["413"]
    assert MAX_BODY_BYTES == 1024 * 1024
    assert "1 MiB" in response["description"]
    assert str(MAX_BODY_BYTES) in str(response["content"])


def test_the_page_is_built_for_these_routes() -> None:
    kept = (Path(__file__).parents[3] / "haro" / "openapi.json").read_text()
    assert kept == document_of_routes(), "the routes have changed: make types"

"""What the OpenAPI document says beyond the routes' own types: errors, headers, the API key."""

import re
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse

from interfaces.web.body import ExactRoute
from interfaces.web.commands import POSITION_HEADER, REPLAYED_HEADER
from interfaces.web.edge import CORRELATION_HEADER
from interfaces.web.edge import PREFIX as PREFIX
from interfaces.web.examples import error_examples, example_of
from interfaces.web.security import KEY_HEADER
from interfaces.web.values import MomentOut

DOCUMENT_PATH = "/openapi.json"
SUMMARY = """Backtests, paper and live runs of trading strategies, each with a durable journal of every decision.

Times are UTC, ISO 8601 with `Z`; amounts are decimals as text. Commands answer with `Weaver-Position: n`; any
`GET` takes `min_position=n` and then shows at least that. Unknown parameters and fields are refused.
"""

_MEANINGS = {
    200: "What was asked for.",
    201: "It is created.",
    202: "The command is recorded; what comes of it shows on the event stream.",
    204: "It is done, and there is nothing to say.",
    400: "What was sent is malformed.",
    401: "The API key is missing or wrong.",
    403: "The address, Host or Origin is not allowed.",
    404: "There is no such thing.",
    409: "A rule refuses it, or someone else was faster.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not JSON.",
    422: "A parameter or field is missing, unknown or out of range.",
    429: "Too many requests from this address.",
    500: "Something went wrong inside; the log has more under the correlation id.",
    503: "Something needed is away for now, or `min_position` is not reached yet.",
}
_HINT = (
    b"<p>If nothing stands above: the viewer is loaded from cdn.jsdelivr.net, which cannot be reached from here. "
    b'The document itself is <a href="/openapi.json">/openapi.json</a>.</p>'
)
_EVERYWHERE = (400, 401, 403, 413, 415, 422, 429, 500, 503)


class Failure(BaseModel):
    """The one shape of every error."""

    code: str = Field(examples=["VALIDATION_ERROR"])
    message: str = Field(examples=["page_size: Input should be less than or equal to 500"])
    details: dict[str, Any] = Field(description="What a program may want to know; differs with the code.")
    correlation_id: str
    timestamp: MomentOut


def router(tag: str) -> APIRouter:
    """Return a router for routes under the prefix, whose everyday errors are documented."""
    return APIRouter(tags=[tag], route_class=ExactRoute, responses=failures(*_EVERYWHERE))


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of errors a route may answer with."""
    return {status: {"model": Failure, "description": _MEANINGS[status]} for status in statuses}


def describe(app: FastAPI) -> None:
    """Make the application's OpenAPI document say what holds for every route."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, description=SUMMARY, routes=app.routes)
            _add_key(document)
            schemas = document["components"]["schemas"]
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    _add_summary(operation)
                    _add_headers(method, operation)
                    _add_examples(method, path, operation, schemas)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def add_reference(app: FastAPI) -> None:
    """Serve the document for people, under /docs and /redoc; their viewers come from a content delivery network."""

    def swagger() -> HTMLResponse:
        return _with_hint(get_swagger_ui_html(openapi_url=DOCUMENT_PATH, title=f"{app.title}: REST interface"))

    def redoc() -> HTMLResponse:
        return _with_hint(get_redoc_html(openapi_url=DOCUMENT_PATH, title=f"{app.title}: REST interface"))

    app.add_api_route("/docs", swagger, include_in_schema=False)
    app.add_api_route("/redoc", redoc, include_in_schema=False)


def _with_hint(page: HTMLResponse) -> HTMLResponse:
    return HTMLResponse(bytes(page.body).replace(b"</body>", _HINT + b"</body>"))


def _add_key(document: dict[str, Any]) -> None:
    scheme = {"type": "apiKey", "in": "header", "name": KEY_HEADER, "description": "Needed when WEAVER_API_KEY is set."}
    document.setdefault("components", {}).setdefault("securitySchemes", {})["apiKey"] = scheme
    document["security"] = [{"apiKey": []}, {}]


def _add_summary(operation: dict[str, Any]) -> None:
    """The first sentence of what the route says of itself, instead of the name of its function."""
    if description := operation.get("description"):
        operation["summary"] = " ".join(re.split(r"(?<=[^.])[.](?:\s|$)|\n\n", description, maxsplit=1)[0].split())


def _add_headers(method: str, operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        if response["description"] == "Successful Response":  # what FastAPI says of all of them
            response["description"] = _MEANINGS[int(status)]
        headers = response.setdefault("headers", {})
        headers[CORRELATION_HEADER] = _text("Given by the client or new; the events caused carry it.")
        if int(status) >= 400:  # an error is JSON, whatever else the route answers with
            response["content"] = {"application/json": next(iter(response["content"].values()))}
        if method != "get" and status in ("201", "202", "204"):
            headers[POSITION_HEADER] = _text("What to pass as `min_position`.", "^[0-9]+$")
        if method == "post" and status in ("201", "202"):  # what only looks at something answers with 200
            headers[REPLAYED_HEADER] = _text(
                "There when the request's key was known: this is the first answer.", "^true$"
            )
        if status == "201":
            headers["Location"] = _text("Where what was created is found.")
        if status == "429":
            headers["Retry-After"] = _text("Seconds until there is a place again.", "^[0-9]+$")


def _text(meaning: str, pattern: str | None = None) -> dict[str, Any]:
    return {"schema": {"type": "string"} | ({"pattern": pattern} if pattern else {}), "description": meaning}


def _add_examples(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    for media in operation.get("requestBody", {}).get("content", {}).values():
        media.setdefault("example", example_of(media["schema"], schemas))
    for status, response in operation["responses"].items():
        for media in response.get("content", {}).values():
            is_failure = media.get("schema") == {"$ref": "#/components/schemas/Failure"}
            if is_failure:
                media["examples"] = error_examples(int(status), method, path)
            elif not media.keys() & {"example", "examples"}:
                media["example"] = example_of(media["schema"], schemas)

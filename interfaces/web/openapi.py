"""What the OpenAPI document says beyond the routes' own types: errors, headers, the API key."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse

from interfaces.web.access import POSITION_HEADER
from interfaces.web.body import ExactRoute
from interfaces.web.edge import CORRELATION_HEADER
from interfaces.web.edge import PREFIX as PREFIX
from interfaces.web.security import KEY_HEADER
from interfaces.web.values import MomentOut

DOCUMENT_PATH = "/openapi.json"
SUMMARY = """Backtests, paper and live runs of trading strategies, each with a durable journal of every decision.

Times are UTC, ISO 8601 with `Z`; amounts are decimals as text. Commands answer with `Weaver-Position: n`; any
`GET` takes `min_position=n` and then shows at least that. Unknown parameters and fields are refused.
"""

_MEANINGS = {
    400: "What was sent is malformed.",
    401: "The API key is missing or wrong.",
    403: "The address, Host or Origin is not allowed.",
    404: "There is no such thing.",
    409: "A rule refuses it, or someone else was faster.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not JSON.",
    422: "A parameter or field is missing, unknown or out of range.",
    500: "Something went wrong inside; the log has more under the correlation id.",
    503: "Something needed is away for now, or `min_position` is not reached yet.",
}
_HINT = (
    b"<p>If nothing stands above: the viewer is loaded from cdn.jsdelivr.net, which cannot be reached from here. "
    b'The document itself is <a href="/openapi.json">/openapi.json</a>.</p>'
)
_EVERYWHERE = (400, 401, 403, 422, 500, 503)


class Failure(BaseModel):
    """The one shape of every error."""

    code: str = Field(examples=["VALIDATION_ERROR"])
    message: str = Field(examples=["page_size: Input should be less than or equal to 500"])
    details: dict[str, Any]
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
            for path in document["paths"].values():
                for operation in path.values():
                    _add_headers(operation)
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


def _add_headers(operation: dict[str, Any]) -> None:
    text = {"schema": {"type": "string"}, "description": "Given by the client or new; the events caused carry it."}
    place = {"schema": {"type": "string", "pattern": "^[0-9]+$"}, "description": "What to pass as `min_position`."}
    is_command = "min_position" not in {parameter["name"] for parameter in operation.get("parameters", ())}
    for status, response in operation["responses"].items():
        headers = response.setdefault("headers", {})
        headers[CORRELATION_HEADER] = text
        if int(status) >= 400:  # an error is JSON, whatever else the route answers with
            response["content"] = {"application/json": next(iter(response["content"].values()))}
        if is_command and status in ("201", "202", "204"):
            headers[POSITION_HEADER] = place

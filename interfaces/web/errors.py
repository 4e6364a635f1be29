"""The one shape of every error, and the one table from what went wrong to status and code."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import Response

from application.clock import Clock
from domain.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    Refused,
    RunNotStartable,
    RunNotStoppable,
    Unavailable,
    WeaverError,
)
from interfaces.logs import Redaction
from interfaces.web.body import MalformedBody, NumberOutOfRange

MAX_MESSAGE = 1_000
MAX_LISTED_ERRORS = 20

# The first class an error is an instance of decides; every domain error that reaches a route is here.
TABLE: tuple[tuple[type[Exception], int, str], ...] = (
    (RunNotStartable, 409, "RUN_NOT_STARTABLE"),
    (RunNotStoppable, 409, "RUN_NOT_STOPPABLE"),
    (Refused, 409, "CONFLICT"),
    (Conflict, 409, "CONFLICT"),
    (NotFound, 404, "NOT_FOUND"),
    (InvalidInput, 422, "VALIDATION_ERROR"),
    (Unavailable, 503, "SERVICE_UNAVAILABLE"),
    (psycopg.OperationalError, 503, "SERVICE_UNAVAILABLE"),
)

CODES: Mapping[int, str] = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMITED",
    500: "INTERNAL_ERROR",
    503: "SERVICE_UNAVAILABLE",
}

_log = structlog.get_logger("web")


class Problem(HTTPException):
    """A refusal the web itself decides on; it ends the request wherever it is raised.

    code: one of the contract, by default the status's own. details: what a program may want to know, JSON types.
    """

    def __init__(self, status: int, message: str, *, code: str | None = None, **details: object) -> None:
        super().__init__(status, message)
        self.code = code or CODES[status]
        self.details = details


def error_body(
    code: str, message: str, details: Mapping[str, object], correlation_id: str, now: datetime
) -> dict[str, object]:
    """Return the one shape as a dict of JSON types."""
    if len(message) > MAX_MESSAGE:
        message = message[:MAX_MESSAGE] + "…"
    return {
        "code": code,
        "message": message,
        "details": details,
        "correlation_id": correlation_id,
        "timestamp": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
    }


def json_response(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer with the body as JSON."""
    return Response(msgspec.json.encode(body, enc_hook=str), status, headers, "application/json")


# What pydantic says for programmers, said for people.
PLAIN_WORDS = {"missing": "is required", "extra_forbidden": "is not known here"}


class ErrorAnswers:
    """Makes the answer to everything that can go wrong with a request; what is secret is hidden in all of them."""

    def __init__(self, clock: Clock, redaction: Redaction) -> None:
        self._clock = clock
        self._redaction = redaction

    def install(self, app: FastAPI) -> None:
        """Answer every expected error of the routes. What nobody expects is left to the edge of the application."""
        app.add_exception_handler(HTTPException, self._on_http)
        app.add_exception_handler(RequestValidationError, self._on_validation)
        app.add_exception_handler(WeaverError, self._on_known)
        app.add_exception_handler(psycopg.OperationalError, self._on_known)

    def answer(
        self, correlation_id: str, status: int, message: str, *, code: str | None = None, **details: object
    ) -> Response:
        """Return an error answer."""
        return self._respond(correlation_id, status, code or CODES[status], message, details)

    async def _on_known(self, request: Request, error: Exception) -> Response:
        for kind, status, code in TABLE:
            if isinstance(error, kind) and isinstance(error, WeaverError):
                return self._respond(correlation_id_of(request), status, code, error.message, error.details)
            if isinstance(error, kind):
                _log.warning("the database did not answer a request", reason=str(error))
                message = "the database does not answer: try again soon"
                return self._respond(correlation_id_of(request), status, code, message, {})
        raise error

    async def _on_validation(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            message = f"the body is not JSON: {first['ctx']['error']} at character {first['loc'][-1]}"
            return self._respond(correlation_id_of(request), 400, CODES[400], message, {})
        listed = described(error.errors())
        more = f" (and {len(listed) - 1} more)" if len(listed) > 1 else ""
        message = f"{listed[0]['field']}: {listed[0]['message']}{more}"
        details = {"errors": listed[:MAX_LISTED_ERRORS]}
        return self._respond(correlation_id_of(request), 422, CODES[422], message, details)

    async def _on_http(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        status, message, headers = error.status_code, str(error.detail), error.headers
        details: Mapping[str, object] = {}
        code = CODES.get(status, CODES[400] if status < 500 else CODES[500])
        match error, error.__cause__:
            case Problem(), _:
                code, details = error.code, error.details
            case _, NumberOutOfRange() as cause:
                status, code, message = 422, CODES[422], str(cause)
            case _, MalformedBody() as cause:
                message = str(cause)
            case _ if status == 404:
                message = f"there is nothing at {request.url.path}"
            case _ if status == 405:
                message = f"{request.url.path} does not take {request.method}"
                headers = {"Allow": ", ".join(_methods_at(request))}
        return self._respond(correlation_id_of(request), status, code, message, details, headers)

    def _respond(
        self,
        correlation_id: str,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, object],
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        body = error_body(code, self._redaction(message), details, correlation_id, self._clock.now())
        answer = json_response(status, body, headers)
        # Whatever of a request is repeated in an error, a key sent in the wrong place is not.
        answer.body = self._redaction(bytes(answer.body).decode()).encode()
        answer.headers["Content-Length"] = str(len(answer.body))
        return answer


def _methods_at(request: Request) -> Sequence[str]:
    """Every method the path takes: each has a route of its own, and Starlette's answer tells of the first alone."""
    taken = request.scope.get("route")
    routes = iter_route_contexts(request.app.routes)
    same = [found for found in routes if getattr(found.original_route, "path", None) == getattr(taken, "path", "")]
    return sorted({method for found in same for method in found.methods or ()})


def correlation_id_of(request: Request) -> str:
    """Return the id the edge gave the request."""
    return str(request.state.correlation_id)


def described(errors: Sequence[Any]) -> list[dict[str, object]]:
    """Return pydantic's errors as field and message, without what was sent: it may be secret, endless or no JSON."""
    listed: list[dict[str, object]] = []
    for error in errors:
        where, *path = error["loc"]
        field = ".".join(str(part) for part in path) or str(where)
        message = PLAIN_WORDS.get(str(error["type"])) or str(error["msg"]).removeprefix("Value error, ")
        listed.append({"field": field[:MAX_MESSAGE], "message": message[:MAX_MESSAGE], "in": str(where)})
    return listed

"""Requests taken exactly as they are meant: JSON never through floats, nothing but JSON, no parameter twice."""

import json
from collections import Counter
from collections.abc import Callable, Coroutine
from decimal import Decimal, InvalidOperation
from inspect import iscoroutinefunction
from typing import Any

import structlog
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from interfaces.web.json_answers import writing_json
from interfaces.web.queries import REPEATABLE

MAX_WHOLE_DIGITS = 400
LOGGED_IDS = ("run_id", "order_id")

_log = structlog.get_logger("web")


class BodyTooLarge(HTTPException):
    """More bytes than a request may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"the body is larger than {limit} bytes")


class NumberOutOfRange(ValueError):
    """A number no field can hold."""


class MalformedBody(ValueError):
    """Bytes that are no JSON text."""


class ExactRequest(Request):
    """A request whose JSON numbers stay exact: fractions become decimals, NaN and Infinity are refused."""

    async def json(self) -> Any:  # noqa: ANN401 - whatever the client sent
        """Return the body; raise JSONDecodeError, MalformedBody or NumberOutOfRange."""
        try:
            text = (await self.body()).decode()
        except UnicodeDecodeError as error:
            raise MalformedBody(f"the body is not UTF-8: byte {error.start} begins no character") from None
        try:
            return json.loads(text, parse_float=_fraction, parse_int=_whole, parse_constant=_refuse_constant)
        except RecursionError:
            raise MalformedBody("the body is nested too deeply") from None


class ExactRoute(APIRoute):
    """A route that reads its body as an ExactRequest, and takes nothing but JSON and no parameter twice.

    A GET writes its answer in the thread that found it.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's own
        model = options.get("response_model")
        if [*options.get("methods", ())] == ["GET"] and isinstance(model, type) and not iscoroutinefunction(endpoint):
            endpoint = writing_json(endpoint, model)
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler FastAPI calls."""
        handle = super().get_route_handler()

        async def handle_exactly(request: Request) -> Response:
            given = Counter(name for name, _ in request.query_params.multi_items())
            if repeated := [name for name, times in given.items() if times > 1 and name not in REPEATABLE]:
                raise HTTPException(422, f"{repeated[0][:100]}: is given more than once")
            if has_body(request) and not is_json(request.headers.get("content-type", "")):
                raise HTTPException(415, "send the body as JSON, with the header Content-Type: application/json")
            # Whatever is logged on the way says which run and which order it is about.
            with structlog.contextvars.bound_contextvars(**ids_in(request.scope)):
                response = await handle(ExactRequest(request.scope, request.receive))
                _log_command(request, response)
                return response

        return handle_exactly


def ids_in(scope: Scope) -> dict[str, str]:
    """Return the run_id and the order_id in the path, where there are any."""
    given = scope.get("path_params", {})
    return {name: str(given[name]) for name in LOGGED_IDS if name in given}


def has_body(request: Request) -> bool:
    """Return whether the client says that it sends a body."""
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def is_json(content_type: str) -> bool:
    """Return whether the media type is JSON."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))


def _log_command(request: Request, response: Response) -> None:
    """Say which command was recorded where; what a command creates is named by its Location."""
    position = response.headers.get("Weaver-Position")
    if position is None:
        return
    created = response.headers.get("Location")
    about = {"run_id": created.rpartition("/")[2]} if created else {}
    _log.info("a command is recorded", command=request.scope["endpoint"].__name__, position=int(position), **about)


def _whole(digits: str) -> int:
    if len(digits) > MAX_WHOLE_DIGITS:
        raise NumberOutOfRange(f"a whole number in the body has {len(digits)} digits: that is too many")
    return int(digits)


def _fraction(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:
        raise NumberOutOfRange("a number in the body has an exponent that is too large") from None


def _refuse_constant(name: str) -> float:
    raise NumberOutOfRange(f"the body contains {name}, which is no JSON number")

"""Reading what a request carries, and writing answers and refusals as Alpaca does."""

import json
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tests.alpaca_server.refusals import Refused, malformed
from tests.alpaca_server.times import parsed

NGINX_PAGE = (
    "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


def json_answer(body: Any, status: int = 200) -> Response:
    """Return an answer holding JSON."""
    return Response(msgspec.json.encode(body), status, media_type="application/json; charset=UTF-8")


def html_answer(status: int, title: str) -> Response:
    """Return an answer of the gateway, which writes HTML."""
    return Response(NGINX_PAGE.format(title=f"{status} {title}"), status, media_type="text/html")


def endpoint(answer: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that writes what a function returns as JSON, and a refusal as Alpaca writes it."""

    async def respond(request: Request) -> Response:
        try:
            made = await answer(request)
        except Refused as refused:
            return json_answer(refused.body, refused.status)
        return made if isinstance(made, Response) else json_answer(made)

    return respond


async def json_body(request: Request) -> dict[str, Any]:
    """Return the JSON object a request carries, its numbers exact."""
    try:
        body = json.loads(await request.body(), parse_float=Decimal)
    except ValueError as error:
        raise Refused(400, 40010000, f"request body format is invalid: {error}") from error
    if not isinstance(body, dict):
        raise Refused(400, 40010000, "request body format is invalid: not an object")
    return body


def one_of(given: Mapping[str, str], name: str, words: tuple[str, ...], usual: str) -> str:
    """Return a word of a query, or the usual one."""
    word = given.get(name) or usual
    if word not in words:
        raise malformed(f"invalid {name}: {word}")
    return word


def integer(given: Mapping[str, str], name: str, usual: int, most: int) -> int:
    """Return a number of a query, or the usual one; it lies between 1 and `most`."""
    text = given.get(name) or str(usual)
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise malformed(f"{name} must be between 1 and {most}")
    return int(text)


def time_of(given: Mapping[str, str], name: str) -> int | None:
    """Return a time of a query in nanoseconds, None when it is absent."""
    text = given.get(name)
    if not text:
        return None
    try:
        return parsed(text)
    except ValueError as error:
        raise malformed(f"invalid {name}: {error}") from error

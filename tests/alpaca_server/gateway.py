"""The door every request comes through: written down, struck by faults, counted, its keys looked at."""

import asyncio
import http.client
import json
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.alpaca_server.answers import html_answer, json_answer
from tests.alpaca_server.exchange import Exchange
from tests.alpaca_server.facts import RequestSeen
from tests.alpaca_server.faults import Fault
from tests.alpaca_server.hiding import conceal, rewrite
from tests.alpaca_server.times import wall_time

ENVIRONMENTS = ("paper", "live", "data")
UNAUTHORIZED = {"message": "unauthorized."}
OF_ANOTHER_ENVIRONMENT = {"code": 40110000, "message": "request is not authorized"}


class Gateway:
    """An ASGI application in front of another one. Control requests and streams pass it untouched."""

    def __init__(self, application: ASGIApp, exchange: Exchange) -> None:
        self._application = application
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        environment, _, path = scope.get("path", "").lstrip("/").partition("/")
        if scope["type"] != "http" or environment not in ENVIRONMENTS:
            await self._application(scope, receive, send)
            return
        body = await _whole_body(receive)
        if body is None:
            return
        faults = self._seen(scope, environment, f"/{path}", body)

        async def serve() -> Response:
            return await self._served(scope, body, environment)

        await Passage(self._exchange, scope, receive, send, environment).go(faults, serve)

    def _seen(self, scope: Scope, environment: str, path: str, body: bytes) -> list[Fault]:
        """Write a request down, and return the faults that strike it."""
        query = scope["query_string"].decode()
        client_order_id = _client_order_id(query, body)
        faults = self._exchange.faults.take_request(environment, scope["method"], path, client_order_id)
        self._exchange.record(
            RequestSeen(
                number=len(self._exchange.requests) + 1,
                wall=wall_time(),
                environment=environment,
                method=scope["method"],
                path=path,
                query=query,
                client_order_id=client_order_id,
                faults=tuple(f"{fault.id} {fault.kind}" for fault in faults),
            )
        )
        return faults

    async def _served(self, scope: Scope, body: bytes, environment: str) -> Response:
        """Return the answer of the exchange itself: refused for its keys or its haste, or the application's."""
        limit = self._exchange.limits[environment]
        answer = self._refusal(scope, environment)
        if answer is None:
            if limit.take():
                answer = await _captured(self._application, scope, body)
            else:
                answer = json_answer({"code": 42910000, "message": "rate limit exceeded"}, 429)
        answer.headers.update(limit.headers())
        return answer

    def _refusal(self, scope: Scope, environment: str) -> Response | None:
        """Return what Alpaca answers to wrong keys, None when they are right."""
        headers = Request(scope).headers
        key_id, secret = headers.get("apca-api-key-id"), headers.get("apca-api-secret-key")
        if not key_id and not secret:
            needs_none = environment == "data" and "/v1beta3/crypto/" in scope["path"]
            return None if needs_none else html_answer(401, "Authorization Required")
        known = {name: (v.key_id, v.secret_key) == (key_id, secret) for name, v in self._exchange.venues.items()}
        if known.get(environment) or (environment == "data" and any(known.values())):
            return None
        return json_answer(OF_ANOTHER_ENVIRONMENT if any(known.values()) else UNAUTHORIZED, 401)


class Passage:
    """One request on its way through: what strikes it before the exchange, the exchange, what strikes it after."""

    _GONE = Response()
    """Stands for the answer of a connection that is no longer there."""

    def __init__(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send, environment: str) -> None:
        self._exchange, self._scope, self._receive, self._send = exchange, scope, receive, send
        self._environment = environment
        self._limit = exchange.limits[environment]

    async def go(self, faults: list[Fault], serve: Callable[[], Awaitable[Response]]) -> None:
        """Carry the request through, and answer it unless a fault has taken the connection."""
        before = [
            fault for fault in faults if fault.when == "before" and fault.kind in ("latency", "drop", "hang", "error")
        ]
        answer = await self._struck(before, None)
        if answer is self._GONE:
            return
        if answer is None:
            answer = await self._struck([fault for fault in faults if fault not in before], await serve())
        if answer is not None and answer is not self._GONE:
            await answer(self._scope, self._receive, self._send)

    async def _struck(self, faults: list[Fault], answer: Response | None) -> Response | None:
        """Return the answer that faults leave; `_GONE` when the connection is."""
        for fault in faults:
            match fault.kind:
                case "latency":
                    await asyncio.sleep(fault.seconds)
                case "drop":
                    _reset(self._scope)
                    await self._until_the_client_is_gone()
                    return self._GONE
                case "hang":
                    await self._until_the_client_is_gone()
                    return self._GONE
                case "error":
                    return self._error(fault)
                case _ if answer is not None:
                    answer = self._altered(answer, fault)
        return answer

    def _altered(self, answer: Response, fault: Fault) -> Response:
        match fault.kind:
            case "rewrite":
                altered = rewrite(answer, fault.field, fault.value)
            case "hide":
                venue = self._exchange.venues.get(self._environment)
                altered = conceal(answer, self._scope["path"], venue, fault.seconds)
            case _:
                altered = _spoilt(answer, fault)
        altered.headers.update(self._limit.headers())
        return altered

    def _error(self, fault: Fault) -> Response:
        message = http.client.responses.get(fault.status, "error").lower()
        answer = _spoilt(json_answer({"message": message}, fault.status), fault)
        if fault.headers:
            answer.headers.update(self._limit.headers(spent=fault.status == 429))
        return answer

    async def _until_the_client_is_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue


async def _whole_body(receive: Receive) -> bytes | None:
    """Return what a request carries, None when the client is gone before all of it has come: nobody asked."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _client_order_id(query: str, body: bytes) -> str | None:
    """Return the client's id of the order a request is about, if it names one."""
    named = parse_qs(query).get("client_order_id")
    if named:
        return named[0]
    try:
        read = json.loads(body) if body else None
    except ValueError:
        return None
    given = read.get("client_order_id") if isinstance(read, dict) else None
    return given if isinstance(given, str) else None


async def _captured(application: ASGIApp, scope: Scope, body: bytes) -> Response:
    """Return what an application answers to a body, without sending it."""
    start: MutableMapping[str, Any] = {}
    parts: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    await application(scope, receive, keep)
    answer = Response(b"".join(parts), start["status"])
    answer.raw_headers = list(start["headers"])
    return answer


def _spoilt(answer: Response, fault: Fault) -> Response:
    """Return an answer with another body."""
    match fault.body:
        case "html":
            return html_answer(answer.status_code, http.client.responses.get(answer.status_code, "Error"))
        case "empty":
            return Response(b"", answer.status_code)
        case "bad_json":
            whole = bytes(answer.body)
            return Response(whole[: len(whole) // 2] or b"{", answer.status_code, media_type="application/json")
        case _:
            return answer


def _reset(scope: Scope) -> None:
    """End a connection at once, so that the client sees a reset and no answer."""
    transport = scope["state"]["transport"]
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    transport.abort()

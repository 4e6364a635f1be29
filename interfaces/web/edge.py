"""The outermost layers of every request: correlation id, log, figures, security headers, and a last resort."""

import asyncio
import logging
import re
import time
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.ids import new_id
from interfaces.logs import Redaction
from interfaces.web.body import BodyTooLarge, ids_in
from interfaces.web.errors import ErrorAnswers
from interfaces.web.page import belongs_to_page
from interfaces.web.request_figures import RequestFigures

PREFIX = "/api/v1"
CORRELATION_HEADER = "X-Correlation-ID"
MAX_BODY_BYTES = 1024 * 1024
_USABLE_ID = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,126}[\x21-\x7e])?", re.ASCII)

# The page's own files, and the inline styles of its component library; nothing from anywhere else.
PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
# FastAPI's own reference pages load their viewers from a content delivery network and start them by an inline script.
REFERENCE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'unsafe-inline' https://cdn.jsdelivr.net https://fonts.googleapis.com; "
    "font-src https://fonts.gstatic.com; img-src 'self' data: https://fastapi.tiangolo.com https://cdn.redoc.ly; "
    "connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
REFERENCE_PATHS = ("/docs", "/redoc")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_log = structlog.get_logger("web")
POLLED = frozenset({"/healthz", "/readyz", "/metrics"})


class Edge:
    """Wraps the application; nothing leaves it without a correlation id, security headers and a line in the log."""

    def __init__(self, app: ASGIApp, figures: RequestFigures, redaction: Redaction) -> None:
        self._app = app
        self._figures = figures
        self._redaction = redaction

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation_id = self._correlation_id(Headers(scope=scope).get(CORRELATION_HEADER))
        scope.setdefault("state", {}).update(correlation_id=correlation_id, transport=_transport_of(receive))
        exchange = _Exchange(scope, send, correlation_id, self._figures)
        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
            try:
                await self._app(scope, receive, exchange.send)
            finally:
                exchange.end()

    def _correlation_id(self, given: str | None) -> str:
        # It goes into the answer and the journal: what looks like a key by mistake does not.
        return usable_id(given if given is None or self._redaction(given) == given else None)


class LastResort:
    """Answers what nobody expected with a 500 that tells nothing, and bodies beyond the limit with 413."""

    def __init__(self, app: ASGIApp, answers: ErrorAnswers) -> None:
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def send_noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = has_begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, _limited(scope, receive), send_noted)
        except asyncio.CancelledError:
            raise
        except BodyTooLarge as error:
            status, message = 413, str(error.detail)
        except Exception:  # noqa: BLE001 - the last resort: logged in full here, and told to nobody else
            _log.exception("a request failed", method=scope["method"], path=scope["path"], **ids_in(scope))
            status, message = 500, "something went wrong inside Weaver; its log has more under this correlation id"
        else:
            return
        if not has_begun:
            await self._answers.answer(scope["state"]["correlation_id"], status, message)(scope, receive, send)


class _Exchange:
    """One request and what was answered to it."""

    def __init__(self, scope: Scope, send: Send, correlation_id: str, figures: RequestFigures) -> None:
        self._scope = scope
        self._send = send
        self._correlation_id = correlation_id
        self._figures = figures
        self._began = time.perf_counter()
        self._status: int | None = None
        figures.in_flight.inc()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._add_headers(MutableHeaders(scope=message))
            self._figures.in_flight.dec()
            seconds = time.perf_counter() - self._began
            self._figures.answered(self._scope["method"], route_of(self._scope), message["status"], seconds)
        await self._send(message)

    def end(self) -> None:
        if self._status is None:
            self._figures.in_flight.dec()
        # Query strings may hold anything, and are not logged.
        # what watches Weaver asks four times a minute, for years
        is_poll = self._scope["path"] in POLLED and self._status is not None and self._status < 400
        _log.log(
            logging.DEBUG if is_poll else logging.INFO,
            "request",
            method=self._scope["method"],
            path=self._scope["path"],
            status=self._status,
            milliseconds=round((time.perf_counter() - self._began) * 1_000, 1),
            **ids_in(self._scope),
        )

    def _add_headers(self, headers: MutableHeaders) -> None:
        path = self._scope["path"]
        headers[CORRELATION_HEADER] = self._correlation_id
        headers.update(SECURITY_HEADERS)
        headers["Content-Security-Policy"] = REFERENCE_POLICY if path in REFERENCE_PATHS else PAGE_POLICY
        # Prices and positions are nobody's business but the asker's; what may be kept says so itself.
        headers.setdefault("Cache-Control", "no-store")


def route_of(scope: Scope) -> str:
    """Return the template of the route that took the request, `(page)` for the page's files, `(none)` without one."""
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        return "(page)" if belongs_to_page(scope["method"], scope["path"]) else "(none)"
    return f"{PREFIX}{path}" if scope["path"].startswith(f"{PREFIX}/") else str(path)


def _limited(scope: Scope, receive: Receive) -> Receive:
    announced = Headers(scope=scope).get("content-length", "0")
    if not announced.isdecimal() or int(announced[:20]) > MAX_BODY_BYTES:
        raise BodyTooLarge(MAX_BODY_BYTES)
    taken = 0

    async def receive_limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MAX_BODY_BYTES:
            raise BodyTooLarge(MAX_BODY_BYTES)
        return message

    return receive_limited


def _transport_of(receive: Any) -> asyncio.Transport | None:  # noqa: ANN401 - the server's own callable
    """The connection itself, where the server is uvicorn, whose `receive` belongs to the exchange."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    return transport if isinstance(transport, asyncio.Transport) else None


def usable_id(given: str | None) -> str:
    """Return the correlation id given, or a new one if it is no printable ASCII of 1 to 128 characters."""
    return given if given is not None and _USABLE_ID.fullmatch(given) else str(new_id())

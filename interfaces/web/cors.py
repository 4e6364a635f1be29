"""What pages of other origins may do: nothing, unless an origin is listed in WEAVER_ALLOWED_ORIGINS."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from interfaces.settings import Settings
from interfaces.web.errors import ErrorAnswers

METHODS = ("GET", "POST", "DELETE")
SENT_HEADERS = ("X-API-Key", "Idempotency-Key", "X-Correlation-ID", "Last-Event-ID")
READ_HEADERS = ("Weaver-Position", "Idempotent-Replayed", "X-Correlation-ID", "Location", "Retry-After")


class Cors(CORSMiddleware):
    """Starlette's answers for listed origins; for any other, and for pages of Weaver's own, no CORS header at all."""

    def __init__(self, app: ASGIApp, settings: Settings, answers: ErrorAnswers) -> None:
        super().__init__(
            app,
            allow_origins=settings.allowed_origins,
            allow_methods=METHODS,
            allow_headers=SENT_HEADERS,
            expose_headers=READ_HEADERS,
        )
        self._answers = answers

    def is_allowed_origin(self, origin: str) -> bool:
        """Return whether the origin is a listed one."""
        return origin.lower() in self.allow_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if not self.is_allowed_origin(headers.get("origin", "")):
            await self.app(scope, receive, send)
            return
        is_preflight = scope["method"] == "OPTIONS" and "access-control-request-method" in headers
        if not is_preflight:
            await self.simple_response(scope, receive, send, headers)
            return
        answer = self.preflight_response(headers)
        if answer.status_code >= 400:
            answer = self._refusal(scope, answer)
        await answer(scope, receive, send)

    def _refusal(self, scope: Scope, theirs: Response) -> Response:
        """A refused preflight in the one shape, with the headers that say what would be allowed."""
        methods, sent = ", ".join(METHODS), ", ".join(SENT_HEADERS)
        message = f"pages of other origins may use {methods}, with the headers {sent}"
        answer = self._answers.answer(scope["state"]["correlation_id"], 400, message)
        for name, value in theirs.headers.items():
            if name.startswith("access-control-") or name == "vary":
                answer.headers[name] = value
        return answer

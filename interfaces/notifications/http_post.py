"""How the web is asked to take a message: one address, deadlines, and what each answer means."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import isfinite, nan
from time import monotonic
from urllib.parse import urlsplit

import httpx
import msgspec

from domain.errors import one_line
from interfaces.alpaca_wire.deadlines import DeadlineTransport
from interfaces.logs import Redaction
from interfaces.notifications.sender import NotDelivered, in_one_line

# All in seconds.
CONNECT, TOTAL = 5.0, 10.0
# No channel is left alone for longer, whatever it asks for.
LONGEST_PAUSE = 3_600.0
# What is read of an answer, for its reason.
ANSWER_BYTES = 16_384
TOO_MANY = 429
# Nobody says no with these: too late, too early, too often.
UNDECIDED = frozenset({408, 425, TOO_MANY})
_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


class HttpPost:
    """POST to one address, with deadlines; answers other than success are raised, without a secret in any reason."""

    longest_seconds = TOTAL

    def __init__(self, url: str, hidden: Redaction) -> None:
        self._url = url
        self._hidden = hidden
        self._transport = DeadlineTransport(url)
        timeout = httpx.Timeout(TOTAL, connect=CONNECT)
        self._http = httpx.Client(transport=self._transport, timeout=timeout, trust_env=False)

    def send(self, body: bytes, headers: Mapping[str, str], now: datetime) -> str:
        """Return status and reason of a success; raise NotDelivered. now: for what answers say in dates."""
        request = self._http.build_request(
            "POST", self._url, content=body, headers={"Content-Type": "application/json", **headers}
        )
        try:
            with self._transport.until(monotonic() + TOTAL):
                response = self._http.send(request, stream=True)
                try:
                    content = _beginning(response)
                finally:
                    response.close()
        except _NOTHING_SENT as error:
            raise NotDelivered(self._said(error)) from None
        except httpx.HTTPError as error:
            raise NotDelivered(self._said(error), may_have_arrived=True) from None
        return self._judged(response, content, now)

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _judged(self, response: httpx.Response, content: bytes, now: datetime) -> str:
        status, answer = response.status_code, _decoded(content)
        reason = self._hidden(f"{status} {_complaint(answer, content) or response.reason_phrase}")
        if 200 <= status < 300:
            return in_one_line(reason)
        if status in UNDECIDED:
            raise NotDelivered(reason, retry_after=_retry_after(response, answer, now))
        if status >= 500:
            # a gateway that gave up waiting does not know either
            raise NotDelivered(reason, may_have_arrived=status != 503, retry_after=_retry_after(response, answer, now))
        raise NotDelivered(reason, is_final=True)

    def _said(self, error: httpx.HTTPError) -> str:
        host = urlsplit(self._url).hostname
        return self._hidden(f"no answer of {host}: {one_line(error) or type(error).__name__}")


def _beginning(response: httpx.Response) -> bytes:
    """The first bytes of an answer; of a success that breaks off, none: its status has said all there is to know."""
    content = b""
    try:
        for part in response.iter_bytes():
            content += part
            if len(content) >= ANSWER_BYTES:
                break
    except httpx.HTTPError:
        if not response.is_success:
            raise
    return content[:ANSWER_BYTES]


def _decoded(content: bytes) -> Mapping[str, object]:
    try:
        answer = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _complaint(answer: Mapping[str, object], content: bytes) -> str:
    for name in ("description", "message", "error"):
        if isinstance(said := answer.get(name), str):
            return said
    return "" if answer or content.lstrip().startswith(b"<") else content.decode(errors="replace")


def _retry_after(response: httpx.Response, answer: Mapping[str, object], now: datetime) -> float | None:
    """Seconds, from the header in either of its forms, or from the answer as Telegram and Discord write it."""
    parameters = answer.get("parameters")
    inner = parameters.get("retry_after") if isinstance(parameters, Mapping) else None
    for given in (response.headers.get("Retry-After"), answer.get("retry_after"), inner):
        if isinstance(given, (str, int, float)):
            try:
                seconds = float(given)
            except ValueError:
                seconds = _until(str(given), now)
            if isfinite(seconds):
                return min(max(seconds, 0.0), LONGEST_PAUSE)
    return None


def _until(date: str, now: datetime) -> float:
    try:
        return (parsedate_to_datetime(date) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return nan

"""Requests to Alpaca: alpaca-py's raw client, over a session of our own that has deadlines and repeats no order.

alpaca-py knows the addresses and how a request is signed. What it does by itself when something goes wrong - repeating
any request on 429 and 504, waiting for ever - is not reached, because the session answers with success only and raises
for everything else. See docs/adr/0017-alpaca-py.md.
"""

import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx
import msgspec
import structlog
from alpaca.common.rest import RESTClient

from domain.errors import CredentialsRefused, ExchangeUnavailable
from interfaces.alpaca_wire.deadlines import DeadlineTransport
from interfaces.alpaca_wire.figures import WIRE
from interfaces.alpaca_wire.keys import AlpacaKeys
from interfaces.alpaca_wire.rate_limit import RateLimit

TOO_MANY_REQUESTS = 429
# Nobody says no with these: too early, or too late.
UNDECIDED = frozenset({408, 425, TOO_MANY_REQUESTS})
FOREIGN_KEYS = "40110000"
NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
MAX_REASON = 300

_log = structlog.get_logger("alpaca")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take, in seconds.

    connect, read: of one attempt. total: of all attempts together, waiting for a place under the rate limit included.
    place: of that waiting alone, for a request that is not repeated. pause: the first wait before a repetition.
    """

    connect: float = 3.0
    read: float = 8.0
    total: float = 12.0
    place: float = 3.0
    pause: float = 0.25


class NotAnswered(Exception):
    """A request without a usable answer; was_sent: whether the other side may have it."""

    def __init__(self, reason: str, *, was_sent: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.was_sent = was_sent


class AlpacaRefusal(Exception):
    """Alpaca said no. code: its own, where there is one. is_alpacas: False where something on the way said it."""

    def __init__(self, status: int, code: str | None, message: str, *, is_alpacas: bool) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.is_alpacas = is_alpacas


class AlpacaHttp:
    """Requests to one host and version of Alpaca, such as `https://paper-api.alpaca.markets` and `v2`; for threads.

    environment: `paper` or `live`, whose keys these are, for messages. Only GET is repeated, on everything that may
    pass, with growing and random pauses, within its total patience.
    """

    def __init__(
        self,
        url: str,
        version: str,
        keys: AlpacaKeys | None,
        *,
        environment: str,
        limit: RateLimit | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.environment = environment
        limit = limit or RateLimit()
        WIRE.limits[f"{httpx.URL(url).host}"] = limit
        self._session = _Session(url, limit, patience or Patience())
        self._client = _RawClient(url, version, keys, self._session)

    def get(self, path: str, params: Mapping[str, str] | None = None) -> object:
        """Return the answer's JSON; raise AlpacaRefusal or NotAnswered."""
        return self._client.get(path, dict(params or {}))

    def post(self, path: str, body: Mapping[str, object]) -> object:
        """Return the answer's JSON to a request that is sent at most once; raise AlpacaRefusal or NotAnswered."""
        return self._client.post(path, dict(body))

    def delete(self, path: str) -> object:
        """Return the answer's JSON, None for none; sent at most once, before others. Raise as `post` does."""
        return self._client.delete(path)

    def ask(self, path: str, params: Mapping[str, str] | None = None, *, within: float | None = None) -> object:
        """Return the answer's JSON; raise CredentialsRefused or ExchangeUnavailable, which say what to do.

        within: seconds it may take in all, where that is less than the patience of this client.
        """
        try:
            with self._session.within(within):
                return self.get(path, params)
        except AlpacaRefusal as refusal:
            raise self.as_error(refusal) from None
        except NotAnswered as silence:
            raise ExchangeUnavailable(f"Alpaca cannot be asked: {silence.reason}") from None

    def as_error(self, refusal: AlpacaRefusal) -> CredentialsRefused | ExchangeUnavailable:
        """Return what a refused question means to whoever asked."""
        if refusal.status == 401:
            return CredentialsRefused(refused_keys(self.environment, refusal.code))
        if refusal.status == 403 and refusal.is_alpacas and refusal.code is None:
            return CredentialsRefused(
                f"Alpaca does not let these {self.environment} keys do that ({refusal.message.rstrip('.')}): "
                "look at what the account may do"
            )
        return ExchangeUnavailable(f"Alpaca does not answer the question: {refusal}")

    def close(self) -> None:
        """Close every connection."""
        self._session.close()


def refused_keys(environment: str, code: str | None) -> str:
    """Return why keys are not accepted, and what to do."""
    variable = f"WEAVER_ALPACA_{environment.upper()}_KEY_ID and _SECRET_KEY"
    if code == FOREIGN_KEYS:
        return (
            f"the keys are not of Alpaca's {environment} environment: paper and live have keys of their own; "
            f"check {variable}"
        )
    return f"Alpaca does not accept the {environment} keys: check {variable}"


class _RawClient(RESTClient):
    """alpaca-py's client for JSON as it comes, with a session of ours."""

    def __init__(self, url: str, version: str, keys: AlpacaKeys | None, session: "_Session") -> None:
        key_id, secret = (keys.key_id, keys.secret) if keys else (None, None)
        super().__init__(url, key_id, secret, api_version=version, raw_data=True)
        self._session.close()
        self._session = session  # type: ignore[assignment]  # what it is asked for, `request`, it has

    @staticmethod
    def _validate_credentials(
        api_key: str | None = None, secret_key: str | None = None, oauth_token: str | None = None
    ) -> tuple[str | None, str | None, str | None]:
        # the original insists on keys, which bars of crypto do not need
        return api_key, secret_key, oauth_token


@dataclass(frozen=True, slots=True)
class _Success:
    """What alpaca-py wants to see of an answer."""

    text: str
    value: object

    def raise_for_status(self) -> None:
        """Do nothing: it is a success."""

    def json(self) -> object:
        return self.value


class _Session:
    """Stands where alpaca-py has its session of requests: answers with success, or raises."""

    def __init__(self, url: str, limit: RateLimit, patience: Patience) -> None:
        self._transport = DeadlineTransport(url)
        timeout = httpx.Timeout(patience.read, connect=patience.connect, pool=patience.connect)
        self._http = httpx.Client(transport=self._transport, timeout=timeout, trust_env=False)
        self._limit = limit
        self._patience = patience
        self._hurry = threading.local()
        self._is_closed = False

    @contextmanager
    def within(self, seconds: float | None) -> Iterator[None]:
        """Let the requests of this thread take so long in all, and never more than the usual patience."""
        self._hurry.total = seconds
        try:
            yield
        finally:
            self._hurry.total = None

    def close(self) -> None:
        self._is_closed = True
        self._http.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | None],
        allow_redirects: bool,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, object] | None = None,
    ) -> _Success:
        assert not allow_redirects, "a redirected order would be an order to somebody else"
        signed = {name: value for name, value in headers.items() if value is not None}
        request = self._http.build_request(method, url, headers=signed, params=params, json=json)
        hurry = getattr(self._hurry, "total", None)
        deadline = time.monotonic() + min(self._patience.total, self._patience.total if hurry is None else hurry)
        pause = self._patience.pause
        while True:
            if self._is_closed:
                raise NotAnswered("the connection was closed here", was_sent=False)
            self._await_place(method, deadline)
            try:
                with self._transport.until(deadline):
                    return self._once(request)
            except NotAnswered as silence:
                wait = random.uniform(0, pause)
                if method != "GET" or time.monotonic() + wait >= deadline:
                    raise
                _log.debug("asked again", path=request.url.path, reason=silence.reason)
                time.sleep(wait)
                pause *= 2

    def _once(self, request: httpx.Request) -> _Success:
        try:
            response = self._http.send(request)
        except NOTHING_SENT as error:
            raise NotAnswered(f"no connection to {request.url.host}: {_said(error)}", was_sent=False) from None
        except httpx.HTTPError as error:
            raise NotAnswered(f"no answer of {request.url.host}: {_said(error)}") from None
        self._note_limits(response)
        return _judged(response)

    def _await_place(self, method: str, deadline: float) -> None:
        patience = deadline - time.monotonic()
        if method != "GET":
            patience = min(patience, self._patience.place)
        if not self._limit.acquire(patience, is_urgent=method == "DELETE"):
            raise NotAnswered("the rate limit of the account is used up: try again in a minute", was_sent=False)

    def _note_limits(self, response: httpx.Response) -> None:
        ends_in = _renewed_in(response)
        if response.status_code == TOO_MANY_REQUESTS:
            self._limit.refused(ends_in)
        else:
            self._limit.told(_whole(response, "X-Ratelimit-Limit"), _whole(response, "X-Ratelimit-Remaining"), ends_in)


def _judged(response: httpx.Response) -> _Success:
    """Return a success, raise AlpacaRefusal where somebody said no, NotAnswered for whatever decides nothing."""
    status = response.status_code
    if 200 <= status < 300:
        if not response.content:
            return _Success("", None)
        try:
            return _Success(response.text, msgspec.json.decode(response.content))
        except msgspec.DecodeError as error:
            raise NotAnswered(f"the answer ({status}) cannot be read: {error}") from None
    code, message = _complaint(response.content)
    if 400 <= status < 500 and status not in UNDECIDED:
        said = message or response.reason_phrase
        raise AlpacaRefusal(status, code, said[:MAX_REASON], is_alpacas=message is not None)
    raise NotAnswered(f"the answer was {status} {message or response.reason_phrase}"[:MAX_REASON])


def _complaint(content: bytes) -> tuple[str | None, str | None]:
    """Return code and message of an error of Alpaca, None for what is missing: gateways answer in HTML."""
    try:
        body = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return None, None
    if not isinstance(body, dict) or not isinstance(body.get("message"), str):
        return None, None
    code = body.get("code")
    return (None if code is None else str(code)), body["message"]


def _whole(response: httpx.Response, header: str) -> int | None:
    try:
        return int(response.headers.get(header, ""))
    except ValueError:
        return None


def _renewed_in(response: httpx.Response) -> float | None:
    """Return the seconds until the requests that are left are renewed, by the exchange's clock alone: ours may differ.

    None if it does not say.
    """
    reset = _whole(response, "X-Ratelimit-Reset")
    try:
        return None if reset is None else reset - parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return None


def _said(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__

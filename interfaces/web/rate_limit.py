"""How often one client may ask: a bucket of tokens for each address, refilled steadily, with a bound on all of them."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

from interfaces.settings import Settings
from interfaces.web.edge import PREFIX
from interfaces.web.errors import ErrorAnswers

# Of more clients than this the one that has been silent longest is forgotten, and begins anew.
MAX_CLIENTS = 10_000
# Whoever gets an IPv6 address as a rule gets the whole network of it.
IPV6_PREFIX = 64
UNKNOWN_CLIENT = "socket"

# What watches Weaver, and what stops it, must get through when something else asks too often.
ALWAYS_ANSWERED = frozenset(
    {
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("POST", f"{PREFIX}/halt"),
        # One request for hours of events; and a browser whose stream is refused once never tries again.
        ("GET", f"{PREFIX}/events/stream"),
    }
)


class Buckets:
    """For each client how many requests it has left: `burst` at first, `rate` more a second, never more than `burst`.

    Of a bucket only the moment it is full again is kept. clock: seconds that never go back.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds_each = 1 / rate
        self._seconds_all = burst / rate
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """How many clients are remembered."""
        return len(self._full_at)

    def take(self, client: str) -> float:
        """Take one token; return 0.0, or the seconds until there is one, which then is not taken."""
        now = self._clock()
        full_at = max(self._full_at.get(client, now), now) + self._seconds_each
        missing = full_at - now - self._seconds_all
        if missing > 1e-9:  # less is the error of the sums
            return missing
        self._full_at[client] = full_at
        self._full_at.move_to_end(client)
        if len(self._full_at) > MAX_CLIENTS:
            self._full_at.popitem(last=False)
        return 0.0


class RateLimit:
    """Answers 429 to a client that asks more often than it may; `Retry-After` says when there is a place again."""

    def __init__(self, app: ASGIApp, settings: Settings, answers: ErrorAnswers, refused: Callable[[], object]) -> None:
        self._app = app
        self._answers = answers
        self._refused = refused
        self._limit = settings.rate_limit
        self._buckets = Buckets(settings.rate_limit, settings.rate_burst) if settings.rate_limit else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        wait = self._wait(scope)
        if not wait:
            await self._app(scope, receive, send)
            return
        self._refused()
        seconds = math.ceil(wait)
        message = f"too many requests from this address: more than {self._limit:g} a second; try again in {seconds} s"
        correlation_id = scope["state"]["correlation_id"]
        answer = self._answers.answer(correlation_id, 429, message, limit_per_second=self._limit, retry_after=seconds)
        answer.headers["Retry-After"] = str(seconds)
        await answer(scope, receive, send)

    def _wait(self, scope: Scope) -> float:
        is_limited = self._buckets is not None and scope["type"] == "http"
        if not is_limited or (scope["method"], scope["path"]) in ALWAYS_ANSWERED:
            return 0.0
        assert self._buckets is not None
        return self._buckets.take(client_of(scope))


def client_of(scope: Scope) -> str:
    """Return what tells clients apart: the address of the connection, of IPv6 its network."""
    client = scope.get("client")
    return UNKNOWN_CLIENT if client is None else _network_of(client[0])


@lru_cache(MAX_CLIENTS)
def _network_of(given: str) -> str:
    try:
        address = ip_address(given)
    except ValueError:
        return UNKNOWN_CLIENT
    if isinstance(address, IPv4Address):
        return given
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, IPV6_PREFIX), strict=False))

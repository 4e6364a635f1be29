"""Who may ask: allow-lists for addresses, Host and Origin, and the API key, before any route is looked for."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import InvalidInput
from interfaces.settings import LOOPBACK_NAMES, Settings, is_loopback
from interfaces.web.errors import ErrorAnswers
from interfaces.web.page import belongs_to_page

KEY_HEADER = "X-API-Key"
OPEN_PATH = "/healthz"
# What the key is called by those who put it into an address.
KEY_NAMES = frozenset({"api_key", "apikey", "api-key", "x-api-key", "x_api_key"})
IN_THE_ADDRESS = (
    f"an API key does not belong into an address, which logs and histories keep: send it in the header {KEY_HEADER}, "
    "and change it if this one was the right one"
)
LOOPBACK_NETWORKS = ("127.0.0.0/8", "::1/128")
_WILDCARD_HOSTS = ("0.0.0.0", "::", "")

type Network = IPv4Network | IPv6Network


class Gate:
    """Lets a request of a known address, Host and Origin pass, or answers it with 403 and what to do about it."""

    def __init__(self, app: ASGIApp, settings: Settings, answers: ErrorAnswers) -> None:
        self._app = app
        self._answers = answers
        own = () if settings.host in _WILDCARD_HOSTS else (settings.host,)
        self._hosts = frozenset(_host_name(host) for host in (*LOOPBACK_NAMES, *own, *settings.allowed_hosts))
        self._origins = frozenset(origin.rstrip("/").lower() for origin in settings.allowed_origins)
        self._networks = networks(settings.allowed_ips or LOOPBACK_NETWORKS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
            return
        status, message = refusal
        await self._answers.answer(scope["state"]["correlation_id"], status, message)(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if not self._is_known_address(scope):
            return 403, f"requests from {scope['client'][0]} are not allowed: add it to WEAVER_ALLOWED_IPS"
        hosts = headers.getlist("host")
        if not hosts or not all(self._is_known_host(host) for host in hosts):
            return 403, "this Host is not allowed: use Weaver's own address, or add the name to WEAVER_ALLOWED_HOSTS"
        if not all(self._is_known_origin(origin, hosts[0]) for origin in headers.getlist("origin")):
            return 403, "requests from this Origin are not allowed: add it to WEAVER_ALLOWED_ORIGINS"
        return None

    def _is_known_address(self, scope: Scope) -> bool:
        client = scope.get("client")
        if client is None:  # a unix socket: the file's permissions decide
            return True
        try:
            address = ip_address(client[0])
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

    def _is_known_host(self, host: str) -> bool:
        name = _host_name(host)
        return name in self._hosts or is_loopback(name)

    def _is_known_origin(self, origin: str, host: str) -> bool:
        """Return whether the page is Weaver's own or a listed one; loopback names of one port are one page."""
        if origin.lower() in self._origins:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https"):
            return False
        if parts.netloc.lower() == host.lower():
            return True
        are_loopback = is_loopback(_host_name(parts.netloc)) and is_loopback(_host_name(host))
        return are_loopback and _port(parts.netloc) == _port(host)


class KeyCheck:
    """Lets a request with the API key pass, and whatever needs none; answers others with 401 and what to do."""

    def __init__(self, app: ASGIApp, settings: Settings, answers: ErrorAnswers) -> None:
        self._app = app
        self._answers = answers
        key = settings.api_key.get_secret_value() if settings.api_key is not None else None
        self._key_digest = None if key is None else _digest(key.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
            return
        status, message = refusal
        await self._answers.answer(scope["state"]["correlation_id"], status, message)(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        is_open = scope["path"] == OPEN_PATH or belongs_to_page(scope["method"], scope["path"])
        has_key = is_open or self._key_digest is None or self._is_key(headers.get(KEY_HEADER, "").encode("latin-1"))
        if self._has_key_in_query(scope):
            return 422 if has_key else 401, IN_THE_ADDRESS
        if has_key:
            return None
        given = "is not the right one" if KEY_HEADER in headers else "is missing"
        return 401, f"the API key {given}: send it in the header {KEY_HEADER}"

    def _has_key_in_query(self, scope: Scope) -> bool:
        if not scope["query_string"]:
            return False
        given = QueryParams(scope["query_string"]).multi_items()
        return any(name.lower() in KEY_NAMES or self._is_key(value.encode()) for name, value in given)

    def _is_key(self, given: bytes) -> bool:
        # Digests have one length: the comparison tells nothing about the key's.
        return self._key_digest is not None and hmac.compare_digest(_digest(given), self._key_digest)


def networks(names: Iterable[str]) -> Sequence[Network]:
    """Return the networks of addresses such as `10.0.0.7` or `10.0.0.0/8`; raise InvalidInput for other text."""
    try:
        return [ip_network(name, strict=False) for name in names]
    except ValueError as error:
        raise InvalidInput(f"WEAVER_ALLOWED_IPS: {error}", variable="WEAVER_ALLOWED_IPS") from None


def _host_name(host: str) -> str:
    """The name without the port, IPv6 addresses without brackets."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    if host.count(":") > 1:
        return host
    return host.partition(":")[0].rstrip(".")


def _port(host: str) -> str:
    return host.rpartition("]")[2].rpartition(":")[2]


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()

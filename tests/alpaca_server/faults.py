"""What goes wrong on demand: which fault, where, how often; and which ones strike a request, an order or a message."""

import itertools
from decimal import Decimal
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Literal

import msgspec

from tests.alpaca_server.orders import Order

REQUEST_KINDS = Literal["latency", "drop", "hang", "error", "body", "rewrite", "hide"]
ORDER_KINDS = Literal["reject_later", "hold", "partial", "cancel_stuck", "fill_on_cancel", "fill_after_cancel"]
STREAM_KINDS = Literal[
    "mute",
    "cut",
    "duplicate",
    "reorder",
    "lose",
    "delay",
    "rewrite_message",
    "malformed",
    "refuse_handshake",
    "refuse_login",
    "linger",
]


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One fault. The patterns are those of file names (`*`, `?`, `[…]`); what none is given for matches everything."""

    kind: REQUEST_KINDS | ORDER_KINDS | STREAM_KINDS

    environment: str = "*"
    """`paper`, `live` or `data`."""
    method: str = "*"
    path: str = "*"
    """Without the environment's prefix: `/v2/orders`, `/v2/orders/*`."""
    client_order_id: str = "*"
    symbol: str = "*"
    stream: str = "*"
    """`trade_updates`, `crypto` or `stocks`."""
    event: str = "*"
    """The word of a trade update, or the type of a data message (`b`, `t`, `q`)."""

    when: Literal["before", "after"] = "before"
    """Of a request: before it has any effect, or after it, in the place of its answer."""
    skip: int = 0
    """How many that match are let through first."""
    count: int | None = 1
    """How many it strikes; without a number, all."""
    probability: float = 1.0

    seconds: float = 0.0
    status: int = 503
    body: Literal["json", "html", "empty", "bad_json"] = "json"
    headers: bool = True
    """Whether an error carries the rate-limit headers."""
    field: str = "status"
    value: Any = "under_review"
    share: Decimal = Decimal("0.5")
    reason: str | None = None

    id: str = ""
    hits: int = 0


class Faults:
    """The faults that are set. Chance is seeded: the same requests in the same order meet the same faults."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, seed: int) -> None:
        """Take all faults back, and draw chance from a seed."""
        self._seed = seed
        self._numbers = itertools.count(1)
        self._set: dict[str, Fault] = {}
        self._chance: dict[str, Random] = {}

    def add(self, fault: Fault) -> Fault:
        """Set a fault; from now on it strikes."""
        fault = msgspec.structs.replace(fault, id=f"fault-{next(self._numbers)}", hits=0)
        self._set[fault.id] = fault
        self._chance[fault.id] = Random(f"{self._seed}:{fault.id}")
        return fault

    def all(self) -> list[Fault]:
        """Return the faults that are set, spent ones included, with the number of times each struck."""
        return list(self._set.values())

    def clear(self, fault_id: str | None = None) -> None:
        """Take one fault back, or all."""
        if fault_id is None:
            self._set.clear()
        else:
            self._set.pop(fault_id, None)

    def take_request(self, environment: str, method: str, path: str, client_order_id: str | None) -> list[Fault]:
        """Return the faults that strike a request, in the order they were set."""
        where = {"environment": environment, "method": method, "path": path, "client_order_id": client_order_id or ""}
        return [fault for fault in self._of(REQUEST_KINDS) if self._strikes(fault, where)]

    def take_order(self, kind: str, order: Order, *other_kinds: str) -> Fault | None:
        """Return the first fault of some kinds that strikes an order."""
        where = {"client_order_id": order.client_order_id, "symbol": order.symbol}
        chosen = (fault for fault in self._of(ORDER_KINDS) if fault.kind in (kind, *other_kinds))
        return next((fault for fault in chosen if self._strikes(fault, where)), None)

    def take_stream(self, kinds: tuple[str, ...], environment: str, stream: str, **message: str) -> list[Fault]:
        """Return the faults of some kinds that strike a stream's login or handshake, or one of its messages."""
        where = {"environment": environment, "stream": stream} | message
        chosen = [fault for fault in self._of(STREAM_KINDS) if fault.kind in kinds]
        return [fault for fault in chosen if self._strikes(fault, where)]

    def _of(self, kinds: Any) -> list[Fault]:
        return [fault for fault in self._set.values() if fault.kind in kinds.__args__]

    def _strikes(self, fault: Fault, where: dict[str, str]) -> bool:
        """Say whether a fault strikes here, and count it."""
        if not all(fnmatchcase(value, getattr(fault, name)) for name, value in where.items()):
            return False
        if fault.count == 0:
            return False
        if self._chance[fault.id].random() >= fault.probability:
            return False
        if fault.skip:
            fault.skip -= 1
            return False
        if fault.count is not None:
            fault.count -= 1
        fault.hits += 1
        return True

"""Every trial there is: each fault of the exchange, at each phase of trading, with each kill."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

type Phase = Literal["submit", "cancel", "fill", "reconnect"]
type Kill = Literal["none", "main", "child"]
type Fault = Mapping[str, Any]
type Deed = Literal["cut the stream", "restart the exchange", "cut the database's connections"]

PHASES: Sequence[Phase] = ("submit", "cancel", "fill", "reconnect")
KILLS: Sequence[Kill] = ("none", "main", "child")

# What a request of each phase is to the exchange. Fills are asked for where the stream did not tell of them.
_REQUESTS: Mapping[Phase, Sequence[Fault]] = {
    "submit": [{"method": "POST", "path": "/v2/orders"}],
    "cancel": [{"method": "DELETE", "path": "/v2/orders/*"}],
    "fill": [{"method": "GET", "path": "/v2/orders:by*"}, {"method": "GET", "path": "/v2/account/activities/*"}],
    "reconnect": [{"method": "GET", "path": "/v2/*"}],
}
_EVENTS: Mapping[Phase, str] = {"submit": "*new", "cancel": "*cancel*", "fill": "*fill", "reconnect": "*"}
_FILLS_UNHEARD: Fault = {"kind": "lose", "stream": "trade_updates", "event": "*fill", "count": 2}
_CUT: Deed = "cut the stream"

_REQUEST_FAULTS: Mapping[str, Fault] = {
    "late answer": {"kind": "latency", "when": "after", "seconds": 2.5, "count": 2},
    "late arrival": {"kind": "latency", "seconds": 2.5, "count": 2},
    "very late arrival": {"kind": "latency", "seconds": 10.0, "count": 1},
    "dropped before": {"kind": "drop", "count": 2},
    "dropped after": {"kind": "drop", "when": "after", "count": 2},
    "silence before": {"kind": "hang", "count": 1},
    "silence after": {"kind": "hang", "when": "after", "count": 1},
    "429": {"kind": "error", "status": 429, "count": 2},
    "429 without headers": {"kind": "error", "status": 429, "headers": False, "body": "html", "count": 3},
    "500 before": {"kind": "error", "status": 500, "count": 2},
    "500 after": {"kind": "error", "when": "after", "status": 500, "count": 2},
    "502 of a gateway": {"kind": "error", "status": 502, "body": "html", "count": 3},
    "503 after": {"kind": "error", "when": "after", "status": 503, "body": "empty", "count": 2},
    "504 after": {"kind": "error", "when": "after", "status": 504, "body": "html", "count": 2},
    "403 of a gateway": {"kind": "error", "status": 403, "body": "html", "count": 2},
    "404 of a gateway": {"kind": "error", "status": 404, "body": "html", "count": 2},
    "empty body": {"kind": "body", "when": "after", "body": "empty", "count": 2},
    "half a body": {"kind": "body", "when": "after", "body": "bad_json", "count": 2},
    "html body": {"kind": "body", "when": "after", "body": "html", "count": 2},
    "unknown status": {"kind": "rewrite", "when": "after", "field": "status", "value": "under_review", "count": 4},
    "missing amount": {"kind": "rewrite", "when": "after", "field": "filled_qty", "value": "many", "count": 2},
}
_STREAM_FAULTS: Mapping[str, Fault] = {
    "mute": {"kind": "mute", "count": 1},
    "cut": {"kind": "cut", "count": 2},
    "duplicated": {"kind": "duplicate", "count": 6},
    "reordered": {"kind": "reorder", "count": 4},
    "lost": {"kind": "lose", "count": 4},
    "delayed": {"kind": "delay", "seconds": 0.8, "count": 3},
    "unknown word": {"kind": "rewrite_message", "field": "status", "value": "under_review", "count": 4},
    "malformed": {"kind": "malformed", "count": 2},
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes wrong in a trial. faults: set at once; deeds: done after that; conditions: set before both."""

    name: str
    phase: Phase
    faults: Sequence[Fault] = ()
    deeds: Sequence[Deed] = ()
    conditions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial: number, from 1; the plan, and which process is killed at a moment that the seed decides."""

    number: int
    seed: int
    plan: Plan
    kill: Kill

    def __str__(self) -> str:
        return f"{self.number} · {self.plan.phase} · {self.plan.name} · kill {self.kill}"


def plans() -> Iterator[Plan]:
    """Give every plan."""
    for phase in PHASES:
        for name, fault in _REQUEST_FAULTS.items():
            yield _of_requests(phase, name, fault)
        for name, fault in _STREAM_FAULTS.items():
            if phase == "reconnect" and name == "cut":
                continue  # both are the same
            struck = {**fault, "stream": "trade_updates", "event": _EVENTS[phase]}
            yield Plan(f"updates {name}", phase, [struck], _before(phase))
    yield from _of_orders()
    yield from _of_connections()


def _of_requests(phase: Phase, name: str, fault: Fault) -> Plan:
    faults: list[Fault] = [{**where, "environment": "paper", **fault} for where in _REQUESTS[phase]]
    if phase == "fill":
        faults.insert(0, _FILLS_UNHEARD)
    return Plan(name, phase, faults, _before(phase))


def _before(phase: Phase) -> Sequence[Deed]:
    return [_CUT] if phase == "reconnect" else []


def _of_orders() -> Iterator[Plan]:
    """Orders whose fate at the exchange is an unusual one."""
    unseen = [
        {"kind": "drop", "when": "after", "method": "POST", "path": "/v2/orders", "count": 1},
        {"kind": "hide", "when": "after", "method": "GET", "path": "/v2/orders*", "seconds": 4.0, "count": None},
    ]
    yield Plan("accepted, unanswered and hidden", "submit", unseen)
    yield Plan("rejected later", "submit", [{"kind": "reject_later", "count": 2}])
    yield Plan("held", "submit", [{"kind": "hold", "count": 2}])
    yield Plan("cancel stuck", "cancel", [{"kind": "cancel_stuck", "seconds": 4.0, "count": 2}])
    yield Plan("filled in spite of a cancel", "cancel", [{"kind": "fill_on_cancel", "seconds": 0.5, "count": 2}])
    late = {"kind": "fill_after_cancel", "seconds": 1.5, "count": 2}
    yield Plan("filled after a cancel", "cancel", [late])
    yield Plan("filled after a cancel", "fill", [late, _FILLS_UNHEARD], [_CUT])
    yield Plan("partial", "fill", [{"kind": "partial", "count": 3}], conditions={"fill_seconds": 0.4})
    yield Plan("partial and unheard", "fill", [{"kind": "partial", "count": 3}, _FILLS_UNHEARD])
    yield Plan("partial", "reconnect", [{"kind": "partial", "count": 3}], [_CUT], conditions={"fill_seconds": 0.4})


def _of_connections() -> Iterator[Plan]:
    """Connections that are refused or lost, of whichever side."""
    for status in (503, 429):
        fault = {"kind": "refuse_handshake", "stream": "trade_updates", "status": status, "count": 2}
        yield Plan(f"handshake refused with {status}", "reconnect", [fault], [_CUT])
    login = {"kind": "refuse_login", "stream": "trade_updates", "count": 1}
    yield Plan("login refused", "reconnect", [login], [_CUT])
    place = {"kind": "linger", "stream": "trade_updates", "seconds": 4.0, "count": 1}
    yield Plan("place kept by the dead", "reconnect", [place], [_CUT])
    yield Plan("exchange restarted", "reconnect", (), ["restart the exchange"])
    yield Plan("database connections cut", "submit", (), ["cut the database's connections"])
    lost = {"kind": "drop", "when": "after", "method": "POST", "path": "/v2/orders", "count": 1}
    yield Plan("database connections cut, answer lost", "submit", [lost], ["cut the database's connections"])
    stuck = {"kind": "cancel_stuck", "seconds": 2.0, "count": 1}
    yield Plan("database connections cut", "cancel", [stuck], ["cut the database's connections"])
    yield Plan("database connections cut", "fill", [_FILLS_UNHEARD], ["cut the database's connections"])


def trials(seed: int) -> list[Trial]:
    """Return every trial; the same numbers always stand for the same plans."""
    combined = ((plan, kill) for plan in plans() for kill in KILLS)
    return [Trial(number, seed, plan, kill) for number, (plan, kill) in enumerate(combined, 1)]

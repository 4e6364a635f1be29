"""What is told to a person of one event: a line that says it all, and the facts below it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from domain.event_catalogue import split_topic
from domain.events import Event
from domain.money import plain
from domain.order import OrderCreated
from domain.risk import KILL_SWITCH, RiskHalted, RiskResumed
from domain.run import RunCreated
from domain.severity import Severity, severity_of

MAX_TITLE = 200
MAX_FACT = 500
# What would move a cursor, break a header, or turn the text of others around.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
_TITLES: Mapping[str, str] = {
    "run.faulted": "cannot go on, its orders are being cancelled",
    "run.error": "has failed",
    "run.stopped": "was stopped",
    "run.paused": "was paused",
    "run.completed": "is completed",
    "run.deleted": "was deleted",
    "risk.halted": "is halted",
    "risk.resumed": "may trade again",
    "order.rejected": "an order was rejected",
    "order.outcome_unknown": "nobody knows what became of an order",
    "order.expired": "an order expired",
    "order.filled": "an order was filled",
    "account.discrepancy_found": "the exchange says something else than the journal",
}
# First in the facts, as `why`.
_REASONS = ("message", "reason")
# Told by the facts of the run and of the order, or of use to programs alone.
_LEFT_OUT = frozenset({*_REASONS, "at", "run_id", "name", "traceback", "client_order_id", "sequence", "execution_id"})


@dataclass(frozen=True, slots=True)
class Notice:
    """What to tell of an event. subject: whom it is about. title: one line. facts: name and value, one line each."""

    severity: Severity
    subject: str
    title: str
    facts: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The notice as plain text: the title, and a line for each fact."""
        return "\n".join([f"[{self.severity}] {self.title}", *(f"{name}: {value}" for name, value in self.facts)])


def notice_of(topic: str, event: Event, run: RunCreated | None = None, order: OrderCreated | None = None) -> Notice:
    """Return what to tell of an event, from nothing but the event and what its run and its order were created as."""
    name = split_topic(topic)[0]
    told = _TITLES.get(name, name.replace(".", " ").replace("_", " "))
    subject = _line(_subject(event, run), MAX_TITLE)
    reason = next((getattr(event, field) for field in _REASONS if getattr(event, field, None)), None)
    facts = [] if reason is None else [("why", str(reason))]
    facts += _of_order(order) if order is not None and not isinstance(event, OrderCreated) else []
    facts += _of_event(event)
    if run is not None:
        symbols = " ".join(run.symbols)
        facts.append(("run", f"{run.name} ({run.mode}, {run.strategy_id} on {symbols} {run.timeframe})"))
    facts += [("event", topic), ("at", _moment(event.at))]
    lines = tuple((_line(label, MAX_FACT), _line(value, MAX_FACT)) for label, value in facts)
    return Notice(severity_of(topic), subject, _line(f"{subject}: {told}", MAX_TITLE), lines)


def _subject(event: Event, run: RunCreated | None) -> str:
    if run is not None:
        return f"{run.mode} run {run.name}"
    if isinstance(event, (RiskHalted, RiskResumed)) and event.run_id is None:
        return "all trading"
    exchange = getattr(event, "exchange", None)
    return "Weaver" if exchange is None else str(exchange)


def _of_order(order: OrderCreated) -> list[tuple[str, str]]:
    limit = "" if order.price is None else f" at {plain(order.price)}"
    return [("order", f"{order.side} {plain(order.qty)} {order.symbol} {order.order_type}{limit}")]


def _of_event(event: Event) -> Iterator[tuple[str, str]]:
    for field in msgspec.structs.fields(event):
        value = getattr(event, field.name)
        if field.name in _LEFT_OUT or value is None or value == field.default:
            continue
        if field.name == "figures" and isinstance(value, Mapping):
            yield from ((name.replace("_", " "), str(figure)) for name, figure in value.items())
        elif field.name != "policy" or value != KILL_SWITCH:
            shown = _shown(value)
            if shown is not None:
                yield field.name.replace("_", " "), shown


def _shown(value: object) -> str | None:
    """The value in words, None for what has no place in a line."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return plain(value)
        case datetime():
            return _moment(value)
        case str() | int() | float() | UUID():
            return str(value)
        case _:
            return None


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _line(text: str, longest: int) -> str:
    line = " ".join(_UNSEEN.sub(" ", text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"

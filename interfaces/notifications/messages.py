"""A message: one delivery or many of the same kind, as it is put to a channel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.ids import new_id
from domain.severity import Severity
from interfaces.envelope import PRODUCER, timestamp

REPEATED = "(possibly repeated) "


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that a channel is to be told of. text: as it was put down when the event was found; envelope: JSON."""

    id: UUID
    position: int
    topic: str
    run_id: UUID | None
    severity: Severity
    subject: str
    title: str
    text: str
    envelope: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent at once: the first of its deliveries, and how many more there are of the same topic and run.

    attempt: from 1. may_have_arrived: an earlier attempt ended without an answer.
    """

    channel: str
    deliveries: Sequence[Delivery]
    attempt: int = 1
    may_have_arrived: bool = False

    @property
    def id(self) -> UUID:
        """The id of its first delivery: the same at every attempt."""
        return self.deliveries[0].id

    @property
    def first(self) -> Delivery:
        """The delivery that is told in full."""
        return self.deliveries[0]

    @property
    def title(self) -> str:
        """One line: whom it is about and what happened."""
        return f"[{self.first.severity}] {self.first.title}"

    @property
    def text(self) -> str:
        """All of it, the same at every attempt."""
        more = len(self.deliveries) - 1
        if not more:
            return self.first.text
        last = self.deliveries[-1].position
        return f"{self.first.text}\nand {more:,} more {self.first.topic} of {self.first.subject}, up to position {last}"

    @property
    def marked_text(self) -> str:
        """The text, with a mark if it may have arrived before: for channels that cannot recognise a repetition."""
        return f"{REPEATED}{self.text}" if self.may_have_arrived else self.text

    def as_json(self) -> bytes:
        """The envelope of its first event with `text`, `severity` and `folded`, the ids of further events."""
        envelope: dict[str, Any] = msgspec.json.decode(self.first.envelope)
        folded = [msgspec.json.decode(one.envelope)["id"] for one in self.deliveries[1:]]
        return msgspec.json.encode(envelope | {"text": self.text, "severity": self.first.severity, "folded": folded})


def fitted(text: str, longest: int, written: Callable[[str], str] = str, length: Callable[[str], int] = len) -> str:
    """Return as much of the text as fits, each character as `written` writes it, with `…` where something is missing.

    length: how the channel counts what was written.
    """
    parts = [written(character) for character in text]
    if sum(map(length, parts)) <= longest:
        return "".join(parts)
    kept, room = [], longest - 1
    for part in parts:
        room -= length(part)
        if room < 0:
            break
        kept.append(part)
    return "".join(kept) + "…"


def sample_message(channel: str, now: datetime) -> Message:
    """Return a message that says it is a test, in the form of all others."""
    identity, moment = new_id(), timestamp(now)
    title = "Weaver: this is a test of the channel"
    envelope = {
        "id": f"{identity}:1",
        "kind": "evt",
        "type": "notification.test",
        "version": 1,
        "run_id": None,
        "corr_id": None,
        "causation_id": None,
        "trace_id": None,
        "ts": moment,
        "producer": PRODUCER,
        "headers": {},
        "payload": {"at": moment},
        "position": 0,
    }
    text = f"[info] {title}\nchannel: {channel}\nat: {moment}"
    written = msgspec.json.encode(envelope).decode()
    return Message(channel, (Delivery(identity, 0, "notification.test", None, "info", "Weaver", title, text, written),))

"""Every topic of the journal and the payload registered for it: encode and decode pass through here."""

from collections.abc import Mapping

import msgspec

from domain.errors import InvalidInput
from domain.events import Aggregate, Event
from domain.order import (
    Order,
    OrderCancelled,
    OrderCancelRequested,
    OrderCreated,
    OrderExpired,
    OrderFilled,
    OrderPartiallyFilled,
    OrderRejected,
)
from domain.risk import RiskGuard, RiskHalted, RiskResumed
from domain.run import (
    Run,
    RunCompleted,
    RunCreated,
    RunDeleted,
    RunEquityMarked,
    RunFailed,
    RunFlattenRequested,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStartRequested,
    RunStopped,
    RunStopRequested,
)

# Market data beyond this is stored as bars and referenced by content hash.
MAX_PAYLOAD_BYTES = 100_000

AGGREGATES: tuple[type[Aggregate], ...] = (Run, Order, RiskGuard)

EVENTS: Mapping[str, type[Event]] = {
    event.TOPIC: event
    for event in (
        RunCreated,
        RunStartRequested,
        RunStarted,
        RunPaused,
        RunResumed,
        RunFlattenRequested,
        RunStopRequested,
        RunStopped,
        RunEquityMarked,
        RunCompleted,
        RunFailed,
        RunDeleted,
        OrderCreated,
        OrderPartiallyFilled,
        OrderFilled,
        OrderCancelRequested,
        OrderCancelled,
        OrderExpired,
        OrderRejected,
        RiskHalted,
        RiskResumed,
    )
}

_encoder = msgspec.json.Encoder()
_decoders = {topic: msgspec.json.Decoder(event) for topic, event in EVENTS.items()}


def encode(event: Event) -> tuple[str, bytes]:
    """Return the event's topic and its payload as JSON; raise InvalidInput if unregistered or above 100 KB."""
    topic = getattr(type(event), "TOPIC", "")
    if EVENTS.get(topic) is not type(event):
        raise InvalidInput(f"{type(event).__name__} is not a registered event: add it to the event catalogue")
    payload = _encoder.encode(event)
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise InvalidInput(f"a payload of {topic} has {len(payload)} bytes: at most {MAX_PAYLOAD_BYTES} are allowed")
    return topic, payload


def decode(topic: str, payload: bytes) -> Event:
    """Return the event; raise InvalidInput for an unknown topic, msgspec.ValidationError for a malformed payload."""
    decoder = _decoders.get(topic)
    if decoder is None:
        raise InvalidInput(f"the journal holds an event of the unknown topic {topic!r}: a newer Weaver wrote it")
    return decoder.decode(payload)

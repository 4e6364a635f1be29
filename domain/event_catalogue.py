"""Every topic of the journal and the payload registered for it: encode and decode pass through here.

A topic is a name, `order.created`, and from the second version of its payload on that too: `order.created.v2`. All
versions of a name are one event: they are read together, and an older one is decoded into the newest form.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from domain.errors import InvalidInput
from domain.events import Aggregate, Event, Superseded
from domain.exchange_account import AccountDiscrepancyFound, AccountReconciled, ExchangeAccountRecord
from domain.order import (
    Order,
    OrderAccepted,
    OrderCancelled,
    OrderCancelRequested,
    OrderCreated,
    OrderExpired,
    OrderFilled,
    OrderOutcomeUnknown,
    OrderPartiallyFilled,
    OrderRejected,
    OrderSubmitted,
)
from domain.retention import JournalPruned, PrunedRun
from domain.risk import RiskGuard, RiskHalted, RiskResumed
from domain.run import (
    Run,
    RunCompleted,
    RunCreated,
    RunDeleted,
    RunEquityMarked,
    RunFailed,
    RunFaulted,
    RunFlattened,
    RunFlattenRequested,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStartRequested,
    RunStopped,
    RunStopRequested,
)
from domain.run_log import LogIndicatorsDeclared, LogNoted, LogWritten, RunLog, RunNotes
from domain.sweep import (
    Sweep,
    SweepCompleted,
    SweepCreated,
    SweepFailed,
    SweepResumed,
    SweepStarted,
    SweepStopped,
    Trial,
    TrialCompleted,
    TrialFailed,
    TrialPruned,
    TrialStarted,
)
from domain.tape import Tape, TapeBackfilled, TapeDecided, TapeTicked

# Market data beyond this is stored as bars and referenced by content hash.
MAX_PAYLOAD_BYTES = 100_000

AGGREGATES: tuple[type[Aggregate], ...] = (
    Run,
    Order,
    RiskGuard,
    RunLog,
    RunNotes,
    Tape,
    ExchangeAccountRecord,
    Sweep,
    Trial,
    PrunedRun,
)


def split_topic(topic: str) -> tuple[str, int]:
    """Return the event's name and the version of its form: `order.created` and 2 for `order.created.v2`."""
    name, mark, version = topic.rpartition(".v")
    return (name, int(version)) if mark and version.isdecimal() else (topic, 1)


class Catalogue:
    """The registered events: each topic with the struct of its payload.

    events: every form of every event, superseded ones included. Raises ValueError for forms that do not add up: the
    versions of a name are 1 to n, each superseded by the next, and the last by none.
    """

    def __init__(self, events: Iterable[type[Event]]) -> None:
        registered = sorted(events, key=lambda event: split_topic(event.TOPIC)[1])
        self.events: Mapping[str, type[Event]] = {event.TOPIC: event for event in registered}
        self._forms: dict[str, list[type[Event]]] = {}
        for event in registered:
            self._forms.setdefault(split_topic(event.TOPIC)[0], []).append(event)
        for name, forms in self._forms.items():
            _require_succession(name, forms)
        self._recorded = {forms[-1].TOPIC: forms[-1] for forms in self._forms.values()}
        self._decoders = {topic: msgspec.json.Decoder(event) for topic, event in self.events.items()}

    def encode(self, event: Event) -> tuple[str, bytes]:
        """Return the event's topic and its payload as JSON.

        Raises InvalidInput for an event that is unregistered or superseded, and for a payload above 100 KB.
        """
        topic = getattr(type(event), "TOPIC", "")
        if self._recorded.get(topic) is not type(event):
            if isinstance(event, Superseded):
                raise InvalidInput(f"{topic} is superseded: record {type(event).SUCCESSOR.TOPIC} instead")
            raise InvalidInput(f"{type(event).__name__} is not a registered event: add it to the event catalogue")
        payload = _encoder.encode(event)
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise InvalidInput(
                f"a payload of {topic} has {len(payload)} bytes: at most {MAX_PAYLOAD_BYTES} are allowed"
            )
        return topic, payload

    def decode(self, topic: str, payload: bytes) -> Event:
        """Return the event in its newest form, whichever it was recorded in.

        Raises InvalidInput for an unknown topic, msgspec.ValidationError for a malformed payload.
        """
        decoder = self._decoders.get(topic)
        if decoder is None:
            raise InvalidInput(f"the journal holds an event of the unknown topic {topic!r}: a newer Weaver wrote it")
        event = decoder.decode(payload)
        while isinstance(event, Superseded):
            event = event.upcast()
        return event

    def newest(self, topic: str, payload: bytes) -> tuple[str, bytes]:
        """Return topic and payload as the event would be recorded today; as they are if that is how it was."""
        return (topic, payload) if topic in self._recorded else self.encode(self.decode(topic, payload))

    def kind(self, topic: str) -> type[Event] | None:
        """Return the class that `decode` gives for the topic, None for an unknown one."""
        return self._forms[split_topic(topic)[0]][-1] if topic in self.events else None

    def versions(self, topics: Iterable[str]) -> frozenset[str]:
        """Return the topics and every other version of the same events; unknown ones as they are."""
        named = list(topics)
        forms = (form for topic in named for form in self._forms.get(split_topic(topic)[0], ()))
        return frozenset(named).union(form.TOPIC for form in forms)


def _require_succession(name: str, forms: Sequence[type[Event]]) -> None:
    topics = [name if version == 1 else f"{name}.v{version}" for version in range(1, len(forms) + 1)]
    for topic, form in zip(topics, forms, strict=True):
        if topic != form.TOPIC:
            raise ValueError(f"{form.TOPIC} is registered where {topic} is due")
    for form, newer in zip(forms, [*forms[1:], None], strict=True):
        successor = form.SUCCESSOR if issubclass(form, Superseded) else None
        if successor is not newer:
            raise ValueError(f"the successor of {form.TOPIC} is {successor}, but registered is {newer}")


_encoder = msgspec.json.Encoder()

CATALOGUE = Catalogue(
    (
        RunCreated,
        RunStartRequested,
        RunStarted,
        RunPaused,
        RunResumed,
        RunFlattenRequested,
        RunFlattened,
        RunStopRequested,
        RunFaulted,
        RunStopped,
        RunEquityMarked,
        RunCompleted,
        RunFailed,
        RunDeleted,
        TapeBackfilled,
        TapeTicked,
        TapeDecided,
        OrderCreated,
        OrderSubmitted,
        OrderAccepted,
        OrderOutcomeUnknown,
        OrderPartiallyFilled,
        OrderFilled,
        OrderCancelRequested,
        OrderCancelled,
        OrderExpired,
        OrderRejected,
        RiskHalted,
        RiskResumed,
        LogIndicatorsDeclared,
        LogNoted,
        LogWritten,
        AccountReconciled,
        AccountDiscrepancyFound,
        SweepCreated,
        SweepStarted,
        SweepStopped,
        SweepResumed,
        SweepCompleted,
        SweepFailed,
        TrialStarted,
        TrialCompleted,
        TrialPruned,
        TrialFailed,
        JournalPruned,
    )
)

EVENTS = CATALOGUE.events
encode, decode = CATALOGUE.encode, CATALOGUE.decode

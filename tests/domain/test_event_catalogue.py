"""The catalogue: what is recorded, what is read, and that whatever was recorded once can be read for ever."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, cast

import msgspec
import pytest

from domain.errors import InvalidInput
from domain.event_catalogue import CATALOGUE, MAX_PAYLOAD_BYTES, Catalogue, split_topic
from domain.events import Event, Superseded

AT = datetime(2026, 1, 1, tzinfo=UTC)
SAMPLES = Path(__file__).parent / "recorded_events"


class Weighed(Event, frozen=True, kw_only=True):
    """Something was weighed. grams: exact."""

    TOPIC: ClassVar[str] = "parcel.weighed.v3"

    grams: Decimal
    scale: str


class WeighedV2(Superseded, frozen=True, kw_only=True):
    """Without the scale."""

    TOPIC: ClassVar[str] = "parcel.weighed.v2"
    SUCCESSOR: ClassVar[type[Event]] = Weighed

    grams: Decimal

    def upcast(self) -> Weighed:
        return Weighed(at=self.at, grams=self.grams, scale="unknown")


class WeighedV1(Superseded, frozen=True, kw_only=True):
    """In kilograms."""

    TOPIC: ClassVar[str] = "parcel.weighed"
    SUCCESSOR: ClassVar[type[Event]] = WeighedV2

    kilograms: Decimal

    def upcast(self) -> WeighedV2:
        return WeighedV2(at=self.at, grams=self.kilograms * 1000)


class Posted(Event, frozen=True, kw_only=True):
    """Another event."""

    TOPIC: ClassVar[str] = "parcel.posted"


PARCELS = Catalogue((Weighed, Posted, WeighedV1, WeighedV2))


def test_every_form_is_read_as_the_newest() -> None:
    for topic, payload, scale in (
        ("parcel.weighed", b'{"at":"2026-01-01T00:00:00Z","kilograms":"1.5"}', "unknown"),
        ("parcel.weighed.v2", b'{"at":"2026-01-01T00:00:00Z","grams":"1500.0"}', "unknown"),
        ("parcel.weighed.v3", b'{"at":"2026-01-01T00:00:00Z","grams":"1500.0","scale":"A"}', "A"),
    ):
        assert PARCELS.decode(topic, payload) == Weighed(at=AT, grams=Decimal("1500.0"), scale=scale)
        assert PARCELS.kind(topic) is Weighed
        assert PARCELS.newest(topic, payload)[0] == "parcel.weighed.v3"


def test_what_was_recorded_in_the_newest_form_stays_as_it_is_to_the_byte() -> None:
    payload = b'{ "scale": "A", "grams": "1500", "at": "2026-01-01T00:00:00Z" }'
    assert PARCELS.newest("parcel.weighed.v3", payload) == ("parcel.weighed.v3", payload)


def test_only_the_newest_form_is_recorded() -> None:
    newest = Weighed(at=AT, grams=Decimal(1), scale="A")
    assert PARCELS.encode(newest)[0] == "parcel.weighed.v3"
    with pytest.raises(InvalidInput, match=r"parcel\.weighed is superseded: record parcel\.weighed\.v2 instead"):
        PARCELS.encode(WeighedV1(at=AT, kilograms=Decimal(1)))
    with pytest.raises(InvalidInput, match="Weighed is not a registered event"):
        CATALOGUE.encode(newest)


def test_a_payload_has_its_limit_and_an_unknown_topic_is_told() -> None:
    with pytest.raises(InvalidInput, match="at most 100000 are allowed"):
        PARCELS.encode(Weighed(at=AT, grams=Decimal(1), scale="A" * MAX_PAYLOAD_BYTES))
    with pytest.raises(InvalidInput, match=r"unknown topic 'parcel\.weighed\.v4': a newer Weaver"):
        PARCELS.decode("parcel.weighed.v4", b"{}")
    assert PARCELS.kind("parcel.weighed.v4") is None


def test_all_versions_of_an_event_go_together() -> None:
    every = {"parcel.weighed", "parcel.weighed.v2", "parcel.weighed.v3"}
    for topic in every:
        assert PARCELS.versions([topic]) == every
    assert PARCELS.versions(["parcel.posted", "no.such"]) == {"parcel.posted", "no.such"}
    assert PARCELS.versions([]) == frozenset()
    # a newer Weaver may have recorded it: whoever asks for it by name also gets what is known
    assert PARCELS.versions(["parcel.weighed.v4"]) == {"parcel.weighed.v4", *every}


@pytest.mark.parametrize(
    ("topic", "split"),
    [
        ("order.created", ("order.created", 1)),
        ("order.created.v2", ("order.created", 2)),
        ("order.created.v12", ("order.created", 12)),
        ("run.validated", ("run.validated", 1)),
        ("run.v", ("run.v", 1)),
    ],
)
def test_a_topic_is_a_name_and_a_version(topic: str, split: tuple[str, int]) -> None:
    assert split_topic(topic) == split


def other(kind: type[Event], topic: str) -> type[Event]:
    """The same form under another topic."""
    namespace = {"TOPIC": topic}
    return cast(type[Event], msgspec.defstruct("Other", [], bases=(kind,), namespace=namespace, frozen=True))


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        pytest.param((Posted, other(Posted, "parcel.posted")), "parcel.posted is registered where", id="twice"),
        pytest.param((WeighedV2, Weighed), "registered where parcel.weighed is due", id="without its first version"),
        pytest.param((WeighedV1, Weighed), "registered where parcel.weighed.v2 is due", id="with a gap"),
        pytest.param((WeighedV1, WeighedV2), "but registered is None", id="superseded by nothing"),
        pytest.param(
            (Posted, other(Posted, "parcel.posted.v2")),
            "the successor of parcel.posted is None, but registered is",
            id="two current forms",
        ),
        pytest.param((other(Posted, "parcel.posted.v1"),), "where parcel.posted is due", id="a first version with v1"),
    ],
)
def test_forms_that_do_not_add_up_are_refused(events: tuple[type[Event], ...], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint.replace(".", r"\.")):
        Catalogue(events)


def spelled_out(value: object) -> Any:
    """The value as JSON has it, with every field that has its default."""
    match value:
        case msgspec.Struct():
            return {name: spelled_out(getattr(value, name)) for name in value.__struct_fields__}
        case dict():
            return {str(name): spelled_out(one) for name, one in value.items()}
        case list() | tuple():
            return [spelled_out(one) for one in value]
        case _:
            return msgspec.to_builtins(value)


def narrowed(read: Any, sample: Any) -> Any:
    """What was read, without the fields that have come since the sample was taken."""
    match read, sample:
        case dict(), dict():
            return {name: narrowed(one, sample[name]) for name, one in read.items() if name in sample}
        case list(), list() if len(read) == len(sample):
            return [narrowed(*pair) for pair in zip(read, sample, strict=True)]
        case _:
            return read


def test_there_is_a_sample_of_every_topic() -> None:
    sampled = {path.stem for path in SAMPLES.glob("*.json")}
    assert sampled == set(CATALOGUE.events), f"add what is stored, and how it is read, to {SAMPLES}"


@pytest.mark.parametrize("topic", CATALOGUE.events)
def test_what_was_recorded_once_is_read_as_it_was_meant(topic: str) -> None:
    """The samples are the journals people have: a change of the code must read them as before, and never edits them."""
    for sample in json.loads((SAMPLES / f"{topic}.json").read_text()):
        payload = sample["stored"].encode()
        event = CATALOGUE.decode(topic, payload)
        assert narrowed(spelled_out(event), sample["read"]) == sample["read"]
        if not issubclass(CATALOGUE.events[topic], Superseded):
            assert CATALOGUE.encode(event) == (topic, payload)

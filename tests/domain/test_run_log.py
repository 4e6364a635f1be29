"""A run's log: whatever a strategy logs becomes a line of bounded size, and a run has a bounded number of them."""

import json
import math
from collections import deque
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.event_catalogue import MAX_PAYLOAD_BYTES, decode, encode
from domain.events import Recorded
from domain.run_log import (
    EVENT_BYTES,
    LAST_LINE,
    LAST_NOTE,
    MAX_FIELDS,
    MAX_LINES,
    MAX_MESSAGE,
    MAX_NOTES,
    MAX_VALUE,
    LogLine,
    LogNoted,
    LogWritten,
    RunLog,
    RunNotes,
    log_line,
    log_stream_id,
    notes_stream_id,
)

AT = datetime(2025, 1, 1, tzinfo=UTC)
RUN = UUID(int=1)


class Color(StrEnum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


class Broken:
    """Cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no text of me")


class Endless(list[object]):
    """Contains itself."""

    def __init__(self) -> None:
        super().__init__()
        self.append(self)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (2**63 - 1, 2**63 - 1),
        (2**63, "9223372036854775808"),
        (0.1, 0.1),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (Decimal("1E-8"), "0.00000001"),
        (Decimal("100.50"), "100.50"),
        (Decimal("1E+999999"), "1E+999999"),
        (Decimal("NaN"), "NaN"),
        (AT, "2025-01-01T00:00:00+00:00"),
        (Color.RED, "red"),
        (Size.LARGE, 3),
        (np.float64(0.5), 0.5),
        (np.int64(5), 5),
        (np.bool_(True), "True"),
        (np.array([1, 2]), "[1 2]"),
        ([1, "a", None], "[1, 'a', None]"),
        ({"b": 1}, "{'b': 1}"),
        (list(range(1000)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, ...]"),
        ("a\0b\ud800c", "a\ufffdb\ufffdc"),
        (10**5000, "a int that cannot be shown (ValueError)"),
        (Broken(), "a Broken that cannot be shown (RuntimeError)"),
        (deque(), "deque([])"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_field_keeps_what_json_has_a_form_for_and_the_rest_is_text(value: object, shown: object) -> None:
    line = log_line(AT, "m", {"value": value})
    assert line.fields == {"value": shown}
    assert type(line.fields["value"]) is type(shown)


def test_a_list_that_contains_itself_is_cut() -> None:
    assert len(str(log_line(AT, "m", {"value": Endless()}).fields["value"])) < MAX_VALUE


def test_what_is_long_is_cut() -> None:
    line = log_line(AT, "m" * 5_000, {f"name {n}" * 100: "v" * 5_000 for n in range(100)})
    assert len(line.message) == MAX_MESSAGE
    assert line.message.endswith("m…")
    *kept, last = line.fields.items()
    assert all(len(name) == 100 and len(str(value)) == MAX_VALUE for name, value in kept)
    assert last == ("…", f"{100 - len(kept)} more")
    many = log_line(AT, "m", {str(n): n for n in range(100)})
    assert len(many.fields) == MAX_FIELDS + 1
    assert many.fields["…"] == "80 more"


@pytest.mark.parametrize("message", [None, 7, Broken(), math.nan, ["a"]])
def test_a_message_that_is_no_text_becomes_one(message: object) -> None:
    assert type(log_line(AT, message, {}).message) is str


anything: st.SearchStrategy[object] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.decimals(), st.datetimes(),
        st.characters(categories=["Cs"]), st.builds(Broken), st.builds(object),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner), st.frozensets(st.integers())),
    max_leaves=20,
)  # fmt: skip


@given(anything, st.dictionaries(st.text(), anything))
def test_whatever_is_logged_is_recorded_and_read_again(message: object, fields: dict[str, object]) -> None:
    line = log_line(AT, message, fields)
    topic, payload = encode(LogWritten(at=AT, run_id=RUN, first=1, lines=(line,)))
    assert len(payload) < MAX_PAYLOAD_BYTES - EVENT_BYTES, "a line of the largest size fits beside a full event"
    assert decode(topic, payload) == LogWritten(at=AT, run_id=RUN, first=1, lines=(line,))
    assert "\0" not in json.dumps(json.loads(payload), ensure_ascii=False)


def written(log: RunLog, count: int, **fields: Any) -> list[LogWritten]:
    """Write so many lines and record them."""
    for n in range(count):
        log.write(log_line(AT + timedelta(minutes=n), f"line {n}", fields))
    log.record(RUN)
    return [one.event for one in log.collect_events() if isinstance(one.event, LogWritten)]


def lines_of(events: list[LogWritten]) -> list[LogLine]:
    return [line for event in events for line in event.lines]


def test_lines_are_numbered_and_share_events() -> None:
    log = RunLog(log_stream_id(RUN))
    first, second = written(log, 3), written(log, 2)
    assert [(event.first, len(event.lines)) for event in first + second] == [(1, 3), (4, 2)]
    assert first[0].at == AT + timedelta(minutes=2)
    assert (log.version, log.lines) == (2, 5)
    assert written(log, 0) == []


def test_events_stay_below_the_limit_of_a_payload() -> None:
    events = written(RunLog(log_stream_id(RUN)), 500, **{f"field_{n}": "\x01" * 5_000 for n in range(5)})
    assert len(lines_of(events)) == 500
    assert all(len(encode(event)[1]) < MAX_PAYLOAD_BYTES for event in events)
    assert [event.first for event in events[1:]] == [event.first + len(event.lines) for event in events[:-1]]
    small = written(RunLog(log_stream_id(RUN)), MAX_LINES)
    assert len(small) < MAX_LINES / 400


def test_a_log_ends_with_a_line_that_says_so() -> None:
    log = RunLog(log_stream_id(RUN))
    lines = lines_of(written(log, 3 * MAX_LINES))
    assert len(lines) == MAX_LINES + 1
    assert lines[-2].message == f"line {MAX_LINES - 1}"
    assert (lines[-1].message, lines[-1].level) == (LAST_LINE, "warning")
    assert written(log, 10) == []


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_log_written_again_goes_on_where_it_was_recorded(recorded: int, more: int) -> None:
    before = RunLog(log_stream_id(RUN))
    first = written(before, recorded)
    again = RunLog.fold(RunLog(log_stream_id(RUN)), as_stored(first))
    assert again is not None
    rest = written(again, recorded + more)
    assert [line.message for line in lines_of(first + rest)] == [f"line {n}" for n in range(recorded + more)]


def test_a_log_that_was_full_stays_full_when_it_is_written_again() -> None:
    full = written(RunLog(log_stream_id(RUN)), MAX_LINES + 1)
    again = RunLog.fold(None, as_stored(full))
    assert again is not None
    assert written(again, 2 * MAX_LINES) == []


def test_weaver_says_of_each_event_once_what_it_has_to_say() -> None:
    notes = RunNotes(notes_stream_id(RUN))
    refused = LogLine(AT, "order refused: too small", {"order": "x"}, "warning")
    notes.note(RUN, refused, about=7)
    notes.note(RUN, refused, about=7)
    notes.note(RUN, LogLine(AT, "run waits: nobody answers"))
    notes.note(RUN, refused, about=9)
    events = [one.event for one in notes.collect_events()]
    fields = refused.fields
    told = [
        LogNoted(at=AT, run_id=RUN, message=refused.message, level="warning", fields=fields, about=n) for n in (7, 9)
    ]
    assert events == [told[0], LogNoted(at=AT, run_id=RUN, message="run waits: nobody answers"), told[1]]


def test_weaver_stops_saying_and_says_so() -> None:
    notes = RunNotes(notes_stream_id(RUN))
    for number in range(MAX_NOTES + 5):
        notes.note(RUN, LogLine(AT, f"note {number}"))
    said = [one.event.message for one in notes.collect_events() if isinstance(one.event, LogNoted)]
    assert len(said) == MAX_NOTES + 1
    assert said[-2:] == [f"note {MAX_NOTES - 1}", LAST_NOTE]


def as_stored(events: list[LogWritten]) -> list[Recorded]:
    """The events as a journal gives them."""
    return [Recorded(log_stream_id(RUN), version, event) for version, event in enumerate(events, 1)]

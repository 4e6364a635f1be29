"""A run's log: the lines its strategy writes, as text that can be kept, bounded in number and in size."""

import re
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from math import isfinite
from numbers import Integral
from typing import ClassVar, Literal
from uuid import UUID, uuid5

import msgspec

from domain.declared_indicators import DeclaredIndicator, fitting
from domain.events import Aggregate, Event

MAX_LINES = 10_000
# Characters of a message, of a field's name and value, and of all fields of a line; more is cut off.
MAX_MESSAGE = 1_000
MAX_NAME = 100
MAX_VALUE = 500
MAX_FIELDS_TEXT = 2_000
MAX_FIELDS = 20
# Of one event: far enough from the limit of a payload for one more line of the largest size.
EVENT_BYTES = 60_000
LAST_LINE = (
    f"the log of a run holds {MAX_LINES:,} lines: what comes after this one is only in the log of Weaver's process"
)

_PLAIN_DIGITS = 50
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_INT64 = range(-(1 << 63), 1 << 63)
_containers = reprlib.Repr(maxlist=20, maxtuple=20, maxset=20, maxfrozenset=20, maxdict=20, maxdeque=20, maxlevel=4)

MAX_NOTES = 10_000
LAST_NOTE = f"Weaver has said {MAX_NOTES:,} things of this run: what comes after this one is only in its process's log"

type LogValue = str | int | float | bool | None
type Level = Literal["info", "warning"]


class LogLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line. at: market time, UTC. level: `info`; `warning` for what Weaver itself has to say of the log."""

    at: datetime
    message: str
    fields: dict[str, LogValue] = {}
    level: Level = "info"


class LogWritten(Event, frozen=True, kw_only=True):
    """A run's strategy wrote lines, oldest first. first: the number of the first one in the run, from 1."""

    TOPIC: ClassVar[str] = "log.written"

    run_id: UUID
    first: int
    lines: tuple[LogLine, ...]


class LogIndicatorsDeclared(Event, frozen=True, kw_only=True):
    """The strategy declared indicators in `on_start`: what a chart of the run can show. At most 100 are recorded."""

    TOPIC: ClassVar[str] = "log.indicators_declared"

    run_id: UUID
    indicators: tuple[DeclaredIndicator, ...]


class LogNoted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Weaver itself says something of a paper or live run: why it waits, what was refused, what was replaced.

    about: the position of the event it is about, 0 for none.
    """

    TOPIC: ClassVar[str] = "log.noted"

    run_id: UUID
    message: str
    level: Level = "info"
    fields: dict[str, LogValue] = msgspec.field(default_factory=dict)
    about: int = 0


def log_line(at: datetime, message: object, fields: Mapping[str, object]) -> LogLine:
    """Return the line, whatever it is given: what JSON has no form for is written down as text, what is long is cut."""
    kept: dict[str, LogValue] = {}
    room = MAX_FIELDS_TEXT
    for name, value in fields.items():
        if len(kept) == MAX_FIELDS or room <= 0:
            kept["…"] = f"{len(fields) - len(kept)} more"
            break
        shown = _value(value)
        kept[_cut(name, MAX_NAME)] = shown
        room -= min(len(name), MAX_NAME) + (len(shown) if isinstance(shown, str) else 1)
    return LogLine(at, _cut(message if type(message) is str else str(_value(message)), MAX_MESSAGE), kept)


def _value(value: object) -> LogValue:
    kind = type(value)
    if value is None or kind is bool:
        return value  # type: ignore[return-value]
    if kind is str:
        return _cut(value, MAX_VALUE)  # type: ignore[arg-type]
    try:
        match value:
            case float():
                return float(value) if isfinite(value) else str(float(value))
            case Integral():
                whole = int(value)
                return whole if whole in _INT64 else _cut(str(whole), MAX_VALUE)
            case _:
                return _cut(_text(value), MAX_VALUE)
    except Exception as error:  # noqa: BLE001 - the strategy's own object: no reason to end its run
        return _cut(f"a {kind.__name__} that cannot be shown ({type(error).__name__})", MAX_VALUE)


def _text(value: object) -> str:
    match value:
        case Decimal():
            text = str(value)
            return f"{value:f}" if "E" in text and abs(value.adjusted()) < _PLAIN_DIGITS else text
        case datetime():
            return value.isoformat()
        case list() | tuple() | dict() | set() | frozenset():
            return _containers.repr(value)
        case _:
            return str(value)


def _cut(text: str, limit: int) -> str:
    """The text as PostgreSQL can hold it, with at most so many characters."""
    return _UNWRITABLE.sub("\ufffd", text if len(text) <= limit else f"{text[: limit - 1]}…")


def log_stream_id(run_id: UUID) -> UUID:
    """Return the id of the stream of a run's log: always the same for the same run."""
    return uuid5(run_id, RunLog.TOPIC)


class RunLog(Aggregate):
    """How much of a run's log is recorded, folded from its events, and the lines that wait to be.

    lines: how many are recorded. A run that is executed again writes them again, in the same order: so many are passed
    over. Nothing is compared: a line may hold anything, such as how long something took. declared: whether the
    indicators are recorded.
    """

    TOPIC: ClassVar[str] = "log"

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.lines = 0
        self.declared = False
        self._written = 0
        self._declares: tuple[datetime, tuple[DeclaredIndicator, ...]] | None = None
        self._waiting: list[LogLine] = []

    def write(self, line: LogLine) -> None:
        """Keep the line for the next event, unless it is recorded already; the one after 10,000 says it is the last."""
        self._written += 1
        if self.lines < self._written <= MAX_LINES:
            self._waiting.append(line)
        elif self.lines < self._written == MAX_LINES + 1:
            self._waiting.append(LogLine(line.at, LAST_LINE, level="warning"))

    def declare(self, at: datetime, indicators: Sequence[DeclaredIndicator]) -> None:
        """Keep the indicators for the next event, unless they are recorded already or there are none."""
        if indicators and not self.declared:
            self._declares = at, fitting(indicators)

    @property
    def is_waiting(self) -> bool:
        """Whether there is anything to record."""
        return bool(self._waiting) or self._declares is not None

    def record(self, run_id: UUID) -> None:
        """Record the indicators and the lines that wait, as many lines an event as its payload holds."""
        declares, self._declares = self._declares, None
        if declares is not None:
            at, indicators = declares
            self.trigger(LogIndicatorsDeclared(at=at, run_id=run_id, indicators=indicators))
        waiting, self._waiting = self._waiting, []
        for lines in _by_event(waiting):
            self.trigger(LogWritten(at=lines[-1].at, run_id=run_id, first=self.lines + 1, lines=tuple(lines)))

    def apply(self, event: Event) -> None:
        """Change the state as the event says."""
        match event:
            case LogWritten():
                self.lines = event.first - 1 + len(event.lines)
            case LogIndicatorsDeclared():
                self.declared = True
            case _:
                raise TypeError(f"a run's log knows no event {type(event).TOPIC}")


def notes_stream_id(run_id: UUID) -> UUID:
    """Return the id of the stream of what Weaver says of a run: always the same for the same run."""
    return uuid5(run_id, RunNotes.TOPIC)


class RunNotes(Aggregate):
    """What Weaver has said of a run, folded from its events. about: the newest event something was said of."""

    TOPIC: ClassVar[str] = "notes"

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.about = 0

    def note(self, run_id: UUID, line: LogLine, about: int = 0) -> None:
        """Say something; the note after the 10,000th says that it is the last."""
        if about and about <= self.about:
            return
        if self.version == MAX_NOTES:
            line = LogLine(line.at, LAST_NOTE, level="warning")
        if self.version <= MAX_NOTES:
            fields = line.fields
            self.trigger(
                LogNoted(at=line.at, run_id=run_id, message=line.message, level=line.level, fields=fields, about=about)
            )

    def apply(self, event: Event) -> None:
        """Change the state as the event says."""
        match event:
            case LogNoted():
                self.about = max(self.about, event.about)
            case _:
                raise TypeError(f"what is said of a run knows no event {type(event).TOPIC}")


def _by_event(lines: Sequence[LogLine]) -> Iterator[list[LogLine]]:
    encode = msgspec.json.Encoder().encode
    part: list[LogLine] = []
    size = 0
    for line in lines:
        size += len(encode(line))
        if part and size > EVENT_BYTES:
            yield part
            part, size = [], len(encode(line))
        part.append(line)
    if part:
        yield part

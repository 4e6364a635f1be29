"""A run as one file: everything it was made of, with the chain it had in the journal it comes from (WallE).

Gzip'd lines of JSON: the description, the strategy if its file is the user's, the bars a backtest was traded on, every
event of the run's streams, and a last line with the SHA-256 of all before it. Reading verifies it: the hash of every
event, the bars against the hash the run began with, the strategy against its version.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import numpy as np

from domain.errors import InvalidInput
from domain.event_catalogue import decode
from domain.market import BAR_COLUMNS, Bars, Timeframe
from domain.run import RunCreated, RunStarted
from interfaces.journal_chain import BEGINNING, ChainedEntry

FORMAT = 1
BARS_A_LINE = 10_000
# What a line of an archive may have: 10,000 bars, or a payload at its limit, written as JSON in JSON.
LONGEST_LINE = 2_000_000
READ_BYTES = 1 << 16


class Description(msgspec.Struct, frozen=True, tag_field="line", tag="run"):
    """What an archive is of. position: the newest of its journal at the time. missing: what had to be left out."""

    format: int
    run_id: UUID
    store_id: UUID
    weaver: str
    exported_at: datetime
    position: int
    status: str
    missing: list[str] = []


class StrategyText(msgspec.Struct, frozen=True, tag_field="line", tag="strategy"):
    """The file of the run's strategy."""

    file: str
    class_name: str
    text: str


class BarsPart(msgspec.Struct, frozen=True, tag_field="line", tag="bars"):
    """Bars of one symbol, the next ones if there were some before: columns of 8-byte little-endian numbers.

    time is in microseconds since 1970, the others are floats: open, high, low, close, volume.
    """

    symbol: str
    timeframe: str
    columns: tuple[bytes, bytes, bytes, bytes, bytes, bytes]


class EventLine(msgspec.Struct, frozen=True, tag_field="line", tag="event"):
    """One event as it stood in the journal, undecoded, with its hash in hexadecimal."""

    position: int
    previous: int
    stream_id: UUID
    version: int
    topic: str
    state: str
    run_id: UUID
    meta: str
    recorded_at: datetime
    hash: str

    def entry(self) -> ChainedEntry:
        """Return what its hash covers."""
        fields = (getattr(self, name) for name in ChainedEntry._fields)
        return ChainedEntry(*fields)._replace(state=self.state.encode())


class End(msgspec.Struct, frozen=True, tag_field="line", tag="end"):
    """The last line. lines: how many stand before it; sha256: of their bytes, hexadecimal."""

    lines: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Archive:
    """A run that was read from a file, verified. sha256: of all lines but the last."""

    description: Description
    strategy: StrategyText | None
    bars: dict[str, Bars]
    events: list[EventLine]
    sha256: str

    @property
    def created(self) -> RunCreated:
        """How the run was described."""
        event = decode(self.events[0].topic, self.events[0].state.encode())
        if not isinstance(event, RunCreated):
            raise InvalidInput(f"the first event is {self.events[0].topic}, not {RunCreated.TOPIC}")
        return event


def packed(lines: Iterable[msgspec.Struct]) -> Iterator[bytes]:
    """Yield the bytes of an archive of these lines, its last line added."""
    gzip, digest, count = zlib.compressobj(wbits=31), hashlib.sha256(), 0
    for count, line in enumerate(lines, 1):  # noqa: B007 - the last number is how many there were
        text = msgspec.json.encode(line) + b"\n"
        digest.update(text)
        if piece := gzip.compress(text):
            yield piece
    yield gzip.compress(msgspec.json.encode(End(count, digest.hexdigest())) + b"\n") + gzip.flush()


def bars_lines(bars: Bars) -> Iterator[BarsPart]:
    """Yield a symbol's bars as lines."""
    for first in range(0, len(bars), BARS_A_LINE):
        part = slice(first, first + BARS_A_LINE)
        time: Any = bars.time[part].astype("<i8").tobytes()
        prices = (getattr(bars, name)[part].astype("<f8").tobytes() for name in BAR_COLUMNS)
        yield BarsPart(bars.symbol, bars.timeframe.name, (time, *prices))


def read_archive(path: Path) -> Archive:
    """Return the run in a file; raise InvalidInput with the first line that is not as it was written, and why."""
    reading = _Reading()
    try:
        for text in _lines(path):
            reading.take(text)
        return reading.archive()
    except FileNotFoundError:
        raise InvalidInput(f"{path}: there is no such file") from None
    except EOFError:
        raise InvalidInput(f"{path}: the file was cut off after line {reading.lines}") from None
    except zlib.error:
        raise InvalidInput(f"{path}: the file is damaged after line {reading.lines}") from None
    except _Different as difference:
        where = f" line {reading.lines + 1}:" if difference.is_of_line else ""
        raise InvalidInput(f"{path}:{where} {difference}") from None


class _Different(Exception):
    """What is not as it was written. is_of_line: in the line that was read last."""

    def __init__(self, reason: str, *, is_of_line: bool = True) -> None:
        super().__init__(reason)
        self.is_of_line = is_of_line


@dataclass(slots=True)
class _Reading:
    """An archive as far as it was read."""

    description: Description | None = None
    strategy: StrategyText | None = None
    parts: dict[str, list[BarsPart]] = field(default_factory=dict)
    events: list[EventLine] = field(default_factory=list)
    heads: dict[UUID, tuple[int, bytes]] = field(default_factory=dict)
    digest: Any = field(default_factory=hashlib.sha256)
    lines: int = 0
    end: End | None = None

    def take(self, text: bytes) -> None:
        """Take the next line."""
        if self.end is not None:
            raise _Different("something follows the last line")
        try:
            line = _DECODER.decode(text)
        except msgspec.MsgspecError as error:
            raise _Different(f"it cannot be read: {error}") from None
        if (self.description is None) != isinstance(line, Description):
            raise _Different("an archive of a run begins with its description, and has one")
        match line:
            case Description():
                if line.format != FORMAT:
                    raise _Different(f"this Weaver reads archives of format {FORMAT}, not {line.format}: update it")
                self.description = line
            case StrategyText():
                self.strategy = line
            case BarsPart():
                self.parts.setdefault(line.symbol, []).append(line)
            case EventLine():
                self._take_event(line)
            case End():
                self.end = line
                return
        self.digest.update(text)
        self.lines += 1

    def _take_event(self, line: EventLine) -> None:
        version, head = self.heads.get(line.stream_id, (0, BEGINNING))
        named = f"{line.topic} of {line.stream_id} at position {line.position}"
        if self.description is None or line.run_id != self.description.run_id:
            raise _Different(f"{named} is of another run")
        if line.version != version + 1:
            raise _Different(f"{named} has version {line.version}, the one before it in its stream {version}")
        if self.events and line.position <= self.events[-1].position:
            raise _Different(f"{named} stands behind position {self.events[-1].position}")
        digest = line.entry().hash(head)
        if digest.hex() != line.hash:
            raise _Different(f"{named} is not what its hash was made of")
        self.heads[line.stream_id] = (line.version, digest)
        self.events.append(line)

    def archive(self) -> Archive:
        """Return it, if it is whole."""
        if self.description is None or self.end is None:
            raise _Different(f"the file was cut off after line {self.lines}", is_of_line=False)
        if not self.events:
            raise _Different("there is no event in it", is_of_line=False)
        digest = self.digest.hexdigest()
        bars = {symbol: _bars(parts) for symbol, parts in self.parts.items()}
        archive = Archive(self.description, self.strategy, bars, self.events, digest)
        if reason := _contradiction(archive):
            raise _Different(reason, is_of_line=False)
        if (self.lines, digest) != (self.end.lines, self.end.sha256):
            raise _Different("its lines are not those it was closed with", is_of_line=False)
        return archive


def _contradiction(archive: Archive) -> str | None:
    """What of the bars and the strategy is not what the run's own events say."""
    recorded = (decode(one.topic, one.state.encode()) for one in archive.events if one.topic == RunStarted.TOPIC)
    hashes = next((one.bars_hash for one in recorded if isinstance(one, RunStarted)), {})
    for symbol, bars in archive.bars.items():
        if bars.content_hash() != hashes.get(symbol):
            return f"the bars of {symbol} are not those the run was traded on"
    if archive.strategy is not None:
        version = archive.created.strategy_version
        if not is_of_version(archive.strategy.text, version):
            return f"{archive.strategy.file} is not version {version} of the strategy"
    return None


def is_of_version(text: str, version: str) -> bool:
    """Return whether the text of a strategy's file is the one its version was made of."""
    digits = version.rpartition("+")[2]
    return bool(digits) and hashlib.sha256(text.encode()).hexdigest().startswith(digits)


def _bars(parts: list[BarsPart]) -> Bars:
    try:
        kinds = ("<i8", *("<f8" for _ in BAR_COLUMNS))
        time, *prices = (
            np.concatenate([np.frombuffer(part.columns[at], kind) for part in parts]) for at, kind in enumerate(kinds)
        )
        return Bars(parts[0].symbol, Timeframe.parse(parts[0].timeframe), time, *prices)
    except (ValueError, InvalidInput) as error:
        raise _Different(f"the bars of {parts[0].symbol} cannot be read: {error}", is_of_line=False) from None


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a gzip'd file, each with its end. Raises zlib.error, and EOFError where it was cut off."""
    gunzip, rest = zlib.decompressobj(wbits=31), b""
    with path.open("rb") as file:
        while not gunzip.eof and (piece := gunzip.unconsumed_tail or file.read(READ_BYTES)):
            *whole, rest = (rest + gunzip.decompress(piece, READ_BYTES)).split(b"\n")
            yield from (line + b"\n" for line in whole)
            if len(rest) > LONGEST_LINE:
                raise _Different(f"a line has more than {LONGEST_LINE:,} bytes", is_of_line=False)
        *whole, rest = (rest + gunzip.flush()).split(b"\n")
        yield from (line + b"\n" for line in whole)
        if not gunzip.eof:
            raise EOFError
        if rest or gunzip.unused_data or file.read(1):
            raise _Different("something follows the last line", is_of_line=False)


_DECODER = msgspec.json.Decoder(Description | StrategyText | BarsPart | EventLine | End)

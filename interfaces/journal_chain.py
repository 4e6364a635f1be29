"""The chain through the journal: which bytes of an entry its hash covers, and how the hashes follow each other (WallE).

A hash is SHA-256 over the hash of the entry before it in its stream and the bytes of the entry itself: its fields in
PostgreSQL's binary format, big-endian, each after its length in four bytes. They are the bytes in which COPY takes and
gives a row, so nothing is encoded twice. `weaver_entry_bytes` (migration 0011) makes the same in SQL.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

# What the first entry of a stream follows.
BEGINNING = bytes(32)
# In the order in which they are hashed; `hash` comes after them.
COLUMNS = "notification_id, previous, originator_id, originator_version, topic, state, run_id, meta, recorded_at"

# Parts of rows that are sent at once: four make a row.
PIECE = 400

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_COUNT, _HASH_LENGTH, _LENGTH = struct.pack("!h", 10), struct.pack("!i", 32), struct.Struct("!i")
# Lengths and fields up to the length of the topic: position, previous, stream, version.
_PLACE = struct.Struct("!iqiqi16siqi")
_TIME = struct.Struct("!iq")
_NONE = _LENGTH.pack(-1)
_JSONB_VERSION = b"\x01"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

type Rows = Sequence[tuple[UUID, int, str, bytes]]


class ChainedEntry(NamedTuple):
    """An entry as the chain has it. meta: the text PostgreSQL gives for the `jsonb`. recorded_at: UTC."""

    position: int
    previous: int
    stream_id: UUID
    version: int
    topic: str
    state: bytes
    run_id: UUID | None
    meta: str
    recorded_at: datetime

    def encoded(self) -> bytes:
        """Return what the entry's hash covers of it."""
        topic, run_id = self.topic.encode(), self.run_id
        place = _place(self.position, self.previous, self.stream_id, self.version, len(topic))
        end = _common_end(run_id, self.meta, self.recorded_at)
        return b"".join((place, topic, _LENGTH.pack(len(self.state)), self.state, end))

    def hash(self, head: bytes) -> bytes:
        """Return the entry's hash, which follows that of the entry before it in its stream."""
        return sha256(head + self.encoded()).digest()


class CopiedEntry(NamedTuple):
    """An entry as COPY gives it, of the hash and COLUMNS. encoded: what the hash covers, fields with their lengths."""

    hash: bytes
    encoded: bytes
    position: int
    previous: int
    stream_id: bytes
    version: int

    @property
    def topic(self) -> str:
        """The topic it is stored under."""
        return self.fields()[4][4:].decode(errors="replace")

    def fields(self) -> list[bytes]:
        """Return the fields, each with its length, in the order of COLUMNS."""
        found, at = list[bytes](), 0
        while at < len(self.encoded):
            end = at + 4 + max(0, _LENGTH.unpack_from(self.encoded, at)[0])
            found.append(self.encoded[at:end])
            at = end
        return found


@dataclass(frozen=True, slots=True)
class Link:
    """Where a batch is linked to what the journal has, and what its entries have in common.

    previous: the newest position. first: the position of its first entry, the others follow without a gap. heads: of
    each stream that the batch goes on with, the hash of its newest entry.
    """

    previous: int
    first: int
    heads: Mapping[UUID, bytes]
    run_id: UUID | None
    meta: str
    recorded_at: datetime


def copied_rows(rows: Rows, link: Link) -> Iterator[bytes]:
    """Yield rows of stream, version, topic and state, chained, as COPY takes them: of COLUMNS and the hash.

    They come in pieces: the server stores one while the next is hashed.
    """
    heads, previous = dict(link.heads), link.previous
    end = _common_end(link.run_id, link.meta, link.recorded_at)
    topics = {topic: topic.encode() for _, _, topic, _ in rows}
    place, length = _PLACE.pack, _LENGTH.pack
    parts = [_HEADER]
    for position, (stream_id, version, topic, state) in enumerate(rows, link.first):
        name = topics[topic]
        entry = b"".join(
            (
                place(8, position, 8, previous, 16, stream_id.bytes, 8, version, len(name)),
                name,
                length(len(state)),
                state,
                end,
            )
        )
        head = BEGINNING if version == 1 else heads[stream_id]
        heads[stream_id] = digest = sha256(head + entry).digest()
        parts += (_COUNT, entry, _HASH_LENGTH, digest)
        previous = position
        if len(parts) > PIECE:
            yield b"".join(parts)
            parts.clear()
    parts.append(_TRAILER)
    yield b"".join(parts)


def copied_streams(entries: Iterable[ChainedEntry]) -> Iterator[bytes]:
    """Yield entries of whole streams, chained from their beginnings, as COPY takes them: of COLUMNS and the hash."""
    heads, parts = dict[UUID, bytes](), [_HEADER]
    for entry in entries:
        head = BEGINNING if entry.version == 1 else heads[entry.stream_id]
        heads[entry.stream_id] = digest = entry.hash(head)
        parts += (_COUNT, entry.encoded(), _HASH_LENGTH, digest)
        if len(parts) > PIECE:
            yield b"".join(parts)
            parts.clear()
    parts.append(_TRAILER)
    yield b"".join(parts)


def copied_entries(copied: Iterable[bytes | bytearray | memoryview]) -> Iterator[CopiedEntry]:
    """Yield the entries that COPY gives, a row in each piece, of the hash and then COLUMNS."""
    for piece in copied:
        row = bytes(piece).removeprefix(_HEADER)
        if row == _TRAILER:
            continue  # to where the server says that the copy is done
        begin = 6 + _LENGTH.unpack_from(row, 2)[0]
        encoded = row[begin:]
        _, position, _, previous, _, stream_id, _, version, _ = _PLACE.unpack_from(encoded)
        yield CopiedEntry(row[6:begin], encoded, position, previous, stream_id, version)


def continued(rows: Rows) -> Iterator[tuple[UUID, int]]:
    """Yield the stream and version of each row whose stream began before these rows: their heads have to be known."""
    seen = set[UUID]()
    for stream_id, version, _, _ in rows:
        if version != 1 and stream_id not in seen:
            yield stream_id, version
        seen.add(stream_id)


def _place(position: int, previous: int, stream_id: UUID, version: int, topic_length: int) -> bytes:
    return _PLACE.pack(8, position, 8, previous, 16, stream_id.bytes, 8, version, topic_length)


def _common_end(run_id: UUID | None, meta: str, recorded_at: datetime) -> bytes:
    """The fields after the state."""
    document = _JSONB_VERSION + meta.encode()
    run = _NONE if run_id is None else _LENGTH.pack(16) + run_id.bytes
    return run + _LENGTH.pack(len(document)) + document + _TIME.pack(8, (recorded_at - _EPOCH) // _MICROSECOND)

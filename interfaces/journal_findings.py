"""What a verification of the journal tells: findings, and what became of entries that are not as they were recorded."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from itertools import combinations
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

from interfaces.journal_chain import CopiedEntry

type Kind = Literal["edited", "deleted", "inserted", "reordered", "truncated", "rewritten"]

# Of the fields a hash covers, in their order: what people call them.
FIELDS = ("position", "position before", "stream", "version", "topic", "state", "run", "meta", "time of recording")
_POSITION, _STREAM, _VERSION = 0, 2, 3


class Finding(NamedTuple):
    """Something about the journal that is not as it was.

    position: of the entry that is meant, or of the one that is missing. stream_id, topic: None where nothing is known
    of a missing entry.
    """

    kind: Kind
    position: int
    stream_id: UUID | None
    topic: str | None
    reason: str


class Suspect(NamedTuple):
    """An entry that is not as it was recorded. follows_nothing: its stream has no version before it."""

    entry: CopiedEntry
    follows_nothing: bool


class Streams(Protocol):
    """What the journal has of streams."""

    def hash_of(self, stream_id: bytes, version: int) -> bytes | None:
        """Return the hash of an entry, 32 zero bytes of version 0, None if there is no such entry."""
        ...

    def next_version(self, stream_id: bytes, leaving_out: int) -> int:
        """Return the version that would follow the highest of a stream, one version left out."""
        ...


def missing(position: int, reason: str) -> Finding:
    """Return the finding for a position that nothing stands at."""
    return Finding("deleted", position, None, None, f"the entry is missing: {reason}")


def explained(findings: Sequence[Finding], suspects: Sequence[Suspect], streams: Streams) -> list[Finding]:
    """Return the findings with one for each suspect, by position: how it differs from what was recorded."""
    proof, found = _Proof(streams), list(findings)
    told = {finding.position for finding in findings if finding.kind == "inserted"}
    restored = set[tuple[bytes, int]]()
    orphans = list[CopiedEntry]()
    for entry, follows_nothing in suspects:
        if entry.position in told:
            continue
        moved = _exchanged(entry, suspects, proof)
        was = None if moved else _renumbered(entry, suspects, proof)
        if was is not None:
            restored.add((entry.stream_id, was))
            moved = f"its version was {was}, not {entry.version}"
        if moved:
            found.append(_of("reordered", entry, moved))
        elif follows_nothing:
            orphans.append(entry)
        else:
            found.append(_of("edited", entry, "it is not what its hash was made of"))
    for entry in orphans:
        if (entry.stream_id, entry.version - 1) not in restored:
            found.append(_of("deleted", entry, f"version {entry.version - 1} of its stream is missing before it"))
    return sorted(found, key=lambda finding: finding.position)


def _of(kind: Kind, entry: CopiedEntry, reason: str) -> Finding:
    return Finding(kind, entry.position, UUID(bytes=entry.stream_id), entry.topic, reason)


class _Proof:
    """Tells whether an entry would be as it was recorded with other fields."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams
        self._hash_of = cache(streams.hash_of)

    def holds(self, fields: Sequence[bytes], digest: bytes) -> bool:
        head = self._hash_of(fields[_STREAM][4:], int.from_bytes(fields[_VERSION][4:], signed=True) - 1)
        return head is not None and sha256(head + b"".join(fields)).digest() == digest


def _exchanged(entry: CopiedEntry, suspects: Sequence[Suspect], proof: _Proof) -> str | None:
    """What the entry has of another suspect: with that one's fields instead of some of its own its hash is right."""
    own = entry.fields()
    for other, _ in suspects:
        others = other.fields()
        differing = [number for number, pair in enumerate(zip(own, others, strict=True)) if pair[0] != pair[1]]
        for count in range(1, len(differing) + 1):
            for taken in combinations(differing, count):
                mixed = [others[at] if at in taken else field for at, field in enumerate(own)]
                if proof.holds(mixed, entry.hash):
                    if _POSITION in taken:
                        return f"it was recorded at position {other.position}"
                    return f"it holds the {_listed(taken)} of position {other.position}"
    return None


def _renumbered(entry: CopiedEntry, suspects: Sequence[Suspect], proof: _Proof) -> int | None:
    """The version the entry was recorded under, if its hash is right for one that is missing now."""
    fields, stream_id = entry.fields(), entry.stream_id
    gaps = {one.version - 1 for one, follows_nothing in suspects if follows_nothing and one.stream_id == stream_id}
    for version in sorted({*gaps, proof.streams.next_version(stream_id, leaving_out=entry.version)}):
        fields[_VERSION] = fields[_VERSION][:4] + version.to_bytes(8, signed=True)
        if version != entry.version and proof.holds(fields, entry.hash):
            return version
    return None


def _listed(numbers: Sequence[int]) -> str:
    names = [FIELDS[number] for number in numbers]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

"""Was the journal touched? Every entry held against its hash, its stream, and the entry before it (WallE).

An entry is taken as it is only where its hash says so; what its fields claim beyond that is believed of no other. So an
entry whose hash is right tells what stood before it, and one whose hash is wrong is told itself.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from time import monotonic
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg import Connection, sql

from domain.errors import RunNotFound
from interfaces.database import connect, database_errors
from interfaces.journal_chain import BEGINNING, COLUMNS, CopiedEntry, copied_entries
from interfaces.journal_findings import Finding, Suspect, explained, missing
from interfaces.journal_gaps import HASH_BYTES, Gap, Gaps

BATCH = 10_000
# Streams whose heads are kept at hand, twice at most; the head of any other is asked for.
HEADS = 100_000
MOST_FINDINGS = 20
MOST = (1 << 63) - 1

_ENTRIES: LiteralString = f"""
copy (
    select hash, {COLUMNS} from weaver_events
    where notification_id > %(after)s and notification_id <= %(end)s and {{condition}}
    order by notification_id limit {BATCH}
) to stdout (format binary)
"""
_HEADS = """
select stored.originator_id, stored.originator_version, stored.hash
from unnest(%s::uuid[], %s::bigint[]) as given (stream_id, version)
join weaver_events as stored on stored.originator_id = given.stream_id and stored.originator_version = given.version
"""
_BETWEEN = """
select notification_id, originator_id, topic from weaver_events
where notification_id > %s and notification_id < %s order by notification_id limit %s
"""
_MISSING_BEFORE_RUN = """
select previous from weaver_events as entry
where run_id = %s and previous > 0
    and not exists (select from weaver_events as before where before.notification_id = entry.previous)
order by 1
"""
_IS_RECORD: LiteralString = "topic like 'journal.%%'"
_NEXT = "select previous from weaver_events where notification_id > %s order by notification_id limit 1"
_SEEN = "select name, position from projection_position where position > 0 order by position, name"


class Verified(NamedTuple):
    """What a verification came to.

    events, streams: how many were read; streams are counted where they begin. pruned: events that were dropped, by
    records that say so; the digest is over their hashes, too. position: of the last entry read, 0 for
    none. digest: SHA-256 over the hashes of all entries up to there in their order, hexadecimal. findings: the first
    ones, at most 20; more: how many there are beyond those.
    """

    events: int
    streams: int
    pruned: int
    seconds: float
    position: int
    digest: str
    findings: Sequence[Finding]
    more: int


def verify_journal(
    database_url: str,
    *,
    run_id: UUID | None = None,
    until: int | None = None,
    digest: str | None = None,
    snapshot: str | None = None,
    progress: Callable[[float], object] = lambda fraction: None,
) -> Verified:
    """Return what holds of the journal, of one run's streams, or of all up to position `until`.

    digest: what a verification came to at that position once. snapshot: one that another connection has exported: the
    journal is looked at as it was then. What is appended meanwhile is left out. Takes the memory
    of some ten thousand entries and the heads of 200,000 streams. Raises RunNotFound for a run without an entry, and
    DatabaseUnavailable.
    """
    begun = monotonic()
    # the bytes of text depend on it
    with database_errors(), connect(database_url, client_encoding="utf8") as connection:
        if snapshot is not None:
            connection.execute("begin isolation level repeatable read read only")
            connection.execute(sql.SQL("set transaction snapshot {}").format(snapshot))
        # a journal whose statistics are old would be sorted anew for each batch
        connection.execute("set enable_sort = off")
        seen = connection.execute(_SEEN).fetchall()
        [(head,)] = connection.execute("select coalesce(max(notification_id), 0) from weaver_events")
        gaps = Gaps(connection)
        walk = _Walk(connection, gaps, is_whole=run_id is None)
        end = head if until is None else min(until, head)
        for batch in _batches(connection, run_id, end):
            walk.take(batch)
            progress(batch[-1].position / end)
        if run_id is not None:
            if not walk.events:
                raise RunNotFound(run_id)
            for (gone,) in connection.execute(_MISSING_BEFORE_RUN, (run_id,)):
                if not gaps.has(gone):
                    walk.tell(missing(gone, "an entry of the run was appended after it"))
        if until is not None:
            walk.reach(end)
        for finding in _of_digest(walk, until, digest) if until is not None else _beyond(connection, seen, head, gaps):
            walk.tell(finding)
        # what says that something may be missing, and lies beyond what was asked for
        records = _Walk(connection, gaps, is_whole=False)
        for batch in _batches(connection, None, head, after=end, condition=_IS_RECORD):
            records.take(batch)
        findings = explained([*walk.findings, *records.findings], [*walk.suspects, *records.suspects], walk)
    return Verified(
        events=walk.events,
        streams=walk.streams,
        pruned=walk.pruned,
        seconds=monotonic() - begun,
        position=walk.before,
        digest=walk.digest.hexdigest(),
        findings=findings[:MOST_FINDINGS],
        more=max(0, len(findings) - MOST_FINDINGS) + walk.untold,
    )


def _batches(
    connection: Connection[Any],
    run_id: UUID | None,
    end: int,
    *,
    after: int = -(1 << 63),
    condition: LiteralString = "true",
) -> Iterator[Sequence[CopiedEntry]]:
    statement = _ENTRIES.format(condition=condition if run_id is None else "run_id = %(run_id)s")
    while True:
        with connection.cursor() as cursor:
            with cursor.copy(statement.encode(), {"run_id": run_id, "after": after, "end": end}) as copy:
                batch = list(copied_entries(copy))
        if not batch:
            return
        yield batch
        after = batch[-1].position


class _Walk:
    """A walk through entries in the order of their positions.

    before: the position of the last one. is_whole: whether no entry is left out, so that each follows the one before.
    untold: how many findings there are beyond those that are kept.
    """

    def __init__(self, connection: Connection[Any], gaps: Gaps, *, is_whole: bool) -> None:
        self._connection = connection
        self._gaps = gaps
        self._is_whole = is_whole
        # version and hash of the newest entry of a stream, of the streams met last and of those met before them
        self._heads: dict[bytes, tuple[int, bytes]] = {}
        self._older_heads: dict[bytes, tuple[int, bytes]] = {}
        self.events = self.streams = self.pruned = self.before = self.untold = 0
        self.digest = sha256()
        self.findings: list[Finding] = []
        self.suspects: list[Suspect] = []

    def take(self, batch: Sequence[CopiedEntry]) -> None:
        """Check the next entries."""
        heads, unknown = self._known_heads(batch)
        asked = self._asked(unknown) if unknown else {}
        for entry, head in zip(batch, heads, strict=True):
            self.events += 1
            self.streams += entry.version == 1
            if self._is_whole and entry.previous > self.before:
                self._pass_over(self._gaps.between(self.before, entry.previous))
            self.digest.update(entry.hash)
            if entry.position < 1:
                stream_id = UUID(bytes=entry.stream_id)
                self.tell(Finding("inserted", entry.position, stream_id, entry.topic, "positions begin at 1"))
                continue
            head = asked.get((entry.stream_id, entry.version - 1)) if head is None else head
            if head is None and self._gaps.has(entry.position):
                pass  # it is being dropped, and what it follows is gone already
            elif head is None:
                self._suspect(Suspect(entry, follows_nothing=True))
                # nothing says that its fields are as they were; but what it names as before it may be missing, too
                if self._is_whole and entry.previous > self.before:
                    self._tell_of_before(entry)
            elif sha256(head + entry.encoded).digest() != entry.hash:
                self._suspect(Suspect(entry, follows_nothing=False))
            elif self._is_whole and entry.previous != self.before:
                self._tell_of_before(entry)
            self.before = entry.position

    def tell(self, finding: Finding) -> None:
        """Take note of a finding."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)
        else:
            self.untold += 1

    def hash_of(self, stream_id: bytes, version: int) -> bytes | None:
        """Return the hash that the journal has of an entry, 32 zero bytes of version 0, None if there is none."""
        if version == 0:
            return BEGINNING
        return self._asked([(stream_id, version)]).get((stream_id, version))

    def next_version(self, stream_id: bytes, leaving_out: int) -> int:
        """Return the version that would follow the highest of a stream, one version left out."""
        statement = (
            "select coalesce(max(originator_version), 0) + 1 from weaver_events "
            "where originator_id = %s and originator_version <> %s"
        )
        [(found,)] = self._connection.execute(statement, (UUID(bytes=stream_id), leaving_out))
        return int(found)

    def _known_heads(self, batch: Sequence[CopiedEntry]) -> tuple[list[bytes | None], list[tuple[bytes, int]]]:
        """The hash that each entry follows, None where it has to be asked for, and for which entries."""
        heads, unknown = list[bytes | None](), list[tuple[bytes, int]]()
        for entry in batch:
            stream_id, version = entry.stream_id, entry.version
            head: bytes | None = BEGINNING
            if version != 1:
                known, head = self._heads.get(stream_id) or self._older_heads.get(stream_id) or (0, None)
                if known != version - 1:
                    head = None
                    unknown.append((stream_id, version - 1))
            heads.append(head)
            self._heads[stream_id] = (version, entry.hash)
        if len(self._heads) > HEADS:
            self._heads, self._older_heads = {}, self._heads
        return heads, unknown

    def _asked(self, wanted: Sequence[tuple[bytes, int]]) -> dict[tuple[bytes, int], bytes]:
        """The hashes of those entries that there are, by stream and version."""
        streams = [UUID(bytes=stream_id) for stream_id, _ in wanted]
        found = self._connection.execute(_HEADS, (streams, [version for _, version in wanted]))
        return {(stream_id.bytes, version): digest for stream_id, version, digest in found}

    def _suspect(self, suspect: Suspect) -> None:
        if len(self.suspects) < MOST_FINDINGS:
            self.suspects.append(suspect)
        else:
            self.untold += 1

    def reach(self, until: int) -> None:
        """Go on over what was dropped behind the last entry, up to a position."""
        following = self._connection.execute(_NEXT, (until,)).fetchone()
        if following is not None:
            self._pass_over(self._gaps.between(self.before, following[0]), until)

    def _pass_over(self, gaps: Sequence[Gap], until: int = MOST) -> None:
        """Go on behind what was dropped, the digest over the hashes that are kept of it."""
        for gap in gaps:
            count = min(gap.events, until - gap.first + 1)
            if count <= 0:
                return
            hashes = self._gaps.hashes(gap)
            if hashes is None:
                reason = f"position {gap.recorded_at} says that it was dropped, but its hash is not kept"
                self.tell(missing(gap.last, reason))
            else:
                self.digest.update(hashes[: HASH_BYTES * count])
            self.pruned += count
            # what stood there directly before the next entry, as far as that is known
            self.before = gap.first + count - 1

    def _tell_of_before(self, entry: CopiedEntry) -> None:
        """An entry that is as it was recorded followed another one than the one that stands before it."""
        if entry.previous > self.before:
            self.tell(missing(entry.previous, f"position {entry.position} was appended after it"))
            return
        between = self._connection.execute(_BETWEEN, (entry.previous, entry.position, MOST_FINDINGS))
        for position, stream_id, topic in between:
            reason = f"it was not there when position {entry.position} was appended"
            self.tell(Finding("inserted", position, stream_id, topic, reason))


def _beyond(connection: Connection[Any], seen: Sequence[tuple[str, int]], head: int, gaps: Gaps) -> Iterator[Finding]:
    """What read models have read of the journal and is not there."""
    positions = sorted({position for _, position in seen if position <= head})
    stored = connection.execute(
        "select notification_id from weaver_events where notification_id = any(%s)", (positions,)
    )
    gone = {*positions} - {position for (position,) in stored}
    for name, position in seen:
        if position > head:
            reason = f"the journal ends at {head}, and read model {name} has read it up to here"
            yield Finding("truncated", position, None, None, reason)
        elif position in gone and not gaps.has(position):
            yield missing(position, f"read model {name} has read it")


def _of_digest(walk: _Walk, until: int, digest: str | None) -> Iterator[Finding]:
    """What does not agree with what was written down once."""
    if walk.before < until:
        yield Finding("truncated", until, None, None, f"no entry stands here, the one before it is {walk.before}")
    elif digest is not None and digest.lower() != walk.digest.hexdigest():
        yield Finding(
            "rewritten", until, None, None, f"the digest up to here is {walk.digest.hexdigest()}, not the one given"
        )

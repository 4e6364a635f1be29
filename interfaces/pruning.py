"""Drops finished backtests and sweeps: which ones, and their events range by range, each recorded before it goes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from application.clock import Clock
from application.commands import DeleteRun
from application.dispatch import Dispatch
from application.journal import Journal
from domain.errors import Conflict, RunNotDeletable
from domain.events import Chain
from domain.retention import (
    MOST_RANGES,
    JournalPruned,
    PrunedKind,
    PrunedRange,
    PrunedRun,
    pruned_stream_id,
)
from interfaces.database import connect, database_errors
from projections.advisory_locks import letting_go, lock_key, try_lock
from projections.catalog import READ_MODELS

ACTOR = "prune"
# Events that are dropped in one transaction: an append waits for none of them, but for the disk.
MOST_EVENTS = 2_000
# A process that works at a trial may not have heard yet that its sweep has ended.
SWEEP_REST = timedelta(hours=1)

_CANDIDATES = """
select id, 'backtest', name, strategy_id, tags, deleted, coalesce(stopped_at, created_at), created_position
from runs
where mode = 'backtest' and (deleted or status in ('completed', 'stopped', 'error'))
union all
select id, 'sweep', name, strategy_id, '{}', false, ended_at, created_position
from sweeps where status in ('completed', 'error') and ended_at < %(now)s - %(rest)s
order by created_position desc
"""
_FORKS = """
select id, (forked_from ->> 'run_id')::uuid from runs where forked_from is not null and not deleted
"""
# A row and its share of the indexes, roughly.
_SIZES = """
select run_id, count(*), sum(pg_column_size(stored) + 150)::bigint
from weaver_events as stored where run_id = any(%s) group by run_id
"""
# The column by which a table's rows belong to a run or a sweep, in the schema that is in use.
_OWNED = """
select table_name, min(column_name) filter (where column_name <> 'id'), table_name in ('runs', 'sweeps')
from information_schema.columns
where table_schema = current_schema() and table_name = any(%s) and column_name in ('id', 'run_id', 'sweep_id')
group by table_name
"""
_ENTRIES = """
select notification_id, previous, originator_id, originator_version, hash from weaver_events
where run_id = %s order by notification_id
"""
_UNFINISHED = """
select state from weaver_events as record
where topic like 'journal.%' and exists (
    select from weaver_events
    where run_id = (convert_from(record.state, 'UTF8')::jsonb ->> 'run_id')::uuid
        and notification_id < record.notification_id
)
order by notification_id
"""
_ARE_THERE = "select exists (select from weaver_events where run_id = %s)"
_KEEP_HASHES = """
insert into pruned_hashes (last, hashes)
select %(last)s, string_agg(hash, ''::bytea order by notification_id) from weaver_events
where notification_id > %(before)s and notification_id <= %(last)s and run_id = %(run_id)s
having count(*) > 0
returning hashes
"""
_DROP = """
delete from weaver_events where notification_id > %(before)s and notification_id <= %(last)s and run_id = %(run_id)s
"""


class JournalChanged(Conflict):
    """What is to be dropped is not what was recorded to be: nothing of it was dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What goes. keep: the newest so many stay. older_than: what ended less than that ago stays.

    tag, strategy: only what has them. What was deleted goes in any case.
    """

    keep: int | None = None
    older_than: timedelta | None = None
    tag: str | None = None
    strategy: str | None = None


class Prunable(NamedTuple):
    """A finished backtest or sweep that goes. ended_at: when it ended. events: how many it has."""

    id: UUID
    kind: PrunedKind
    name: str
    deleted: bool
    ended_at: datetime
    events: int = 0


class Plan(NamedTuple):
    """What goes, newest first. held: what would go, but for a fork of it that stays.

    rows: of the read models, as far as they have folded. bytes: about what the events take.
    """

    prunable: Sequence[Prunable]
    held: Sequence[tuple[Prunable, UUID]]
    rows: int
    bytes: int


def plan(connection: Connection[TupleRow], rules: Rules, now: datetime) -> Plan:
    """Return what the rules let go; the read models `runs` and `sweeps` are to be caught up."""
    chosen = list(_chosen(connection, rules, now))
    forks = connection.execute(_FORKS).fetchall()
    held: dict[UUID, UUID] = {}
    while True:
        going = {one.id for one in chosen} - held.keys()
        more = {parent: fork for fork, parent in forks if parent in going and fork not in going}
        if not more:
            break
        held |= more
    sizes = {run_id: (events, size) for run_id, events, size in connection.execute(_SIZES, ([*going],))}
    prunable = [one._replace(events=sizes[one.id][0]) for one in chosen if one.id in sizes]
    kept = [(one, held[one.id]) for one in chosen if one.id in held]
    return Plan(prunable, kept, _rows(connection, [*sizes]), sum(size for _, size in sizes.values()))


def _rows(connection: Connection[TupleRow], run_ids: Sequence[UUID]) -> int:
    """How many rows of read models belong to these."""
    tables = [table for model in READ_MODELS for table in model.tables]
    found = 0
    for table, owner, is_own in connection.execute(_OWNED, (tables,)).fetchall():
        if is_own or owner:
            counted = sql.SQL("select count(*) from {} where {} = any(%s)").format(
                sql.Identifier(table), sql.Identifier("id" if is_own else owner)
            )
            found += connection.execute(counted, (run_ids,)).fetchall()[0][0]
    return found


def _chosen(connection: Connection[TupleRow], rules: Rules, now: datetime) -> Iterator[Prunable]:
    rank = 0
    for run_id, kind, name, strategy, tags, deleted, ended_at, _ in connection.execute(
        _CANDIDATES, {"now": now, "rest": SWEEP_REST}
    ):
        if (rules.tag is not None and rules.tag not in tags) or (rules.strategy or strategy) != strategy:
            continue
        rank += not deleted
        is_old = rules.older_than is None or ended_at <= now - rules.older_than
        if deleted or (is_old and rank > (rules.keep or 0)):
            yield Prunable(run_id, kind, name, deleted, ended_at)


class Pruning:
    """Drops events, one process at a time. Killed at any moment, the next call goes on where it was."""

    def __init__(self, database_url: str, journal: Journal, dispatch: Dispatch, clock: Clock) -> None:
        self._url = database_url
        self._journal = journal
        self._dispatch = dispatch
        self._clock = clock

    def prune(
        self, prunable: Sequence[Prunable], told: Callable[[float], object] = lambda fraction: None
    ) -> tuple[int, int]:
        """Drop these, after what an earlier call has left over; return how many runs and events are gone.

        A run that is being run by now stays. Raises DatabaseUnavailable; JournalChanged where the events are not those
        that were recorded to go; Conflict while another process prunes.
        """
        key = lock_key("prune", "journal")
        with database_errors(), connect(self._url, application_name="weaver prune") as connection:
            if not try_lock(connection, key):
                raise Conflict("another process is pruning: wait until it has ended")
            with letting_go(connection, key):
                events = self._finish(connection)
                runs, done, whole = 0, 0, sum(one.events for one in prunable) or 1
                for one in prunable:
                    gone = self._drop_run(connection, one)
                    runs, events, done = runs + (gone > 0), events + gone, done + one.events
                    told(done / whole)
        return runs, events

    def _finish(self, connection: Connection[TupleRow]) -> int:
        """Drop what is recorded to be dropped, and still there; what of its run was not recorded yet goes with it."""
        events = 0
        for (state,) in connection.execute(_UNFINISHED).fetchall():
            record = self._journal.catalogue.decode(JournalPruned.TOPIC, bytes(state))
            if isinstance(record, JournalPruned):
                events += _drop(connection, record.run_id, record.ranges)
                left = Prunable(record.run_id, record.kind, record.name, deleted=True, ended_at=record.at)
                events += self._drop_run(connection, left)
        return events

    def _drop_run(self, connection: Connection[TupleRow], one: Prunable) -> int:
        if one.kind == "backtest" and not one.deleted:
            try:
                # from here on nobody shows it, and nothing is appended to it
                self._dispatch.dispatch(DeleteRun(run_id=one.id), actor=ACTOR)
            except RunNotDeletable:
                return 0
        events = 0
        while connection.execute(_ARE_THERE, (one.id,)).fetchone() == (True,):
            ranges, streams = _ranges(connection, one.id)
            for start in range(0, len(ranges), MOST_RANGES):
                self._record(one, ranges[start : start + MOST_RANGES], streams if start == 0 else 0)
            events += _drop(connection, one.id, ranges)
        return events

    def _record(self, one: Prunable, ranges: Sequence[PrunedRange], streams: int) -> None:
        stream_id = pruned_stream_id(one.id)
        pruned = self._journal.load(PrunedRun, stream_id) or PrunedRun(stream_id)
        pruned.prune(
            JournalPruned(
                at=self._clock.now(),
                run_id=one.id,
                kind=one.kind,
                name=one.name,
                streams=streams,
                ranges=tuple(ranges),
            )
        )
        self._journal.record(pruned, run_id=None, chain=Chain(str(one.id), str(stream_id), actor=ACTOR))


def _ranges(connection: Connection[TupleRow], run_id: UUID) -> tuple[list[PrunedRange], int]:
    """The run's entries as ranges without a hole, those of its own stream first; and how many streams begin in them.

    What follows each other in the journal may belong to others in between, and positions may have gaps.
    """
    ranges: list[PrunedRange] = []
    own: set[int] = set()
    streams, events, first_previous, last, is_own, digest = 0, 0, 0, 0, False, sha256()

    def close() -> None:
        nonlocal events, is_own
        if events:
            if is_own:
                own.add(last)
            ranges.append(PrunedRange(first_previous, last, events, digest.hexdigest()))
        events, is_own = 0, False

    with connection.transaction(), connection.cursor("ranges") as cursor:
        cursor.itersize = MOST_EVENTS
        cursor.execute(_ENTRIES, (run_id,))
        for position, previous, stream_id, version, entry_hash in cursor:
            if not (events and previous == last == position - 1 and events < MOST_EVENTS):
                close()
                first_previous, digest = previous, sha256()
            events, last = events + 1, position
            streams += version == 1
            is_own = is_own or stream_id == run_id
            digest.update(entry_hash)
        close()
    # a run of which a part is missing must not look like one that is still to be done: its own stream goes at once
    return sorted(ranges, key=lambda one: (one.last not in own, one.last)), streams


def _drop(connection: Connection[TupleRow], run_id: UUID, ranges: Sequence[PrunedRange]) -> int:
    """Drop the ranges that are still there, keeping their hashes; return how many events are gone.

    The run's own stream, which begins and ends it, goes in one transaction, every other range in one of its own.
    """
    own = {
        position
        for (position,) in connection.execute(
            "select notification_id from weaver_events where originator_id = %s", (run_id,)
        )
    }
    together = [one for one in ranges if any(one.last - one.events < position <= one.last for position in own)]
    dropped = 0
    for group in ([together] if together else []) + [[one] for one in ranges if one not in together]:
        with connection.transaction():
            dropped += sum(_drop_range(connection, run_id, one) for one in group)
    return dropped


def _drop_range(connection: Connection[TupleRow], run_id: UUID, one: PrunedRange) -> int:
    given = {"before": one.last - one.events, "last": one.last, "run_id": run_id}
    kept = connection.execute(_KEEP_HASHES, given).fetchone()
    if kept is None:
        return 0
    if sha256(bytes(kept[0])).hexdigest() != one.digest:
        raise JournalChanged(
            f"the events up to position {one.last} are not those that were to be dropped: run weaver verify"
        )
    return connection.execute(_DROP, given).rowcount

"""The journal in PostgreSQL: its recorder, made for `application/journal.py`, and its entries in order (WallE).

Every append holds one advisory lock until it commits, so positions become visible in the order they were drawn, and a
reader that has seen a position will never see a new one before it. The library's own lock is on the table: VACUUM and
CREATE INDEX CONCURRENTLY would wait for appends and appends for them. Its insert is not used either: it hangs for ever
on some thousands of events, and the library's database functions take no lock at all.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic, sleep
from typing import Any, cast
from uuid import UUID

import msgspec
import psycopg
from eventsourcing.persistence import IntegrityError, InterfaceError, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresFactory
from eventsourcing.utils import Environment, EnvType
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row, tuple_row

from application.journal import ImportedRows, Performed, PerformedBefore
from domain.events import JournalEntry, Once
from interfaces.database import connection_parameters
from interfaces.journal_chain import COLUMNS, ChainedEntry, Link, continued, copied_rows, copied_streams

# Importing the library has silenced these.
for _name in ("psycopg", "psycopg.pool"):
    logging.getLogger(_name).setLevel(logging.NOTSET)

APPEND_LOCK = 0x57454156  # the one that weaver_append takes, see migrations/versions
PATIENCE = 2  # seconds to wait for a connection, and to try again when one breaks
PAUSE = 0.02
LOCK_PATIENCE = "10s"  # for other appends; the server ends one whose client has vanished after 5 seconds

_ENTRIES = """
select notification_id, originator_id, originator_version, topic, state, run_id, meta::text, recorded_at
from weaver_events
"""
_APPEND = "select weaver_append(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b, %s::jsonb)"
_APPEND_ONCE = """
select weaver_append_once(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b, %s::jsonb, %s, %b, %b, %s)
"""
_PERFORMED = """
select digest, subject, command_id, position from idempotency_keys
where key = %s and created_at >= clock_timestamp() - interval '24 hours'
"""
PERFORMED_BEFORE = "WV001"  # the SQLSTATE of weaver_append_once for a known key
_BEGIN_COPY = "select * from weaver_begin_copy(%s, %s::jsonb, %s, %s)"
_COPY = f"copy weaver_events ({COLUMNS}, hash) from stdin (format binary)"
_AS_JSONB = "select given::jsonb::text from unnest(%s::text[]) with ordinality as metas (given, place) order by place"
_OWN = """
select notification_id
from unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[]) with ordinality
    as given (stream_id, version, topic, state, place)
join weaver_events as stored on stored.originator_id = given.stream_id and stored.originator_version = given.version
where stored.topic = given.topic and stored.state = given.state
    and stored.run_id is not distinct from %b::uuid and stored.meta = %s::jsonb
order by given.place
"""


def journal_environment(database_url: str, pool_size: int = 2) -> dict[str, str]:
    """Return the environment for `Journal`, of at most `pool_size` connections; appends serialise, so few will do.

    Raises DatabaseUnavailable for a URL that cannot be read.
    """
    parameters = connection_parameters(database_url)
    return {
        "PERSISTENCE_MODULE": f"{JournalFactory.__module__}:{JournalFactory.__qualname__}",
        "APPLICATION_RECORDER_TOPIC": f"{PostgresJournalRecorder.__module__}:{PostgresJournalRecorder.__qualname__}",
        "CREATE_TABLE": "n",
        "POSTGRES_ENABLE_DB_FUNCTIONS": "n",
        "POSTGRES_DBNAME": str(parameters.get("dbname", "")),
        "POSTGRES_HOST": str(parameters.get("host", "")),
        "POSTGRES_PORT": str(parameters.get("port", "")),
        "POSTGRES_USER": str(parameters.get("user", "")),
        "POSTGRES_PASSWORD": str(parameters.get("password", "")),
        "POSTGRES_POOL_SIZE": str(pool_size),
        "POSTGRES_MAX_OVERFLOW": "0",
        "POSTGRES_CONNECT_TIMEOUT": str(PATIENCE),
        JournalFactory.CONNECTION: make_conninfo(**parameters),
    }


class JournalFactory(PostgresFactory):
    """Connects as the whole database URL says: the library knows only five of its parameters."""

    CONNECTION = "POSTGRES_CONNECTION"

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        parameters = conninfo_to_dict(self.env.get(self.CONNECTION, ""))
        options = f"-c lock_timeout={LOCK_PATIENCE} {parameters.get('options', '')}"
        pool = self.datastore.pool
        pool.kwargs = {**parameters, "options": options, "row_factory": dict_row}
        # Given up early, and begun again by the next who wants a connection: the usual five minutes of growing pauses
        # would outlast the database's absence by as much again.
        pool.reconnect_timeout = PATIENCE


@dataclass(frozen=True, slots=True)
class _Append:
    """What is appended in one transaction: rows of stream, version, topic, state; one run and chain for all.

    once: the key recorded with them, command_id: who records it.
    """

    rows: Sequence[tuple[UUID, int, str, bytes]]
    run_id: UUID | None
    meta: str
    once: Once | None = None
    command_id: str = ""

    def parameters(self) -> tuple[object, ...]:
        columns = zip(*self.rows, strict=True) if self.rows else ((), (), (), ())
        return (*([*column] for column in columns), self.run_id, self.meta)


class PostgresJournalRecorder(PostgresApplicationRecorder):
    """Appends to and reads table weaver_events.

    Raises the library's IntegrityError for a version that is taken, its OperationalError or InterfaceError when the
    database is still away after some seconds of trying.
    """

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: object) -> Sequence[int]:
        """Append events in one transaction and one round trip; return their positions.

        Takes `run_id`, `meta` (JSON) and `once` with `command_id`: then the key is recorded with the events, or alone
        if there are none, and PerformedBefore raised if it is known. Refuses `tracking`: read models keep their own
        offsets.
        """
        run_id, meta = cast("UUID | None", kwargs.pop("run_id", None)), cast(str, kwargs.pop("meta", "{}"))
        once, command_id = cast("Once | None", kwargs.pop("once", None)), cast(str, kwargs.pop("command_id", ""))
        if kwargs.pop("tracking", None) is not None or kwargs:
            raise NotImplementedError(f"the journal records events alone, not tracking or {sorted(kwargs)}")
        if not stored_events and once is None:
            return []
        rows = [(cast(UUID, e.originator_id), e.originator_version, e.topic, e.state) for e in stored_events]
        return self._append(_Append(rows, run_id, meta, once, command_id), _insert)

    def performed(self, key: str) -> Performed | None:
        """Return what is known of the request with that key."""
        return self._persist(lambda connection: _performed(connection, key))

    def copy_events(self, rows: Sequence[tuple[UUID, int, str, bytes]], run_id: UUID, meta: str) -> int:
        """Append rows of stream, version, topic and state by COPY in one transaction; return the last position."""
        return self._append(_Append(rows, run_id, meta), _copy)[-1]

    def import_events(self, rows: ImportedRows, run_id: UUID) -> int:
        """Append rows of stream, version, topic, state and meta in one transaction; return the last position."""
        return self._persist(lambda connection: _import(connection, rows, run_id))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return events of one stream by version."""
        statement = f"""
            select originator_id, originator_version, topic, state from weaver_events
            where originator_id = %s and originator_version > %s and originator_version <= %s
            order by originator_version {"desc" if desc else "asc"} limit %s
        """
        bounds = (0 if gt is None else gt, (1 << 63) - 1 if lte is None else lte)
        rows = self._select(statement, (originator_id, *bounds, limit))
        return [StoredEvent(*row) for row in rows]

    def max_notification_id(self) -> int | None:
        """Return the newest position, None for an empty journal."""
        [(position,)] = self._select("select max(notification_id) from weaver_events", ())
        return cast("int | None", position)

    def head(self) -> int:
        """Return the newest position, 0 for an empty journal."""
        return self.max_notification_id() or 0

    def read(
        self, after: int, limit: int, topics: Sequence[str] = (), run_id: UUID | None = None
    ) -> list[JournalEntry]:
        """Return the next entries after a position, at most `limit`; of these topics, of this run."""
        return self._persist(lambda connection: read_entries(connection, after, limit, topics, run_id))

    def stream(self, stream_id: UUID) -> list[JournalEntry]:
        """Return the entries of one stream by version."""
        statement = f"{_ENTRIES} where originator_id = %s order by originator_version"
        return self._persist(lambda connection: _entries(connection, statement, (stream_id,)))

    def identity(self) -> tuple[UUID, str]:
        """Return the store's id and epoch."""
        [(store_id, epoch)] = self._select("select store_id, epoch from store_identity", ())
        return store_id, epoch

    def _select(self, statement: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        return self._persist(lambda connection: _rows(connection, statement, parameters))

    def _append(self, append: _Append, attempt: Callable[[Connection[Any], _Append], Sequence[int]]) -> Sequence[int]:
        in_doubt = False

        def append_once(connection: Connection[Any]) -> Sequence[int]:
            nonlocal in_doubt
            try:
                return attempt(connection, append)
            except psycopg.errors.UniqueViolation:
                if in_doubt and (own := _own_positions(connection, append)):
                    return own
                raise
            except psycopg.Error as error:
                if error.sqlstate == PERFORMED_BEFORE:
                    return _recorded_by_us(connection, append)
                # The connection died while the answer was awaited: whether the transaction was committed is unknown.
                in_doubt = in_doubt or connection.closed
                raise

        return self._persist(append_once)

    def _persist[T](self, work: Callable[[Connection[Any]], T]) -> T:
        """Return what `work` does with a connection, with another one if that breaks, for at most some seconds."""
        deadline = monotonic() + PATIENCE
        while True:
            try:
                with self.datastore.get_connection() as connection:
                    return work(connection)
            except (OperationalError, InterfaceError):
                if monotonic() >= deadline or self.datastore.pool.closed:
                    raise
            sleep(PAUSE)  # the pool's other connections are most likely broken as well: as many turns


def read_entries(
    connection: Connection[Any], after: int, limit: int, topics: Sequence[str] = (), run_id: UUID | None = None
) -> list[JournalEntry]:
    """Return the next entries after a position, at most `limit`, oldest first; of these topics, of this run."""
    conditions: list[str] = ["notification_id > %s"]
    parameters: list[object] = [after]
    if topics:
        conditions.append("topic = any(%s)")
        parameters.append(list(topics))
        if all(topic.startswith("run.") for topic in topics):
            # says nothing new, but in the words of the index over these few events (migration 0007)
            conditions.append("topic like 'run.%%'")
    if run_id is not None:
        conditions.append("run_id = %s")
        parameters.append(run_id)
    statement = f"{_ENTRIES} where {' and '.join(conditions)} order by notification_id limit %s"
    return _entries(connection, statement, (*parameters, limit))


def _entries(connection: Connection[Any], statement: str, parameters: Sequence[object]) -> list[JournalEntry]:
    return [
        JournalEntry(position, stream_id, version, topic, state, run_id, _decoded_meta(meta), recorded_at)
        for position, stream_id, version, topic, state, run_id, meta, recorded_at in _rows(
            connection, statement, parameters
        )
    ]


@lru_cache(maxsize=256)
def _decoded_meta(meta: str) -> Mapping[str, str]:
    """The entries of one append share one object."""
    return msgspec.json.decode(meta, type=dict[str, str])


def _rows(connection: Connection[Any], statement: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
    with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        return cursor.execute(statement.encode(), parameters, prepare=True).fetchall()


def _insert(connection: Connection[Any], append: _Append) -> Sequence[int]:
    statement, parameters, once = _APPEND, append.parameters(), append.once
    if once is not None:
        statement, parameters = _APPEND_ONCE, (*parameters, once.key, once.digest, once.subject, append.command_id)
    [(positions,)] = _rows(connection, statement, parameters)
    return cast("Sequence[int]", positions)


def _performed(connection: Connection[Any], key: str) -> Performed | None:
    found = _rows(connection, _PERFORMED, (key,))
    return Performed(*found[0]) if found else None


def _recorded_by_us(connection: Connection[Any], append: _Append) -> Sequence[int]:
    """The positions of the rows if this very command has recorded the key: the answer to its COMMIT was lost."""
    if append.once is None:
        raise AssertionError("unreachable: only keys are known")
    performed = _performed(connection, append.once.key)
    if performed is None:
        raise InterfaceError("an idempotency key ended as it was asked for")
    if performed.command_id != append.command_id:
        raise PerformedBefore(performed)
    return _own_positions(connection, append) or []


def _own_positions(connection: Connection[Any], append: _Append) -> Sequence[int] | None:
    """The positions of the rows if they are all stored exactly as they are to be appended."""
    positions = [position for (position,) in _rows(connection, _OWN, append.parameters())]
    return positions if len(positions) == len(append.rows) else None


def _copy(connection: Connection[Any], append: _Append) -> Sequence[int]:
    continuing = list(continued(append.rows))
    streams, versions = [stream_id for stream_id, _ in continuing], [version for _, version in continuing]
    with connection.transaction(), connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        # takes the lock, draws the positions, and tells whoever listens once this is committed
        cursor.execute(_BEGIN_COPY, (len(append.rows), append.meta, streams, versions), prepare=True)
        [(meta, previous, first, now_at, heads)] = cursor
        if None in heads:
            raise IntegrityError(f"stream {streams[heads.index(None)]} does not have the version before")
        link = Link(previous, first, dict(zip(streams, heads, strict=True)), append.run_id, meta, now_at)
        with cursor.copy(_COPY) as copy:
            for piece in copied_rows(append.rows, link):
                copy.write(piece)
        return [first + len(append.rows) - 1]


def _import(connection: Connection[Any], rows: ImportedRows, run_id: UUID) -> int:
    with connection.transaction(), connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        cursor.execute(_BEGIN_COPY, (len(rows), "{}", [], []), prepare=True)
        [(_, previous, first, now_at, _)] = cursor
        metas = list({meta for *_, meta in rows})
        cursor.execute(_AS_JSONB, (metas,))
        texts = {meta: text for meta, (text,) in zip(metas, cursor, strict=True)}
        entries = (
            ChainedEntry(
                position,
                previous if position == first else position - 1,
                stream_id,
                version,
                topic,
                state,
                run_id,
                texts[meta],
                now_at,
            )
            for position, (stream_id, version, topic, state, meta) in enumerate(rows, first)
        )
        with cursor.copy(_COPY) as copy:
            for piece in copied_streams(entries):
                copy.write(piece)
    return int(first) + len(rows) - 1

"""Builds a read model anew beside the live one and swaps the two (WallE).

The copy has a schema of its own, `rebuild_<name>`, with the same tables and an offset that starts at 0. First in the
search path, that schema is all the read model's fold needs to write there. The swap is one transaction that holds the
live offset's row, which keeps every processor out: fold the rest, move the tables over, set the offset. Appends go on
meanwhile; what they bring is folded by the processor, from the swapped offset on.

Readers are held up only while tables change place. A statement sees the old rows or the new, never both; only a
REPEATABLE READ transaction that began before the swap and first reads the table after it would see it empty.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic, sleep

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from domain.errors import Conflict, Unavailable
from domain.event_catalogue import CATALOGUE, Catalogue
from projections.advisory_locks import letting_go, lock_key, try_lock
from projections.catalog import read_model
from projections.view import DEFAULT_BATCH, Progress, ReadModel, fold_batch, look

# A reader that has the table for long makes the swap give way, so that it does not hold up the readers behind it.
SWAP_LOCK_TIMEOUT = "150ms"
SWAP_PAUSE = 0.35
SWAP_PATIENCE = 300.0

type OnProgress = Callable[[int, int], None]
type Fold = Callable[[], Progress]


class RebuildRunning(Conflict):
    """Somebody rebuilds this read model at the moment, in this process or another."""


class SwapBlocked(Unavailable):
    """Readers never let the tables go; nothing has changed."""


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """What a rebuild did: up to which position, in how many seconds; readers may have waited for `swap_seconds`."""

    name: str
    position: int
    seconds: float
    swap_seconds: float


def rebuild(
    database_url: str,
    name: str,
    progress: OnProgress | None = None,
    *,
    batch: int = DEFAULT_BATCH,
    catalogue: Catalogue = CATALOGUE,
) -> RebuildResult:
    """Fold the whole journal into fresh tables and put them in place of the live ones.

    Safe while trading; killed at any moment it leaves the live read model as it was. progress: called with the position
    reached and the journal's head; what it raises ends the rebuild, and the live read model is as it was. Raises
    InvalidInput for an unknown name, RebuildRunning, SwapBlocked, and ReadModelStopped for an event that cannot be
    folded.
    """
    return rebuild_claimed(claim(database_url, name), name, progress, batch=batch, catalogue=catalogue)


def claim(database_url: str, name: str) -> Connection[TupleRow]:
    """Return the connection a read model is to be rebuilt on, which keeps all others from rebuilding it.

    Raises InvalidInput for an unknown name, RebuildRunning.
    """
    read_model(name)
    connection = psycopg.connect(database_url, autocommit=True, application_name=f"weaver rebuild {name}")
    try:
        if not try_lock(connection, lock_key("rebuild", name)):
            raise RebuildRunning(f"read model {name} is being rebuilt already: wait until that has ended")
    except BaseException:
        connection.close()
        raise
    return connection


def rebuild_claimed(
    connection: Connection[TupleRow],
    name: str,
    progress: OnProgress | None = None,
    *,
    batch: int = DEFAULT_BATCH,
    catalogue: Catalogue = CATALOGUE,
) -> RebuildResult:
    """Rebuild on the connection that `claim` gave, and close it; all else as `rebuild`."""
    model = read_model(name)
    began = monotonic()
    with connection, letting_go(connection, lock_key("rebuild", name)):
        # A killed rebuild leaves its schema and nothing else; the claim went with its connection.
        connection.execute("set synchronous_commit = off")
        _prepare(connection, model)
        fold = partial(fold_batch, connection, model, batch, catalogue)
        try:
            _fold(fold, progress, batch)
            for table in model.tables:  # the planner knows nothing of them yet
                connection.execute(sql.SQL("analyze {}").format(sql.Identifier(table)))
            position, swap_seconds = _swap_patiently(connection, model, fold, progress, batch)
        except BaseException:
            if not connection.broken:
                _drop(connection, name)
            raise
    return RebuildResult(name, position, monotonic() - began, swap_seconds)


def running(connection: Connection[TupleRow], name: str) -> int | None:
    """Return the position a rebuild of the read model has reached, in whichever process; None if none is running."""
    key = lock_key("rebuild", name)
    [(is_running,)] = connection.execute(
        "select exists (select from pg_locks where locktype = 'advisory' and objsubid = 1 and granted "
        "and database = (select oid from pg_database where datname = current_database()) "
        "and classid = %s and objid = %s)",
        (key >> 32 & 0xFFFFFFFF, key & 0xFFFFFFFF),
    )
    if not is_running:
        return None
    try:
        reached = connection.execute(
            sql.SQL("select position from {}.projection_position where name = %s").format(_schema(name)), (name,)
        ).fetchone()
    except psycopg.errors.UndefinedTable:  # not made yet, or swapped a moment ago
        return 0
    return int(reached[0]) if reached else 0


def _schema(name: str) -> sql.Identifier:
    return sql.Identifier(f"rebuild_{name}")


def _drop(connection: Connection[TupleRow], name: str) -> None:
    connection.execute(sql.SQL("drop schema if exists {} cascade").format(_schema(name)))


def _prepare(connection: Connection[TupleRow], model: ReadModel) -> None:
    schema = _schema(model.name)
    with connection.transaction():
        _drop(connection, model.name)
        connection.execute(sql.SQL("create schema {}").format(schema))
        for table in ("projection_position", "parked_events", *model.tables):
            # Names of indexes follow the rules for names by default, as in the migrations: the copies are equal.
            connection.execute(
                sql.SQL("create table {}.{} (like public.{} including all)").format(
                    schema, sql.Identifier(table), sql.Identifier(table)
                )
            )
            _copy_settings_and_grants(connection, model.name, table)
        connection.execute(
            sql.SQL("insert into {}.projection_position (name, position) values (%s, 0)").format(schema), (model.name,)
        )
    connection.execute(sql.SQL("set search_path = {}, public").format(schema))


def _copy_settings_and_grants(connection: Connection[TupleRow], name: str, table: str) -> None:
    """What `like` leaves out: storage parameters, and the rights of other roles, such as a reporting tool's."""
    statements = connection.execute(
        """
        select format('alter table %%I.%%I set (%%s)', %(schema)s::text, relname, array_to_string(reloptions, ', '))
        from pg_class where oid = format('public.%%I', %(table)s::text)::regclass and reloptions is not null
        union all
        select format('grant %%s on %%I.%%I to %%s%%s', privilege_type, %(schema)s::text, relname,
                      case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
                      case when is_grantable then ' with grant option' else '' end)
        from pg_class, aclexplode(relacl)
        where oid = format('public.%%I', %(table)s::text)::regclass and grantee <> relowner
        """,
        {"schema": f"rebuild_{name}", "table": table},
    ).fetchall()
    for (statement,) in statements:
        connection.execute(statement)


def _fold(fold: Fold, progress: OnProgress | None, batch: int) -> None:
    """Fold until less than a batch is left."""
    while True:
        reached = fold()
        if progress is not None:
            progress(reached.position, reached.head)
        if reached.head - reached.position < batch:
            return


def _swap_patiently(
    connection: Connection[TupleRow], model: ReadModel, fold: Fold, progress: OnProgress | None, batch: int
) -> tuple[int, float]:
    deadline = monotonic() + SWAP_PATIENCE
    while True:
        began = monotonic()
        try:
            return _swap(connection, model, fold), monotonic() - began
        except psycopg.errors.LockNotAvailable as error:
            if monotonic() > deadline:
                raise SwapBlocked(
                    f"somebody has been reading {' '.join(model.tables)} for {SWAP_PATIENCE:.0f} seconds: end that "
                    f"transaction (see pg_stat_activity), then rebuild again",
                    read_model=model.name,
                ) from error
        sleep(SWAP_PAUSE)
        _fold(fold, progress, batch)


def _swap(connection: Connection[TupleRow], model: ReadModel, fold: Fold) -> int:
    schema = _schema(model.name)
    with connection.transaction():
        connection.execute("select from public.projection_position where name = %s for update", (model.name,))
        head = look(connection, model.name).head
        while (reached := fold()).position < head:
            pass
        connection.execute(sql.SQL("set local lock_timeout = {}").format(SWAP_LOCK_TIMEOUT))
        for table in map(sql.Identifier, model.tables):
            connection.execute(sql.SQL("lock table public.{} in access exclusive mode").format(table))
        for table in map(sql.Identifier, model.tables):
            connection.execute(sql.SQL("drop table public.{}").format(table))
            connection.execute(sql.SQL("alter table {}.{} set schema public").format(schema, table))
        connection.execute(
            "update public.projection_position set position = %s where name = %s", (reached.position, model.name)
        )
        connection.execute("delete from public.parked_events where read_model = %s", (model.name,))
        connection.execute(sql.SQL("insert into public.parked_events select * from {}.parked_events").format(schema))
        connection.execute(sql.SQL("drop schema {} cascade").format(schema))
    return reached.position

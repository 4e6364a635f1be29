"""The way to PostgreSQL: connections, pools, and the state of the schema (WallE)."""

import contextlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

import migrations
from domain.errors import DatabaseUnavailable

MIGRATIONS = Path(migrations.__file__).parent
# Oldest first. A revision is the number its file is named by, so finding them takes no Alembic.
REVISIONS = tuple(sorted(path.stem[1:5] for path in MIGRATIONS.glob("versions/v[0-9]*.py")))
OLDEST_SERVER = 15

# What holds unless the URL says otherwise. A peer that vanished without a word is given up after some 25 seconds.
DEFAULTS: Mapping[str, str | int] = MappingProxyType(
    {
        "application_name": "weaver",
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }
)
# Seconds a caller waits for a pool's connection, and a pool tries to replace one before it waits to be asked again.
POOL_PATIENCE = 2.0

MIGRATION_LOCK = 0x57454156_4D494752
MIGRATION_PATIENCE = "5min"
# A change of the schema that waits for a lock makes every append wait behind it.
SCHEMA_LOCK_PATIENCE = "10s"
# Alembic keeps the migration at hand in a variable of its module.
_alembic_is_taken = threading.Lock()


def connection_parameters(url: str) -> dict[str, Any]:
    """Return libpq's parameters for the URL, Weaver's defaults included; times are given and read in UTC.

    Raises DatabaseUnavailable, without showing any of the URL, when it cannot be read.
    """
    try:
        given: dict[str, Any] = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        given = {"host": "@"}
    # A password with an unescaped "@" or "/" ends up in these, and libpq would print them.
    if "@" in str(given.get("host", "")) or not re.fullmatch(r"[\d,]*", str(given.get("port", ""))):
        raise DatabaseUnavailable(
            "the database URL cannot be read: it must be postgresql://user:password@host:port/name, special characters "
            "percent-encoded"
        )
    options = f"{given.pop('options', '')} -c TimeZone=UTC".strip()
    return {**DEFAULTS, **given, "options": options}


def connect(url: str, **parameters: str | int) -> Connection[TupleRow]:
    """Return a new connection in autocommit mode; `parameters` are libpq's and win over the URL's.

    Raises DatabaseUnavailable.
    """
    with database_errors():
        return psycopg.connect(**{**connection_parameters(url), **parameters}, autocommit=True)


class Pool(ConnectionPool[Connection[TupleRow]]):
    """Connections in autocommit mode, checked when they are handed out.

    What the database does to a borrower, or its absence, is raised as DatabaseUnavailable.
    """

    @contextlib.contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection[TupleRow]]:
        """Lend a connection; wait for one at most `timeout` seconds, 2 by default."""
        with database_errors(), super().connection(timeout) as connection:
            yield connection


def pool(url: str, *, max_size: int) -> Pool:
    """Return an open pool of at most `max_size` connections; it opens them as they are needed.

    Raises DatabaseUnavailable only for a URL that cannot be read: the pool waits for a database that is away.
    """
    return Pool(
        kwargs={**connection_parameters(url), "autocommit": True},
        min_size=1,
        max_size=max_size,
        timeout=POOL_PATIENCE,
        reconnect_timeout=POOL_PATIENCE,
        check=Pool.check_connection,
        open=True,
    )


def unavailable(error: Exception) -> DatabaseUnavailable:
    """Return the error for a database that does not answer as it should, in one line."""
    return DatabaseUnavailable(f"the database does not answer: {' '.join(str(error).split()) or type(error).__name__}")


@contextlib.contextmanager
def database_errors() -> Iterator[None]:
    """Raise DatabaseUnavailable where psycopg says that the connection or the server is at fault."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise unavailable(error) from error


def require_reachable(url: str) -> None:
    """Return if the database answers and is of a version Weaver supports; raise DatabaseUnavailable otherwise."""
    with database_errors(), connect(url) as connection:
        connection.execute("select 1")
        _require_supported(connection)


def revision(url: str) -> str | None:
    """Return the revision of the database's schema, None if it was never migrated; raise DatabaseUnavailable."""
    with database_errors(), connect(url) as connection:
        _require_supported(connection)
        if connection.execute("select to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = connection.execute("select version_num from alembic_version").fetchone()
        return str(row[0]) if row else None


def require_migrated(url: str) -> None:
    """Return if the schema is the one this Weaver needs; raise DatabaseUnavailable that says what to do."""
    found = revision(url)
    if found is None:
        raise DatabaseUnavailable("the database is not migrated: run weaver migrate")
    _refuse_newer(found)
    if found != REVISIONS[-1]:
        raise DatabaseUnavailable(
            f"the database has schema {found}, this Weaver needs {REVISIONS[-1]}: run weaver migrate"
        )


def migrate(url: str) -> str:
    """Return the newest revision, after bringing the schema there; of many at once one works and the others wait.

    Raises DatabaseUnavailable, also for a schema that a newer Weaver made. A step that fails changes nothing.
    """
    found = revision(url)
    _refuse_newer(found)
    if found != REVISIONS[-1]:
        _run_alembic(url, "upgrade", "head")
    return REVISIONS[-1]


def downgrade(url: str, to_revision: str) -> None:
    """Take the schema back to a revision, `base` for none at all; what the dropped tables held is gone.

    Raises DatabaseUnavailable.
    """
    _run_alembic(url, "downgrade", to_revision)


def _require_supported(connection: Connection[TupleRow]) -> None:
    version = connection.info.server_version // 10_000
    if version < OLDEST_SERVER:
        raise DatabaseUnavailable(f"the database is PostgreSQL {version}: Weaver needs {OLDEST_SERVER} or newer")


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in REVISIONS:
        raise DatabaseUnavailable(
            f"the database has schema {found} of a newer Weaver, this one knows {REVISIONS[-1]}: update Weaver"
        )


def _run_alembic(url: str, command: str, to_revision: str) -> None:
    # Imported here: a start that finds nothing to migrate, the usual one, is spared their half second.
    import alembic.command
    import alembic.util
    import sqlalchemy
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    run: Callable[[Config, str], None] = getattr(alembic.command, command)

    def open_connection() -> Connection[TupleRow]:
        connection = connect(url, application_name="weaver migrate")
        _take_migration_lock(connection)
        connection.autocommit = False
        return connection

    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=open_connection, poolclass=sqlalchemy.pool.NullPool
    )
    try:
        with _alembic_is_taken, engine.connect() as connection:
            config.attributes["connection"] = connection
            run(config, to_revision)
            connection.commit()
    except sqlalchemy.exc.DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        raise DatabaseUnavailable(f"the database cannot be migrated: {reason}") from error
    except alembic.util.CommandError as error:
        raise DatabaseUnavailable(f"the database cannot be migrated: {error}") from error


def _take_migration_lock(connection: Connection[TupleRow]) -> None:
    """Wait for whoever migrates at the moment; the lock ends with the connection."""
    with database_errors():
        connection.execute(f"set lock_timeout = '{MIGRATION_PATIENCE}'".encode())
        connection.execute("select pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        connection.execute(f"set lock_timeout = '{SCHEMA_LOCK_PATIENCE}'".encode())

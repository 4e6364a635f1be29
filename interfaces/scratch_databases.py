"""Databases beside Weaver's own, on the same server: made, filled, put in its place or dropped again."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from time import monotonic, sleep
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from domain.errors import Conflict, DatabaseUnavailable, Refused
from interfaces.database import connect, database_errors
from projections.advisory_locks import letting_go, lock_key, try_lock

# The database that every server has, to be connected to while others are made and renamed.
MAINTENANCE = "postgres"
LONGEST_NAME = 63
# In seconds: whoever only looks whether the server answers is gone by then.
PATIENCE, PAUSE = 2.0, 0.05

_OTHERS = """
select coalesce(string_agg(distinct coalesce(nullif(application_name, ''), 'a client'), ', '), '')
from pg_stat_activity where datname = %s and pid <> pg_backend_pid() and backend_type = 'client backend'
"""
# A database that Weaver has just made for itself holds its tables, and nothing in them.
_HOLDS = """
select case
    when to_regclass('public.weaver_events') is null then exists (
        select from pg_class where relkind in ('r', 'p', 'v', 'm', 'S')
            and relnamespace not in (select oid from pg_namespace where nspname ~ '^pg_|^information_schema$')
    )
    else true
end
"""
_HOLDS_EVENTS = "select exists (select from weaver_events) or exists (select from bar_series)"


class DatabaseInUse(Conflict):
    """Somebody is connected to the database; the message says what they call themselves."""


class MayNotMakeDatabases(Refused):
    """The database's user may not make databases."""


def database_name(url: str) -> str:
    """Return the name of the database that the URL leads to."""
    parameters = conninfo_to_dict(url)
    return str(parameters.get("dbname") or parameters.get("user") or "")


def sibling(url: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(name, safe='')}"))


def server_version(url: str) -> int:
    """Return the version of the URL's server, such as 180001; raise DatabaseUnavailable."""
    with _maintained(url) as connection:
        return connection.info.server_version


def require_unused(url: str) -> None:
    """Return if nobody but the caller is connected to the database; raise DatabaseInUse otherwise."""
    with _maintained(url) as connection:
        _require_unused(connection, database_name(url))


def is_empty(url: str) -> bool:
    """Whether there is no such database, or nothing in it but tables of Weaver without an event and without bars."""
    with _maintained(url) as connection:
        if not _exists(connection, database_name(url)):
            return True
    with database_errors(), connect(url) as connection:
        if connection.execute(_HOLDS).fetchone() == (False,):
            return True
        if connection.execute("select to_regclass('public.weaver_events')").fetchone() == (None,):
            return False
        return connection.execute(_HOLDS_EVENTS).fetchone() == (False,)


def _make(connection: Connection[TupleRow], name: str) -> None:
    try:
        connection.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege:
        raise MayNotMakeDatabases(
            f"the database's user may not make the database {name}: give it CREATEDB for as long as this takes, or "
            "restore with pg_restore by hand, and then run weaver restore --adopt"
        ) from None


@contextlib.contextmanager
def scratch_database(url: str, purpose: str) -> Iterator[str]:
    """Give the URL of an empty database; it is dropped afterwards, unless it has taken another's place.

    purpose: part of its name. What a killed process has left of the same purpose is dropped first; of two processes at
    once the second is refused. Raises DatabaseInUse, MayNotMakeDatabases, DatabaseUnavailable.
    """
    name = _beside(database_name(url), purpose)
    key = lock_key("scratch", name)
    with _maintained(url) as connection:
        if not try_lock(connection, key):
            raise DatabaseInUse(f"another process is at work on the database {name}: wait until it has ended")
        with letting_go(connection, key):
            _drop(connection, name)
            _make(connection, name)
            try:
                yield sibling(url, name)
            finally:
                _drop(connection, name)


def take_its_place(url: str, scratch_url: str, at: datetime) -> str | None:
    """Rename the database of the URL aside and the scratch one to its name, at once; return the name it has now.

    None if there was no database of that name. Raises DatabaseInUse if anybody is connected to either: then nothing
    has changed.
    """
    name, scratch = database_name(url), database_name(scratch_url)
    aside = _beside(name, f"replaced_{at:%Y%m%d_%H%M%S}")
    renaming = sql.SQL("alter database {} rename to {}")
    with _maintained(url) as connection:
        _require_unused(connection, name)
        was_there = _exists(connection, name)
        try:
            with connection.transaction():
                if was_there:
                    connection.execute(renaming.format(sql.Identifier(name), sql.Identifier(aside)))
                connection.execute(renaming.format(sql.Identifier(scratch), sql.Identifier(name)))
        except psycopg.errors.ObjectInUse as error:
            raise DatabaseInUse(f"somebody has just connected to the database: {error.diag.message_primary}") from None
    return aside if was_there else None


@contextlib.contextmanager
def _maintained(url: str) -> Iterator[Connection[TupleRow]]:
    try:
        connection = connect(sibling(url, MAINTENANCE), application_name="weaver restore")
    except DatabaseUnavailable as error:
        raise DatabaseUnavailable(f"{error.message} (asked for the database {MAINTENANCE} of that server)") from None
    with database_errors(), connection:
        yield connection


def _require_unused(connection: Connection[TupleRow], name: str) -> None:
    deadline = monotonic() + PATIENCE
    while others := connection.execute(_OTHERS, (name,)).fetchall()[0][0]:
        if monotonic() > deadline:
            raise DatabaseInUse(
                f"the database {name} is in use ({others}): stop weaver serve and everything else first"
            )
        sleep(PAUSE)


def _exists(connection: Connection[TupleRow], name: str) -> bool:
    return connection.execute("select from pg_database where datname = %s", (name,)).fetchone() is not None


def _drop(connection: Connection[TupleRow], name: str) -> None:
    connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _beside(name: str, purpose: str) -> str:
    return f"{name[: LONGEST_NAME - len(purpose) - 1]}_{purpose}"

"""What `weaver doctor` looks at of the database: whether what Weaver promises can hold on it."""

from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING

from interfaces.cli.doctor_exchanges import clock_finding
from interfaces.cli.doctor_findings import Finding, ok, problem, warning

if TYPE_CHECKING:
    import psycopg

    from application.clock import Clock

# Pools, tails, claims and read models of a server with its projector; then what each paper or live run takes.
CONNECTIONS, CONNECTIONS_A_RUN = 40, 3
LONG_SECONDS = 1_800

_SETTINGS = """
select current_setting('server_version'), current_setting('server_encoding'), current_setting('TimeZone'),
    current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes'),
    current_setting('autovacuum'), pg_is_in_recovery(), current_setting('default_transaction_read_only')
"""
_CONNECTIONS = """
select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
    (select count(*) from pg_stat_activity where backend_type = 'client backend'
        and application_name not like 'weaver%' and pid <> pg_backend_pid())
"""
_LONG = """
select pid, application_name, extract(epoch from clock_timestamp() - xact_start)::int from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
    and xact_start < clock_timestamp() - make_interval(secs => %s)
order by xact_start
"""


def settings(connection: "psycopg.Connection") -> Iterator[Finding]:
    """Look at settings on which durability and meaning depend."""
    [(version, encoding, zone, commit, fsync, full_pages, vacuum, is_replica, read_only)] = connection.execute(
        _SETTINGS
    )
    yield ok("database", f"PostgreSQL {version}, encoding {encoding}, times of this session in {zone}")
    if encoding != "UTF8":
        yield problem("database", f"its encoding is {encoding}", "make the database anew: createdb --encoding=UTF8")
    if is_replica or read_only == "on":
        kind = "a replica" if is_replica else "set to be read only"
        yield problem("database", f"it is {kind}: nothing can be recorded", "let WEAVER_DATABASE_URL name the primary")
    if fsync == "off":
        yield problem("durability", "fsync is off: a power cut can lose or break the journal", "set fsync = on")
    if commit in ("off", "local"):
        said = f"synchronous_commit is {commit}: what was answered as recorded can be lost"
        yield problem("durability", said, "set synchronous_commit = on, for the database and for Weaver's role")
    if full_pages == "off":
        yield warning("durability", "full_page_writes is off: a power cut can break pages", "set full_page_writes = on")
    if fsync == "on" and commit not in ("off", "local") and full_pages == "on":
        yield ok("durability", f"fsync on, synchronous_commit {commit}")
    if vacuum == "off":
        yield warning("database", "autovacuum is off: tables grow and queries slow down", "set autovacuum = on")


def connections(connection: "psycopg.Connection", runs: int) -> Iterator[Finding]:
    """Look whether there are connections enough. runs: how many paper and live runs are active."""
    [(most, others)] = connection.execute(_CONNECTIONS)
    needed = CONNECTIONS + CONNECTIONS_A_RUN * runs
    said = f"{most} allowed, {others} taken by others, Weaver needs some {needed}"
    if most - others < needed:
        yield warning("connections", said, f"set max_connections to {others + needed + 10} or more, or end the others")
    else:
        yield ok("connections", said)


def transactions(connection: "psycopg.Connection") -> Iterator[Finding]:
    """Look for transactions that somebody forgot."""
    found = connection.execute(_LONG, (LONG_SECONDS,)).fetchall()
    for pid, name, seconds in found:
        said = f"a transaction of {name or 'an unnamed program'} has been open for {seconds // 60} minutes"
        yield warning("transactions", said, f"end the program, or: select pg_terminate_backend({pid})")
    if not found:
        yield ok("transactions", "none has been open for long")


def clock(connection: "psycopg.Connection", mine: "Clock") -> Iterator[Finding]:
    """Look how far the machine's clock is from the database's."""
    began, before = monotonic(), mine.now()
    [(theirs,)] = connection.execute("select clock_timestamp()")
    after = mine.now()
    yield clock_finding("the database", before, after, theirs, monotonic() - began)

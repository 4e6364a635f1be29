"""The schema: made once by whoever comes first, taken back without a trace, and recognised when it is another one."""

import contextlib
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from domain.errors import DatabaseUnavailable
from interfaces import database
from interfaces.database import MIGRATION_LOCK, REVISIONS, connect, downgrade, migrate, require_migrated, revision
from tests.projections.facts import append, dump, fold_all, random_facts

ROOT = Path(__file__).parents[2]
CATALOG = {
    "columns": """
        select table_name, column_name, data_type, udt_name, is_nullable, column_default, is_identity,
               identity_generation
        from information_schema.columns where table_schema = 'public'""",
    "tables": """
        select relname, relkind::text, array_to_string(reloptions, ',') from pg_class
        where relnamespace = 'public'::regnamespace""",
    "indexes": "select indexname, indexdef from pg_indexes where schemaname = 'public'",
    "constraints": """
        select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace""",
    "functions": "select pg_get_functiondef(oid), null from pg_proc where pronamespace = 'public'::regnamespace",
    "types": """
        select typname, attname, format_type(atttypid, atttypmod) from pg_type
        left join pg_attribute on attrelid = typrelid and attnum > 0
        where typnamespace = 'public'::regnamespace""",
    "views": "select viewname, definition from pg_views where schemaname = 'public'",
}


@pytest.fixture(params=["embedded", "system"])
def unmigrated_url(request: pytest.FixtureRequest) -> str:
    """An empty database on each kind of server."""
    fixture = "empty_database_url" if request.param == "embedded" else "system_database_url"
    return str(request.getfixturevalue(fixture))


def catalog(url: str) -> dict[str, set[tuple[object, ...]]]:
    """Return everything in the schema but Alembic's own table."""
    with connect(url) as connection:
        found = {kind: set(connection.execute(query.encode()).fetchall()) for kind, query in CATALOG.items()}
    return {kind: {row for row in rows if "alembic_version" not in str(row)} for kind, rows in found.items()}


def test_the_schema_is_made_and_taken_back_without_a_trace_and_made_again_as_it_was(unmigrated_url: str) -> None:
    nothing = catalog(unmigrated_url)
    assert revision(unmigrated_url) is None
    assert migrate(unmigrated_url) == REVISIONS[-1]
    made = catalog(unmigrated_url)
    assert all(len(made[kind]) > len(nothing[kind]) for kind in CATALOG)
    downgrade(unmigrated_url, "base")
    assert catalog(unmigrated_url) == nothing
    assert revision(unmigrated_url) is None
    migrate(unmigrated_url)
    assert catalog(unmigrated_url) == made
    require_migrated(unmigrated_url)


def test_of_twenty_first_starts_at_once_all_succeed(unmigrated_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # As if they were twenty processes: nothing but the database keeps them apart.
    monkeypatch.setattr(database, "_alembic_is_taken", contextlib.nullcontext())
    with ThreadPoolExecutor(20) as starts:
        assert list(starts.map(migrate, [unmigrated_url] * 20)) == [REVISIONS[-1]] * 20
    with connect(unmigrated_url) as connection:
        assert connection.execute("select count(*) from store_identity").fetchone() == (1,)
        assert connection.execute("select pg_try_advisory_lock(%s)", (MIGRATION_LOCK,)).fetchone() == (True,)


def test_of_several_processes_that_start_for_the_first_time_all_succeed(empty_database_url: str) -> None:
    program = "import sys; from interfaces.database import migrate; print(migrate(sys.argv[1]))"
    command = [sys.executable, "-W", "error", "-c", program, empty_database_url]
    starts = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    assert [start.communicate(timeout=60)[0].strip() for start in starts] == [REVISIONS[-1]] * 6


def test_migrating_again_changes_nothing_and_waits_for_nobody(database_url: str) -> None:
    before = catalog(database_url)
    with connect(database_url) as other:
        other.execute("select pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        assert migrate(database_url) == REVISIONS[-1]
    assert catalog(database_url) == before


def test_a_step_that_fails_changes_nothing_and_is_said_in_one_line(empty_database_url: str) -> None:
    with connect(empty_database_url) as connection:
        connection.execute("create table bars (mine text)")
    before = catalog(empty_database_url)
    with pytest.raises(DatabaseUnavailable, match='cannot be migrated: relation "bars" already exists') as caught:
        migrate(empty_database_url)
    assert "\n" not in caught.value.message
    assert catalog(empty_database_url) == before
    assert revision(empty_database_url) is None


def test_a_database_that_was_never_migrated_is_said_to_be_so(empty_database_url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="is not migrated: run weaver migrate"):
        require_migrated(empty_database_url)


def test_an_older_schema_asks_for_migration(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "REVISIONS", (*REVISIONS, "9998"))
    with pytest.raises(DatabaseUnavailable, match=f"has schema {REVISIONS[-1]}, this Weaver needs 9998: run weaver"):
        require_migrated(database_url)


def test_a_schema_of_a_newer_weaver_is_left_alone(database_url: str) -> None:
    with connect(database_url) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    for use in (require_migrated, migrate):
        with pytest.raises(DatabaseUnavailable, match=r"schema 9999 of a newer Weaver.*: update Weaver"):
            use(database_url)
    assert revision(database_url) == "9999"


def test_the_revisions_known_from_file_names_are_those_that_alembic_knows() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    steps = list(ScriptDirectory.from_config(config).walk_revisions())
    assert tuple(step.revision for step in reversed(steps)) == REVISIONS
    assert [Path(step.path).name[1:5] for step in steps] == [step.revision for step in steps]


def test_migrating_leaves_the_logging_of_the_process_alone(empty_database_url: str) -> None:
    ours, root = logging.getLogger("interfaces.some_part"), logging.getLogger()
    before = (root.level, list(root.handlers), ours.level, ours.disabled)
    migrate(empty_database_url)
    assert (root.level, list(root.handlers), ours.level, ours.disabled) == before
    assert not ours.disabled


def test_statistics_move_out_of_the_rows_of_runs_and_back(database_url: str) -> None:
    with connect(database_url) as connection:
        append(connection, list(random_facts(seed=2)))
        fold_all(connection)
        connection.commit()
        before = {table: dump(connection, table) for table in ("stats", "runs")}
        connection.commit()
        assert all(before.values())
        downgrade(database_url, "0003")
        moved_back = connection.execute("select id, stats -> 'total_pnl' ->> 'value' from runs where stats is not null")
        assert {value for _, value in moved_back} == {"123.45"}
        connection.commit()
        migrate(database_url)
        rows = connection.execute("select name, position from projection_position")
        offsets = {name: position for name, position in rows}
        assert offsets["stats"] == offsets["runs"] > offsets["ledger"] == offsets["decisions"] == 0
        assert {table: dump(connection, table) for table in ("stats", "runs")} == before


def test_orders_know_after_the_migration_whether_anybody_wanted_them_cancelled(database_url: str) -> None:
    with connect(database_url) as connection:
        append(connection, list(random_facts(seed=16, orders=60)))
        fold_all(connection)
        connection.commit()
        [(wanted,)] = connection.execute("select count(*) from orders where cancel_requested")
        assert wanted > 0
        before = dump(connection, "orders")
        connection.commit()
        downgrade(database_url, "0007")
        migrate(database_url)
        offsets = {
            name: position for name, position in connection.execute("select name, position from projection_position")
        }
        assert offsets["exchange_accounts"] == 0 < offsets["orders"]
        assert dump(connection, "orders") == before

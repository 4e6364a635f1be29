"""A backup is the database of one moment, and a restore gives that back, halted and of a new epoch, or nothing."""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from application.clock import WallClock
from application.journal import Journal
from application.kill_switch import halted
from domain.errors import InvalidInput, Refused
from interfaces import restore as restoring
from interfaces.backup import Manifest, manifest_of, named_file, read_backup, write_backup
from interfaces.database import REVISIONS, connect, downgrade
from interfaces.event_store import journal_environment
from interfaces.journal_verification import verify_journal
from interfaces.postgres_programs import PostgresPrograms, ProgramFailed, client_programs
from interfaces.restore import BackupDiffers, adopt, check_backup, restore_backup
from interfaces.scratch_databases import DatabaseInUse, database_name, sibling
from tests.projections.facts import append, fold_all, random_facts

CLOCK = WallClock()
PROGRAMS = client_programs(180_000, is_embedded=True)
IDENTITY = "select store_id, epoch from store_identity"


@pytest.fixture
def traded_url(database_url: str) -> str:
    """A database with two runs that every read model has read."""
    with connect(database_url) as connection:
        recorded = list(random_facts(seed=5, runs=2))
        append(connection, recorded, run_id=recorded[0].originator_id)
        fold_all(connection)
    return database_url


@pytest.fixture
def other_url(traded_url: str) -> Iterator[str]:
    """The URL of a database on the same server that is not there yet; dropped afterwards with what it was named."""
    name = f"{database_name(traded_url)}_other"
    yield sibling(traded_url, name)
    with psycopg.connect(sibling(traded_url, "postgres"), autocommit=True) as connection:
        for (found,) in connection.execute("select datname from pg_database where starts_with(datname, %s)", (name,)):
            connection.execute(f'drop database "{found}" with (force)'.encode())


def written(url: str, directory: Path) -> tuple[Path, Manifest]:
    file = named_file(directory, CLOCK.now())
    return file, write_backup(url, PROGRAMS, file, "1.2.3")


def rows(url: str) -> dict[str, set[str]]:
    """Every row of every table of the database, as text."""
    with connect(url) as connection:
        names = connection.execute(
            "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        ).fetchall()
        return {
            name: {row for (row,) in connection.execute(f"select t::text from {name} t".encode())} for (name,) in names
        }


def identity(url: str) -> tuple[UUID, str]:
    with connect(url) as connection:
        [(store_id, epoch)] = connection.execute(IDENTITY)
        return store_id, epoch


def test_a_restored_database_is_that_of_the_moment_halted_and_of_a_new_epoch(
    traded_url: str, other_url: str, tmp_path: Path
) -> None:
    before, (store_id, epoch) = rows(traded_url), identity(traded_url)
    file, manifest = written(traded_url, tmp_path)
    assert (file.stat().st_mode & 0o777, manifest.findings, manifest.revision) == (0o600, 0, REVISIONS[-1])
    assert sorted(one.name for one in tmp_path.iterdir()) == [file.name, manifest_of(file).name]
    restored = restore_backup(other_url, PROGRAMS, file, CLOCK)
    assert (restored.replaced, identity(other_url)) == (None, (store_id, restored.epoch))
    assert restored.epoch != epoch
    after = rows(other_url)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"store_identity", "weaver_events"}
    assert len(after["weaver_events"] - before["weaver_events"]) == 1
    assert before["weaver_events"] < after["weaver_events"]
    with Journal(journal_environment(other_url)) as journal:
        assert journal.head() == manifest.position + 1
        halt = halted(journal)
    assert halt is not None
    assert halt.message == (
        f"restored from backup of {manifest.at:%Y-%m-%d %H:%M:%S} UTC: compare with the broker, then resume"
    )
    assert verify_journal(other_url, until=manifest.position, digest=manifest.digest).findings == []
    assert verify_journal(other_url).findings == []


def test_events_are_appended_while_a_backup_is_written_and_are_not_in_it(
    traded_url: str, other_url: str, tmp_path: Path
) -> None:
    more = list(random_facts(seed=6, runs=3))
    appended = 0

    def told(fraction: float) -> None:
        """Append in the middle of the dump: were anything locked, this would wait for its end for ever."""
        nonlocal appended
        with connect(traded_url, options="-c lock_timeout=5s") as connection:
            append(connection, more[appended : appended + 5], run_id=more[0].originator_id)
        appended += 5

    held = verify_journal(traded_url)
    file = tmp_path / "moment.dump"
    manifest = write_backup(traded_url, PROGRAMS, file, "1.2.3", told)
    assert appended >= 10
    assert (manifest.position, manifest.digest, manifest.events) == (held.position, held.digest, held.events)
    assert verify_journal(traded_url).position > manifest.position
    restore_backup(other_url, PROGRAMS, file, CLOCK)


def test_a_change_of_the_schema_gives_up_beside_a_backup_and_holds_nobody_up(traded_url: str, tmp_path: Path) -> None:
    blocked: list[str] = []

    def told(fraction: float) -> None:
        if not blocked:
            with connect(traded_url, options="-c lock_timeout=100ms") as connection:
                try:
                    connection.execute("alter table weaver_events add column added int")
                except psycopg.errors.LockNotAvailable as error:
                    blocked.append(type(error).__name__)

    write_backup(traded_url, PROGRAMS, tmp_path / "moment.dump", "1.2.3", told)
    assert blocked == ["LockNotAvailable"]


def test_what_is_there_is_kept_under_another_name(traded_url: str, other_url: str, tmp_path: Path) -> None:
    file, manifest = written(traded_url, tmp_path)
    restore_backup(other_url, PROGRAMS, file, CLOCK)
    with connect(other_url) as connection:
        recorded = list(random_facts(seed=9, runs=1))
        append(connection, recorded, run_id=recorded[0].originator_id)
    later = rows(other_url)
    with pytest.raises(Refused, match="the database is not empty: --replace"):
        restore_backup(other_url, PROGRAMS, file, CLOCK)
    assert rows(other_url) == later
    restored = restore_backup(other_url, PROGRAMS, file, CLOCK, replace=True)
    assert restored.replaced is not None
    assert rows(sibling(other_url, restored.replaced)) == later
    assert verify_journal(other_url).position == manifest.position + 1


def test_a_database_that_is_in_use_is_not_replaced(traded_url: str, tmp_path: Path) -> None:
    file, _ = written(traded_url, tmp_path)
    before = rows(traded_url)
    with connect(traded_url, application_name="weaver trades"):
        with pytest.raises(DatabaseInUse, match=r"is in use \(weaver trades\): stop weaver serve"):
            restore_backup(traded_url, PROGRAMS, file, CLOCK, replace=True)
        with pytest.raises(DatabaseInUse):
            adopt(traded_url, CLOCK)
    assert rows(traded_url) == before


def test_a_restore_that_is_killed_before_the_end_has_changed_nothing(
    traded_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _ = written(traded_url, tmp_path)
    before = rows(traded_url)

    class Killed(BaseException):
        """The process ends here."""

    def killed(*arguments: object) -> None:
        raise Killed

    monkeypatch.setattr(restoring, "take_its_place", killed)
    with pytest.raises(Killed):
        restore_backup(traded_url, PROGRAMS, file, CLOCK, replace=True)
    assert rows(traded_url) == before
    monkeypatch.undo()
    # what a real kill leaves behind is in nobody's way
    with psycopg.connect(traded_url, autocommit=True) as connection:
        connection.execute(f'create database "{database_name(traded_url)}_verifying"'.encode())
    assert check_backup(traded_url, PROGRAMS, file)[1].findings == []


def test_an_older_schema_is_migrated_and_a_newer_one_refused(traded_url: str, other_url: str, tmp_path: Path) -> None:
    downgrade(traded_url, "0011")
    file, manifest = written(traded_url, tmp_path)
    assert manifest.revision == "0011"
    restore_backup(other_url, PROGRAMS, file, CLOCK)
    with connect(other_url) as connection:
        assert connection.execute("select version_num from alembic_version").fetchone() == (REVISIONS[-1],)
    described = json.loads(manifest_of(file).read_text())
    manifest_of(file).write_text(json.dumps(described | {"revision": "9999"}))
    with pytest.raises(InvalidInput, match="schema 9999 of a newer Weaver"):
        restore_backup(other_url, PROGRAMS, file, CLOCK, replace=True)


@pytest.mark.parametrize("harm", ["one byte", "cut off", "manifest"])
def test_a_damaged_file_is_refused(traded_url: str, tmp_path: Path, harm: str) -> None:
    file, _ = written(traded_url, tmp_path)
    if harm == "manifest":
        manifest_of(file).unlink()
    else:
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(bytes(data) if harm == "one byte" else data[:-100])
    with pytest.raises(InvalidInput, match="damaged" if harm != "manifest" else "is missing"):
        read_backup(file)


def test_a_backup_whose_journal_is_another_one_is_found_out(traded_url: str, tmp_path: Path) -> None:
    file, _ = written(traded_url, tmp_path)
    described = json.loads(manifest_of(file).read_text())
    manifest_of(file).write_text(json.dumps(described | {"digest": "0" * 64}))
    with pytest.raises(BackupDiffers, match="do not use it"):
        check_backup(traded_url, PROGRAMS, file)


def test_nothing_is_replaced_by_a_backup_and_a_failed_one_leaves_nothing(traded_url: str, tmp_path: Path) -> None:
    file, _ = written(traded_url, tmp_path)
    with pytest.raises(InvalidInput, match="is there already"):
        named_file(file, CLOCK.now())
    with pytest.raises(InvalidInput, match="is no directory"):
        named_file(tmp_path / "nowhere" / "file", CLOCK.now())
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump: error: no room' >&2; exit 1\n")
    (broken / "pg_dump").chmod(0o755)
    with pytest.raises(ProgramFailed, match="pg_dump failed: pg_dump: error: no room"):
        write_backup(traded_url, PostgresPrograms(broken, 18), tmp_path / "second.dump", "1.2.3")
    assert sorted(tmp_path.iterdir()) == sorted([broken, file, manifest_of(file)])


def test_a_database_restored_by_other_means_begins_anew(traded_url: str) -> None:
    store_id, epoch = identity(traded_url)
    new = adopt(traded_url, CLOCK)
    assert identity(traded_url) == (store_id, new)
    assert new != epoch
    with Journal(journal_environment(traded_url)) as journal:
        halt = halted(journal)
    assert halt is not None
    assert halt.message.startswith("restored by other means")
    adopt(traded_url, CLOCK)
    assert verify_journal(traded_url).findings == []


def test_programs_on_path_must_be_as_new_as_the_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("pg_dump", "pg_restore"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) 16.4'\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert client_programs(150_004, is_embedded=False) == PostgresPrograms(tmp_path, 16)
    with pytest.raises(ProgramFailed, match="is of PostgreSQL 16; the server is PostgreSQL 17: install"):
        client_programs(170_002, is_embedded=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(ProgramFailed, match="pg_dump and pg_restore are not on PATH"):
        client_programs(170_002, is_embedded=False)


def test_the_password_is_in_no_command_line(tmp_path: Path) -> None:
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "$@"; echo "$PGPASSWORD"\n')
    program.chmod(0o755)
    said = PostgresPrograms(tmp_path, 18).run("pg_dump", ["--x"], "postgresql://me:s3cret%40@somewhere:99/db")
    words, password = said.splitlines()
    assert (password, "s3cret" in words) == ("s3cret@", False)
    assert "host=somewhere" in words


def test_a_system_postgres_is_backed_up_by_its_own_programs(system_database_url: str, tmp_path: Path) -> None:
    from interfaces.database import migrate
    from interfaces.scratch_databases import server_version

    migrate(system_database_url)
    with connect(system_database_url) as connection:
        recorded = list(random_facts(seed=5, runs=1))
        append(connection, recorded, run_id=recorded[0].originator_id)
    programs = client_programs(server_version(system_database_url), is_embedded=False)
    file = tmp_path / "moment.dump"
    manifest = write_backup(system_database_url, programs, file, "1.2.3")
    assert check_backup(system_database_url, programs, file)[1].digest == manifest.digest


def test_a_backup_is_what_postgres_reads(traded_url: str, tmp_path: Path) -> None:
    file, _ = written(traded_url, tmp_path)
    listed = subprocess.run(
        [PROGRAMS.directory / "pg_restore", "--list", file], capture_output=True, text=True, check=True
    )
    assert "TABLE DATA public weaver_events" in listed.stdout


def test_two_at_once_do_not_meet_in_the_same_scratch_database(traded_url: str, tmp_path: Path) -> None:
    file, _ = written(traded_url, tmp_path)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(check_backup, traded_url, PROGRAMS, file) for _ in range(2)]
    outcomes = [type(one.exception()) for one in asked]
    assert type(None) in outcomes
    assert set(outcomes) <= {type(None), DatabaseInUse}

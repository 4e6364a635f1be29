"""A backup put in the place of the database: verified, of a new epoch and halted before anybody can see it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from application.clock import Clock
from application.journal import Journal
from application.kill_switch import halt_restored
from domain.errors import Refused
from domain.event_catalogue import CATALOGUE
from interfaces.backup import Manifest, Told, agrees, load_dump, read_backup
from interfaces.database import connect, database_errors, migrate
from interfaces.event_store import journal_environment
from interfaces.journal_verification import Verified, verify_journal
from interfaces.postgres_programs import PostgresPrograms
from interfaces.scratch_databases import is_empty, require_unused, scratch_database, take_its_place

LOADED = 0.5  # of the whole work, when the dump is in

_NEW_EPOCH = "update store_identity set epoch = substr(md5(gen_random_uuid()::text), 1, 12) returning epoch"


class BackupDiffers(Refused):
    """What a backup comes to is not what its manifest says."""


class Restored(NamedTuple):
    """What a restore came to. replaced: the name that the database of before has now, None without one."""

    manifest: Manifest
    epoch: str
    replaced: str | None


def check_backup(
    database_url: str, programs: PostgresPrograms, file: Path, told: Told = lambda fraction: None
) -> tuple[Manifest, Verified]:
    """Return a backup's manifest and what its journal came to, restored into a database that is dropped again.

    Raises BackupDiffers, InvalidInput for a file that is damaged, ProgramFailed, DatabaseUnavailable.
    """
    manifest = read_backup(file)
    with scratch_database(database_url, "verifying") as scratch:
        return manifest, _loaded(scratch, programs, file, manifest, told)


def restore_backup(
    database_url: str,
    programs: PostgresPrograms,
    file: Path,
    clock: Clock,
    *,
    replace: bool = False,
    told: Told = lambda fraction: None,
) -> Restored:
    """Put a backup in the place of the database; what was there keeps everything under another name.

    The backup is loaded beside it, verified, migrated, given a new epoch and halted; only then it takes the name, at
    once. Killed at any moment it leaves the database of before, or the restored one, never half of it. Raises Refused
    for a database that holds something, without `replace`, and DatabaseInUse while anybody is connected.
    """
    manifest = read_backup(file)
    require_unused(database_url)
    if not replace and not is_empty(database_url):
        raise Refused(
            "the database is not empty: --replace puts the backup in its place, and keeps what is there under another "
            "name"
        )
    with scratch_database(database_url, "restoring") as scratch:
        _loaded(scratch, programs, file, manifest, told)
        epoch = begin_anew(scratch, clock, f"restored from backup of {_moment(manifest.at)}", manifest.position)
        return Restored(manifest, epoch, take_its_place(database_url, scratch, clock.now()))


def adopt(database_url: str, clock: Clock) -> str:
    """Let a database that was restored by other means begin anew; return its epoch.

    Migrates it. Raises DatabaseInUse while anybody is connected.
    """
    require_unused(database_url)
    migrate(database_url)
    with database_errors(), connect(database_url) as connection:
        [(position,)] = connection.execute("select coalesce(max(notification_id), 0) from weaver_events")
    return begin_anew(database_url, clock, "restored by other means than weaver restore", position)


def begin_anew(database_url: str, clock: Clock, what: str, position: int) -> str:
    """Halt all trading, and give the store a new epoch, which is returned: its positions may be given twice.

    The store's id stays: the ids of its orders follow from it, and what was ordered after the backup must be known
    again.
    """
    with Journal(journal_environment(database_url, pool_size=1), CATALOGUE) as journal:
        halt_restored(journal, clock, f"{what}: compare with the broker, then resume", position)
    with database_errors(), connect(database_url) as connection:
        [(epoch,)] = connection.execute(_NEW_EPOCH)
    return str(epoch)


def _loaded(scratch: str, programs: PostgresPrograms, file: Path, manifest: Manifest, told: Told) -> Verified:
    load_dump(scratch, programs, file)
    told(LOADED)
    migrate(scratch)
    verified = verify_journal(
        scratch, until=manifest.position or None, progress=lambda done: told(LOADED + (1 - LOADED) * done)
    )
    if not agrees(manifest, verified):
        raise BackupDiffers(
            f"{file} comes to position {verified.position}, digest {verified.digest}; its manifest says "
            f"{manifest.position}, {manifest.digest}: do not use it"
        )
    return verified


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

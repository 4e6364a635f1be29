"""A backup: one file in PostgreSQL's custom format, and beside it a manifest that says what it must come to."""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

import msgspec
from psycopg import Connection

from domain.errors import InvalidInput
from interfaces.database import REVISIONS, connect, database_errors, revision
from interfaces.journal_verification import Verified, verify_journal
from interfaces.postgres_programs import PostgresPrograms

MANIFEST_SUFFIX = ".json"
FORMAT = 1
# Copies that a rebuild is at work on: they are made anew.
LEFT_OUT = "rebuild_*"
# Of the whole work, how much is writing the dump; the rest is following the hashes of the journal.
DUMPING = 0.6

_FACTS = """
select (select store_id from store_identity), (select epoch from store_identity),
       (select count(*) from weaver_events where topic = 'run.created'),
       (select count(distinct (symbol, timeframe)) from bar_series)
"""
_SIZES = """
select relname, greatest(pg_table_size(oid), 1)::bigint from pg_class
where relkind = 'r' and relnamespace = 'public'::regnamespace
"""
_DUMPING_TABLE = re.compile(r'dumping contents of table "public\.([^"]+)"')

type Told = Callable[[float], object]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds, as it was read in the very moment that the backup shows.

    revision: of the schema. position, digest: of the journal, as `weaver verify` prints them. findings: what was not
    as it was recorded then. bars: series of bars. bytes, sha256: of the file.
    """

    format: int
    weaver: str
    postgres: int
    revision: str
    store_id: str
    epoch: str
    at: datetime
    position: int
    digest: str
    events: int
    streams: int
    findings: int
    runs: int
    bars: int
    bytes: int
    sha256: str


def manifest_of(file: Path) -> Path:
    """Return where the manifest of a backup is."""
    return file.with_name(file.name + MANIFEST_SUFFIX)


def named_file(target: Path, at: datetime) -> Path:
    """Return the file to write: the target itself, or a file in it, named by the moment, if it is a directory.

    Raises InvalidInput for a file that is there, and for a directory that is not.
    """
    file = target / f"weaver-{at:%Y%m%dT%H%M%SZ}.dump" if target.is_dir() else target
    if not file.absolute().parent.is_dir():
        raise InvalidInput(f"{file.parent} is no directory: make it, or name another file")
    for path in (file, manifest_of(file)):
        if path.exists():
            raise InvalidInput(f"{path} is there already: a backup replaces nothing, name another file")
    return file


def write_backup(
    database_url: str, programs: PostgresPrograms, file: Path, release: str, told: Told = lambda fraction: None
) -> Manifest:
    """Write the database into a file and its manifest beside it; return the manifest.

    Trading goes on meanwhile: what is written is the database of one moment. Both files appear when they are whole,
    were read back, and are on the disk. Raises DatabaseUnavailable, ProgramFailed, OSError.
    """
    partial = file.with_name(f"{file.name}.partial")
    schema = revision(database_url) or ""
    with database_errors(), connect(database_url, application_name="weaver backup") as connection:
        connection.execute("begin isolation level repeatable read read only")
        [(snapshot, at)] = connection.execute("select pg_export_snapshot(), clock_timestamp()")
        [(store_id, epoch, runs, bars)] = connection.execute(_FACTS)
        try:
            _dump(connection, database_url, programs, partial, snapshot, told)
            verified = verify_journal(
                database_url, snapshot=snapshot, progress=lambda done: told(DUMPING + (1 - DUMPING) * done)
            )
            manifest = Manifest(
                format=FORMAT,
                weaver=release,
                postgres=connection.info.server_version,
                revision=schema,
                store_id=str(store_id),
                epoch=epoch,
                at=at.astimezone(UTC),
                position=verified.position,
                digest=verified.digest,
                events=verified.events,
                streams=verified.streams,
                findings=len(verified.findings) + verified.more,
                runs=runs,
                bars=bars,
                bytes=partial.stat().st_size,
                sha256=_require_readable(partial, programs),
            )
            _publish(partial, file, manifest)
        finally:
            partial.unlink(missing_ok=True)
    return manifest


def read_backup(file: Path) -> Manifest:
    """Return a backup's manifest; raise InvalidInput where it is missing, of another file, or of a newer Weaver."""
    path = manifest_of(file)
    if not file.is_file():
        raise InvalidInput(f"{file} is no file: name what weaver backup wrote")
    if not path.is_file():
        raise InvalidInput(
            f"{path} is missing: it belongs to the backup; restore a dump without one with pg_restore, and then run "
            "weaver restore --adopt"
        )
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise InvalidInput(f"{path} cannot be read ({error}): it was not written by this Weaver") from None
    if manifest.revision not in REVISIONS:
        raise InvalidInput(
            f"{file} has schema {manifest.revision} of a newer Weaver ({manifest.weaver}), this one knows "
            f"{REVISIONS[-1]}: update Weaver"
        )
    if (file.stat().st_size, _sha256(file)) != (manifest.bytes, manifest.sha256):
        raise InvalidInput(f"{file} is not the file that {path.name} was written for: it is damaged, or another one")
    return manifest


def agrees(manifest: Manifest, verified: Verified) -> bool:
    """Whether a journal, verified up to the manifest's position, is the one that was backed up."""
    is_as_sound = bool(manifest.findings) or not verified.findings
    return (verified.position, verified.digest) == (manifest.position, manifest.digest) and is_as_sound


def load_dump(database_url: str, programs: PostgresPrograms, file: Path) -> None:
    """Read a backup into an empty database: all of it, or the database stays as empty as it was.

    Raises ProgramFailed.
    """
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", str(file)]
    programs.run("pg_restore", options, database_url)


def _dump(
    connection: Connection[Any], database_url: str, programs: PostgresPrograms, file: Path, snapshot: str, told: Told
) -> None:
    sizes: dict[str, int] = dict(connection.execute(_SIZES).fetchall())
    whole, begun = sum(sizes.values()) or 1, 0

    def heard(line: str) -> None:
        nonlocal begun
        if (table := _DUMPING_TABLE.search(line)) is not None:
            told(DUMPING * min(begun / whole, 1.0))
            begun += sizes.get(table[1], 0)

    options = ["--format=custom", "--verbose", f"--snapshot={snapshot}", f"--exclude-schema={LEFT_OUT}"]
    # only its owner may read it: it holds everything
    os.close(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    programs.run("pg_dump", [*options, "--no-owner", "--no-privileges", f"--file={file}"], database_url, heard)


def _require_readable(file: Path, programs: PostgresPrograms) -> str:
    """Return the file's SHA-256 once PostgreSQL itself has read its contents; raise ProgramFailed if it cannot."""
    programs.run("pg_restore", ["--list", f"--file={os.devnull}", str(file)])
    return _sha256(file)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


def _publish(partial: Path, file: Path, manifest: Manifest) -> None:
    """Let both files appear, the manifest last: a file without one is no backup."""
    described = manifest_of(file).with_name(f"{manifest_of(file).name}.partial")
    described.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    for path in (partial, described):
        with path.open("rb") as written:
            os.fsync(written.fileno())
    partial.rename(file)
    described.rename(manifest_of(file))
    directory = os.open(file.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)

"""`weaver backup` and `weaver restore`: the whole database as one file, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interfaces.cli.opened import read_settings
from interfaces.cli.options import Json
from interfaces.cli.outcomes import CommandFailed
from interfaces.cli.printing import print_json, print_line, progress_bar

if TYPE_CHECKING:
    from interfaces.backup import Manifest
    from interfaces.postgres_programs import PostgresPrograms


def backup(
    target: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE|DIR]", help="Where to write it; in a directory the file is named by the time."),
    ] = None,
    verify: Annotated[
        Path | None,
        typer.Option("--verify", metavar="FILE", help="Write nothing: restore this backup aside, and verify it."),
    ] = None,
    json_wanted: Json = False,
) -> None:
    """Write the whole database into one file.

    A manifest is put beside it. Trading goes on meanwhile. It is read back before it gets its name, and nothing is ever
    replaced.
    """
    from domain.errors import InvalidInput

    if (target is None) == (verify is None):
        raise InvalidInput("name a file or a directory to write to, or give --verify FILE")
    if verify is not None:
        _verify(verify, json_wanted)
    elif target is not None:
        _write(target, json_wanted)


def restore(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="What weaver backup wrote, its manifest beside it.")
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Also when the database is not empty: it is kept, under another name."),
    ] = False,
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="The database was restored by other means: only let it begin anew, halted."),
    ] = False,
    json_wanted: Json = False,
) -> None:
    """Put a backup in the place of the database.

    Refused while anything is connected to it. All trading is halted until weaver risk resume: compare with the broker
    first.
    """
    from domain.errors import InvalidInput

    if (file is None) != adopt:
        raise InvalidInput("name the backup to restore, or give --adopt for a database that was restored otherwise")
    if file is None:
        _adopt(json_wanted)
    else:
        _restore(file, json_wanted, replace=replace)


def _write(target: Path, json_wanted: bool) -> None:
    from application.clock import WallClock
    from interfaces.backup import manifest_of, named_file, write_backup
    from interfaces.web.release import release

    file = named_file(target, WallClock().now())
    with _server(migrated=True) as (url, programs), progress_bar("backing up") as told:
        manifest = write_backup(url, programs, file, release(), told)
    if json_wanted:
        print_json({"file": file, **_facts(manifest)})
    else:
        print_line(f"{file}: {manifest.bytes:,} bytes, {_contents(manifest)}")
        print_line(f"position {manifest.position}, digest {manifest.digest}")
        print_line(f"the manifest is {manifest_of(file)}: keep both together")
    if manifest.findings:
        raise CommandFailed("the journal is backed up as it is, but it is not as it was recorded: see weaver verify")


def _verify(file: Path, json_wanted: bool) -> None:
    from interfaces.restore import check_backup

    with _server(migrated=False) as (url, programs), progress_bar("verifying") as told:
        manifest, verified = check_backup(url, programs, file, told)
    if json_wanted:
        print_json({"file": file, **_facts(manifest), "verified": True})
    else:
        print_line(f"{file} can be restored: {_contents(manifest)} of {manifest.at:%Y-%m-%d %H:%M:%S} UTC")
        print_line(f"position {verified.position}, digest {verified.digest}")


def _restore(file: Path, json_wanted: bool, *, replace: bool) -> None:
    from application.clock import WallClock
    from interfaces.restore import restore_backup

    with _server(migrated=False) as (url, programs), progress_bar("restoring") as told:
        restored = restore_backup(url, programs, file, WallClock(), replace=replace, told=told)
    manifest, replaced = restored.manifest, restored.replaced
    if json_wanted:
        print_json({"file": file, **_facts(manifest), "epoch": restored.epoch, "replaced": replaced, "halted": True})
        return
    print_line(f"restored {_contents(manifest)} of {manifest.at:%Y-%m-%d %H:%M:%S} UTC, position {manifest.position}")
    if replaced is not None:
        print_line(f"what was there is kept as the database {replaced}")
    _print_what_to_do()


def _adopt(json_wanted: bool) -> None:
    from application.clock import WallClock
    from interfaces.composition import database
    from interfaces.restore import adopt

    with database(read_settings(), migrated=False) as url:
        epoch = adopt(url, WallClock())
    if json_wanted:
        print_json({"epoch": epoch, "halted": True})
        return
    print_line("the database begins anew")
    _print_what_to_do()


def _print_what_to_do() -> None:
    print_line("trading is halted: start weaver serve, compare with the broker, then weaver risk resume")


@contextmanager
def _server(*, migrated: bool) -> Iterator[tuple[str, "PostgresPrograms"]]:
    """Give the database's URL and the programs that fit its server."""
    from interfaces.composition import database
    from interfaces.database import require_migrated
    from interfaces.postgres_programs import client_programs
    from interfaces.scratch_databases import server_version

    settings = read_settings()
    is_embedded = not settings.database_url.get_secret_value()
    with database(settings, migrated=migrated) as url:
        if migrated and not is_embedded:
            require_migrated(url)
        yield url, client_programs(server_version(url), is_embedded=is_embedded)


def _facts(manifest: "Manifest") -> dict[str, object]:
    from msgspec.structs import asdict

    return asdict(manifest)


def _contents(manifest: "Manifest") -> str:
    return f"{manifest.events:,} events, {manifest.runs:,} runs, bars of {manifest.bars:,} series"

"""`weaver run export` and `weaver run import`: a run as one file that verifies."""

import os
from pathlib import Path
from typing import Annotated

import typer

from interfaces.cli import typed
from interfaces.cli.opened import composed
from interfaces.cli.options import Json, RunId
from interfaces.cli.printing import notice, print_json, print_line
from interfaces.cli.run_commands import group


@group.command("export")
def export_run(
    run: RunId,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it; a file there is replaced.")],
    json_wanted: Json = False,
) -> None:
    """Write a run into one file that verifies.

    It holds the events with their hashes, the bars, and the strategy's file if that is yours. A run that trades is
    written as far as it has come.
    """
    from domain.errors import InvalidInput
    from interfaces.run_export import Exporter
    from interfaces.web.release import release

    run_id = typed.identity(run, "run")
    if not out.absolute().parent.is_dir() or out.is_dir():
        raise InvalidInput(f"--out {out}: name a file in a directory that is there")
    with composed() as weaver:
        exporter = Exporter(
            weaver.database_url, weaver.settings.home, weaver.journal, weaver.bars, weaver.catalog, release()
        )
        described, pieces = exporter.export(run_id, weaver.clock.now())
        partial = out.with_name(f"{out.name}.partial")
        with partial.open("wb") as file:
            file.writelines(pieces)
        os.replace(partial, out)
    for reason in described.missing:
        notice(f"left out: {reason}")
    if json_wanted:
        print_json({"run_id": run_id, "file": out, "bytes": out.stat().st_size, "missing": described.missing})
    else:
        print_line(f"run {run_id}: {out.stat().st_size:,} bytes in {out}")


@group.command("import")
def import_run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What weaver run export wrote.")],
    check: Annotated[bool, typer.Option("--check", help="Verify the file; import nothing.")] = False,
    json_wanted: Json = False,
) -> None:
    """Verify the file of a run, and take the run in.

    All of it, or nothing. Refused for a run that had not ended when it was exported, and for one that is there already.
    """
    from interfaces.run_archive import read_archive
    from interfaces.run_import import import_run as imported

    position = None
    if check:
        archive = read_archive(file)
    else:
        with composed() as weaver:
            archive, position = imported(file, weaver.journal, weaver.settings.home)
    described, events = archive.description, len(archive.events)
    if json_wanted:
        print_json(
            {
                "run_id": described.run_id,
                "store_id": described.store_id,
                "status": described.status,
                "events": events,
                "missing": described.missing,
                "position": position,
            }
        )
    elif check:
        print_line(f"run {described.run_id}, {described.status}: all {events:,} events are as they were recorded")
    else:
        print_line(f"imported run {described.run_id}: {events:,} events, weaver replay {described.run_id} derives them")

"""`weaver migrate` and `weaver rebuild`: the schema of the database, and read models made anew."""

from functools import partial
from typing import Annotated

import typer

from interfaces.cli.opened import opened_database, read_settings
from interfaces.cli.options import Json
from interfaces.cli.printing import Progress, print_json, print_line, print_table, progress_bar


def migrate(json_wanted: Json = False) -> None:
    """Bring the database's schema up to date."""
    from interfaces.composition import database
    from interfaces.database import migrate as migrate_schema
    from interfaces.database import revision

    with database(read_settings(), migrated=False) as url:
        before = revision(url)
        after = migrate_schema(url)
    if json_wanted:
        print_json({"revision": after, "migrated_from": before})
    elif before == after:
        print_line(f"the database is up to date: revision {after}")
    else:
        print_line(f"migrated the database from revision {before or 'none'} to {after}")


def rebuild(
    read_model: Annotated[
        list[str] | None, typer.Argument(metavar="[READ_MODEL]...", help="Names of the read models to make anew.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Make every read model anew.")] = False,
    json_wanted: Json = False,
) -> None:
    """Make read models anew from the journal.

    The live ones are read until they are swapped; trading goes on meanwhile.
    """
    from domain.errors import InvalidInput
    from projections.catalog import READ_MODELS
    from projections.catalog import read_model as known_read_model
    from projections.rebuild import rebuild as rebuild_read_model

    known = [model.name for model in READ_MODELS]
    names = known if everything else [known_read_model(name).name for name in read_model or []]
    if bool(read_model) == everything:
        raise InvalidInput(f"name the read models to rebuild ({', '.join(known)}), or give --all")
    results = []
    with opened_database() as url:
        for name in dict.fromkeys(names):
            with progress_bar(f"rebuilding {name}") as told:
                results.append(rebuild_read_model(url, name, partial(_tell, told)))
    if json_wanted:
        print_json([{"name": one.name, "position": one.position, "seconds": round(one.seconds, 6)} for one in results])
        return
    print_table(
        ("read model", "position", "seconds"),
        [(one.name, one.position, f"{one.seconds:.2f}") for one in results],
        right=("position", "seconds"),
    )


def _tell(told: Progress, position: int, head: int) -> None:
    told(position / head if head else 1.0)

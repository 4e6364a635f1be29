"""`weaver replay`: a run derived once more from its journal."""

from typing import Annotated

import typer

from interfaces.cli import typed
from interfaces.cli.opened import opened_database, read_settings
from interfaces.cli.options import Json, RunId
from interfaces.cli.outcomes import CommandFailed
from interfaces.cli.printing import print_json, print_line


def replay(
    run: RunId,
    verify: Annotated[bool, typer.Option("--verify", help="Exit with 1 if anything differs.")] = False,
    json_wanted: Json = False,
) -> None:
    """Derive a run once more, and say what differs.

    A backtest is executed again on its bars, a paper or live run decides again on its tape; decisions, orders, fills
    and figures are compared with those that were recorded. Nothing is written.
    """
    from interfaces.replays import verified

    run_id = typed.identity(run, "run")
    with opened_database() as url:
        found = verified(run_id, url, read_settings())
    if json_wanted:
        print_json(
            {
                "run_id": run_id,
                "mode": found.mode,
                "compared": found.compared,
                "undecided": found.undecided,
                "difference": found.difference,
            }
        )
    elif found.difference is None:
        print_line(f"{found.mode} run {run_id}: the replay equals all {found.compared:,} recorded events")
        if found.undecided:
            print_line(f"{found.undecided:,} more follow at its end: its process died before it could record them")
    else:
        print_line(f"{found.mode} run {run_id}: the replay differs: {found.difference}")
    if verify and found.difference is not None:
        raise CommandFailed("" if json_wanted else "the run is not what its journal derives")

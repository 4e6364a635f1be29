"""`weaver sweeps`: list, show, resume, join and stop sweeps, and make runs of their trials."""

from typing import Annotated

import typer

from interfaces.cli import typed
from interfaces.cli.opened import dispatched, opened_database, read_settings, reading
from interfaces.cli.options import Json, Limit
from interfaces.cli.printing import print_json, print_line, print_table
from interfaces.cli.sweep_command import Ray, Top, Workers, carry_out

group = typer.Typer(name="sweeps", help="Sweeps: what was tried, and what came of it.", no_args_is_help=True)

SweepId = Annotated[str, typer.Argument(metavar="SWEEP", help="Id of the sweep.")]


@group.command("list")
def list_sweeps(limit: Limit = 20, json_wanted: Json = False) -> None:
    """List sweeps, newest first."""
    from dataclasses import asdict

    from projections import sweeps

    with reading(sweeps.NAME) as connection:
        rows, _ = sweeps.page(connection, limit=limit)
    if json_wanted:
        print_json([asdict(row) for row in rows])
        return
    print_table(
        ("id", "name", "status", "search", "objective", "trials", "ended", "created"),
        [
            (
                row.id,
                row.name,
                row.status,
                row.method,
                row.objective,
                row.trials,
                row.completed + row.pruned + row.failed,
                row.created_at,
            )
            for row in rows
        ],
        right=("trials", "ended"),
    )


@group.command("show")
def show_sweep(sweep: SweepId, top: Top = 10, json_wanted: Json = False) -> None:
    """Show a sweep and its best trials."""
    from interfaces.cli.sweep_report import print_from
    from projections import sweeps

    sweep_id = typed.identity(sweep, "sweep")
    with reading(sweeps.NAME) as connection:
        print_from(connection, sweep_id, top, json_wanted=json_wanted)


@group.command("resume")
def resume_sweep(
    sweep: SweepId, workers: Workers = None, ray: Ray = None, top: Top = 10, json_wanted: Json = False
) -> None:
    """Go on with a sweep that was stopped, or whose processes died."""
    sweep_id = typed.identity(sweep, "sweep")
    carry_out(read_settings(), None, sweep_id, workers=workers, ray=ray, top=top, json_wanted=json_wanted)


@group.command("join")
def join_sweep(sweep: SweepId, workers: Workers = None, top: Top = 10, json_wanted: Json = False) -> None:
    """Work on a sweep that others run, from this machine as well."""
    sweep_id = typed.identity(sweep, "sweep")
    carry_out(read_settings(), None, sweep_id, workers=workers, ray=None, top=top, json_wanted=json_wanted, joins=True)


@group.command("stop")
def stop_sweep(sweep: SweepId) -> None:
    """Stop a sweep; what has ended is kept, and it can be resumed."""
    from application.commands import StopSweep

    sweep_id = typed.identity(sweep, "sweep")
    dispatched(StopSweep(sweep_id=sweep_id))
    print_line(f"sweep {sweep_id} is stopped")


@group.command("promote")
def promote_trial(
    sweep: SweepId,
    trial: Annotated[int, typer.Argument(metavar="TRIAL", min=0, help="Number of the trial.")],
    json_wanted: Json = False,
) -> None:
    """Run a trial as a backtest that keeps its orders."""
    from application.commands import PromoteTrial
    from domain.ids import new_id
    from interfaces.cli.backtest_command import promoted, report

    settings = read_settings()
    command = PromoteTrial(sweep_id=typed.identity(sweep, "sweep"), number=trial, run_id=new_id())
    with opened_database() as url:
        report(promoted(settings, url, command), settings, json_wanted)

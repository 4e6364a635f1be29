"""`weaver risk`: the kill switch over all paper and live runs."""

from typing import TYPE_CHECKING, Annotated

import typer

from interfaces.cli.opened import dispatched, opened_database
from interfaces.cli.options import Json
from interfaces.cli.printing import print_json, print_line

if TYPE_CHECKING:
    from domain.risk import RiskHalted

group = typer.Typer(name="risk", help="The kill switch over all paper and live runs.", no_args_is_help=True)


@group.command("show")
def show_risk(json_wanted: Json = False) -> None:
    """Show whether trading is halted, since when and why."""
    _show(json_wanted)


@group.command("halt")
def halt_trading(
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why, for whoever reads it later.")
    ] = None,
    json_wanted: Json = False,
) -> None:
    """Throw the kill switch: no run places an order."""
    from application.commands import HaltTrading

    dispatched(HaltTrading(reason=reason))
    _show(json_wanted)


@group.command("resume")
def resume_trading(json_wanted: Json = False) -> None:
    """Release the kill switch."""
    from application.commands import ResumeTrading
    from interfaces.cli.opened import ACTOR

    dispatched(ResumeTrading(by=ACTOR))
    _show(json_wanted)


def _show(json_wanted: bool) -> None:
    halted = _halted()
    if json_wanted:
        print_json(
            {
                "halted": halted is not None,
                "reason": halted.message if halted else None,
                "halted_at": halted.at if halted else None,
            }
        )
    elif halted is None:
        print_line("trading is not halted")
    else:
        print_line(f"trading is halted since {halted.at:%Y-%m-%d %H:%M:%S} UTC: {halted.message}")


def _halted() -> "RiskHalted | None":
    from application import kill_switch
    from application.journal import Journal
    from interfaces.event_store import journal_environment

    with opened_database() as url, Journal(journal_environment(url, pool_size=1)) as journal:
        return kill_switch.halted(journal)

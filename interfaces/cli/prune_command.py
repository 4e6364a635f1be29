"""`weaver prune`: finished backtests and sweeps that nobody wants any more, out of the journal and the read models."""

from typing import TYPE_CHECKING, Annotated

import typer

from interfaces.cli.consent import require_consent
from interfaces.cli.opened import catch_up, composed
from interfaces.cli.options import Json
from interfaces.cli.printing import notice, print_json, print_line, print_table, progress_bar
from interfaces.cli.typed import age

if TYPE_CHECKING:
    from interfaces.pruning import Plan

MOST_SHOWN = 20


def prune(
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="AGE", help="Only what ended that long ago: 30d, 12h, 4w.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="N", min=0, help="Keep the newest so many of what is finished.")
    ] = None,
    tag: Annotated[str | None, typer.Option("--tag", metavar="TAG", help="Only runs with this tag.")] = None,
    strategy: Annotated[
        str | None, typer.Option("--strategy", metavar="STRATEGY", help="Only those of this strategy.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; drop nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json_wanted: Json = False,
) -> None:
    """Drop finished backtests and sweeps for good.

    Deleted ones first, and never a paper or live run, none that is being run, and none that a fork needs. Trading goes
    on meanwhile; weaver verify knows what was dropped.
    """
    from domain.errors import InvalidInput
    from interfaces.database import connect
    from interfaces.pruning import Pruning, Rules, plan

    if older_than is None and keep is None:
        raise InvalidInput("say what is to stay: --older-than AGE, --keep N, or both (--keep 0 keeps nothing)")
    rules = Rules(keep=keep, older_than=age(older_than, "--older-than"), tag=tag, strategy=strategy)
    with composed() as weaver:
        with connect(weaver.database_url) as connection:
            catch_up(connection, ("runs", "sweeps"))
            found = plan(connection, rules, weaver.clock.now())
        for one, fork in found.held:
            notice(f"{one.kind} {one.id} stays: run {fork} was forked from it")
        if not dry_run and found.prunable and not yes:
            require_consent(_summary(found), lambda: _show(found), json_wanted=json_wanted)
        runs = events = 0
        if not dry_run:
            with progress_bar("pruning") as told:
                pruning = Pruning(weaver.database_url, weaver.journal, weaver.dispatch, weaver.clock)
                runs, events = pruning.prune(found.prunable, told)
    if json_wanted:
        print_json(_facts(found) | {"dry_run": dry_run, "pruned_runs": runs, "pruned_events": events})
    elif dry_run:
        _show(found)
        print_line(f"{_summary(found)} would go")
    else:
        print_line(f"dropped {events:,} events of {runs:,} backtests and sweeps")


def _summary(found: "Plan") -> str:
    events = sum(one.events for one in found.prunable)
    size = f"{events:,} events, about {found.bytes / 1e6:,.1f} MB, and {found.rows:,} rows of read models"
    return f"{len(found.prunable):,} backtests and sweeps with {size}"


def _show(found: "Plan") -> None:
    shown = found.prunable[:MOST_SHOWN]
    rows = [(one.kind, str(one.id), one.name, one.ended_at, one.events, one.deleted) for one in shown]
    print_table(("kind", "id", "name", "ended", "events", "deleted"), rows, right=("events",))
    if len(found.prunable) > MOST_SHOWN:
        print_line(f"and {len(found.prunable) - MOST_SHOWN:,} more")


def _facts(found: "Plan") -> dict[str, object]:
    return {
        "prunable": [one._asdict() for one in found.prunable],
        "held": [{"id": one.id, "kind": one.kind, "fork": fork} for one, fork in found.held],
        "rows": found.rows,
        "bytes": found.bytes,
    }

"""`weaver events`: the journal, event by event."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from interfaces.cli import typed
from interfaces.cli.opened import opened_database
from interfaces.cli.outcomes import one_line
from interfaces.cli.printing import print_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from application.journal import Journal
    from domain.events import JournalEntry

PAGE = 1_000
SECONDS_A_WAIT = 1.0
MAX_DETAIL = 160

group = typer.Typer(name="events", help="Events of the journal.", no_args_is_help=True)


@group.command("tail")
def tail_events(
    run: Annotated[str | None, typer.Option("--run", metavar="RUN", help="Only events of this run.")] = None,
    after: Annotated[int, typer.Option("--after", min=0, help="Only events after this position of the journal.")] = 0,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with events as they happen, until Ctrl-C.")
    ] = False,
    json_wanted: Annotated[
        bool, typer.Option("--json", help="Print each event as a JSON envelope, one a line.")
    ] = False,
) -> None:
    """Print events in the order of the journal, one a line."""
    from application.journal import Journal
    from interfaces.event_store import journal_environment

    run_id = None if run is None else typed.identity(run, "run")
    with opened_database() as url, Journal(journal_environment(url, pool_size=1)) as journal:
        after = _print_after(journal, after, run_id, json_wanted)
        if follow:
            _follow(url, journal, after, run_id, json_wanted)


def _follow(url: str, journal: "Journal", after: int, run_id: "UUID | None", json_wanted: bool) -> None:
    from interfaces.journal_tail import JournalTail

    tail = JournalTail(url)
    tail.start()
    try:
        head = 0
        while True:
            head = tail.wait(head, SECONDS_A_WAIT)
            after = _print_after(journal, after, run_id, json_wanted)
    finally:
        tail.stop()


def _print_after(journal: "Journal", after: int, run_id: "UUID | None", json_wanted: bool) -> int:
    """Print what comes after the position; return the position of the last event printed."""
    for entry in _entries(journal, after, run_id):
        print_line(_json_line(entry) if json_wanted else _line(entry))
        after = entry.position
    return after


def _entries(journal: "Journal", after: int, run_id: "UUID | None") -> "Iterator[JournalEntry]":
    while entries := journal.read(after, PAGE, run_id=run_id):
        yield from entries
        after = entries[-1].position


def _json_line(entry: "JournalEntry") -> str:
    import msgspec

    from interfaces.envelope import envelope

    return msgspec.json.encode(envelope(entry)).decode()


def _line(entry: "JournalEntry") -> str:
    import msgspec

    payload: dict[str, Any] = msgspec.json.decode(entry.state)
    at = payload.pop("at", "-")
    payload.pop("run_id", None)
    detail = one_line(msgspec.json.encode(payload).decode()) if payload else ""
    detail = detail if len(detail) <= MAX_DETAIL else f"{detail[: MAX_DETAIL - 1]}…"
    return f"{entry.position:>9}  {at:<27}  {entry.topic:<24} {entry.stream_id}  {detail}".rstrip()

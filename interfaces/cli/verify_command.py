"""`weaver verify`: was the journal touched?"""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from interfaces.cli import typed
from interfaces.cli.opened import opened_database
from interfaces.cli.options import Json
from interfaces.cli.outcomes import CommandFailed
from interfaces.cli.printing import print_json, print_line, progress_bar

if TYPE_CHECKING:
    from interfaces.journal_findings import Finding
    from interfaces.journal_verification import Verified


def verify(
    run: Annotated[str | None, typer.Option("--run", metavar="RUN", help="Only the streams of this run.")] = None,
    until: Annotated[
        int | None, typer.Option("--until", metavar="POSITION", min=1, help="Only as far as this position.")
    ] = None,
    digest: Annotated[
        str | None, typer.Option("--digest", metavar="HEX", help="What the digest was at --until, written down before.")
    ] = None,
    json_wanted: Json = False,
) -> None:
    """Check that the journal is as it was recorded.

    What was edited, deleted, inserted, reordered or cut off is named. Every event is held against its hash, its stream
    and the event before it. Write the position and the digest down somewhere else: with them even a journal that was
    rewritten, hashes and all, is found out later.
    """
    from domain.errors import InvalidInput
    from interfaces.journal_verification import verify_journal

    if digest is not None and until is None:
        raise InvalidInput("--digest needs --until: the position it was written down with")
    if digest is not None and not re.fullmatch("[0-9a-fA-F]{64}", digest):
        raise InvalidInput(f"--digest: 64 hexadecimal digits, not {digest!r}")
    if run is not None and until is not None:
        raise InvalidInput("--until is of the whole journal: leave --run out")
    run_id = None if run is None else typed.identity(run, "run")
    with opened_database() as url, progress_bar("verifying") as progress:
        verified = verify_journal(url, run_id=run_id, until=until, digest=digest, progress=progress)
    if json_wanted:
        # of a part of the journal the digest says nothing that could be asked again
        digest = None if run_id else verified.digest
        findings = [finding._asdict() for finding in verified.findings]
        print_json(verified._asdict() | {"digest": digest, "findings": findings})
    else:
        _print(verified, is_whole=run_id is None)
    if verified.findings:
        raise CommandFailed("" if json_wanted else "the journal is not as it was recorded")


def _print(verified: "Verified", *, is_whole: bool) -> None:
    for finding in verified.findings:
        print_line(_line(finding))
    if verified.more:
        print_line(f"and {verified.more:,} more")
    if verified.pruned:
        print_line(f"{verified.pruned:,} events were dropped by weaver prune")
    print_line(f"{verified.events:,} events of {verified.streams:,} streams in {verified.seconds:.1f} s")
    if is_whole:
        print_line(f"position {verified.position}, digest {verified.digest}")


def _line(finding: "Finding") -> str:
    named = f" {finding.topic} of {finding.stream_id}" if finding.stream_id else ""
    return f"{finding.kind:<9}  position {finding.position}{named}: {finding.reason}"

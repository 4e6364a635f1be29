"""What goes for good goes only after a word: an option, or an answer on a terminal."""

import sys
from collections.abc import Callable

import typer

from domain.errors import Refused


def require_consent(what: str, show: Callable[[], None], *, json_wanted: bool) -> None:
    """Ask whether something may be dropped, after it was shown; raise Refused where nobody can be asked."""
    if json_wanted or not sys.stdin.isatty():
        raise Refused(f"{what} would go: give --yes, or --dry-run to see which")
    show()
    typer.confirm(f"drop {what} for good?", abort=True)

"""What a person or a program sees: JSON and tables on stdout, notices and progress on stderr."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from interfaces.cli.outcomes import OutputClosed, one_line

if TYPE_CHECKING:
    from rich.console import Console

# Wide enough for every table of ours where no terminal sets a width: a pipe must not cut anything off.
WIDTH_OF_A_PIPE = 250
SECONDS_BEFORE_A_BAR = 1.0


def print_json(value: object) -> None:
    """Print one JSON document: on one line, indented on a terminal. Decimals are strings, times UTC with a Z."""
    indent = 2 if sys.stdout.isatty() else None
    print_line(json.dumps(value, default=_json_ready, indent=indent, ensure_ascii=False, allow_nan=False))


def print_line(text: str = "") -> None:
    """Print one line on stdout; raise OutputClosed when nobody reads it any more."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise OutputClosed from None


def notice(text: str) -> None:
    """Tell on stderr, in one line, what the person at the terminal ought to know."""
    sys.stderr.write(f"{one_line(text)}\n")
    sys.stderr.flush()


def say(text: str, *, json_wanted: bool) -> None:
    """Tell how far a command is: on stdout, or on stderr where stdout is kept for JSON."""
    if json_wanted:
        notice(text)
    else:
        print_line(text)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """Print rows under their columns; those named in `right` are aligned to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    _console().print(table)


def print_facts(facts: Mapping[str, object]) -> None:
    """Print names and their values, one pair a line."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(Text(name, style="dim"), Text(shown(value), overflow="fold"))
    _console().print(table)


def shown(value: object) -> str:
    """Return a value as people read it: times in UTC, decimals with thousands separators, nothing as a dash."""
    match value:
        case None | "":
            return "-"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        case Decimal():
            return separated(value)
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case list() | tuple():
            return " ".join(shown(one) for one in value)
        case _:
            return one_line(str(value))


def separated(amount: Decimal) -> str:
    """Return the amount in plain digits with thousands separators, without trailing zeros."""
    text = f"{amount:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class Progress(Protocol):
    """Hears how far work is."""

    def __call__(self, fraction: float) -> None:
        """Take note of a fraction in [0, 1]."""
        ...


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """Give a function that is told how far work is; a bar on stderr shows it after a second, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda fraction: None
        return
    bar = _Bar(title)
    try:
        yield bar
    finally:
        bar.close()


class _Bar:
    """A progress bar that stays away from work of less than a second. Told from any thread."""

    def __init__(self, title: str) -> None:
        from time import monotonic

        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._clock, self._shown_from = monotonic, monotonic() + SECONDS_BEFORE_A_BAR
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self._bar = RichProgress(*columns, console=_console(stderr=True), transient=True)
        self._task = self._bar.add_task(title, total=1.0)
        self._started = False

    def __call__(self, fraction: float) -> None:
        if not self._started and self._clock() >= self._shown_from:
            self._started = True
            self._bar.start()
        self._bar.update(self._task, completed=fraction)

    def close(self) -> None:
        if self._started:
            self._bar.stop()


def silence_stdout() -> None:
    """Let what is left in stdout's buffer vanish, so that the interpreter's last flush does not complain."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return  # stdout is no file: nothing will be flushed to a closed pipe


def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    class Unbroken(Console):
        def on_broken_pipe(self) -> None:
            raise OutputClosed

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDTH_OF_A_PIPE
    return Unbroken(file=stream, width=width, highlight=False, markup=False, emoji=False)


def _json_ready(value: object) -> object:
    match value:
        case Decimal():
            from domain.money import plain

            return plain(value)
        case datetime():
            return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
        case UUID() | Path():
            return str(value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")

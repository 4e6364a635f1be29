"""What `weaver doctor` finds, and how a look that fails is a finding as well."""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from domain.errors import WeaverError
from interfaces.cli.outcomes import one_line

State = Literal["ok", "warning", "problem"]


class Finding(NamedTuple):
    """One thing that was looked at. message: what was found, in one line; remedy: how to mend it, empty for ok."""

    name: str
    state: State
    message: str
    remedy: str = ""


def ok(name: str, message: str) -> Finding:
    """Return that all is well."""
    return Finding(name, "ok", message)


def warning(name: str, message: str, remedy: str) -> Finding:
    """Return what is not as it should be and stops nothing yet."""
    return Finding(name, "warning", message, remedy)


def problem(name: str, message: str, remedy: str) -> Finding:
    """Return what stops Weaver, or makes it tell or trade what is wrong."""
    return Finding(name, "problem", message, remedy)


def looked(name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Give what a look finds; what it raises is a finding, so that the next look has its turn."""
    import psycopg  # here: --help of every command loads this file

    try:
        yield from look()
    except WeaverError as error:
        what, _, remedy = error.message.partition(": ")
        yield problem(name, what, remedy or "mend that and run weaver doctor again")
    except psycopg.Error as error:
        yield problem(name, f"the database does not answer: {one_line(str(error))}", "look at its log")
    except Exception as error:  # noqa: BLE001 - told as a finding: whoever is ill needs the rest of the examination
        said = f"{type(error).__name__}: {one_line(str(error))}"
        yield problem(name, f"looking failed: {said}", "this is a fault of Weaver: report this line")

"""How a command ends: the exit code and the one line on stderr for everything that can be foreseen to go wrong."""

import re
from typing import NamedTuple

from domain.errors import InvalidInput, NotFound, Refused, WeaverError

DONE, FAILED, WRONG_USE, REFUSED = 0, 1, 2, 3
# The shell's convention for a process that a signal ended: 128 and the signal's number.
SIGNALLED = 128

_CODES: tuple[tuple[type[WeaverError], int], ...] = (
    (InvalidInput, WRONG_USE),
    (NotFound, WRONG_USE),
    (Refused, REFUSED),
    (WeaverError, FAILED),
)


class Outcome(NamedTuple):
    """How a command ended; message is one line, empty where everything has been said."""

    code: int
    message: str


class CommandFailed(WeaverError):
    """The command did not do what it was asked for; whatever was to be said beyond the message is on stderr already."""


class Interrupted(BaseException):
    """A signal other than that of Ctrl-C asked the process to end; no error, so no handler of errors may keep it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class OutputClosed(Exception):
    """Whoever read the output has gone away, as `head` does: there is nobody left to tell anything."""


def outcome_of(error: Exception) -> Outcome | None:
    """Return how a command that raised this ends, None for an error nobody foresaw."""
    if isinstance(error, OutputClosed):
        return Outcome(DONE, "")
    if isinstance(error, WeaverError):
        code = next(code for kind, code in _CODES if isinstance(error, kind))
        return Outcome(code, one_line(error.message))
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return Outcome(FAILED, one_line(f"{place}{error.strerror or error}"))
    return _database_outcome(error)


def _database_outcome(error: Exception) -> Outcome | None:
    import psycopg

    from interfaces.postgres_binaries import EmbeddedPostgresError

    if isinstance(error, EmbeddedPostgresError):
        return Outcome(FAILED, one_line(str(error)))
    if isinstance(error, psycopg.OperationalError):
        return Outcome(FAILED, f"the database does not answer: {one_line(str(error))}")
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return Outcome(FAILED, f"the database refuses its user: {one_line(str(error))}")
    return None


def one_line(text: str) -> str:
    """Return the text on one line, without control characters that would move a terminal's cursor."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text).split())

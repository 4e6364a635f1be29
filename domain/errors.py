"""Every error of Weaver, split by what the caller must do.

WeaverError
├─ NotFound        ask for something else    RunNotFound, OrderNotFound, StrategyNotFound, SymbolNotFound
├─ InvalidInput    correct what was sent     BarsInvalid, ParameterInvalid
├─ Refused         a rule said no            RunNotStartable, RunNotStoppable, RunNotDeletable, OrderRefused,
│                                            StrategyChanged, CredentialsRefused
├─ Conflict        someone was faster        ConcurrentChange
├─ Unavailable     try again later           DatabaseUnavailable, BarsUnavailable, ExchangeUnavailable
└─ StrategyFault   the user's code raised    the run fails, with the traceback on it

Messages are for people: one line that says what to do. `details` are for programs. HTTP lives in
`interfaces/web/errors.py`.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from uuid import UUID


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return `did you mean …? ` with the known name that is closest to what was given, nothing if none is close."""
    close = get_close_matches(given.lower(), list(known), n=1)
    return f"did you mean {close[0]}? " if close else ""


def one_line(error: BaseException) -> str:
    """Return what the error says as one line, empty if it says nothing."""
    return " ".join(str(error).split())


class WeaverError(Exception):
    """The root: everything Weaver raises on purpose.

    details: what a program may want to know about it, JSON types only.
    """

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, object] = details


class NotFound(WeaverError):
    """What was asked for does not exist."""


class RunNotFound(NotFound):
    """No run has this id."""

    def __init__(self, run_id: UUID | str) -> None:
        super().__init__(f"no run has the id {run_id}", run_id=str(run_id))


class OrderNotFound(NotFound):
    """No order has this id."""

    def __init__(self, order_id: UUID | str) -> None:
        super().__init__(f"no order has the id {order_id}", order_id=str(order_id))


class SweepNotFound(NotFound):
    """No sweep has this id."""

    def __init__(self, sweep_id: UUID | str) -> None:
        super().__init__(f"no sweep has the id {sweep_id}", sweep_id=str(sweep_id))


class TrialNotFound(NotFound):
    """The sweep has no trial of this number, or not yet."""


class StrategyNotFound(NotFound):
    """No strategy has this name, or its file cannot be loaded."""


class SymbolNotFound(NotFound):
    """The bar store has no bars of this symbol."""


class InvalidInput(WeaverError):
    """What was given cannot be meant."""


class BarsInvalid(InvalidInput):
    """A series of bars breaks a rule; the message names the row."""


class ParameterInvalid(InvalidInput):
    """A strategy parameter is unknown, of the wrong type or out of its bounds."""


class Refused(WeaverError):
    """A rule said no."""


class RunNotStartable(Refused):
    """The run was started before, or has ended."""


class RunNotStoppable(Refused):
    """The run is not being run."""


class RunNotDeletable(Refused):
    """The run is being run: stop it first."""


class OrderRefused(Refused):
    """The order asked for is impossible; raised to the strategy that asked."""


class StrategyChanged(Refused):
    """The strategy's file is not the one the run was created with: create a new run."""


class CredentialsRefused(Refused):
    """The exchange does not accept the keys it was given."""


class Conflict(WeaverError):
    """Someone else was faster."""


class ConcurrentChange(Conflict):
    """The stream grew between reading and appending: load it again and decide again."""


class Unavailable(WeaverError):
    """Something needed is away for now."""


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, or is not migrated."""


class BarsUnavailable(Unavailable):
    """Bars that a run was created on can no longer be read."""


class ExchangeUnavailable(Unavailable):
    """The exchange cannot be asked, or did not answer in time."""


class StrategyFault(WeaverError):
    """A strategy raised an exception; `details["traceback"]` holds it."""

"""What Alpaca says instead of doing something: the status, the code, the message and what comes with it."""

from typing import Any

FORBIDDEN = 40310000
INVALID = 42210000
MALFORMED = 40010001
NOT_FOUND = 40410000


class Refused(Exception):
    """An answer that is an error; `code` is missing where Alpaca sends none."""

    def __init__(self, status: int, code: int | None, message: str, **other: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = ({} if code is None else {"code": code}) | other | {"message": message}


def malformed(message: str) -> Refused:
    """Return the refusal of a field that cannot be right anywhere."""
    return Refused(422, MALFORMED, message)


def invalid(message: str) -> Refused:
    """Return the refusal of an order no account could place."""
    return Refused(422, INVALID, message)


def forbidden(message: str, **other: Any) -> Refused:
    """Return the refusal of an order this account cannot place now."""
    return Refused(403, FORBIDDEN, message, **other)


def not_found(what: str) -> Refused:
    """Return the refusal of something that is not there."""
    return Refused(404, NOT_FOUND, what)

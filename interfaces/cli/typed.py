"""What was typed, as typed values: dates, decimals, parameters, ids. Whatever cannot be meant raises InvalidInput."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal
from uuid import UUID

from domain.errors import InvalidInput

# Beyond any account: an exponent typed by mistake must not become a number of a thousand digits.
MAX_DIGITS = 18
LISTINGS = {
    "run": "weaver run list",
    "order": "weaver orders list",
    "sweep": "weaver sweeps list",
    "delivery": "weaver notifications list",
}


def moment(text: str | None, option: str) -> datetime | None:
    """Return the moment in UTC, a day meaning its midnight and a time without a zone meaning UTC; None for None."""
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text.strip())
        return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{option} must be a day or a time such as 2024-01-31 or 2024-01-31T14:30:00Z, not {text!r}"
        ) from None


def age(text: str | None, option: str) -> timedelta | None:
    """Return the length of time, of hours, days or weeks; None for None."""
    if text is None:
        return None
    given = re.fullmatch(r"(\d{1,6})([hdw])", text)
    if given is None:
        raise InvalidInput(f"{option}: a number and h, d or w, such as 30d, not {text!r}")
    return int(given[1]) * {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[given[2]]


def decimal(text: str, option: str) -> Decimal:
    """Return the exact decimal."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise InvalidInput(f"{option} must be a number such as 100000 or 0.5, not {text!r}") from None
    if not number.is_finite() or abs(number.adjusted()) > MAX_DIGITS:
        raise InvalidInput(f"{option} must be a number of at most {MAX_DIGITS} digits, not {text!r}")
    return number


def pairs(given: Sequence[str], option: str, example: str = "name=value") -> dict[str, object]:
    """Return the values of an option that is given as `name=value`, as texts by name."""
    found: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise InvalidInput(f"{option} must look like {example}, not {text!r}")
        if name in found:
            raise InvalidInput(f"{option} {name} is given twice: once as {found[name]}, once as {value}")
        found[name] = value.strip()
    return found


def parameters(given: Sequence[str]) -> dict[str, str | int | float | bool]:
    """Return the values of `--param name=value` as texts, by name; the strategy's declaration converts them later."""
    return {name: str(value) for name, value in pairs(given, "--param", "fast=20").items()}


def strategy(text: str) -> str:
    """Return the strategy's name, a path made absolute: the process that runs it may have another working directory."""
    path, suffix, class_name = text.rpartition(".py")
    if path and (class_name == "" or class_name.startswith(":")):
        return f"{Path(path + suffix).expanduser().absolute()}{class_name}"
    return text


def identity(text: str, what: Literal["run", "order", "sweep", "delivery"]) -> UUID:
    """Return the id; `what` names what it should be the id of."""
    try:
        return UUID(text.strip())
    except ValueError:
        raise InvalidInput(f"{text!r} is not the id of any {what}: {LISTINGS[what]} shows them") from None

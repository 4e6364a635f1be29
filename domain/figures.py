"""How a statistic is written: a value with its basis, or nothing with the reason."""

import math
from decimal import Decimal

import msgspec

from domain.market import from_microseconds
from domain.money import plain

DAY = 86_400_000_000  # microseconds


class StatisticFigure(msgspec.Struct, frozen=True, omit_defaults=True):
    """A figure and what it is based on; `value` is None where it is undefined, and `reason` says why."""

    value: str | int | float | None
    basis: str | None = None
    reason: str | None = None


def figure(value: float, basis: str) -> StatisticFigure:
    """Return a number with its basis; undefined if it is NaN or infinite, so that none ever is."""
    if not math.isfinite(value):
        return StatisticFigure(None, reason="the numbers are too large or too small to divide")
    return StatisticFigure(value if isinstance(value, int) else float(value), basis)


def money(amount: Decimal, basis: str) -> StatisticFigure:
    """Return an amount in quote currency as decimal text, every digit of it."""
    return StatisticFigure(plain(amount), basis)


def moment(microseconds: int, basis: str) -> StatisticFigure:
    """Return a time as ISO 8601 text in UTC with Z, from microseconds since 1970."""
    return StatisticFigure(from_microseconds(microseconds).isoformat().removesuffix("+00:00") + "Z", basis)


def undefined(reason: str, *names: str) -> dict[str, StatisticFigure]:
    """Return all the names as undefined for that reason."""
    return dict.fromkeys(names, StatisticFigure(None, reason=reason))

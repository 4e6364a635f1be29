"""When New York's exchanges are open, by their own rules for holidays, and how Alpaca's clock and calendar say it."""

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from tests.alpaca_server.times import NEW_YORK, in_new_york, moment_of, nanoseconds

FIRST_DAY, LAST_DAY = date(2022, 1, 1), date(2030, 12, 31)
OPENS, CLOSES, CLOSES_EARLY = time(9, 30), time(16), time(13)
# Days of mourning, which follow no rule.
CLOSED_ONCE = frozenset({date(2025, 1, 9)})

_ONE_DAY = timedelta(days=1)
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """Return the first, second … such weekday of a month; the last one for -1."""
    if number < 0:
        end = date(year, month + 1, 1) - _ONE_DAY
        return end - timedelta(days=(end.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _good_friday(year: int) -> date:
    """Return the Friday before Easter, by the anonymous Gregorian computus."""
    a, b, c = year % 19, year // 100, year % 100
    d, e, f = b // 4, b % 4, (b + 8) // 25
    h = (19 * a + b - d - (b - f + 1) // 3 + 15) % 30
    i, k = c // 4, c % 4
    moon = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * moon) // 451
    month, day = divmod(h + moon - 7 * m + 114, 31)
    return date(year, month, day + 1) - 2 * _ONE_DAY


def _observed(day: date) -> date:
    """Return when a holiday is kept: on Friday for a Saturday, on Monday for a Sunday."""
    return day + {_SATURDAY: -_ONE_DAY, _SUNDAY: _ONE_DAY}.get(day.weekday(), timedelta())


@cache
def _holidays(year: int) -> frozenset[date]:
    fixed = [_observed(date(year, month, day)) for month, day in ((6, 19), (7, 4), (12, 25))]
    new_year = date(year, 1, 1)
    # A New Year's Day on a Saturday is not made up for: the Friday is the last day of the old year.
    kept = [] if new_year.weekday() == _SATURDAY else [_observed(new_year)]
    mondays = [
        _nth(year, 1, _MONDAY, 3),
        _nth(year, 2, _MONDAY, 3),
        _nth(year, 5, _MONDAY, -1),
        _nth(year, 9, _MONDAY, 1),
    ]
    return frozenset([*fixed, *kept, *mondays, _good_friday(year), _nth(year, 11, _THURSDAY, 4)]) | CLOSED_ONCE


def _is_short(day: date) -> bool:
    """Say whether trading ends at one: before Independence Day, after Thanksgiving, before Christmas."""
    return day == _nth(day.year, 11, _THURSDAY, 4) + _ONE_DAY or (day.month, day.day) in ((7, 3), (12, 24))


@cache
def session(day: date) -> tuple[int, int] | None:
    """Return open and close of a day, None if there is no trading."""
    if day.weekday() in (_SATURDAY, _SUNDAY) or day in _holidays(day.year):
        return None
    ends = CLOSES_EARLY if _is_short(day) else CLOSES
    opened, closed = (nanoseconds(datetime.combine(day, at, NEW_YORK)) for at in (OPENS, ends))
    return opened, closed


def _day(at: int) -> date:
    return moment_of(at).astimezone(NEW_YORK).date()


def is_open(at: int) -> bool:
    """Say whether shares trade at a time."""
    found = session(_day(at))
    return found is not None and found[0] <= at < found[1]


def next_open(at: int) -> int:
    """Return the next opening after a time."""
    return _next(at, 0)


def next_close(at: int) -> int:
    """Return the next close after a time."""
    return _next(at, 1)


def _next(at: int, which: int) -> int:
    day = _day(at)
    while (found := session(day)) is None or found[which] <= at:
        day += _ONE_DAY
    return found[which]


def last_close(at: int) -> int:
    """Return the last close at a time or before it."""
    day = _day(at)
    while (found := session(day)) is None or found[1] > at:
        day -= _ONE_DAY
    return found[1]


def clock(at: int) -> dict[str, Any]:
    """Return the answer of `GET /v2/clock`."""
    return {
        "timestamp": in_new_york(at),
        "is_open": is_open(at),
        "next_open": in_new_york(next_open(at)),
        "next_close": in_new_york(next_close(at)),
    }


def calendar(start: date, end: date) -> list[dict[str, str]]:
    """Return the answer of `GET /v2/calendar`: the sessions from `start` to `end`, both included."""
    day, rows = max(start, FIRST_DAY), []
    while day <= min(end, LAST_DAY):
        if found := session(day):
            opened, closed = (moment_of(at).astimezone(NEW_YORK) for at in found)
            row = {"date": f"{day}", "open": f"{opened:%H:%M}", "close": f"{closed:%H:%M}"}
            settles = _day(next_open(found[1]))
            rows.append(row | {"session_open": "0400", "session_close": "2000", "settlement_date": f"{settles}"})
        day += _ONE_DAY
    return rows

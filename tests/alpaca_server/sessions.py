"""When New York's exchanges are open, and how Alpaca's clock and calendar say it."""

from bisect import bisect_right
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from tests.alpaca_server.times import NEW_YORK, in_new_york, moment_of, nanoseconds

FIRST_YEAR, LAST_YEAR = 2016, 2030


@cache
def _sessions() -> tuple[list[date], list[int], list[int]]:
    """Return days, opens and closes of the regular sessions; loaded when first asked for, it takes a second."""
    import exchange_calendars  # type: ignore[import-untyped]

    calendar = exchange_calendars.get_calendar("XNYS", start=f"{FIRST_YEAR}-01-01", end=f"{LAST_YEAR}-12-31")
    schedule = calendar.schedule
    days = [day.date() for day in schedule.index]
    opens = [nanoseconds(at.to_pydatetime()) for at in schedule["open"]]
    closes = [nanoseconds(at.to_pydatetime()) for at in schedule["close"]]
    return days, opens, closes


def is_open(at: int) -> bool:
    """Say whether shares trade at a time."""
    _, opens, closes = _sessions()
    index = bisect_right(opens, at) - 1
    return index >= 0 and at < closes[index]


def next_open(at: int) -> int:
    """Return the next opening after a time."""
    _, opens, _ = _sessions()
    return opens[bisect_right(opens, at)]


def next_close(at: int) -> int:
    """Return the next close after a time."""
    _, _, closes = _sessions()
    return closes[bisect_right(closes, at)]


def last_close(at: int) -> int:
    """Return the last close at a time or before it."""
    _, _, closes = _sessions()
    return closes[bisect_right(closes, at) - 1]


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
    return [
        {
            "date": f"{day}",
            "open": f"{_local(opened):%H:%M}",
            "close": f"{_local(closed):%H:%M}",
            "session_open": "0400",
            "session_close": "2000",
            "settlement_date": f"{_settlement(day)}",
        }
        for day, opened, closed in zip(*_sessions(), strict=True)
        if start <= day <= end
    ]


def _local(at: int) -> datetime:
    return moment_of(at).astimezone(NEW_YORK)


def _settlement(day: date) -> date:
    """Return the next session's day, T+1."""
    days, _, _ = _sessions()
    index = bisect_right(days, day)
    return days[index] if index < len(days) else day + timedelta(days=1)

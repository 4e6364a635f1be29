"""The hours of New York, against a calendar others keep."""

import exchange_calendars  # type: ignore[import-untyped]

from tests.alpaca_server import sessions
from tests.alpaca_server.times import nanoseconds


def test_the_hours_are_those_of_the_calendar() -> None:
    first, last = sessions.FIRST_DAY, sessions.LAST_DAY
    schedule = exchange_calendars.get_calendar("XNYS", start=f"{first}", end=f"{last}").schedule
    days = [day.date() for day in schedule.index]
    expected = {
        day: (nanoseconds(opened.to_pydatetime()), nanoseconds(closed.to_pydatetime()))
        for day, opened, closed in zip(days, schedule["open"], schedule["close"], strict=True)
    }
    listed = [row["date"] for row in sessions.calendar(first, last)]
    assert listed == [f"{day}" for day in days]
    assert {day: sessions.session(day) for day in days} == expected


def test_the_next_hours_and_the_last_ones_are_found_from_any_time() -> None:
    calendar = exchange_calendars.get_calendar("XNYS", start="2026-01-02", end="2026-12-31")
    opens = [nanoseconds(at.to_pydatetime()) for at in calendar.opens]
    closes = [nanoseconds(at.to_pydatetime()) for at in calendar.closes]
    for index in range(1, len(opens) - 1):
        for at in (opens[index], opens[index] + 1, closes[index] - 1):
            assert sessions.is_open(at)
            assert (sessions.next_open(at), sessions.next_close(at)) == (opens[index + 1], closes[index])
            assert sessions.last_close(at) == closes[index - 1]
        assert not sessions.is_open(closes[index])
        assert sessions.next_close(closes[index]) == closes[index + 1]
        assert sessions.last_close(closes[index]) == closes[index]

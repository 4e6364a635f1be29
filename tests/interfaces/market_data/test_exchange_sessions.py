"""Sessions of New York as they were, and days that real bars add up to in them."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from domain.aggregation import Coarser, aggregate, bar_closes
from domain.errors import InvalidInput
from domain.market import Bars, Timeframe, from_microseconds, to_microseconds
from domain.sessions import Sessions
from interfaces.market_data import exchange_sessions
from interfaces.market_data.exchange_sessions import ExchangeSessions
from interfaces.market_data.files import read_bars
from tests.postgres_servers import SHARED_DATA

needs_files = pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="the shared market data are not beside this checkout")

CALENDAR = ExchangeSessions()
ONE_DAY = Timeframe.parse("1d")
START, END = datetime(2020, 3, 1, tzinfo=UTC), datetime(2021, 3, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)


def sessions_between(start: datetime, end: datetime) -> Sessions:
    sessions = CALENDAR.sessions("SPY", start, end)
    assert sessions is not None
    return sessions


def closes_on(first: str, last: str) -> list[str]:
    """Return the closes on these days and between, as text in UTC."""
    start, end = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (first, last))
    closes = sessions_between(start, end).closes_within(to_microseconds(start), to_microseconds(end + A_DAY))
    return [f"{from_microseconds(close):%m-%d %H:%M}" for close in closes.tolist()]


@pytest.mark.parametrize(
    ("first", "last", "closes"),
    [
        ("2008-03-07", "2008-03-10", ["03-07 21:00", "03-10 20:00"]),
        ("2015-12-23", "2015-12-28", ["12-23 21:00", "12-24 18:00", "12-28 21:00"]),
        ("2001-09-10", "2001-09-17", ["09-10 20:00", "09-17 20:00"]),
        ("2012-10-26", "2012-10-31", ["10-26 20:00", "10-31 20:00"]),
        ("1987-10-19", "1987-10-20", ["10-19 20:00", "10-20 20:00"]),
        ("2029-12-31", "2030-01-02", ["12-31 21:00", "01-02 21:00"]),
    ],
    ids=["clocks go forward", "half day", "eleventh of September", "hurricane", "1987", "two decades"],
)
def test_sessions_close_when_they_did(first: str, last: str, closes: list[str]) -> None:
    assert closes_on(first, last) == closes


def test_a_session_opens_at_half_past_nine_in_new_york() -> None:
    sessions = sessions_between(datetime(2008, 3, 7, tzinfo=UTC), datetime(2008, 3, 10, tzinfo=UTC))
    opens = {f"{from_microseconds(moment):%Y-%m-%d %H:%M}" for moment in sessions.opens.tolist()}
    assert {"2008-03-07 14:30", "2008-03-10 13:30"} <= opens
    assert not opens & {"2008-03-08 14:30", "2008-03-09 13:30"}


@settings(deadline=None)
@given(st.integers(0, 30 * 365), st.integers(0, 400))
def test_sessions_are_known_ten_days_beyond_what_was_asked(first: int, length: int) -> None:
    start = datetime(2000, 1, 1, tzinfo=UTC) + first * A_DAY
    end = start + length * A_DAY
    sessions = sessions_between(start, end)
    assert sessions.closes[0] > sessions.opens[0]
    for moment in (start - 10 * A_DAY, end + 10 * A_DAY):
        later = from_microseconds(sessions.close_after(to_microseconds(moment)))
        assert timedelta(0) < later - moment < 8 * A_DAY


def test_years_that_nobody_knows_are_refused() -> None:
    for start, end in ((datetime(1899, 12, 31, tzinfo=UTC), END), (START, datetime(2200, 1, 1, tzinfo=UTC))):
        with pytest.raises(InvalidInput, match="sessions of SPY are known from 1900 to 2199"):
            CALENDAR.sessions("SPY", start, end)
    with pytest.raises(InvalidInput, match="not from 2021-03-01 to 2020-03-01"):
        CALENDAR.sessions("SPY", END, START)


def test_the_first_and_the_last_year_that_are_known_can_be_asked_for() -> None:
    first = sessions_between(datetime(1900, 1, 1, tzinfo=UTC), datetime(1900, 1, 2, tzinfo=UTC))
    last = sessions_between(datetime(2199, 12, 31, tzinfo=UTC), datetime(2199, 12, 31, 23, tzinfo=UTC))
    assert from_microseconds(int(first.opens[0])).year == 1890
    assert from_microseconds(int(last.closes[-1])).year == 2209


def test_a_moment_of_another_zone_is_asked_for_in_utc() -> None:
    evening = datetime(2020, 1, 20, 20, tzinfo=ZoneInfo("America/New_York"))  # twenty days later than 2020 in UTC only
    assert sessions_between(evening, evening) is sessions_between(*[evening.astimezone(UTC)] * 2)


def test_what_is_shared_cannot_be_changed() -> None:
    sessions = sessions_between(START, END)
    for column in (sessions.opens, sessions.closes):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0


def test_threads_share_what_one_of_them_computes() -> None:
    calendar = ExchangeSessions()
    with ThreadPoolExecutor(4) as threads:
        found = [one.result() for one in [threads.submit(calendar.sessions, "SPY", START, END) for _ in range(4)]]
    assert len({id(sessions) for sessions in found}) == 1


# -- kept between processes --------------------------------------------------------------------------------------------


def same(one: Sessions | None, other: Sessions) -> bool:
    return one is not None and np.array_equal(one.opens, other.opens) and np.array_equal(one.closes, other.closes)


def only_file(directory: Path) -> Path:
    (file,) = directory.iterdir()
    return file


def leave_false_sessions(directory: Path) -> Sessions:
    """Overwrite the cached sessions with others, whole, so that it shows whether they are read."""
    false = Sessions(np.array([1, 5]), np.array([2, 6]))
    exchange_sessions._write(only_file(directory), false)
    return false


def test_a_process_that_finds_kept_sessions_or_needs_none_imports_no_calendar(tmp_path: Path) -> None:
    ExchangeSessions(tmp_path).sessions("SPY", START, END)
    program = f"""
import sys
from datetime import datetime, UTC
from pathlib import Path
from interfaces.market_data.exchange_sessions import ExchangeSessions

def library_after(symbol, cache):
    ExchangeSessions(cache).sessions(symbol, datetime(2020, 3, 1, tzinfo=UTC), datetime(2021, 3, 1, tzinfo=UTC))
    return "exchange_calendars" in sys.modules

print(library_after("BTC/USD", None), library_after("SPY", Path({str(tmp_path)!r})), library_after("SPY", None))
"""
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False", "True"]


def test_kept_sessions_come_back_exactly(tmp_path: Path) -> None:
    directory = tmp_path / "made" / "when needed"
    written = ExchangeSessions(directory).sessions("SPY", START, END)

    read = ExchangeSessions(directory).sessions("QQQ", START, END)

    assert read is not written
    assert same(read, sessions_between(START, END))
    false = leave_false_sessions(directory)
    assert same(ExchangeSessions(directory).sessions("SPY", START, END), false), "the file was not read"


@pytest.mark.parametrize("damage", ["empty", "cut", "changed", "longer"])
def test_a_damaged_file_is_computed_anew(tmp_path: Path, damage: str) -> None:
    ExchangeSessions(tmp_path).sessions("SPY", START, END)
    file = only_file(tmp_path)
    whole = file.read_bytes()
    file.write_bytes({"empty": b"", "cut": whole[:-16], "changed": whole[:-1] + b"\1", "longer": whole + whole}[damage])

    with capture_logs() as logs:
        found = ExchangeSessions(tmp_path).sessions("SPY", START, END)

    assert same(found, sessions_between(START, END))
    assert only_file(tmp_path).read_bytes() == whole
    assert [(one["log_level"], one["file"]) for one in logs] == [("warning", str(file))]


def test_another_version_of_the_library_or_of_the_zone_is_computed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ExchangeSessions(tmp_path).sessions("SPY", START, END)
    leave_false_sessions(tmp_path)

    with monkeypatch.context() as patch:
        patch.setattr(exchange_sessions, "version", lambda name: f"{name} of tomorrow")
        assert same(ExchangeSessions(tmp_path).sessions("SPY", START, END), sessions_between(START, END))
    with monkeypatch.context() as patch:
        patch.setattr(exchange_sessions, "NEW_YORK", ZoneInfo("America/Bogota"))
        assert same(ExchangeSessions(tmp_path).sessions("SPY", START, END), sessions_between(START, END))
    assert len(list(tmp_path.iterdir())) == 3


def test_a_directory_that_cannot_be_used_is_done_without(tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file, not a directory")

    with capture_logs() as logs:
        found = ExchangeSessions(occupied).sessions("SPY", START, END)

    assert same(found, sessions_between(START, END))
    assert [one["event"] for one in logs] == ["sessions cannot be read", "sessions cannot be kept"]
    assert occupied.read_text() == "a file, not a directory"


# -- real bars ---------------------------------------------------------------------------------------------------------


@cache
def real_bars(name: str, symbol: str, timeframe: str) -> Bars:
    return read_bars(SHARED_DATA / name, symbol, Timeframe.parse(timeframe)).bars


def sessions_around(bars: Bars) -> Sessions:
    return sessions_between(bars.start_time, bars.end_time)


def days_of(bars: Bars) -> Coarser:
    return aggregate(bars, ONE_DAY, sessions_around(bars))


def days_by_hand(name: str, spans: list[tuple[str, str]]) -> list[tuple[float, ...]]:
    """Return open, high, low, close and volume of the rows of a CSV file whose labels lie in each span."""
    rows = [line.split(",") for line in (SHARED_DATA / name).read_text().splitlines()[1:]]
    days: list[tuple[float, ...]] = []
    for begin, end in spans:
        inside = [tuple(map(float, row[1:])) for row in rows if begin <= row[0] < end]
        opens, highs, lows, closes, volumes = zip(*inside, strict=True)
        days.append((opens[0], max(highs), min(lows), closes[-1], sum(volumes)))
    return days


MINUTE_FILES = [
    (
        "equity_shy_1m_2008-03_dst.csv",
        [("2008-03-07T14:30:00Z", "2008-03-07T21:00:00Z"), ("2008-03-10T13:30:00Z", "2008-03-10T20:00:00Z")],
    ),
    (
        "equity_goog_1m_2015-12_halfday_holiday.csv",
        [
            ("2015-12-23T14:30:00Z", "2015-12-23T21:00:00Z"),
            ("2015-12-24T14:30:00Z", "2015-12-24T18:00:00Z"),
            ("2015-12-28T14:30:00Z", "2015-12-28T21:00:00Z"),
        ],
    ),
]


@needs_files
@pytest.mark.parametrize(("name", "spans"), MINUTE_FILES, ids=["clock change", "half day"])
def test_real_minutes_add_up_to_the_sessions_of_their_days(name: str, spans: list[tuple[str, str]]) -> None:
    minutes = real_bars(name, "REAL", "1m")

    days = days_of(minutes)

    bars = days.bars
    assert [f"{from_microseconds(time):%Y-%m-%dT%H:%M:%SZ}" for time in bars.time.tolist()] == [
        span[0] for span in spans
    ]
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == days_by_hand(name, spans)
    closes = bar_closes(minutes, None)
    for day, (_, end) in enumerate(spans):
        first_seen = int(closes[np.argmax(days.newest == day)])
        assert f"{from_microseconds(first_seen):%Y-%m-%dT%H:%M:%SZ}" == end


@needs_files
@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("equity_spy_1d_1998-2021.csv", "SPY"),
        ("equity_aapl_1d_1998-2021.csv", "AAPL"),
        ("equity_yhoo_1d_1996-2015.csv", "YHOO"),
    ],
)
def test_real_days_are_the_sessions_of_the_calendar_without_one_missing(name: str, symbol: str) -> None:
    days = real_bars(name, symbol, "1d")
    sessions = sessions_around(days)

    closes = bar_closes(days, sessions)

    assert closes.tolist() == sessions.closes_within(int(days.time[0]), int(closes[-1])).tolist()


@needs_files
def test_real_hours_add_up_to_the_days_that_were_published() -> None:
    hours = real_bars("equity_spy_1h_1998-2021.parquet", "SPY", "1h")
    published = real_bars("equity_spy_1d_1998-2021.csv", "SPY", "1d")
    sessions = sessions_around(hours)

    days = aggregate(hours, ONE_DAY, sessions).bars

    assert bar_closes(days, sessions).tolist() == bar_closes(published, sessions).tolist()
    assert days.open.tolist() == published.open.tolist()
    # The publisher counts what trades after an early close, so only whole sessions can agree to the last digit.
    whole = bar_closes(days, sessions) - days.time == 390 * 60_000_000
    assert (len(whole), int(np.count_nonzero(~whole))) == (5849, 52)
    for name in ("high", "low", "close", "volume"):
        assert getattr(days, name)[whole].tolist() == getattr(published, name)[whole].tolist()
    assert (days.volume[~whole] <= published.volume[~whole]).all()

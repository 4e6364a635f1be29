"""Coarse bars are the sums of their fine bars, seen when they are closed and never changed afterwards."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.aggregation import aggregate, bar_closes
from domain.errors import BarsInvalid, InvalidInput
from domain.market import TIMEFRAMES, Bars, Timeframe, to_microseconds
from domain.sessions import Sessions

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
COLUMNS = ("time", "open", "high", "low", "close", "volume")
ONE_MINUTE, ONE_HOUR, FOUR_HOURS, ONE_DAY = (Timeframe.parse(name) for name in ("1m", "1h", "4h", "1d"))


def at(text: str) -> int:
    return to_microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


def rows_of(bars: Bars) -> list[tuple[float, ...]]:
    return list(zip(*(getattr(bars, name).tolist() for name in COLUMNS), strict=True))


def bars_of(timeframe: Timeframe, rows: Sequence[tuple[float, ...]]) -> Bars:
    time, *values = zip(*rows, strict=True) if rows else ((),) * 6
    return Bars("BTC/USD", timeframe, np.array(time, dtype=np.int64), *(np.array(column, float) for column in values))


def minutes(*texts: str, timeframe: Timeframe = ONE_MINUTE) -> Bars:
    """Return bars that open at these times, the n-th with open 100n, high 100n + 9, low 100n - 9, close 100n + 1."""
    rows = enumerate(map(at, texts), start=1)
    return bars_of(timeframe, [(time, 100 * n, 100 * n + 9, 100 * n - 9, 100 * n + 1, n) for n, time in rows])


def sessions_of(*pairs: tuple[str, str]) -> Sessions:
    return Sessions(np.array([at(opens) for opens, _ in pairs]), np.array([at(closes) for _, closes in pairs]))


# The third is a half day; the clocks of New York change before the last.
SESSIONS = sessions_of(
    ("2023-01-02 14:30", "2023-01-02 21:00"),
    ("2023-01-03 14:30", "2023-01-03 21:00"),
    ("2023-01-04 14:30", "2023-01-04 18:00"),
    ("2023-01-05 13:30", "2023-01-05 20:00"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """Fine bars with gaps, perhaps off the clock's grid, the timeframe wanted, and sessions around all of them."""

    fine: Bars
    timeframe: Timeframe
    sessions: Sessions | None

    def bucket(self, opened: int) -> tuple[int, int] | None:
        """Return begin and end of the bucket a fine bar lies in, found one session at a time."""
        if self.sessions is None or self.timeframe.name != "1d":
            begin = opened // self.timeframe.microseconds * self.timeframe.microseconds
            return begin, begin + self.timeframe.microseconds
        closed = opened + self.fine.timeframe.microseconds
        pairs = zip(self.sessions.opens.tolist(), self.sessions.closes.tolist(), strict=True)
        return next(((begin, end) for begin, end in pairs if begin < closed and end > opened), None)


@st.composite
def cases(draw: st.DrawFn, *, sessions_only: bool = False) -> Case:
    fine = Timeframe.parse(draw(st.sampled_from(TIMEFRAMES[:-1])))
    coarser = TIMEFRAMES[TIMEFRAMES.index(fine.name) + 1 :]
    timeframe = Timeframe.parse("1d" if sessions_only else draw(st.sampled_from(coarser)))
    # Steps of a few bars and of about a bucket, from a begin near the end of a bucket.
    few = st.integers(1, 4)
    many = st.integers(1, 2 * timeframe.seconds // fine.seconds)
    steps = draw(st.lists(few | many, min_size=0, max_size=40))
    begin = at("2023-01-01") + draw(st.integers(-10, 10)) * fine.microseconds
    shift = draw(st.sampled_from([0, 0, fine.microseconds // 2]))
    times = begin + shift + np.cumsum([0, *steps], dtype=np.int64) * fine.microseconds
    prices = draw(st.lists(st.tuples(*[st.integers(1, 50)] * 4), min_size=len(times), max_size=len(times)))
    rows = [
        (float(time), one[0], max(one), min(one), one[1], float(one[2] % 7))
        for time, one in zip(times.tolist(), prices, strict=True)
    ]
    sessions = None
    if sessions_only or draw(st.booleans()):
        days = np.arange(times[0] // DAY - 2, times[-1] // DAY + 3) * DAY
        opens = days + draw(st.sampled_from([0, 13 * HOUR + 30 * MINUTE, 14 * HOUR + 31 * MINUTE]))
        lengths = draw(st.lists(st.sampled_from([3, 6, 9]), min_size=len(days), max_size=len(days)))
        sessions = Sessions(opens, opens + np.array(lengths) * HOUR)
    return Case(bars_of(fine, rows), timeframe, sessions)


any_case = cases() | cases(sessions_only=True)


@given(any_case)
def test_coarse_bars_are_those_of_a_loop_over_the_fine_ones(case: Case) -> None:
    expected: dict[int, list[float]] = {}
    for time, opened, high, low, close, volume in rows_of(case.fine):
        bucket = case.bucket(int(time))
        if bucket is None:
            continue
        bar = expected.setdefault(bucket[0], [opened, high, low, close, 0.0])
        bar[1:] = [max(bar[1], high), min(bar[2], low), close, bar[4] + volume]

    coarse = aggregate(case.fine, case.timeframe, case.sessions).bars

    assert rows_of(coarse) == [(begin, *bar) for begin, bar in expected.items()]
    assert (coarse.symbol, coarse.timeframe) == (case.fine.symbol, case.timeframe)
    assert [getattr(coarse, name).dtype for name in COLUMNS] == [np.int64] + [np.float64] * 5
    if len(coarse):
        coarse.require_valid()


@given(any_case)
def test_a_coarse_bar_is_seen_from_the_first_close_at_or_after_its_end(case: Case) -> None:
    begun: list[tuple[int, int]] = []
    expected = []
    for time in case.fine.time.tolist():
        bucket = case.bucket(time)
        if bucket is not None and bucket not in begun:
            begun.append(bucket)
        closed = time + case.fine.timeframe.microseconds
        expected.append(sum(end <= closed for _, end in begun) - 1)

    newest = aggregate(case.fine, case.timeframe, case.sessions).newest

    assert newest.tolist() == expected
    assert newest.dtype == np.int64


@given(any_case)
def test_bars_to_come_change_nothing_that_was_seen(case: Case) -> None:
    whole = aggregate(case.fine, case.timeframe, case.sessions)
    for count in range(1, len(case.fine)):
        part = bars_of(case.fine.timeframe, rows_of(case.fine)[:count])
        before = aggregate(part, case.timeframe, case.sessions)
        seen = int(before.newest[-1]) + 1

        np.testing.assert_array_equal(before.newest, whole.newest[:count])
        assert rows_of(before.bars)[:seen] == rows_of(whole.bars)[:seen]


@given(cases())
def test_every_fine_bar_is_in_exactly_one_bucket_of_the_clock(case: Case) -> None:
    coarse = aggregate(case.fine, case.timeframe).bars
    begins = coarse.time[:, None]

    inside = (case.fine.time >= begins) & (case.fine.time < begins + case.timeframe.microseconds)

    assert inside.sum(axis=0).tolist() == [1] * len(case.fine)
    assert (inside.sum(axis=1) > 0).all()
    assert coarse.volume.sum() == case.fine.volume.sum()
    assert coarse.high.max() == case.fine.high.max()
    assert coarse.low.min() == case.fine.low.min()
    assert (coarse.time % case.timeframe.microseconds == 0).all()


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=200))
def test_volumes_with_fractions_are_conserved_to_the_last_digits(volumes: list[float]) -> None:
    rows = [(float(place * MINUTE), 1.0, 1.0, 1.0, 1.0, volume) for place, volume in enumerate(volumes)]

    coarse = aggregate(bars_of(ONE_MINUTE, rows), ONE_HOUR).bars

    for place, volume in enumerate(coarse.volume.tolist()):
        assert math.isclose(volume, math.fsum(volumes[60 * place : 60 * place + 60]), rel_tol=1e-14)


def test_a_bucket_with_its_last_bars_missing_is_closed_by_the_next_bar() -> None:
    fine = minutes("2023-01-01 00:57", "2023-01-01 00:58", "2023-01-01 03:10", "2023-01-01 03:59")

    coarser = aggregate(fine, ONE_HOUR)

    assert coarser.newest.tolist() == [-1, -1, 0, 1]
    assert rows_of(coarser.bars) == [
        (at("2023-01-01 00:00"), 100, 209, 91, 201, 3),
        (at("2023-01-01 03:00"), 300, 409, 291, 401, 7),
    ], "nothing is invented for the hours between"


def test_a_bar_that_closes_with_its_bucket_shows_it() -> None:
    fine = minutes("2023-01-01 03:58", "2023-01-01 03:59", "2023-01-01 04:00")
    assert aggregate(fine, ONE_HOUR).newest.tolist() == [-1, 0, 0]
    assert aggregate(fine, FOUR_HOURS).newest.tolist() == [-1, 0, 0]


def test_days_of_markets_that_never_close_begin_at_midnight_utc() -> None:
    fine = minutes("2023-01-01 23:59", "2023-01-02 00:00", "2023-01-02 23:59")

    coarser = aggregate(fine, ONE_DAY)

    assert coarser.bars.time.tolist() == [at("2023-01-01"), at("2023-01-02")]
    assert coarser.newest.tolist() == [0, 0, 1]


def test_a_day_of_an_exchange_is_its_session_without_what_trades_outside() -> None:
    fine = minutes(
        "2023-01-03 14:29",  # before the open
        "2023-01-03 14:30",
        "2023-01-03 20:59",
        "2023-01-03 21:00",  # the closing auction
        "2023-01-04 14:30",
        "2023-01-04 17:58",  # the last bar of a half day, its last minute without a trade
        "2023-01-04 18:30",
        "2023-01-05 13:30",  # an hour earlier in UTC
        "2023-01-05 19:59",
    )

    coarser = aggregate(fine, ONE_DAY, SESSIONS)

    assert rows_of(coarser.bars) == [
        (at("2023-01-03 14:30"), 200, 309, 191, 301, 5),
        (at("2023-01-04 14:30"), 500, 609, 491, 601, 11),
        (at("2023-01-05 13:30"), 800, 909, 791, 901, 17),
    ]
    assert coarser.newest.tolist() == [-1, -1, 0, 0, 0, 0, 1, 1, 2]


def test_an_hour_in_which_the_session_opens_is_its_first() -> None:
    fine = minutes("2023-01-03 13:00", "2023-01-03 14:00", "2023-01-03 20:00", "2023-01-03 21:00", timeframe=ONE_HOUR)

    coarser = aggregate(fine, ONE_DAY, SESSIONS)

    assert rows_of(coarser.bars) == [(at("2023-01-03 14:30"), 200, 309, 191, 301, 5)]
    assert coarser.newest.tolist() == [-1, -1, 0, 0]


def test_hours_of_an_exchange_are_those_of_the_clock() -> None:
    fine = minutes("2023-01-03 14:29", "2023-01-03 14:30", "2023-01-03 21:00", "2023-01-04 14:59")

    coarser = aggregate(fine, ONE_HOUR, SESSIONS)

    assert coarser.bars.time.tolist() == [at("2023-01-03 14:00"), at("2023-01-03 21:00"), at("2023-01-04 14:00")]
    assert coarser.newest.tolist() == [-1, -1, 0, 2]


def test_a_timeframe_of_the_bars_themselves_gives_those_very_bars() -> None:
    for timeframe in (ONE_HOUR, ONE_DAY):
        fine = minutes("2023-01-03 05:00", "2023-01-04 05:00", timeframe=timeframe)

        coarser = aggregate(fine, timeframe, SESSIONS)

        assert coarser.bars is fine
        assert coarser.newest.tolist() == [0, 1]


def test_no_bars_give_no_bars() -> None:
    for sessions in (None, SESSIONS):
        coarser = aggregate(bars_of(ONE_MINUTE, []), ONE_DAY, sessions)
        assert (rows_of(coarser.bars), coarser.newest.tolist()) == ([], [])


def test_bars_that_all_trade_outside_the_sessions_make_no_day() -> None:
    coarser = aggregate(minutes("2023-01-03 21:00", "2023-01-03 23:59"), ONE_DAY, SESSIONS)
    assert (rows_of(coarser.bars), coarser.newest.tolist()) == ([], [-1, -1])


def test_every_timeframe_is_made_of_every_finer_one_and_of_no_coarser() -> None:
    for place, name in enumerate(TIMEFRAMES):
        fine = minutes("2023-01-01 00:00", timeframe=Timeframe.parse(name))
        for wanted in TIMEFRAMES[place:]:
            assert aggregate(fine, Timeframe.parse(wanted)).bars.timeframe.name == wanted
        for wanted in TIMEFRAMES[:place]:
            with pytest.raises(InvalidInput, match=f"bars of {wanted} cannot be made of bars of {name}"):
                aggregate(fine, Timeframe.parse(wanted))


def test_bars_that_overlap_are_refused_by_their_row() -> None:
    fine = minutes("2023-01-01 00:00", "2023-01-01 01:00", "2023-01-01 01:30", timeframe=ONE_HOUR)
    with pytest.raises(BarsInvalid, match=r"row 3 \(2023-01-01T01:30:00Z\): opens before the 1h of the row above"):
        aggregate(fine, FOUR_HOURS)


@pytest.mark.parametrize("text", ["2023-01-02 14:29", "2023-01-05 20:00"])
def test_days_are_not_made_where_the_sessions_are_not_known(text: str) -> None:
    with pytest.raises(InvalidInput, match="known from 2023-01-02T14:30:00Z to 2023-01-05T20:00:00Z, not at"):
        aggregate(minutes(text), ONE_DAY, SESSIONS)


def test_a_bar_closes_its_length_after_its_open() -> None:
    for timeframe, length in ((ONE_MINUTE, MINUTE), (FOUR_HOURS, 4 * HOUR), (ONE_DAY, DAY)):
        bars = minutes("2023-01-03 00:00", "2023-01-05 00:00", timeframe=timeframe)
        assert (bar_closes(bars, None) - bars.time).tolist() == [length, length]


def test_a_minute_of_an_exchange_closes_its_length_after_its_open() -> None:
    bars = minutes("2023-01-03 14:30", "2023-01-03 22:00")
    assert (bar_closes(bars, SESSIONS) - bars.time).tolist() == [MINUTE, MINUTE]


@pytest.mark.parametrize("label", ["00:00", "05:00", "14:30"], ids=["midnight UTC", "midnight New York", "open"])
def test_a_day_of_an_exchange_closes_with_its_session_however_it_is_labelled(label: str) -> None:
    bars = minutes(f"2023-01-03 {label}", f"2023-01-04 {label}", timeframe=ONE_DAY)

    assert bar_closes(bars, SESSIONS).tolist() == [at("2023-01-03 21:00"), at("2023-01-04 18:00")]

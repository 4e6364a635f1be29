"""Sessions answer for the stretch of time they know, and refuse to guess beyond it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from domain.sessions import Sessions, is_always_open


def sessions_of(*pairs: tuple[int, int]) -> Sessions:
    opens, closes = zip(*pairs, strict=True)
    return Sessions(np.array(opens, dtype=np.int64), np.array(closes, dtype=np.int64))


@st.composite
def any_sessions(draw: st.DrawFn) -> Sessions:
    """Sessions of odd lengths, some of which open the moment the one before closes, some of them before 1970."""
    lengths = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=12))
    edges = np.cumsum([[gap, length] for gap, length in lengths]) + draw(st.integers(-60, 60))
    return Sessions(edges[0::2], edges[1::2])


def moments_known(sessions: Sessions) -> st.SearchStrategy[int]:
    return st.integers(int(sessions.opens[0]), int(sessions.closes[-1]) - 1)


WEEK = sessions_of((100, 200), (300, 350), (350, 450))


@pytest.mark.parametrize(
    ("moment", "close"), [(100, 200), (199, 200), (200, 350), (250, 350), (349, 350), (350, 450), (449, 450)]
)
def test_the_close_after_a_moment_is_later_than_it(moment: int, close: int) -> None:
    assert WEEK.close_after(moment) == close
    assert WEEK.closes_after(np.array([moment])).tolist() == [close]


@pytest.mark.parametrize("moment", [99, 450, 451])
def test_a_close_beyond_what_is_known_is_not_guessed(moment: int) -> None:
    with pytest.raises(InvalidInput, match="known from 1970-01-01T00:00:00Z to 1970-01-01T00:00:00Z, not at"):
        WEEK.close_after(moment)
    with pytest.raises(InvalidInput, match="known from"):
        WEEK.closes_after(np.array([150, moment, 150]))
    with pytest.raises(InvalidInput, match="known from"):
        WEEK.overlapped(np.array([150, moment, 150]), 10)


def test_an_unknown_moment_is_named() -> None:
    day = sessions_of((1_451_053_800_000_000, 1_451_066_400_000_000))
    message = "from 2015-12-25T14:30:00Z to 2015-12-25T18:00:00Z, not at 2015-12-26T00:00:00Z"
    with pytest.raises(InvalidInput, match=message):
        day.closes_within(1_451_053_800_000_000, 1_451_088_000_000_000)


def test_closes_within_leave_the_start_out_and_take_the_end_in() -> None:
    assert WEEK.closes_within(200, 350).tolist() == [350]
    assert WEEK.closes_within(199, 349).tolist() == [200]
    assert WEEK.closes_within(200, 200).tolist() == []
    assert WEEK.closes_within(100, 450).tolist() == [200, 350, 450]
    for start, end in ((99, 200), (100, 451)):
        with pytest.raises(InvalidInput, match="known from"):
            WEEK.closes_within(start, end)


def test_an_interval_that_only_touches_a_session_is_not_in_it() -> None:
    starts = np.array([200, 199, 289, 290, 291, 349, 350])
    assert WEEK.overlapped(starts, 10).tolist() == [-1, 0, -1, -1, 1, 1, 2]


def test_nothing_asked_is_nothing_answered() -> None:
    none = np.array([], dtype=np.int64)
    assert WEEK.closes_after(none).tolist() == []
    assert WEEK.overlapped(none, 10).tolist() == []


@given(st.data(), any_sessions(), st.integers(1, 20))
def test_answers_are_those_of_a_search_through_all_sessions(
    data: st.DataObject, sessions: Sessions, length: int
) -> None:
    moments = data.draw(st.lists(moments_known(sessions), min_size=1, max_size=20))
    pairs = list(zip(sessions.opens.tolist(), sessions.closes.tolist(), strict=True))

    later = [next(close for _, close in pairs if close > moment) for moment in moments]
    shared = [
        next((at for at, (opens, closes) in enumerate(pairs) if opens < moment + length and closes > moment), -1)
        for moment in moments
    ]
    start, end = min(moments), max(moments)

    assert sessions.closes_after(np.array(moments)).tolist() == later
    assert [sessions.close_after(moment) for moment in moments] == later
    assert sessions.overlapped(np.array(moments), length).tolist() == shared
    assert sessions.closes_within(start, end).tolist() == [close for _, close in pairs if start < close <= end]


@pytest.mark.parametrize(
    "pairs",
    [
        [(100, 100)],
        [(100, 90)],
        [(100, 200), (199, 300)],
        [(300, 400), (100, 200)],
    ],
    ids=["empty", "backwards", "overlapping", "newest first"],
)
def test_what_cannot_be_sessions_is_refused(pairs: list[tuple[int, int]]) -> None:
    with pytest.raises(InvalidInput, match="not overlap"):
        sessions_of(*pairs)


def test_sessions_need_an_open_for_each_close() -> None:
    for opens, closes in (([], []), ([1, 5], [2])):
        with pytest.raises(InvalidInput, match="as many opens as closes"):
            Sessions(np.array(opens, dtype=np.int64), np.array(closes, dtype=np.int64))


@pytest.mark.parametrize(
    ("symbol", "always_open"), [("BTC/USD", True), ("EUR/USD", True), ("SPY", False), ("BRK.B", False)]
)
def test_pairs_never_close_and_anything_else_trades_in_sessions(symbol: str, *, always_open: bool) -> None:
    assert is_always_open(symbol) == always_open

"""The rate limit: never more than allowed, never more than the exchange says is left, cancels before everything."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from interfaces.alpaca_wire.rate_limit import LONGEST_PAUSE, LONGEST_WINDOW, RESERVE, RateLimit, TokenBucket

STEPS = st.lists(st.tuples(st.floats(0, 30), st.booleans(), st.integers(1, 40)), min_size=1, max_size=40)
SMALL = st.integers(1, 300)


@given(SMALL, STEPS)
def test_in_any_stretch_of_time_no_more_is_granted_than_the_limit_allows(
    limit: int, steps: list[tuple[float, bool, int]]
) -> None:
    bucket, now, granted = TokenBucket(0.0, limit), 0.0, list[float]()
    for pause, is_urgent, asked in steps:
        now += pause
        granted += [now for _ in range(asked) if not bucket.take(now, is_urgent=is_urgent)]
    for number, first in enumerate(granted):
        for more, last in enumerate(granted[number:], 1):
            assert more <= limit + (last - first) * limit / 60 + 1e-6


@given(SMALL, STEPS)
def test_waiting_as_long_as_it_says_is_enough(limit: int, steps: list[tuple[float, bool, int]]) -> None:
    bucket, now = TokenBucket(0.0, limit), 0.0
    for pause, is_urgent, asked in steps:
        now += pause
        for _ in range(asked):
            wait = bucket.take(now, is_urgent=is_urgent)
            assert wait >= 0.0
            if wait:
                now += wait
                assert bucket.take(now, is_urgent=is_urgent) < 1e-6


@given(st.integers(RESERVE + 1, 300), STEPS)
def test_cancels_always_find_what_is_kept_for_them(limit: int, steps: list[tuple[float, bool, int]]) -> None:
    bucket, now = TokenBucket(0.0, limit), 0.0
    for pause, _, asked in steps:
        now += pause
        for _ in range(asked * 10):
            bucket.take(now)
    assert [bucket.take(now, is_urgent=True) for _ in range(RESERVE)] == [0.0] * RESERVE


@given(st.integers(0, 250), st.floats(0.1, 60), STEPS)
def test_no_more_is_granted_than_the_exchange_says_is_left(
    left: int, ends_in: float, steps: list[tuple[float, bool, int]]
) -> None:
    bucket, now, granted = TokenBucket(0.0), 0.0, 0
    bucket.told(0.0, 200, left, ends_in)
    for pause, is_urgent, asked in steps:
        now += pause
        if now < ends_in:
            granted += sum(not bucket.take(now, is_urgent=is_urgent) for _ in range(asked))
    assert granted <= left


def test_answers_that_overtake_each_other_do_not_raise_what_is_left() -> None:
    bucket = TokenBucket(0.0)
    bucket.told(0.0, 200, 1, 30.0)
    bucket.told(0.1, 200, 5, 29.9)
    assert not bucket.take(1.0, is_urgent=True)
    assert bucket.take(1.0, is_urgent=True) > 28.0


def test_a_new_window_of_the_exchange_replaces_the_old_one() -> None:
    bucket = TokenBucket(0.0)
    bucket.told(0.0, 200, 0, 30.0)
    bucket.told(1.0, 200, 199, 59.0)
    assert not bucket.take(1.0)


def test_a_refusal_is_respected_to_its_end_by_cancels_too() -> None:
    bucket = TokenBucket(0.0)
    bucket.refused(10.0, 20.0)
    assert bucket.take(10.0) == bucket.take(10.0, is_urgent=True) == 20.0
    assert not bucket.take(30.0)


def test_a_refusal_that_does_not_say_for_how_long_is_waited_out_longer_each_time() -> None:
    bucket, now, waits = TokenBucket(0.0), 0.0, []
    for _ in range(8):
        bucket.refused(now, None)
        waits.append(bucket.take(now))
        now += waits[-1]
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, *[LONGEST_PAUSE] * 3]
    bucket.told(now, 200, 100, 60.0)
    bucket.refused(now, None)
    assert bucket.take(now) == 1.0


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_no_clock_of_an_exchange_stops_the_requests_for_long(first: float, second: float) -> None:
    bucket = TokenBucket(0.0)
    bucket.told(0.0, 200, 0, first)
    bucket.refused(0.0, second)
    assert bucket.take(0.0) <= LONGEST_WINDOW


def test_a_limit_that_the_exchange_lowers_holds_at_once() -> None:
    bucket = TokenBucket(0.0)
    bucket.told(0.0, 3, None, None)
    assert [not bucket.take(0.0, is_urgent=True) for _ in range(4)] == [True, True, True, False]


def test_whoever_waits_for_a_place_gets_it_or_is_told_at_once_that_there_is_none() -> None:
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds

    limit = RateLimit(60, clock=lambda: now[0], pause=pause)
    while limit.acquire(0.0):
        pass
    assert now[0] == 0.0
    assert limit.acquire(5.0)
    assert 0.0 < now[0] <= 5.0
    assert limit.acquire(0.0, is_urgent=True)
    limit.refused(30.0)
    before = now[0]
    assert not limit.acquire(29.0, is_urgent=True)
    assert now[0] == before


def test_threads_that_wait_together_share_the_places() -> None:
    limit = RateLimit(6000)
    granted = list[bool]()
    threads = [
        threading.Thread(target=lambda: granted.extend(limit.acquire(5.0) for _ in range(750))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert granted == [True] * 6000

"""Whether a run keeps up, as whoever scrapes it is told."""

from datetime import UTC, datetime, timedelta

from application.run_watch import RunWatch
from domain.market import Timeframe

NOON, MINUTE = datetime(2026, 1, 5, 12, 0, tzinfo=UTC), Timeframe.parse("1m")


class SetClock:
    """A clock that stands where it was set."""

    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        return self.moment


def test_nothing_is_overdue_before_the_next_boundary_and_from_then_on_it_grows() -> None:
    clock = SetClock()
    watch = RunWatch(clock)
    assert watch.overdue is None
    watch.idle(MINUTE)
    told: list[float | None] = []
    for seconds in (0, 59, 60, 61, 600):
        clock.moment = NOON + timedelta(seconds=seconds)
        told.append(watch.overdue)
    assert told == [0, 0, 0, 1, 540]
    watch.saw(NOON + timedelta(minutes=10), MINUTE)
    assert watch.overdue == 0


def test_boundaries_without_bars_are_counted_until_one_has_some() -> None:
    watch = RunWatch(SetClock())
    counted = []
    for bars in (1, 0, 0, 2, 0):
        watch.heard(bars)
        counted.append(watch.barren)
    assert counted == [0, 1, 2, 0, 1]


def test_a_run_that_fails_at_every_boundary_is_overdue_until_it_deals_with_one() -> None:
    clock = SetClock()
    watch = RunWatch(clock)
    watch.saw(NOON, MINUTE)
    clock.moment = NOON + timedelta(seconds=62)
    watch.stumbled()
    for seconds in (75, 100, 135):
        clock.moment = NOON + timedelta(seconds=seconds)
        watch.idle(MINUTE)
    assert watch.overdue == 75
    watch.saw(NOON + timedelta(minutes=2), MINUTE)
    assert watch.overdue == 0
    clock.moment = NOON + timedelta(minutes=3, seconds=20)
    watch.idle(MINUTE)  # a boundary that was too late to be traded on is behind it
    assert watch.overdue == 0

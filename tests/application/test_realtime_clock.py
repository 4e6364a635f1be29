"""Boundaries of real time: each once, never early, missed ones counted, whatever the machine's clock does."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from application.clock import Passed, RealtimeClock, WallClock, boundary_after
from domain.market import TIMEFRAMES, Timeframe, from_microseconds, to_microseconds

START = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
SECOND, MINUTE = Timeframe.parse("1s"), Timeframe.parse("1m")
NEVER = threading.Event()
FOR_EVER = 1e9


@dataclass
class World:
    """A clock and a way to wait that a test drives. jumps: by how much the wall clock moves at which waited second.

    oversleep: seconds every wait takes longer than it was told.
    """

    wall: datetime = START
    monotonic_seconds: float = 0.0
    oversleep: float = 0.001
    jumps: dict[float, timedelta] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.monotonic_seconds

    def wait(self, woken: threading.Event, seconds: float) -> bool:
        if woken.is_set():
            return True
        self.pass_time(seconds + self.oversleep)
        return False

    def pass_time(self, seconds: float) -> None:
        self.monotonic_seconds += seconds
        self.wall += timedelta(seconds=seconds)
        for due in [one for one in self.jumps if one <= self.monotonic_seconds]:
            self.wall += self.jumps.pop(due)


def ticks(world: World, timeframe: Timeframe, count: int, busy: float = 0.0) -> list[Passed]:
    """The next boundaries as one who waits sees them, busy for some seconds after each."""
    clock, seen, last = RealtimeClock(world, world), list[Passed](), None
    for _ in range(count):
        passed = clock.wait(timeframe, last, NEVER, FOR_EVER)
        assert passed is not None
        seen.append(passed)
        last = passed.boundary
        world.pass_time(busy)
    return seen


@pytest.mark.parametrize("name", TIMEFRAMES)
def test_every_timeframe_is_aligned_to_midnight(name: str) -> None:
    timeframe = Timeframe.parse(name)
    seen = ticks(World(), timeframe, 3)
    assert [one.boundary for one in seen] == [
        boundary_after(START, timeframe) + number * timeframe.duration for number in range(3)
    ]
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    assert all(not (one.boundary - midnight) % timeframe.duration for one in seen)


def test_a_boundary_is_never_early_and_hardly_late() -> None:
    for one in ticks(World(), SECOND, 600):
        assert 0 <= one.lateness <= 0.05
        assert one.missed == 0


def test_work_that_takes_most_of_a_bar_costs_no_boundary() -> None:
    seen = ticks(World(), SECOND, 50, busy=0.9)
    assert [one.missed for one in seen] == [0] * 50


def test_work_that_takes_longer_than_a_bar_is_told_as_missed_boundaries() -> None:
    seen = ticks(World(), SECOND, 4, busy=2.6)
    assert [one.missed for one in seen] == [0, 2, 2, 2] or [one.missed for one in seen][1:] == [2, 2, 3]
    assert {one.because for one in seen[1:]} == {"nobody was watching"}
    assert [one.boundary for one in seen] == sorted({one.boundary for one in seen})


def test_a_machine_that_slept_for_eight_hours_trades_no_bar_of_the_past() -> None:
    world = World(jumps={70.0: timedelta(hours=8)})
    seen = ticks(world, MINUTE, 4)
    slept = seen[1]
    assert slept.boundary > START + timedelta(hours=8)
    assert slept.lateness < 0.05
    assert slept.missed >= 8 * 60 - 2
    assert slept.because == "the clock jumped by +28800.0 s"
    assert seen[2].boundary == slept.boundary + MINUTE.duration


def test_a_clock_set_back_by_an_hour_repeats_no_boundary() -> None:
    world = World(jumps={90.0: -timedelta(hours=1)})
    clock = RealtimeClock(world, world)
    first = clock.wait(MINUTE, None, NEVER, FOR_EVER)
    assert first is not None
    second = clock.wait(MINUTE, first.boundary, NEVER, FOR_EVER)
    assert second is not None
    assert second.boundary == first.boundary + MINUTE.duration
    assert world.monotonic() > 3600, "the hour is waited for: it was traded already"
    assert clock.jumps == 1
    assert clock.last_jump == pytest.approx(-3600, abs=1)


def test_a_clock_set_forward_by_an_hour_tells_what_was_missed() -> None:
    world = World(jumps={70.0: timedelta(hours=1)})
    seen = ticks(world, MINUTE, 4)
    assert sum(one.missed for one in seen) == 60
    assert len({one.boundary for one in seen}) == 4


def test_it_waits_no_longer_than_asked_and_not_at_all_when_woken() -> None:
    world, woken = World(), threading.Event()
    clock = RealtimeClock(world, world)
    assert clock.wait(MINUTE, None, woken, 1.0) is None
    assert 1.0 <= world.monotonic() < 2.0
    woken.set()
    assert clock.wait(MINUTE, None, woken, FOR_EVER) is None
    assert world.monotonic() < 2.0


def test_lateness_is_kept_for_whoever_measures() -> None:
    world = World(oversleep=0.03)
    clock = RealtimeClock(world, world)
    last = None
    for _ in range(5):
        passed = clock.wait(SECOND, last, NEVER, FOR_EVER)
        assert passed is not None
        last = passed.boundary
        assert clock.lateness == passed.lateness
    assert 0 < clock.worst_lateness < 0.04


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["1s", "5s", "1m", "5m"]),
    st.lists(st.floats(0, 500), min_size=1, max_size=8),
    st.floats(0, 0.2),
)
def test_whatever_delays_it_boundaries_ascend_and_none_is_unaccounted_for(
    start: datetime, name: str, pauses: list[float], oversleep: float
) -> None:
    world, timeframe = World(wall=start, oversleep=oversleep), Timeframe.parse(name)
    clock, last = RealtimeClock(world, world), None
    for pause in pauses:
        passed = clock.wait(timeframe, last, NEVER, FOR_EVER)
        assert passed is not None
        assert to_microseconds(passed.boundary) % timeframe.microseconds == 0
        assert passed.boundary <= world.now()
        assert passed.lateness <= RealtimeClock.tolerated(timeframe).total_seconds()
        if last is not None:
            assert passed.boundary == last + (passed.missed + 1) * timeframe.duration
        last = passed.boundary
        world.pass_time(pause)


def test_the_wall_clock_is_the_machines() -> None:
    with freeze_time("2026-01-02T03:04:05Z"):
        assert WallClock().now() == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_boundary_is_after_the_moment_never_at_it() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert boundary_after(noon, MINUTE) == noon + MINUTE.duration
    assert boundary_after(noon - from_microseconds(1).resolution, MINUTE) == noon

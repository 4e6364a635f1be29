"""The process of a session: replaced when it dies or does not decide, a few times, and trusted again when it does."""

from uuid import UUID

import pytest

from application.session_keeper import DECISION_SECONDS, FIRST_DECISION_SECONDS, MAX_LAUNCHES, SessionKeeper
from tests.fakes import ControlledClock


class Process:
    """A session's process that does what the test says."""

    def __init__(self) -> None:
        self.code: int | None = None

    def poll(self) -> int | None:
        return self.code

    def interrupt(self) -> None:
        self.code = 4

    def kill(self) -> None:
        self.code = self.code or -9

    def complaint(self) -> str:
        return "Traceback"


class Launcher:
    """Launches such processes."""

    def __init__(self) -> None:
        self.launched: list[Process] = []

    def launch(self, run_id: UUID) -> Process:
        self.launched.append(Process())
        return self.launched[-1]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ControlledClock:
    clock = ControlledClock()
    monkeypatch.setattr("application.session_keeper.monotonic", clock.seconds)
    return clock


@pytest.fixture
def launcher() -> Launcher:
    return Launcher()


@pytest.fixture
def keeper(launcher: Launcher) -> SessionKeeper:
    keeper = SessionKeeper(UUID(int=1), launcher, lambda message, **fields: None)
    assert keeper.attend() is None
    return keeper


def test_a_process_gets_time_to_start_before_its_first_decision(
    keeper: SessionKeeper, launcher: Launcher, clock: ControlledClock
) -> None:
    keeper.ticked()
    clock.advance(FIRST_DECISION_SECONDS - 1)
    assert keeper.attend() is None
    assert len(launcher.launched) == 1
    clock.advance(2)
    assert keeper.attend() is None
    assert [one.code for one in launcher.launched] == [-9, None]


def test_a_process_that_has_decided_may_not_hang_for_long(
    keeper: SessionKeeper, launcher: Launcher, clock: ControlledClock
) -> None:
    keeper.ticked()
    keeper.decided()
    keeper.ticked()
    clock.advance(DECISION_SECONDS - 1)
    keeper.attend()
    assert len(launcher.launched) == 1
    clock.advance(2)
    keeper.attend()
    assert len(launcher.launched) == 2


def test_failures_in_a_row_are_counted_and_a_decision_begins_the_count_anew(
    keeper: SessionKeeper, launcher: Launcher, clock: ControlledClock
) -> None:
    for _ in range(MAX_LAUNCHES - 1):
        launcher.launched[-1].code = 1
        assert keeper.attend() is None
    keeper.ticked()
    keeper.decided()
    for _ in range(MAX_LAUNCHES - 1):
        launcher.launched[-1].code = 1
        assert keeper.attend() is None
    launcher.launched[-1].code = 1
    assert keeper.attend() == f"the session's process ended with exit code 1, {MAX_LAUNCHES} times in a row"

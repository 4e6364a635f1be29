"""A session that ended is told of by what ended it, and started anew: a few times in a row, no more."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from application.session_keeper import LEFT_ALONE, MAX_LAUNCHES, OVERTAKEN, SessionKeeper
from domain.ids import new_id

CRASHED = 1


@dataclass
class EndedByCode:
    """A process that ends with a code when it is told to. Implements `SessionProcess`."""

    code: int | None = None
    awaits: str | None = None

    def poll(self) -> int | None:
        return self.code

    def last_sign(self) -> float | None:
        return None

    def interrupt(self) -> None:
        self.code = self.code or 0

    def kill(self) -> None:
        self.code = -9

    def complaint(self) -> str:
        return "its last words"


@dataclass
class Launches:
    """Implements `SessionLauncher`; keeps what it has started."""

    started: list[EndedByCode] = field(default_factory=list)

    def launch(self, run_id: UUID, *, again: bool = False) -> EndedByCode:
        assert again == bool(self.started)
        self.started.append(EndedByCode())
        return self.started[-1]


class Kept:
    """A keeper, what it started and what it told."""

    def __init__(self) -> None:
        self.launches = Launches()
        self.told: list[str] = []
        self.is_over = False
        self.keeper = SessionKeeper(new_id(), self.launches, 15.0, self.report, lambda: self.is_over)
        assert self.keeper.attend() is None

    def report(self, message: str, level: str = "info", **fields: Any) -> None:
        self.told.append(message if level == "info" else f"{level}: {message}")

    def ends(self, code: int) -> str | None:
        """Let the newest process end; return what the keeper says then."""
        self.launches.started[-1].code = code
        return self.keeper.attend()


@pytest.mark.parametrize(
    ("code", "told"), [(CRASHED, "session died"), (LEFT_ALONE, "session left"), (OVERTAKEN, "session overtaken")]
)
def test_a_session_that_ended_is_told_of_and_started_anew(code: int, told: str) -> None:
    kept = Kept()
    assert kept.ends(code) is None
    assert kept.told == ["session started", f"warning: {told}", "session started"]
    assert len(kept.launches.started) == 2


@pytest.mark.parametrize("code", [CRASHED, LEFT_ALONE, OVERTAKEN])
def test_it_is_given_up_after_a_few_in_a_row(code: int) -> None:
    kept = Kept()
    answers = [kept.ends(code) for _ in range(MAX_LAUNCHES)]
    assert answers[:-1] == [None] * (MAX_LAUNCHES - 1)
    assert f"{MAX_LAUNCHES} times in a row" in str(answers[-1])
    assert kept.keeper.attend() == answers[-1], "it stays given up"
    assert len(kept.launches.started) == MAX_LAUNCHES


def test_while_ticks_are_decided_by_whomever_nothing_is_given_up() -> None:
    kept = Kept()
    for _ in range(3 * MAX_LAUNCHES):
        kept.keeper.ticked()
        assert kept.ends(OVERTAKEN) is None
        kept.keeper.decided()
    assert kept.told.count("warning: session overtaken") == 3 * MAX_LAUNCHES


def test_a_session_that_ends_with_its_run_is_not_missed() -> None:
    kept = Kept()
    kept.is_over = True
    assert kept.ends(0) is None
    assert kept.told == ["session started"]

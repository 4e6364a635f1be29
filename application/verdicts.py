"""What came of a check of a strategy, and how two trials are held against each other."""

from collections.abc import Sequence
from datetime import datetime
from time import perf_counter
from typing import Literal

import msgspec

from application.strategy_trial import Step
from domain.market import from_microseconds

type CheckName = Literal["look_ahead", "warm_up", "determinism", "parameters"]
type Outcome = Literal["ok", "failed", "unsure", "skipped"]

NOTHING_DECIDED = "it decided nothing on these bars: give others, or more"
_NOTHING = "nothing"


class Difference(msgspec.Struct, frozen=True):
    """The first step that differs. at: the close of its bar, UTC. one, other: what each of the two trials has there."""

    at: datetime
    one: str
    other: str

    @property
    def moment(self) -> str:
        """The close of the bar, for people."""
        return f"{self.at:%Y-%m-%d %H:%M:%S} UTC"


class Verdict(msgspec.Struct, frozen=True):
    """What came of one check, in one plain line, with its figures and whatever else is worth knowing."""

    check: CheckName
    outcome: Outcome
    message: str
    figures: dict[str, int | float] = {}
    difference: Difference | None = None
    notes: tuple[str, ...] = ()


def first_difference(one: Sequence[Step], other: Sequence[Step]) -> Difference | None:
    """Return the first step that is not the same in both, None if there is none."""
    for place in range(max(len(one), len(other))):
        mine, its = (steps[place] if place < len(steps) else None for steps in (one, other))
        if mine is not None and its is not None and mine.at == its.at and mine.state == its.state:
            continue
        at = min(step.at for step in (mine, its) if step is not None)
        said = ["" if step is None or step.at > at else step.what for step in (mine, its)]
        if mine is not None and its is not None and said[0] == said[1]:
            # what people are told is the same: only all of it tells them apart
            said = [mine.state, its.state]
        return Difference(from_microseconds(at), said[0] or _NOTHING, said[1] or _NOTHING)
    return None


class Patience:
    """So many seconds from now on."""

    def __init__(self, seconds: float) -> None:
        self.deadline = perf_counter() + seconds

    @property
    def is_over(self) -> bool:
        """Whether they have passed."""
        return perf_counter() > self.deadline

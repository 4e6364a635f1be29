"""A sweep: one strategy over many combinations of its parameters, and its trials."""

import hashlib
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from domain.errors import InvalidInput, Refused
from domain.events import Aggregate, Event
from domain.figures import StatisticFigure
from domain.objective import Constraint, FigureValue, Objective
from domain.run import ParameterValue, RunCreated
from domain.search_space import Dimension, combination, combinations
from domain.walk_forward import WalkForwardWindow

type SearchMethod = Literal["grid", "random", "tpe"]
METHODS: tuple[SearchMethod, ...] = ("grid", "random", "tpe")
type TrialPart = Literal["whole", "in_sample", "out_of_sample"]
_VERSION_8 = 0x8 << 76
_VARIANT = 0b10 << 62


class SweepStatus(StrEnum):
    """Where a sweep is in its life."""

    RUNNING = "running"
    STOPPED = "stopped"
    COMPLETED = "completed"
    ERROR = "error"


class TrialStatus(StrEnum):
    """Where a trial is in its life."""

    RUNNING = "running"
    COMPLETED = "completed"
    PRUNED = "pruned"
    ERROR = "error"


class WalkForward(msgspec.Struct, frozen=True):
    """How a sweep walks forward: parameters are chosen on `in_sample` days and then traded on the `out_of_sample` ones.

    anchored: every in-sample part begins where the bars do.
    """

    in_sample: int
    out_of_sample: int
    anchored: bool = False


class SweepCreated(Event, frozen=True, kw_only=True):
    """A sweep was described, and is wanted to be run.

    run: what all its trials have in common; its parameters are those that are not varied. dimensions: what is varied.
    trials: how many in each window. objective, constraints: which of them is best. seed: of the search. pruning:
    whether trials that look hopeless half-way are given up.
    """

    TOPIC: ClassVar[str] = "sweep.created"

    name: str
    run: RunCreated
    dimensions: tuple[Dimension, ...]
    method: SearchMethod
    trials: int
    objective: Objective
    constraints: tuple[Constraint, ...] = ()
    seed: int = 0
    pruning: bool = False
    walk_forward: WalkForward | None = None


class SweepStarted(Event, frozen=True, kw_only=True):
    """The bars of the sweep were read for the first time.

    bars: how many, over all symbols. bars_hash: SHA-256 of each symbol's bars; whoever joins must have the same.
    windows: the steps of its walk, oldest first.
    """

    TOPIC: ClassVar[str] = "sweep.started"

    bars: int
    bars_hash: dict[str, str]
    windows: tuple[WalkForwardWindow, ...] = ()


class SweepStopped(Event, frozen=True, kw_only=True):
    """Somebody stopped the sweep; trials that were at work are forgotten, those that had ended are kept."""

    TOPIC: ClassVar[str] = "sweep.stopped"


class SweepResumed(Event, frozen=True, kw_only=True):
    """Somebody wants a stopped sweep to go on."""

    TOPIC: ClassVar[str] = "sweep.resumed"


class SweepCompleted(Event, frozen=True, kw_only=True):
    """Every trial has ended.

    best: number of the best trial of all, or of the last window, none where no trial counts. guards: what speaks for
    and against it being more than luck. walk: figures of the out-of-sample parts put together, empty without a walk.
    """

    TOPIC: ClassVar[str] = "sweep.completed"

    best: int | None
    guards: dict[str, StatisticFigure]
    walk: dict[str, StatisticFigure]


class SweepFailed(Event, frozen=True, kw_only=True):
    """The sweep cannot go on. code: as in the REST contract."""

    TOPIC: ClassVar[str] = "sweep.error"

    code: str
    message: str


class TrialStarted(Event, frozen=True, kw_only=True):
    """A trial was given its parameters; a process is at work on it, or died while it was.

    number: from 0 in the sweep. window: from 0 in the walk. start_time, end_time: the part of the bars it trades, none
    for no bound.
    """

    TOPIC: ClassVar[str] = "trial.started"

    sweep_id: UUID
    number: int
    parameters: dict[str, ParameterValue]
    window: int = 0
    part: TrialPart = "whole"
    start_time: datetime | None = None
    end_time: datetime | None = None


class TrialEnded(Event, frozen=True, kw_only=True):
    """How a trial ended. number: from 0 in the sweep."""

    sweep_id: UUID
    number: int


class TrialCompleted(TrialEnded, frozen=True, kw_only=True):
    """A trial reached the end of its bars.

    figures: its statistics that are numbers, without their bases; a run of the same parameters has the same. steps:
    the objective after each tenth of the bars, where a search asks. times, equity: daily equity of an out-of-sample
    part. engine_seconds: wall-clock time of trading.
    """

    TOPIC: ClassVar[str] = "trial.completed"

    bars: int
    orders: int
    fills: int
    trades: int
    final_equity: Decimal
    figures: dict[str, FigureValue]
    engine_seconds: float
    steps: tuple[float | None, ...] = ()
    times: tuple[datetime, ...] = ()
    equity: tuple[float, ...] = ()

    def all_figures(self) -> dict[str, FigureValue]:
        """Return the statistics and the counts by name."""
        counts = {"orders": self.orders, "fills": self.fills, "trades": self.trades}
        return {**self.figures, **counts, "final_equity": str(self.final_equity)}


class TrialPruned(TrialEnded, frozen=True, kw_only=True):
    """A trial was given up: after so many tenths of the bars it looked worse than the others did. steps: the objective
    after each.
    """

    TOPIC: ClassVar[str] = "trial.pruned"

    steps: tuple[float | None, ...]


class TrialFailed(TrialEnded, frozen=True, kw_only=True):
    """A trial ended by an error: of the strategy, or because its process died again and again."""

    TOPIC: ClassVar[str] = "trial.error"

    code: str
    message: str


class Sweep(Aggregate):
    """A sweep folded from its own events; its trials have streams of their own."""

    TOPIC: ClassVar[str] = "sweep"

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.description: SweepCreated | None = None
        self.status = SweepStatus.RUNNING
        self.started: SweepStarted | None = None
        self.failure: SweepFailed | None = None

    @property
    def created(self) -> SweepCreated:
        """The event that described the sweep."""
        if self.description is None:
            raise TypeError(f"stream {self.id} does not begin with {SweepCreated.TOPIC}")
        return self.description

    def start(self, at: datetime, bars: int, bars_hash: dict[str, str], windows: tuple[WalkForwardWindow, ...]) -> None:
        """Record what it is run over. The same again changes nothing; raise InvalidInput for other bars."""
        if self.started is None:
            self.trigger(SweepStarted(at=at, bars=bars, bars_hash=bars_hash, windows=windows))
        elif self.started.bars_hash != bars_hash:
            raise InvalidInput("the bars here are not those the sweep began with: it cannot be continued with them")

    def stop(self, at: datetime) -> None:
        """Let no trial begin any more. Stopping a stopped sweep changes nothing; raise Refused if it has ended."""
        self._require(SweepStatus.RUNNING, SweepStatus.STOPPED, to_be="stopped")
        if self.status is SweepStatus.RUNNING:
            self.trigger(SweepStopped(at=at))

    def resume(self, at: datetime) -> None:
        """Let a stopped sweep go on. Resuming a running one changes nothing; raise Refused if it has ended."""
        self._require(SweepStatus.RUNNING, SweepStatus.STOPPED, to_be="resumed")
        if self.status is SweepStatus.STOPPED:
            self.trigger(SweepResumed(at=at))

    def complete(
        self, at: datetime, best: int | None, guards: dict[str, StatisticFigure], walk: dict[str, StatisticFigure]
    ) -> None:
        """Record its end; raise Refused unless it is running."""
        self._require(SweepStatus.RUNNING, to_be="completed")
        self.trigger(SweepCompleted(at=at, best=best, guards=guards, walk=walk))

    def fail(self, at: datetime, code: str, message: str) -> None:
        """Record that it cannot go on; raise Refused unless it is running."""
        self._require(SweepStatus.RUNNING, to_be="ended")
        self.trigger(SweepFailed(at=at, code=code, message=message))

    def apply(self, event: Event) -> None:
        """Change the state as the event says."""
        match event:
            case SweepCreated():
                self.description = event
            case SweepStarted():
                self.started = event
            case SweepStopped():
                self.status = SweepStatus.STOPPED
            case SweepResumed():
                self.status = SweepStatus.RUNNING
            case SweepCompleted():
                self.status = SweepStatus.COMPLETED
            case SweepFailed():
                self.status, self.failure = SweepStatus.ERROR, event
            case _:
                raise TypeError(f"{type(event).__name__} is no event of a sweep")

    def _require(self, *statuses: SweepStatus, to_be: str) -> None:
        if self.status not in statuses:
            raise Refused(f"sweep {self.id} cannot be {to_be}: it is {self.status}", status=self.status)


class Trial(Aggregate):
    """A trial folded from its events."""

    TOPIC: ClassVar[str] = "trial"

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.started: TrialStarted | None = None
        self.ended: TrialEnded | None = None

    def start(self, started: TrialStarted) -> None:
        """Give it its parameters; raise Refused if it has some."""
        if self.started is not None:
            raise Refused(f"trial {started.number} was started before")
        self.trigger(started)

    def end(self, ended: TrialEnded) -> None:
        """Record how it ended; raise Refused if it was not started or has ended."""
        if self.started is None or self.ended is not None:
            raise Refused(f"trial {ended.number} {'has ended' if self.ended else 'was not started'}")
        self.trigger(ended)

    def apply(self, event: Event) -> None:
        """Change the state as the event says."""
        match event:
            case TrialStarted():
                self.started = event
            case TrialEnded():
                self.ended = event
            case _:
                raise TypeError(f"{type(event).__name__} is no event of a trial")


def trial_stream_id(sweep_id: UUID, number: int) -> UUID:
    """Return the stream of a sweep's trial: the same whoever runs it, so that nobody's result is recorded twice."""
    value = int.from_bytes(hashlib.sha256(sweep_id.bytes + number.to_bytes(8)).digest()[:16])
    return UUID(int=value & ~(0xF << 76) & ~(0b11 << 62) | _VERSION_8 | _VARIANT)


def trials_in_window(dimensions: tuple[Dimension, ...], asked: int | None, method: SearchMethod) -> int:
    """Return how many trials there are in each window: all combinations of a grid, else as many as asked for.

    A search over listed values alone has no more trials than they have combinations. Raises InvalidInput where the
    method and the number do not go together.
    """
    if method == "grid":
        if asked is not None:
            raise InvalidInput("a grid has a trial for each combination: leave the number of trials out")
        return combinations(dimensions)
    if asked is None or not 1 <= asked <= MAX_TRIALS:
        raise InvalidInput(f"say how many trials the search may take, 1 to {MAX_TRIALS:,}")
    if all(one.is_listed for one in dimensions):
        return min(asked, combinations(dimensions))
    return asked


MAX_TRIALS = 10_000


def place_of_trial(created: SweepCreated, started: SweepStarted, number: int) -> tuple[int, TrialPart]:
    """Return the window of a trial and which part of it it trades; in a walk the last one of a window is out of it."""
    if not started.windows:
        return 0, "whole"
    window, place = divmod(number, created.trials + 1)
    return window, "out_of_sample" if place == created.trials else "in_sample"


def trial_count(in_a_window: int, windows: int) -> int:
    """Return how many trials there are in all: of each window one more, out of sample; without windows no more."""
    return (in_a_window + 1) * windows if windows else in_a_window


def gridded(created: SweepCreated, started: SweepStarted, number: int) -> dict[str, ParameterValue]:
    """Return the varied parameters of a grid's trial that is not out of sample."""
    place = number % (created.trials + 1) if started.windows else number
    return combination(created.dimensions, place)


def run_of_trial(run: RunCreated, trial: TrialStarted) -> RunCreated:
    """Return the run a trial is: what all have in common, its own parameters in place, over its part of the bars."""
    start = run.start_time if trial.start_time is None else trial.start_time
    end = run.end_time if trial.end_time is None else trial.end_time
    return msgspec.structs.replace(
        run, parameters={**run.parameters, **trial.parameters}, start_time=start, end_time=end
    )

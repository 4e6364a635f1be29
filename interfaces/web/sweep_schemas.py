"""Sweeps and their trials as they cross the wire."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from application.sweeps import MAX_IN_SAMPLE_DAYS, MAX_OUT_OF_SAMPLE_DAYS, MAX_SEED
from domain.objective import Direction, FigureValue
from domain.run import ParameterValue
from domain.search_space import MAX_DIMENSIONS
from domain.sweep import MAX_TRIALS, SearchMethod, SweepStatus, TrialPart, TrialStatus
from interfaces.web.queries import MAX_PAGE_SIZE, Paged, Read
from interfaces.web.run_schemas import CostsOut, Figure, Traded
from interfaces.web.values import (
    MAX_WHOLE,
    Answered,
    DecimalOut,
    Given,
    LongText,
    MomentOut,
    ParameterName,
    Text,
)
from projections.sweeps import TrialOrder

MOST_POINTS = 10_000

EXAMPLE: JsonDict = {
    "strategy_id": "sma_cross",
    "symbols": ["BTC/USD"],
    "timeframe": "1h",
    "start_time": "2024-01-01T00:00:00Z",
    "end_time": "2024-03-01T00:00:00Z",
    "vary": {"fast": "5:20:5", "slow": "30,60,90"},
    "objective": "sharpe_ratio",
    "constraints": ["max_drawdown<=0.2"],
}


class WalkForwardTerms(Given):
    """Parameters are chosen on so many days and traded on the next so many, again and again."""

    in_sample: Annotated[int, Field(ge=1, le=MAX_IN_SAMPLE_DAYS, description="In days.")]
    out_of_sample: Annotated[int, Field(ge=1, le=MAX_OUT_OF_SAMPLE_DAYS, description="In days.")]
    anchored: Annotated[bool, Field(description="Every in-sample part begins where the bars do.")] = False


class NewSweep(Traded):
    """What a sweep is created from: what all its trials have in common, and what is varied. It needs a time range."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    vary: Annotated[
        dict[ParameterName, LongText],
        Field(
            min_length=1,
            max_length=MAX_DIMENSIONS,
            description="By parameter the values it takes: `5:50:5` (from, to, step; both ends included) or `a,b,c`; "
            "of a search also `0.01:1` and `0.001:1:log`.",
        ),
    ]
    method: SearchMethod = "grid"
    trials: Annotated[
        int | None,
        Field(ge=1, le=MAX_TRIALS, description="Of a search, in each window; a grid tries all combinations."),
    ] = None
    objective: Annotated[Text, Field(description="The statistic by which trials are ranked.")] = "sharpe_ratio"
    direction: Direction = "maximize"
    constraints: Annotated[
        tuple[Text, ...], Field(max_length=50, description="What a trial must hold to count, as `max_drawdown<=0.2`.")
    ] = ()
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0
    pruning: Annotated[bool, Field(description="Give up trials that look hopeless half-way.")] = False
    walk_forward: WalkForwardTerms | None = None

    @model_validator(mode="after")
    def _has_a_range(self) -> Self:
        if self.start_time is None or self.end_time is None:
            raise ValueError("a sweep needs start_time and end_time")
        return self


class SweepQuery(Paged):
    """Which sweeps to list."""

    status: SweepStatus | None = None
    strategy_id: Text | None = None


class Dimension(Answered):
    """What a parameter is varied over: `values`, or the range from `low` to `high`, both included."""

    name: str
    values: tuple[ParameterValue, ...] = ()
    low: str | None = None
    high: str | None = None
    log: bool = False


class ConstraintOut(Answered):
    """What a figure of a trial must hold."""

    figure: str
    relation: str
    bound: float


class WalkForwardOut(Answered):
    """How the sweep walks forward, in days."""

    in_sample: int
    out_of_sample: int
    anchored: bool


class WalkWindow(Answered):
    """Parameters are chosen on `[start, split)` and traded on `[split, end)`."""

    start: MomentOut
    split: MomentOut
    end: MomentOut


class SweepFault(Answered):
    """Why a sweep or a trial ended by an error."""

    code: str
    message: str


class Sweep(Answered):
    """A sweep as it stands.

    `trials` is how many there are in all, null before its bars were read; `completed`, `pruned` and `failed` are those
    that have ended. `best` is the number of the best trial so far, of a walk in its newest window, and `best_value` its
    objective. `guards` says, once it is completed, how much of the best may be luck; `walk` what the out-of-sample
    parts came to. `position` is that of its own last event.
    """

    id: UUID
    name: str
    strategy_id: str
    strategy_version: str
    status: SweepStatus
    symbols: list[str]
    timeframe: str
    config: dict[str, Any]
    initial_cash: DecimalOut
    costs: CostsOut
    start_time: MomentOut | None
    end_time: MomentOut | None
    dimensions: list[Dimension]
    method: SearchMethod
    objective: str
    direction: Direction
    constraints: list[ConstraintOut]
    seed: int
    pruning: bool
    walk_forward: WalkForwardOut | None
    trials_a_window: int
    windows: list[WalkWindow]
    bars: int | None
    trials: int | None
    completed: int
    pruned: int
    failed: int
    best: int | None
    best_value: float | None
    guards: dict[str, Figure] | None
    walk: dict[str, Figure] | None
    error: SweepFault | None
    created_at: MomentOut
    ended_at: MomentOut | None
    position: int


class StitchedCurve(Answered):
    """Daily equity of the out-of-sample parts, each going on with what the one before left; in quote currency."""

    times: list[MomentOut]
    equity: list[float]


class SweepInFull(Sweep):
    """A sweep as it stands, with the equity of its walk: null until every out-of-sample part was traded to its end."""

    stitched: StitchedCurve | None


class TrialQuery(Read):
    """Which trials to list, and in which order."""

    order: Annotated[
        TrialOrder, Field(description="`best`: those that count first, those that miss a constraint after them.")
    ] = "number"
    status: TrialStatus | None = None
    part: TrialPart | None = None
    window: Annotated[int, Field(ge=0, le=MAX_WHOLE, description="Of a walk, from 0.")] | None = None
    page: Annotated[int, Field(ge=1, le=1_000_000, description="Number of the page, from 1.")] = 1
    page_size: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)] = 50


class SurfaceQuery(Read):
    """Of which window of a walk to show the trials; of all unless said."""

    window: Annotated[int, Field(ge=0, le=MAX_WHOLE, description="Of a walk, from 0.")] | None = None


class TrialPoint(Answered):
    """Where a trial lies in the space that was searched.

    `value` is its objective; `feasible` says whether it holds every constraint.
    """

    number: int
    window: Annotated[int, Field(validation_alias="window_number")]
    status: TrialStatus
    parameters: Annotated[dict[str, ParameterValue], Field(examples=[{"fast": 10, "slow": 60}])]
    value: float | None
    feasible: bool | None


class Trial(TrialPoint):
    """A trial. Its `figures` are the statistics that are numbers; a run of the same parameters has the same."""

    part: TrialPart
    start_time: MomentOut | None
    end_time: MomentOut | None
    orders: int | None
    fills: int | None
    trades: int | None
    final_equity: DecimalOut | None
    figures: Annotated[dict[str, FigureValue] | None, Field(examples=[{"sharpe_ratio": 1.2, "max_drawdown": 0.031}])]
    engine_seconds: float | None
    error: SweepFault | None
    started_at: MomentOut
    ended_at: MomentOut | None


class Trials(Answered):
    """One page of a sweep's trials."""

    items: list[Trial]
    total: int
    page: int
    page_size: int


class Surface(Answered):
    """The trials of a sweep that were searched, the best first; out-of-sample ones are none of them.

    Of more than 10,000 the best; `total` is how many there are.
    """

    items: list[TrialPoint]
    total: int


class Promotion(Given):
    """What becomes of a trial: a run with this name, started at once or not."""

    start: bool = False
    name: Text | None = None


class SweepAccepted(Answered):
    """A command that was recorded; what comes of it shows in the sweep and on the event stream."""

    sweep_id: UUID
    position: int

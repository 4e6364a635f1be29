"""Runs as they cross the wire."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from application.runs import MAX_WARMUP_BARS
from domain.market import TIMEFRAMES
from domain.periods import PeriodLength
from domain.run import MODES, Mode, RunStatus
from domain.venues import GENERIC, VENUES
from interfaces.web.queries import Paged, Read, ReadPast
from interfaces.web.values import (
    MAX_WHOLE,
    Answered,
    CatalogName,
    DecimalIn,
    DecimalOut,
    Given,
    LongText,
    MomentIn,
    MomentOut,
    ParameterIn,
    ParameterName,
    Text,
)
from projections.equity import MOST_POINTS

MAX_POINTS = 10_000

EXAMPLE: JsonDict = {
    "strategy_id": "sma_cross",
    "mode": "backtest",
    "symbols": ["BTC/USD"],
    "timeframe": "1h",
    "config": {"fast": 10, "slow": 30},
    "initial_cash": "100000",
    "costs": {"commission_bps": "10"},
    "start_time": "2024-01-01T00:00:00Z",
    "end_time": "2024-03-01T00:00:00Z",
}


FORK_EXAMPLE: JsonDict = {"position": 1042, "parameters": {"fast": 15}, "risk": {"max_drawdown": "0.1"}, "start": True}


class CostsIn(Given):
    """What trading costs; what is left out is as the venue has it. Rates in basis points of the traded price."""

    commission_bps: DecimalIn | None = None
    slippage_bps: DecimalIn | None = None
    maker_bps: DecimalIn | None = None
    commission_per_unit: DecimalIn | None = None
    commission_per_order: DecimalIn | None = None
    fee_in_base: bool | None = None
    slippage_ticks: DecimalIn | None = None
    slippage_impact: DecimalIn | None = None


class AccountIn(Given):
    """A cash account, or a margin account that borrows and goes short."""

    kind: Literal["cash", "margin"] = "cash"
    leverage: DecimalIn | None = None
    maintenance: DecimalIn | None = None


class RiskIn(Given):
    """Limits the run may not go beyond; what is left out is no limit."""

    max_position: DecimalIn | None = None
    max_order_notional: DecimalIn | None = None
    max_open_orders: int | None = None
    max_orders_per_minute: int | None = None
    max_gross_exposure: DecimalIn | None = None
    long_only: bool = False
    max_daily_loss: DecimalIn | None = None
    max_drawdown: DecimalIn | None = None
    flatten_on_halt: bool = False
    max_bar_age_seconds: int | None = None
    cooldown_after_loss_seconds: int | None = None


class Traded(Given):
    """What is traded, how and with what: all that runs of every mode have, and the trials of a sweep."""

    strategy_id: CatalogName
    symbols: Annotated[tuple[Text, ...], Field(min_length=1, max_length=100)]
    timeframe: Annotated[Text, Field(json_schema_extra={"enum": list(TIMEFRAMES)})] = "1m"
    name: Text | None = None
    config: Annotated[dict[ParameterName, ParameterIn], Field(max_length=200, default_factory=dict)]
    initial_cash: DecimalIn | None = None
    costs: CostsIn = CostsIn()
    venue: Annotated[Text, Field(json_schema_extra={"enum": list(VENUES)})] = GENERIC
    volume_cap: Annotated[DecimalIn | None, Field(description="Percent of a bar's volume; 0 for no cap.")] = None
    account: AccountIn = AccountIn()
    risk: RiskIn = RiskIn()
    start_time: MomentIn | None = None
    end_time: MomentIn | None = None
    tags: Annotated[tuple[Text, ...], Field(max_length=50)] = ()


class NewRun(Traded):
    """What a run is created from. A backtest also needs start_time and end_time; a paper or live run takes neither."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    mode: Annotated[Text, Field(json_schema_extra={"enum": list(MODES)})]
    exchange: CatalogName | None = None
    warmup_bars: Annotated[int, Field(ge=0, le=MAX_WARMUP_BARS, description="Of a paper or live run.")] = 0
    notes: LongText = ""

    @model_validator(mode="after")
    def _backtest_has_a_range(self) -> Self:
        if self.mode == "backtest" and (self.start_time is None or self.end_time is None):
            raise ValueError("a backtest needs start_time and end_time")
        return self


class NewFork(Given):
    """What differs in a fork; what is left out is as its parent has it, and `null` turns a risk limit off.

    Another strategy has its own parameters, none of the parent's.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [FORK_EXAMPLE]})

    position: Annotated[
        int | None, Field(ge=0, le=MAX_WHOLE, description="Of an event of the run; without it, at its beginning.")
    ] = None
    name: Text | None = None
    strategy_id: CatalogName | None = None
    parameters: Annotated[dict[ParameterName, ParameterIn], Field(max_length=200, default_factory=dict)]
    costs: CostsIn = CostsIn()
    risk: RiskIn = RiskIn()
    start: Annotated[bool, Field(description="Whether to ask for it to be started at once.")] = False


class RunQuery(Paged):
    """Which runs to list."""

    status: RunStatus | None = None
    mode: Mode | None = None
    strategy_id: Text | None = None
    tag: Text | None = None


class CostsOut(Answered):
    """What trading costs. Rates in basis points of the traded price, the rest in quote currency."""

    commission_bps: DecimalOut
    slippage_bps: DecimalOut
    maker_bps: DecimalOut | None
    commission_per_unit: DecimalOut
    commission_per_order: DecimalOut
    fee_in_base: bool
    slippage_ticks: DecimalOut
    slippage_impact: DecimalOut


class AccountOut(Answered):
    """A cash account, or a margin account; leverage and maintenance concern the latter."""

    kind: Literal["cash", "margin"]
    leverage: DecimalOut
    maintenance: DecimalOut


class RunFault(Answered):
    """Why a run ended by an error, or is about to: a paper or live run has its orders cancelled first."""

    code: str
    message: str
    traceback: str | None = None


class RunFigures(Answered):
    """The figures a list of runs shows; all of them are at `/runs/{id}/stats`."""

    total_trades: int | None
    winning_trades: int | None
    total_pnl: str | int | float | None
    max_drawdown: str | int | float | None
    sharpe_ratio: str | int | float | None


class ForkedFrom(Answered):
    """What a fork begins with: up to `moment` it is the run `run_id`; null: all of it is under the fork's settings."""

    run_id: UUID
    position: int
    moment: MomentOut | None = None


class Run(Answered):
    """A run as it stands. `progress` is null unless it is a backtest; `position` is that of its last event."""

    id: UUID
    name: str
    strategy_id: str
    strategy_version: str
    mode: Literal["backtest", "paper", "live"]
    status: RunStatus
    symbols: list[str]
    timeframe: str
    exchange: str
    config: dict[str, Any]
    initial_cash: DecimalOut
    costs: CostsOut
    venue: str
    volume_cap: DecimalOut
    account: AccountOut
    risk: dict[str, Any]
    start_time: MomentOut | None
    end_time: MomentOut | None
    created_at: MomentOut
    started_at: MomentOut | None
    stopped_at: MomentOut | None
    progress: Annotated[float, Field(ge=0, le=1)] | None
    error: RunFault | None
    tags: list[str]
    notes: str
    stats: RunFigures | None
    position: int
    forked_from: ForkedFrom | None


class Figure(Answered):
    """A statistic and what it is based on; where it is undefined, `value` is null and `reason` says why."""

    value: str | int | float | None
    basis: str | None = None
    reason: str | None = None


class EquityQuery(ReadPast):
    """Which of a run's points to show. start, end: marked in [start, end)."""

    start: MomentIn | None = None
    end: MomentIn | None = None
    points: int = Field(
        MOST_POINTS,
        ge=10,
        le=MAX_POINTS,
        description="Of more points than so many, those are shown that no peak and no trough is lost without.",
    )


class EquityPoint(Answered):
    """Equity and cash in quote currency at the close of a bar."""

    time: MomentOut
    equity: DecimalOut
    cash: DecimalOut
    drawdown: Annotated[
        float,
        Field(
            description="How far equity is below its highest point so far, the initial cash included, as a fraction of "
            "that peak: 0.2 is a fall of 20 %. Of the whole curve, whatever part of it is shown.",
            examples=[0.031],
        ),
    ]


class EquityCurve(Answered):
    """The points a run has marked, oldest first."""

    total: Annotated[int, Field(description="How many were marked in the range; fewer may be shown.")]
    items: list[EquityPoint]


class PeriodQuery(Read):
    """How long the periods are."""

    by: PeriodLength = "month"


class PeriodOfRun(Answered):
    """What a run made in a day, month or year of the calendar, UTC: `[start, end)`. Amounts in quote currency.

    A point at a period's midnight belongs to the period it ends.
    """

    start: MomentOut
    end: MomentOut
    first: Annotated[DecimalOut, Field(description="Equity at the end of the period before, or the initial cash.")]
    last: Annotated[DecimalOut, Field(description="Equity at its last point.")]
    pnl: Annotated[DecimalOut, Field(description="The difference of the two.")]
    change: Annotated[
        float | None,
        Field(
            alias="return",
            description="Last over first less 1, as a fraction: 0.01 is 1 %. Null where equity was not above zero.",
            examples=[0.031],
        ),
    ]


class PeriodsOfRun(Answered):
    """The periods in which a run has marked equity, oldest first; their returns chain to the whole."""

    by: PeriodLength
    items: list[PeriodOfRun]


class Accepted(Answered):
    """A command that was recorded; what comes of it shows in the run and on the event stream."""

    run_id: UUID
    position: int

"""Every command: what can be asked of Weaver, imperative and immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.objective import Direction
from domain.risk import RiskLimits
from domain.run import AccountSettings, BarFile, CostSettings, Mode, ParameterValue
from domain.sweep import SearchMethod, WalkForward
from domain.venues import GENERIC

CASH_ACCOUNT, NO_LIMITS = AccountSettings(), RiskLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRun:
    """Describe a run. A backtest needs start_time < end_time, or bar files, whose whole range is meant by default.

    costs, volume_cap: None for what the venue has. warmup_bars: of a paper or live run, seen before its first tick.
    """

    run_id: UUID
    strategy_id: str
    mode: Mode
    symbols: tuple[str, ...]
    timeframe: str = "1m"
    name: str | None = None
    exchange: str | None = None
    parameters: dict[str, ParameterValue] = field(default_factory=dict)
    initial_cash: Decimal = Decimal(100_000)
    costs: CostSettings | None = None
    venue: str = GENERIC
    volume_cap: Decimal | None = None
    account: AccountSettings = CASH_ACCOUNT
    risk: RiskLimits = NO_LIMITS
    start_time: datetime | None = None
    end_time: datetime | None = None
    bar_files: tuple[BarFile, ...] = ()
    warmup_bars: int = 0
    tags: tuple[str, ...] = ()
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkRun:
    """Describe a backtest that goes on where another run was, under other settings.

    parent_id: the run that is forked. position: of one of its events; None: at its beginning. strategy_id: None for the
    parent's strategy, in the version the parent has. parameters, risk, costs: what differs from the parent's, by name;
    None turns a limit off. Another strategy has its own parameters, none of the parent's. is_to_start: at once.
    """

    run_id: UUID
    parent_id: UUID
    position: int | None = None
    name: str | None = None
    strategy_id: str | None = None
    parameters: dict[str, ParameterValue] = field(default_factory=dict)
    risk: Mapping[str, object] = field(default_factory=dict)
    costs: Mapping[str, object] = field(default_factory=dict)
    is_to_start: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRun:
    """Ask for the run to be started."""

    run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRun:
    """Ask for the run to be stopped."""

    run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRun:
    """Remove an ended or never started run from sight."""

    run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRun:
    """Let the run place no new orders."""

    run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRun:
    """Let a paused run trade again."""

    run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FlattenRun:
    """Ask for everything the run holds to be closed."""

    run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """Ask for a working order to be cancelled."""

    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltTrading:
    """Throw the kill switch: no paper or live run places an order until a person resumes trading."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeTrading:
    """Release the kill switch. by: who does."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSweep:
    """Describe a sweep, and let it run.

    run: what all trials have in common, a backtest; its parameters are those that are not varied. vary: by parameter
    the values it is to take, as text. trials: of a search, in each window. constraints: as text.
    """

    sweep_id: UUID
    run: CreateRun
    vary: dict[str, str]
    method: SearchMethod = "grid"
    trials: int | None = None
    objective: str = "sharpe_ratio"
    direction: Direction = "maximize"
    constraints: tuple[str, ...] = ()
    seed: int = 0
    pruning: bool = False
    walk_forward: WalkForward | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSweep:
    """Let no trial of the sweep begin any more."""

    sweep_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeSweep:
    """Let a stopped sweep go on."""

    sweep_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteTrial:
    """Describe a run that is a trial of a sweep: its figures are the trial's, and its orders are kept."""

    sweep_id: UUID
    number: int
    run_id: UUID
    name: str | None = None


type Command = (
    CreateRun
    | ForkRun
    | StartRun
    | StopRun
    | PauseRun
    | ResumeRun
    | FlattenRun
    | DeleteRun
    | CancelOrder
    | HaltTrading
    | ResumeTrading
    | CreateSweep
    | StopSweep
    | ResumeSweep
    | PromoteTrial
)

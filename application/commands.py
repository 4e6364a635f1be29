"""Every command: what can be asked of Weaver, imperative and immutable."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.run import BarFile, CostSettings, Mode, ParameterValue

# A backtest that trades for nothing flatters its strategy: ten basis points unless said otherwise, everywhere.
DEFAULT_COSTS = CostSettings(commission_bps=Decimal(10))


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRun:
    """Describe a run. A backtest needs start_time < end_time, or bar files, whose whole range is meant by default."""

    run_id: UUID
    strategy_id: str
    mode: Mode
    symbols: tuple[str, ...]
    timeframe: str = "1m"
    name: str | None = None
    exchange: str | None = None
    parameters: dict[str, ParameterValue] = field(default_factory=dict)
    initial_cash: Decimal = Decimal(100_000)
    costs: CostSettings = DEFAULT_COSTS
    start_time: datetime | None = None
    end_time: datetime | None = None
    bar_files: tuple[BarFile, ...] = ()
    tags: tuple[str, ...] = ()
    notes: str = ""


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


type Command = CreateRun | StartRun | StopRun | DeleteRun

"""A run: one strategy on its symbols, from creation to its end."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from domain.errors import Refused, RunNotDeletable, RunNotStartable, RunNotStoppable
from domain.events import Aggregate, Event
from domain.money import ZERO

type Mode = Literal["backtest", "paper", "live"]
# Decimals travel as text; the strategy's own declaration says which texts are decimals.
type ParameterValue = str | int | float | bool
MODES: tuple[Mode, ...] = ("backtest", "paper", "live")


class RunStatus(StrEnum):
    """Where a run is in its life."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    COMPLETED = "completed"
    ERROR = "error"

    @property
    def is_final(self) -> bool:
        """Whether the run has ended."""
        return self in _FINAL


_FINAL = frozenset({RunStatus.STOPPED, RunStatus.COMPLETED, RunStatus.ERROR})


class CostSettings(msgspec.Struct, frozen=True, omit_defaults=False):
    """What trading costs: commission and slippage, both in basis points of the traded price."""

    commission_bps: Decimal = ZERO
    slippage_bps: Decimal = ZERO


class BarFile(msgspec.Struct, frozen=True):
    """A file the run reads its bars from, instead of the bar store."""

    symbol: str
    path: str


class StatisticFigure(msgspec.Struct, frozen=True, omit_defaults=True):
    """A figure and what it is based on; `value` is None where it is undefined, and `reason` says why."""

    value: str | int | float | None
    basis: str | None = None
    reason: str | None = None


class RunCreated(Event, frozen=True, kw_only=True):
    """A run was described. Everything that decides its result stands here."""

    TOPIC: ClassVar[str] = "run.created"

    name: str
    strategy_id: str
    strategy_version: str
    mode: Mode
    symbols: tuple[str, ...]
    timeframe: str
    exchange: str
    parameters: dict[str, ParameterValue]
    initial_cash: Decimal
    costs: CostSettings
    start_time: datetime | None = None
    end_time: datetime | None = None
    bar_files: tuple[BarFile, ...] = ()
    tags: tuple[str, ...] = ()
    notes: str = ""


class RunStartRequested(Event, frozen=True, kw_only=True):
    """Somebody wants the run to start; the supervisor gives it a process."""

    TOPIC: ClassVar[str] = "run.start_requested"


class RunStarted(Event, frozen=True, kw_only=True):
    """The run's process has its strategy and bars and begins.

    bars: how many, over all symbols. bars_hash: SHA-256 of each symbol's bars, so that a replay can prove its input.
    """

    TOPIC: ClassVar[str] = "run.started"

    bars: int
    bars_hash: dict[str, str]


class RunStopRequested(Event, frozen=True, kw_only=True):
    """Somebody wants the run to stop; no new orders from here on."""

    TOPIC: ClassVar[str] = "run.stop_requested"


class RunStopped(Event, frozen=True, kw_only=True):
    """The run was stopped and has no order working."""

    TOPIC: ClassVar[str] = "run.stopped"


class RunEquityMarked(Event, frozen=True, kw_only=True):
    """Points of the equity curve, oldest first: bar closes, equity and cash in quote currency."""

    TOPIC: ClassVar[str] = "run.equity_marked"

    times: tuple[datetime, ...]
    equity: tuple[Decimal, ...]
    cash: tuple[Decimal, ...]


class RunCompleted(Event, frozen=True, kw_only=True):
    """A backtest reached the end of its bars. Durations in seconds of wall-clock time."""

    TOPIC: ClassVar[str] = "run.completed"

    bars: int
    orders: int
    fills: int
    trades: int
    final_equity: Decimal
    stats: dict[str, StatisticFigure]
    load_seconds: float
    engine_seconds: float
    persist_seconds: float


class RunFailed(Event, frozen=True, kw_only=True):
    """The run ended by an error. code: as in the REST contract; traceback: of the strategy's exception."""

    TOPIC: ClassVar[str] = "run.error"

    code: str
    message: str
    traceback: str | None = None


class RunDeleted(Event, frozen=True, kw_only=True):
    """The run is gone from every list; its streams stay until retention removes them."""

    TOPIC: ClassVar[str] = "run.deleted"


class Run(Aggregate):
    """A run folded from its events."""

    TOPIC: ClassVar[str] = "run"

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.description: RunCreated | None = None
        self.status = RunStatus.PENDING
        self.start_requested = False
        self.stop_requested = False
        self.deleted = False
        self.started: RunStarted | None = None

    @property
    def created(self) -> RunCreated:
        """The event that described the run."""
        if self.description is None:
            raise TypeError(f"stream {self.id} does not begin with {RunCreated.TOPIC}")
        return self.description

    def request_start(self, at: datetime) -> None:
        """Ask for a process; raise RunNotStartable unless the run is new."""
        if self.status is not RunStatus.PENDING or self.start_requested or self.deleted:
            raise RunNotStartable(f"run {self.id} cannot be started: it is {self._state()}", status=self.status)
        self.trigger(RunStartRequested(at=at))

    def start(self, at: datetime, bars: int, bars_hash: dict[str, str]) -> None:
        """Record that the run's process begins; raise RunNotStartable unless that was asked for and not revoked."""
        if self.status is not RunStatus.PENDING or not self.start_requested or self.stop_requested or self.deleted:
            raise RunNotStartable(f"run {self.id} cannot begin: it is {self._state()}", status=self.status)
        self.trigger(RunStarted(at=at, bars=bars, bars_hash=bars_hash))

    def request_stop(self, at: datetime) -> None:
        """Ask the run to stop. Asking again changes nothing; raise RunNotStoppable if it never ran or has ended."""
        if self.stop_requested or self.status is RunStatus.STOPPED:
            return
        if self.status.is_final or not self.start_requested:
            raise RunNotStoppable(f"run {self.id} cannot be stopped: it is {self._state()}", status=self.status)
        self.trigger(RunStopRequested(at=at))

    def mark_equity(self, marked: RunEquityMarked) -> None:
        """Record points of the equity curve; raise Refused unless the run is being run."""
        self._require_running()
        self.trigger(marked)

    def complete(self, completed: RunCompleted) -> None:
        """Record that the backtest reached its end; raise Refused unless the run is being run."""
        self._require_running()
        self.trigger(completed)

    def stop(self, at: datetime) -> None:
        """Record that the run has stopped; a run that has ended stays as it is."""
        if not self.status.is_final:
            self.trigger(RunStopped(at=at))

    def fail(self, at: datetime, code: str, message: str, traceback: str | None = None) -> None:
        """Record that the run ended by an error; a run that has ended stays as it is."""
        if not self.status.is_final:
            self.trigger(RunFailed(at=at, code=code, message=message, traceback=traceback))

    def delete(self, at: datetime) -> None:
        """Remove the run from sight; raise RunNotDeletable while a process has it or is asked for."""
        if not self.status.is_final and self.start_requested:
            raise RunNotDeletable(f"run {self.id} is {self._state()}: stop it before deleting it", status=self.status)
        if not self.deleted:
            self.trigger(RunDeleted(at=at))

    def apply(self, event: Event) -> None:
        """Change the state as the event says."""
        match event:
            case RunCreated():
                self.description = event
            case RunStartRequested():
                self.start_requested = True
            case RunStarted():
                self.status, self.started = RunStatus.RUNNING, event
            case RunStopRequested():
                self.stop_requested = True
            case RunStopped():
                self.status = RunStatus.STOPPED
            case RunEquityMarked():
                pass  # points of the curve belong to the read model; the run itself does not change
            case RunCompleted():
                self.status = RunStatus.COMPLETED
            case RunFailed():
                self.status = RunStatus.ERROR
            case RunDeleted():
                self.deleted = True
            case _:
                raise TypeError(f"a run knows no event {type(event).TOPIC}")

    def _require_running(self) -> None:
        if self.status is not RunStatus.RUNNING:
            raise Refused(f"run {self.id} is not being run: it is {self._state()}", status=self.status)

    def _state(self) -> str:
        if self.deleted:
            return "deleted"
        if self.status is RunStatus.PENDING and self.start_requested:
            return "about to start"
        return str(self.status)

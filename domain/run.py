"""A run: one strategy on its symbols, from creation to its end."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Literal, Self
from uuid import UUID

import msgspec

from domain.errors import InvalidInput, Refused, RunNotDeletable, RunNotStartable, RunNotStoppable
from domain.events import Aggregate, Event
from domain.figures import StatisticFigure
from domain.fork import ForkOrigin
from domain.money import ZERO
from domain.risk import RiskLimits

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
    """What trading costs; the parts add up.

    commission_bps: of the traded notional, maker_bps instead of it for orders that rested; None: the same for both.
    commission_per_unit, commission_per_order: quote currency. fee_in_base: fees of buys are taken from what was bought.
    slippage_bps: of the price. slippage_ticks: increments of the price. slippage_impact: the fraction by which an
    order as large as its bar's volume would move the price; it grows with the square of the share.
    """

    commission_bps: Decimal = ZERO
    slippage_bps: Decimal = ZERO
    maker_bps: Decimal | None = None
    commission_per_unit: Decimal = ZERO
    commission_per_order: Decimal = ZERO
    fee_in_base: bool = False
    slippage_ticks: Decimal = ZERO
    slippage_impact: Decimal = ZERO


type AccountKind = Literal["cash", "margin"]


class AccountSettings(msgspec.Struct, frozen=True, omit_defaults=False):
    """What the account may do. A cash account neither borrows nor goes short.

    leverage: positions a margin account may open, as a multiple of its equity. maintenance: the equity it must keep, as
    a fraction of its positions; below it everything is closed.
    """

    kind: AccountKind = "cash"
    leverage: Decimal = Decimal(2)
    maintenance: Decimal = Decimal("0.25")

    @classmethod
    def leveraged(cls, leverage: Decimal) -> Self:
        """Return a margin account of that leverage; it must keep half of the equity its positions began with."""
        if not leverage.is_finite() or leverage <= 0:
            raise InvalidInput(f"leverage must be from 1 to {MAX_LEVERAGE}, not {leverage}")
        return cls("margin", leverage, (1 / (2 * leverage)).quantize(Decimal("0.0001"))).require_valid()

    def require_valid(self) -> Self:
        """Return the settings themselves; raise InvalidInput naming the one that cannot be meant."""
        if self.kind not in ACCOUNT_KINDS:
            raise InvalidInput(f"unknown account {self.kind!r}: choose one of {', '.join(ACCOUNT_KINDS)}")
        if not self.leverage.is_finite() or not 1 <= self.leverage <= MAX_LEVERAGE:
            raise InvalidInput(f"leverage must be from 1 to {MAX_LEVERAGE}, not {self.leverage}")
        if not self.maintenance.is_finite() or not 0 <= self.maintenance < 1 / self.leverage:
            raise InvalidInput(
                f"maintenance must be at least 0 and below 1/leverage, the share of equity a position begins with, "
                f"not {self.maintenance}"
            )
        return self


ACCOUNT_KINDS: tuple[AccountKind, ...] = ("cash", "margin")
MAX_LEVERAGE = 100


class BarFile(msgspec.Struct, frozen=True):
    """A file the run reads its bars from, instead of the bar store."""

    symbol: str
    path: str


class RunCreated(Event, frozen=True, kw_only=True):
    """A run was described. Everything that decides its result stands here.

    venue: whose rules the simulation follows. volume_cap: percent of a bar's volume the run may take, 0 = all.
    warmup_bars: how many bars a paper or live run sees as history before its first tick. forked_from: of a fork.
    """

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
    venue: str = "generic"
    volume_cap: Decimal = ZERO
    account: AccountSettings = AccountSettings()
    risk: RiskLimits = RiskLimits()
    start_time: datetime | None = None
    end_time: datetime | None = None
    bar_files: tuple[BarFile, ...] = ()
    tags: tuple[str, ...] = ()
    notes: str = ""
    warmup_bars: int = 0
    forked_from: ForkOrigin | None = None


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


class RunPaused(Event, frozen=True, kw_only=True):
    """The run places no new orders from here on; its open orders keep working, its positions stay."""

    TOPIC: ClassVar[str] = "run.paused"


class RunResumed(Event, frozen=True, kw_only=True):
    """A paused run may place orders again."""

    TOPIC: ClassVar[str] = "run.resumed"


class RunFlattenRequested(Event, frozen=True, kw_only=True):
    """Somebody wants everything the run holds closed, at the market."""

    TOPIC: ClassVar[str] = "run.flatten_requested"


class RunFlattened(Event, frozen=True, kw_only=True):
    """A wish to be flat was carried out: nothing of the run works any more, and closing orders were placed with this.

    request: version of the `run.flatten_requested` in the run's stream; earlier ones are met by it. orders: how many.
    """

    TOPIC: ClassVar[str] = "run.flattened"

    request: int
    orders: int


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


class RunFailure(Event, frozen=True, kw_only=True):
    """Why a run cannot go on. code: as in the REST contract; traceback: of the strategy's exception."""

    code: str
    message: str
    traceback: str | None = None


class RunFaulted(RunFailure, frozen=True, kw_only=True):
    """A paper or live run cannot go on; its orders are being cancelled, `run.error` follows once none works."""

    TOPIC: ClassVar[str] = "run.faulted"


class RunFailed(RunFailure, frozen=True, kw_only=True):
    """The run ended by an error."""

    TOPIC: ClassVar[str] = "run.error"


class RunDeleted(Event, frozen=True, kw_only=True):
    """The run is gone from every list; its streams stay until retention removes them."""

    TOPIC: ClassVar[str] = "run.deleted"


_STATUS_AFTER: tuple[tuple[type[Event], RunStatus], ...] = (
    (RunStarted, RunStatus.RUNNING),
    (RunPaused, RunStatus.PAUSED),
    (RunResumed, RunStatus.RUNNING),
    (RunStopped, RunStatus.STOPPED),
    (RunCompleted, RunStatus.COMPLETED),
    (RunFailed, RunStatus.ERROR),
)
# Points of the curve belong to the read model, and what follows a wish to be flat are orders: the run stays as it is.
_OTHERS_CONCERN = (RunEquityMarked, RunFlattenRequested, RunFlattened)


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
        self.faulted: RunFaulted | None = None

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

    def pause(self, at: datetime) -> None:
        """Let the run place no new orders. Pausing a paused run changes nothing; raise Refused unless it trades."""
        self._require_market("paused", RunStatus.RUNNING, RunStatus.PAUSED)
        if self.status is RunStatus.RUNNING:
            self.trigger(RunPaused(at=at))

    def resume(self, at: datetime) -> None:
        """Let a paused run trade again. Resuming a running one changes nothing; raise Refused for any other."""
        self._require_market("resumed", RunStatus.PAUSED, RunStatus.RUNNING)
        if self.status is RunStatus.PAUSED:
            self.trigger(RunResumed(at=at))

    def request_flatten(self, at: datetime) -> None:
        """Ask for everything the run holds to be closed; raise Refused unless it is being run."""
        self._require_market("flattened", RunStatus.RUNNING, RunStatus.PAUSED)
        self.trigger(RunFlattenRequested(at=at))

    def flatten(self, at: datetime, request: int, orders: int) -> None:
        """Record that a wish to be flat was carried out; an ended run stays as it is."""
        if not self.status.is_final:
            self.trigger(RunFlattened(at=at, request=request, orders=orders))

    def mark_equity(self, marked: RunEquityMarked) -> None:
        """Record points of the equity curve; raise Refused unless the run is being run."""
        if self.status is not RunStatus.PAUSED:
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

    def fault(self, at: datetime, code: str, message: str, traceback: str | None = None) -> None:
        """Record why a paper or live run cannot go on; the first reason stays."""
        if not self.status.is_final and self.faulted is None:
            self.trigger(RunFaulted(at=at, code=code, message=message, traceback=traceback))

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
        self.status = next((after for kind, after in _STATUS_AFTER if isinstance(event, kind)), self.status)
        match event:
            case RunCreated():
                self.description = event
            case RunStartRequested():
                self.start_requested = True
            case RunStarted():
                self.started = event
            case RunStopRequested():
                self.stop_requested = True
            case RunFaulted():
                self.faulted = event
            case RunDeleted():
                self.deleted = True
            case _ if not isinstance(event, (*(kind for kind, _ in _STATUS_AFTER), *_OTHERS_CONCERN)):
                raise TypeError(f"a run knows no event {type(event).TOPIC}")

    def _require_market(self, done: str, *allowed: RunStatus) -> None:
        """Raise Refused unless the run trades a market of now, is in one of these states, and is to stay in it."""
        if self.created.mode == "backtest":
            raise Refused(f"run {self.id} is a backtest, over in a moment: it cannot be {done}, only stopped")
        if self.status not in allowed or self.stop_requested:
            raise Refused(f"run {self.id} cannot be {done}: it is {self._state()}", status=self.status)
        if self.faulted is not None:
            reason = self.faulted.message
            raise Refused(f"run {self.id} cannot be {done}: it is ending, for {reason}", status=self.status)

    def _require_running(self) -> None:
        if self.status is not RunStatus.RUNNING:
            raise Refused(f"run {self.id} is not being run: it is {self._state()}", status=self.status)

    def _state(self) -> str:
        if self.deleted:
            return "deleted"
        if self.status is RunStatus.PENDING and self.start_requested:
            return "about to start"
        return "about to stop" if self.stop_requested and not self.status.is_final else str(self.status)

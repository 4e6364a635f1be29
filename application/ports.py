"""What the application needs of the world, as protocols; `interfaces` implements them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.market import Bars, Timeframe
from domain.parameters import ParameterSpec
from domain.run import BarFile
from domain.sessions import Sessions
from domain.strategy import Strategy


@dataclass(frozen=True, slots=True)
class StrategyDescription:
    """What is known of a strategy without running it.

    strategy_id: the name it is found by. version: the declared one and the first digits of its file's SHA-256.
    source: `bundled`, `directory`, `package` or `path`. error: why it cannot be loaded, None if it can.
    """

    strategy_id: str
    class_name: str
    version: str
    description: str
    author: str
    source: str
    parameters: tuple[ParameterSpec, ...]
    error: str | None = None


class StrategyCatalog(Protocol):
    """Finds strategies: bundled, in the user's directory, of installed packages, or by path."""

    def list(self) -> Sequence[StrategyDescription]:
        """Return every strategy found, broken ones included, by id."""
        ...

    def describe(self, strategy_id: str) -> StrategyDescription:
        """Return one strategy that can be loaded; raise StrategyNotFound with a suggestion otherwise."""
        ...

    def load(self, strategy_id: str, version: str | None = None) -> type[Strategy]:
        """Return the class itself, by running the file: only in a process that may run user code.

        Raises StrategyChanged if a version is given and the file is another one, StrategyFault if the file raises.
        """
        ...


@dataclass(frozen=True, slots=True)
class BarCoverage:
    """How many bars of a symbol and timeframe are stored, and from when (first open) to when (last close)."""

    symbol: str
    timeframe: Timeframe
    bars: int
    start_time: datetime
    end_time: datetime
    source: str


class BarSource(Protocol):
    """Where a backtest's bars come from: the store, or a file read straight."""

    def coverage(self, symbol: str, timeframe: Timeframe) -> BarCoverage | None:
        """Return what the store holds of a symbol, None for nothing."""
        ...

    def load(self, symbol: str, timeframe: Timeframe, start: datetime | None, end: datetime | None) -> Bars:
        """Return the stored bars that open in [start, end), possibly none."""
        ...

    def read_file(self, bar_file: BarFile, timeframe: Timeframe) -> Bars:
        """Return all bars of a CSV or Parquet file; raise BarsInvalid naming the row that breaks a rule."""
        ...


class RunClaims(Protocol):
    """Who looks after a run: one process over all machines, for as long as that process lives."""

    def claim(self, run_id: UUID) -> bool:
        """Return whether this process now looks after the run; False while another one does."""
        ...

    def release(self, run_id: UUID) -> None:
        """Give the run up."""
        ...

    def close(self) -> None:
        """Give everything up."""
        ...


class SessionProcess(Protocol):
    """A process that trades one run, here or on a worker's machine."""

    @property
    def awaits(self) -> str | None:
        """What keeps it from being begun, None once it is."""
        ...

    def poll(self) -> int | None:
        """Return the exit code, None while it lives."""
        ...

    def last_sign(self) -> float | None:
        """Return when it last showed that it is at work, in monotonic seconds; None while it is being loaded."""
        ...

    def interrupt(self) -> None:
        """Ask it to end soon."""
        ...

    def kill(self) -> None:
        """End it now, and wait for it."""
        ...

    def complaint(self) -> str:
        """Return the last lines it wrote to its error stream."""
        ...


class SessionLauncher(Protocol):
    """Starts the process of a run."""

    def launch(self, run_id: UUID, *, again: bool = False) -> SessionProcess:
        """Return the process, already running. again: it takes the place of one that has died."""
        ...


class JournalWatch(Protocol):
    """Tells when the journal grows."""

    def wait(self, after: int, timeout: float) -> int:
        """Return the newest position, at once if it is beyond `after`, else when it grows or `timeout` seconds pass."""
        ...

    def topics(self, after: int, upto: int) -> frozenset[str] | None:
        """Return the topics of all entries with after < position <= upto, None if it does not know them all."""
        ...


class Wakeup(Protocol):
    """Tells a session's process that there may be something new in the journal."""

    def wait(self, timeout: float) -> None:
        """Return when the journal may have grown since the last call, or when `timeout` seconds have passed."""
        ...


class ProgressSink(Protocol):
    """Hears how far a run is; nothing of it is stored."""

    def report(self, run_id: UUID, fraction: float) -> None:
        """Take note of a fraction in [0, 1]."""
        ...


class SessionCalendar(Protocol):
    """Knows when the market of a symbol trades."""

    def sessions(self, symbol: str, start: datetime, end: datetime) -> Sessions | None:
        """Return the sessions from ten days before the start or more to ten days after the end or more.

        None: the market never closes.
        Raises InvalidInput for years in which the exchange's sessions are not known.
        """
        ...

"""One backtest from its command to its result in the read models, by this process alone."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import TYPE_CHECKING
from uuid import UUID

from application.commands import CreateRun, ForkRun, PromoteTrial, StartRun, StopRun
from domain.errors import Refused, RunNotFound
from domain.event_catalogue import CATALOGUE
from domain.events import Event, JournalEntry
from domain.ids import new_id
from domain.run import RunCompleted, RunFailed, RunStopped
from interfaces.cli.opened import ACTOR
from interfaces.cli.outcomes import CommandFailed, Interrupted, one_line
from interfaces.cli.printing import notice

if TYPE_CHECKING:
    from interfaces.composition import Weaver

ENDINGS = CATALOGUE.versions(kind.TOPIC for kind in (RunCompleted, RunFailed, RunStopped))
# How often it is looked whether everything the result depends on is still at work.
SECONDS_A_LOOK = 0.5
# How long a stopped run may take to end, and how long the journal may be out of sight.
STOP_PATIENCE = 15.0
TAIL_PATIENCE = 30.0

type Told = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class BacktestEnd:
    """How a backtest ended.

    total_seconds: from its command to its end being durable. read_models_seconds: from then until they all show it.
    """

    event: Event
    position: int
    events_recorded: int
    total_seconds: float
    read_models_seconds: float


class BacktestFailed(CommandFailed):
    """The run ended by an error; traceback: the strategy's, None for an error of another kind."""

    def __init__(self, message: str, traceback: str | None) -> None:
        super().__init__(message)
        self.traceback = traceback


class _RunWatch:
    """Sees what the journal gets of one run."""

    def __init__(self, run_id: UUID, told: Told) -> None:
        self._run_id = run_id
        self._told = told
        self._ended = threading.Event()
        self.events = 0
        self.ending: JournalEntry | None = None

    def see(self, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            if entry.run_id == self._run_id:
                self.events += 1
                if entry.topic in ENDINGS:
                    self.ending = entry
                    self._ended.set()

    def progress(self, run_id: UUID, fraction: float) -> None:
        if run_id == self._run_id:
            self._told(fraction)

    def wait(self, timeout: float) -> JournalEntry | None:
        self._ended.wait(timeout)
        return self.ending


def execute(weaver: "Weaver", command: CreateRun | ForkRun | PromoteTrial, told: Told) -> BacktestEnd:
    """Create the run, trade it to its end and return that end; the parts must be composed for this run and not started.

    The run is claimed before it exists, so that no other process of this database takes it. Ctrl-C and other
    signals to end stop the run before they pass through. Raises what the command is refused for, with nothing written.
    """
    watch = _RunWatch(command.run_id, told)
    weaver.tail.subscribe(watch.see, watch.progress)
    if not weaver.claims.claim(command.run_id):
        raise CommandFailed(f"another process looks after run {command.run_id}: try again")
    weaver.start()
    began = perf_counter()
    try:
        correlation_id = str(new_id())  # one request of the user: all that follows belongs together
        for asked in (command, StartRun(run_id=command.run_id)):
            weaver.dispatch.dispatch(asked, actor=ACTOR, correlation_id=correlation_id)
        ending = _awaited(weaver, watch)
        durable = perf_counter()
        _await_read_models(weaver, ending.position)
    except (KeyboardInterrupt, Interrupted):
        _stop(weaver, watch, command.run_id)
        raise
    event = weaver.journal.catalogue.decode(ending.topic, ending.state)
    return BacktestEnd(event, ending.position, watch.events, durable - began, perf_counter() - durable)


def completed(end: BacktestEnd, run_id: UUID) -> RunCompleted:
    """Return how the run completed; raise BacktestFailed or CommandFailed if it did not."""
    match end.event:
        case RunCompleted():
            return end.event
        case RunFailed():
            raise BacktestFailed(f"run {run_id} failed: {one_line(end.event.message)}", end.event.traceback)
        case _:
            raise CommandFailed(f"run {run_id} was stopped before its end")


def _awaited(weaver: "Weaver", watch: _RunWatch) -> JournalEntry:
    deadline = monotonic() + TAIL_PATIENCE
    while (ending := watch.wait(SECONDS_A_LOOK)) is None:
        if weaver.tail.failure is None:
            deadline = monotonic() + TAIL_PATIENCE
        elif monotonic() > deadline:
            raise CommandFailed(f"the journal is out of sight: {weaver.tail.failure}")
        if weaver.neglect is not None:
            raise CommandFailed("the supervisor of the run has failed: the log above says why")
    return ending


def _await_read_models(weaver: "Weaver", position: int) -> None:
    for processor in weaver.processors:
        while not processor.wait_for(position, SECONDS_A_LOOK):
            if processor.state.name == "stopped":
                notice(f"the result is recorded, but read model {processor.name} does not show it: {processor.state}")
                break


def _stop(weaver: "Weaver", watch: _RunWatch, run_id: UUID) -> None:
    """Stop the run and wait until it has ended: nothing of it is left working."""
    if watch.wait(0) is not None:
        return
    try:
        weaver.dispatch.dispatch(StopRun(run_id=run_id), actor=ACTOR)
    except (Refused, RunNotFound):
        return  # it was not started yet, or has just ended
    deadline = monotonic() + STOP_PATIENCE
    while (ending := watch.wait(SECONDS_A_LOOK)) is None and monotonic() < deadline:
        pass
    notice(f"run {run_id} is asked to stop" if ending is None else f"run {run_id} was stopped")

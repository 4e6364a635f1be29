"""One door for commands: each goes to its handler, and is decided again when someone else was faster."""

from collections.abc import Mapping

from application.clock import Clock
from application.commands import (
    CancelOrder,
    Command,
    CreateRun,
    CreateSweep,
    DeleteRun,
    FlattenRun,
    ForkRun,
    HaltTrading,
    PauseRun,
    PromoteTrial,
    ResumeRun,
    ResumeSweep,
    ResumeTrading,
    StartRun,
    StopRun,
    StopSweep,
)
from application.exchange import ExchangeCatalog
from application.forks import ForkHandler
from application.journal import Journal
from application.kill_switch import KillSwitchHandlers
from application.orders import OrderHandlers
from application.ports import BarSource, StrategyCatalog
from application.runs import Handler, RunHandlers
from application.sweeps import SweepHandlers
from domain.errors import ConcurrentChange
from domain.events import Chain, Once
from domain.ids import new_id

MAX_ATTEMPTS = 5


class Dispatch:
    """Takes commands from anywhere and answers with the journal position of what they caused."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        catalog: StrategyCatalog,
        bars: BarSource,
        exchanges: ExchangeCatalog,
    ) -> None:
        runs = RunHandlers(journal, clock, catalog, bars, exchanges)
        orders = OrderHandlers(journal, clock)
        kill_switch = KillSwitchHandlers(journal, clock)
        sweeps = SweepHandlers(journal, clock, catalog, runs)
        self._handlers: Mapping[type[Command], Handler] = {
            CreateRun: runs.create,
            ForkRun: ForkHandler(journal, clock, catalog, bars).fork,
            StartRun: runs.start,
            StopRun: runs.stop,
            PauseRun: runs.pause,
            ResumeRun: runs.resume,
            FlattenRun: runs.flatten,
            DeleteRun: runs.delete,
            CancelOrder: orders.cancel,
            HaltTrading: kill_switch.halt,
            ResumeTrading: kill_switch.resume,
            CreateSweep: sweeps.create,
            StopSweep: sweeps.stop,
            ResumeSweep: sweeps.resume,
            PromoteTrial: sweeps.promote,
        }

    def dispatch(
        self, command: Command, *, correlation_id: str | None = None, actor: str = "weaver", once: Once | None = None
    ) -> int:
        """Return the position of the last event the command caused, or of the journal's head if it caused none.

        A version conflict alone is tried again, at most five times in all; then ConcurrentChange is raised. Every other
        error is the handler's: NotFound, InvalidInput, Refused, Unavailable. once: the key it is carried out under;
        PerformedBefore is raised if another command was. A command that is refused leaves no key behind.
        """
        command_id = str(new_id())
        chain = Chain(correlation_id or command_id, command_id, actor=actor, once=once)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                return self._handlers[type(command)](command, chain)
            except ConcurrentChange:
                if attempt == MAX_ATTEMPTS:
                    raise
        raise AssertionError("unreachable: the loop returns or raises")

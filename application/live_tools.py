"""What a paper or live run needs of its process."""

from collections.abc import Callable
from dataclasses import dataclass

from application.clock import Clock, RealtimeClock
from application.journal import Journal
from application.journal_hub import JournalHub
from application.ports import SessionCalendar, SessionLauncher

type Report = Callable[[str, dict[str, object]], None]


@dataclass(frozen=True, slots=True)
class LiveRunTools:
    """What a paper or live run needs of its process.

    bar_patience: the most seconds a boundary waits for its bars. decision_patience: those a session has to decide.
    """

    journal: Journal
    hub: JournalHub
    clock: Clock
    realtime: RealtimeClock
    launcher: SessionLauncher
    calendar: SessionCalendar
    report: Report
    bar_patience: float
    decision_patience: float

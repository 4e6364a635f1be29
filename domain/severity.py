"""How much an event matters to a person who is not looking: a table over every topic."""

from collections.abc import Mapping
from typing import Literal

from domain.event_catalogue import split_topic

type Severity = Literal["info", "warning", "critical"]
# The least first.
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")

# critical: a run trades no more; a discrepancy that stops trading is followed by a halt. warning: somebody ought to
# look within the day.
_CRITICAL = ("run.faulted", "run.error", "risk.halted")
_WARNING = (
    "run.paused",
    "run.flatten_requested",
    "run.stopped",
    "run.deleted",
    "order.outcome_unknown",
    "order.rejected",
    "order.expired",
    "risk.resumed",
    "account.discrepancy_found",
    "sweep.error",
)
_INFO = (
    "run.created",
    "run.start_requested",
    "run.started",
    "run.resumed",
    "run.flattened",
    "run.stop_requested",
    "run.equity_marked",
    "run.completed",
    "tape.backfilled",
    "tape.ticked",
    "tape.decided",
    "order.created",
    "order.submitted",
    "order.accepted",
    "order.partially_filled",
    "order.filled",
    "order.cancel_requested",
    "order.cancelled",
    "log.indicators_declared",
    "log.noted",
    "log.written",
    "account.reconciled",
    "sweep.created",
    "sweep.started",
    "sweep.stopped",
    "sweep.resumed",
    "sweep.completed",
    "trial.started",
    "trial.completed",
    "trial.pruned",
    "trial.error",
    "journal.pruned",
)
SEVERITY: Mapping[str, Severity] = {
    **dict.fromkeys(_CRITICAL, "critical"),
    **dict.fromkeys(_WARNING, "warning"),
    **dict.fromkeys(_INFO, "info"),
}


def severity_of(topic: str) -> Severity:
    """Return the severity of a topic of any version; `warning` for one that is in no table: better told than lost."""
    return SEVERITY.get(split_topic(topic)[0], "warning")


def is_at_least(severity: Severity, minimum: Severity) -> bool:
    """Return whether a severity is the minimum or above it."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(minimum)

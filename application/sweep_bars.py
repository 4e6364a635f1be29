"""The bars of a sweep: read once for all its trials, and recorded by their hashes before the first one."""

from datetime import timedelta
from uuid import UUID

from application.clock import Clock
from application.ports import BarSource, SessionCalendar
from application.run_journal import RunJournal
from application.run_market import market_of, sessions_of
from application.trial import TrialMarket
from application.trial_book import ACTOR, load_sweep
from domain.errors import ConcurrentChange, Refused
from domain.events import Chain
from domain.run import RunCreated
from domain.sweep import SweepCreated
from domain.walk_forward import WalkForwardWindow, walk_forward_windows


def trial_market(journal: RunJournal, run: RunCreated, source: BarSource, calendar: SessionCalendar) -> TrialMarket:
    """Return the bars of every symbol of the run, in their order, and the sessions; raise BarsUnavailable without."""
    bars = market_of(journal, source, run).bars
    return TrialMarket(bars, sessions_of(calendar, bars))


def begin(sweep_id: UUID, journal: RunJournal, market: TrialMarket, clock: Clock) -> None:
    """Record what the sweep is run over, unless somebody has; raise InvalidInput if that was something else.

    Raises ParameterInvalid for a walk that the bars are too short for.
    """
    hashes = {bars.symbol: bars.content_hash() for bars in market.bars}
    count = sum(len(bars) for bars in market.bars)
    while True:
        sweep = load_sweep(journal, sweep_id)
        sweep.start(clock.now(), count, hashes, windows_of(sweep.created, market))
        try:
            journal.record(sweep, run_id=sweep_id, chain=Chain(str(sweep_id), str(sweep_id), actor=ACTOR))
        except ConcurrentChange:
            continue  # somebody else has begun, or stopped it: look again
        return


def windows_of(created: SweepCreated, market: TrialMarket) -> tuple[WalkForwardWindow, ...]:
    """Return the windows of the sweep's walk over all its bars, none without a walk."""
    walk = created.walk_forward
    if walk is None:
        return ()
    start = min(bars.start_time for bars in market.bars)
    end = max(bars.end_time for bars in market.bars)
    days = (timedelta(days=walk.in_sample), timedelta(days=walk.out_of_sample))
    return tuple(walk_forward_windows(start, end, *days, anchored=walk.anchored))


def fail(sweep_id: UUID, journal: RunJournal, clock: Clock, code: str, message: str) -> None:
    """Record that the sweep cannot go on; nothing happens if it has ended or was stopped."""
    while True:
        sweep = load_sweep(journal, sweep_id)
        try:
            sweep.fail(clock.now(), code, message)
            journal.record(sweep, run_id=sweep_id, chain=Chain(str(sweep_id), str(sweep_id), actor=ACTOR))
        except ConcurrentChange:
            continue
        except Refused:
            return
        return

"""The kill switch over all paper and live runs: thrown and released by people, read from the journal alone."""

from application.clock import Clock
from application.commands import HaltTrading, ResumeTrading
from application.journal import Journal
from domain.events import Chain
from domain.risk import KILL_SWITCH, KILL_SWITCH_ID, Objection, RiskGuard, RiskHalted

WITHOUT_A_REASON = "a person halted all trading"
RESTORED = "restored"
ACTOR = "restore"


class KillSwitchHandlers:
    """What throwing and releasing it does; both change nothing the second time."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    def halt(self, command: HaltTrading, chain: Chain) -> int:
        """Throw it."""
        guard = _guard(self._journal)
        objection = Objection(KILL_SWITCH, command.reason or WITHOUT_A_REASON, {})
        guard.halt(self._clock.now(), None, objection)
        return self._journal.record(guard, run_id=None, chain=chain)

    def resume(self, command: ResumeTrading, chain: Chain) -> int:
        """Release it."""
        guard = _guard(self._journal)
        guard.resume(self._clock.now(), None, command.by)
        return self._journal.record(guard, run_id=None, chain=chain)


def halted(journal: Journal, as_of: int | None = None) -> RiskHalted | None:
    """Return why and since when no paper or live run may place orders, None while they may.

    as_of: the journal's position to look at, by default its end.
    """
    guard = RiskGuard(KILL_SWITCH_ID)
    for entry in journal.stream(KILL_SWITCH_ID):
        if as_of is None or entry.position <= as_of:
            guard.apply(journal.catalogue.decode(entry.topic, entry.state))
    return guard.halted


def halt_restored(journal: Journal, clock: Clock, message: str, position: int) -> int:
    """Throw it in a journal that is behind what has happened; return the position. What is halted already stays so.

    message: one line for people. position: where the restored journal ends.
    """
    guard = _guard(journal)
    guard.halt(clock.now(), None, Objection(RESTORED, message, {"position": str(position)}))
    return journal.record(guard, run_id=None, chain=Chain(str(KILL_SWITCH_ID), str(KILL_SWITCH_ID), actor=ACTOR))


def _guard(journal: Journal) -> RiskGuard:
    return journal.load(RiskGuard, KILL_SWITCH_ID) or RiskGuard(KILL_SWITCH_ID)

"""Runs sessions for engines on other machines: strategies and a way to the database, no broker's key."""

import threading
from collections.abc import Callable
from time import monotonic
from uuid import UUID

from application.ports import StrategyCatalog
from domain.errors import StrategyNotFound, Unavailable
from interfaces.session_offers import LOST_SECONDS, SessionOffer, SessionOffers
from interfaces.session_process import ChildLauncher, ChildProcess

BEAT_SECONDS = 0.25
ENDED_HERE = 4

type Report = Callable[[str, dict[str, object]], None]


class _Session:
    """A session at work here."""

    def __init__(self, run_id: UUID, process: ChildProcess) -> None:
        self.run_id = run_id
        self.process = process
        self.is_asked = False

    @property
    def sign_age(self) -> float | None:
        """Seconds since it showed that it is at work."""
        sign = self.process.last_sign()
        return None if sign is None else monotonic() - sign


class Worker:
    """Takes sessions that are offered, runs each in a process of its own, and tells how they are.

    A worker that has lost the database ends its sessions by the time their engine counts on it, and one whose engine is
    gone does too. room: how many sessions at once. Strategies are those of its own catalogue: a session of a strategy
    that is not there, or is another version, is left to other workers.
    """

    def __init__(
        self,
        name: str,
        room: int,
        offers: SessionOffers,
        catalog: StrategyCatalog,
        launcher: ChildLauncher,
        report: Report,
    ) -> None:
        self._name = name
        self._room = room
        self._offers = offers
        self._catalog = catalog
        self._launcher = launcher
        self._report = report
        self._sessions: dict[UUID, _Session] = {}
        self._passed_over: set[UUID] = set()
        self._heard_at = monotonic()
        self._failure = ""

    def work(self, stopping: threading.Event) -> None:
        """Work until told to stop; sessions that run then are given back, and go on elsewhere."""
        try:
            while not stopping.is_set():
                self._turn()
                stopping.wait(BEAT_SECONDS)
        finally:
            for offer_id in list(self._sessions):
                self._give_back(offer_id)
            self._offers.close()

    def _turn(self) -> None:
        asked_at = monotonic()
        try:
            self._beat()
            self._take()
            self._heard_at = asked_at
            self._failure = ""
        except Unavailable as error:
            if error.message != self._failure:
                self._report("the database is away", {"reason": error.message})
            self._failure = error.message
            if monotonic() > self._heard_at + LOST_SECONDS and self._sessions:
                self._report("sessions are ended", {"reason": "the database is away for too long"})
                for session in self._sessions.values():
                    session.process.kill()
                self._sessions.clear()

    def _beat(self) -> None:
        for offer_id, session in list(self._sessions.items()):
            if (code := session.process.poll()) is not None:
                self._offers.end(offer_id, code, session.process.complaint())
                del self._sessions[offer_id]
                self._report("session ended", {"run_id": str(session.run_id), "exit_code": code})
        if not self._sessions:
            return
        wishes = self._offers.beat({offer_id: session.sign_age for offer_id, session in self._sessions.items()})
        for offer_id, session in list(self._sessions.items()):
            wish = wishes.get(offer_id)
            if wish is None or wish.end:
                self._report("session is wanted no more", {"run_id": str(session.run_id)})
                self._give_back(offer_id)
            elif wish.stop and not session.is_asked:
                session.is_asked = True
                session.process.interrupt()

    def _take(self) -> None:
        if len(self._sessions) >= self._room:
            return
        offers = self._offers.waiting()
        self._passed_over &= {offer.id for offer in offers}
        for offer in offers:
            if len(self._sessions) < self._room and self._can_run(offer) and self._offers.take(offer.id, self._name):
                self._sessions[offer.id] = _Session(offer.run_id, self._launcher.launch(offer.run_id))
                self._report("session started", {"run_id": str(offer.run_id)})

    def _can_run(self, offer: SessionOffer) -> bool:
        if offer.id in self._passed_over:
            return False
        try:
            found = self._catalog.describe(offer.strategy_id).version
            reason = f"it is version {found} here, the run needs {offer.strategy_version}"
        except StrategyNotFound as error:
            found, reason = None, error.message
        if found == offer.strategy_version:
            return True
        self._passed_over.add(offer.id)
        self._report("session is left to others", {"run_id": str(offer.run_id), "reason": reason})
        return False

    def _give_back(self, offer_id: UUID) -> None:
        """End a session here; whoever wants it offers it again."""
        session = self._sessions.pop(offer_id)
        session.process.kill()
        try:
            self._offers.end(offer_id, ENDED_HERE, f"worker {self._name} gave it back")
        except Unavailable as error:
            self._report("nobody could be told that a session ended", {"reason": error.message})

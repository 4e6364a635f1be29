"""Sessions that workers run, seen from the engine that wants them."""

import threading
from collections.abc import Callable
from time import monotonic
from uuid import UUID

from application.journal import Journal
from application.runs import load_run
from domain.errors import Unavailable
from interfaces.session_offers import LOST_SECONDS, OfferState, SessionOffers
from interfaces.session_process import LaunchedSession

# All in seconds.
LOOK = 0.25
KILL_PATIENCE = 2.0
WORKER_GONE = 7
NOBODY_YET = "no worker has taken its session yet: is one at work that has room, and this version of the strategy?"

type Report = Callable[[str, dict[str, object]], None]


class RemoteSession:
    """Implements `SessionProcess` for one that a worker runs, as it was heard of last."""

    def __init__(self, offer_id: UUID, offers: SessionOffers) -> None:
        self.offer_id = offer_id
        self._offers = offers
        self._state = OfferState(None, 0.0, None, None, "")
        self._heard_at = monotonic()
        self._ended = threading.Event()
        self._complaint = ""
        self._code: int | None = None

    @property
    def awaits(self) -> str | None:
        """What keeps it from being begun, None once somebody has."""
        return NOBODY_YET if self._state.worker is None and self._code is None else None

    def heard(self, state: OfferState | None) -> None:
        """Take note of how it stands; None: nobody knows of it any more."""
        if self._code is not None:
            return
        if state is None:
            self._end(WORKER_GONE, "it was forgotten")
            return
        self._state, self._heard_at = state, monotonic()
        if state.exit_code is not None:
            self._end(state.exit_code, state.complaint)
        elif state.worker is not None and state.unheard > LOST_SECONDS:
            self._offers.withdraw(self.offer_id)
            self._end(WORKER_GONE, f"worker {state.worker} has not been heard of for {state.unheard:.0f} s")

    def poll(self) -> int | None:
        """Return the exit code, None while it lives."""
        return self._code

    def last_sign(self) -> float | None:
        """Return when it last showed that it is at work, in monotonic seconds; None while it is being loaded."""
        return None if self._state.sign_age is None else self._heard_at - self._state.sign_age

    def interrupt(self) -> None:
        """Ask it to end soon."""
        self._offers.ask_to_stop(self.offer_id)

    def kill(self) -> None:
        """Have it ended, and wait a moment for that: one that goes on after all is fenced by the journal."""
        if self._code is None:
            try:
                self._offers.withdraw(self.offer_id)
            except Unavailable:
                # not renewed any more, it ends by itself
                self._end(WORKER_GONE, "the database was away when it was to be ended")
            self._ended.wait(KILL_PATIENCE)
            self._end(WORKER_GONE, "it was ended")

    def complaint(self) -> str:
        """Return the last lines it wrote."""
        return self._complaint

    def _end(self, code: int, complaint: str) -> None:
        if self._code is None:
            self._code, self._complaint = code, complaint
            self._ended.set()


class WorkerLauncher:
    """Implements `SessionLauncher` by offering each session to the workers of the database.

    restarts: how many took the place of one that had died.
    """

    def __init__(self, database_url: str, journal: Journal, report: Report) -> None:
        self._offers = SessionOffers(database_url)
        self._journal = journal
        self._report = report
        self._wanted: dict[UUID, RemoteSession] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.restarts = 0

    def sessions(self) -> list[LaunchedSession]:
        """Return those that live on this machine: none."""
        return []

    def launch(self, run_id: UUID, *, again: bool = False) -> RemoteSession:
        """Return the session of a run, offered; raise DatabaseUnavailable. again: in the place of one that has died."""
        created = load_run(self._journal, run_id).created
        offer_id = self._offers.offer(run_id, created.strategy_id, created.strategy_version)
        session = RemoteSession(offer_id, self._offers)
        with self._lock:
            self.restarts += again
            self._wanted[offer_id] = session
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_looking, name="remote sessions", daemon=True)
                self._thread.start()
        return session

    def _keep_looking(self) -> None:
        """Say that the sessions are wanted and hear how they stand, for as long as there are any."""
        pause, failure = threading.Event(), ""
        while True:
            with self._lock:
                self._wanted = {one: session for one, session in self._wanted.items() if session.poll() is None}
                if not self._wanted:
                    self._thread = None
                    return
                wanted = dict(self._wanted)
            try:
                states = self._offers.renew(list(wanted))
                for offer_id, session in wanted.items():
                    session.heard(states.get(offer_id))
                failure = ""
            except Unavailable as error:
                if error.message != failure:
                    self._report("sessions of workers are out of sight", {"reason": error.message})
                failure = error.message
            pause.wait(LOOK)

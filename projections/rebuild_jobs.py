"""Rebuilds that run in threads of this process, and how far each is; seen are those of other processes too (WallE)."""

import logging
import threading
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol

from psycopg import Connection
from psycopg.rows import TupleRow

from domain.errors import one_line
from domain.event_catalogue import CATALOGUE, Catalogue
from projections.rebuild import claim, rebuild_claimed, running

STOP_PATIENCE = 10.0

log = logging.getLogger(__name__)


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class RebuildStatus:
    """What is known of a read model's rebuild.

    none: there was none since this process started. running: here or in another process. done, failed: the last one of
    this process, error saying why. position: reached of head. started_at, seconds: unknown of another process's.
    """

    state: Literal["none", "running", "done", "failed"]
    position: int | None = None
    head: int | None = None
    started_at: datetime | None = None
    seconds: float | None = None
    error: str | None = None

    @property
    def fraction(self) -> float | None:
        """How much is done, 0 to 1."""
        if self.state == "done":
            return 1.0
        if self.position is None or self.head is None:
            return None
        return min(self.position / self.head, 1.0) if self.head else 1.0


class _Abandoned(Exception):
    """The process stops."""


class RebuildJobs:
    """Starts rebuilds and remembers how they went. A rebuild outlives whoever asked for it, not the process."""

    def __init__(self, database_url: str, clock: Clock, catalogue: Catalogue = CATALOGUE) -> None:
        self._url = database_url
        self._catalogue = catalogue
        self._clock = clock
        self._stopping = threading.Event()
        self._statuses: dict[str, RebuildStatus] = {}
        self._threads: dict[str, threading.Thread] = {}

    def start(self, name: str) -> RebuildStatus:
        """Begin to rebuild the read model; return at once. Raises InvalidInput for an unknown name, RebuildRunning."""
        connection = claim(self._url, name)
        status = RebuildStatus("running", position=0, started_at=self._clock.now())
        self._statuses[name] = status
        thread = threading.Thread(target=self._work, args=(connection, name), name=f"rebuild-{name}", daemon=True)
        self._threads[name] = thread
        thread.start()
        return status

    def status(self, connection: Connection[TupleRow], name: str, head: int) -> RebuildStatus:
        """Return how the read model's rebuild stands. head: the journal's newest position."""
        status = self._statuses.get(name, RebuildStatus("none"))
        if status.state == "running":
            return replace(status, head=max(head, status.head or 0), seconds=self._seconds(status))
        elsewhere = running(connection, name)
        return status if elsewhere is None else RebuildStatus("running", position=elsewhere, head=head)

    def stop(self) -> None:
        """End every rebuild, the live read models being as they were, and wait for that."""
        self._stopping.set()
        for name, thread in self._threads.items():
            thread.join(STOP_PATIENCE)
            if thread.is_alive():
                log.warning("the rebuild of read model %s is left behind: it changes nothing any more", name)

    def _work(self, connection: Connection[TupleRow], name: str) -> None:
        def tell(position: int, head: int) -> None:
            self._statuses[name] = replace(self._statuses[name], position=position, head=head)
            if self._stopping.is_set():
                raise _Abandoned("Weaver stops")

        try:
            result = rebuild_claimed(connection, name, tell, catalogue=self._catalogue)
        except Exception as error:  # this is the top of the thread: whoever asks is told
            reason = one_line(error) or type(error).__name__
            self._end(name, "failed", error=reason)
            if not isinstance(error, _Abandoned):
                log.exception("the rebuild of read model %s failed, which is as it was", name)
        else:
            self._end(name, "done", position=result.position)
            log.info("read model %s is rebuilt up to position %d in %.1f s", name, result.position, result.seconds)

    def _end(
        self, name: str, state: Literal["done", "failed"], *, position: int | None = None, error: str | None = None
    ) -> None:
        status = self._statuses[name]
        self._statuses[name] = replace(
            status,
            state=state,
            position=status.position if position is None else position,
            seconds=self._seconds(status),
            error=error,
        )

    def _seconds(self, status: RebuildStatus) -> float:
        assert status.started_at is not None
        return max((self._clock.now() - status.started_at).total_seconds(), 0.0)

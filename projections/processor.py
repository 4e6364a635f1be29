"""Follows the journal with one read model, in a thread of its own, over all processes one at a time (WallE)."""

import logging
import threading
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Literal, Protocol

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.errors import one_line
from domain.event_catalogue import CATALOGUE, Catalogue
from projections.advisory_locks import lock_key, try_lock
from projections.forgetting import topics_with_pruning
from projections.shared_reading import SharedReading
from projections.view import DEFAULT_BATCH, Progress, ReadModel, ReadModelStopped, fold_batch, standing

# How often each thing is looked at, in seconds.
STOP_POLL = 0.1  # whether to stop, while waiting for the journal to grow
SAFETY_POLL = 1.0  # the journal itself, in case nobody tells that it grew
STANDBY_POLL = 0.5  # whether the leader is gone, and its offset
OFFSET_DELAY = 0.25  # the stored offset, behind events that concern the read model in nothing
AWAITED_POLL = 0.01  # the leader's offset, while somebody waits for it
FIRST_BACKOFF, LAST_BACKOFF = 0.05, 2.0
STOP_PATIENCE = 10.0
# A read model that is up to date looks every SAFETY_POLL; without a look for longer nobody knows whether it still is.
TOLERATED_BLINDNESS = 2 * SAFETY_POLL

# A leader whose machine vanished loses its lock within half a minute, not after the two hours of the kernel's default.
_SERVER_KEEPALIVE = """
select set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '3', false), set_config('synchronous_commit', 'off', false)
"""
_CLIENT_KEEPALIVE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}

log = logging.getLogger(__name__)


class Watch(Protocol):
    """Tells when the journal grows."""

    def wait(self, after: int, timeout: float) -> int:
        """Return the newest position, at once if it is beyond `after`, else when it grows or `timeout` seconds pass."""
        ...

    def topics(self, after: int, upto: int) -> frozenset[str] | None:
        """Return the topics of all entries with after < position <= upto, None if it does not know them all."""
        ...


@dataclass(frozen=True, slots=True)
class State:
    """What a processor is doing.

    starting: no database yet (reason: why). standby: another process leads. following: this one does.
    stopped: it cannot go on (reason: why, and what to do).
    """

    name: Literal["starting", "standby", "following", "stopped"]
    reason: str | None = None

    def __str__(self) -> str:
        return self.name if self.reason is None else f"{self.name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ProcessorSnapshot:
    """A processor at one moment: what health and metrics show of it.

    state, reason: as in State. position: the read model's offset, -1 without one. head: the newest position known of.
    lag_events: positions between the two. lag_seconds: how long the oldest event not yet folded has waited, or for how
    long nobody could look whether there is one; 0 when there is none. events_folded_total: by this processor, since it
    was made. parked: events the read model has passed over.
    """

    name: str
    state: Literal["starting", "standby", "following", "stopped"]
    reason: str | None
    position: int
    head: int
    lag_events: int
    lag_seconds: float
    events_folded_total: int
    parked: int


STARTING, STANDBY, FOLLOWING = State("starting"), State("standby"), State("following")


class Processor:
    """Keeps one read model at the head of the journal.

    Of all processors of a read model, over all processes, the one that holds its advisory lock folds; the others stand
    by. The lock and the folding share a connection, so they end together. An event that cannot be folded stops it, with
    the reason in `state`; it goes on when a rebuild or another process has moved the offset.

    reading: shared by the processors of a process, so that each event is decoded once. may_lead: false for one that
    only watches how far the leader is.
    """

    def __init__(
        self,
        database_url: str,
        read_model: ReadModel,
        watch: Watch,
        *,
        batch: int = DEFAULT_BATCH,
        catalogue: Catalogue = CATALOGUE,
        reading: SharedReading | None = None,
        may_lead: bool = True,
    ) -> None:
        self._url = database_url
        self._may_lead = may_lead
        self._read_model = read_model
        self._watch = watch
        self._catalogue = catalogue
        self._reading = reading
        self._batch = self._limit = batch
        self._lock_key = lock_key("projection", read_model.name)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._moved = threading.Condition()
        self._waiters = 0
        self._progress = Progress(0, 0)
        self._topics = topics_with_pruning(catalogue, read_model.topics)
        # From the stored offset to where nothing concerns the read model: shown as reached, and stored a little later.
        self._passed_over: tuple[int, int] | None = None
        self._looked_at = monotonic()
        self._folded = 0
        self._state = STARTING
        self._stuck_at: int | None = None

    @property
    def name(self) -> str:
        """The read model's name."""
        return self._read_model.name

    @property
    def position(self) -> int:
        """The offset of the read model as last seen, wherever it is folded."""
        return self._progress.position

    @property
    def state(self) -> State:
        """What it is doing."""
        return self._state

    def snapshot(self, head: int = 0) -> ProcessorSnapshot:
        """Return what it is doing and how far behind it is, `head` being the newest position known elsewhere."""
        with self._moved:
            progress, state, unseen = self._progress, self._state, monotonic() - self._looked_at
        is_blind = unseen > TOLERATED_BLINDNESS
        waited = progress.age + unseen if progress.position < progress.head or is_blind else 0.0
        return ProcessorSnapshot(
            name=self.name,
            state=state.name,
            reason=state.reason,
            position=progress.position,
            head=max(head, progress.head),
            lag_events=max(head - progress.position, progress.head - progress.position, 0),
            lag_seconds=waited,
            events_folded_total=self._folded,
            parked=progress.parked,
        )

    def start(self) -> None:
        """Begin; returns at once. Without a database it keeps trying."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._work, name=f"projection-{self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the batch at hand, and wait for that."""
        self._stopping.set()
        with self._moved:
            self._moved.notify_all()
        if self._thread is not None:
            self._thread.join(STOP_PATIENCE)
            if self._thread.is_alive():
                log.warning("read model %s is still waiting for the database; it is left behind", self.name)
            self._thread = None

    def wait_for(self, position: int, timeout: float) -> bool:
        """Return whether the read model reaches the position within `timeout` seconds; at once when it is stopped."""
        deadline = monotonic() + timeout
        with self._moved:
            self._waiters += 1
            self._moved.notify_all()
            try:
                self._moved.wait_for(
                    lambda: self.position >= position or self._state.name == "stopped" or self._stopping.is_set(),
                    deadline - monotonic(),
                )
            finally:
                self._waiters -= 1
            return self.position >= position

    def _work(self) -> None:
        backoff = FIRST_BACKOFF
        while not self._stopping.is_set():
            before, self._passed_over = self.position, None
            try:
                with psycopg.connect(
                    self._url, autocommit=True, application_name=f"weaver {self.name}", **_CLIENT_KEEPALIVE
                ) as connection:
                    connection.execute(_SERVER_KEEPALIVE)
                    if self._reading is not None:
                        self._reading.forget()
                    self._stand_by(connection)
                    self._follow(connection)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                reason = one_line(error)
                log.warning("read model %s lost the database and tries again: %s", self.name, reason)
                self._enter(State("starting", reason))
                backoff = FIRST_BACKOFF if self.position > before else min(backoff * 2, LAST_BACKOFF)
                self._stopping.wait(backoff)
            except Exception as error:
                log.exception("read model %s failed in a batch of at most %d events", self.name, self._limit)
                self._fail(error)

    def _stand_by(self, connection: Connection[TupleRow]) -> None:
        """Return as the leader, or when asked to stop."""
        while not self._stopping.is_set():
            self._note(standing(connection, self.name))
            if not self._may_lead:
                self._enter(STANDBY)
            elif self._stuck_at is None or self.position != self._stuck_at:
                self._stuck_at = None
                if try_lock(connection, self._lock_key):
                    self._passed_over = None
                    self._enter(FOLLOWING)
                    return
                self._enter(STANDBY)
            self._pause()

    def _follow(self, connection: Connection[TupleRow]) -> None:
        told = 0
        while not self._stopping.is_set():
            progress = standing(connection, self.name)
            while progress.position != progress.head and not self._stopping.is_set():
                if self._reading is not None:
                    self._reading.pace(self.name, progress.position, progress.head, self._stopping.is_set)
                progress = fold_batch(connection, self._read_model, self._limit, self._catalogue, self._reading)
                self._limit = min(self._limit * 2, self._batch)
                self._folded += progress.folded
                self._note(progress)
            self._note(progress)
            if told > progress.head:  # told of events the journal does not have: it was restored
                self._stopping.wait(STOP_POLL)
            told = self._rest()

    def _rest(self) -> int:
        """Return what the watch says when that is news, when somebody waits, or when it is time to look anyway."""
        deadline = monotonic() + SAFETY_POLL
        while True:
            told = self._watch.wait(self.position, AWAITED_POLL if self._waiters else STOP_POLL)
            if told > self.position and self._is_no_concern(told):
                self._pass_over(told)
                deadline = min(deadline, monotonic() + OFFSET_DELAY)
            if told > self.position or self._waiters or self._stopping.is_set() or monotonic() > deadline:
                return told

    def _is_no_concern(self, head: int) -> bool:
        """Whether of what is new all is known, and nothing for the read model; an unknown topic is everybody's."""
        topics = self._watch.topics(self.position, head)
        return topics is not None and topics <= self._catalogue.events.keys() - self._topics

    def _pass_over(self, head: int) -> None:
        """Show the read model at the head without asking the database: its rows are those of there."""
        stored = self._progress.position if self._passed_over is None else self._passed_over[0]
        self._passed_over = stored, head
        self._note(replace(self._progress, position=stored, head=head))

    def _pause(self) -> None:
        """Return when the leader's offset is to be looked at: when somebody waits for it, or when it is time."""
        deadline = monotonic() + STANDBY_POLL
        with self._moved:
            is_awaited = self._waiters > 0
        if is_awaited:
            self._stopping.wait(AWAITED_POLL)
        while not is_awaited and not self._stopping.is_set() and monotonic() < deadline:
            told = self._watch.wait(self.position, STOP_POLL)
            if told > self.position and self._is_no_concern(told):
                self._pass_over(told)
            elif told > self.position:
                with self._moved:
                    self._moved.wait_for(lambda: self._waiters > 0 or self._stopping.is_set(), STOP_POLL)
            is_awaited = self._waiters > 0

    def _fail(self, error: Exception) -> None:
        if self._limit > 1:
            self._limit = 1  # one event at a time up to the one that is at fault
            return
        reason = (
            error.message
            if isinstance(error, ReadModelStopped)
            else f"read model {self.name} stops after position {self.position}: {type(error).__name__}: "
            f"{one_line(error)}; remove the cause, then restart or run weaver rebuild {self.name}"
        )
        log.error("%s", reason)
        self._stuck_at = self.position
        self._enter(State("stopped", reason))

    def _note(self, progress: Progress) -> None:
        if self._passed_over is not None:
            stored, reached = self._passed_over
            if stored <= progress.position < reached:
                progress = replace(progress, position=reached, head=max(progress.head, reached))
            else:
                self._passed_over = None
        with self._moved:
            has_moved = progress != self._progress
            self._progress, self._looked_at = progress, monotonic()
            if has_moved:
                self._moved.notify_all()

    def _enter(self, state: State) -> None:
        with self._moved:
            self._state = state
            self._moved.notify_all()

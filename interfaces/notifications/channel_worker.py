"""The thread of one channel: finds what it is to be told, sends it, and records what became of it."""

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from typing import Any, Literal, Protocol

import psycopg
from psycopg import Connection

from application.clock import Clock
from domain.errors import DatabaseUnavailable, one_line
from interfaces.alpaca_wire.rate_limit import TokenBucket
from interfaces.database import connect
from interfaces.notifications.channels import AnyChannel
from interfaces.notifications.delivery_book import DeliveryBook, Standing, standings
from interfaces.notifications.messages import Message
from interfaces.notifications.selection import Selection
from interfaces.notifications.sender import NotDelivered, Sender
from projections.advisory_locks import lock_key, try_lock

# How often each thing is looked at, in seconds.
STOP_POLL = 0.2
LOOK_PAUSE = 0.25  # the journal, while it grows all the time
SAFETY_POLL = 2.0  # everything, in case nobody tells
STANDBY_POLL = 0.5
FORGET_INTERVAL = 3_600.0
FIRST_RECONNECT, LAST_RECONNECT = 0.1, 2.0
# An attempt that was over for so long has been recorded, or its process is gone.
RECORDING = 2.0
STOP_PATIENCE = 4.0
_KEEPALIVE: dict[str, str | int] = {
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


@dataclass(frozen=True, slots=True)
class Pace:
    """How a message is tried again, in seconds.

    first, longest: the pause after the first failure, doubled for each further one up to the longest; half as long up
    to one and a half times, by chance. of_channel: the longest pause of the whole channel after failures in a row.
    window: how long a message is tried.
    """

    first: float = 2.0
    longest: float = 900.0
    of_channel: float = 60.0
    window: timedelta = timedelta(hours=24)

    def pause(self, failures: int, longest: float) -> float:
        """Return the seconds to wait after so many failures."""
        return min(self.first * 2.0 ** min(failures - 1, 30), longest) * random.uniform(0.5, 1.5)


type Outcome = Literal["sent", "failed", "parked"]
OUTCOMES: tuple[Outcome, ...] = ("sent", "failed", "parked")
type WorkerState = Literal["starting", "standby", "working"]


@dataclass(frozen=True, slots=True)
class WorkerSnapshot:
    """A channel's worker at one moment; nothing is asked for it.

    state: starting: no database yet. standby: another process sends. working: this one does. standing: as last seen,
    None before the first look. messages: by outcome (`sent`, `failed`, `parked`), by this process since it began.
    """

    name: str
    kind: str
    state: WorkerState
    reason: str | None
    standing: Standing | None
    messages: Counter[str]


class ChannelWorker:
    """Tells one channel what it is to be told, in a thread of its own; of all processes one at a time.

    That one holds the channel's advisory lock on the connection it works with. Whatever happens to the channel or the
    database is tried again; nothing that happens here reaches other channels.
    """

    def __init__(
        self,
        channel: AnyChannel,
        sender: Sender,
        database_url: str,
        watch: Watch,
        epoch: str,
        clock: Clock,
        pace: Pace | None = None,
    ) -> None:
        self._channel = channel
        self._sender = sender
        self._url = database_url
        self._watch = watch
        self._clock = clock
        self._pace = pace or Pace()
        self._selection = Selection(channel)
        self._book = DeliveryBook(channel.name, epoch)
        self._bucket = TokenBucket(monotonic(), channel.per_minute, reserve=0)
        self._lock_key = lock_key("notifications", channel.name)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"notifications {channel.name}", daemon=True)
        self._snapshot = WorkerSnapshot(channel.name, channel.kind, "starting", None, None, Counter())
        self._is_snapshot_old = False
        self._position = 0
        self._failures = 0
        self._paused_until = 0.0
        # What became of an attempt and could not be recorded yet: the database was away.
        self._unrecorded: Callable[[Connection[Any]], None] | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let it end after the attempt at hand; returns at once."""
        self._stopping.set()

    def stop(self) -> None:
        """End after the attempt at hand, and wait for that."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_PATIENCE)
            if self._thread.is_alive():
                log.warning("channel %s still waits for an answer: the next start tries again", self._channel.name)
        self._sender.close()

    def snapshot(self) -> WorkerSnapshot:
        """Return what it is doing, from memory."""
        return self._snapshot

    def _work(self) -> None:
        delay = FIRST_RECONNECT
        while not self._stopping.is_set():
            try:
                with connect(
                    self._url, application_name=f"weaver notifications {self._channel.name}", **_KEEPALIVE
                ) as connection:
                    delay = FIRST_RECONNECT
                    self._settle(connection)
                    if self._leads(connection):
                        self._follow(connection)
            except (DatabaseUnavailable, psycopg.Error) as error:
                self._wait_because(error)
            except Exception as error:  # a channel that ended would be silent for good, whatever it is
                log.exception("channel %s has failed and begins again", self._channel.name)
                self._wait_because(error)
                delay = LAST_RECONNECT
            self._stopping.wait(delay)
            delay = min(delay * 2, LAST_RECONNECT)

    def _wait_because(self, error: Exception) -> None:
        reason = one_line(error) or type(error).__name__
        if self._snapshot.state != "starting" or self._snapshot.reason is None:
            log.warning("channel %s lost the database and tries again: %s", self._channel.name, reason)
        self._snapshot = replace(self._snapshot, state="starting", reason=reason)

    def _leads(self, connection: Connection[Any]) -> bool:
        """Return True once this process sends to the channel, False when asked to stop."""
        look_at = 0.0
        while not self._stopping.is_set():
            if try_lock(connection, self._lock_key):
                if (told := self._book.open(connection, self._clock.now())) is not None:
                    log.warning("channel %s: %s", self._channel.name, told)
                self._snapshot = replace(self._snapshot, state="working", reason=None)
                return True
            if monotonic() >= look_at:
                look_at = monotonic() + SAFETY_POLL
                self._look(connection, "standby")
            self._stopping.wait(STANDBY_POLL)
        return False

    def _follow(self, connection: Connection[Any]) -> None:
        look_at = send_at = forget_at = safety_at = 0.0
        while not self._stopping.is_set():
            now = monotonic()
            is_safety = now >= safety_at
            if is_safety or (now >= look_at and self._watch.wait(self._position, 0.0) > self._position):
                look_at = now + LOOK_PAUSE
                if self._enqueue(connection) or is_safety:
                    send_at = 0.0
            if is_safety:
                safety_at = now + SAFETY_POLL
                grace = timedelta(seconds=self._sender.longest_seconds + RECORDING)
                if self._book.take_back(connection, self._clock.now(), grace):
                    log.warning("channel %s: an attempt without an answer is repeated", self._channel.name)
                self._look(connection, "working")
            if now >= forget_at:
                forget_at = now + FORGET_INTERVAL
                self._book.forget(connection, self._clock.now())
            if monotonic() >= send_at:
                send_at = monotonic() + self._send_next(connection)
            self._rest(min(send_at, safety_at), look_at)

    def _rest(self, due_at: float, look_at: float) -> None:
        """Return when something is due, when the journal has grown and may be looked at, or after a moment."""
        left = min(due_at - monotonic(), STOP_POLL)
        if left <= 0:
            return
        pause = look_at - monotonic()
        if pause > 0:
            self._stopping.wait(min(pause, left))
        else:
            self._watch.wait(self._position, left)

    def _enqueue(self, connection: Connection[Any]) -> int:
        """Find what the channel is to be told; return how many deliveries that are."""
        found, is_through = 0, False
        while not is_through and not self._stopping.is_set():
            self._position, more, is_through = self._book.enqueue(
                connection,
                self._selection.topics,
                lambda entry: self._selection.drafted(connection, entry),
                self._clock.now(),
            )
            found += more
        return found

    def _send_next(self, connection: Connection[Any]) -> float:
        """Send the oldest message that may be sent; return the seconds until there may be another one."""
        now = self._clock.now()
        is_quiet = self._channel.is_quiet(now)
        due_in = self._book.due_in(connection, now, is_quiet=is_quiet)
        if due_in is None or due_in > 0:
            if self._is_snapshot_old:
                self._look(connection, "working")
            return SAFETY_POLL if due_in is None else due_in
        if (pause := self._paused_until - monotonic()) > 0:
            return pause
        if wait := self._bucket.take(monotonic()):
            return wait
        message = self._book.claim(connection, now, fold_above=self._channel.digest_above, is_quiet=is_quiet)
        if message is not None:
            tried_from = self._book.tried_from(connection, message)
            self._unrecorded = self._attempt(message, is_late=now - tried_from >= self._pace.window)
            self._settle(connection)
            # counted anew once nothing is due: to count a flood after each of its messages would take its time
            self._is_snapshot_old = True
        return 0.0

    def _settle(self, connection: Connection[Any]) -> None:
        """Record what became of the last attempt, unless that was done."""
        if self._unrecorded is not None:
            self._unrecorded(connection)
            self._unrecorded = None

    def _attempt(self, message: Message, *, is_late: bool) -> Callable[[Connection[Any]], None]:
        """Send the message; return what records the outcome. is_late: there is no attempt after this one."""
        try:
            self._sender.send(message, self._clock.now())
        except NotDelivered as error:
            return self._failed(message, error, is_late=is_late)
        except Exception as error:  # a sender that raises what it must not: nobody knows whether the message left
            log.exception("channel %s cannot send message %s", self._channel.name, message.id)
            reason = f"{type(error).__name__} while sending: the log has more"
            return self._failed(message, NotDelivered(reason, may_have_arrived=True), is_late=is_late)
        self._failures = 0
        self._count("sent")
        now = self._clock.now()
        return lambda connection: self._told_if_late(self._book.sent(connection, message, now), message)

    def _failed(self, message: Message, error: NotDelivered, *, is_late: bool) -> Callable[[Connection[Any]], None]:
        now, is_parked = self._clock.now(), error.is_final or is_late
        asked = error.retry_after or 0.0
        pause = max(self._pace.pause(message.attempt, self._pace.longest), asked)
        if not error.is_final:
            self._failures += 1
            channel_pause = max(self._pace.pause(self._failures, self._pace.of_channel), asked)
            self._paused_until = monotonic() + channel_pause
        self._count("parked" if is_parked else "failed")
        then = "parked: look at it with weaver notifications list" if is_parked else f"again in {pause:.0f} s"
        log.warning("channel %s did not take message %s (%s): %s", self._channel.name, message.id, error.reason, then)
        due_at = None if is_parked else now + timedelta(seconds=pause)

        def record(connection: Connection[Any]) -> None:
            is_ours = self._book.failed(
                connection, message, now, error.reason, due_at=due_at, may_have_arrived=error.may_have_arrived
            )
            self._told_if_late(is_ours, message)

        return record

    def _told_if_late(self, is_ours: bool, message: Message) -> None:
        if not is_ours:
            log.warning(
                "channel %s: attempt %d of message %s was recorded too late: another one was begun",
                self._channel.name,
                message.attempt,
                message.id,
            )

    def _look(self, connection: Connection[Any], state: WorkerState) -> None:
        standing = standings(connection, self._channel.name).get(self._channel.name)
        self._snapshot = replace(self._snapshot, state=state, reason=None, standing=standing)
        self._is_snapshot_old = False

    def _count(self, outcome: Outcome) -> None:
        self._snapshot = replace(self._snapshot, messages=self._snapshot.messages + Counter({outcome: 1}))

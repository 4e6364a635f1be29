"""Tells everyone in this process what the journal has grown by: one thread, one connection (WallE)."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from time import monotonic
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from psycopg import Connection

from domain.errors import DatabaseUnavailable, one_line
from domain.events import JournalEntry
from interfaces.database import connect
from interfaces.event_store import read_entries

ENTRIES_CHANNEL, PROGRESS_CHANNEL = "weaver_events", "weaver_progress"
PAGE = 1_000
# All in seconds. The journal is looked at this often even if no notification tells that it grew.
SAFETY_POLL = 0.25
# Subscribers hear of entries first. Those who wait for the journal to grow are many, each has work to do at once, and
# would take the interpreter from the event loop while it hands the entries out: they are woken when it says that it has
# done so, and at the latest so much later.
HEAD_START = 0.05
FIRST_DELAY, LAST_DELAY = 0.05, 0.5  # between two attempts to connect
CONNECT_PATIENCE = 2
# Entries whose topics are kept: those who wait learn from them whether growth is any of their business.
RECENT = 1_000
# Without a successful look for so long it does not count as alive any more.
STALE = 5.0
STOP_PATIENCE = 5.0

type OnEntries = Callable[[Sequence[JournalEntry]], None]
type OnProgress = Callable[[UUID, float], None]

log = logging.getLogger(__name__)


class _Progress(msgspec.Struct, frozen=True):
    run_id: UUID
    progress: float


@dataclass(frozen=True, slots=True)
class _Subscriber:
    on_entries: OnEntries
    on_progress: OnProgress


class JournalTail:
    """Implements `JournalWatch`, and hands every new entry to every subscriber, once and in order.

    It begins at the head: what was recorded before its first look is nobody's news. It survives the database's absence
    and goes on where it was. A subscriber that raises is not called again, for it would miss an entry without knowing;
    the others go on, `failure` says so, and `alive` is false from then on.

    head_start: seconds that those who wait are woken later, for another process that sends the same entries to clients.
    """

    def __init__(self, database_url: str, head_start: float = 0.0) -> None:
        self._url = database_url
        self._head_start = head_start
        self._subscribers: list[_Subscriber] = []
        self._stopping = threading.Event()
        self._grown = threading.Condition()
        self._head: int | None = None
        self._recent: deque[tuple[int, str]] = deque(maxlen=RECENT)
        self._recent_after = 0
        self._looked_at = monotonic()
        self._trouble: str | None = "it has not looked at the journal yet"
        self._dropped: str | None = None
        self._is_lost = False
        self._announce_at: float | None = None
        # Only ever growing, counted in the tail's thread; read from any.
        self.entries_seen = 0
        self.reconnects = 0
        self._thread = threading.Thread(target=self._work, name="journal tail", daemon=True)

    def subscribe(self, on_entries: OnEntries, on_progress: OnProgress) -> None:
        """Call these, in the tail's thread, with new entries and with how far a run is (0 to 1). Before `start`."""
        self._subscribers.append(_Subscriber(on_entries, on_progress))

    def start(self) -> None:
        """Begin; returns at once. Without a database it keeps trying."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for that; everyone who waits for the journal to grow returns. It cannot be started again."""
        self._stopping.set()
        with self._grown:
            self._grown.notify_all()
        if self._thread.is_alive():
            self._thread.join(STOP_PATIENCE)
            if self._thread.is_alive():
                log.warning("the journal tail is still waiting for the database; it is left behind")

    def wait_for_first_look(self, timeout: float) -> bool:
        """Return whether it knows the head by now; from then on every entry recorded reaches the subscribers."""
        with self._grown:
            return self._grown.wait_for(lambda: self._head is not None, timeout)

    @property
    def head(self) -> int:
        """The newest position seen, 0 before the first look."""
        return self._head or 0

    @property
    def seconds_since_look(self) -> float:
        """How long ago it last looked at the journal with success; grows for as long as it cannot."""
        return monotonic() - self._looked_at

    @property
    def failure(self) -> str | None:
        """What is wrong with it in one line, None while it works."""
        return self._dropped or self._trouble

    @property
    def alive(self) -> bool:
        """Whether it looks at the journal and every subscriber hears of it."""
        return self._thread.is_alive() and self.failure is None and self.seconds_since_look < STALE

    def wait(self, after: int, timeout: float) -> int:
        """Return the newest position, at once if it is beyond `after`, else when it grows or `timeout` seconds pass.

        Subscribers have had a head start, in which further entries add up: until `announce`, at most 50 ms.
        """
        with self._grown:
            self._grown.wait_for(lambda: self.head > after or self._stopping.is_set(), timeout)
            return self.head

    def topics(self, after: int, upto: int) -> frozenset[str] | None:
        """Return the topics of all entries with after < position <= upto, None if they are not all remembered."""
        with self._grown:
            if self._head is None or after < self._recent_after or upto > self._head:
                return None
            newer = takewhile(lambda one: one[0] > after, reversed(self._recent))
            return frozenset(topic for position, topic in newer if position <= upto)

    def announce(self) -> None:
        """Wake everyone who waits for the journal to grow: subscribers have done what was urgent. For any thread."""
        self._announce_at = None
        with self._grown:
            self._grown.notify_all()

    def _work(self) -> None:
        delay = FIRST_DELAY
        while not self._stopping.is_set():
            began = monotonic()
            try:
                with connect(self._url, application_name="weaver tail", connect_timeout=CONNECT_PATIENCE) as connection:
                    self._follow(connection)
            except (DatabaseUnavailable, psycopg.Error) as error:
                self._lose(error)
            except Exception as error:  # a tail that ended would leave everyone blind, whatever it is
                self._lose(error)
                log.exception("the journal tail has failed")
            self.announce()
            self.reconnects += not self._stopping.is_set()
            delay = FIRST_DELAY if self._looked_at > began else min(2 * delay, LAST_DELAY)
            self._stopping.wait(delay)

    def _lose(self, error: Exception) -> None:
        self._trouble = one_line(error) or type(error).__name__
        if not self._is_lost:
            self._is_lost = True
            log.warning("the journal tail cannot look at the journal and keeps trying: %s", self._trouble)

    def _succeed(self) -> None:
        self._looked_at, self._trouble = monotonic(), None
        if self._is_lost:
            self._is_lost = False
            log.info("the journal tail looks at the journal again")

    def _follow(self, connection: Connection[Any]) -> None:
        # Listening first: what is committed between this and the first look is seen by the look or told.
        connection.execute(f"listen {ENTRIES_CHANNEL}".encode())
        connection.execute(f"listen {PROGRESS_CHANNEL}".encode())
        self._begin(connection)
        while not self._stopping.is_set():
            self._look(connection)
            self._rest(connection)

    def _rest(self, connection: Connection[Any]) -> None:
        """Return when something is told, or when it is time to look anyway; announce growth when that is due."""
        due = self._announce_at
        is_told = self._hear(connection, SAFETY_POLL if due is None else max(0.0, due - monotonic()))
        if due is not None and monotonic() >= due:
            if self._announce_at is not None:
                self.announce()
            if not is_told:
                self._hear(connection, SAFETY_POLL)

    def _hear(self, connection: Connection[Any], timeout: float) -> bool:
        is_told = False
        for told in connection.notifies(timeout=timeout, stop_after=1):
            is_told = True
            if told.channel == PROGRESS_CHANNEL:
                self._tell_progress(told.payload)
        return is_told

    def _begin(self, connection: Connection[Any]) -> None:
        [(head,)] = connection.execute("select coalesce(max(notification_id), 0) from weaver_events")
        if self._head is None:
            self._head = self._recent_after = head
            self.announce()
        elif head < self._head:
            raise DatabaseUnavailable(
                f"the journal ends at {head}, but {self._head} was seen before: the database was restored to an "
                "earlier time; restart Weaver"
            )

    def _look(self, connection: Connection[Any]) -> None:
        while not self._stopping.is_set():
            entries = read_entries(connection, self.head, PAGE)
            self._succeed()
            if entries:
                self._remember(entries)
                self.entries_seen += len(entries)
                self._announce_at = self._announce_at or monotonic() + (
                    HEAD_START if self._subscribers else self._head_start
                )
                self._tell(lambda subscriber: subscriber.on_entries(entries))  # noqa: B023  called before the next turn
            if len(entries) < PAGE:
                return

    def _remember(self, entries: Sequence[JournalEntry]) -> None:
        with self._grown:
            for entry in entries:
                if len(self._recent) == RECENT:
                    self._recent_after = self._recent[0][0]
                self._recent.append((entry.position, entry.topic))
            self._head = entries[-1].position

    def _tell_progress(self, payload: str) -> None:
        try:
            told = msgspec.json.decode(payload, type=_Progress)
        except msgspec.DecodeError as error:
            log.warning("a progress notification cannot be read: %s", error)
            return
        self._tell(lambda subscriber: subscriber.on_progress(told.run_id, told.progress))

    def _tell(self, call: Callable[[_Subscriber], None]) -> None:
        for subscriber in list(self._subscribers):
            try:
                call(subscriber)
            except Exception as error:  # this is the top of the thread for what others do in it
                self._subscribers.remove(subscriber)
                self._dropped = f"a subscriber is dropped after {type(error).__name__}: {error}; restart Weaver"
                log.exception("the journal tail has dropped a subscriber at position %s", self.head)


def report_progress(connection: Connection[Any], run_id: UUID, fraction: float) -> bool:
    """Tell every process how far a run is (0 to 1); return whether that was possible.

    Progress is a courtesy: a run goes on when the connection is lost.
    """
    payload = msgspec.json.encode(_Progress(run_id, fraction)).decode()
    try:
        connection.execute("select pg_notify(%s, %s)", (PROGRESS_CHANNEL, payload))
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        log.warning("progress of run %s is not told: %s", run_id, one_line(error))
        return False
    return True

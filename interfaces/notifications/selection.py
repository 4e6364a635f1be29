"""Which events a channel takes, and what it is told of them."""

from collections import OrderedDict
from fnmatch import fnmatchcase
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from application.notices import Notice, notice_of
from domain.errors import one_line
from domain.event_catalogue import CATALOGUE, Catalogue
from domain.events import Event, JournalEntry
from domain.order import OrderCreated
from domain.run import RunCreated
from domain.severity import is_at_least, severity_of
from interfaces.envelope import envelope
from interfaces.notifications.channels import Channel
from interfaces.notifications.delivery_book import Draft

# Of runs and orders whose first event was looked up.
MOST_REMEMBERED = 1_000
# What runs no strategy on a market of today.
_OF_THE_PAST = ("sweep", "trial")

_FIRST = "select topic, state from weaver_events where originator_id = %s and originator_version = 1"


class Selection:
    """What one channel takes of the journal; for one thread."""

    def __init__(self, channel: Channel, catalogue: Catalogue = CATALOGUE) -> None:
        self._channel = channel
        self._catalogue = catalogue
        self.topics = sorted(
            topic for topic in channel.topics if is_at_least(severity_of(topic), channel.minimum_severity)
        )
        self._first_events: OrderedDict[UUID, Event | None] = OrderedDict()

    def drafted(self, connection: Connection[TupleRow], entry: JournalEntry) -> Draft | None:
        """Return what the channel is to be told of an entry, None for nothing.

        An imported run is history and no news, whatever is in it.
        """
        if entry.origin is not None:
            return None
        family, _, _ = entry.topic.partition(".")
        try:
            event = self._catalogue.decode(entry.topic, entry.state)
        except msgspec.DecodeError as error:
            return self._draft(entry, None, _unreadable(entry, error))
        run_id = getattr(event, "run_id", None) or entry.run_id
        run = None if run_id is None or family in _OF_THE_PAST else self._first(connection, run_id)
        run = run if isinstance(run, RunCreated) else None
        if not self._takes(family, run_id, run):
            return None
        order = self._first(connection, entry.stream_id) if family == "order" else None
        notice = notice_of(entry.topic, event, run, order if isinstance(order, OrderCreated) else None)
        return self._draft(entry, run_id, notice)

    def _takes(self, family: str, run_id: UUID | None, run: RunCreated | None) -> bool:
        """What belongs to no run concerns every one that trades."""
        channel = self._channel
        mode = "backtest" if family in _OF_THE_PAST else run.mode if run is not None else None
        if mode is not None and mode not in channel.modes:
            return False
        if not channel.runs or run is None:
            return not (channel.runs and family in _OF_THE_PAST)
        return any(one == str(run_id) or fnmatchcase(run.name, one) for one in channel.runs)

    def _draft(self, entry: JournalEntry, run_id: UUID | None, notice: Notice) -> Draft:
        text = msgspec.json.encode(envelope(entry)).decode()
        return Draft(notice.severity, run_id, notice.subject, notice.title, notice.text, text)

    def _first(self, connection: Connection[TupleRow], stream_id: UUID) -> Event | None:
        """The event a stream begins with, None if it is gone or cannot be read."""
        if stream_id not in self._first_events:
            row = connection.execute(_FIRST, (stream_id,)).fetchone()
            try:
                found = None if row is None else self._catalogue.decode(row[0], row[1])
            except msgspec.DecodeError:
                found = None
            self._first_events[stream_id] = found
            if len(self._first_events) > MOST_REMEMBERED:
                self._first_events.popitem(last=False)
        self._first_events.move_to_end(stream_id)
        return self._first_events[stream_id]


def _unreadable(entry: JournalEntry, error: Exception) -> Notice:
    told = f"Weaver: an event {entry.topic} cannot be read"
    facts = (("why", one_line(error)), ("position", str(entry.position)))
    return Notice(severity_of(entry.topic), "Weaver", told, facts)

"""What each channel was told and is still to be told, in PostgreSQL: every step is one transaction.

No read model: it cannot be folded from the journal, for the journal does not know what has left the house. A delivery
is `pending`, then `sending`, then `sent`; `parked` when trying on makes no sense, `skipped` when nobody wants it sent.
Deliveries that leave together bear the id of the first of them, and keep it: a repetition is the same message.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row

from domain.events import JournalEntry
from domain.severity import Severity
from interfaces.event_store import read_entries
from interfaces.notifications.messages import Delivery, Message

type State = Literal["pending", "sending", "sent", "parked", "skipped"]
STATES: tuple[State, ...] = ("pending", "sending", "sent", "parked", "skipped")

PAGE = 1_000
MOST_FOLDED = 1_000
# Deliveries that have ended are shown for so long.
KEPT = timedelta(days=30)
_NAMESPACE = UUID("6e6f7469-6679-8000-8000-776561766572")
_FIELDS = "id, position, topic, run_id, severity, subject, title, text, envelope"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be told of an event; see Delivery."""

    severity: Severity
    run_id: UUID | None
    subject: str
    title: str
    text: str
    envelope: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a channel stands.

    position: events up to there were looked at. deliveries: how many there are of each state; those that ended over 30
    days ago are not counted. oldest_pending_at: when the oldest that waits was found.
    """

    position: int
    deliveries: dict[State, int]
    oldest_pending_at: datetime | None
    last_success_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None

    @classmethod
    def unseen(cls) -> "Standing":
        """Return how a channel stands that has not looked at the journal yet."""
        return cls(0, dict.fromkeys(STATES, 0), None, None, None, None)

    @property
    def state(self) -> Literal["ok", "failing", "parked"]:
        """`failing`: the newest attempt failed and events wait. `parked`: a person has to decide. Else `ok`."""
        failed, taken = self.last_error_at, self.last_success_at
        if failed is not None and (taken is None or taken < failed) and self.deliveries["pending"]:
            return "failing"
        return "parked" if self.deliveries["parked"] else "ok"


def delivery_id(epoch: str, channel: str, position: int) -> UUID:
    """Return the id of the delivery of an event to a channel: always the same."""
    return uuid5(_NAMESPACE, f"{epoch} {channel} {position}")


class DeliveryBook:
    """The deliveries of one channel, in the journal of one epoch. Every method is told the time.

    At most one process at a time may claim (see ChannelWorker); two that do all the same never claim the same.
    """

    def __init__(self, channel: str, epoch: str) -> None:
        self.channel = channel
        self.epoch = epoch

    def open(self, connection: Connection[TupleRow], now: datetime) -> str | None:
        """Begin at the journal's head, where the channel is new or the journal another one than before.

        Return what was done about another journal, None where nothing was: then nothing that waited is sent any more.
        """
        with connection.transaction():
            found = connection.execute(
                "insert into notification_channels (name, epoch, position) "
                "select %s, %s, coalesce(max(notification_id), 0) from weaver_events "
                "on conflict (name) do update set name = excluded.name returning epoch, position",
                (self.channel, self.epoch),
            ).fetchone()
            [(head,)] = connection.execute("select coalesce(max(notification_id), 0) from weaver_events")
            if found is None or (found[0] == self.epoch and found[1] <= head):
                return None
            skipped = connection.execute(
                "update notification_deliveries set state = 'skipped', ended_at = %s, "
                "last_error = 'the journal was restored to an earlier time' "
                "where channel = %s and state in ('pending', 'sending', 'parked')",
                (now, self.channel),
            ).rowcount
            connection.execute(
                "update notification_channels set epoch = %s, position = %s where name = %s",
                (self.epoch, head, self.channel),
            )
        return f"the journal was restored: begins at its head, {head}; {skipped} deliveries are not sent any more"

    def enqueue(
        self,
        connection: Connection[TupleRow],
        topics: Sequence[str],
        drafted: Callable[[JournalEntry], Draft | None],
        now: datetime,
    ) -> tuple[int, int, bool]:
        """Look at the next events of these topics: their deliveries and the position change together, or neither.

        Return the position reached, how many deliveries there are to make, and whether the journal is looked through.
        """
        with connection.transaction():
            [(position,)] = connection.execute(
                "select position from notification_channels where name = %s for update", (self.channel,)
            )
            # A statement of its own: all that is recorded up to this head is seen by the next one.
            [(head,)] = connection.execute("select coalesce(max(notification_id), 0) from weaver_events")
            if head <= position:
                return position, 0, True
            entries = read_entries(connection, position, PAGE, topics)
            found = [(entry, draft) for entry in entries if (draft := drafted(entry)) is not None]
            is_through = len(entries) < PAGE
            reached = max(head, entries[-1].position if entries else 0) if is_through else entries[-1].position
            with connection.cursor() as cursor:
                cursor.executemany(
                    f"insert into notification_deliveries ({_FIELDS}, channel, epoch, enqueued_at, tried_from, due_at) "
                    "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)".encode(),
                    [self._row(entry, draft, now) for entry, draft in found],
                )
            connection.execute(
                "update notification_channels set position = %s where name = %s", (reached, self.channel)
            )
        return reached, len(found), is_through

    def due_in(self, connection: Connection[TupleRow], now: datetime, *, is_quiet: bool) -> float | None:
        """Return the seconds until the next message may be tried, at most 0 if one may now; None if none waits."""
        row = connection.execute(
            f"select min(due_at) from notification_deliveries where {_WAITING}".encode(), (self.channel, is_quiet)
        ).fetchone()
        return None if row is None or row[0] is None else (row[0] - now).total_seconds()

    def take_back(self, connection: Connection[TupleRow], now: datetime, older_than: timedelta) -> int:
        """Let what a process that is gone was sending be tried again; whether it arrived nobody knows.

        older_than: how long an attempt may take: one that is still under way belongs to somebody.
        """
        return connection.execute(
            "update notification_deliveries set state = 'pending', due_at = %s, may_have_arrived = true, "
            "last_error = 'the process that sent it ended before there was an answer' "
            "where channel = %s and state = 'sending' and sending_since <= %s",
            (now, self.channel, now - older_than),
        ).rowcount

    def claim(
        self, connection: Connection[TupleRow], now: datetime, *, fold_above: int = 0, is_quiet: bool = False
    ) -> Message | None:
        """Return the oldest message that may be tried, now `sending`; None if there is none.

        fold_above: more deliveries of the same topic and run that were never tried become one message, 0 for never.
        """
        with connection.transaction():
            leader = connection.execute(
                f"select id, message_id, topic, run_id from notification_deliveries where {_WAITING} and due_at <= %s "
                "order by position limit 1 for update skip locked".encode(),
                (self.channel, is_quiet, now),
            ).fetchone()
            if leader is None:
                return None
            first, message_id, topic, run_id = leader
            ids = self._frozen(connection, message_id) if message_id else [first]
            if message_id is None and fold_above:
                alike = self._alike(connection, topic, run_id)
                ids = alike if len(alike) > fold_above else ids
            rows = connection.execute(
                "update notification_deliveries set state = 'sending', message_id = %s, attempts = attempts + 1, "
                f"sending_since = %s where id = any(%s) returning {_FIELDS}, attempts, may_have_arrived".encode(),
                (message_id or first, now, ids),
            ).fetchall()
        rows.sort(key=lambda row: row[1])
        deliveries = tuple(Delivery(*row[:-2]) for row in rows)
        return Message(self.channel, deliveries, rows[0][-2], any(row[-1] for row in rows))

    def sent(self, connection: Connection[TupleRow], message: Message, now: datetime) -> bool:
        """Record that the message was taken; return False, changing nothing, if another attempt was begun since."""
        with connection.transaction():
            is_ours = self._end_attempt(connection, message, "state = 'sent', ended_at = %s, last_error = null", (now,))
            connection.execute(
                "update notification_channels set last_success_at = %s where name = %s", (now, self.channel)
            )
        return is_ours

    def failed(
        self,
        connection: Connection[TupleRow],
        message: Message,
        now: datetime,
        reason: str,
        *,
        due_at: datetime | None,
        may_have_arrived: bool,
    ) -> bool:
        """Record that the message was not taken; return as `sent` does. due_at: of the next attempt, None to park."""
        state, ended = ("parked", now) if due_at is None else ("pending", None)
        with connection.transaction():
            is_ours = self._end_attempt(
                connection,
                message,
                "state = %s, ended_at = %s, due_at = %s, last_error = %s, may_have_arrived = may_have_arrived or %s",
                (state, ended, due_at or now, reason, may_have_arrived),
            )
            connection.execute(
                "update notification_channels set last_error = %s, last_error_at = %s where name = %s",
                (reason, now, self.channel),
            )
        return is_ours

    def tried_from(self, connection: Connection[TupleRow], message: Message) -> datetime:
        """Return since when the message is being tried: since it was found, or a person wanted it tried again."""
        [(moment,)] = connection.execute(
            "select min(tried_from) from notification_deliveries where message_id = %s", (message.id,)
        )
        found: datetime = moment
        return found

    def forget(self, connection: Connection[TupleRow], now: datetime) -> int:
        """Remove what ended long ago; return how many deliveries that were. What is parked stays."""
        return connection.execute(
            "delete from notification_deliveries where channel = %s and state in ('sent', 'skipped') and ended_at < %s",
            (self.channel, now - KEPT),
        ).rowcount

    def _row(self, entry: JournalEntry, draft: Draft, now: datetime) -> tuple[object, ...]:
        told = (draft.severity, draft.subject, draft.title, draft.text, draft.envelope)
        identity = delivery_id(self.epoch, self.channel, entry.position)
        return identity, entry.position, entry.topic, draft.run_id, *told, self.channel, self.epoch, now, now, now

    def _frozen(self, connection: Connection[TupleRow], message_id: UUID) -> list[UUID]:
        rows = connection.execute(
            "select id from notification_deliveries where message_id = %s and state = 'pending' for update",
            (message_id,),
        )
        return [identity for (identity,) in rows]

    def _alike(self, connection: Connection[TupleRow], topic: str, run_id: UUID | None) -> list[UUID]:
        rows = connection.execute(
            "select id from notification_deliveries where channel = %s and state = 'pending' and message_id is null "
            "and topic = %s and run_id is not distinct from %s order by position limit %s for update skip locked",
            (self.channel, topic, run_id, MOST_FOLDED),
        )
        return [identity for (identity,) in rows]

    def _end_attempt(
        self, connection: Connection[TupleRow], message: Message, changes: str, values: tuple[Any, ...]
    ) -> bool:
        ended = connection.execute(
            f"update notification_deliveries set {changes}, sending_since = null "
            "where message_id = %s and state = 'sending' and attempts = %s".encode(),
            (*values, message.id, message.attempt),
        )
        return ended.rowcount > 0


_WAITING = "channel = %s and state = 'pending' and (severity = 'critical' or not %s)"


def standings(connection: Connection[TupleRow], channel: str | None = None) -> dict[str, Standing]:
    """Return how channels stand that were ever opened, by name; all of them, or the one."""
    with connection.cursor(row_factory=class_row(_Counted)) as cursor:
        cursor.execute(
            "select name, c.position, last_success_at, c.last_error, last_error_at, state, count(d.id) as count, "
            "min(enqueued_at) as oldest from notification_channels c left join notification_deliveries d "
            "on d.channel = c.name where %(channel)s::text is null or name = %(channel)s "
            "group by c.name, state order by c.name",
            {"channel": channel},
        )
        found: dict[str, Standing] = {}
        for row in cursor:
            before = found.get(row.name)
            counts = dict.fromkeys(STATES, 0) if before is None else before.deliveries
            oldest = None if before is None else before.oldest_pending_at
            if row.state is not None:
                counts[row.state] = row.count
            if row.state == "pending":
                oldest = row.oldest
            found[row.name] = Standing(
                row.position, counts, oldest, row.last_success_at, row.last_error, row.last_error_at
            )
        return found


@dataclass(frozen=True, slots=True)
class _Counted:
    name: str
    position: int
    last_success_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    state: State | None
    count: int
    oldest: datetime | None


def parked(connection: Connection[TupleRow], limit: int = 100) -> list[dict[str, Any]]:
    """Return what is parked in any channel, oldest first, as JSON types but for the times."""
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            "select channel, id, position, topic, run_id, title, attempts, enqueued_at, ended_at as parked_at, "
            "last_error from notification_deliveries where state = 'parked' order by channel, position limit %s",
            (limit,),
        )
        return cursor.fetchall()


def try_again(connection: Connection[TupleRow], channel: str, now: datetime, delivery: UUID | None = None) -> int:
    """Let what is parked be tried again, for as long as if it were new; return how many deliveries that are.

    delivery: only the message this one belongs to.
    """
    return connection.execute(
        f"update notification_deliveries set state = 'pending', due_at = %s, tried_from = %s, ended_at = null "
        f"where {_PARKED}".encode(),
        (now, now, channel, delivery, delivery),
    ).rowcount


def skip(connection: Connection[TupleRow], channel: str, now: datetime, delivery: UUID | None = None) -> int:
    """Let what is parked never be sent; return how many deliveries that are. delivery: as `try_again` has it."""
    return connection.execute(
        f"update notification_deliveries set state = 'skipped', ended_at = %s where {_PARKED}".encode(),
        (now, channel, delivery, delivery),
    ).rowcount


_PARKED = """
channel = %s and state = 'parked'
and (%s::uuid is null or message_id = (select message_id from notification_deliveries where id = %s))
"""

"""The book of deliveries: each event once for each channel, whatever ends in between."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from application.journal import Journal
from domain.events import JournalEntry
from interfaces.database import connect
from interfaces.event_store import journal_environment
from interfaces.notifications.delivery_book import (
    KEPT,
    DeliveryBook,
    Draft,
    delivery_id,
    parked,
    skip,
    standings,
    try_again,
)
from tests.interfaces.notifications.scene import (
    NOW,
    draft,
    failure,
    record,
    record_rejections,
    record_run,
    states,
)

TOPICS = ("run.error", "order.rejected")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def journal(database_url: str) -> Iterator[Journal]:
    with Journal(journal_environment(database_url)) as journal:
        yield journal


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection[TupleRow]]:
    with connect(database_url) as connection:
        yield connection


@pytest.fixture
def book(connection: Connection[TupleRow], journal: Journal) -> DeliveryBook:
    """A channel that was opened on a journal with something in it."""
    record_run(journal)
    book = DeliveryBook("here", journal.epoch)
    assert book.open(connection, NOW) is None
    return book


def fail_runs(journal: Journal, count: int) -> list[int]:
    """Record so many failed runs; return the positions of the failures."""
    return [record(journal, record_run(journal), failure(), version=2) for _ in range(count)]


def find(
    book: DeliveryBook,
    connection: Connection[TupleRow],
    drafted: Callable[[JournalEntry], Draft] = lambda entry: draft(),
) -> int:
    """Look at all there is; return how many deliveries were found."""
    total, is_through = 0, False
    while not is_through:
        _, found, is_through = book.enqueue(connection, TOPICS, drafted, NOW)
        total += found
    return total


def test_a_new_channel_begins_at_the_head(
    journal: Journal, connection: Connection[TupleRow], book: DeliveryBook
) -> None:
    fail_runs(journal, 2)
    other = DeliveryBook("other", journal.epoch)
    other.open(connection, NOW)
    assert (find(book, connection), find(other, connection)) == (2, 0)
    [position] = fail_runs(journal, 1)
    assert (find(book, connection), find(other, connection)) == (1, 1)
    assert find(book, connection) == 0
    assert states(connection, other) == [(position, "pending")]


def test_a_backlog_is_found_in_pages_and_what_nobody_wants_is_passed_over(
    journal: Journal, connection: Connection[TupleRow], book: DeliveryBook
) -> None:
    record_rejections(journal, record_run(journal), 1_250)
    seen = []
    reached, found, is_through = book.enqueue(connection, TOPICS, lambda entry: seen.append(entry.position), NOW)
    assert (found, is_through, len(seen)) == (0, False, 1_000)
    assert reached == seen[-1]
    assert find(book, connection) == 250
    assert standings(connection)["here"].position == journal.head()


def test_rows_and_position_change_together(
    journal: Journal, connection: Connection[TupleRow], book: DeliveryBook
) -> None:
    fail_runs(journal, 2)
    before = standings(connection)["here"]
    calls = iter([draft(), None])
    with pytest.raises(StopIteration):
        book.enqueue(connection, TOPICS, lambda entry: next(calls) or next(calls), NOW)
    assert standings(connection)["here"] == before
    assert find(book, connection) == 2


def test_a_message_is_claimed_once_and_recorded_once(
    database_url: str, journal: Journal, connection: Connection[TupleRow], book: DeliveryBook
) -> None:
    [position, _] = fail_runs(journal, 2)
    find(book, connection)
    with connect(database_url) as other, connection.transaction():
        first = book.claim(connection, NOW)
        second = book.claim(other, NOW)
        assert first is not None
        assert second is not None
        assert first.id != second.id
        assert book.claim(other, NOW) is None
    assert first.id == delivery_id(journal.epoch, "here", position)
    assert book.sent(connection, first, NOW)
    assert not book.sent(connection, first, NOW)
    assert not book.failed(connection, first, NOW, "late", due_at=NOW, may_have_arrived=True)
    assert [state for _, state in states(connection, book)] == ["sent", "sending"]


def test_an_attempt_without_an_answer_is_repeated_once_it_must_be_over(
    journal: Journal, connection: Connection[TupleRow], book: DeliveryBook
) -> None:
    fail_runs(journal, 1)
    find(book, connection)
    first = book.claim(connection, NOW)
    assert first is not None
    assert book.take_back(connection, NOW + MINUTE, 2 * MINUTE) == 0
    assert book.take_back(connection, NOW + MINUTE, MINUTE) == 1
    again = book.claim(connection, NOW + MINUTE)
    assert again is not None
    assert (again.id, again.attempt, again.may_have_arrived) == (first.id, 2, True)
    assert not book.sent(connection, first, NOW + MINUTE), "the attempt that was given up"
    assert book.sent(connection, again, NOW + MINUTE)
    assert [state for _, state in states(connection, book)] == ["sent"]


def test_many_of_a_kind_become_one_message_that_stays_as_it_is(
    journal: Journal, connection: Connection[TupleRow], book: DeliveryBook
) -> None:
    noisy, other = record_run(journal), record_run(journal)
    record_rejections(journal, noisy, 40)
    record_rejections(journal, other, 3)
    find(book, connection, lambda entry: draft(run_id=entry.run_id, severity="warning"))
    message = book.claim(connection, NOW, fold_above=5)
    assert message is not None
    assert len(message.deliveries) == 40
    book.failed(connection, message, NOW, "no answer", due_at=NOW, may_have_arrived=True)
    again = book.claim(connection, NOW, fold_above=5)
    assert again is not None
    assert (again.deliveries, again.as_json()) == (message.deliveries, message.as_json())
    assert book.sent(connection, again, NOW)
    singles = [book.claim(connection, NOW, fold_above=5) for _ in range(4)]
    assert [len(one.deliveries) if one else 0 for one in singles] == [1, 1, 1, 0]


def test_quiet_hours_let_only_what_is_critical_through(
    journal: Journal, connection: Connection[TupleRow], book: DeliveryBook
) -> None:
    fail_runs(journal, 1)
    find(book, connection, lambda entry: draft(severity="warning"))
    [critical] = fail_runs(journal, 1)
    find(book, connection)
    assert book.due_in(connection, NOW, is_quiet=True) == 0
    message = book.claim(connection, NOW, is_quiet=True)
    assert message is not None
    assert message.first.position == critical
    assert book.claim(connection, NOW, is_quiet=True) is None
    assert book.due_in(connection, NOW, is_quiet=True) is None
    assert book.claim(connection, NOW) is not None


def test_what_is_parked_waits_for_a_person(
    journal: Journal, connection: Connection[TupleRow], book: DeliveryBook
) -> None:
    fail_runs(journal, 2)
    find(book, connection)
    for _ in range(2):
        message = book.claim(connection, NOW)
        assert message is not None
        book.failed(connection, message, NOW, "400 chat not found", due_at=None, may_have_arrived=False)
    assert book.due_in(connection, NOW, is_quiet=False) is None
    standing = standings(connection)["here"]
    assert (standing.state, standing.deliveries["parked"], standing.last_error) == ("parked", 2, "400 chat not found")
    first, second = parked(connection)
    later = NOW + 2 * MINUTE
    assert try_again(connection, "here", later, first["id"]) == 1
    assert skip(connection, "elsewhere", later) == 0
    assert skip(connection, "here", later) == 1
    again = book.claim(connection, later)
    assert again is not None
    assert (again.id, again.attempt) == (first["id"], 2)
    assert book.tried_from(connection, again) == later
    assert book.sent(connection, again, later)
    assert [state for _, state in states(connection, book)] == ["sent", "skipped"]
    assert second["title"] == "what happened"
    assert standings(connection)["here"].state == "ok"


def test_another_journal_begins_at_its_head_and_nothing_old_is_sent(
    journal: Journal, connection: Connection[TupleRow], book: DeliveryBook
) -> None:
    fail_runs(journal, 3)
    find(book, connection)
    sending = book.claim(connection, NOW)
    assert sending is not None
    fail_runs(journal, 2)  # not looked at before the restore
    restored = DeliveryBook("here", "another-epoch")
    told = restored.open(connection, NOW)
    assert told is not None
    assert told.endswith("3 deliveries are not sent any more")
    assert restored.open(connection, NOW) is None
    assert find(restored, connection) == 0
    assert restored.claim(connection, NOW) is None
    assert not book.sent(connection, sending, NOW)
    [position] = fail_runs(journal, 1)
    find(restored, connection)
    message = restored.claim(connection, NOW)
    assert message is not None
    assert message.id == delivery_id("another-epoch", "here", position)


def test_a_journal_that_ends_before_the_channel_is_another_one(
    connection: Connection[TupleRow], book: DeliveryBook
) -> None:
    connection.execute("update notification_channels set position = position + 10")
    told = book.open(connection, NOW)
    assert told is not None
    assert "restored" in told


def test_what_ended_long_ago_is_forgotten_but_for_what_is_parked(
    journal: Journal, connection: Connection[TupleRow], book: DeliveryBook
) -> None:
    fail_runs(journal, 3)
    find(book, connection)
    for outcome in ("sent", "parked"):
        message = book.claim(connection, NOW)
        assert message is not None
        if outcome == "sent":
            book.sent(connection, message, NOW)
        else:
            book.failed(connection, message, NOW, "no", due_at=None, may_have_arrived=False)
    assert book.forget(connection, NOW + KEPT) == 0
    assert book.forget(connection, NOW + KEPT + MINUTE) == 1
    assert [state for _, state in states(connection, book)] == ["parked", "pending"]

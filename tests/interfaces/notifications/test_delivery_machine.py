"""Any order of finding, sending, dying and coming back: every event is recorded sent once at most, and none is lost."""

import itertools
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from application.journal import Journal
from domain.events import JournalEntry
from interfaces.database import connect
from interfaces.event_store import journal_environment
from interfaces.notifications.delivery_book import DeliveryBook, Draft, try_again
from interfaces.notifications.messages import Message
from tests.interfaces.notifications.scene import NOW, draft, record_rejections, record_run
from tests.postgres_servers import fresh_database

GRACE = timedelta(seconds=10)
TOPICS = ("order.rejected",)
_numbers = itertools.count()


class Deliveries(RuleBasedStateMachine):
    """Two processes at one channel. `arrived` is what the receiver saw, by position; `answers` what it said."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.name = f"channel{next(_numbers)}"
        self.connections = [connect(self.url) for _ in range(2)]
        self.journal = Journal(journal_environment(self.url, pool_size=1))
        self.books = [DeliveryBook(self.name, self.journal.epoch) for _ in range(2)]
        self.now: datetime = NOW
        self.run_id = record_run(self.journal)
        self.books[0].open(self.connections[0], self.now)
        self.recorded: list[int] = []
        self.arrived: Counter[int] = Counter()
        self.ids: dict[int, set[Any]] = {}
        self.at_work: list[tuple[int, Message]] = []
        self.sent_once: set[int] = set()

    def teardown(self) -> None:
        for connection in self.connections:
            connection.close()
        self.journal.close()

    @rule(count=st.integers(1, 8))
    def something_happens(self, count: int) -> None:
        before = self.journal.head()
        record_rejections(self.journal, self.run_id, count, first=len(self.recorded))
        entries = self.journal.read(before, 100, topics=TOPICS, run_id=self.run_id)
        self.recorded += [entry.position for entry in entries]

    @rule(who=st.integers(0, 1), dies=st.booleans())
    def find(self, who: int, dies: bool) -> None:
        """Look at the journal; dying in between changes nothing."""

        def drafted(entry: JournalEntry) -> Draft | None:
            if dies:
                raise ConnectionError("killed")
            return draft(run_id=self.run_id) if entry.run_id == self.run_id else None

        try:
            self.books[who].enqueue(self.connections[who], TOPICS, drafted, self.now)
        except ConnectionError:
            assert dies

    @rule(who=st.integers(0, 1), fold_above=st.sampled_from([0, 2]), arrives=st.booleans())
    def attempt(self, who: int, fold_above: int, arrives: bool) -> None:
        """Claim and send; what became of it is recorded by another rule, or never."""
        message = self.books[who].claim(self.connections[who], self.now, fold_above=fold_above)
        if message is None:
            return
        self.at_work.append((who, message))
        if arrives:
            self.arrived.update(one.position for one in message.deliveries)
            for one in message.deliveries:
                self.ids.setdefault(one.position, set()).add((message.id, message.as_json()))

    @precondition(lambda self: self.at_work)
    @rule(data=st.data(), outcome=st.sampled_from(["taken", "no answer", "refused", "killed"]))
    def outcome(self, data: st.DataObject, outcome: str) -> None:
        """Record an attempt, however long ago it was made; the process of a killed one says nothing."""
        who, message = self.at_work.pop(data.draw(st.integers(0, len(self.at_work) - 1)))
        book, connection = self.books[who], self.connections[who]
        if outcome == "taken":
            self.arrived.update(one.position for one in message.deliveries)
            for one in message.deliveries:
                self.ids.setdefault(one.position, set()).add((message.id, message.as_json()))
            if book.sent(connection, message, self.now):
                positions = {one.position for one in message.deliveries}
                assert not positions & self.sent_once, "recorded sent twice"
                self.sent_once |= positions
        elif outcome != "killed":
            due_at = None if outcome == "refused" else self.now + timedelta(seconds=1)
            book.failed(connection, message, self.now, outcome, due_at=due_at, may_have_arrived=outcome != "refused")

    @rule(who=st.integers(0, 1), seconds=st.integers(0, 30))
    def time_passes(self, who: int, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.books[who].take_back(self.connections[who], self.now, GRACE)

    @rule()
    def restart(self) -> None:
        """Every process is killed; the next one opens the channel again."""
        self.at_work.clear()
        self.books = [DeliveryBook(self.name, self.journal.epoch) for _ in range(2)]
        for book, connection in zip(self.books, self.connections, strict=True):
            assert book.open(connection, self.now) is None

    @rule()
    def a_person_tries_again(self) -> None:
        try_again(self.connections[0], self.name, self.now)

    @invariant()
    def every_event_found_stands_once(self) -> None:
        [(position,)] = self.connections[0].execute(
            "select position from notification_channels where name = %s", (self.name,)
        )
        rows = self.connections[0].execute(
            "select position, state from notification_deliveries where channel = %s order by position", (self.name,)
        )
        states: dict[int, str] = dict(rows.fetchall())
        assert list(states) == [one for one in self.recorded if one <= position]
        assert {one for one, state in states.items() if state == "sent"} == self.sent_once
        assert all(self.arrived[one] for one in self.sent_once), "sent means that the receiver has it"
        assert all(len(seen) == 1 for seen in self.ids.values()), "a repetition is the same message"


@pytest.fixture(scope="module")
def lasting_url(server_url: str, migrated_template: str) -> Iterator[str]:
    """A database for all examples, each of which has a channel and a run of its own."""
    with fresh_database(server_url, f"weaver_machine_{os.getpid()}", migrated_template) as url:
        yield url


def finish(machine: Deliveries) -> None:
    """Let one process that lives send all there is."""
    machine.now += timedelta(minutes=5)
    book, connection = machine.books[0], machine.connections[0]
    is_through = False
    while not is_through:
        _, _, is_through = book.enqueue(
            connection,
            TOPICS,
            lambda one: draft(run_id=one.run_id) if one.run_id == machine.run_id else None,
            machine.now,
        )
    book.take_back(connection, machine.now, GRACE)
    try_again(connection, machine.name, machine.now)
    while (message := book.claim(connection, machine.now)) is not None:
        machine.arrived.update(one.position for one in message.deliveries)
        assert book.sent(connection, message, machine.now)
        machine.sent_once |= {one.position for one in message.deliveries}


def test_no_order_of_deaths_loses_or_doubles_anything(lasting_url: str) -> None:
    class OnThisDatabase(Deliveries):
        url = lasting_url

        def teardown(self) -> None:
            try:
                finish(self)
                assert self.sent_once == set(self.recorded) == set(self.arrived), "lost"
            finally:
                super().teardown()

    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=int(os.environ.get("WEAVER_TEST_EXAMPLES", "25")),
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

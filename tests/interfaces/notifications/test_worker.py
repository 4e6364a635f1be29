"""A channel at work: a real journal, a real receiver, real threads."""

import contextlib
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from application.clock import WallClock
from application.journal import Imported, Journal
from domain.exchange_account import AccountDiscrepancyFound, account_stream_id
from domain.ids import new_id
from domain.risk import KILL_SWITCH, KILL_SWITCH_ID, RiskHalted
from interfaces.database import connect
from interfaces.event_store import journal_environment
from interfaces.journal_tail import JournalTail
from interfaces.notifications.channel_worker import Pace
from interfaces.notifications.delivery_book import Standing, standings, try_again
from interfaces.notifications.notifier import Notifier
from tests.interfaces.notifications.receiver import Receiver
from tests.interfaces.notifications.scene import (
    NOW,
    channel,
    described,
    failure,
    record,
    record_rejections,
    record_run,
)
from tests.interfaces.web.scenes import until

QUICK = Pace(first=0.02, longest=0.05, of_channel=0.05)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def journal(database_url: str) -> Iterator[Journal]:
    with Journal(journal_environment(database_url)) as journal:
        record_run(journal, name="before all")
        yield journal


class Stage:
    """Processes that send: each has a tail and a notifier of its own."""

    def __init__(self, database_url: str, epoch: str, home: Path) -> None:
        self.url = database_url
        self.home = home
        self._epoch = epoch
        self._open: list[contextlib.ExitStack] = []

    def process(self, *channels: dict[str, Any], pace: Pace = QUICK) -> Notifier:
        """Start a process with these channels; return once it looks after them, or stands by."""
        stack = contextlib.ExitStack()
        tail = JournalTail(self.url)
        tail.start()
        stack.callback(tail.stop)
        assert tail.wait_for_first_look(10)
        made = [channel(self.home, **fields) for fields in channels]
        notifier = Notifier(made, self.url, tail, self._epoch, WallClock(), pace)
        notifier.start()
        stack.callback(notifier.stop)
        self._open.append(stack)
        until(lambda: all(one.standing is not None for one in notifier.snapshots()))
        return notifier

    def end(self) -> None:
        """Stop every process."""
        while self._open:
            self._open.pop().close()

    def standing(self, name: str = "here") -> Standing:
        with connect(self.url) as connection:
            return standings(connection)[name]


@pytest.fixture
def stage(database_url: str, journal: Journal, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(database_url, journal.epoch, tmp_path)
    yield stage
    stage.end()


def fail(journal: Journal, **changes: Any) -> int:
    """Record a run that fails; return the position of its end."""
    return record(journal, record_run(journal, **changes), failure(), version=2)


def told(receiver: Receiver) -> list[int]:
    """The positions that were told, in the order of arrival."""
    return [one.body["position"] for one in receiver.taken]


def test_what_fails_is_told_once_and_a_restart_tells_nothing_again(
    stage: Stage, journal: Journal, receiver: Receiver
) -> None:
    stage.process({"url": receiver.url})
    position = fail(journal, name="overnight", mode="live")
    until(lambda: told(receiver) == [position])
    body = receiver.taken[0].body
    assert body["type"] == "run.error"
    assert body["severity"] == "critical"
    assert body["text"].startswith("[critical] live run overnight: has failed\nwhy: division by zero\n")
    stage.end()
    missed = fail(journal)  # while nobody is there
    stage.process({"url": receiver.url})
    until(lambda: told(receiver) == [position, missed])
    until(lambda: stage.standing().deliveries["sent"] == 2)
    assert len({one.delivery for one in receiver.taken}) == 2


def test_a_backtest_tells_nothing_unless_it_is_wanted(stage: Stage, journal: Journal, receiver: Receiver) -> None:
    everything = {"url": receiver.url, "events": ["*"], "minimum_severity": "info"}
    stage.process(everything, everything | {"name": "all", "modes": ["backtest"]})
    backtest = record_run(journal, mode="backtest")
    record_rejections(journal, backtest, 700)
    halt = RiskHalted(at=NOW, policy=KILL_SWITCH, message="enough", figures={})
    last = record(journal, backtest, halt, stream=KILL_SWITCH_ID)
    with connect(stage.url) as connection:
        until(lambda: stage.standing("here").position >= last and stage.standing("all").position >= last)
        rows = connection.execute("select channel, count(*) from notification_deliveries group by channel").fetchall()
    # the switch is of no run, but these facts were recorded under the backtest's: its own channel alone takes them
    assert dict(rows) == {"all": 1_402}


def test_runs_events_and_severities_can_be_chosen(stage: Stage, journal: Journal, receiver: Receiver) -> None:
    wanted = record_run(journal, name="mine, one")
    stage.process(
        {"name": "named", "url": receiver.url, "runs": ["mine*"]},
        {"name": "by-id", "url": receiver.url, "runs": [str(wanted)]},
        {"name": "errors", "url": receiver.url, "events": ["run.*"], "minimum_severity": "critical"},
    )
    failed = record(journal, wanted, failure(), version=2)
    other = record_run(journal, name="yours")
    record_rejections(journal, other, 1)
    found = AccountDiscrepancyFound(
        at=NOW, exchange="paper", kind="position", subject="SPY", message="3, not 2", policy="adopt", run_id=other
    )
    last = record(journal, new_id(), found, stream=account_stream_id("paper"))
    until(lambda: all(stage.standing(name).position >= last for name in ("named", "by-id", "errors")))
    until(lambda: not any(stage.standing(name).deliveries["pending"] for name in ("named", "by-id", "errors")))
    assert sorted(told(receiver)) == [failed] * 3


def test_an_imported_run_is_history(stage: Stage, journal: Journal, receiver: Receiver) -> None:
    stage.process({"url": receiver.url})
    run_id = new_id()
    rows = []
    for version, event in enumerate((described(), failure()), start=1):
        topic, state = journal.catalogue.encode(event)
        rows.append((run_id, version, topic, state, "{}"))
    journal.import_run(rows, run_id, Imported(new_id(), "00"))
    position = fail(journal)
    until(lambda: told(receiver) == [position])


def test_a_receiver_in_trouble_is_asked_again_and_gets_the_same(
    stage: Stage, journal: Journal, receiver: Receiver
) -> None:
    receiver.statuses.extend([503, 0, 500, 429])
    stage.process({"url": receiver.url})
    position = fail(journal)
    until(lambda: told(receiver) == [position])
    assert len(receiver.received) == 5
    assert len({one.raw for one in receiver.received}) == len({one.delivery for one in receiver.received}) == 1
    until(lambda: stage.standing().deliveries["sent"] == 1)
    assert (stage.standing().state, stage.standing().last_error) == ("ok", "429 ok")


def test_a_refusal_is_parked_and_others_go_on(stage: Stage, journal: Journal, receiver: Receiver) -> None:
    receiver.statuses.append(400)
    notifier = stage.process({"url": receiver.url})
    refused = fail(journal)
    until(lambda: stage.standing().deliveries["parked"] == 1)
    taken = fail(journal)
    until(lambda: told(receiver) == [taken])
    assert stage.standing().state == "parked"
    until(lambda: notifier.snapshots()[0].messages == {"parked": 1, "sent": 1})
    with connect(stage.url) as connection:
        assert try_again(connection, "here", WallClock().now()) == 1
    until(lambda: told(receiver) == [taken, refused])
    until(lambda: stage.standing().state == "ok")


def test_a_message_is_not_tried_beyond_its_window(stage: Stage, journal: Journal, receiver: Receiver) -> None:
    receiver.statuses.extend([500] * 1_000)
    stage.process(
        {"url": receiver.url}, pace=Pace(first=0.02, longest=0.05, of_channel=0.02, window=timedelta(seconds=1))
    )
    fail(journal)
    until(lambda: stage.standing().deliveries["parked"] == 1)
    assert 2 < len(receiver.received) < 100


def test_the_receiver_says_how_long_to_wait(stage: Stage, journal: Journal, receiver: Receiver) -> None:
    receiver.statuses.append(429)
    receiver.retry_after = "2"
    stage.process({"url": receiver.url})
    fail(journal)
    until(lambda: len(receiver.received) == 1)
    began = time.monotonic()
    fail(journal)  # the whole channel is left alone, not the one message
    until(lambda: len(receiver.taken) == 2)
    assert time.monotonic() - began > 1.5


def test_a_dead_channel_delays_no_other(stage: Stage, journal: Journal, receiver: Receiver) -> None:
    with Receiver() as dead:
        dead.hold()
        stage.process({"name": "dead", "url": dead.url}, {"name": "live", "url": receiver.url})
        fail(journal)
        until(lambda: len(dead.received) == 1)  # its thread now waits for an answer
        positions = [fail(journal) for _ in range(20)]
        until(lambda: told(receiver)[1:] == positions, seconds=5)
        until(lambda: stage.standing("live").deliveries["sent"] == 21)
        assert stage.standing("dead").deliveries["sent"] == 0
        dead.release()


def test_a_flood_becomes_few_messages(stage: Stage, journal: Journal, receiver: Receiver) -> None:
    receiver.hold()
    stage.process({"url": receiver.url, "digest_above": 5})
    run_id = record_run(journal, name="nervous")
    record_rejections(journal, run_id, 1)
    until(lambda: len(receiver.received) == 1)
    record_rejections(journal, run_id, 300, first=1)
    receiver.release()
    until(lambda: stage.standing().deliveries["sent"] == 301)
    assert len(receiver.taken) <= 4
    assert "and 299 more order.rejected of paper run nervous" in receiver.taken[1].body["text"]
    assert len(receiver.taken[1].body["folded"]) == 299


def test_quiet_hours_hold_back_what_is_not_critical(stage: Stage, journal: Journal, receiver: Receiver) -> None:
    quiet = {"from": "00:00:00", "to": "23:59:59.999999"}
    stage.process({"url": receiver.url, "quiet": quiet})
    record_rejections(journal, record_run(journal), 3)
    position = fail(journal)
    until(lambda: told(receiver) == [position])
    until(lambda: stage.standing().deliveries["pending"] == 3)


def test_two_processes_tell_nothing_twice_and_one_takes_over(
    stage: Stage, journal: Journal, receiver: Receiver
) -> None:
    first = stage.process({"url": receiver.url})
    second = stage.process({"url": receiver.url})
    assert [one.snapshots()[0].state for one in (first, second)] == ["working", "standby"]
    positions = [fail(journal) for _ in range(10)]
    until(lambda: told(receiver) == positions)
    first.stop()
    positions += [fail(journal) for _ in range(10)]
    until(lambda: told(receiver) == positions)
    assert second.snapshots()[0].state == "working"
    until(lambda: stage.standing().deliveries["sent"] == 20)


def test_an_answer_is_recorded_although_the_database_went_away_meanwhile(
    stage: Stage, journal: Journal, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.hold()
    stage.process({"url": receiver.url})
    position = fail(journal)
    until(lambda: len(receiver.received) == 1)
    with connect(stage.url) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name = 'weaver notifications here' and datname = current_database()"
        )
    receiver.release()
    until(lambda: stage.standing().deliveries["sent"] == 1)
    assert told(receiver) == [position]
    later = fail(journal)
    until(lambda: told(receiver) == [position, later])
    assert "lost the database" in caplog.text


def test_an_event_that_cannot_be_read_is_told_as_such(stage: Stage, journal: Journal, receiver: Receiver) -> None:
    stage.process({"url": receiver.url})
    run_id = record_run(journal)
    with connect(stage.url) as connection:
        connection.execute(
            "select weaver_append(array[%s]::uuid[], array[2]::bigint[], array['run.error'], %s::bytea[], %s, '{}')",
            (run_id, [b'{"at":"yesterday"}'], run_id),
        )
    until(lambda: len(receiver.taken) == 1)
    assert receiver.taken[0].body["text"].startswith("[critical] Weaver: an event run.error cannot be read\nwhy: ")
    later = fail(journal)
    until(lambda: told(receiver)[1:] == [later])

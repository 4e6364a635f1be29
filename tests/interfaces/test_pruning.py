"""What is pruned is gone as if it had never been, and the journal says so; whatever else goes missing is found."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.rows import TupleRow

from application.clock import WallClock
from application.dispatch import Dispatch
from application.journal import Journal
from domain.errors import Conflict, RunNotFound
from domain.events import Chain, Recorded
from domain.fork import ForkOrigin
from domain.ids import new_id
from domain.retention import JournalPruned, PrunedRange, pruned_stream_id
from domain.run import Run, RunDeleted
from interfaces import pruning
from interfaces.database import connect
from interfaces.event_store import journal_environment
from interfaces.journal_verification import verify_journal
from interfaces.pruning import JournalChanged, Plan, Prunable, Pruning, Rules, plan
from projections.advisory_locks import lock_key
from projections.catalog import READ_MODELS
from projections.rebuild import rebuild
from projections.shared_reading import SharedReading
from projections.view import ReadModel, fold_batch
from tests.projections.facts import append, dump, fold_all, random_facts, run_created

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TABLES = [table for model in READ_MODELS for table in model.tables]
NOTHING: Any = None  # of what a deletion has no use for


class Killed(BaseException):
    """The process ends here."""


def run_of(recorded: Recorded) -> UUID | None:
    """The run or sweep that an event is recorded for."""
    event = recorded.event
    own = recorded.originator_id if event.TOPIC.startswith(("run.", "sweep.")) else None
    return getattr(event, "run_id", None) or getattr(event, "sweep_id", None) or own


def fill(connection: Connection[TupleRow], seed: int, runs: int = 4) -> None:
    """Record runs and a sweep, all at the same time."""
    for run_id, events in groupby(random_facts(seed, runs=runs, orders=12), key=run_of):
        append(connection, list(events), run_id=run_id)
        if run_id is not None and run_id.int % 5 == 0:
            connection.execute("select nextval('weaver_events_notification_id_seq')")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection[TupleRow]]:
    with connect(database_url) as opened:
        yield opened


@pytest.fixture
def journal(database_url: str) -> Iterator[Journal]:
    with Journal(journal_environment(database_url, pool_size=1)) as opened:
        yield opened


def pruner(database_url: str, journal: Journal) -> Pruning:
    clock = WallClock()
    return Pruning(database_url, journal, Dispatch(journal, clock, NOTHING, NOTHING, NOTHING), clock)


def everything(connection: Connection[TupleRow]) -> Plan:
    return plan(connection, Rules(keep=0), NOW)


def rows(connection: Connection[TupleRow]) -> dict[str, list[Any]]:
    return {table: dump(connection, table) for table in TABLES}


def require_as_rebuilt(database_url: str, connection: Connection[TupleRow]) -> None:
    """What the read models have is what they come to when they are folded anew."""
    fold_all(connection)
    kept = rows(connection)
    for model in READ_MODELS:
        rebuild(database_url, model.name)
    assert rows(connection) == kept


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(seed=st.integers(0, 10_000), keep=st.integers(0, 3), batch=st.sampled_from([1, 3, 2_000]), behind=st.booleans())
def test_rows_and_totals_are_as_if_it_had_never_been_and_the_digest_stays(
    database_url: str, seed: int, keep: int, batch: int, behind: bool
) -> None:
    with connect(database_url) as connection, Journal(journal_environment(database_url, pool_size=1)) as journal:
        fill(connection, seed)
        if behind:
            for model in READ_MODELS:
                fold_batch(connection, model, 40)
        else:
            fold_all(connection)
        for model in READ_MODELS:
            if model.name in ("runs", "sweeps"):
                while not fold_batch(connection, model).is_complete:
                    pass
        positions = [one for (one,) in connection.execute("select notification_id from weaver_events order by 1")]
        written_down = {positions[len(positions) // part - 1] for part in (1, 2, 3, 5)}
        digests = {one: verify_journal(database_url, until=one).digest for one in written_down}
        found = plan(connection, Rules(keep=keep), NOW)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pruning, "MOST_EVENTS", batch)
            patch.setattr(pruning, "MOST_RANGES", 3)
            pruned, events = pruner(database_url, journal).prune(found.prunable)
        assert pruned == len(found.prunable)
        assert events >= sum(one.events for one in found.prunable)
        after = verify_journal(database_url)
        assert after.findings == []
        for position, digest in digests.items():
            assert verify_journal(database_url, until=position, digest=digest).findings == []
        require_as_rebuilt(database_url, connection)
        for one in found.prunable:
            assert not any(str(one.id) in str(row) for name, table in rows(connection).items() for row in table)


@pytest.mark.parametrize("keep", [0, 2])
def test_as_many_rows_go_as_was_said(
    database_url: str, connection: Connection[TupleRow], journal: Journal, keep: int
) -> None:
    fill(connection, seed=5)
    fold_all(connection)
    # the others add up what belongs to many runs
    totals = {"order_tally", "order_tally_by_day", "order_days", "run_tally", "activity_tally", "exchange_accounts"}
    before = sum(len(one) for table, one in rows(connection).items() if table not in totals)
    found = plan(connection, Rules(keep=keep), NOW)
    assert found.rows > 5 * len(found.prunable) > 0
    pruner(database_url, journal).prune(found.prunable)
    fold_all(connection)
    assert found.rows == before - sum(len(one) for table, one in rows(connection).items() if table not in totals)


def test_killed_between_any_two_transactions_it_is_finished_by_the_next(
    database_url: str, connection: Connection[TupleRow], journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(connection, seed=3, runs=2)
    fold_all(connection)
    monkeypatch.setattr(pruning, "MOST_EVENTS", 4)
    monkeypatch.setattr(pruning, "MOST_RANGES", 5)
    digest, whole = verify_journal(database_url), everything(connection).prunable
    left = 0
    dropped, kills = pruning._drop_range, 0

    def killed_at_some_point(*arguments: Any) -> int:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        return dropped(*arguments)

    monkeypatch.setattr(pruning, "_drop_range", killed_at_some_point)
    while True:
        kills += 1
        left = kills % 7 + 3
        try:
            pruner(database_url, journal).prune(everything(connection).prunable)
        except Killed:
            assert verify_journal(database_url).findings == []
            fold_all(connection)
            continue
        if not everything(connection).prunable:
            break
    assert kills > 5
    assert verify_journal(database_url, until=digest.position, digest=digest.digest).findings == []
    for one in whole:
        assert connection.execute("select count(*) from weaver_events where run_id = %s", (one.id,)).fetchone() == (0,)
    require_as_rebuilt(database_url, connection)


def test_a_read_model_that_has_read_ahead_into_memory_writes_nothing_of_what_is_dropped(
    database_url: str, connection: Connection[TupleRow], journal: Journal
) -> None:
    fill(connection, seed=5)
    reading = SharedReading()
    early, late = READ_MODELS[:6], READ_MODELS[6:]
    for model in early:
        fold_batch(connection, model, reading=reading)  # the whole journal is in memory now
    fold_to_the_end(connection, next(one for one in READ_MODELS if one.name == "sweeps"), reading)
    pruner(database_url, journal).prune(everything(connection).prunable)
    for model in (*late, *early):
        fold_to_the_end(connection, model, reading)
    require_as_rebuilt(database_url, connection)


def fold_to_the_end(connection: Connection[TupleRow], model: ReadModel, reading: SharedReading) -> None:
    while not fold_batch(connection, model, 50, reading=reading).is_complete:
        pass


@pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)
def test_every_read_model_forgets_a_run_without_a_trace(connection: Connection[TupleRow], model: ReadModel) -> None:
    fill(connection, seed=12)
    fold_all(connection)
    ids = [one for (one,) in connection.execute("select id from runs union all select id from sweeps")]
    named = {table: dump(connection, table) for table in model.tables}
    assert model.name == "exchange_accounts" or any(str(one) in str(named) for one in ids)
    with connection.cursor() as cursor:
        model.forget(cursor, ids)
    left = str({table: dump(connection, table) for table in model.tables})
    assert [one for one in ids if str(one) in left] == []
    if model.name not in ("activity", "exchange_accounts"):
        assert [table for table in model.tables if dump(connection, table)] == []


# Which ones go.


def finished(connection: Connection[TupleRow], name: str, ended: datetime, **changes: Any) -> UUID:
    run = Run(new_id())
    run.trigger(run_created(name=name, at=ended, **changes))
    run.request_start(ended)
    run.start(ended, 1, {})
    run.fail(ended, "STRATEGY_ERROR", "no", None)
    append(connection, list(run.collect_events()), run_id=run.id)
    return run.id


def test_what_goes_is_old_and_many_and_nobodys_parent(
    database_url: str, connection: Connection[TupleRow], journal: Journal
) -> None:
    old = [finished(connection, f"old {number}", NOW - timedelta(days=40 - number), tags=()) for number in range(4)]
    young = finished(connection, "young", NOW - timedelta(days=2), tags=("mine",))
    paper = finished(connection, "paper", NOW - timedelta(days=90), mode="paper")
    fork = finished(connection, "fork", NOW, forked_from=ForkOrigin(old[1], 1, NOW), strategy_id="breakout")
    running = Run(new_id())
    running.trigger(run_created(at=NOW - timedelta(days=99)))
    running.request_start(NOW)
    running.start(NOW, 1, {})
    append(connection, list(running.collect_events()), run_id=running.id)
    deleted = finished(connection, "deleted", NOW)
    gone = journal.load(Run, deleted)
    assert gone is not None
    gone.delete(NOW)
    journal.record(gone, run_id=deleted, chain=Chain("x", "x"))
    fold_all(connection)

    def going(**rules: Any) -> list[UUID]:
        return [one.id for one in plan(connection, Rules(**rules), NOW).prunable]

    assert going(older_than=timedelta(days=30)) == [deleted, old[3], old[2], old[0]]
    assert going(keep=3) == [deleted, old[2], old[0]]
    assert going(keep=3, older_than=timedelta(days=39)) == [deleted, old[0]]
    assert going(keep=0, tag="mine") == [young]
    assert going(keep=0, strategy="breakout") == [fork]
    assert plan(connection, Rules(keep=3), NOW).held == [(prunable(connection, old[1]), fork)]
    assert old[1] in going(keep=0)  # with its fork
    pruner(database_url, journal).prune(everything(connection).prunable)
    left = {one for (one,) in connection.execute("select distinct run_id from weaver_events where run_id is not null")}
    assert left == {paper, running.id}


def prunable(connection: Connection[TupleRow], run_id: UUID) -> Prunable:
    [(name, ended)] = connection.execute("select name, stopped_at from runs where id = %s", (run_id,))
    return Prunable(run_id, "backtest", name, deleted=False, ended_at=ended)


def test_one_process_prunes_at_a_time(database_url: str, connection: Connection[TupleRow], journal: Journal) -> None:
    connection.execute("select pg_advisory_lock(%s)", (lock_key("prune", "journal"),))
    with pytest.raises(Conflict, match="another process is pruning"):
        pruner(database_url, journal).prune([])


def test_what_is_appended_to_a_run_that_is_being_dropped_goes_too(
    database_url: str, connection: Connection[TupleRow], journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = finished(connection, "run", NOW)
    fold_all(connection)
    drop, appended = pruning._drop, list[int]()

    def late(*arguments: Any) -> int:
        """Append what a command does that has loaded the run before it was deleted."""
        if not appended:
            version = len(journal.stream(run_id)) + 1
            appended.extend(append(connection, [Recorded(run_id, version, RunDeleted(at=NOW))], run_id=run_id))
        return drop(*arguments)

    monkeypatch.setattr(pruning, "_drop", late)
    pruner(database_url, journal).prune(everything(connection).prunable)
    assert connection.execute("select count(*) from weaver_events where run_id = %s", (run_id,)).fetchone() == (0,)
    assert len(journal.stream(pruned_stream_id(run_id))) == 2
    assert verify_journal(database_url).findings == []
    require_as_rebuilt(database_url, connection)


# What is found out.


@pytest.fixture
def pruned(database_url: str, connection: Connection[TupleRow], journal: Journal) -> list[Prunable]:
    """A journal of which two runs were dropped."""
    fill(connection, seed=8, runs=6)
    fold_all(connection)
    chosen = everything(connection).prunable[:2]
    pruner(database_url, journal).prune(chosen)
    fold_all(connection)
    assert verify_journal(database_url).findings == []
    return list(chosen)


def kinds(database_url: str) -> set[str]:
    return {finding.kind for finding in verify_journal(database_url).findings}


@pytest.mark.parametrize("place", [0.05, 0.4, 0.8])
def test_a_stream_more_that_is_missing_is_found(
    database_url: str, connection: Connection[TupleRow], pruned: list[Prunable], place: float
) -> None:
    streams = connection.execute(
        "select originator_id from weaver_events where run_id is not null group by 1 order by min(notification_id)"
    ).fetchall()
    [stream_id] = streams[int(len(streams) * place)]
    connection.execute("delete from weaver_events where originator_id = %s", (stream_id,))
    assert "deleted" in kinds(database_url)


def test_an_entry_that_is_put_where_something_was_dropped_is_found(
    database_url: str, connection: Connection[TupleRow], journal: Journal, pruned: list[Prunable]
) -> None:
    record = journal.stream(pruned_stream_id(pruned[0].id))[0]
    dropped = journal.catalogue.decode(record.topic, record.state)
    assert isinstance(dropped, JournalPruned)
    place = max(dropped.ranges, key=lambda one: one.events).last
    connection.execute(
        "insert into weaver_events (notification_id, previous, originator_id, originator_version, topic, state, hash) "
        "select %s, %s, gen_random_uuid(), 1, topic, state, hash from weaver_events "
        "where topic = 'run.created' limit 1",
        (place, place - 1),
    )
    assert {"deleted", "edited"} & kinds(database_url)


def test_a_record_that_was_forged_or_changed_is_found(
    database_url: str, connection: Connection[TupleRow], journal: Journal, pruned: list[Prunable]
) -> None:
    [(run_id, position, previous, digest)] = connection.execute(
        "select run_id, notification_id, previous, encode(sha256(hash), 'hex') from weaver_events "
        "where topic = 'run.created' limit 1"
    ).fetchall()
    connection.execute(
        "insert into pruned_hashes select notification_id, hash from weaver_events where notification_id = %s",
        (position,),
    )
    connection.execute("delete from weaver_events where originator_id = %s", (run_id,))
    record = json.loads(journal.stream(pruned_stream_id(pruned[0].id))[0].state)
    record["ranges"].append({"previous": previous, "last": position, "events": 1, "digest": digest})
    connection.execute(
        "update weaver_events set state = %s where originator_id = %s and originator_version = 1",
        (json.dumps(record).encode(), pruned_stream_id(pruned[0].id)),
    )
    assert "edited" in kinds(database_url)


def test_a_record_that_cannot_be_read_allows_nothing(
    database_url: str, connection: Connection[TupleRow], pruned: list[Prunable]
) -> None:
    connection.execute("update weaver_events set state = '{' where topic = 'journal.pruned'")
    assert {"edited", "deleted"} <= kinds(database_url)


@pytest.mark.parametrize("harm", ["delete from pruned_hashes", "update pruned_hashes set hashes = sha256(hashes)"])
def test_hashes_that_are_not_those_of_what_was_dropped_are_found(
    database_url: str, connection: Connection[TupleRow], pruned: list[Prunable], harm: str
) -> None:
    connection.execute(harm.encode())
    assert "deleted" in kinds(database_url)


def test_the_record_itself_cannot_be_deleted_unseen(
    database_url: str, connection: Connection[TupleRow], pruned: list[Prunable]
) -> None:
    connection.execute("delete from weaver_events where originator_id = %s", (pruned_stream_id(pruned[1].id),))
    assert "deleted" in kinds(database_url)


def test_what_was_changed_since_it_was_recorded_to_go_is_not_dropped(
    database_url: str, connection: Connection[TupleRow], journal: Journal
) -> None:
    run_id = finished(connection, "run", NOW)
    fold_all(connection)
    with connection.cursor() as cursor:
        cursor.execute("select max(notification_id) from weaver_events where run_id = %s", (run_id,))
        [(last,)] = cursor.fetchall()
    with pytest.raises(JournalChanged, match="run weaver verify"):
        pruning._drop(connection, run_id, [PrunedRange(last - 1, last, 1, "0" * 64)])
    assert len(journal.stream(run_id)) == 4


def test_a_run_that_was_dropped_is_not_found_by_anybody(
    database_url: str, connection: Connection[TupleRow], journal: Journal, pruned: list[Prunable]
) -> None:
    assert journal.load(Run, pruned[0].id) is None
    with pytest.raises(RunNotFound):
        verify_journal(database_url, run_id=pruned[0].id)
    for (run_id,) in connection.execute(
        "select distinct run_id from weaver_events where run_id is not null"
    ).fetchall():
        assert verify_journal(database_url, run_id=run_id).findings == []

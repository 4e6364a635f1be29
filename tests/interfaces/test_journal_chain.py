"""The chain of hashes: the same bytes in Python and in SQL, by whichever way an event is appended."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from uuid import UUID

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.rows import TupleRow

from application.journal import Journal
from domain.ids import new_id
from interfaces.database import connect, downgrade, migrate
from interfaces.event_store import PostgresJournalRecorder, journal_environment
from interfaces.journal_chain import BEGINNING, COLUMNS, ChainedEntry
from tests.projections.facts import append, random_facts

RUN = UUID("01900000-0000-7000-8000-000000000001")
BYTES = """
select weaver_entry_bytes(%s, %s, %s, %s, convert_to(%s, 'UTF8'), %s, %s,
                          '\\x01'::bytea || convert_to(%s::jsonb::text, 'UTF8'), %s),
       %s::jsonb::text
"""
STORED = f"select {COLUMNS.replace('meta', 'meta::text')}, hash from weaver_events order by notification_id"

# jsonb holds neither NUL nor lone surrogates, and PostgreSQL has microseconds from 4713 BC on.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
numbers = st.integers(1, 2**63 - 1)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
moments = st.timedeltas(timedelta(days=-36_500), timedelta(days=73_000)).map(
    lambda since: datetime(2000, 1, 1, tzinfo=UTC) + since
)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection[TupleRow]]:
    with connect(database_url) as opened:
        yield opened


def stored(connection: Connection[TupleRow]) -> list[tuple[ChainedEntry, bytes]]:
    return [(ChainedEntry(*fields), digest) for *fields, digest in connection.execute(STORED.encode())]


def assert_chained(connection: Connection[TupleRow]) -> int:
    """Compute the chain anew, as it is described; return how many entries there are."""
    heads, previous = dict[UUID, bytes](), 0
    entries = stored(connection)
    for entry, digest in entries:
        head = BEGINNING if entry.version == 1 else heads[entry.stream_id]
        assert digest == sha256(head + entry.encoded()).digest()
        assert entry.previous == previous
        heads[entry.stream_id], previous = digest, entry.position
    return len(entries)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    place=st.tuples(numbers, numbers, st.uuids(), numbers),
    topic=texts,
    state=st.binary(max_size=200),
    run_id=st.none() | st.uuids(),
    document=documents,
    recorded_at=moments,
)
def test_python_and_sql_hash_the_same_bytes(
    connection: Connection[TupleRow],
    place: tuple[int, int, UUID, int],
    topic: str,
    state: bytes,
    run_id: UUID | None,
    document: object,
    recorded_at: datetime,
) -> None:
    meta = json.dumps(document)
    parameters = (*place, topic, state, run_id, meta, recorded_at, meta)
    [(encoded, canonical)] = connection.execute(BYTES, parameters)
    entry = ChainedEntry(*place, topic, state, run_id, canonical, recorded_at)
    assert entry.encoded() == encoded
    elsewhere = recorded_at.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert entry._replace(recorded_at=elsewhere).encoded() == encoded


def test_no_two_entries_have_the_same_bytes() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    one = ChainedEntry(7, 6, RUN, 2, "order.created", b'{"a":1}', None, "{}", at)
    others = [
        one._replace(position=8),
        one._replace(previous=5),
        one._replace(stream_id=new_id()),
        one._replace(version=3),
        one._replace(topic="order.create", state=b'd{"a":1}'),
        one._replace(topic="order.created{", state=b'"a":1}'),
        one._replace(run_id=RUN),
        one._replace(meta='{"a": 1}'),
        one._replace(recorded_at=at + timedelta(microseconds=1)),
    ]
    assert len({entry.encoded() for entry in (one, *others)}) == 10


@pytest.mark.parametrize("run_id", [RUN, None])
def test_every_way_to_append_goes_on_with_the_chain(database_url: str, run_id: UUID | None) -> None:
    first, second = new_id(), new_id()
    with Journal(journal_environment(database_url)) as journal, connect(database_url) as connection:
        recorder = journal.recorder
        assert isinstance(recorder, PostgresJournalRecorder)
        meta = '{"corr_id":"Zürich ☕","actor":"x",  "actor":"the last one counts"}'
        state = '{"at":"ü"}'.encode()
        recorder.copy_events([(first, 1, "a.b", state), (first, 2, "a.c", state), (second, 1, "a.b", b"{}")], RUN, meta)
        connection.execute(
            "select weaver_append(%s::uuid[], %s::bigint[], %s::text[], %s::bytea[], %s, %s::jsonb)",
            ([first, first, second], [3, 4, 2], ["a.d"] * 3, [state] * 3, run_id, meta),
        )
        recorder.copy_events([(second, 3, "a.b", state), (first, 5, "a.b", state), (second, 4, "a.ü", b"")], RUN, "{}")
        assert assert_chained(connection) == 9
        assert [entry.version for entry, _ in stored(connection) if entry.stream_id == second] == [1, 2, 3, 4]


def test_after_an_append_that_failed_the_chain_goes_on_over_the_gap(database_url: str) -> None:
    with connect(database_url) as connection:
        recorded = list(random_facts(seed=3, runs=1))
        append(connection, recorded[:5])
        with pytest.raises(psycopg.errors.UniqueViolation):
            append(connection, recorded[3:9])
        append(connection, recorded[5:])
        assert_chained(connection)
        gaps = [entry.position - entry.previous for entry, _ in stored(connection)]
        assert [gap > 1 for gap in gaps].count(True) == 1


@pytest.mark.parametrize("way", ["record", "copy"])
def test_an_event_that_follows_nothing_is_refused(database_url: str, way: str) -> None:
    with Journal(journal_environment(database_url)) as journal:
        recorder = journal.recorder
        assert isinstance(recorder, PostgresJournalRecorder)
        orphan = (new_id(), 2, "a.b", b"{}")
        with pytest.raises(IntegrityError):
            recorder.copy_events([orphan], RUN, "{}") if way == "copy" else recorder.insert_events(
                [StoredEvent(*orphan)]
            )
        assert journal.head() == 0


def test_what_was_stored_before_is_chained_by_the_migration_and_unchained_by_its_opposite(
    empty_database_url: str,
) -> None:
    migrate(empty_database_url)
    downgrade(empty_database_url, "0010")
    with connect(empty_database_url) as connection:
        recorded = list(random_facts(seed=5, runs=3))
        append(connection, recorded[:-1])
        before = connection.execute("select * from weaver_events order by notification_id").fetchall()
    migrate(empty_database_url)
    with connect(empty_database_url) as connection:
        append(connection, recorded[-1:])
        assert assert_chained(connection) == len(recorded)
    downgrade(empty_database_url, "0010")
    with connect(empty_database_url) as connection:
        after = connection.execute("select * from weaver_events order by notification_id").fetchall()
        assert after[:-1] == before

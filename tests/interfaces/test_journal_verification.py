"""Whatever is done to the journal behind its back is found, and named; what is not touched is never suspected."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.rows import TupleRow

from domain.errors import RunNotFound
from domain.ids import new_id
from interfaces import journal_verification
from interfaces.database import connect
from interfaces.journal_chain import BEGINNING, ChainedEntry
from interfaces.journal_findings import Finding
from interfaces.journal_verification import verify_journal
from tests.projections.facts import append, fold_all, random_facts

COUNT = "select count(*), count(distinct originator_id), max(notification_id) from weaver_events"
ENTRY = """
select notification_id, previous, originator_id, originator_version, topic, state, run_id, meta::text, recorded_at
from weaver_events
"""
EXCHANGED = "where (one.notification_id, other.notification_id) in ((%(one)s, %(other)s), (%(other)s, %(one)s))"
WHERE = "where notification_id = %(at)s"

type Journal = tuple[str, Connection[TupleRow]]


@pytest.fixture
def journal(database_url: str) -> Iterator[Journal]:
    """A journal of two runs, appended by batches with a gap, that every read model has read."""
    with connect(database_url) as connection:
        fill(connection, seed=7)
        fold_all(connection)
        yield database_url, connection


def fill(connection: Connection[TupleRow], seed: int) -> None:
    recorded = list(random_facts(seed, runs=2))
    for start in range(0, len(recorded), 7):
        append(connection, recorded[start : start + 7], run_id=recorded[0].originator_id)
        if start == 14:
            connection.execute("select nextval('weaver_events_notification_id_seq')")


def found(journal: Journal, **asked: Any) -> list[tuple[str, int]]:
    return [(finding.kind, finding.position) for finding in verify_journal(journal[0], **asked).findings]


def change(journal: Journal, statement: str, **given: Any) -> None:
    assert journal[1].execute(statement.encode(), given).rowcount >= 1


def entry_at(journal: Journal, position: int) -> ChainedEntry:
    [row] = journal[1].execute(f"{ENTRY} {WHERE}".encode(), {"at": position}).fetchall()
    return ChainedEntry(*row)


def middle_of_a_stream(journal: Journal) -> ChainedEntry:
    """An entry that entries of its stream stand before and after."""
    row = journal[1].execute(
        f"{ENTRY} as one where originator_version > 1 and exists (select from weaver_events as next "
        "where next.originator_id = one.originator_id and next.originator_version = one.originator_version + 1) "
        "order by notification_id offset 4 limit 1".encode()
    )
    return ChainedEntry(*row.fetchone() or ())


def end_of_a_stream(journal: Journal) -> ChainedEntry:
    """The last entry of a stream, of which there are several, and after which the journal goes on."""
    row = journal[1].execute(
        f"{ENTRY} as one where originator_version > 1 and not exists (select from weaver_events as next "
        "where next.originator_id = one.originator_id and next.originator_version = one.originator_version + 1) "
        "order by notification_id limit 1".encode()
    )
    return ChainedEntry(*row.fetchone() or ())


def test_an_untouched_journal_is_told_in_figures(journal: Journal) -> None:
    verified = verify_journal(journal[0])
    [(events, streams, head)] = journal[1].execute(COUNT)
    assert (verified.events, verified.streams, verified.position) == (events, streams, head)
    assert (verified.findings, verified.more) == ([], 0)
    [(digest,)] = journal[1].execute(
        "select encode(sha256(string_agg(hash, '' order by notification_id)), 'hex') from weaver_events"
    )
    assert verified.digest == digest


def test_an_empty_journal_is_as_it_was(database_url: str) -> None:
    verified = verify_journal(database_url)
    assert (verified.events, verified.streams, verified.position, verified.findings) == (0, 0, 0, [])


EDITS = {
    "state": "state = state || convert_to(' ', 'UTF8')",
    "topic": "topic = 'order.filled_'",
    "meta": """meta = meta || '{"actor": "somebody else"}'""",
    "run": "run_id = gen_random_uuid()",
    "no run": "run_id = null",
    "time of recording": "recorded_at = recorded_at + interval '1 microsecond'",
    "previous": "previous = previous - 1",
    "hash": "hash = sha256(hash)",
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_is_found_where_it_was_made(journal: Journal, edit: str) -> None:
    one = middle_of_a_stream(journal)
    change(journal, f"update weaver_events set {edit} {WHERE}", at=one.position)
    told = verify_journal(journal[0]).findings
    # who follows an entry follows its hash: a hash that was changed breaks two links
    following = [one.position] if edit != EDITS["hash"] else sorted(finding.position for finding in told)
    assert [(finding.kind, finding.position) for finding in told] == [("edited", at) for at in following]
    assert (told[0].position, told[0].stream_id) == (one.position, one.stream_id)
    assert edit == EDITS["topic"] or told[0].topic == one.topic


def test_an_entry_that_is_gone_from_the_middle_of_its_stream_is_missed_by_both_chains(journal: Journal) -> None:
    gone = middle_of_a_stream(journal)
    change(journal, f"delete from weaver_events {WHERE}", at=gone.position)
    told = verify_journal(journal[0]).findings
    assert {finding.kind for finding in told} == {"deleted"}
    assert (told[0].position, len(told)) == (gone.position, 2)
    assert (told[1].stream_id, f"version {gone.version} of its stream" in told[1].reason) == (gone.stream_id, True)


def test_the_last_event_of_a_stream_is_missed_by_what_was_appended_after_it(journal: Journal) -> None:
    gone = end_of_a_stream(journal)
    change(journal, f"delete from weaver_events {WHERE}", at=gone.position)
    assert found(journal) == [("deleted", gone.position)]


def test_a_stream_that_is_gone_altogether_is_missed(journal: Journal) -> None:
    stream_id = middle_of_a_stream(journal).stream_id
    positions = [
        at
        for (at,) in journal[1].execute(
            "select notification_id from weaver_events where originator_id = %s order by 1", (stream_id,)
        )
    ]
    change(journal, "delete from weaver_events where originator_id = %(stream)s", stream=stream_id)
    told = found(journal)
    assert {kind for kind, _ in told} == {"deleted"}
    # of neighbours that are gone together the last one is told
    assert {at for _, at in told} <= set(positions)
    assert [at for _, at in told][-1] == positions[-1]


def test_a_journal_that_was_cut_at_its_end_ends_before_what_read_models_have_read(journal: Journal) -> None:
    [(head,)] = journal[1].execute("select max(notification_id) from weaver_events")
    change(journal, "delete from weaver_events where notification_id > %(head)s - 3", head=head)
    told = verify_journal(journal[0]).findings
    assert {(finding.kind, finding.position) for finding in told} == {("truncated", head)}
    assert "read model orders" in " ".join(finding.reason for finding in told)
    append(journal[1], list(random_facts(seed=8, runs=1)))  # positions go on behind the old end
    assert {(kind, at) for kind, at in found(journal)} == {("deleted", head)}


@pytest.mark.parametrize(
    "fields", [("topic", "state"), ("topic", "state", "meta", "run_id", "recorded_at"), ("state",)]
)
def test_contents_that_were_exchanged_are_told_with_where_they_belong(
    journal: Journal, fields: tuple[str, ...]
) -> None:
    one, other = entry_at(journal, 5), end_of_a_stream(journal)
    assert one.state != other.state
    columns = ", ".join(f"{field} = other.{field}" for field in fields)
    change(
        journal,
        f"update weaver_events as one set {columns} from weaver_events as other {EXCHANGED}",
        one=one.position,
        other=other.position,
    )
    told = verify_journal(journal[0]).findings
    assert [(finding.kind, finding.position) for finding in told] == [
        ("reordered", at) for at in sorted((one.position, other.position))
    ]
    assert f"of position {max(one.position, other.position)}" in told[0].reason


@pytest.mark.parametrize("with_it", ["", "previous = other.previous,"], ids=["position alone", "and the one before"])
@pytest.mark.parametrize("is_of_one_stream", [True, False])
def test_positions_that_were_exchanged_are_told_with_the_right_ones(
    journal: Journal, with_it: str, is_of_one_stream: bool
) -> None:
    one = middle_of_a_stream(journal)
    [other] = journal[1].execute(
        f"{ENTRY} where (originator_id = %s) = %s and notification_id > %s order by notification_id limit 1".encode(),
        (one.stream_id, is_of_one_stream, one.position),
    )
    pair = {"one": one.position, "other": other[0]}
    journal[1].execute("drop index weaver_events_notification_id_idx")
    change(
        journal,
        f"update weaver_events as one set {with_it} notification_id = other.notification_id "
        f"from weaver_events as other {EXCHANGED}",
        **pair,
    )
    told = verify_journal(journal[0]).findings
    assert [(finding.kind, finding.position) for finding in told] == [("reordered", at) for at in sorted(pair.values())]


@pytest.mark.parametrize("new_version", [99, 0])
@pytest.mark.parametrize("pick", [middle_of_a_stream, end_of_a_stream])
def test_a_version_that_was_renumbered_is_told_with_the_right_one(
    journal: Journal, pick: Callable[[Journal], ChainedEntry], new_version: int
) -> None:
    one = pick(journal)
    change(journal, f"update weaver_events set originator_version = %(new)s {WHERE}", at=one.position, new=new_version)
    told = verify_journal(journal[0]).findings
    assert [(finding.kind, finding.position) for finding in told] == [("reordered", one.position)]
    assert f"its version was {one.version}, not {new_version}" in told[0].reason


def forged(journal: Journal, position: int, previous: int, **fields: Any) -> None:
    """Write an entry with a hash that is right."""
    model = entry_at(journal, 1)._replace(position=position, previous=previous, stream_id=new_id(), version=1)
    entry = model._replace(**fields)
    insert(journal, entry, entry.hash(BEGINNING))


def insert(journal: Journal, entry: ChainedEntry, digest: bytes) -> None:
    places = ", ".join(["%s"] * 10)
    journal[1].execute(
        "insert into weaver_events (notification_id, previous, originator_id, originator_version, topic, state, "
        f"run_id, meta, recorded_at, hash) values ({places})".encode(),
        (*entry, digest),
    )


def gap(journal: Journal) -> int:
    [(position,)] = journal[1].execute(
        "select previous + 1 from weaver_events where notification_id > previous + 1 order by 1 limit 1"
    )
    return int(position)


def test_a_forged_entry_was_not_there_when_the_next_was_appended_however_well_it_is_made(journal: Journal) -> None:
    at = gap(journal)
    forged(journal, at, at - 1)
    assert found(journal) == [("inserted", at)]


def test_a_forged_entry_with_a_hash_of_chance_is_told_once(journal: Journal) -> None:
    at = gap(journal)
    insert(journal, entry_at(journal, 1)._replace(position=at, previous=at - 1, stream_id=new_id()), bytes(32))
    assert found(journal) == [("inserted", at)]


def test_nothing_hides_before_the_first_position(journal: Journal) -> None:
    forged(journal, -5, 0)
    assert found(journal) == [("inserted", -5)]


def test_an_entry_written_at_the_end_by_hand_does_not_have_the_hash_it_should_have(journal: Journal) -> None:
    [(head,)] = journal[1].execute("select max(notification_id) from weaver_events")
    insert(journal, entry_at(journal, 1)._replace(position=head + 1, previous=head, stream_id=new_id()), b"")
    assert found(journal) == [("edited", head + 1)]


def test_a_journal_that_was_rewritten_with_all_its_hashes_does_not_have_the_digest_of_before(journal: Journal) -> None:
    before = verify_journal(journal[0])
    one = end_of_a_stream(journal)
    fake = one._replace(state=one.state + b" ")
    [(head,)] = journal[1].execute(
        "select hash from weaver_events where originator_id = %s and originator_version = %s",
        (one.stream_id, one.version - 1),
    )
    change(
        journal,
        f"update weaver_events set state = %(state)s, hash = %(hash)s {WHERE}",
        at=one.position,
        state=fake.state,
        hash=fake.hash(head),
    )
    assert found(journal) == []
    assert found(journal, until=before.position) == []
    assert found(journal, until=before.position, digest=before.digest) == [("rewritten", before.position)]
    assert found(journal, until=before.position + 5, digest=before.digest) == [("truncated", before.position + 5)]


def test_a_digest_of_an_earlier_position_holds_for_ever(journal: Journal) -> None:
    half = verify_journal(journal[0], until=20)
    assert half.position == 20
    append(journal[1], list(random_facts(seed=9, runs=1)))
    again = verify_journal(journal[0], until=20, digest=half.digest.upper())
    assert (again.digest, again.findings, again.events) == (half.digest, [], half.events)


def test_of_one_run_its_own_streams_are_verified(journal: Journal) -> None:
    run_id = entry_at(journal, 1).run_id
    assert run_id is not None
    other_run = new_id()
    append(journal[1], list(random_facts(seed=9, runs=1)), run_id=other_run)
    verified = verify_journal(journal[0], run_id=run_id)
    [(events,)] = journal[1].execute("select count(*) from weaver_events where run_id = %s", (run_id,))
    assert (verified.events, verified.findings) == (events, [])
    one = middle_of_a_stream(journal)
    change(journal, f"update weaver_events set state = '' {WHERE}", at=one.position)
    assert found(journal, run_id=run_id) == [("edited", one.position)]
    assert found(journal, run_id=other_run) == []
    gone = end_of_a_stream(journal)
    change(journal, f"delete from weaver_events {WHERE}", at=gone.position)
    assert ("deleted", gone.position) in found(journal, run_id=run_id)
    with pytest.raises(RunNotFound):
        verify_journal(journal[0], run_id=new_id())


def test_of_many_findings_the_first_are_told_and_the_others_counted(journal: Journal) -> None:
    change(journal, "update weaver_events set recorded_at = recorded_at + interval '1 second'")
    verified = verify_journal(journal[0])
    assert [finding.position for finding in verified.findings] == sorted(at for _, at in found(journal))
    assert (len(verified.findings), verified.more) == (20, verified.events - 20)


def test_no_more_streams_are_remembered_than_it_says(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = verify_journal(journal[0])
    monkeypatch.setattr(journal_verification, "HEADS", 2)
    monkeypatch.setattr(journal_verification, "_ENTRIES", journal_verification._ENTRIES.replace("10000", "3"))
    fractions = list[float]()
    assert verify_journal(journal[0], progress=fractions.append)._replace(seconds=0) == whole._replace(seconds=0)
    assert fractions == sorted(fractions)
    assert (fractions[-1], len(fractions) > 10) == (1.0, True)


MUTATIONS = (
    "update weaver_events set state = state || '\\x20'::bytea where notification_id = {at}",
    "update weaver_events set topic = topic || 'x' where notification_id = {at}",
    """update weaver_events set meta = '{{"a": "b"}}' where notification_id = {at}""",
    "update weaver_events set run_id = '00000000-0000-0000-0000-000000000001' where notification_id = {at}",
    "update weaver_events set recorded_at = recorded_at - interval '1 day' where notification_id = {at}",
    "update weaver_events set originator_id = '00000000-0000-0000-0000-000000000001' where notification_id = {at}",
    "update weaver_events set originator_version = originator_version + 1000 where notification_id = {at}",
    "update weaver_events set notification_id = 1000000 where notification_id = {at}",
    "update weaver_events set notification_id = -notification_id where notification_id = {at}",
    "delete from weaver_events where notification_id = {at}",
    "delete from weaver_events where notification_id >= {at}",
    "delete from weaver_events where originator_id = "
    "(select originator_id from weaver_events where notification_id = {at})",
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_no_mutation_anywhere_goes_unnoticed(journal: Journal, data: st.DataObject) -> None:
    url, connection = journal
    positions = [at for (at,) in connection.execute("select notification_id from weaver_events order by 1")]
    at, mutation = data.draw(st.sampled_from(positions)), data.draw(st.sampled_from(MUTATIONS))
    connection.execute("create table untouched as table weaver_events")
    try:
        connection.execute(mutation.format(at=at).encode())
        told = verify_journal(url)
        assert told.findings
        assert told.findings[0].reason
    finally:
        connection.execute("truncate weaver_events")
        connection.execute("insert into weaver_events select * from untouched")
        connection.execute("drop table untouched")
    assert verify_journal(url).findings == []


def test_a_finding_names_its_stream_and_topic(journal: Journal) -> None:
    one = middle_of_a_stream(journal)
    change(journal, f"update weaver_events set state = '' {WHERE}", at=one.position)
    [told] = verify_journal(journal[0]).findings
    reason = "it is not what its hash was made of"
    assert told == Finding("edited", one.position, UUID(str(one.stream_id)), one.topic, reason)

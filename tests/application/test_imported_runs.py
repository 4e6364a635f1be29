"""A run of another journal: whole, with where it is from, derived as it was there, and nobody's business here."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from application.journal import Imported, Journal
from application.live import LiveTools
from application.replay import Verification, verify_live
from domain.errors import ConcurrentChange
from domain.events import ORIGIN
from interfaces.database import migrate
from interfaces.event_store import journal_environment
from interfaces.journal_verification import verify_journal
from interfaces.market_data.exchange_sessions import ExchangeSessions
from tests.application.account_scene import Scene
from tests.application.test_live_trading import EndsWhenIdle, PaperRun


@pytest.fixture
def here(empty_database_url: str) -> Iterator[Journal]:
    migrate(empty_database_url)
    with Journal(journal_environment(empty_database_url, pool_size=1)) as journal:
        yield journal


@pytest.fixture
def there(database_url: str) -> Iterator[Journal]:
    with Journal(journal_environment(database_url, pool_size=2)) as journal:
        yield journal


@pytest.fixture
def run(there: Journal, tmp_path: Path) -> PaperRun:
    """A paper run with two decisions and a fill."""
    run = PaperRun(there, tmp_path)
    run.process()
    run.tick(100.0)
    run.process()
    run.fill()
    run.tick(101.0)
    run.process()
    return run


def imported(run: PaperRun, here: Journal, origin: Imported) -> int:
    entries = run.journal.read(0, 1_000, run_id=run.id)
    rows = [(one.stream_id, one.version, one.topic, one.state, json.dumps(dict(one.meta))) for one in entries]
    return here.import_run(rows, run.id, origin)


def replayed(run: PaperRun, journal: Journal) -> Verification:
    tools = LiveTools(
        journal=journal,
        catalog=run.catalog,
        calendar=ExchangeSessions(run.home),
        clock=run.clock,
        wakeup=EndsWhenIdle(),
        end_asked=lambda: False,
        alive=lambda: None,
        log=lambda message, fields: None,
    )
    return verify_live(run.id, journal, tools, {})


def test_a_paper_run_is_derived_elsewhere_as_it_was_where_it_traded(
    run: PaperRun, here: Journal, empty_database_url: str
) -> None:
    was = run.journal.read(0, 1_000, run_id=run.id)
    origin = Imported(run.journal.store_id, "ab" * 32)
    assert imported(run, here, origin) == len(was)
    now = here.read(0, 1_000, run_id=run.id)
    names = ("stream_id", "version", "topic", "state", "run_id")
    assert [[getattr(one, name) for name in names] for one in now] == [
        [getattr(one, name) for name in names] for one in was
    ]
    added = {ORIGIN: str(origin.store_id), "archive": origin.sha256}
    assert [one.meta for one in now] == [{**one.meta, **added} for one in was]
    assert {one.origin for one in now} == {run.journal.store_id}
    assert {one.origin for one in was} == {None}
    assert verify_journal(empty_database_url).findings == []
    assert replace(replayed(run, here)) == replayed(run, run.journal)
    assert replayed(run, here).difference is None


def test_without_the_store_it_is_from_its_orders_would_have_other_ids(run: PaperRun, here: Journal) -> None:
    imported(run, here, Imported(here.store_id, "ab" * 32))
    difference = replayed(run, here).difference
    assert difference is not None
    assert "client_order_id" in difference


def test_what_came_from_a_third_journal_keeps_that_as_its_origin(run: PaperRun, here: Journal) -> None:
    entries = run.journal.read(0, 1_000, run_id=run.id)
    origin = {ORIGIN: "00000000-0000-0000-0000-000000000003"}
    rows = [(one.stream_id, one.version, one.topic, one.state, json.dumps({**one.meta, **origin})) for one in entries]
    here.import_run(rows, run.id, Imported(run.journal.store_id, "ab" * 32))
    assert {str(one.origin) for one in here.read(0, 1_000)} == {origin[ORIGIN]}


def test_a_run_is_imported_whole_or_not_at_all(run: PaperRun, here: Journal) -> None:
    origin = Imported(run.journal.store_id, "ab" * 32)
    position = imported(run, here, origin)
    with pytest.raises(ConcurrentChange):
        imported(run, here, origin)
    assert here.head() == position
    assert len(here.read(0, 1_000)) == len(run.journal.read(0, 1_000))


def test_an_account_has_no_part_in_a_run_that_was_traded_elsewhere(there: Journal, here: Journal) -> None:
    theirs, ours = Scene(there), Scene(here)
    theirs.decide(1)
    theirs.listen()
    theirs.go_on(1)
    theirs.exchange.fill(theirs.name(1), "2")
    theirs.go_on(1)
    entries = there.read(0, 1_000, run_id=theirs.run.id)
    rows = [(one.stream_id, one.version, one.topic, one.state, json.dumps(dict(one.meta))) for one in entries]
    here.import_run(rows, theirs.run.id, Imported(there.store_id, "ab" * 32))
    for _ in range(2):
        ours.listen()
        ours.go_on(20)
        assert ours.account.is_ready
        assert ours.account.working == 0
        topics = {one.topic for one in here.read(0, 1_000) if one.topic.startswith(("risk.", "account."))}
        assert topics == {"account.reconciled"}
        ours.restart()
    assert Decimal(0) == sum((one.qty for one in ours.exchange.positions()), Decimal(0))

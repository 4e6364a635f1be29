"""Replays: a run that is derived again equals its journal, and any change of either is found."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from application.backtest import Backtest
from application.journal import Journal
from application.live import LiveTools
from application.replay import Verification, verify_backtest, verify_live
from domain.errors import InvalidInput
from interfaces.event_store import journal_environment
from interfaces.market_data.exchange_sessions import ExchangeSessions
from tests.application.test_backtest import ALTERNATE, BARS, Tools
from tests.application.test_live_trading import EndsWhenIdle, PaperRun
from tests.trading import market


@pytest.fixture
def tools(database_url: str, tmp_path: Path) -> Iterator[Tools]:
    (tmp_path / "alternate.py").write_text(ALTERNATE)
    (tmp_path / "size.txt").write_text("1")
    made = Tools(database_url, tmp_path)
    made.bars.save(market([100 + (n * 37 % 11) for n in range(BARS)]), "test")
    yield made
    made.journal.close()


def rewrite(database_url: str, topic: str, was: str, now: str) -> None:
    """Change what is recorded, as nobody ever should."""
    with psycopg.connect(database_url) as connection:
        changed = connection.execute(
            "update weaver_events set state = convert_to(replace(convert_from(state, 'UTF8'), %s, %s), 'UTF8') "
            "where notification_id = (select max(notification_id) from weaver_events "
            "where topic = %s and strpos(convert_from(state, 'UTF8'), %s) > 0)",
            (was, now, topic, was),
        )
        assert changed.rowcount == 1


def executed(tools: Tools, **parameters: int) -> UUID:
    run_id = tools.started_run(**parameters)
    Backtest(run_id, tools.tools()).execute()
    return run_id


def verified(tools: Tools, run_id: UUID) -> Verification:
    head = tools.journal.head()
    found = verify_backtest(run_id, tools.journal, tools.tools())
    assert tools.journal.head() == head, "a replay writes nothing"
    return found


def test_a_completed_backtest_equals_its_replay(tools: Tools) -> None:
    run_id = executed(tools)
    found = verified(tools, run_id)
    assert (found.mode, found.difference, found.undecided) == ("backtest", None, 0)
    assert found.compared > BARS


def test_a_backtest_that_failed_fails_again(tools: Tools) -> None:
    assert verified(tools, executed(tools, fail_at=700)).difference is None


def test_a_strategy_that_decides_otherwise_is_found(tools: Tools, tmp_path: Path) -> None:
    run_id = executed(tools)
    (tmp_path / "size.txt").write_text("2")
    difference = verified(tools, run_id).difference
    assert difference is not None
    assert difference.startswith("REPLAY_DIVERGED: event 1 of ")
    assert "order.created" in difference


def test_other_bars_are_found(tools: Tools) -> None:
    run_id = executed(tools)
    tools.bars.save(market([50.0 + n % 7 for n in range(BARS)]), "test")
    difference = verified(tools, run_id).difference
    assert difference is not None
    assert "the bars are not those the run began with" in difference


def test_an_edited_fill_is_found(tools: Tools, database_url: str) -> None:
    run_id = executed(tools)
    rewrite(database_url, "order.filled", '"qty":"1"', '"qty":"3"')
    difference = verified(tools, run_id).difference
    assert difference is not None
    assert '"qty":"3"' in difference


def test_an_edited_figure_is_found(tools: Tools, database_url: str) -> None:
    run_id = executed(tools)
    rewrite(database_url, "run.completed", f'"bars":{BARS}', f'"bars":{BARS + 1}')
    difference = verified(tools, run_id).difference
    assert difference == f"bars of run.completed was recorded as {BARS + 1}, the replay derives {BARS}"


def test_a_backtest_that_has_not_ended_cannot_be_verified(tools: Tools) -> None:
    with pytest.raises(InvalidInput, match="is pending: only a backtest that completed"):
        verified(tools, tools.started_run())


@pytest.fixture
def run(database_url: str, tmp_path: Path) -> Iterator[PaperRun]:
    with Journal(journal_environment(database_url, pool_size=2)) as journal:
        yield PaperRun(journal, tmp_path)


def verified_live(run: PaperRun) -> Verification:
    tools = LiveTools(
        journal=run.journal,
        catalog=run.catalog,
        calendar=ExchangeSessions(run.home),
        clock=run.clock,
        wakeup=EndsWhenIdle(),
        end_asked=lambda: False,
        alive=lambda: None,
        log=lambda message, fields: None,
    )
    head = run.journal.head()
    found = verify_live(run.id, run.journal, tools, {})
    assert run.journal.head() == head, "a replay writes nothing"
    return found


def test_a_paper_run_equals_its_replay_while_it_trades(run: PaperRun) -> None:
    run.process()
    run.tick(100.0)
    run.process()
    run.fill()
    run.tick(101.0)
    run.process()
    found = verified_live(run)
    assert (found.mode, found.difference, found.undecided) == ("paper", None, 0)
    assert found.compared >= 8


def test_what_a_dead_process_could_not_record_is_no_difference(run: PaperRun) -> None:
    run.process()
    run.tick(100.0)
    found = verified_live(run)
    assert (found.difference, found.undecided) == (None, 2), "a decision and its order"


@pytest.mark.parametrize(
    ("topic", "was", "now"),
    [("order.created", '"qty":"1"', '"qty":"5"'), ("tape.ticked", '"close":100.0', '"close":1.0')],
)
def test_an_edited_decision_or_tape_is_found(run: PaperRun, database_url: str, topic: str, was: str, now: str) -> None:
    for close in (100.0, 101.0):
        run.process()
        run.tick(close)
    run.process()
    rewrite(database_url, topic, was, now)
    difference = verified_live(run).difference
    if topic == "order.created":
        assert difference is not None
        assert difference.startswith("REPLAY_DIVERGED: the journal holds order.created")
    else:
        assert difference is None, "nothing was decided on that close"

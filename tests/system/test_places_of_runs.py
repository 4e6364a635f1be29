"""Where a run is looked after: by one process, which is the one that trades its account."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from application.commands import CreateRun, StartRun
from domain.exchange_account import account_stream_id
from domain.ids import new_id
from domain.tape import TapeTicked
from interfaces.composition import Weaver, compose
from interfaces.exchanges import simulated
from interfaces.run_claims import DatabaseRunClaims
from interfaces.settings import Settings
from tests.system.weaver_process import wait_until
from tests.trading import market

ACCOUNT = account_stream_id(simulated.NAME)
PATIENCE = 40.0


@pytest.fixture
def weaver(database_url: str, tmp_path: Path) -> Iterator[Weaver]:
    with ExitStack() as running:
        made = compose(Settings.read(strategies_dir=tmp_path, home=tmp_path), database_url)
        running.callback(made.stop)
        made.bars.save(market([100 + n * 37 % 11 for n in range(500)]), "test")
        made.start()
        yield made


@pytest.fixture
def other(database_url: str) -> Iterator[DatabaseRunClaims]:
    """The claims of another process."""
    with closing(DatabaseRunClaims(database_url)) as claims:
        yield claims


def started(weaver: Weaver) -> UUID:
    run_id = new_id()
    weaver.dispatch.dispatch(
        CreateRun(run_id=run_id, strategy_id="sma_cross", mode="paper", symbols=("BTC/USD",), timeframe="1s")
    )
    weaver.dispatch.dispatch(StartRun(run_id=run_id))
    return run_id


def ticks(weaver: Weaver, run_id: UUID) -> int:
    return len(weaver.journal.read(0, 1_000, run_id=run_id, topics=[TapeTicked.TOPIC]))


def wait_for_ticks(weaver: Weaver, run_id: UUID, more: int) -> None:
    before = ticks(weaver, run_id)
    wait_until(lambda: ticks(weaver, run_id) >= before + more, PATIENCE, f"{more} more ticks")


def test_a_run_is_left_to_the_process_that_trades_its_account(weaver: Weaver, other: DatabaseRunClaims) -> None:
    assert other.claim(ACCOUNT)
    run_id = started(weaver)
    wait_until(lambda: [one for one in weaver.markets.executions() if one.is_standing_by], PATIENCE, "it stands by")
    wait_until(lambda: other.claim(run_id), PATIENCE, "the other process gets the run")
    assert ticks(weaver, run_id) == 0
    other.release(run_id)
    other.release(ACCOUNT)
    wait_for_ticks(weaver, run_id, 2)


def test_a_run_whose_account_went_to_another_process_goes_there_too_and_may_come_back(
    weaver: Weaver, other: DatabaseRunClaims, database_url: str
) -> None:
    run_id = started(weaver)
    wait_for_ticks(weaver, run_id, 1)
    with psycopg.connect(database_url, autocommit=True) as connection:

        def taken() -> bool:
            """The database lets go of this process; the other is there at once."""
            connection.execute(
                "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> %s",
                (connection.info.backend_pid,),
            )
            return other.claim(ACCOUNT)

        wait_until(taken, PATIENCE, "the other process has the account")
    wait_until(lambda: other.claim(run_id), PATIENCE, "the run follows")
    looked_after_by = f"run {str(run_id)[-4:]}"
    wait_until(
        lambda: looked_after_by not in [thread.name for thread in threading.enumerate()], PATIENCE, "nobody here ticks"
    )
    assert weaver.launcher.sessions() == []
    other.release(run_id)
    other.release(ACCOUNT)
    wait_for_ticks(weaver, run_id, 2)

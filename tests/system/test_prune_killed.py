"""`weaver prune` killed with signal 9 again and again: what it leaves verifies, and the next one finishes it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from domain.ids import new_id
from domain.run import Run
from interfaces.embedded_postgres import EmbeddedPostgres
from tests.projections.facts import append, minute, new_order, run_created
from tests.system.weaver_process import clean_environment, wait_until, weaver

pytestmark = pytest.mark.timeout(400)

RUNS, ORDERS = 4, 3_000
KILLS = 2


def recorded_runs(connection: psycopg.Connection) -> None:
    """Finished backtests of some thousand events each, recorded at the same time."""
    lives = []
    for _ in range(RUNS):
        run = Run(new_id())
        run.trigger(run_created())
        run.request_start(minute(0))
        run.start(minute(1), 1, {})
        events = list(run.collect_events())
        for sequence in range(1, ORDERS):
            order = new_order(run.id, sequence)
            order.cancel(minute(sequence), "cancelled by the strategy")
            events += order.collect_events()
        run.fail(minute(ORDERS), "STRATEGY_ERROR", "no", None)
        lives.append((run.id, [*events, *run.collect_events()]))
    for start in range(0, 2 * ORDERS + 10, 500):
        for run_id, events in lives:
            append(connection, events[start : start + 500], run_id=run_id)


def counted(connection: psycopg.Connection) -> int:
    [(number,)] = connection.execute("select count(*) from weaver_events where run_id is not null")
    return int(number)


def kill_while_it_drops(home: Path, connection: psycopg.Connection) -> None:
    """Begin to prune, and kill the process when some thousand events are gone."""
    before = counted(connection)
    process = subprocess.Popen(
        [sys.executable, "-m", "weaver", "prune", "--keep", "0", "--yes"],
        env=clean_environment(home),
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: counted(connection) < before - 2_000 or process.poll() is not None, 60, "events go")
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_killed_again_and_again_it_leaves_a_journal_that_verifies(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert weaver(home, "migrate").returncode == 0
    with EmbeddedPostgres(home / "postgres") as server, psycopg.connect(server.url, autocommit=True) as connection:
        recorded_runs(connection)
        held = json.loads(weaver(home, "verify", "--json").stdout)
        for _ in range(KILLS):
            kill_while_it_drops(home, connection)
            verified = json.loads(weaver(home, "verify", "--json").stdout)
            assert verified["findings"] == []
        assert counted(connection) > 0
        done = weaver(home, "prune", "--keep", "0", "--yes")
        assert done.returncode == 0, done.stderr
        assert counted(connection) == 0
        done = weaver(home, "verify", "--until", str(held["position"]), "--digest", held["digest"])
        assert done.returncode == 0, done.stdout
        listed = weaver(home, "run", "list", "--json")
        assert json.loads(listed.stdout) == []

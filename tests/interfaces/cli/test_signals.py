"""Ctrl-C and its kin: what was begun is ended in good order, and nothing is left behind."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx
import psycopg
import pytest

from tests.interfaces.cli.command_line import ROOT, minute_rows, write_bars

PATIENCE = 60.0
ENDLESS = """
from weaver import Context, Strategy


class Endless(Strategy):
    def on_bar(self, ctx: Context) -> None:
        if len(ctx.bars()) == 5:
            print("I turn in circles", flush=True)
        while len(ctx.bars()) >= 5:
            pass
"""


@contextmanager
def process(directory: Path, *arguments: str, database_url: str = "") -> Iterator["subprocess.Popen[str]"]:
    """Run `weaver` in a process group of its own, killed in the end if it has not ended by itself."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "WEAVER_HOME": str(directory / "home")}
    with subprocess.Popen(
        [sys.executable, "-m", "weaver", *arguments],
        env=environment | {"WEAVER_DATABASE_URL": database_url},
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as started:
        killer = threading.Timer(PATIENCE, started.kill)
        killer.start()
        try:
            yield started
        finally:
            killer.cancel()
            if started.poll() is None:
                started.kill()


def line_with(stream: IO[str] | None, pattern: str) -> re.Match[str]:
    """Read lines until one matches; fail at the stream's end."""
    assert stream is not None
    seen = []
    for line in stream:
        seen.append(line)
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"no line matched {pattern}: {''.join(seen)}")


def rows(url: str, query: bytes) -> list[tuple[object, ...]]:
    """What the database answers."""
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_backtest_stops_its_run(
    tmp_path: Path, database_url: str, number: signal.Signals, code: int
) -> None:
    (tmp_path / "endless.py").write_text(ENDLESS)
    file = write_bars(tmp_path / "bars.csv", minute_rows(100))
    arguments = ("backtest", "endless.py:Endless", "--symbol", "A", "--timeframe", "1m", "--data", file)

    with process(tmp_path, *arguments, database_url=database_url) as backtest:
        line_with(backtest.stderr, "I turn in circles")
        os.killpg(backtest.pid, number)  # as a terminal does: the run's own process gets it too
        out, err = backtest.communicate(timeout=PATIENCE)

    assert backtest.returncode == code
    assert out == ""
    assert "Traceback" not in err
    assert re.search("run .* was stopped", err)
    endings = rows(database_url, b"select topic from weaver_events order by notification_id desc limit 1")
    assert endings == [("run.stopped",)]


def test_a_killed_backtest_leaves_no_result_and_no_process(tmp_path: Path, database_url: str) -> None:
    (tmp_path / "endless.py").write_text(ENDLESS)
    file = write_bars(tmp_path / "bars.csv", minute_rows(100))
    arguments = ("backtest", "endless.py:Endless", "--symbol", "A", "--timeframe", "1m", "--data", file)

    with process(tmp_path, *arguments, database_url=database_url) as backtest:
        line_with(backtest.stderr, "I turn in circles")
        backtest.kill()
        # the streams end with the last process that has them: the run's own has ended, too
        out, _ = backtest.communicate(timeout=PATIENCE)

    assert out == ""
    recorded = [topic for (topic,) in rows(database_url, b"select topic from weaver_events order by notification_id")]
    assert recorded == ["run.created", "run.start_requested", "run.started"]
    assert rows(database_url, b"select final_equity, summary from runs") == [(None, None)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_server_told_to_end_closes_streams_and_leaves_no_connection(
    tmp_path: Path, database_url: str, number: signal.Signals
) -> None:
    with process(tmp_path, "serve", "--port", "0", database_url=database_url) as server:
        address = line_with(server.stdout, r"Haro is at (http://127\.0\.0\.1:\d+)")[1]
        with (
            httpx.Client(timeout=PATIENCE) as client,
            client.stream("GET", f"{address}/api/v1/events/stream") as stream,
        ):
            assert stream.status_code == 200
            server.send_signal(number)
            for _ in stream.iter_bytes():
                pass  # what is left of the stream, up to its end
        _, err = server.communicate(timeout=15)

    assert server.returncode == 0
    assert "Traceback" not in err
    [(connections,)] = rows(
        database_url,
        b"select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    )
    assert connections == 0


def test_the_demo_shows_a_finished_backtest_once_and_leaves_no_database_behind(tmp_path: Path) -> None:
    with process(tmp_path, "demo", "--port", "0") as first:
        line_with(first.stdout, "they are generated")
        line_with(first.stdout, "sma_cross on SAMPLE/USD")
        address = line_with(first.stdout, r"Haro is at (http://127\.0\.0\.1:\d+)")[1]
        listed = httpx.get(f"{address}/api/v1/runs", timeout=PATIENCE).json()
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=PATIENCE)
    with process(tmp_path, "demo", "--port", "0") as second:
        line_with(second.stdout, "there since an earlier start")
        line_with(second.stdout, "Haro is at")
        second.send_signal(signal.SIGTERM)
        second.communicate(timeout=PATIENCE)

    assert ("completed", ["demo"]) in [(run["status"], run["tags"]) for run in listed["items"]]
    assert len(listed["items"]) <= 2, "one backtest, and the paper run where it has already been created"
    assert (first.returncode, second.returncode) == (0, 0)
    assert not (tmp_path / "home" / "postgres" / "data" / "postmaster.pid").exists()


def test_the_demo_once_prints_the_report_and_ends(tmp_path: Path, database_url: str) -> None:
    with process(tmp_path, "demo", "--once", database_url=database_url) as demo:
        out, err = demo.communicate(timeout=PATIENCE)

    assert demo.returncode == 0, err
    assert "sma_cross on SAMPLE/USD 1m" in out
    assert "generated" in out
    assert rows(database_url, b"select status from runs") == [("completed",)]

"""`weaver sweep` as a user has it: a table, killed at any moment and gone on with, by several processes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from tests.system.weaver_process import WeaverServer, clean_environment, wait_until, weaver

GRID = ("--grid", "fast=5:20:5", "--grid", "slow=30:60:10", "--objective", "total_return")
MARKET = ("sma_cross", "--symbol", "TEST/USD", "--timeframe", "1m")
TRIALS = 16
# What differs each time a trial is run.
OWN = {"id", "sweep_id", "started_at", "ended_at", "engine_seconds"}


def table(home: Path, sweep_id: str) -> list[dict[str, Any]]:
    """The trials of a sweep, as everybody should see them."""
    shown = json.loads(weaver(home, "sweeps", "show", sweep_id, "--top", "500", "--json").stdout)
    trials = [{name: value for name, value in one.items() if name not in OWN} for one in shown["best_trials"]]
    assert shown["status"] == "completed", shown
    return sorted(trials, key=lambda one: int(one["number"]))


@pytest.fixture(scope="module")
def whole(home: Path) -> dict[str, Any]:
    """A sweep nobody disturbed."""
    done = weaver(home, "sweep", *MARKET, *GRID, "--workers", "2", "--top", "500", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_sweep_says_which_did_best_and_how_much_of_it_is_luck(home: Path, whole: dict[str, Any]) -> None:
    assert (whole["status"], whole["trials"], whole["completed"]) == ("completed", TRIALS, TRIALS)
    shown = weaver(home, "sweeps", "show", whole["id"])
    assert shown.returncode == 0, shown.stderr
    assert f"{TRIALS} of {TRIALS} trials" in shown.stdout
    assert f"of {TRIALS}." in shown.stdout
    assert "skill" in shown.stdout
    assert whole["id"] in weaver(home, "sweeps", "list").stdout


def test_a_trial_that_is_promoted_is_a_backtest_of_the_same_figures(home: Path, whole: dict[str, Any]) -> None:
    trial = next(one for one in whole["best_trials"] if one["trades"])
    done = weaver(home, "sweeps", "promote", whole["id"], str(trial["number"]), "--json")
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout)
    assert {name: figure["value"] for name, figure in run["stats"].items() if name in trial["figures"]} == (
        trial["figures"]
    )
    assert (run["orders"], run["final_equity"]) == (trial["orders"], trial["final_equity"])


@pytest.mark.parametrize("victim", ["worker", "host", "command"])
def test_whoever_is_killed_the_sweep_comes_to_the_same(home: Path, whole: dict[str, Any], victim: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "weaver", "sweep", *MARKET, *GRID, "--workers", "2", "--json"],
        env=clean_environment(home),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    sweep_id = process.stderr.readline().split()[-1]
    command = psutil.Process(process.pid)

    def workers() -> list[psutil.Process] | None:
        hosts = [one for one in command.children() if "interfaces.sweep_host" in " ".join(one.cmdline())]
        found = hosts[0].children() if hosts else []
        return [hosts[0], *found] if len(found) == 2 else None

    host, *at_work = wait_until(workers, 60, "two workers are at work")
    victims = {"worker": at_work[0].pid, "host": host.pid, "command": process.pid}
    os.kill(victims[victim], signal.SIGKILL)
    process.communicate(timeout=120)
    if victim == "worker":
        assert process.returncode == 0
    else:
        assert process.returncode != 0
        gone = [host, *at_work]
        wait_until(lambda: not any(map(_lives, gone)), 20, "nobody is left behind")
        resumed = weaver(home, "sweeps", "resume", sweep_id, "--workers", "2")
        assert resumed.returncode == 0, resumed.stderr
    assert table(home, sweep_id) == table(home, whole["id"])


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_server_goes_on_with_a_sweep_whose_command_was_killed(home: Path, whole: dict[str, Any]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "weaver", "sweep", *MARKET, *GRID, "--workers", "1"],
        env=clean_environment(home),
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    sweep_id = process.stderr.readline().split()[-1]
    process.kill()
    process.wait(30)
    process.stderr.close()
    with WeaverServer(home):
        wait_until(lambda: _status(home, sweep_id) == "completed", 90, "the server has completed the sweep")
    assert table(home, sweep_id) == table(home, whole["id"])


def _status(home: Path, sweep_id: str) -> str:
    return str(json.loads(weaver(home, "sweeps", "show", sweep_id, "--json").stdout)["status"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--grid", "fast=5:20"), "--symbol"),
        ((*MARKET[1:], "--grid", "fats=5:20"), "no parameter 'fats'"),
        (MARKET[1:], "say what to vary"),
        ((*MARKET[1:], "--range", "fast=5:20"), "--range is where --search looks"),
        ((*MARKET[1:], "--grid", "fast=5", "--walk-forward", "a:b"), "--walk-forward must look like"),
        ((*MARKET[1:], "--grid", "fast=5", "--objective", "sharp"), "no figure 'sharp'"),
        ((*MARKET[1:], "--grid", "fast=5", "--walk-forward", "30:10"), "too short for a walk-forward"),
    ],
)
def test_a_sweep_that_cannot_be_meant_is_one_line(home: Path, arguments: tuple[str, ...], said: str) -> None:
    done = weaver(home, "sweep", "sma_cross", *arguments)
    assert done.returncode in (1, 2)
    assert said in done.stderr + done.stdout


def test_a_sweep_in_which_no_trial_counts_says_why(home: Path) -> None:
    done = weaver(home, "sweep", *MARKET, "--grid", "fast=5", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert "No trial counts: in all of them sharpe_ratio is undefined." in done.stdout


@pytest.mark.parametrize("command", [("show",), ("resume",), ("join",), ("stop",)])
def test_a_sweep_that_is_not_there_is_one_line(home: Path, command: tuple[str, ...]) -> None:
    done = weaver(home, "sweeps", *command, "01a20000-0000-7000-8000-000000000000")
    assert done.returncode == 2
    assert "no sweep has the id" in done.stderr

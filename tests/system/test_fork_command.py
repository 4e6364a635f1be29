"""`weaver run fork`: what a user sees of a run and of what would have been."""

import json
from pathlib import Path

import pytest

from tests.system.weaver_process import weaver

STRATEGY = ["sma_cross", "--symbol", "TEST/USD", "--timeframe", "1m"]


@pytest.fixture(scope="module")
def run_id(home: Path) -> str:
    done = weaver(home, "backtest", *STRATEGY, "--param", "fast=5", "--param", "slow=20", "--json")
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["run_id"])


def positions(home: Path, run_id: str) -> list[int]:
    done = weaver(home, "events", "tail", "--run", run_id, "--after", "0", "--json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return [event["position"] for event in events if event["type"] == "order.filled"]


def test_without_a_change_nothing_differs(home: Path, run_id: str) -> None:
    at = positions(home, run_id)[20]
    done = weaver(home, "run", "fork", run_id, "--at", str(at), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["first_difference"] is None
    assert found["fork"]["stats"] == found["parent"]["stats"]
    assert found["fork"]["forked_from"]["run_id"] == run_id
    assert found["fork"]["orders"] > 40
    verified = weaver(home, "replay", found["fork"]["run_id"], "--verify")
    assert verified.returncode == 0, verified.stdout


def test_a_change_is_shown_side_by_side(home: Path, run_id: str) -> None:
    at = positions(home, run_id)[20]
    done = weaver(home, "run", "fork", run_id, "--at", str(at), "--param", "fast=9", "--risk", "max_position=5")
    assert done.returncode == 0, done.stderr
    assert "fast 5, slow 20" in done.stdout
    assert "fast 9, slow 20" in done.stdout
    assert "The first order that differs:" in done.stdout
    assert "final equity" in done.stdout
    assert "sharpe ratio" in done.stdout


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--at", "0"], 2, "positions count from 1"),
        (["--at", "999999999"], 2, "there is no position 999999999 yet"),
        (["--param", "nonsense=1"], 2, "nonsense"),
        (["--strategy", "nowhere"], 2, "nowhere"),
    ],
)
def test_what_cannot_be_forked_is_one_line(home: Path, run_id: str, options: list[str], code: int, said: str) -> None:
    done = weaver(home, "run", "fork", run_id, *options)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1

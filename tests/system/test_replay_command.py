"""`weaver replay`: what a user sees of a run that equals its journal, and of one that does not."""

import json
from pathlib import Path

import pytest

from tests.system.weaver_process import weaver

OWN = '''
from weaver import Context, Strategy


class Own(Strategy):
    """Buys at the tenth bar, and says so."""

    def on_bar(self, ctx: Context) -> None:
        print("on standard output")
        if len(ctx.bars()) == 10:
            ctx.buy(1)
'''


@pytest.fixture(scope="module")
def run_id(home: Path) -> str:
    (home / "own.py").write_text(OWN)
    options = ["--symbol", "TEST/USD", "--timeframe", "1m", "--json"]
    done = weaver(home, "backtest", f"{home / 'own.py'}:Own", *options)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["run_id"])


def test_a_run_equals_its_replay(home: Path, run_id: str) -> None:
    done = weaver(home, "replay", run_id, "--verify")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"backtest run {run_id}: the replay equals all ")
    found = json.loads(weaver(home, "replay", run_id, "--json").stdout)
    assert (found["run_id"], found["mode"], found["undecided"], found["difference"]) == (run_id, "backtest", 0, None)
    assert found["compared"] > 2


def test_a_strategy_that_was_changed_is_told(home: Path, run_id: str) -> None:
    (home / "own.py").write_text(OWN.replace("== 10", "== 11"))
    done = weaver(home, "replay", run_id)
    assert done.returncode == 0, done.stderr
    assert "the replay differs: STRATEGY_CHANGED: own.py is at version" in done.stdout
    assert weaver(home, "replay", run_id, "--verify").returncode == 1
    (home / "own.py").write_text(OWN)


@pytest.mark.parametrize(
    ("given", "said"),
    [("01a20000-0000-7000-8000-000000000000", "no run has the id"), ("nonsense", "is not the id of any run")],
)
def test_a_run_that_is_not_there_is_one_line(home: Path, given: str, said: str) -> None:
    done = weaver(home, "replay", given, "--verify")
    assert done.returncode == 2
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
    assert said in done.stderr

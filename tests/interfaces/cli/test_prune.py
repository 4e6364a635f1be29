"""`weaver prune`: what it shows, asks and refuses, and that a run that was exported comes back."""

import json
import re
from pathlib import Path

import pytest

from tests.interfaces.cli.command_line import CommandLine, minute_rows, write_bars

BACKTEST = (
    "backtest",
    "sma_cross",
    "--symbol",
    "TEST/USD",
    "--timeframe",
    "1m",
    "--param",
    "fast=3",
    "--param",
    "slow=7",
)


@pytest.fixture
def traded(weaver: CommandLine, tmp_path: Path) -> list[str]:
    """Three backtests, the oldest first."""
    bars = write_bars(tmp_path / "bars.csv", minute_rows())
    weaver.done("data", "import", bars, "--symbol", "TEST/USD", "--timeframe", "1m")
    return [str(weaver.done(*BACKTEST, "--name", f"run {number}", "--json").json["run_id"]) for number in range(3)]


def test_a_dry_run_shows_what_would_go_and_drops_nothing(weaver: CommandLine, traded: list[str]) -> None:
    before = weaver.done("verify", "--json").json
    answer = weaver.done("prune", "--keep", "1", "--dry-run")
    assert [name in answer.out for name in ("run 0", "run 1", "run 2")] == [True, True, False]
    assert re.fullmatch(
        r"2 backtests and sweeps with [\d,]+ events, about [\d.]+ MB, and [\d,]+ rows of read models would go",
        answer.out.splitlines()[-1],
    )
    told = weaver.done("prune", "--keep", "1", "--dry-run", "--json").json
    assert ([one["id"] for one in told["prunable"]], told["pruned_runs"]) == (traded[1::-1], 0)
    assert told["rows"] > 2
    assert told["bytes"] > 100 * sum(one["events"] for one in told["prunable"])
    assert weaver.done("verify", "--json").json["position"] == before["position"]
    assert weaver.done("prune", "--older-than", "1d", "--dry-run", "--json").json["prunable"] == []


def test_what_goes_is_gone_and_the_digest_of_before_still_holds(weaver: CommandLine, traded: list[str]) -> None:
    held = weaver.done("verify", "--json").json
    events = sum(one["events"] for one in weaver.done("prune", "--keep", "1", "--dry-run", "--json").json["prunable"])
    # each run was deleted first, which is an event more
    assert (
        weaver.done("prune", "--keep", "1", "--yes").out == f"dropped {events + 2:,} events of 2 backtests and sweeps\n"
    )
    assert [one["id"] for one in weaver.done("run", "list", "--json").json] == [traded[2]]
    for run_id in traded[:2]:
        assert weaver("run", "show", run_id).code == 2
    weaver.done("verify", "--until", str(held["position"]), "--digest", held["digest"])
    assert f"{events + 2:,} events were dropped by weaver prune" in weaver.done("verify").out
    weaver.done("replay", traded[2], "--verify")
    assert weaver.done("prune", "--keep", "1", "--yes").out == "dropped 0 events of 0 backtests and sweeps\n"


def test_nothing_is_dropped_without_a_word(weaver: CommandLine, traded: list[str]) -> None:
    answer = weaver("prune", "--keep", "0")
    assert (answer.code, answer.out) == (3, "")
    assert "3 backtests and sweeps with" in answer.err
    assert "would go: give --yes, or --dry-run to see which" in answer.err
    assert len(weaver.done("run", "list", "--json").json) == 3


def test_a_run_that_a_fork_needs_stays_and_is_named(weaver: CommandLine, traded: list[str]) -> None:
    newest = weaver.done("events", "tail", "--run", traded[0], "--json").out.splitlines()[-1]
    position = json.loads(newest)["position"]
    weaver.done("run", "fork", traded[0], "--at", str(position), "--param", "fast=4", "--json")
    answer = weaver("prune", "--keep", "1", "--dry-run", "--json")
    assert [one["id"] for one in answer.json["held"]] == [traded[0]]
    assert f"backtest {traded[0]} stays: run {answer.json['held'][0]['fork']} was forked from it" in answer.err


def test_a_run_that_was_exported_comes_back(weaver: CommandLine, traded: list[str]) -> None:
    weaver.done("run", "export", traded[0], "--out", "kept.weaver.gz")
    weaver.done("prune", "--keep", "1", "--yes")
    weaver.done("run", "import", "kept.weaver.gz")
    assert {one["id"] for one in weaver.done("run", "list", "--json").json} == {traded[0], traded[2]}
    weaver.done("replay", traded[0], "--verify")
    weaver.done("rebuild", "--all")
    assert {one["id"] for one in weaver.done("run", "list", "--json").json} == {traded[0], traded[2]}
    weaver.done("verify")
    weaver.done("prune", "--keep", "0", "--yes")
    assert weaver.done("run", "list", "--json").json == []
    weaver.done("verify")


def test_what_cannot_be_meant_is_wrong_use(weaver: CommandLine) -> None:
    for arguments, said in (
        ((), "say what is to stay"),
        (("--older-than", "soon"), "--older-than: a number and h, d or w, such as 30d, not 'soon'"),
        (("--keep", "-1"), "--keep"),
    ):
        answer = weaver("prune", *arguments)
        assert (answer.code, answer.out, said in answer.err) == (2, "", True), answer.err

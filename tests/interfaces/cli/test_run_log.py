"""`weaver run log`: what a strategy logged in its own process, for people and for programs."""

import json

import pytest

from domain.ids import new_id
from tests.interfaces.cli.command_line import CommandLine, minute_rows, write_bars

TALKATIVE = '''
from weaver import Context, Strategy


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no text of me")


class Talkative(Strategy):
    """Says at each bar where it is."""

    def on_bar(self, ctx: Context) -> None:
        bar = len(ctx.bars())
        ctx.log(f"bar {bar}\\x1b[31m", event="closed", nan=float("nan"), broken=Broken(), nul="a\\0b", bar=bar)
'''
BARS = 240


@pytest.fixture
def run_id(weaver: CommandLine) -> str:
    """A finished backtest of a strategy that logs."""
    (weaver.directory / "talkative.py").write_text(TALKATIVE)
    bars = write_bars(weaver.directory / "bars.csv", minute_rows(BARS))
    strategy = f"{weaver.directory / 'talkative.py'}:Talkative"
    done = weaver.done("backtest", strategy, "--symbol", "TEST/USD", "--timeframe", "1m", "--data", bars, "--json")
    told = [json.loads(line) for line in done.err.splitlines() if line.startswith('{"')]
    lines = [line for line in told if str(line.get("event")).startswith("bar ")]
    assert len(lines) == BARS, "the log of the process has every line as well"
    assert lines[0]["event_"] == "closed"
    assert lines[0]["run_id"] == done.json["run_id"]
    return str(done.json["run_id"])


def test_a_log_is_printed_line_by_line_oldest_first(weaver: CommandLine, run_id: str) -> None:
    answer = weaver.done("run", "log", run_id, "--limit", "2")
    first, second = answer.out.splitlines()
    assert first == (
        "2025-01-01 00:01:00 bar 1 [31m event=closed nan=nan "
        "broken=a Broken that cannot be shown (RuntimeError) nul=a\ufffdb bar=1"
    )
    assert "bar=2" in second
    assert answer.err == f"2 of {BARS} lines: --limit shows more\n"


def test_a_log_is_json_for_programs_and_found_by_time_and_text(weaver: CommandLine, run_id: str) -> None:
    lines = weaver.done("run", "log", run_id, "--limit", "10000", "--json").json
    assert [line["number"] for line in lines] == list(range(1, BARS + 1))
    assert lines[0] == {
        "number": 1,
        "at": "2025-01-01T00:01:00Z",
        "level": "info",
        "message": "bar 1\x1b[31m",
        "fields": {
            "event": "closed",
            "nan": "nan",
            "broken": "a Broken that cannot be shown (RuntimeError)",
            "nul": "a\ufffdb",
            "bar": 1,
        },
    }
    window = ("--start", "2025-01-01T00:10:00Z", "--end", "2025-01-01T00:12:00Z")
    assert [line["number"] for line in weaver.done("run", "log", run_id, *window, "--json").json] == [10, 11]
    assert [line["number"] for line in weaver.done("run", "log", run_id, "--text", "BAR 24", "--json").json] == [
        24,
        240,
    ]


def test_a_run_nobody_knows_has_no_log(weaver: CommandLine) -> None:
    unknown = new_id()
    answer = weaver("run", "log", str(unknown))
    assert answer.code == 2
    assert f"no run has the id {unknown}" in answer.err

"""`weaver strategies check` from the outside: what it prints, and how it exits."""

from pathlib import Path

from tests.interfaces.cli.command_line import CommandLine

ERRATIC = """
import random

from weaver import Strategy


class Erratic(Strategy):
    def on_bar(self, ctx):
        ctx.target(quantity=random.randint(0, 1))
"""


def test_a_strategy_that_passes_exits_with_0_and_says_why(weaver: CommandLine) -> None:
    answer = weaver.done("strategies", "check", "sma_cross", "--param", "fast=5")
    lines = [line.split()[:2] for line in answer.out.splitlines() if line]
    for name in ("look-ahead", "warm-up", "determinism", "parameters"):
        assert [name, "ok"] in lines
    assert "21,600 of SAMPLE/USD 1m" in answer.out


def test_one_that_fails_exits_with_1_and_its_json_says_the_same(weaver: CommandLine) -> None:
    (weaver.directory / "erratic.py").write_text(ERRATIC)
    answer = weaver("strategies", "check", "erratic.py:Erratic", "--json")
    assert answer.code == 1
    assert answer.json["outcome"] == "failed"
    outcomes = {one["check"]: one["outcome"] for one in answer.json["verdicts"]}
    assert (outcomes["determinism"], outcomes["look_ahead"]) == ("failed", "skipped")
    shown = weaver("strategies", "check", "erratic.py:Erratic")
    assert (shown.code, shown.err.strip().endswith("fails: determinism")) == (1, True)


def test_bars_of_a_file_and_of_the_store_can_be_given(weaver: CommandLine) -> None:
    file = Path(weaver.directory) / "bars.csv"
    prices = [100 + (minute % 40 - 20) ** 2 // 20 for minute in range(2000)]
    rows = [
        f"2025-01-0{1 + minute // 1440}T{minute // 60 % 24:02}:{minute % 60:02}:00Z,{price},{price},{price},{price},1"
        for minute, price in enumerate(prices)
    ]
    file.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]) + "\n")
    bars = ("--symbol", "BTC/USD", "--timeframe", "1m")
    from_file = weaver.done("strategies", "check", "sma_cross", *bars, "--data", str(file), "--json").json
    weaver.done("data", "import", str(file), *bars)
    from_store = weaver.done("strategies", "check", "sma_cross", *bars, "--json").json
    assert from_file["symbols"] == ["BTC/USD"]
    assert from_file["bars"] == from_store["bars"] == 2000
    later = weaver.done("strategies", "check", "sma_cross", *bars, "--start", "2025-01-01T12:00", "--json").json
    assert later["bars"] == 1280


def test_wrong_use_exits_with_2_and_one_line(weaver: CommandLine) -> None:
    for arguments, message in (
        (("nothing_of_that_name",), "no strategy is named"),
        (("sma_cross", "--symbol", "BTC/USD"), "--timeframe is missing"),
        (("sma_cross", "--timeframe", "1m"), "--symbol is missing"),
        (("sma_cross", "--param", "fast=1"), "fast must be at least 2"),
        (("sma_cross", "--symbol", "BTC/USD", "--timeframe", "1m"), "BTC/USD"),
        (("sma_cross", "--symbol", "BTC/USD", "--timeframe", "1m", "--data", "no.csv"), "there is no file"),
    ):
        answer = weaver("strategies", "check", *arguments)
        assert (answer.code, message in answer.err, answer.err.count("\n")) == (2, True, 1), answer.err

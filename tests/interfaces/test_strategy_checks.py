"""Checks in processes of their own: what only they can find, and what strategy code gets to see of this one."""

import os
from pathlib import Path

import numpy as np
import pytest

from application.verdicts import Verdict
from domain.errors import InvalidInput, StrategyFault, StrategyNotFound
from domain.run import BarFile
from interfaces.market_data.sample_bars import sample_bars
from interfaces.settings import Settings
from interfaces.strategy_catalog import FileStrategyCatalog
from interfaces.strategy_checks import CheckRequest, CheckTimedOut, StrategyCheck, StrategyChecks
from tests.interfaces.market_data.bar_files import sample_file

BUNDLED = ("breakout", "mean_reversion", "multi_timeframe", "pairs", "rsi_reversal", "sma_cross")
HEAD = "from weaver import Context, Strategy, parameter, sma\n"
# What a strategy does with `rises`: it is in the market while that holds.
TRADES = """
        if rises and not ctx.position():
            ctx.buy(1)
        elif not rises and ctx.position():
            ctx.close()
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where strategies of the test are."""
    (tmp_path / "strategies").mkdir()
    return tmp_path


def check(directory: Path, name: str, source: str = "", **changes: object) -> StrategyCheck:
    """The verdicts on a strategy of this source, or on one there is already."""
    if source:
        (directory / "strategies" / f"{name}.py").write_text(source)
    settings = Settings.read(strategies_dir=directory / "strategies", home=directory / "home")
    most, seconds = changes.pop("most_seconds", 60.0), changes.pop("seconds", 2.0)
    assert isinstance(most, float)
    assert isinstance(seconds, float)
    request = CheckRequest(strategy_id=name, **changes)  # type: ignore[arg-type]
    catalog = FileStrategyCatalog(settings.strategies_dir)
    return StrategyChecks(catalog, settings).check(request, seconds=seconds, most_seconds=most)


def verdict(found: StrategyCheck, name: str) -> Verdict:
    return next(one for one in found.verdicts if one.check == name)


def on_bar(rises: str, imports: str = "", name: str = "Tried") -> str:
    """The source of a strategy that is in the market while an expression holds."""
    return f"{HEAD}{imports}\n\nclass {name}(Strategy):\n    def on_bar(self, ctx):\n        rises = {rises}{TRADES}"


@pytest.mark.parametrize("name", BUNDLED)
def test_every_bundled_strategy_passes_its_own_check(directory: Path, name: str) -> None:
    found = check(directory, name, seconds=20.0 if name == "pairs" else 4.0)
    assert [(one.check, one.outcome) for one in found.verdicts] == [
        ("look_ahead", "ok"),
        ("warm_up", "ok"),
        ("determinism", "ok"),
        ("parameters", "ok"),
    ], [one.message for one in found.verdicts]
    assert found.outcome == "ok"
    assert found.orders
    assert len(found.symbols) == (2 if name == "pairs" else 1)


@pytest.mark.parametrize(
    ("imports", "rises"),
    [
        ("", "hash(str(len(ctx.bars()))) % 2 == 0"),
        ("", "next(iter({'rose', 'violet', 'lily', 'daisy', str(len(ctx.bars()) % 97)})) in ('rose', 'lily')"),
        ("import random\n", "random.random() < 0.5"),
        ("import time\n", "time.time_ns() // 1000 % 2 == 0"),
        # the two time zones are one day apart, or for two hours of each day two
        ("from datetime import datetime\n", "(datetime.now().toordinal() + len(ctx.bars()) // 60) % 3 == 0"),
        ("import uuid\n", "uuid.uuid4().int % 2 == 0"),
    ],
    ids=["hash", "set", "random", "clock", "day", "uuid"],
)
def test_what_differs_from_process_to_process_is_found(directory: Path, imports: str, rises: str) -> None:
    found = check(directory, "tried", on_bar(rises, imports))
    its = verdict(found, "determinism")
    assert its.outcome == "failed", its.message
    assert its.difference is not None
    assert found.outcome == "failed"


def test_what_a_strategy_logs_may_differ_and_is_told(directory: Path) -> None:
    source = on_bar("ctx.log('took', nanoseconds=time.time_ns()) or ctx.bars().close[-1] > 100", "import time\n")
    its = verdict(check(directory, "tried", source), "determinism")
    assert (its.outcome, its.notes) == ("ok", ("what it logs is not the same each time",))


def written(path: Path, form: str) -> Path:
    """The sample bars of two days in a file."""
    if form == "csv":
        return sample_file(path, days=2)
    np.save(path, sample_bars(days=2).close)
    return path


NEXT_CLOSE = "AHEAD[min(len(ctx.bars()), len(AHEAD) - 1)] > ctx.bars().close[-1]"


@pytest.mark.parametrize("form", ["csv", "npy"])
def test_a_future_that_is_read_from_a_file_is_found(directory: Path, form: str) -> None:
    # given a strategy that reads the bars it is to be tried on, all of them, when it is imported
    file = written(directory / f"prices.{form}", form)
    loads = {
        "csv": f"AHEAD = [float(line.split(',')[4]) for line in open({str(file)!r}).readlines()[1:]]\n",
        "npy": f"import numpy\nAHEAD = numpy.load({str(file)!r}).tolist()\n",
    }
    bars = written(directory / "bars.csv", "csv")
    # when
    found = check(
        directory,
        "tried",
        on_bar(NEXT_CLOSE, loads[form]),
        symbols=["BTC/USD"],
        files=[BarFile("BTC/USD", str(bars))],
    )
    # then
    its = verdict(found, "look_ahead")
    assert (its.outcome, found.outcome) == ("failed", "failed")
    assert its.message == f"it reads prices.{form}, which holds bars it is tried on: what comes after them stands there"


def test_a_file_that_decides_alone_is_found_and_one_that_only_helps_is_not_judged(directory: Path) -> None:
    days = directory / "days.txt"
    days.write_text("\n".join(str(number * 37 % 100) for number in range(60)))
    reads = f"DAYS = [int(line) for line in open({str(days)!r})]\n"
    alone = verdict(
        check(directory, "alone", on_bar("DAYS[len(ctx.bars()) // 60 % 60] > 50", reads, "Alone")), "look_ahead"
    )
    assert alone.outcome == "failed"
    assert "decides the same on bars that never were, and reads days.txt" in alone.message
    helped = check(directory, "helped", on_bar("ctx.bars().close[-1] % 1 > DAYS[3] / 100", reads, "Helped"))
    its = verdict(helped, "look_ahead")
    assert its.outcome == "unsure"
    assert "it reads days.txt" in its.message
    assert helped.outcome == "unsure"


def test_how_a_strategy_is_found_is_nothing_it_reads(directory: Path) -> None:
    # given one whose file has another name, so that its neighbours are looked at in processes of their own
    (directory / "strategies" / "another.py").write_text(on_bar("True", name="Neighbour"))
    (directory / "strategies" / "file_of_tried.py").write_text(on_bar("ctx.bars().close[-1] % 1 > 0.5"))
    found = check(directory, "tried")
    assert verdict(found, "look_ahead").outcome == "ok", verdict(found, "look_ahead").message


def test_a_bound_that_eats_all_memory_fails_by_itself(directory: Path) -> None:
    source = on_bar("len([0] * self.size) > 0").replace(
        "    def on_bar", "    size: int = parameter(1, ge=1, le=10**10)\n\n    def on_bar"
    )
    its = verdict(check(directory, "tried", source), "parameters")
    assert (its.outcome, its.message) == ("failed", "with size=10000000000 it fails: MemoryError:")


def test_modules_beside_a_strategy_and_what_it_writes_are_nothing_it_reads(directory: Path) -> None:
    (directory / "strategies" / "_lines.py").write_text("LEVEL = 0.5\n")
    imports = f"from _lines import LEVEL\nopen({str(directory / 'out.txt')!r}, 'w').write('x')\n"
    found = check(directory, "tried", on_bar("ctx.bars().close[-1] % 1 > LEVEL", imports))
    assert verdict(found, "look_ahead").outcome == "ok", verdict(found, "look_ahead").message


def test_strategy_code_runs_elsewhere_without_settings_and_keys(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEAVER_API_KEY", "hunter2hunter2")
    told = directory / "told.txt"
    source = f"""{HEAD}
import os

open({str(told)!r}, "a").write(f"{{os.getpid()}} {{'hunter2hunter2' in str(os.environ)}}\\n")
print("words on stdout are no answer")


class Tried(Strategy):
    pass
"""
    found = check(directory, "tried", source)
    lines = [line.split() for line in told.read_text().splitlines()]
    pids = {pid for pid, _ in lines}
    assert len(pids) >= 3, "a probe and two trials at least"
    assert str(os.getpid()) not in pids
    assert {leaked for _, leaked in lines} == {"False"}
    assert found.outcome == "unsure"


def test_a_process_that_ends_itself_and_one_that_never_ends_are_told(directory: Path) -> None:
    ends = on_bar("os._exit(3)", "import os\n", "Ends")
    with pytest.raises(StrategyFault, match="ended by itself \\(exit code 3\\)"):
        check(directory, "ends", ends)
    with pytest.raises(CheckTimedOut, match="did not end within 3 s"):
        check(directory, "sleeps", on_bar("time.sleep(60)", "import time\n", "Sleeps"), most_seconds=3.0)


def test_what_cannot_be_checked_is_refused_before_anything_runs(directory: Path) -> None:
    with pytest.raises(StrategyNotFound, match="did you mean sma_cross"):
        check(directory, "sma_crss")
    with pytest.raises(InvalidInput, match="fast must be at least 2"):
        check(directory, "sma_cross", parameters={"fast": 1})
    with pytest.raises(InvalidInput, match="unknown timeframe"):
        check(directory, "sma_cross", timeframe="7m")
    with pytest.raises(InvalidInput, match="there is no file"):
        check(directory, "sma_cross", symbols=["BTC/USD"], files=[BarFile("BTC/USD", str(directory / "no.csv"))])

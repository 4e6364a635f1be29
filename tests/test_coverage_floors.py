"""The floors of coverage, over small programs that were measured for real."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage

from tests.coverage_floors import AREAS, ROOT, Area, Reach, complaints, main, measured, reach_of
from tests.system.weaver_process import clean_environment, wait_until

HALF = """
def reached(flag):
    if flag:
        return 1
    return 2

def missed():
    return 3

reached(True)
"""
STRATEGY = """
from weaver import Strategy

class Idle(Strategy):
    def on_bar(self, ctx):
        pass
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Coverage]:
    """What is known of a program of two files after it ran: one executed in part, one in full."""
    (tmp_path / "halves").mkdir()
    (tmp_path / "halves" / "half.py").write_text(HALF)
    (tmp_path / "whole.py").write_text("done = True\n")
    (tmp_path / "run.py").write_text("import runpy\nrunpy.run_path('halves/half.py')\nrunpy.run_path('whole.py')\n")
    (tmp_path / "settings").write_text("[run]\nbranch = true\nsource = .\n")
    command = [sys.executable, "-m", "coverage", "run", "--rcfile=settings", "--data-file=kept", "run.py"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=60)
    before = Path.cwd()
    os.chdir(tmp_path)
    yield Coverage(data_file=str(tmp_path / "kept"), config_file=str(tmp_path / "settings"))
    os.chdir(before)


def test_an_area_below_its_floor_is_named_and_fails(
    program: Coverage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    areas = (Area("the halves", 90, ("halves/*.py",)), Area("the rest", 90, ("whole.py",)))
    assert main(program, areas, tmp_path) == 1
    told = capsys.readouterr()
    assert "the halves: 66.7 % is below its floor of 90 %" in told.err
    assert "the rest" not in told.err
    assert "the rest" in told.out


def test_branches_count_as_statements_do(program: Coverage, tmp_path: Path) -> None:
    program.load()
    # of 7 statements the one after the branch and the one of the other function, of 2 branches the one not taken
    assert measured(program, tmp_path)["halves/half.py"] == Reach(1, 9, 6)


def test_areas_at_their_floors_pass(program: Coverage, tmp_path: Path) -> None:
    assert main(program, (Area("the halves", 66, ("halves/*.py",)),), tmp_path) == 0


def test_an_area_that_matches_no_file_fails(
    program: Coverage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(program, (Area("the gone", 0, ("gone/*.py",)),), tmp_path) == 1
    assert "the gone: no file was measured of gone/*.py" in capsys.readouterr().err


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
def test_every_pattern_of_an_area_matches_a_file_of_the_program(area: Area) -> None:
    for pattern in area.files:
        assert [*ROOT.glob(pattern)], f"{area.name}: nothing is at {pattern}"


def test_an_area_is_the_sum_of_its_files_each_counted_once() -> None:
    files = {"a/x.py": Reach(1, 10, 5), "a/y.py": Reach(1, 30, 30), "b.py": Reach(1, 1, 0)}
    area = Area("a", 88, ("a/*.py", "a/x.py"))
    assert reach_of(area, files) == Reach(2, 40, 35)
    assert complaints({area: reach_of(area, files)}) == ["a: 87.5 % is below its floor of 88 %"]


def measured_child(directory: Path, *words: str) -> "subprocess.Popen[str]":
    """A process that is measured as those of `make coverage` are: by its environment alone."""
    settings = Coverage(data_file=str(directory / ".coverage"), config_file=str(ROOT / "pyproject.toml")).config
    environment = {**clean_environment(directory), "COVERAGE_PROCESS_CONFIG": settings.serialize()}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, *words], env=environment, cwd=directory, stdin=pipe, stdout=pipe, text=True
    )


def executed_in(directory: Path, file: str) -> str:
    """The lines of a file of the program that the data in the directory say were executed."""
    coverage = Coverage(data_file=str(directory / ".coverage"), config_file=str(ROOT / "pyproject.toml"))
    coverage.combine([str(directory)])
    text = (ROOT / file).read_text().splitlines()
    return "\n".join(text[number - 1] for number in coverage.get_data().lines(str(ROOT / file)) or [])


def test_a_process_that_runs_user_code_is_measured_though_its_environment_is_scrubbed(tmp_path: Path) -> None:
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "idle.py").write_text(STRATEGY)
    process = measured_child(tmp_path, "-m", "weaver", "strategies", "list")
    told, _ = process.communicate(timeout=60)
    assert "idle" in told
    # what only the command's child does, the one that looked at the file
    assert "os._exit(0)" in executed_in(tmp_path, "interfaces/strategy_probe.py")


def test_the_process_of_a_run_that_is_ended_by_a_signal_has_been_measured(tmp_path: Path) -> None:
    program = "import interfaces.session_child, sys; print('loaded', flush=True); sys.stdin.read()"
    process = measured_child(tmp_path, "-c", program)
    assert process.stdout is not None
    assert process.stdout.readline() == "loaded\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM
    wait_until(lambda: list(tmp_path.glob(".coverage.*")), 10, "its figures are written")
    assert "def main() -> int:" in executed_in(tmp_path, "interfaces/session_child.py")

"""How much of each area the tests reach, and the floor it must not fall below: `make coverage` ends with this.

Exit codes: 0 every area is at its floor or above, 1 one is below or matches no file.
"""

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from coverage import Coverage
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the program. floor: percent of its statements and branches. files: patterns of paths below the top."""

    name: str
    floor: float
    files: tuple[str, ...]


AREAS = (
    Area("everything", 85, ("*",)),
    Area("clock", 95, ("application/clock.py",)),
    Area(
        "journal and events",
        90,
        (
            "application/journal*.py",
            "application/run_journal.py",
            "domain/event*.py",
            "interfaces/envelope.py",
            "interfaces/event_store.py",
            "interfaces/journal_*.py",
        ),
    ),
    Area(
        "matching and backtest",
        90,
        (
            "application/backtest.py",
            "application/session.py",
            "application/simulated_*.py",
            "domain/matching.py",
            "domain/order_book.py",
            "domain/simulated_venue.py",
            "domain/working_order.py",
        ),
    ),
    Area("web", 85, ("interfaces/web/*.py",)),
    Area(
        "strategies",
        85,
        (
            "domain/indicators.py",
            "domain/parameters.py",
            "domain/strategy.py",
            "interfaces/strategy_*.py",
            "weaver/strategies/*.py",
        ),
    ),
    Area("projections", 80, ("projections/*.py",)),
)


@dataclass(frozen=True, slots=True)
class Reach:
    """What there is and what was executed of it: statements and branches together."""

    files: int
    parts: int
    executed: int

    @property
    def percent(self) -> float:
        """Nothing to execute is executed."""
        return 100 * self.executed / self.parts if self.parts else 100.0


def measured(coverage: Coverage, root: Path = ROOT) -> dict[str, Reach]:
    """Return the reach of every file, by its path below the root; files outside it are left out.

    coverage: loaded, its data combined. Raises coverage's NoDataError when nothing was measured.
    """
    with tempfile.TemporaryDirectory(prefix="weaver-coverage-") as directory:
        written = Path(directory) / "report.json"
        coverage.json_report(outfile=str(written))
        files: Mapping[str, Mapping[str, Mapping[str, int]]] = json.loads(written.read_text())["files"]
    found: dict[str, Reach] = {}
    for name, told in files.items():
        path = (root / name).resolve()
        if path.is_relative_to(root.resolve()):
            counts = told["summary"]
            parts = counts["num_statements"] + counts.get("num_branches", 0)
            executed = counts["covered_lines"] + counts.get("covered_branches", 0)
            found[path.relative_to(root.resolve()).as_posix()] = Reach(1, parts, executed)
    return found


def reach_of(area: Area, files: Mapping[str, Reach]) -> Reach:
    """Return the sum over the area's files; no files, nothing."""
    own = [reach for name, reach in files.items() if any(fnmatch(name, pattern) for pattern in area.files)]
    return Reach(len(own), sum(one.parts for one in own), sum(one.executed for one in own))


def complaints(reaches: Mapping[Area, Reach]) -> list[str]:
    """Return a line for each area that has no file or is below its floor."""
    found = []
    for area, reach in reaches.items():
        if not reach.files:
            found.append(f"{area.name}: no file was measured of {', '.join(area.files)}: mend the patterns")
        elif reach.percent < area.floor:
            found.append(f"{area.name}: {reach.percent:.1f} % is below its floor of {area.floor:g} %")
    return found


def main(coverage: Coverage, areas: Sequence[Area] = AREAS, root: Path = ROOT) -> int:
    """Print the table of areas; return the exit code."""
    coverage.load()
    files = measured(coverage, root)
    reaches = {area: reach_of(area, files) for area in areas}
    table = Table("area", box=None)
    for name in ("files", "statements and branches", "executed", "floor"):
        table.add_column(name, justify="right")
    for area, reach in reaches.items():
        table.add_row(area.name, f"{reach.files}", f"{reach.parts:,}", f"{reach.percent:.1f} %", f"{area.floor:g} %")
    Console().print(table)
    wrong = complaints(reaches)
    for line in wrong:
        sys.stderr.write(f"coverage: {line}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Coverage()))

"""`--report FILE.html`: the finished backtest as one file."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import InvalidInput
from domain.market import Bars, Timeframe
from domain.order import OrderFill, OrderFilled, OrderPartiallyFilled
from domain.run import RunEquityMarked
from interfaces.html_report import ReportInput, report_html, template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from domain.events import Event
    from interfaces.cli.backtest_report import Result
    from interfaces.composition import Weaver

FILLS = (OrderPartiallyFilled.TOPIC, OrderFilled.TOPIC)
READ_PAGE = 5_000


class ReportFile:
    """Where a report is to be written, `path` being absolute; what would go wrong is told before the backtest begins.

    Raises InvalidInput for a path that cannot be written, Unavailable while the page is not built.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self._template = template()
        folder = self.path.parent
        if not folder.is_dir():
            raise InvalidInput(f"--report {path}: there is no directory {folder}")
        if self.path.is_dir() or not os.access(folder, os.W_OK):
            raise InvalidInput(f"--report {path} cannot be written")

    def write(self, weaver: "Weaver", result: "Result") -> Path:
        """Write the report of a completed run, whole or not at all; return where it is."""
        run_id = result.run.id
        given = ReportInput(
            run=result.run.created,
            run_id=run_id,
            completed=result.completed,
            start_time=result.start_time,
            end_time=result.end_time,
            bars=_bars(weaver, result),
            fills=[event for event in _events(weaver, run_id, FILLS) if isinstance(event, OrderFill)],
            equity=[
                point
                for event in _events(weaver, run_id, (RunEquityMarked.TOPIC,))
                if isinstance(event, RunEquityMarked)
                for point in zip(event.times, event.equity, strict=True)
            ],
        )
        html = report_html(self._template, given)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self.path.parent, delete=False) as file:
            file.write(html)
        Path(file.name).chmod(0o644)
        return Path(file.name).replace(self.path)


def _events(weaver: "Weaver", run_id: "UUID", topics: tuple[str, ...]) -> "Iterator[Event]":
    after = 0
    while entries := weaver.journal.read(after, READ_PAGE, topics=topics, run_id=run_id):
        yield from (weaver.journal.catalogue.decode(entry.topic, entry.state) for entry in entries)
        after = entries[-1].position


def _bars(weaver: "Weaver", result: "Result") -> dict[str, Bars]:
    """The bars the run traded, as its process read them."""
    created = result.run.created
    timeframe = Timeframe.parse(created.timeframe)
    files = {file.symbol: file for file in created.bar_files}
    return {
        symbol: weaver.bars.read_file(files[symbol], timeframe).between(created.start_time, created.end_time)
        if symbol in files
        else weaver.bars.load(symbol, timeframe, created.start_time, created.end_time)
        for symbol in created.symbols
    }

"""`weaver backtest`: one strategy over bars of a file or of the store, from the check of its input to its report."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interfaces.cli import options
from interfaces.cli.new_run import TypedRun
from interfaces.cli.opened import page_url, read_settings
from interfaces.cli.options import Json
from interfaces.cli.printing import notice, print_json, progress_bar, say

if TYPE_CHECKING:
    from application.commands import CreateRun
    from domain.run import BarFile
    from interfaces.cli.backtest_report import Result
    from interfaces.cli.report_file import ReportFile
    from interfaces.composition import Weaver
    from interfaces.session_process import ChildProcess
    from interfaces.settings import Settings

type Range = tuple[datetime, datetime]

DataFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="FILE",
        help="Read the bars of this CSV or Parquet file, not of the store: one for each --symbol, in the same order.",
    ),
]

ReportPath = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Write a report as one HTML file that needs nothing else."),
]


def backtest(
    strategy: options.Strategy,
    symbol: options.Symbols,
    timeframe: options.TimeframeName,
    data: DataFiles = None,
    start: options.Start = None,
    end: options.End = None,
    param: options.Parameters = None,
    cash: options.Cash = "100000",
    commission_bps: options.CommissionBps = None,
    slippage_bps: options.SlippageBps = "0",
    cost: options.OtherCosts = None,
    venue: options.Venue = "generic",
    volume_cap: options.VolumeCap = None,
    account: options.Account = "cash",
    leverage: options.Leverage = None,
    risk: options.Risk = None,
    name: options.Name = None,
    tag: options.Tags = None,
    report_file: ReportPath = None,
    json_wanted: Json = False,
) -> None:
    """Trade a strategy over history and report what came of it.

    All bars there are count, unless --start or --end say less.
    """
    from domain.market import parse_symbol
    from interfaces.composition import database
    from interfaces.session_process import ChildProcess

    settings = read_settings()
    described = TypedRun(
        strategy=strategy,
        mode="backtest",
        symbols=symbol,
        timeframe=timeframe,
        start=start,
        end=end,
        parameters=param,
        cash=cash,
        commission_bps=commission_bps,
        slippage_bps=slippage_bps,
        costs=cost,
        venue=venue,
        volume_cap=volume_cap,
        account=account,
        leverage=leverage,
        risk=risk,
        name=name,
        tags=tag,
    )
    command = described.command(bar_files([parse_symbol(one) for one in symbol], data or []))
    in_files = _ranges_in_files(command)
    html = None
    if report_file is not None:
        from interfaces.cli.report_file import ReportFile

        html = ReportFile(report_file)
    # it loads while the database starts
    spare = ChildProcess()
    try:
        with database(settings) as url:
            result = traded(settings, url, command, in_files, html, spare)
    finally:
        spare.kill()
    report(result, settings, json_wanted)
    if html is not None:
        say(f"Report: {html.path}", json_wanted=json_wanted)


def traded(
    settings: "Settings",
    database_url: str,
    command: "CreateRun",
    in_files: Sequence[Range] = (),
    html: "ReportFile | None" = None,
    spare: "ChildProcess | None" = None,
) -> "Result":
    """Run the backtest and return its result; raise CommandFailed, the strategy's traceback shown, if it has none.

    in_files: the range of each bar file of the command. html: where its report is written, None for none.
    spare: a process started ahead to trade it.
    """
    from application.runs import load_run
    from interfaces.cli.backtest_execution import BacktestFailed, completed, execute
    from interfaces.cli.backtest_report import Result, of_strategy
    from interfaces.composition import compose

    weaver = compose(settings, database_url, only=command.run_id, spare=spare)
    try:
        ranges = in_files or _ranges_in_store(weaver, command)
        with progress_bar(f"{command.strategy_id} {' '.join(command.symbols)}") as told:
            end = execute(weaver, command, told)
        try:
            done = completed(end, command.run_id)
        except BacktestFailed as failure:
            if failure.traceback is not None:
                sys.stderr.write(f"{of_strategy(failure.traceback).rstrip()}\n")
            raise
        run = load_run(weaver.journal, command.run_id)
        result = Result(
            command=command,
            run=run,
            end=end,
            completed=done,
            start_time=min(first for first, _ in ranges),
            end_time=max(last for _, last in ranges),
        )
        if html is not None:
            html.write(weaver, result)
        return result
    finally:
        weaver.stop()


def report(result: "Result", settings: "Settings", json_wanted: bool) -> None:
    """Print the result, for a program or for a person."""
    from interfaces.cli.backtest_report import as_json, print_report

    if json_wanted:
        print_json(as_json(result))
    else:
        print_report(result, page_url(settings, result.run.id))


def bar_files(symbols: Sequence[str], data: Sequence[str]) -> tuple["BarFile", ...]:
    """Return the files of the symbols, in their order; raise InvalidInput for another number of them."""
    from domain.errors import InvalidInput
    from domain.run import BarFile

    if data and len(data) != len(symbols):
        raise InvalidInput(
            f"{len(symbols)} --symbol and {len(data)} --data: give one file for each symbol, in the same order, or none"
        )
    # absolute, because the run may be executed again from elsewhere
    return tuple(BarFile(symbol, str(Path(path).absolute())) for symbol, path in zip(symbols, data, strict=False))


def _ranges_in_files(command: "CreateRun") -> list[Range]:
    """Check every file before anything is written; return what range of it the run will use."""
    from domain.errors import InvalidInput
    from domain.market import Timeframe
    from interfaces.market_data.files import read_bars

    timeframe = Timeframe.parse(command.timeframe)
    start, end = command.start_time, command.end_time
    if start is not None and end is not None and start >= end:
        raise InvalidInput(f"--start {start:%Y-%m-%dT%H:%M:%SZ} must be before --end {end:%Y-%m-%dT%H:%M:%SZ}")
    ranges = []
    for file in command.bar_files:
        read = read_bars(Path(file.path), file.symbol, timeframe)
        for told in read.notices:
            notice(told)
        bars = read.bars.between(start, end)
        if not len(bars):
            raise InvalidInput(
                f"{file.path} has no bars in that range: it has {read.bars.start_time:%Y-%m-%d %H:%M} to "
                f"{read.bars.end_time:%Y-%m-%d %H:%M} UTC"
            )
        ranges.append((bars.start_time, bars.end_time))
    return ranges


def _ranges_in_store(weaver: "Weaver", command: "CreateRun") -> list[Range]:
    """What range of each symbol's stored bars the run will use; symbols without any are refused with the command."""
    from domain.errors import InvalidInput
    from domain.market import Timeframe

    timeframe = Timeframe.parse(command.timeframe)
    start, end = command.start_time, command.end_time
    ranges = []
    for symbol in command.symbols:
        stored = weaver.bars.coverage(symbol, timeframe)
        if stored is None:
            continue
        if start is None and end is None:
            ranges.append((stored.start_time, stored.end_time))
            continue
        bars = weaver.bars.load(symbol, timeframe, start, end)
        if not len(bars):
            raise InvalidInput(
                f"no bars of {symbol} {timeframe} in that range: stored are {stored.start_time:%Y-%m-%d %H:%M} to "
                f"{stored.end_time:%Y-%m-%d %H:%M} UTC"
            )
        ranges.append((bars.start_time, bars.end_time))
    return ranges

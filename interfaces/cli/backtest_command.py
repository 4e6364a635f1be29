"""`weaver backtest`: one strategy over bars of a file or of the store, from the check of its input to its report."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interfaces.cli import options, typed
from interfaces.cli.opened import page_url, read_settings
from interfaces.cli.options import Json
from interfaces.cli.printing import notice, print_json, progress_bar

if TYPE_CHECKING:
    from application.commands import CreateRun
    from domain.run import BarFile
    from interfaces.cli.backtest_report import Result
    from interfaces.composition import Weaver
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


def backtest(
    strategy: options.Strategy,
    symbol: options.Symbols,
    timeframe: options.TimeframeName,
    data: DataFiles = None,
    start: options.Start = None,
    end: options.End = None,
    param: options.Parameters = None,
    cash: options.Cash = "100000",
    commission_bps: options.CommissionBps = "10",
    slippage_bps: options.SlippageBps = "0",
    name: options.Name = None,
    tag: options.Tags = None,
    json_wanted: Json = False,
) -> None:
    """Trade a strategy over history and report what came of it.

    All bars there are count, unless --start or --end say less.
    """
    from application.commands import CreateRun
    from domain.ids import new_id
    from domain.market import parse_symbol
    from domain.run import CostSettings
    from interfaces.composition import database

    settings = read_settings()
    symbols = tuple(parse_symbol(one) for one in symbol)
    command = CreateRun(
        run_id=new_id(),
        strategy_id=typed.strategy(strategy),
        mode="backtest",
        symbols=symbols,
        timeframe=timeframe,
        name=name,
        parameters=typed.parameters(param or []),
        initial_cash=typed.decimal(cash, "--cash"),
        costs=CostSettings(
            typed.decimal(commission_bps, "--commission-bps"), typed.decimal(slippage_bps, "--slippage-bps")
        ),
        start_time=typed.moment(start, "--start"),
        end_time=typed.moment(end, "--end"),
        bar_files=_bar_files(symbols, data or []),
        tags=tuple(tag or ()),
    )
    in_files = _ranges_in_files(command)
    with database(settings) as url:
        result = traded(settings, url, command, in_files)
    report(result, settings, json_wanted)


def traded(settings: "Settings", database_url: str, command: "CreateRun", in_files: Sequence[Range] = ()) -> "Result":
    """Run the backtest and return its result; raise CommandFailed, the strategy's traceback shown, if it has none.

    in_files: the range of each bar file of the command.
    """
    from application.runs import load_run
    from interfaces.cli.backtest_execution import BacktestFailed, completed, execute
    from interfaces.cli.backtest_report import Result, of_strategy
    from interfaces.composition import compose

    weaver = compose(settings, database_url, only=command.run_id)
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
    finally:
        weaver.stop()
    return Result(
        command=command,
        run=run,
        end=end,
        completed=done,
        start_time=min(first for first, _ in ranges),
        end_time=max(last for _, last in ranges),
    )


def report(result: "Result", settings: "Settings", json_wanted: bool) -> None:
    """Print the result, for a program or for a person."""
    from interfaces.cli.backtest_report import as_json, print_report

    if json_wanted:
        print_json(as_json(result))
    else:
        print_report(result, page_url(settings, result.run.id))


def _bar_files(symbols: Sequence[str], data: Sequence[str]) -> tuple["BarFile", ...]:
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

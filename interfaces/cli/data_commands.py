"""`weaver data`: bars in the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import InvalidInput
from interfaces.cli import data_upkeep
from interfaces.cli.opened import opened_database, read_settings
from interfaces.cli.options import Json, TimeframeName
from interfaces.cli.printing import notice, print_json, print_line, print_table, progress_bar, shown
from interfaces.cli.typed import moment

if TYPE_CHECKING:
    from datetime import datetime

    from application.ports import BarCoverage
    from domain.market import Timeframe
    from interfaces.market_data.alpaca_bars import AlpacaBars
    from interfaces.market_data.bar_store import BarStore

SHORTEST_SECONDS = 60

group = typer.Typer(name="data", help="Bars: import them, download them, see what is stored.", no_args_is_help=True)


@group.command("import")
def import_bars(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A CSV or Parquet file with timestamp,open,high,low,close,volume.")
    ],
    symbol: Annotated[str, typer.Option("--symbol", metavar="SYMBOL", help="What the bars are of, such as BTC/USD.")],
    timeframe: TimeframeName,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="SOURCE",
            help="Where the bars come from; the default is csv or parquet, as the file is.",
        ),
    ] = None,
    json_wanted: Json = False,
) -> None:
    """Check a file and store its bars.

    Bars that are stored already are replaced. All bars of the file are stored, or none.
    """
    from domain.market import Timeframe, parse_symbol
    from interfaces.market_data.bar_store import BarStore
    from interfaces.market_data.files import read_bars

    read = read_bars(file, parse_symbol(symbol), Timeframe.parse(timeframe))
    for told in read.notices:
        notice(told)
    with opened_database() as url:
        store = BarStore(url)
        written = store.save(read.bars, source or file.suffix.removeprefix(".").lower() or "file")
        stored = store.coverage(read.bars.symbol, read.bars.timeframe)
    if json_wanted:
        print_json({"bars": len(read.bars), "written": written, "stored": _as_json(stored) if stored else None})
        return
    print_line(
        f"{len(read.bars):,} bars of {read.bars.symbol} {read.bars.timeframe}: {written:,} were new or different"
    )
    if stored is not None:
        print_line(f"stored are now {stored.bars:,}, {shown(stored.start_time)} to {shown(stored.end_time)} UTC")


@group.command("download")
def download_bars(
    symbols: Annotated[
        list[str], typer.Argument(metavar="SYMBOL", help="What to download, such as BTC/USD or SPY; one or more.")
    ],
    timeframe: TimeframeName,
    start: Annotated[
        str,
        typer.Option("--start", metavar="TIME", help="First moment, such as 2024-01-31 or 2024-01-31T14:30:00Z (UTC)."),
    ],
    end: Annotated[
        str | None, typer.Option("--end", metavar="TIME", help="Moment to end before (UTC); now unless given.")
    ] = None,
    json_wanted: Json = False,
) -> None:
    """Download bars of Alpaca and store them.

    Only what is not stored yet is asked for, so a download that was interrupted goes on. Crypto needs no key; shares
    come from the free feed (IEX), as they were traded, and need the keys of any account.
    """
    from domain.market import Timeframe, parse_symbol
    from interfaces.market_data.bar_store import BarStore

    length = Timeframe.parse(timeframe)
    wanted = list(dict.fromkeys(parse_symbol(symbol) for symbol in symbols))
    span = _span(length, start, end)
    with opened_database() as url, _alpaca() as bars:
        store = BarStore(url)
        results = [_downloaded(bars, store, symbol, length, span, json_wanted=json_wanted) for symbol in wanted]
    if json_wanted:
        print_json(results)


def _span(timeframe: "Timeframe", start: str, end: str | None) -> tuple["datetime", "datetime"]:
    """Return when to begin and to end; raise InvalidInput for what Alpaca cannot have."""
    from application.clock import WallClock

    if timeframe.seconds < SHORTEST_SECONDS:
        raise InvalidInput(f"Alpaca keeps no bars of {timeframe}: choose 1m or longer")
    now = WallClock().now()
    first, last = moment(start, "--start"), moment(end, "--end") or now
    assert first is not None, "the option is required"
    if first >= min(last, now):
        bound = "--end" if last < now else "now"
        raise InvalidInput(f"--start must be before {bound}: {shown(first)} is not before {shown(min(last, now))}")
    return first, min(last, now)


@contextmanager
def _alpaca() -> "Iterator[AlpacaBars]":
    from application.clock import WallClock
    from interfaces.market_data.alpaca_data import open_bars

    bars = open_bars(read_settings(), WallClock())
    try:
        yield bars
    finally:
        bars.close()


def _downloaded(
    bars: "AlpacaBars",
    store: "BarStore",
    symbol: str,
    timeframe: "Timeframe",
    span: tuple["datetime", "datetime"],
    *,
    json_wanted: bool,
) -> dict[str, object]:
    from interfaces.market_data.alpaca_download import download

    with progress_bar(f"{symbol} {timeframe}") as progress:
        came = download(bars, store, symbol, timeframe, *span, progress)
    stored = store.coverage(symbol, timeframe)
    if not json_wanted:
        print_line(f"{came.bars:,} bars of {symbol} {timeframe} downloaded: {came.written:,} were new or different")
        if stored is not None:
            print_line(f"stored are now {stored.bars:,}, {shown(stored.start_time)} to {shown(stored.end_time)} UTC")
    return {
        "symbol": symbol,
        "timeframe": timeframe.name,
        "bars": came.bars,
        "written": came.written,
        "stored": _as_json(stored) if stored else None,
    }


@group.command("list")
def list_bars(json_wanted: Json = False) -> None:
    """List how many bars are stored, from when to when."""
    from interfaces.market_data.bar_store import BarStore

    with opened_database() as url:
        series = BarStore(url).series()
    if json_wanted:
        print_json([_as_json(one) for one in series])
        return
    print_table(
        ("symbol", "timeframe", "bars", "first open", "last close", "source"),
        [(one.symbol, one.timeframe, one.bars, one.start_time, one.end_time, one.source) for one in series],
        right=("bars",),
    )


def _as_json(stored: "BarCoverage") -> dict[str, object]:
    return {
        "symbol": stored.symbol,
        "timeframe": stored.timeframe.name,
        "bars": stored.bars,
        "start_time": stored.start_time,
        "end_time": stored.end_time,
        "source": stored.source,
    }


group.command("gaps")(data_upkeep.list_gaps)
group.command("export")(data_upkeep.export_bars)
group.command("drop")(data_upkeep.drop_bars)

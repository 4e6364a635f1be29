"""`weaver data`: bars in the store."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interfaces.cli.opened import opened_database
from interfaces.cli.options import Json, TimeframeName
from interfaces.cli.printing import notice, print_json, print_line, print_table, shown

if TYPE_CHECKING:
    from application.ports import BarCoverage

group = typer.Typer(name="data", help="Bars: import them, see what is stored.", no_args_is_help=True)


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

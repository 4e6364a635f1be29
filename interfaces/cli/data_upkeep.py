"""`weaver data gaps`, `export` and `drop`: what is missing of stored bars, bars as a file, and old ones out."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import InvalidInput
from interfaces.cli.consent import require_consent
from interfaces.cli.opened import catch_up, opened_database, read_settings
from interfaces.cli.options import End, Json, Start, TimeframeIfAny, TimeframeName
from interfaces.cli.printing import print_json, print_line, print_table
from interfaces.cli.typed import age, moment

if TYPE_CHECKING:
    from domain.market import Bars
    from interfaces.market_data.bar_retention import OldBars

MOST_SHOWN = 50

Symbol = Annotated[str, typer.Argument(metavar="SYMBOL", help="What the bars are of, such as BTC/USD.")]


def list_gaps(
    symbol: Symbol, timeframe: TimeframeName, start: Start = None, end: End = None, json_wanted: Json = False
) -> None:
    """List where bars are missing.

    Only times at which the market was open count: nights and holidays of shares are no gaps. Before the first stored
    bar and after the last one nothing is missing.
    """
    from domain.gaps import gaps
    from interfaces.market_data.exchange_sessions import ExchangeSessions

    bars = _load(symbol, timeframe, start, end)
    calendar = ExchangeSessions(read_settings().home / "cache")
    sessions = calendar.sessions(bars.symbol, bars.start_time, bars.end_time) if len(bars) else None
    found = gaps(bars.time, bars.timeframe, sessions)
    missing = sum(gap.bars for gap in found)
    if json_wanted:
        print_json({"bars": len(bars), "missing": missing, "gaps": [gap._asdict() for gap in found]})
        return
    if found:
        rows = [(gap.start, gap.end, gap.bars) for gap in found[:MOST_SHOWN]]
        print_table(("from", "to", "missing"), rows, right=("missing",))
    if len(found) > MOST_SHOWN:
        print_line(f"and {len(found) - MOST_SHOWN:,} more (--json lists all)")
    print_line(f"{missing:,} bars missing, gaps: {len(found):,}; {len(bars):,} bars are there")


def export_bars(
    symbol: Symbol,
    timeframe: TimeframeName,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where to write: FILE.csv or FILE.parquet; it is replaced.")
    ],
    start: Start = None,
    end: End = None,
    json_wanted: Json = False,
) -> None:
    """Write stored bars to a file.

    CSV or Parquet, by the name of the file, with timestamp,open,high,low,close,volume; weaver data import takes it in
    again, bit by bit the same.
    """
    from interfaces.market_data.files import write_bars

    if not out.absolute().parent.is_dir() or out.is_dir():
        raise InvalidInput(f"--out {out}: name a file in a directory that is there")
    bars = _load(symbol, timeframe, start, end)
    if not len(bars):
        raise InvalidInput(f"no bars of {bars.symbol} {bars.timeframe} open in that time: nothing is written")
    partial = out.with_name(f".{out.name}.partial{out.suffix}")
    try:
        write_bars(bars, partial)
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
    if json_wanted:
        told = {"file": str(out), "bars": len(bars), "start_time": bars.start_time, "end_time": bars.end_time}
        print_json(told | {"content_hash": bars.content_hash()})
        return
    print_line(f"{len(bars):,} bars of {bars.symbol} {bars.timeframe} are in {out}")


def _load(symbol: str, timeframe: str, start: str | None, end: str | None) -> "Bars":
    """Return the stored bars; raise SymbolNotFound where the store has none of the series."""
    from domain.market import Timeframe, parse_symbol
    from interfaces.market_data.bar_store import BarStore

    name, length = parse_symbol(symbol), Timeframe.parse(timeframe)
    first, last = moment(start, "--start"), moment(end, "--end")
    with opened_database() as url:
        store = BarStore(url)
        store.require_coverage(name, length)
        return store.load(name, length, first, last)


def drop_bars(
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="[SYMBOL]", help="Whose bars; every symbol's unless given.")
    ] = None,
    timeframe: TimeframeIfAny = None,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="AGE", help="Only bars that opened that long ago: 730d, 104w.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; drop nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json_wanted: Json = False,
) -> None:
    """Drop old bars for good.

    Bars that a kept backtest or sweep is replayed on stay, and all that a running paper run has played back. They go in
    blocks of 512, so up to 511 older ones may stay.
    """
    from application.clock import WallClock
    from domain.market import Timeframe, parse_symbol
    from interfaces.database import connect
    from interfaces.market_data.bar_retention import drop_old_bars, plan_old_bars

    length = age(older_than or None, "--older-than")
    if length is None:
        raise InvalidInput("say which bars go: --older-than AGE, such as 730d")
    wanted = [parse_symbol(symbol) for symbol in symbols or ()]
    name = None if timeframe is None else Timeframe.parse(timeframe).name
    with opened_database() as url:
        with connect(url) as connection:
            catch_up(connection, ("runs", "sweeps"))
            found = plan_old_bars(connection, length, WallClock().now(), wanted, name)
        going = [one for one in found if one.bars]
        what = f"{sum(one.bars for one in going):,} bars of {len(going):,} series"
        if going and not (dry_run or yes):
            require_consent(what, lambda: _show_old(found), json_wanted=json_wanted)
        dropped = [] if dry_run else list(drop_old_bars(url, going))
    if json_wanted:
        print_json({"dry_run": dry_run, "series": [one._asdict() for one in (found if dry_run else dropped)]})
    elif dry_run:
        _show_old(found)
        print_line(f"{what} would go")
    else:
        print_line(f"dropped {sum(one.bars for one in dropped):,} bars of {len(dropped):,} series")


def _show_old(found: "Sequence[OldBars]") -> None:
    print_table(
        ("symbol", "timeframe", "stored", "going", "opened before", "more is needed by"),
        [(one.symbol, one.timeframe, one.stored, one.bars, one.before, str(one.held_by or "")) for one in found],
        right=("stored", "going"),
    )

"""A finished backtest as one HTML file that needs nothing else: the built template, filled with the run's data as JSON.

What is drawn is limited, so that a year of minutes stays a small file; the page says what it shows of how much. Money,
prices and quantities travel as decimal text, times as whole seconds since 1970 UTC, bars as floats.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal
from heapq import nlargest
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import numpy as np

from domain.candles import candle_seconds, candle_starts
from domain.errors import InvalidInput, Unavailable
from domain.market import Bars, Floats, to_microseconds
from domain.money import exact, plain, posted
from domain.order import OrderFill
from domain.periods import periods
from domain.portfolio import Portfolio, Position, Trade
from domain.run import RunCompleted, RunCreated
from interfaces.web.release import release

TEMPLATE = Path(__file__).parents[1] / "haro" / "dist" / "report.html"
DATA_PLACE = '"the data of the report belongs here"'

MAX_CANDLES = 3_000
MAX_CANDLES_IN_ALL = 12_000
MAX_CHARTS = 12
MAX_POINTS = 4_000
MAX_MARKED = 250
MAX_MARKED_IN_ALL = 1_000
MAX_TRADES = 1_000

_SECOND = 1_000_000
# An average price may never end; beyond these digits it says nothing.
_AVERAGE = Context(prec=12)
_ALWAYS_SHOWN = frozenset({"commission_bps", "slippage_bps"})

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReportInput:
    """A completed backtest.

    start_time, end_time: the range of the bars it traded. bars: those bars, by symbol. fills: all of them, oldest
    first. equity: the points the run recorded, bar closes with equity in quote currency, oldest first.
    """

    run: RunCreated
    run_id: UUID
    completed: RunCompleted
    start_time: datetime
    end_time: datetime
    bars: Mapping[str, Bars]
    fills: Sequence[OrderFill]
    equity: Sequence[tuple[datetime, Decimal]]
    weaver_version: str = field(default_factory=release)


def template() -> str:
    """Return the built template of a report; raise Unavailable where the page has not been built."""
    try:
        return TEMPLATE.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise Unavailable("a report needs the page, which is not built yet: build the page first: make haro") from error


def report_html(template: str, given: ReportInput) -> str:
    """Return the template with the run's data in its place; raise InvalidInput for a text that has not one such place.

    The data cannot end the script it stands in, whatever names it holds: `<` is escaped in its JSON.
    """
    if template.count(DATA_PLACE) != 1:
        raise InvalidInput("this is no template of a report: build the page again: make haro")
    text = msgspec.json.encode(report_data(given)).decode().replace("<", "\\u003c")
    return template.replace(DATA_PLACE, text)


def report_data(given: ReportInput) -> Json:
    """Return everything the page shows, as JSON types; haro/report/report-data.ts describes the shape."""
    portfolio = Portfolio(given.run.initial_cash)
    for fill in given.fills:
        portfolio.book(fill)
    numbered = list(enumerate(portfolio.trades, start=1))
    return {
        "weaver": given.weaver_version,
        "run": _run(given),
        "result": _result(given),
        "statistics": [
            {"name": name, "value": figure.value, "basis": figure.basis, "reason": figure.reason}
            for name, figure in given.completed.stats.items()
        ],
        "equity": _equity(given),
        "equity_points": len(given.equity),
        "years": _years(given.equity, given.run.initial_cash),
        "candles": _charts(given, numbered),
        "trades": [_trade(number, trade) for number, trade in reversed(numbered[-MAX_TRADES:])],
        "open_positions": [_open_position(position, given.bars) for position in portfolio.positions()],
    }


def _run(given: ReportInput) -> Json:
    run = given.run
    return {
        "id": str(given.run_id),
        "name": run.name,
        # of a file its name: the directory is nobody's business
        "strategy_id": run.strategy_id.rpartition("/")[2] if ".py" in run.strategy_id else run.strategy_id,
        "strategy_version": run.strategy_version,
        "mode": run.mode,
        "symbols": run.symbols,
        "timeframe": run.timeframe,
        "initial_cash": plain(run.initial_cash),
        "parameters": run.parameters,
        "conditions": _conditions(run),
        "tags": run.tags,
        "notes": run.notes,
        "created_at": _seconds(run.at),
    }


def _conditions(run: RunCreated) -> list[tuple[str, str]]:
    """How the market was simulated, in the order of reading: settings that are switched off are left out."""
    account = run.account
    margin = f", leverage {plain(account.leverage)}, maintenance {plain(account.maintenance)}"
    cap = f"{plain(run.volume_cap)} % of a bar's volume" if run.volume_cap else "none"
    # the name only: a path would tell where its reader keeps things
    files = [(f"Bars of {file.symbol}", Path(file.path).name) for file in run.bar_files]
    return [
        ("Exchange", run.exchange),
        ("Venue", run.venue),
        ("Account", account.kind + (margin if account.kind == "margin" else "")),
        *_settings(run.costs),
        ("Volume cap", cap),
        *_settings(run.risk),
        *files,
    ]


def _settings(settings: msgspec.Struct) -> list[tuple[str, str]]:
    """The settings that are on, those of commission and slippage always: field names as labels."""
    shown = []
    for one in msgspec.structs.fields(settings):
        value = getattr(settings, one.name)
        if value == one.default and one.name not in _ALWAYS_SHOWN:
            continue
        label, unit = (one.name.removesuffix("_bps"), " bps") if one.name.endswith("_bps") else (one.name, "")
        written = plain(value) if isinstance(value, Decimal) else "yes" if value is True else str(value)
        shown.append((label.replace("_", " ").capitalize(), written + unit))
    return shown


def _result(given: ReportInput) -> Json:
    done = given.completed
    return {
        "start_time": _seconds(given.start_time),
        "end_time": _seconds(given.end_time),
        "completed_at": _seconds(done.at),
        "bars": done.bars,
        "orders": done.orders,
        "fills": done.fills,
        "trades": done.trades,
        "final_equity": plain(done.final_equity),
        "load_seconds": done.load_seconds,
        "engine_seconds": done.engine_seconds,
        "persist_seconds": done.persist_seconds,
    }


def _equity(given: ReportInput) -> Json:
    """The curve from the initial cash at the start, with its drawdown and what buying and holding would have made."""
    initial = given.run.initial_cash
    points = [(given.start_time, initial), *(point for point in given.equity if point[0] > given.start_time)]
    amounts = np.array([float(equity) for _, equity in points])
    peaks = np.maximum.accumulate(amounts)
    drawdown = amounts / peaks - 1
    times = np.array([to_microseconds(at) for at, _ in points], dtype=np.int64)
    first_market = given.bars[given.run.symbols[0]]
    # a bar closes at the first point after its open
    newest = np.searchsorted(first_market.time, times, side="left") - 1
    held = float(initial) * first_market.close / first_market.close[0]
    shown = np.unique(np.linspace(0, len(points) - 1, min(len(points), MAX_POINTS)).astype(np.int64)).tolist()
    return {
        "times": [_seconds(points[at][0]) for at in shown],
        "equity": [plain(points[at][1]) for at in shown],
        "drawdown": [round(float(drawdown[at]), 8) for at in shown],
        "hold": [round(float(held[newest[at]]), 8) if newest[at] >= 0 else None for at in shown],
    }


def _years(points: Sequence[tuple[datetime, Decimal]], initial: Decimal) -> list[Json]:
    """Returns by calendar month, newest year last; None: a month without a point, or without a return."""
    years: dict[int, Json] = {
        year.start.year: {"year": year.start.year, "months": [None] * 12, "whole": year.change}
        for year in periods(points, initial, "year")
    }
    for month in periods(points, initial, "month"):
        years[month.start.year]["months"][month.start.month - 1] = month.change
    return list(years.values())


def _charts(given: ReportInput, numbered: Sequence[tuple[int, Trade]]) -> list[Json]:
    symbols = given.run.symbols[:MAX_CHARTS]
    candles = min(MAX_CANDLES, MAX_CANDLES_IN_ALL // len(symbols))
    most = min(MAX_MARKED, MAX_MARKED_IN_ALL // len(symbols))
    of_symbol: dict[str, list[tuple[int, Trade]]] = defaultdict(list)
    for number, trade in numbered:
        of_symbol[trade.symbol].append((number, trade))
    charts = []
    for symbol in symbols:
        trades = of_symbol[symbol]
        marked = sorted(nlargest(most, trades, key=lambda one: abs(one[1].pnl))) if len(trades) > most else trades
        charts.append(
            _candles(given.bars[symbol], candles)
            | {"marked": [_trade(number, trade) for number, trade in marked], "trades": len(trades)}
        )
    return charts


def _candles(bars: Bars, most: int) -> Json:
    """The bars as at most so many candles, each of the shortest usual length that is long enough.

    A candle is labelled by the open of its first bar; where there are no bars there is no candle.
    """
    seconds = candle_seconds(bars.time, bars.timeframe, most)
    starts = candle_starts(bars.time, seconds) if len(bars) > most else np.arange(len(bars))

    def column(values: Floats) -> list[float]:
        found: list[float] = values.tolist()
        return found

    ends = np.append(starts[1:], len(bars)) - 1
    return {
        "symbol": bars.symbol,
        "bars": len(bars),
        "seconds": seconds,
        "times": (bars.time[starts] // _SECOND).tolist(),
        "open": column(bars.open[starts]),
        "high": column(np.maximum.reduceat(bars.high, starts)),
        "low": column(np.minimum.reduceat(bars.low, starts)),
        "close": column(bars.close[ends]),
    }


def _trade(number: int, trade: Trade) -> Json:
    return {
        "number": number,
        "symbol": trade.symbol,
        "side": trade.side,
        "opened_at": _seconds(trade.opened_at),
        "closed_at": _seconds(trade.closed_at),
        "qty": plain(trade.qty),
        "entry_price": _average(trade.entry_price),
        "exit_price": _average(trade.exit_price),
        "pnl": plain(trade.pnl),
        "fees": plain(trade.fees),
    }


def _open_position(position: Position, bars: Mapping[str, Bars]) -> Json:
    price = exact(float(bars[position.symbol].close[-1]))
    return {
        "symbol": position.symbol,
        "side": "long" if position.quantity > 0 else "short",
        "opened_at": position.lots[0].opened_at // _SECOND,
        "qty": plain(abs(position.quantity)),
        "average_price": _average(position.cost / position.quantity),
        "last_price": plain(price),
        "value": plain(posted(position.quantity * price)),
    }


def _average(price: Decimal) -> str:
    return plain(_AVERAGE.plus(price))


def _seconds(at: datetime) -> int:
    return to_microseconds(at) // _SECOND

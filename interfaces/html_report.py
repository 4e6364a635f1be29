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
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import numpy as np

from domain.errors import InvalidInput, Unavailable
from domain.market import Bars, Floats, from_microseconds, to_microseconds
from domain.money import exact, plain, posted
from domain.order import OrderFill
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
_DAY = 86_400
# 1970 began on a Thursday: three days earlier weeks begin on Monday, and shorter candles where they do anyway.
_WEEKDAY_OFFSET = 3 * _DAY
_CANDLE_SECONDS = (
    *(1, 2, 5, 10, 15, 30),
    *(minutes * 60 for minutes in (1, 2, 3, 5, 10, 15, 30)),
    *(hours * 3_600 for hours in (1, 2, 3, 4, 6, 8, 12)),
    *(days * _DAY for days in (1, 2, 7, 14, 28, 56, 112, 224, 448)),
)
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
    """Returns by calendar month in UTC, newest year last: a month's last point against that of the month before.

    A bar that closes at a month's midnight belongs to the month that ends there. None: a month without a point, or no
    return because equity was not above zero.
    """

    def month(point: tuple[datetime, Decimal]) -> tuple[int, int]:
        inside = from_microseconds(to_microseconds(point[0]) - 1)
        return inside.year, inside.month

    ends = [(key, list(group)[-1][1]) for key, group in groupby(points, key=month)]
    years: dict[int, Json] = {}
    year_start = initial
    for (_, before), ((year, number), equity) in pairwise([((0, 0), initial), *ends]):
        if year not in years:
            years[year] = {"year": year, "months": [None] * 12, "whole": None}
            year_start = before
        years[year]["months"][number - 1] = _change(before, equity)
        years[year]["whole"] = _change(year_start, equity)
    return list(years.values())


def _change(before: Decimal, after: Decimal) -> float | None:
    return round(float(after / before - 1), 8) if before > 0 else None


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
    seconds, starts = _partition(bars, most)

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


def _partition(bars: Bars, most: int) -> "tuple[int, np.ndarray[tuple[int], np.dtype[np.intp]]]":
    """The length of a candle in seconds, and where each begins among the bars; the last resort is one candle of all."""
    length = bars.timeframe.seconds
    if len(bars) <= most:
        return length, np.arange(len(bars))
    for seconds in _CANDLE_SECONDS:
        if seconds <= length or seconds % length:
            continue
        buckets = (bars.time + _WEEKDAY_OFFSET * _SECOND) // (seconds * _SECOND)
        starts = np.flatnonzero(np.diff(buckets, prepend=buckets[0] - 1))
        if len(starts) <= most:
            return seconds, starts
    return _seconds(bars.end_time) - _seconds(bars.start_time), np.zeros(1, dtype=np.intp)


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

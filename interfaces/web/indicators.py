"""The route of a run's indicators: what its strategy declared, computed again on the bars it saw, for a chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import numpy as np
import psycopg
from fastapi import Query
from numpy.typing import NDArray
from psycopg.rows import TupleRow
from pydantic import Field

from application.run_market import recorded_market, root_of
from domain.aggregation import aggregate
from domain.candles import candle_opens, candle_seconds, candle_starts
from domain.declared_indicators import DeclaredIndicator, computed
from domain.errors import InvalidInput
from domain.growing_timeline import no_bars
from domain.market import Bars, Floats, Timeframe, from_microseconds, to_microseconds
from domain.run import RunCreated
from domain.run_log import LogIndicatorsDeclared, log_stream_id
from domain.tape import TapeBackfilled, TapeTicked, tape_bars, tape_stream_id
from interfaces.composition import Weaver
from interfaces.web import openapi
from interfaces.web.access import Here, reading, require_run, shows
from interfaces.web.market_schemas import MAX_CANDLES
from interfaces.web.queries import Read
from interfaces.web.runs import RunId
from interfaces.web.values import Answered, MomentIn, MomentOut, Text
from projections import runs
from projections.past import newest_of_stream

router = openapi.router("runs")

# Of a paper or live run: what a chart shows and what its averages need before it.
MOST_TICKS = 10_000
# Over the prices, while whatever else has another scale and a pane of its own.
_LIKE_PRICES = frozenset({"sma", "ema", "highest", "lowest", "bollinger"})
_PRICES = frozenset({"open", "high", "low", "close"})
_PART_NAMES: Mapping[str, tuple[str, ...]] = {
    "bollinger": ("lower", "middle", "upper"),
    "macd": ("line", "signal", "histogram"),
}


class IndicatorSeries(Answered):
    """One line. `values` has one for each of `times`, null while it warms up."""

    name: Annotated[str, Field(description="Among the lines of its indicator, empty if it is the only one.")]
    values: list[float | None]


class Indicator(Answered):
    """An indicator as the strategy declared it.

    `pane` is 0 for one that is drawn over the prices; those with an equal number share a scale. `series` is empty where
    `missing` says why it cannot be drawn.
    """

    label: Annotated[str, Field(examples=["sma(close, 10)"])]
    timeframe: str
    pane: int
    series: list[IndicatorSeries]
    missing: str | None


class RunIndicators(Answered):
    """Indicators of one symbol of a run at the closes of its bars, as a chart of at most `points` bars needs them.

    Each value is that of the last bar of its candle; candles are those of `GET /candles` with the same `points`. A
    coarser timeframe's value is there from the bar on at whose close the strategy could see it.
    """

    symbol: str
    timeframe: str
    seconds: Annotated[int, Field(description="The length of the candles.")]
    times: Annotated[list[MomentOut], Field(description="The open of each candle, oldest first.")]
    items: list[Indicator]


class IndicatorQuery(Read):
    """Which symbol and stretch of time to show."""

    symbol: Text | None = Field(None, description="One of the run's; without it its first.")
    start: MomentIn | None = Field(None, description="Bars that open at or after this time.")
    end: MomentIn | None = Field(None, description="Bars that open before this time.")
    points: int = Field(1_000, ge=2, le=MAX_CANDLES, description="At most so many values a line.")


@dataclass(frozen=True, slots=True)
class _Drawn:
    """An indicator with its columns, one value for each bar of the run; None for what cannot be computed."""

    declared: DeclaredIndicator
    label: str
    pane: int
    columns: Sequence[Floats] | None


@router.get(
    "/runs/{run_id}/indicators",
    response_model=RunIndicators,
    responses=openapi.failures(404),
    dependencies=[shows(runs.NAME)],
)
def list_indicators(here: Here, run_id: RunId, query: Annotated[IndicatorQuery, Query()]) -> dict[str, Any]:
    """List the indicators that the run's strategy declared, with their values at the bars it saw.

    Of a paper or live run those at its newest 10,000 ticks. Computed are Weaver's own indicators; of one
    that is a function of the strategy's own only the name is known.
    """
    with reading(here) as connection:
        require_run(connection, run_id)
        created = _created(connection, run_id)
        symbol = query.symbol or created.symbols[0]
        if symbol not in created.symbols:
            raise InvalidInput(f"symbol: this run trades {', '.join(created.symbols)}, not {symbol}")
        event = newest_of_stream(connection, log_stream_id(run_id), [LogIndicatorsDeclared.TOPIC], 1)
        declared = [one for found in event for one in _declared(found, symbol)]
        on_tape = created.mode != "backtest"
        bars = _tape(connection, run_id, created, symbol) if declared and on_tape else None
    if bars is None:
        bars = _stored(here, created, symbol) if declared else no_bars(symbol, Timeframe.parse(created.timeframe))
    drawn = _drawn(here, declared, bars)
    chosen = _chosen(bars, query.start, query.end)
    times = bars.time[chosen]
    seconds = candle_seconds(times, bars.timeframe, query.points)
    lasts, opens = _candles(times, seconds, is_exact=len(times) <= query.points)
    return {
        "symbol": symbol,
        "timeframe": created.timeframe,
        "seconds": seconds,
        "times": [from_microseconds(int(one)) for one in opens],
        "items": [_shown(one, chosen, lasts) for one in drawn],
    }


def _created(connection: psycopg.Connection[TupleRow], run_id: UUID) -> RunCreated:
    [created] = newest_of_stream(connection, run_id, [RunCreated.TOPIC], 1)
    assert isinstance(created, RunCreated)
    return created


def _declared(event: object, symbol: str) -> list[DeclaredIndicator]:
    assert isinstance(event, LogIndicatorsDeclared)
    return [one for one in event.indicators if one.symbol == symbol]


def _tape(connection: psycopg.Connection[TupleRow], run_id: UUID, created: RunCreated, symbol: str) -> Bars:
    """The bars a paper or live run saw last."""
    topics = [TapeTicked.TOPIC, TapeBackfilled.TOPIC]
    events = newest_of_stream(connection, tape_stream_id(run_id), topics, MOST_TICKS)
    seen = (bar for event in events if isinstance(event, TapeTicked | TapeBackfilled) for bar in event.bars)
    # the newest word on a bar counts
    newest = {bar.opened_at: bar for bar in seen if bar.symbol == symbol}
    return tape_bars(symbol, Timeframe.parse(created.timeframe), [newest[at] for at in sorted(newest)])


def _stored(here: Weaver, created: RunCreated, symbol: str) -> Bars:
    """The bars of a backtest as they are stored now, of a fork those of its root's tape; none of those of a file."""
    root_id, root = root_of(here.journal, created)
    if root_id is not None and root.mode != "backtest":
        market = recorded_market(here.journal, root_id, root, created.end_time)
        return next(bars for bars in market.bars if bars.symbol == symbol)
    timeframe = Timeframe.parse(created.timeframe)
    if any(file.symbol == symbol for file in created.bar_files):
        return no_bars(symbol, timeframe)
    return here.bars.load(symbol, timeframe, created.start_time, created.end_time)


def _drawn(here: Weaver, declared: Sequence[DeclaredIndicator], bars: Bars) -> list[_Drawn]:
    drawn: list[_Drawn] = []
    for timeframe in dict.fromkeys(one.timeframe for one in declared):
        group = [one for one in declared if one.timeframe == timeframe]
        coarse, newest = _coarser(here, bars, Timeframe.parse(timeframe))
        columns = computed(group, coarse) if len(coarse) else [None] * len(group)
        panes = _panes(group, len({one.pane for one in drawn} - {0}))
        for one, label, pane, made in zip(group, _labels(group), panes, columns, strict=True):
            seen = None if made is None else [np.where(newest < 0, np.nan, column[newest]) for column in made]
            drawn.append(_Drawn(one, label, pane, seen))
    return drawn


def _coarser(here: Weaver, bars: Bars, timeframe: Timeframe) -> tuple[Bars, NDArray[np.int64]]:
    if timeframe == bars.timeframe or not len(bars):
        return bars, np.arange(len(bars), dtype=np.int64)
    sessions = here.calendar.sessions(bars.symbol, bars.start_time, bars.end_time)
    made = aggregate(bars, timeframe, sessions)
    return made.bars, made.newest


def _panes(group: Sequence[DeclaredIndicator], used: int) -> list[int]:
    """Return the pane of each indicator of a timeframe: 0, or one of those after the ones in use."""
    panes: list[int] = []
    for one in group:
        first = one.inputs[0] if one.inputs else ""
        number, _, part = first.partition(".")
        below = panes[int(number)] if part and int(number) < len(panes) else None
        if not one.is_bundled:
            panes.append(0)
        elif one.function in _LIKE_PRICES and (first in _PRICES or below is not None):
            panes.append(below or 0)
        else:
            panes.append(max([used, *panes]) + 1)
    return panes


def _chosen(bars: Bars, start: datetime | None, end: datetime | None) -> slice:
    first = 0 if start is None else int(np.searchsorted(bars.time, to_microseconds(start)))
    last = len(bars) if end is None else int(np.searchsorted(bars.time, to_microseconds(end)))
    return slice(first, last)


def _candles(
    times: NDArray[np.int64], seconds: int, *, is_exact: bool
) -> tuple[NDArray[np.intp] | slice, NDArray[np.int64]]:
    """The last bar of each candle and the open of each candle."""
    if is_exact:
        return slice(None), times
    starts = candle_starts(times, seconds)
    return np.append(starts[1:], len(times)) - 1, candle_opens(times[starts], seconds)


def _shown(one: _Drawn, chosen: slice, lasts: NDArray[np.intp] | slice) -> dict[str, Any]:
    declared = one.declared
    series = [
        {"name": _part_name(declared, place), "values": _values(column[chosen][lasts])}
        for place, column in enumerate(one.columns or ())
    ]
    return {
        "label": one.label,
        "timeframe": declared.timeframe,
        "pane": one.pane,
        "series": series,
        "missing": None if series else _why_missing(declared),
    }


def _values(column: Floats) -> list[float | None]:
    return [value if value == value and abs(value) != np.inf else None for value in column.tolist()]


def _labels(group: Sequence[DeclaredIndicator]) -> list[str]:
    """Return each as its call would be written, those it is made of written out."""
    labels: list[str] = []
    for one in group:
        inputs = [_input(name, group, labels) for name in one.inputs]
        keywords = (f"{name}={value}" for name, value in one.keywords.items())
        labels.append(f"{one.function}({', '.join([*inputs, *map(str, one.arguments), *keywords])})")
    return labels


def _input(name: str, group: Sequence[DeclaredIndicator], labels: Sequence[str]) -> str:
    number, _, part = name.partition(".")
    if not part or int(number) >= len(labels):
        return name
    named = _part_name(group[int(number)], int(part))
    return f"{labels[int(number)]}.{named}" if named else labels[int(number)]


def _part_name(declared: DeclaredIndicator, place: int) -> str:
    names = _PART_NAMES.get(declared.function, ()) if declared.is_bundled else ()
    return names[place] if place < len(names) else ""


def _why_missing(declared: DeclaredIndicator) -> str:
    if declared.can_be_computed:
        return "the bars it was made of are not stored, or it was made of something that is not known here"
    return "a function of the strategy's own: its values are not recorded"

"""Indicators a strategy declared, as they are recorded: enough to compute the bundled ones again from the same bars."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isfinite
from numbers import Integral
from typing import Any

import msgspec

from domain import indicators
from domain.errors import InvalidInput
from domain.market import BAR_COLUMNS, Bars, Floats

MOST_DECLARED = 100
_MOST_TEXT = 100
_MOST_ARGUMENTS = 20
# Of one event, as far from the limit of a payload as a run's log keeps.
_MOST_BYTES = 60_000
_INT64 = range(-(1 << 63), 1 << 63)

type Argument = bool | int | float | str

# The functions a strategy file can import from `weaver`: their names mean the same in every version.
BUNDLED: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        indicators.atr,
        indicators.bollinger,
        indicators.ema,
        indicators.highest,
        indicators.lowest,
        indicators.macd,
        indicators.rsi,
        indicators.sma,
        indicators.stdev,
    )
}


class DeclaredIndicator(msgspec.Struct, frozen=True, omit_defaults=True):
    """One call of `ctx.indicator`.

    function: its name; is_bundled: whether it is Weaver's own of that name. inputs: a column of the bars (`close`), or
    `0.1`: series 1 of what was declared first of the same symbol and timeframe, both counted from 0. arguments,
    keywords: what follows the inputs; whatever is no number is recorded as text. series: how many it gives.
    """

    symbol: str
    timeframe: str
    function: str
    inputs: tuple[str, ...]
    arguments: tuple[Argument, ...] = ()
    keywords: dict[str, Argument] = {}
    series: int = 1
    is_bundled: bool = False

    @property
    def can_be_computed(self) -> bool:
        """Whether the function is known and every argument was recorded as it was given."""
        given = (*self.arguments, *self.keywords.values())
        return self.is_bundled and self.function in BUNDLED and not any(isinstance(one, str) for one in given)


def declared(
    bars: Bars,
    function: Callable[..., Any],
    inputs: Sequence[str],
    arguments: Sequence[object],
    keywords: Mapping[str, object],
    series: int,
) -> DeclaredIndicator:
    """Return what is recorded of an indicator, whatever it was given."""
    named = function.func if isinstance(function, partial) else function
    name = getattr(named, "__name__", type(named).__name__)
    return DeclaredIndicator(
        symbol=bars.symbol,
        timeframe=bars.timeframe.name,
        function=_text(name),
        inputs=tuple(inputs),
        arguments=tuple(_argument(one) for one in arguments[:_MOST_ARGUMENTS]),
        keywords={_text(key): _argument(keywords[key]) for key in list(keywords)[:_MOST_ARGUMENTS]},
        series=series,
        is_bundled=BUNDLED.get(name) is function and len(arguments) + len(keywords) <= _MOST_ARGUMENTS,
    )


def fitting(indicators: Sequence[DeclaredIndicator]) -> tuple[DeclaredIndicator, ...]:
    """Return the first of them: as many as one event holds, at most 100."""
    kept: list[DeclaredIndicator] = []
    room = _MOST_BYTES
    for one in indicators[:MOST_DECLARED]:
        room -= len(msgspec.json.encode(one))
        if room < 0:
            break
        kept.append(one)
    return tuple(kept)


def computed(wanted: Sequence[DeclaredIndicator], bars: Bars) -> list[tuple[Floats, ...] | None]:
    """Return the series of each indicator, one value a bar, as the strategy read them; None for what is unknown.

    wanted: all that were declared of the symbol and timeframe of the bars, in order. Unknown is what a strategy
    computes by a function of its own, what is made of it, and what its function refuses.
    """
    found: list[tuple[Floats, ...] | None] = []
    for one in wanted:
        columns = [_column(bars, name, found) for name in one.inputs]
        if not one.can_be_computed or any(column is None for column in columns):
            found.append(None)
            continue
        try:
            made = BUNDLED[one.function](*columns, *one.arguments, **one.keywords)
        except (InvalidInput, TypeError):  # arguments of another version of the function
            found.append(None)
            continue
        found.append(made if isinstance(made, tuple) else (made,))
    return found


def _column(bars: Bars, name: str, found: Sequence[tuple[Floats, ...] | None]) -> Floats | None:
    number, _, part = name.partition(".")
    if not part:
        column: Floats | None = getattr(bars, name) if name in BAR_COLUMNS else None
        return column
    made = found[int(number)] if int(number) < len(found) else None
    return None if made is None else made[int(part)]


def _argument(value: object) -> Argument:
    if isinstance(value, bool):
        return value
    if isinstance(value, Integral) and int(value) in _INT64:
        return int(value)
    if isinstance(value, float) and isfinite(value):
        return float(value)
    try:
        return _text(str(value))
    except Exception as error:  # noqa: BLE001 - the strategy's own object: no reason to end its run
        return f"a {type(value).__name__} that cannot be shown ({type(error).__name__})"


def _text(text: str) -> str:
    # as PostgreSQL can hold it
    return text[:_MOST_TEXT].replace("\0", "\ufffd").encode("utf-8", "replace").decode()

"""Market data and strategies as they cross the wire."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from domain.market import TIMEFRAMES
from interfaces.web.queries import MAX_PAGE_SIZE, Paged, Read
from interfaces.web.values import Answered, DecimalOut, MomentIn, MomentOut, Text

MAX_CANDLES = 10_000


class CandleQuery(Read):
    """Which bars to show."""

    symbol: Text
    timeframe: Annotated[Text, Field(json_schema_extra={"enum": list(TIMEFRAMES)})]
    start: MomentIn | None = Field(None, description="Bars that open at or after this time.")
    end: MomentIn | None = Field(None, description="Bars that open before this time.")
    limit: int = Field(1_000, ge=1, le=MAX_CANDLES, description="Only the last so many. Not with `points`.")
    points: int | None = Field(
        None,
        ge=2,
        le=MAX_CANDLES,
        description="The whole range as at most so many bars: where more are stored, longer ones that they add up to.",
    )

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if self.points is not None and "limit" in self.model_fields_set:
            raise ValueError("limit is the end of the range, points the whole of it: give one of them")
        return self


class Candle(Answered):
    """A bar. `timestamp` is its open; prices in quote currency, volume in base currency."""

    symbol: str
    timeframe: str
    timestamp: MomentOut
    open: DecimalOut
    high: DecimalOut
    low: DecimalOut
    close: DecimalOut
    volume: DecimalOut
    trade_count: int | None


class Candles(Answered):
    """Bars, oldest first.

    Those that others were added up to for `points` begin at multiples of their length, from 00:00 UTC, those of a week
    and longer on a Monday; the first and the last may be of a part of it.
    """

    timeframe: Annotated[str, Field(description="Of the bars below: the one asked for, or a multiple of it.")]
    seconds: Annotated[int, Field(description="The length of each of them.", examples=[3_600])]
    items: list[Candle]


class CatalogQuery(Paged):
    """A list that is short as a rule, and shown whole."""

    page_size: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)] = MAX_PAGE_SIZE


class Coverage(Answered):
    """Bars the store holds: from the first open to the last close."""

    symbol: str
    timeframe: str
    bars: int
    start_time: MomentOut
    end_time: MomentOut
    source: str


class Strategy(Answered):
    """A strategy of the catalogue. `parameters` is a JSON Schema, null where `error` says why it cannot be loaded."""

    name: str
    class_name: str
    version: str
    description: str
    author: str
    source: str
    parameters: dict[str, Any] | None
    error: str | None

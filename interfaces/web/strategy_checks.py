"""The route that checks a strategy."""

from typing import Annotated, Any, Literal, Self

from fastapi import Body, Path
from pydantic import ConfigDict, Field, model_validator

from domain.errors import StrategyFault
from domain.market import TIMEFRAMES
from interfaces.strategy_checks import CheckRequest
from interfaces.web import openapi
from interfaces.web.access import Here
from interfaces.web.errors import Problem
from interfaces.web.queries import NoQuery
from interfaces.web.values import (
    Answered,
    CatalogName,
    Given,
    MomentIn,
    MomentOut,
    ParameterIn,
    ParameterName,
    Text,
)

SECONDS, MOST_SECONDS = 10.0, 60.0
MOST_SYMBOLS = 10

router = openapi.router("strategies")


class StrategyCheckAsked(Given):
    """On which stored bars and with which parameters a strategy is checked; without symbols on generated bars."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"parameters": {"fast": 10, "slow": 30}}]})

    parameters: Annotated[dict[ParameterName, ParameterIn], Field(max_length=200, default_factory=dict)]
    symbols: Annotated[tuple[Text, ...], Field(max_length=MOST_SYMBOLS)] = ()
    timeframe: Annotated[Text | None, Field(json_schema_extra={"enum": [*TIMEFRAMES, None]})] = None
    start: MomentIn | None = None
    end: MomentIn | None = None

    @model_validator(mode="after")
    def _bars_are_of_symbols(self) -> Self:
        if self.symbols and self.timeframe is None:
            raise ValueError("symbols need the timeframe of their bars")
        if not self.symbols and any(one is not None for one in (self.timeframe, self.start, self.end)):
            raise ValueError(
                "without symbols a strategy is checked on generated bars: leave the rest out, or name some"
            )
        return self


class CheckDifference(Answered):
    """The first decision that differs: the close of its bar, and what was decided there in either trial."""

    at: MomentOut
    one: str
    other: str


class CheckVerdict(Answered):
    """What came of one check, in one line, with its figures."""

    check: Literal["look_ahead", "warm_up", "determinism", "parameters"]
    outcome: Literal["ok", "failed", "unsure", "skipped"]
    message: Annotated[str, Field(examples=["it works at all 3 bounds and choices"])]
    figures: Annotated[dict[str, int | float], Field(examples=[{"tried": 3}])]
    difference: CheckDifference | None
    notes: list[str]


class CheckedStrategy(Answered):
    """The verdicts on a strategy. `outcome`: `failed` if one is, else `ok` if all are; what was skipped is `unsure`."""

    strategy_id: str
    version: str
    outcome: Literal["ok", "failed", "unsure"]
    symbols: list[str]
    timeframe: str
    start_time: MomentOut
    end_time: MomentOut
    bars: int
    orders: int
    verdicts: list[CheckVerdict]


@router.post("/strategies/{name}/check", response_model=CheckedStrategy, responses=openapi.failures(404, 409, 413, 415))
def check_strategy(
    here: Here,
    name: Annotated[CatalogName, Path(description="The name the strategy is found by.")],
    query: NoQuery,
    body: Annotated[StrategyCheckAsked | None, Body()] = None,
) -> Any:  # noqa: ANN401 - as response_model says
    """Check a strategy: look-ahead, warm-up, determinism, parameters at their bounds.

    It runs in processes of its own, one at a time, for about ten seconds and at most a minute. Nothing is recorded.
    """
    asked = body or StrategyCheckAsked(parameters={})
    request = CheckRequest(
        strategy_id=name,
        parameters=asked.parameters,
        symbols=asked.symbols,
        timeframe=asked.timeframe or "1m",
        start=asked.start,
        end=asked.end,
    )
    try:
        return here.checks.check(request, SECONDS, MOST_SECONDS)
    except StrategyFault as fault:
        raise Problem(422, fault.message) from None

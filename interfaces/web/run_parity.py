"""The route of the parity report: a paper or live run beside a backtest of its bars."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import Query
from pydantic import Field

from interfaces.web import openapi
from interfaces.web.access import Here, reading, require_run, shows
from interfaces.web.queries import Read
from interfaces.web.runs import RunId
from interfaces.web.values import Answered, DecimalOut, MomentOut
from projections import runs
from projections.past import newest_position

router = openapi.router("runs")


class ParityExample(Answered):
    """One difference: the decision, or the bar, with what each side has of it; null where it has nothing."""

    at: MomentOut
    symbol: str
    amount: DecimalOut
    live: dict[str, str] | None
    backtest: dict[str, str] | None
    order_id: UUID | None


class ParityDifference(Answered):
    """All differences of one cause. `amount` is what they add to the run's equity, compared with the backtest's."""

    kind: Literal["data", "decision", "fill_price", "fee", "latency", "refusal"]
    count: int
    amount: DecimalOut
    examples: Annotated[list[ParityExample], Field(description="At most 50, the largest first.")]


class ParityLatency(Answered):
    """Seconds from a decision to its first execution, of orders that the backtest executes at the next open."""

    orders: int
    p50: float | None
    p95: float | None
    longest: float | None


class Parity(Answered):
    """What a run and a backtest of the bars it saw came to, at the newest boundary it has decided on.

    `differences` and `unexplained` add up to `difference`, live less backtest, in quote currency.
    """

    run_id: UUID
    mode: Literal["paper", "live"]
    exchange: str
    position: int
    moment: MomentOut
    bars: int
    bars_compared: int
    orders: int
    backtest_orders: int
    live_equity: DecimalOut
    backtest_equity: DecimalOut
    difference: DecimalOut
    differences: list[ParityDifference]
    latency: ParityLatency
    unexplained: DecimalOut
    backtest_error: str | None


@router.get(
    "/runs/{run_id}/parity", response_model=Parity, responses=openapi.failures(404), dependencies=[shows(runs.NAME)]
)
def show_parity(here: Here, run_id: RunId, query: Annotated[Read, Query()]) -> dict[str, Any]:
    """Compare a paper or live run with a backtest of the bars it saw, cause by cause; takes a moment to be computed."""
    with reading(here) as connection:
        require_run(connection, run_id)
        position = newest_position(connection, run_id)
    found: dict[str, Any] = msgspec.to_builtins(here.parity.report(run_id, position))
    return found

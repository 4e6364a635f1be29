"""The route of why there is an order: from the bar it was decided on to its end, with a line for people each."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import Query
from msgspec import structs
from pydantic import Field

from domain.errors import OrderNotFound
from domain.events import Event
from domain.market import Timeframe
from domain.money import exact, plain
from domain.order import (
    OrderCancelled,
    OrderCancelRequested,
    OrderCreated,
    OrderExpired,
    OrderFill,
    OrderRejected,
    OrderSubmitted,
)
from domain.risk import RiskHalted, RiskLimits
from domain.run import RunFlattened, RunFlattenRequested
from domain.tape import TapeDecided, TapeTicked
from interfaces.composition import Weaver
from interfaces.web import openapi
from interfaces.web.access import Here, reading, shows
from interfaces.web.order_words import bar_closed, number_of, told
from interfaces.web.orders import OrderId
from interfaces.web.queries import Read
from interfaces.web.values import Answered, MomentOut
from projections import decisions
from projections.decisions import DecisionRow
from projections.reasons import Reasons, reasons
from projections.view import Folded

router = openapi.router("orders")

type Item = dict[str, Any]
Step = Literal["market", "decision", "risk", "intent", "sent", "exchange", "cancel", "fill", "end"]

BAR, DECISION, VERDICT = "bar", "decision", "risk.verdict"
_INSTANT = timedelta(microseconds=1)
# The first kind an event is of decides; what is not here is what somebody else said of the order.
_STEPS: tuple[tuple[type[Event] | tuple[type[Event], ...], Step], ...] = (
    (TapeTicked, "market"),
    ((TapeDecided, RunFlattened, RunFlattenRequested), "decision"),
    (RiskHalted, "risk"),
    (OrderCreated, "intent"),
    (OrderSubmitted, "sent"),
    (OrderFill, "fill"),
    (OrderCancelRequested, "cancel"),
    ((OrderCancelled, OrderExpired, OrderRejected), "end"),
)


class Reason(Answered):
    """One step on the way of an order.

    `type` is that of its event in the journal, and `payload` what it holds, at `position`. Three steps are no events,
    and have no position: `bar`, of the bar store, and `decision`, both of a backtest, whose market is no part of the
    journal; and `risk.verdict`, unless it is a refusal, which has the position of the rejection it is told by.
    """

    step: Annotated[Step, Field(description="What kind of step it is, for a picture of it.")]
    type: str
    position: Annotated[int | None, Field(description="In the journal.")]
    at: Annotated[MomentOut, Field(description="Market time.")]
    order_id: Annotated[UUID | None, Field(description="Of the order it happened to: this one, or its entry.")]
    text: Annotated[str, Field(examples=["Filled 0.5 of 0.5 at 42000.1, fee 21.00005"])]
    payload: dict[str, Any]


class OrderReasons(Answered):
    """Why there is an order and what became of it, oldest first.

    An exit that was placed once its entry had filled begins with the reasons of the entry.
    """

    order_id: UUID
    run_id: UUID
    items: list[Reason]


@router.get(
    "/orders/{order_id}/why",
    response_model=OrderReasons,
    responses=openapi.failures(404),
    dependencies=[shows(decisions.NAME)],
)
def show_reasons(here: Here, order_id: OrderId, query: Annotated[Read, Query()]) -> dict[str, Any]:
    """Show why there is an order: the bars, the decision, the verdict of risk, what the exchange said, the end."""
    with reading(here) as connection:
        found = reasons(connection, order_id)
        if found is None:
            raise OrderNotFound(order_id)
        root = (found.parent or found.story)[0]
        decided, _ = decisions.page(
            connection, run_id=found.run_id, start=root.event.at, end=root.event.at + _INSTANT, limit=1
        )
    items = [_event(one, found, None) for one in found.causes]
    if found.run.mode == "backtest":
        items = [*_bar(here, found, root), *items, *map(_decision, decided)]
    for intent, *rest in filter(None, (found.parent, found.story)):
        items.append(_event(intent, found, intent.entry.stream_id))
        items += _verdict(intent, rest, found)
        items += [_event(one, found, one.entry.stream_id) for one in rest]
    return {"order_id": order_id, "run_id": found.run_id, "items": items}


def _event(folded: Folded, found: Reasons, order_id: UUID | None) -> Item:
    """A step that is an event; order_id: of the order it happened to, None for what it was decided on."""
    entry, event = folded
    step = next((step for kinds, step in _STEPS if isinstance(event, kinds)), "exchange")
    is_of_an_order = order_id is None and entry.topic.startswith("order.")
    return {
        "step": step,
        "type": entry.topic,
        "position": entry.position,
        "at": event.at,
        "order_id": entry.stream_id if is_of_an_order else order_id,
        "text": told(event, found.run.exchange, entry.meta.get("actor", "weaver")),
        "payload": msgspec.json.decode(entry.state),
    }


def _bar(here: Weaver, found: Reasons, root: Folded) -> Iterator[Item]:
    """The bar a backtest decided on, if the store has it: bars of a file are not there."""
    intent, run = root.event, found.run
    assert isinstance(intent, OrderCreated)
    if any(file.symbol == intent.symbol for file in run.bar_files):
        return
    timeframe = Timeframe.parse(run.timeframe)
    for bar in here.bars.candles(intent.symbol, timeframe, intent.at - timeframe.duration, intent.at, 1):
        values = {name: plain(exact(getattr(bar, name))) for name in ("open", "high", "low", "close", "volume")}
        bar_of: Item = {"symbol": bar.symbol, "timeframe": bar.timeframe, "timestamp": bar.timestamp}
        yield {
            "step": "market",
            "type": BAR,
            "position": None,
            "at": intent.at,
            "order_id": None,
            "text": bar_closed(bar.symbol, bar.close),
            "payload": bar_of | values,
        }


def _decision(row: DecisionRow) -> Item:
    """What the strategy of a backtest decided, which no event of its own tells."""
    return {
        "step": "decision",
        "type": DECISION,
        "position": None,
        "at": row.at,
        "order_id": None,
        "text": f"Decided: {number_of(row.placed, 'order')} placed, {row.cancellations} cancelled",
        "payload": {"placed": row.placed, "cancellations": row.cancellations, "symbols": row.symbols},
    }


def _verdict(intent: Folded, rest: Sequence[Folded], found: Reasons) -> Iterator[Item]:
    """What risk said of an order: why it refused it, or which limits it was within.

    Nothing of an exit, which belongs to its entry, nor of the order of a halt or of a person, which risk is not asked
    about; those it refused all the same are told.
    """
    by = next((one for one in rest if isinstance(one.event, OrderRejected) and one.event.policy), None)
    verdict: Item
    if by is not None and isinstance(by.event, OrderRejected):
        verdict = {"verdict": "refused", "policy": by.event.policy, "figures": dict(by.event.figures)}
        text, position, at = f"Risk refused it ({by.event.policy}): {by.event.reason}", by.entry.position, by.event.at
    else:
        created = intent.event
        assert isinstance(created, OrderCreated)
        if created.parent_id is not None or any(
            isinstance(one.event, RunFlattened | RiskHalted) for one in found.causes
        ):
            return
        position, at = None, created.at
        limits = _limits(found.run.risk)
        verdict = {"verdict": "passed", "limits": limits}
        names = ", ".join(limits)
        text = f"Risk let it pass: within {names}" if limits else "Risk let it pass: no limit is set for the run"
    yield {
        "step": "risk",
        "type": VERDICT,
        "position": position,
        "at": at,
        "order_id": intent.entry.stream_id,
        "text": text,
        "payload": verdict,
    }


def _limits(risk: RiskLimits) -> dict[str, object]:
    """The limits that are set, as JSON types."""
    set_ones = {name: value for name, value in structs.asdict(risk).items() if value not in (None, False)}
    return {name: msgspec.to_builtins(value) for name, value in set_ones.items()}

"""Why did a paper or live run come to another equity than a backtest of its bars? Every difference by its cause.

Equity is a sum over executions: what each brought, at the price its symbol has at the end. So the difference of two
equities is a sum over orders, and what an order adds to it is told apart into its parts, none left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from domain.events import Event
from domain.market import to_microseconds
from domain.money import ZERO, plain, posted
from domain.order import OrderCreated, OrderExpired, OrderFill, OrderRejected

type Kind = Literal["data", "decision", "fill_price", "fee", "latency", "refusal"]
KINDS: tuple[Kind, ...] = ("data", "decision", "fill_price", "fee", "latency", "refusal")
MAX_EXAMPLES = 50
# What makes two intents the same decision.
_INTENT = (
    "qty",
    "order_type",
    "price",
    "stop_price",
    "trail",
    "trail_percent",
    "take_profit",
    "stop_loss",
    "time_in_force",
)


class Example(msgspec.Struct, frozen=True):
    """One difference. at: the decision, or the open of the bar. amount: its effect on equity."""

    at: datetime
    symbol: str
    amount: Decimal
    live: dict[str, str] | None
    backtest: dict[str, str] | None
    order_id: UUID | None = None


class Difference(msgspec.Struct, frozen=True):
    """All differences of one cause.

    amount: what they add to the equity of the run, compared with the backtest, quote currency. examples: at most 50,
    the largest first.
    """

    kind: Kind
    count: int
    amount: Decimal
    examples: tuple[Example, ...]


@dataclass(slots=True)
class TradedOrder:
    """An order of one side: its intent, what was executed of it, and why it was refused, if it was."""

    order_id: UUID
    intent: OrderCreated
    fills: list[OrderFill] = field(default_factory=list)
    refused: str | None = None

    @property
    def qty(self) -> Decimal:
        """What was executed."""
        return sum((fill.qty for fill in self.fills), ZERO)

    @property
    def value(self) -> Decimal:
        """What was paid or received for it, without fees, as the ledger posts it."""
        return sum((posted(fill.qty * fill.price) for fill in self.fills), ZERO)

    def fees(self, mark: Decimal) -> Decimal:
        """Return the fees, those taken in base at the price at the end."""
        return sum((fill.fee + fill.base_fee * mark for fill in self.fills), ZERO)

    def told(self) -> dict[str, str]:
        """Return the order for people and programs, texts by name."""
        intent, qty = self.intent, self.qty
        told = {"side": intent.side, "qty": plain(intent.qty), "order_type": str(intent.order_type)}
        for name in ("price", "stop_price"):
            if (price := getattr(intent, name)) is not None:
                told[name] = plain(price)
        if qty:
            fee = sum((fill.fee for fill in self.fills), ZERO)
            told |= {"filled_qty": plain(qty), "average_price": plain(posted(self.value / qty)), "fee": plain(fee)}
            told["filled_at"] = self.fills[0].at.isoformat().replace("+00:00", "Z")
        if self.refused is not None:
            told["refused"] = self.refused
        return told


def traded_orders(recorded: Iterable[tuple[UUID, Event]], until: datetime) -> list[TradedOrder]:
    """Return the orders that were decided by a moment, with what was executed of them before it, in their order."""
    orders: dict[UUID, TradedOrder] = {}
    for order_id, event in recorded:
        if event.at > until:
            continue
        match event:
            case OrderCreated():
                orders[order_id] = TradedOrder(order_id, event)
            case OrderFill() if order_id in orders and event.at < until:
                orders[order_id].fills.append(event)
            case OrderRejected() | OrderExpired() if order_id in orders:
                orders[order_id].refused = event.reason
    return list(orders.values())


@dataclass(frozen=True, slots=True)
class Pair:
    """The same decision on both sides; None where a side did not take it."""

    live: TradedOrder | None
    backtest: TradedOrder | None

    @property
    def either(self) -> TradedOrder:
        """The order of a side that has one, the live one first."""
        found = self.live or self.backtest
        if found is None:
            raise TypeError("a pair is of at least one order")
        return found


def paired(live: Sequence[TradedOrder], backtest: Sequence[TradedOrder]) -> list[Pair]:
    """Return the orders of both sides, decision by decision.

    A decision is known by its instant, symbol and side, and its place among those; an exit by the order it belongs to.
    Numbers of decisions do not count: one that only one side took would move all that follow.
    """
    theirs = dict(_by_decision(backtest))
    pairs = [Pair(order, theirs.pop(key, None)) for key, order in _by_decision(live)]
    return [*pairs, *(Pair(None, order) for order in theirs.values())]


def _by_decision(orders: Sequence[TradedOrder]) -> Iterable[tuple[object, TradedOrder]]:
    keys: dict[UUID, object] = {}
    seen: dict[object, int] = {}
    for order in orders:
        intent = order.intent
        if intent.parent_id in keys:
            key: object = (keys[intent.parent_id], intent.leg)
        else:
            what = (intent.at, intent.symbol, intent.side, intent.leg)
            seen[what] = place = seen.get(what, 0) + 1
            key = (what, place)
        keys[order.order_id] = key
        yield key, order


def attributed(pairs: Sequence[Pair], marks: Mapping[str, Decimal], frame: int) -> dict[Kind, Difference]:
    """Return what each cause adds to the live equity, `data` left out; together that is the difference of both.

    marks: price of each symbol at the end. frame: length of a bar, microseconds: a fill in another bar came late.
    """
    found: dict[Kind, list[Example]] = {kind: [] for kind in KINDS if kind != "data"}
    for pair in pairs:
        for kind, amount in _parts(pair, marks[pair.either.intent.symbol], frame):
            order, live, backtest = pair.either, pair.live, pair.backtest
            found[kind].append(
                Example(
                    order.intent.at,
                    order.intent.symbol,
                    amount,
                    None if live is None else live.told(),
                    None if backtest is None else backtest.told(),
                    order.order_id,
                )
            )
    return {kind: difference(kind, examples) for kind, examples in found.items()}


def difference(kind: Kind, examples: Sequence[Example]) -> Difference:
    """Return what examples of one kind add up to, the largest kept."""
    amount = sum((one.amount for one in examples), ZERO)
    kept = sorted(examples, key=lambda one: (-abs(one.amount), one.at))[:MAX_EXAMPLES]
    return Difference(kind, len(examples), amount, tuple(kept))


def _parts(pair: Pair, mark: Decimal, frame: int) -> Iterable[tuple[Kind, Decimal]]:
    live, backtest = pair.live, pair.backtest
    worth = _worth(live, mark) - _worth(backtest, mark)
    if live is None or backtest is None or _wanted(live) != _wanted(backtest):
        yield "decision", worth
    elif (live.refused is None) != (backtest.refused is None):
        yield "refusal", worth
    else:
        yield from _executed_differently(live, backtest, mark, frame)


def _executed_differently(
    live: TradedOrder, backtest: TradedOrder, mark: Decimal, frame: int
) -> Iterable[tuple[Kind, Decimal]]:
    """What the executions of one decision differ in: fees, prices, and that they came in another bar or not at all."""
    sign = 1 if live.intent.side == "buy" else -1
    fee = backtest.fees(mark) - live.fees(mark)
    if fee:
        yield "fee", fee
    qty, other_qty = live.qty, backtest.qty
    whole = sign * ((qty - other_qty) * mark - (live.value - backtest.value))
    if not qty and not other_qty:
        return
    is_elsewhere = _bars_of(live, frame) != _bars_of(backtest, frame)
    if is_elsewhere or qty != other_qty:
        both = min(qty, other_qty)
        at_once = ZERO
        if both and not is_elsewhere:
            at_once = sign * (posted(backtest.value * both / other_qty) - posted(live.value * both / qty))
        if at_once:
            yield "fill_price", at_once
        yield "latency", whole - at_once
    elif whole:
        yield "fill_price", whole


def _worth(order: TradedOrder | None, mark: Decimal) -> Decimal:
    """What an order has added to equity."""
    if order is None:
        return ZERO
    sign = 1 if order.intent.side == "buy" else -1
    return sign * (order.qty * mark - order.value) - order.fees(mark)


def _wanted(order: TradedOrder) -> tuple[object, ...]:
    return tuple(getattr(order.intent, name) for name in _INTENT)


def _bars_of(order: TradedOrder, frame: int) -> set[int]:
    return {to_microseconds(fill.at) // frame for fill in order.fills}

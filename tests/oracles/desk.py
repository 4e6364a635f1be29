"""One desk for three engines: what a plan can ask of it, and what came of the plan, in the same words everywhere."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal, NamedTuple, Protocol

type Side = Literal["buy", "sell"]

# Weaver posts money with eight decimals, its peers compute in floats: so much may differ an amount.
POSTING_STEP = 1e-8
CENT = 0.01


class Desk(Protocol):
    """What a plan sees of an engine at the close of a bar.

    index: the bar just closed, counted from 0. held: units held, below zero when short.
    """

    @property
    def index(self) -> int: ...
    @property
    def held(self) -> float: ...

    def order(
        self,
        side: Side,
        qty: float,
        *,
        limit: float | None = None,
        stop: float | None = None,
        trail: float | None = None,
        take_profit: float | None = None,
        stop_loss: float | None = None,
    ) -> None:
        """Place an order that can fill from the next bar on."""

    def leave(self, *, take_profit: float, stop_loss: float) -> None:
        """Place both exits of what is held; whichever fills cancels the other."""

    def cancel_all(self) -> None:
        """Cancel what is working."""


type Plan = Callable[[Desk], None]


class Fill(NamedTuple):
    """What was executed on one side at one price in one bar. fee: quote currency, NaN where the engine has none."""

    bar: int
    side: Side
    qty: float
    price: float
    fee: float

    def agrees(self, other: "Fill") -> bool:
        """Whether both are the same execution: bar, side and quantity exactly, price and fee as far as floats go."""
        return (
            self[:3] == other[:3]
            and close_to(self.price, other.price)
            and (math.isnan(self.fee) or math.isnan(other.fee) or close_to(self.fee, other.fee))
        )


class RoundTrip(NamedTuple):
    """A position from flat to flat, by the bars it began and ended in. pnl: after fees."""

    opened: int
    closed: int
    fees: float
    pnl: float

    def agrees(self, other: "RoundTrip", money: float) -> bool:
        """Whether both are the same trade, fees as far as floats go, the result to so much money."""
        return self[:2] == other[:2] and close_to(self.fees, other.fees) and abs(self.pnl - other.pnl) <= money


@dataclass(slots=True)
class Outcome:
    """What an engine made of a plan.

    fills: by bar, side and price. equity: at the close of each bar. refused: orders the engine did not carry out for
    lack of money. ambiguous: fills that the engine marked as one of two that the bar would have allowed.
    """

    fills: list[Fill]
    trips: list[RoundTrip] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    refused: int = 0
    ambiguous: int = 0

    @property
    def held(self) -> list[float]:
        """The units held after each fill, oldest first."""
        return list(accumulate(one.qty if one.side == "buy" else -one.qty for one in self.fills))


def close_to(one: float, other: float) -> bool:
    """Whether two amounts are equal but for the last digits of floats and the eighth decimal."""
    return math.isclose(one, other, rel_tol=1e-12, abs_tol=2 * POSTING_STEP)


def merged(fills: Iterable[Fill]) -> list[Fill]:
    """Return the fills with those of one bar, side and price added up, as engines split orders differently."""
    parts: dict[tuple[int, Side, float], list[Fill]] = defaultdict(list)
    for one in fills:
        parts[one.bar, one.side, one.price].append(one)
    return [
        Fill(bar, side, math.fsum(one.qty for one in same), price, math.fsum(one.fee for one in same))
        for (bar, side, price), same in sorted(parts.items())
    ]


def first_disagreement(weaver: Outcome, peer: Outcome, money: float = 2 * POSTING_STEP) -> str | None:
    """Return the first fill, trade or equity that differs, as a sentence; None where everything agrees.

    money: how much the result of a trade may differ. Equity is compared at every bar the peer has one for, to a cent.
    """
    for one, other in zip(weaver.fills, peer.fills, strict=False):
        if not one.agrees(other):
            return f"Weaver has {one}, the peer {other}"
    if len(weaver.fills) != len(peer.fills):
        longer = max(weaver.fills, peer.fills, key=len)
        return (
            f"Weaver has {len(weaver.fills)} fills, the peer {len(peer.fills)}: "
            f"{longer[min(len(weaver.fills), len(peer.fills))]}"
        )
    for trip, same in zip(weaver.trips, peer.trips, strict=False):
        if not trip.agrees(same, money):
            return f"Weaver has {trip}, the peer {same}"
    if len(weaver.trips) != len(peer.trips):
        return f"Weaver has {len(weaver.trips)} trades, the peer {len(peer.trips)}"
    for bar, (mine, theirs) in enumerate(zip(weaver.equity, peer.equity, strict=True)):
        if not math.isnan(theirs) and abs(mine - theirs) >= CENT:
            return f"equity at bar {bar}: Weaver has {mine}, the peer {theirs}"
    return None

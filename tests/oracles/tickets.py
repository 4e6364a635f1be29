"""Single orders, each with a life of its own: placed on a grid of bars, ended before the next, compared one by one.

A difference between two engines stays with its ticket, so that every one of them can be held against the rule that is
said to explain it.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from tests.oracles.desk import Desk, Fill, Outcome, Plan, Side
from tests.oracles.markets import Market
from tests.oracles.plans import WARM_UP


class Ticket(NamedTuple):
    """One order, placed at the close of a bar; the next is placed `life` bars later."""

    placed: int
    life: int
    side: Side
    limit: float | None = None
    stop: float | None = None
    take_profit: float | None = None
    stop_loss: float | None = None

    @property
    def way(self) -> int:
        """1 for a buy, -1 for a sale."""
        return 1 if self.side == "buy" else -1

    @property
    def has_legs(self) -> bool:
        """Whether it is an entry that comes with its exits."""
        return self.take_profit is not None


type Fills = Sequence[Fill]
# Whether a rule explains what became of the ticket in Weaver (first) and in the peer (second).
type Explains = Callable[[Market, Ticket, Fills, Fills], bool]


def on_grid(market: Market, life: int, ticket_of: Callable[[int, float], Ticket]) -> list[Ticket]:
    """Return a ticket for every so many bars, made of the bar's index and close."""
    close = market.bars.close.tolist()
    return [ticket_of(bar, close[bar]) for bar in range(WARM_UP + life, len(market.bars) - life, life)]


def plan(market: Market, tickets: Sequence[Ticket]) -> Plan:
    """Return the plan that places the tickets and ends each before the next.

    Before the first it buys enough that every sale without legs closes something; what legs leave open is closed by a
    market order two bars before the next ticket.
    """
    by_bar = {one.placed: one for one in tickets}
    last_calls = {one.placed + one.life - 2 for one in tickets if one.has_legs}
    stock = sum(one.side == "sell" and not one.has_legs for one in tickets)

    def place(desk: Desk) -> None:
        if desk.index == WARM_UP and stock:
            desk.order("buy", market.lot * stock)
        if desk.index in last_calls:
            desk.cancel_all()
            if desk.held:
                desk.order("sell" if desk.held > 0 else "buy", abs(desk.held))
        ticket = by_bar.get(desk.index)
        if ticket is not None:
            desk.cancel_all()
            desk.order(
                ticket.side,
                market.lot,
                limit=ticket.limit,
                stop=ticket.stop,
                take_profit=ticket.take_profit,
                stop_loss=ticket.stop_loss,
            )

    return place


def fills_by_ticket(tickets: Sequence[Ticket], outcome: Outcome) -> Mapping[int, Fills]:
    """Return the fills of each ticket that has any, by the bar the ticket was placed at."""
    placed = [one.placed for one in tickets]
    found: dict[int, list[Fill]] = defaultdict(list)
    for one in outcome.fills:
        if one.bar > placed[0]:
            found[placed[bisect_left(placed, one.bar) - 1]].append(one)
    return found


def count_explained(market: Market, tickets: Sequence[Ticket], weaver: Outcome, peer: Outcome, rule: Explains) -> int:
    """Return how many tickets were filled differently; raise AssertionError for one that the rule does not explain."""
    mine, theirs = fills_by_ticket(tickets, weaver), fills_by_ticket(tickets, peer)
    different = 0
    for ticket in tickets:
        ours, others = mine.get(ticket.placed, ()), theirs.get(ticket.placed, ())
        if len(ours) == len(others) and all(one.agrees(other) for one, other in zip(ours, others, strict=True)):
            continue
        different += 1
        assert rule(market, ticket, ours, others), f"{ticket}: Weaver has {ours}, the peer {others}"
    return different


def merely_touched(market: Market, ticket: Ticket, mine: Fills, theirs: Fills) -> bool:
    """The peer filled at the limit in a bar that reached the limit and did not trade through it; Weaver later."""
    if not theirs or theirs[0].price != ticket.limit or (mine and mine[0].bar <= theirs[0].bar):
        return False
    extreme = market.bars.low if ticket.side == "buy" else market.bars.high
    return bool(extreme[theirs[0].bar] == ticket.limit)


def triggered_by_the_open(market: Market, ticket: Ticket, mine: Fills, theirs: Fills) -> bool:
    """The bar that reached the stop opened beyond it; Weaver's limit works from that open on and filled in it."""
    bar = trigger(market, ticket)
    if bar is None or ticket.stop is None or not mine or mine[0].bar != bar:
        return False
    return bool(ticket.way * market.bars.open[bar] >= ticket.way * ticket.stop)


def filled_in_the_trigger_bar(market: Market, ticket: Ticket, mine: Fills, theirs: Fills) -> bool:
    """The peer filled in the very bar that reached the stop after its open; Weaver's limit sees later bars only."""
    bar = trigger(market, ticket)
    return bool(theirs) and theirs[0].bar == bar and (not mine or mine[0].bar > bar)


def trigger(market: Market, ticket: Ticket) -> int | None:
    """Return the first bar after the ticket was placed that reaches its stop."""
    assert ticket.stop is not None
    bars = market.bars
    extreme = bars.high if ticket.side == "buy" else bars.low
    for bar in range(ticket.placed + 1, len(bars)):
        if ticket.way * extreme[bar] >= ticket.way * ticket.stop:
            return bar
    return None


def profit_at_the_open(market: Market, ticket: Ticket, mine: Fills, theirs: Fills) -> bool:
    """Weaver took the profit at an open beyond it; the peer, in the same bar, let the stop go first."""
    ours, other = _exit(ticket, mine), _exit(ticket, theirs)
    if ours is None or other is None or ours.bar != other.bar or ticket.take_profit is None:
        return False
    opened = market.bars.open[ours.bar]
    at_the_open = ours.price == opened and ticket.way * opened >= ticket.way * ticket.take_profit
    return bool(at_the_open and other.price == ticket.stop_loss)


def left_in_the_bar_of_entry(market: Market, ticket: Ticket, mine: Fills, theirs: Fills) -> bool:
    """Weaver left in the bar it entered in; the peer's exits work from the next bar on only."""
    ours, other = _exit(ticket, mine), _exit(ticket, theirs)
    entered = ticket.placed + 1
    return ours is not None and ours.bar == entered and (other is None or other.bar > entered)


def _exit(ticket: Ticket, fills: Fills) -> Fill | None:
    return next((one for one in fills if one.side != ticket.side), None)

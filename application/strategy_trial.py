"""Trials of a strategy: what it decides on a market, or on a part of one; nothing is recorded (Marvin)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import inf
from time import perf_counter
from uuid import UUID

import msgspec

from application.session import Session, constructed
from domain.errors import StrategyFault
from domain.event_catalogue import CATALOGUE
from domain.events import Recorded
from domain.ids import OrderIds
from domain.market import EPOCH, Bars, to_microseconds
from domain.money import plain
from domain.order import CANCELLED_BY_STRATEGY, OrderCancelled, OrderCreated
from domain.run import ParameterValue, RunCreated
from domain.run_log import LogIndicatorsDeclared, LogWritten
from domain.scrambling import scrambled
from domain.sessions import Sessions
from domain.strategy import Strategy
from domain.timeline import Timeline
from domain.venues import costs_at

# A trial is no run: its ids are the same each time, so that equal decisions are equal to the last byte.
TRIAL = UUID(int=1)
CASH = Decimal(100_000)
VENUE = "generic"
INSTANTS_A_STRETCH = 256
MOST_LOGGED = 1_000
MOST_SHOWN = 500


class Step(msgspec.Struct, frozen=True):
    """Something that happened in a trial.

    at: microseconds since 1970 UTC. what: for people. state: all of it, equal exactly for equal ones. outline: of a
    decision what it is apart from its figures, so that later ones can be compared after sizes have come apart; empty
    for what only followed from decisions.
    """

    at: int
    what: str
    state: str
    outline: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial. instants: how many were traded. logged: the first lines.

    fault: what the strategy raised, the last of the steps as well; empty if it raised nothing.
    """

    steps: list[Step]
    instants: int
    logged: list[str]
    fault: str = ""

    @property
    def orders(self) -> int:
        """How many orders were placed."""
        return sum(step.state.startswith(OrderCreated.TOPIC) for step in self.steps)

    def decisions(self) -> list[Step]:
        """Return the steps the strategy decided on."""
        return [step for step in self.steps if step.outline]


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """Bars of one timeframe, at least one of each symbol, and the sessions of the symbols that have any."""

    bars: tuple[Bars, ...]
    sessions: Mapping[str, Sessions]

    def timeline(self) -> Timeline:
        """Return the instants, before the first of them."""
        return Timeline(self.bars, self.sessions)

    def part(self, first: Sequence[int], end: Sequence[int]) -> "Market":
        """Return the bars [first, end) of each symbol."""
        return Market(
            tuple(bars.part(begin, stop) for bars, begin, stop in zip(self.bars, first, end, strict=True)),
            self.sessions,
        )

    def known_at(self, instant: int) -> list[int]:
        """Return how many bars of each symbol have closed at the instant."""
        timeline = self.timeline()
        return [timeline.place_of(index, instant) + 1 for index in range(len(self.bars))]

    def scrambled(self, kept: Sequence[int], seed: int) -> "Market":
        """Return a market that goes another way after so many bars of each symbol."""
        bars = (
            scrambled(bars, count, seed + place)
            for place, (bars, count) in enumerate(zip(self.bars, kept, strict=True))
        )
        return Market(tuple(bars), self.sessions)


@dataclass(frozen=True, slots=True)
class Candidate:
    """The strategy that is tried: its class, and its parameters as a run records them."""

    strategy_id: str
    kind: type[Strategy]
    parameters: Mapping[str, ParameterValue]

    def tried(self, market: Market, first: int = 0, end: int | None = None, deadline: float = inf) -> Tried:
        """Trade the instants [first, end) of the market as `weaver backtest` would by default.

        What lies before `first` is there to be seen, as before the first tick of a live run. deadline: on the clock of
        perf_counter; the trial ends at the next stretch after it. Raises InvalidInput for parameters out of bounds and
        StrategyFault for those the strategy's constructor fails on; a fault later on is a step.
        """
        timeline, logged = market.timeline(), list[str]()
        strategy = constructed(self.kind, self.parameters)
        session = Session(
            TRIAL,
            _description(self, market),
            OrderIds(TRIAL, TRIAL),
            timeline,
            strategy,
            lambda message, fields: logged.append(f"{message} {dict(fields)}") if len(logged) < MOST_LOGGED else None,
            market.sessions,
        )
        end = len(timeline) if end is None else end
        traded, fault = first, ""
        try:
            session.start()
            while traded < end and (traded == first or perf_counter() < deadline):
                stretch = min(traded + INSTANTS_A_STRETCH, end)
                session.run(traded, stretch)
                traded = stretch
        except StrategyFault as error:
            traded, fault = session.instant + 1, plain_text(error.message)
        steps = _steps(session.collect_events())
        if fault:
            steps.append(Step(to_microseconds(session.now), f"an error ({fault})", fault, "error"))
        return Tried(steps, traded - first, logged, fault)


def plain_text(text: str) -> str:
    """Return what somebody's code said on one line, not too long, as JSON can hold it."""
    return " ".join(text.split())[:MOST_SHOWN].encode(errors="replace").decode()


def _description(candidate: Candidate, market: Market) -> RunCreated:
    symbols = tuple(bars.symbol for bars in market.bars)
    return RunCreated(
        at=EPOCH,
        name="trial",
        strategy_id=candidate.strategy_id,
        strategy_version="",
        mode="backtest",
        symbols=symbols,
        timeframe=market.bars[0].timeframe.name,
        exchange="simulated",
        parameters=dict(candidate.parameters),
        initial_cash=CASH,
        costs=costs_at(VENUE, symbols, {}),
        venue=VENUE,
    )


def _steps(recorded: Sequence[Recorded]) -> list[Step]:
    """Everything but the log, which may hold anything, such as how long something took."""
    steps: list[Step] = []
    orders: dict[UUID, str] = {}
    for one in recorded:
        event = one.event
        if isinstance(event, LogWritten | LogIndicatorsDeclared):
            continue
        topic, state = CATALOGUE.encode(event)
        what, outline = topic, ""
        if isinstance(event, OrderCreated):
            what = orders[one.originator_id] = _order(event)
            outline = f"{event.side} {event.symbol} {event.order_type} {event.leg}"
        elif isinstance(event, OrderCancelled) and event.reason == CANCELLED_BY_STRATEGY:
            placed = orders[one.originator_id]
            what, outline = f"cancel {placed}", f"cancel {placed.partition(' ')[0]}"
        steps.append(Step(to_microseconds(event.at), what, f"{topic} {state.decode()}", outline))
    return steps


def _order(order: OrderCreated) -> str:
    prices = (
        ("limit", order.price),
        ("stop", order.stop_price),
        ("trail", order.trail),
        ("trail percent", order.trail_percent),
    )
    said = [f"{name} {plain(price)}" for name, price in prices if price is not None]
    return " ".join([f"{order.side} {plain(order.qty)} {order.symbol}", *(said or ["at the market"])])

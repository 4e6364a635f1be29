"""The tape of a paper or live run: the market as the run saw it, recorded before anything is decided on it."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID, uuid5

import msgspec
import numpy as np

from domain.events import Aggregate, Event
from domain.market import BAR_COLUMNS, Bars, Timeframe, to_microseconds

# Bars of one event: below the limit of a payload even if every number has all its digits.
BARS_AN_EVENT = 400


class TapeBar(msgspec.Struct, frozen=True, omit_defaults=True):
    """One closed bar. opened_at: its open, UTC; prices in quote currency, exactly as the feed gave them."""

    symbol: str
    opened_at: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0


class TapeBackfilled(Event, frozen=True, kw_only=True):
    """Bars the run did not watch, oldest first: history to warm up on, and what passed while nobody was there.

    They are seen as history and never traded. reason: why they come this way, for people.
    """

    TOPIC: ClassVar[str] = "tape.backfilled"

    run_id: UUID
    bars: tuple[TapeBar, ...]
    reason: str


class TapeTicked(Event, frozen=True, kw_only=True):
    """A boundary of the run's timeframe passed; `at` is the boundary.

    number: from 1. bars: those that closed at it, in the order of the run's symbols; a market without a trade has none.
    missed: boundaries that passed unwatched since the tick before, missed_because: why. lateness: seconds from the
    boundary to the tick's recording, waiting for its bars included.
    """

    TOPIC: ClassVar[str] = "tape.ticked"

    run_id: UUID
    number: int
    bars: tuple[TapeBar, ...]
    missed: int = 0
    missed_because: str | None = None
    lateness: float = 0.0
    seen: int = 0


class TapeDecided(Event, frozen=True, kw_only=True):
    """The strategy has seen what happened and decided; its orders were recorded with this, all or nothing.

    cause: what it saw, as `stream:version`. number: of the newest tick it had seen. orders, cancels: how many it asked
    for.
    """

    TOPIC: ClassVar[str] = "tape.decided"

    run_id: UUID
    cause: str
    number: int
    orders: int
    cancels: int


def tape_bars(symbol: str, timeframe: Timeframe, bars: Sequence[TapeBar]) -> Bars:
    """Return a symbol's bars of a tape as columns, in the order given."""
    own = [bar for bar in bars if bar.symbol == symbol]
    times = np.array([to_microseconds(bar.opened_at) for bar in own], dtype=np.int64)
    prices = (np.array([getattr(bar, name) for bar in own], dtype=np.float64) for name in BAR_COLUMNS)
    return Bars(symbol, timeframe, times, *prices)


def tape_stream_id(run_id: UUID) -> UUID:
    """Return the id of the stream of a run's tape: always the same for the same run."""
    return uuid5(run_id, Tape.TOPIC)


class Tape(Aggregate):
    """A tape folded from its events: how far it is recorded and how far it is decided.

    ticks: recorded so far. ticked_at: the boundary of the last. decided: the number of the last tick that was decided
    on. bars: how many it holds.
    """

    TOPIC: ClassVar[str] = "tape"

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.ticks = 0
        self.ticked_at: datetime | None = None
        self.decided = 0
        self.bars = 0

    def backfill(self, at: datetime, run_id: UUID, bars: Sequence[TapeBar], reason: str) -> None:
        """Record bars that nobody watched, as many events as they need."""
        for first in range(0, len(bars), BARS_AN_EVENT):
            part = tuple(bars[first : first + BARS_AN_EVENT])
            self.trigger(TapeBackfilled(at=at, run_id=run_id, bars=part, reason=reason))

    def tick(
        self,
        at: datetime,
        run_id: UUID,
        bars: Sequence[TapeBar],
        *,
        missed: int = 0,
        missed_because: str | None = None,
        lateness: float = 0.0,
        seen: int = 0,
    ) -> bool:
        """Record a boundary; return False, and change nothing, for one that is not after the last."""
        if self.ticked_at is not None and at <= self.ticked_at:
            return False
        self.trigger(
            TapeTicked(
                at=at,
                run_id=run_id,
                number=self.ticks + 1,
                bars=tuple(bars),
                missed=missed,
                missed_because=missed_because,
                lateness=lateness,
                seen=seen,
            )
        )
        return True

    def decide(self, at: datetime, run_id: UUID, cause: str, number: int, orders: int, cancels: int) -> None:
        """Record a decision. number: of the newest tick it had seen."""
        self.trigger(TapeDecided(at=at, run_id=run_id, cause=cause, number=number, orders=orders, cancels=cancels))

    def forked(self) -> "Tape":
        """Return a tape in the same state, to record something on that may come to nothing."""
        fork = Tape(self.id)
        fork.version, fork.ticks, fork.ticked_at = self.version, self.ticks, self.ticked_at
        fork.decided, fork.bars = self.decided, self.bars
        return fork

    def apply(self, event: Event) -> None:
        """Change the state as the event says."""
        match event:
            case TapeTicked():
                self.ticks, self.ticked_at = event.number, event.at
                self.bars += len(event.bars)
            case TapeBackfilled():
                self.bars += len(event.bars)
            case TapeDecided():
                self.decided = max(self.decided, event.number)
            case _:
                raise TypeError(f"a tape knows no event {type(event).TOPIC}")

"""The whole exchange: two accounts over one market, one clock and one book on disk, and whoever listens to it."""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from tests.alpaca_server import facts
from tests.alpaca_server.assets import Listing
from tests.alpaca_server.conditions import Conditions
from tests.alpaca_server.facts import AnyFact
from tests.alpaca_server.faults import Faults
from tests.alpaca_server.journal import Journal
from tests.alpaca_server.market import Market, Trade
from tests.alpaca_server.rate_limit import RateLimit
from tests.alpaca_server.times import SECOND, MarketClock, wall_time
from tests.alpaca_server.venue import Venue

START_CASH = Decimal(100_000)
IDLE = 0.05

Keys = dict[str, tuple[str, str]]


class Exchange:
    """Everything behind the sockets. All of it runs in one thread: what one call begins it ends before the next."""

    def __init__(
        self,
        path: Path | None,
        keys: Keys,
        seed: int = 0,
        start: int | None = None,
        speed: float = 1.0,
        conditions: Conditions | None = None,
        bars: Iterable[facts.BarGiven] = (),
        book_id: str | None = None,
    ) -> None:
        self.conditions = Conditions()
        self.journal = Journal(path)
        self.listing = Listing.usual()
        self.clock = MarketClock(wall_time(), start or wall_time(), speed)
        self.market = Market(self.listing, self.conditions)
        self.faults = Faults()
        self.limits = {name: RateLimit(self.conditions) for name in (*keys, "data")}
        self.requests: list[facts.RequestSeen] = []
        self.listeners: list[Callable[[facts.OrderMoved], None]] = []
        self.trade_listeners: list[Callable[[list[Trade], facts.BarGiven | None], None]] = []
        self.clock_listeners: list[Callable[[], None]] = []
        self.wake = asyncio.Event()
        self.venues = {
            name: Venue(name, *pair, self.market, self.clock, self.conditions, self.faults, self.record)
            for name, pair in keys.items()
        }
        written = self.journal.read()
        for fact in written:
            self._apply(fact)
        if not written:
            self.open_book(seed, self.clock.market, speed, bars, book_id)
        if conditions is not None:
            self.record(facts.ConditionsSet(conditions=conditions))

    def open_book(
        self, seed: int, start: int, speed: float, bars: Iterable[facts.BarGiven] = (), book_id: str | None = None
    ) -> None:
        """Begin anew, in the same file: new accounts, another market, no faults. What was before is only history."""
        self.record(facts.BookOpened(book_id=book_id or secrets.token_hex(8), seed=seed))
        self.record(facts.ClockSet(wall=wall_time(), market=start, speed=speed))
        for name in self.venues:
            self.record(facts.CashMoved(environment=name, amount=START_CASH))
        for bar in bars:
            self.record(bar)

    def record(self, fact: AnyFact) -> None:
        """Write a fact down, take it in, and tell whoever listens: in that order."""
        self.journal.write(fact)
        self._apply(fact)
        if isinstance(fact, facts.OrderMoved):
            for listen in self.listeners:
                listen(fact)
        self.wake.set()

    def _apply(self, fact: AnyFact) -> None:
        match fact:
            case facts.OrderMoved() | facts.CashMoved() | facts.PositionMoved():
                self.venues[fact.environment].book.apply(fact)
            case facts.RequestSeen():
                self.requests.append(fact)
            case facts.BookOpened(book_id=book_id, seed=seed):
                self._begin(book_id, seed)
            case facts.ClockSet(wall=wall, market=market, speed=speed):
                self.clock.set(wall, market, speed)
                for listen in self.clock_listeners:
                    listen()
            case facts.PriceSet():
                self.market.give_price(fact)
            case facts.BarGiven():
                self.market.give_bar(fact)
            case facts.ConditionsSet(conditions=conditions):
                self.conditions.take(conditions)
            case facts.AssetChanged(symbol=symbol, status=status, tradable=tradable):
                self.listing.change(symbol, status=status, tradable=tradable)

    def _begin(self, book_id: str, seed: int) -> None:
        self.conditions.take(Conditions())
        self.listing.assets.update(Listing.usual().assets)
        self.market.begin(seed)
        self.faults.begin(seed)
        self.requests.clear()
        for limit in self.limits.values():
            limit.begin()
        for venue in self.venues.values():
            venue.begin(uuid5(NAMESPACE_URL, f"book:{book_id}"))

    def give_price(self, symbol: str, price: Decimal) -> None:
        """Trade a symbol at a price, now and until another comes; the orders meet it before this returns."""
        self._give(facts.PriceSet(symbol=symbol, at=self.clock.now(), price=price))

    def give_bar(self, bar: facts.BarGiven) -> None:
        """Let a bar happen: the orders meet its four prices, and who listens hears its trades and the bar.

        The market goes on at the close of a bar that is over.
        """
        self._give(bar)
        now = self.clock.now()
        if bar.at + int(bar.seconds * SECOND) <= now:
            self._give(facts.PriceSet(symbol=bar.symbol, at=now, price=bar.close))

    def _give(self, fact: facts.PriceSet | facts.BarGiven) -> None:
        self.journal.write(fact)
        trades = self.market.give_price(fact) if isinstance(fact, facts.PriceSet) else self.market.give_bar(fact)
        for venue in self.venues.values():
            venue.meet(fact.symbol, trades, were_just_given=True)
        for listen in self.trade_listeners:
            listen(trades, fact if isinstance(fact, facts.BarGiven) else None)
        self.wake.set()

    def set_clock(self, market: int | None, speed: float | None) -> None:
        """Put the market's clock to a time, change its speed, or both."""
        now = self.clock.now() if market is None else market
        self.record(facts.ClockSet(wall=wall_time(), market=now, speed=self.clock.speed if speed is None else speed))

    async def run(self) -> None:
        """Let the market pass over the orders for as long as the exchange is open."""
        while True:
            self.wake.clear()
            due = [seconds for venue in self.venues.values() if (seconds := venue.work()) is not None]
            try:
                async with asyncio.timeout(min([IDLE, *due]) if due else IDLE):
                    await self.wake.wait()
            except TimeoutError:
                continue

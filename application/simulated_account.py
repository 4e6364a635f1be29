"""One run's account at the simulated exchange: its orders are matched with the run's own bars, as in a backtest."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from application.dealing import Dealer
from application.order_facts import OrderFacts
from domain.errors import OrderRefused
from domain.events import Recorded
from domain.ids import OrderIds
from domain.market import Timeframe, from_microseconds, to_microseconds
from domain.money import ZERO, exact
from domain.order import Order, OrderCreated
from domain.run import RunCreated
from domain.sessions import Sessions
from domain.simulated_venue import MarketBar
from domain.tape import TapeBackfilled, TapeBar, TapeTicked
from domain.working_order import OrderHandle


class VenueFacts(OrderFacts):
    """Facts of an exchange: they continue the streams of orders that others began."""

    def concerned(self) -> set[UUID]:
        """Return the orders that facts wait for and that were created by others."""
        created = {one.key for write, one, *_ in self._waiting if one is not None and write == self._create}
        return {one.id for _, one, *_ in self._waiting if one is not None and one.key not in created}


class SimulatedAccount(Dealer):
    """Takes orders that were accepted, matches them with every tick's bars, and says what became of them.

    A function of the run's entries: `accept`, `cancelled` and `match`, called in the order of the journal, give the
    same executions whenever they are repeated. matched: the number of the last tick. It is the
    same dealer as a backtest's, so the same bars give the same fills.
    """

    def __init__(
        self,
        run_id: UUID,
        description: RunCreated,
        ids: OrderIds,
        sessions: Mapping[str, Sessions],
    ) -> None:
        self._sessions = sessions
        self._bars: dict[str, TapeBar] = {}
        self._counts = dict.fromkeys(description.symbols, -1)
        self._fresh: frozenset[str] = frozenset()
        self._moment = to_microseconds(description.at)
        self._length = Timeframe.parse(description.timeframe).microseconds
        self.instant = -1
        self.matched = 0
        self.symbol_index = {symbol: index for index, symbol in enumerate(description.symbols)}
        self.hears_fills = False
        super().__init__(run_id, description, ids, self, self, [True] * len(description.symbols))
        self._run_id = run_id
        self.facts: VenueFacts = VenueFacts(run_id, ids)

    def accept(self, order_id: UUID, intent: OrderCreated) -> None:
        """Let an order work from the next bar on; an order it knows stays as it is."""
        key = self._ids.key_of(order_id)
        if key is None or key in self.working or intent.symbol not in self._bars:
            return
        order = self.adopted(intent)
        # the run's own rules were asked when it was decided
        self._account.hold(order, self._expected_price(order), ZERO)
        self._put_on_the_book(order)
        self._venue.place(self.symbol_index[intent.symbol], order)

    def cancelled(self, order_id: UUID) -> None:
        """Take an order off that somebody has cancelled."""
        key = self._ids.key_of(order_id)
        order = None if key is None else self.working.get(key)
        if order is not None:
            self._off_the_book(order)

    def history(self, event: TapeBackfilled) -> None:
        """Take note of prices that nothing was matched with."""
        for bar in event.bars:
            self._see(bar)

    def match(self, event: TapeTicked) -> None:
        """Match every working order with the bars of a tick; what became of them waits in `facts`."""
        self._moment = to_microseconds(event.at)
        self.instant += 1
        self.matched = event.number
        bars: list[MarketBar] = []
        for bar in event.bars:
            self._see(bar)
            prices = (bar.open, bar.high, bar.low, bar.volume)
            index, place = self.symbol_index[bar.symbol], self._counts[bar.symbol]
            bars.append((index, prices, to_microseconds(bar.opened_at), place))
        if self.working and bars:
            self._fresh = frozenset(bar.symbol for bar in event.bars)
            self.trade(bars)
            self._fresh = frozenset()

    def events(self, orders: Mapping[UUID, Order]) -> list[Recorded]:
        """Return what the last match made of the orders, oldest first. orders: those of `facts.concerned()`."""
        for order_id, order in orders.items():
            key = self._ids.key_of(order_id)
            if key is not None:
                self.facts.adopt(key, order)
        return self.facts.collect()

    def forget(self) -> None:
        """Drop what waits: it is recorded already."""
        self.facts = VenueFacts(self._run_id, self._ids)

    # What the dealer sees of the market, and whom it tells.

    @property
    def now(self) -> datetime:
        """The boundary of the newest tick."""
        return from_microseconds(self._moment)

    def moment(self) -> int:
        """Return the boundary of the newest tick, microseconds since 1970 UTC."""
        return self._moment

    def require_price(self, symbol: str) -> None:
        """Raise OrderRefused before the first bar of the symbol."""
        if symbol not in self._bars:
            raise OrderRefused(f"{symbol} has no bar yet: there is no price to trade at")

    def last_close(self, symbol: str) -> Decimal:
        """Return the newest close of a symbol that has one."""
        return exact(self._bars[symbol].close)

    def mark(self, symbol: str) -> Decimal:
        """Return what a unit is worth: the newest close; while a bar is matched its open."""
        return exact(self._bars[symbol].open if symbol in self._fresh else self._bars[symbol].close)

    def bar_age(self, symbol: str) -> float:
        """Return the seconds since the close of the symbol's newest bar."""
        return float(self._moment - to_microseconds(self._bars[symbol].opened_at) - self._length) / 1e6

    def opened_at(self, symbol: str) -> int:
        """Return the open of the symbol's newest bar, microseconds since 1970 UTC."""
        return to_microseconds(self._bars[symbol].opened_at)

    def place_of(self, symbol: str) -> int:
        """Return the place of the symbol's newest bar among its bars."""
        return self._counts[symbol]

    def session_close(self, symbol: str, moment: int) -> int:
        """Return when the session ends that is open at a moment or opens next, microseconds since 1970 UTC."""
        sessions = self._sessions.get(symbol)
        if sessions is None:
            raise OrderRefused(f"{symbol} has no trading sessions: a day order would never end")
        return sessions.close_after(moment)

    def order_changed(self, handle: OrderHandle) -> None:
        """Nobody is told: the journal is."""

    def order_filled(self) -> None:
        """Nobody is told: the journal is."""

    def _see(self, bar: TapeBar) -> None:
        self._bars[bar.symbol] = bar
        self._counts[bar.symbol] += 1

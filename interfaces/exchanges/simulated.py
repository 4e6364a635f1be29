"""The simulated exchange: takes every order its instruments allow; a run's own bars then fill it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from application.clock import Clock, WallClock
from application.exchange import (
    Accepted,
    BarFeed,
    CancelOutcome,
    Capabilities,
    ExchangeAccount,
    ExchangeExecution,
    ExchangeListener,
    ExchangeOrder,
    ExchangePosition,
    ExchangeStatus,
    Listing,
    OrderTicket,
    SubmitOutcome,
)
from application.ports import BarSource
from domain.instruments import Instrument
from domain.venues import GENERIC, asset_class, venue
from interfaces.market_data.replay_feed import ReplayFeed
from interfaces.settings import Settings

NAME = "simulated"


class SimulatedExchange:
    """Implements `Exchange` without anything behind it: what an order becomes is decided with each tick of its run.

    The journal is its book. So an order it is asked for was never lost, an order that was cancelled has ended, and
    there is nothing to compare. Every run has an account of its own, the one it was created with.
    """

    name = NAME
    capabilities = Capabilities(
        asset_classes=frozenset({"crypto", "us_equity"}), streaming=False, is_real_money=False, matches_bars=True
    )

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def instrument(self, symbol: str) -> Instrument:
        """Return what a textbook market allows of the symbol."""
        return venue(GENERIC).instrument(symbol)

    def listing(self, symbol: str) -> Listing:
        """Return that the symbol is traded: every symbol is that has bars."""
        return Listing(symbol, asset_class(symbol), tradable=True)

    def submit(self, ticket: OrderTicket) -> SubmitOutcome:
        """Take the order; it works from the next bar on."""
        now = self._clock.now()
        return Accepted(
            ExchangeOrder(
                exchange_order_id=f"sim-{ticket.client_order_id.removeprefix('wv1-')}",
                client_order_id=ticket.client_order_id,
                symbol=ticket.symbol,
                side=ticket.side,
                qty=ticket.qty,
                order_type=ticket.order_type,
                status=ExchangeStatus.WORKING,
                word="accepted",
                filled_qty=Decimal(0),
                filled_avg_price=None,
                submitted_at=now,
                updated_at=now,
                limit=ticket.limit,
                stop=ticket.stop,
            )
        )

    def cancel(self, exchange_order_id: str) -> CancelOutcome:
        """End the order: it is in no book but the journal."""
        return CancelOutcome.DONE

    def find(self, client_order_id: str) -> ExchangeOrder | None:
        """Return None: an order that was not recorded as accepted was not."""
        return None

    def open_orders(self) -> Sequence[ExchangeOrder]:
        """Return nothing: the journal has them."""
        return ()

    def orders_since(self, after: datetime) -> Sequence[ExchangeOrder]:
        """Return nothing: the journal has them."""
        return ()

    def executions(self, after: datetime) -> Sequence[ExchangeExecution]:
        """Return nothing: the journal has them."""
        return ()

    def positions(self) -> Sequence[ExchangePosition]:
        """Return nothing: the journal has them."""
        return ()

    def account(self) -> ExchangeAccount:
        """Return an account without money of its own: each run brings its own."""
        return ExchangeAccount("simulated", "USD", Decimal(0), Decimal(0), Decimal(0))

    def time(self) -> datetime:
        """Return this machine's time: there is no other."""
        return self._clock.now()

    def follow(self, listener: ExchangeListener) -> None:
        """Open no stream: there is nothing to hear."""

    def unfollow(self) -> None:
        """Close no stream."""

    def close(self) -> None:
        """Close nothing."""


class SimulatedPlugin:
    """Implements `ExchangePlugin`: a paper account without an account, always there."""

    summary = "the built-in simulated exchange: paper runs on stored bars, played back as if they closed now"
    venue = None
    details: Mapping[str, str] = {
        "crypto, us_equity": "market, limit, stop, stop_limit, trailing_stop, with take_profit and stop_loss"
    }

    def modes(self, settings: Settings) -> tuple[str, ...]:
        """Return `paper`: nothing here costs money."""
        return ("paper",)

    def missing(self, mode: str) -> str:
        """Return that there is no other mode."""
        return "it has paper runs only"

    def open(self, mode: str, settings: Settings) -> SimulatedExchange:
        """Return the exchange."""
        return SimulatedExchange(WallClock())

    def feed(self, settings: Settings, stored: BarSource) -> BarFeed:
        """Return stored bars, played back."""
        return ReplayFeed(stored)


plugin = SimulatedPlugin()

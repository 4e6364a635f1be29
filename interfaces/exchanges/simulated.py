"""The simulated exchange: takes every order its instruments allow; a run's own bars then fill it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from application.exchange import (
    Accepted,
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
from domain.instruments import Instrument
from domain.venues import GENERIC, asset_class, venue

NAME = "simulated"


class SimulatedExchange:
    """Implements `Exchange` without anything behind it: what an order becomes is decided with each tick of its run.

    The journal is its book. So an order it is asked for was never lost, an order that was cancelled has ended, and there
    is nothing to compare. Every run has an account of its own, the one it was created with.
    """

    name = NAME
    capabilities = Capabilities(
        asset_classes=frozenset({"crypto", "us_equity"}), streaming=False, is_real_money=False, matches_bars=True
    )

    def instrument(self, symbol: str) -> Instrument:
        """Return what a textbook market allows of the symbol."""
        return venue(GENERIC).instrument(symbol)

    def listing(self, symbol: str) -> Listing:
        """Return that the symbol is traded: every symbol is that has bars."""
        return Listing(symbol, asset_class(symbol), tradable=True)

    def submit(self, ticket: OrderTicket) -> SubmitOutcome:
        """Take the order; it works from the next bar on."""
        now = datetime.now(UTC)
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

    def executions(self, after: datetime) -> Sequence[ExchangeExecution]:
        """Return nothing: the journal has them."""
        return ()

    def positions(self) -> Sequence[ExchangePosition]:
        """Return nothing: the journal has them."""
        return ()

    def account(self) -> ExchangeAccount:
        """Return an account without money of its own: each run brings its own."""
        return ExchangeAccount("simulated", "USD", Decimal(0), Decimal(0), Decimal(0))

    def follow(self, listener: ExchangeListener) -> None:
        """Open no stream: there is nothing to hear."""

    def close(self) -> None:
        """Close nothing."""

"""alpaca-py's clients, made to talk to a local Alpaca, and what a test wants to read from them."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.models import Order
from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest
from alpaca.trading.stream import TradingStream

from tests.alpaca_server.client import LocalAlpaca, until


def trading_client(alpaca: LocalAlpaca, environment: str = "paper", **options: Any) -> TradingClient:
    """Return alpaca-py's client of an account."""
    given = alpaca.addresses
    return TradingClient(
        given[f"{environment}_key_id"],
        given[f"{environment}_secret_key"],
        paper=environment == "paper",
        url_override=given[f"{environment}_url"],
        **options,
    )


class Listener:
    """What alpaca-py's TradingStream has handed over."""

    def __init__(self) -> None:
        self.updates: list[dict[str, Any]] = []

    async def take(self, update: Any) -> None:
        """Keep an update."""
        self.updates.append(update["data"])

    @property
    def events(self) -> list[str]:
        """The words of the updates so far."""
        return [update["event"] for update in self.updates]

    def wait_for(self, *events: str) -> None:
        """Wait until exactly these updates have come."""
        until(lambda: len(self.events) >= len(events))
        assert self.events == list(events)


@contextlib.contextmanager
def listening(alpaca: LocalAlpaca, environment: str = "paper") -> Iterator[Listener]:
    """Run alpaca-py's TradingStream in a thread until the block ends."""
    listener, given = Listener(), alpaca.addresses
    stream = TradingStream(
        given[f"{environment}_key_id"],
        given[f"{environment}_secret_key"],
        raw_data=True,
        url_override=given[f"{environment}_stream_url"],
    )
    stream.subscribe_trade_updates(listener.take)
    thread = threading.Thread(target=stream.run, daemon=True)
    thread.start()
    alpaca.wait_for_listener(environment)
    try:
        yield listener
    finally:
        end(stream, thread)


def end(stream: Any, thread: threading.Thread) -> None:
    """End a stream of alpaca-py at once: its own way takes up to five seconds, until its read times out."""
    stream.stop()
    asyncio.run_coroutine_threadsafe(stream.close(), stream._loop)
    thread.join(10)
    assert not thread.is_alive(), "the stream does not end"


def market_order(qty: Any = "0.01", side: str = "buy", symbol: str = "BTC/USD", **other: Any) -> MarketOrderRequest:
    """Return a market order of crypto."""
    given: dict[str, Any] = {"time_in_force": TimeInForce.GTC} | other
    return MarketOrderRequest(symbol=symbol, qty=qty, side=OrderSide(side), **given)


def limit_order(
    price: Any, qty: Any = "0.01", side: str = "buy", symbol: str = "BTC/USD", **other: Any
) -> LimitOrderRequest:
    """Return a limit order of crypto."""
    given: dict[str, Any] = {"time_in_force": TimeInForce.GTC} | other
    return LimitOrderRequest(symbol=symbol, qty=qty, side=OrderSide(side), limit_price=price, **given)


def placed(client: TradingClient, order: Any) -> Order:
    """Place an order and return it."""
    answer = client.submit_order(order)
    assert isinstance(answer, Order)
    return answer


def settled(client: TradingClient, order_id: Any, status: str = "filled") -> Order:
    """Wait until an order has a status, and return it."""
    until(lambda: read(client, order_id).status.value == status)
    return read(client, order_id)


def read(client: TradingClient, order_id: Any) -> Order:
    """Return an order as it stands."""
    answer = client.get_order_by_id(order_id)
    assert isinstance(answer, Order)
    return answer


def refusal(error: APIError) -> tuple[int | None, int, str]:
    """Return status, code and message of a refusal."""
    return error.status_code, error.code, error.message

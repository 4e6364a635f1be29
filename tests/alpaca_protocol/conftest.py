"""Fixtures of the protocol's tests: a local Alpaca, and alpaca-py as it comes, talking to it."""

from collections.abc import Iterator

import pytest
from alpaca.trading.client import TradingClient

from tests.alpaca_protocol.clients import Listener, listening, trading_client
from tests.alpaca_server.client import LocalAlpaca, local_alpaca

AFTERNOON = "2026-01-14T20:00:00Z"


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAlpaca]:
    """One process for all tests; each begins anew in it."""
    with local_alpaca(tmp_path_factory.mktemp("alpaca") / "book.jsonl") as server:
        yield server


@pytest.fixture
def alpaca(exchange: LocalAlpaca) -> LocalAlpaca:
    """A local Alpaca on a Wednesday afternoon in New York, where BTC trades at 60,000 without a spread."""
    exchange.reset(start=AFTERNOON)
    exchange.conditions(spread_bps="0", rate_limit=100_000)
    exchange.price("BTC/USD", "60000")
    exchange.price("AAPL", "200")
    return exchange


@pytest.fixture
def trading(alpaca: LocalAlpaca) -> TradingClient:
    """alpaca-py's client of the paper account."""
    return trading_client(alpaca)


@pytest.fixture
def updates(alpaca: LocalAlpaca) -> Iterator[Listener]:
    """alpaca-py's stream of the paper account's trade updates, listening."""
    with listening(alpaca) as listener:
        yield listener

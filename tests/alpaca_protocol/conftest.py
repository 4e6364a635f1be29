"""Fixtures of the protocol's tests: a local Alpaca, and alpaca-py as it comes, talking to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alpaca.trading.client import TradingClient

from tests.alpaca_protocol.clients import Listener, listening, trading_client
from tests.alpaca_server.client import LocalAlpaca, local_alpaca


@pytest.fixture
def alpaca(tmp_path: Path) -> Iterator[LocalAlpaca]:
    """A local Alpaca with a book of its own, where BTC trades at 60,000 without a spread."""
    with local_alpaca(tmp_path / "book.jsonl") as server:
        server.conditions(spread_bps="0")
        server.price("BTC/USD", "60000")
        yield server


@pytest.fixture
def trading(alpaca: LocalAlpaca) -> TradingClient:
    """alpaca-py's client of the paper account."""
    return trading_client(alpaca)


@pytest.fixture
def updates(alpaca: LocalAlpaca) -> Iterator[Listener]:
    """alpaca-py's stream of the paper account's trade updates, listening."""
    with listening(alpaca) as listener:
        yield listener

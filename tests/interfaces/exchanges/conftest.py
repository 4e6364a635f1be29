"""Fixtures of the exchanges' tests: a local Alpaca, and the adapter that talks to it over real sockets."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from application.exchange import Exchange
from interfaces.exchanges.alpaca_plugin import plugin
from interfaces.settings import Settings
from tests.alpaca_server.client import LocalAlpaca, local_alpaca


@dataclass
class AlpacaScene:
    """Bitcoin at 60,000 at a local Alpaca; a Scene of the contract."""

    exchange: Exchange
    local: LocalAlpaca
    symbol: str = "BTC/USD"
    price: Decimal = Decimal(60_000)
    qty: Decimal = Decimal("0.002")
    too_small: Decimal = Decimal("0.0001")
    unlisted: str = "NOPE/USD"


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalAlpaca]:
    """A local Alpaca with a book of its own."""
    with local_alpaca(tmp_path / "book.jsonl") as server:
        server.conditions(spread_bps="0")
        server.price("BTC/USD", "60000")
        yield server


def alpaca_settings(local: LocalAlpaca, **changes: Any) -> Settings:
    """Return the settings of a process that trades at this Alpaca."""
    names = {name.removeprefix("WEAVER_").lower(): value for name, value in local.settings().items()}
    return Settings.read(**(names | changes))


@pytest.fixture
def scene(local: LocalAlpaca) -> Iterator[AlpacaScene]:
    """The paper account, at which orders can be placed."""
    exchange = plugin.open("paper", alpaca_settings(local))
    try:
        yield AlpacaScene(exchange, local)
    finally:
        exchange.close()

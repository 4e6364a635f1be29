"""Fixtures of the exchanges' tests: a local Alpaca, and the adapter that talks to it over real sockets."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
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


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAlpaca]:
    """A local Alpaca for all tests of a file."""
    with local_alpaca(tmp_path_factory.mktemp("alpaca") / "book.jsonl") as server:
        yield server


@pytest.fixture
def local(process: LocalAlpaca) -> Iterator[LocalAlpaca]:
    """The local Alpaca where bitcoin trades at 60,000 without a spread, and nothing is wrong or open."""
    process.conditions(spread_bps="0", rate_limit=100_000)
    process.price("BTC/USD", "60000")
    yield process
    process.clear_faults()
    for order in process.audit()["orders"]:
        if order["status"] not in ("filled", "canceled", "expired", "rejected"):
            process.set_status(order["id"], "canceled")


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

"""The guide to strategies: every example of it loads, and trades."""

import math
import re
from pathlib import Path

import pytest

from domain.order import OrderCreated, OrderFill, OrderRejected
from interfaces.strategy_catalog import FileStrategyCatalog
from tests.trading import market, trade

GUIDE = Path(__file__).parents[2] / "docs" / "strategies.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
EXAMPLES = {
    found[1]: block for block in BLOCKS if (found := re.search(r"^class (\w+)\(Strategy\)", block, re.MULTILINE))
}


def wave(symbol: str, length: float) -> list[float]:
    swing = 0.3 if symbol == "BTC/USD" else 0.2
    return [round(100 * (1 + swing * math.sin(i / length)), 2) for i in range(400)]


def test_the_guide_has_examples_and_each_defines_a_strategy() -> None:
    assert len(EXAMPLES) == len(BLOCKS) >= 8


@pytest.mark.parametrize("class_name", EXAMPLES)
def test_an_example_of_the_guide_loads_and_trades(class_name: str, tmp_path: Path) -> None:
    file = tmp_path / "example.py"
    file.write_text(EXAMPLES[class_name])
    catalog = FileStrategyCatalog(tmp_path)
    (described,) = [one for one in catalog.list() if one.source == "directory"]
    assert described.error is None
    assert described.class_name == class_name
    assert described.description

    kind = catalog.load(described.strategy_id)
    markets = [market(wave(symbol, length), symbol=symbol) for symbol, length in (("BTC/USD", 12), ("ETH/USD", 7))]
    session, events = trade(kind(), *markets, commission_bps="10", slippage_bps="5")
    fills = [event for event in events if isinstance(event, OrderFill)]
    assert fills, "an example that never trades shows nothing"
    assert session.portfolio.fees > 0
    rejected = sum(isinstance(event, OrderRejected) for event in events)
    assert (rejected > 0) == (class_name == "Greedy")


@pytest.mark.parametrize("class_name", EXAMPLES)
def test_an_example_of_the_guide_decides_the_same_again(class_name: str, tmp_path: Path) -> None:
    file = tmp_path / "example.py"
    file.write_text(EXAMPLES[class_name])
    kind = FileStrategyCatalog(None).load(f"{file}:{class_name}")
    markets = [market(wave(symbol, 9), symbol=symbol) for symbol in ("BTC/USD", "ETH/USD")]
    first, again = (trade(kind(), *markets)[1] for _ in range(2))
    assert first == again
    assert any(isinstance(event, OrderCreated) for event in first)


def test_the_guide_shows_the_parameters_it_declares(tmp_path: Path) -> None:
    file = tmp_path / "channel.py"
    file.write_text(EXAMPLES["Channel"])
    parameters = FileStrategyCatalog(None).describe(str(file)).parameters
    assert [(one.name, one.type, one.default) for one in parameters] == [
        ("length", "int", "20"),
        ("margin", "float", "0.0"),
        ("size", "decimal", "0.5"),
        ("exit_at", "str", "low"),
        ("patient", "bool", "False"),
    ]


def test_the_metadata_of_the_guide_are_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "hold.py"
    file.write_text(EXAMPLES["BuyAndHold"])
    described = FileStrategyCatalog(tmp_path).describe("hold")
    assert (described.author, described.description) == ("Ada", "Buys at the first bar and keeps it.")
    assert re.fullmatch(r"1\.2\+[0-9a-f]{12}", described.version)

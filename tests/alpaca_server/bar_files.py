"""Bars from a file, for a market that is to do what is written there."""

import csv
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from tests.alpaca_server.facts import BarGiven
from tests.alpaca_server.times import SECOND, parsed


def read_bars(symbol: str, path: Path) -> list[BarGiven]:
    """Return the bars of a CSV file (`timestamp,open,high,low,close,volume`, ascending, opening times in UTC).

    A bar lasts as long as the shortest distance between two of them. ValueError when the file has fewer than two.
    """
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    times = [parsed(row["timestamp"]) for row in rows]
    if len(times) < 2:
        raise ValueError(f"{path} holds fewer than two bars")
    seconds = min(later - earlier for earlier, later in pairwise(times)) / SECOND
    prices = ("open", "high", "low", "close", "volume")
    return [
        BarGiven(symbol=symbol, at=at, seconds=seconds, **{name: Decimal(row[name]) for name in prices})
        for at, row in zip(times, rows, strict=True)
    ]

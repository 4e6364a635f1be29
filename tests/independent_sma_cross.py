"""The moving average crossover once more, in forty lines that share no code with Weaver: the engine's referee.

Prices are whole numbers of 1e-8, averages are compared by cross-multiplied sums, money is Decimal.
"""

from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import polars

EIGHT = Decimal("0.00000001")


class Outcome(NamedTuple):
    """What the strategy did: fills as (microseconds, side, price), and what is left at the last close."""

    orders: int
    fills: list[tuple[int, str, Decimal]]
    final_equity: Decimal


def sma_cross(path: Path, fast: int, slow: int, quantity: Decimal, cash: Decimal, bps: Decimal) -> Outcome:
    """Buy at the next open when the fast average rises above the slow one, sell when it falls below."""
    frame = polars.read_parquet(path) if path.suffix == ".parquet" else polars.read_csv(path, try_parse_dates=True)
    times = frame["timestamp"].dt.epoch("us").to_list()
    opens, closes = frame["open"].to_list(), frame["close"].to_list()
    whole = [int(Decimal(str(close)) * 10**10) for close in closes]
    fills: list[tuple[int, str, Decimal]] = []
    orders, wanted, held, fast_sum, slow_sum, was = 0, "", Decimal(0), 0, 0, 0
    for i in range(len(whole)):
        if wanted:
            price = Decimal(str(opens[i]))
            cash -= (1 if wanted == "buy" else -1) * quantity * price
            cash -= (quantity * price * bps / 10_000).quantize(EIGHT)
            held += quantity if wanted == "buy" else -quantity
            fills.append((times[i], wanted, price))
            wanted = ""
        fast_sum += whole[i] - (whole[i - fast] if i >= fast else 0)
        slow_sum += whole[i] - (whole[i - slow] if i >= slow else 0)
        if i + 1 < slow:
            continue
        now = fast_sum * slow - slow_sum * fast
        if i + 1 > slow and was <= 0 < now and held == 0:
            wanted, orders = "buy", orders + 1
        elif i + 1 > slow and was >= 0 > now and held > 0:
            wanted, orders = "sell", orders + 1
        was = now
    return Outcome(orders, fills, cash + held * Decimal(str(closes[-1])))

"""The workload as a bare loop, without any engine: what Python itself costs. `--exact`: money in decimals."""

import sys
from collections.abc import Callable
from decimal import Decimal

from tests.benchmarks.peers.workload import CASH, COMMISSION, FAST, QUANTITY, SLOW, Outcome, given_minutes, measure

CENT = Decimal("0.01")
EIGHT = Decimal("0.00000001")


def in_floats(opens: list[float], closes: list[float]) -> Outcome:
    """Return what came of it; sums, prices and money are floats."""
    cash, held, orders, trades, wanted = float(CASH), 0, 0, 0, 0
    fast_sum, slow_sum = sum(closes[SLOW - FAST : SLOW]), sum(closes[:SLOW])
    was_above = fast_sum * SLOW > slow_sum * FAST
    rows = zip(opens[SLOW:], closes[SLOW:], closes[SLOW - FAST :], closes, strict=False)
    for price, close, leaves_fast, leaves_slow in rows:
        if wanted:
            cash -= wanted * price + QUANTITY * price * COMMISSION
            held += wanted
            trades += held == 0
            wanted = 0
        fast_sum += close - leaves_fast
        slow_sum += close - leaves_slow
        is_above = fast_sum * SLOW > slow_sum * FAST
        if is_above is not was_above:
            was_above = is_above
            if is_above and held == 0:
                wanted, orders = QUANTITY, orders + 1
            elif held and not is_above:
                wanted, orders = -QUANTITY, orders + 1
    return Outcome(orders, trades, cash + held * closes[-1])


def in_decimals(opens: list[int], closes: list[int]) -> Outcome:
    """Return what came of it; opens and closes are whole cents, sums are exact, money is Decimal."""
    cash, held, orders, trades, wanted = Decimal(CASH), 0, 0, 0, 0
    commission = Decimal(str(COMMISSION))
    fast_sum, slow_sum = sum(closes[SLOW - FAST : SLOW]), sum(closes[:SLOW])
    difference = fast_sum * SLOW - slow_sum * FAST
    rows = zip(opens[SLOW:], closes[SLOW:], closes[SLOW - FAST :], closes, strict=False)
    for cents, close, leaves_fast, leaves_slow in rows:
        if wanted:
            price = cents * CENT
            cash -= wanted * price + (QUANTITY * price * commission).quantize(EIGHT)
            held += wanted
            trades += held == 0
            wanted = 0
        fast_sum += close - leaves_fast
        slow_sum += close - leaves_slow
        before, difference = difference, fast_sum * SLOW - slow_sum * FAST
        if before <= 0 < difference and held == 0:
            wanted, orders = QUANTITY, orders + 1
        elif before >= 0 > difference and held:
            wanted, orders = -QUANTITY, orders + 1
    return Outcome(orders, trades, float(cash + held * closes[-1] * CENT))


def main() -> None:
    """Measure one of the two loops."""
    minutes = given_minutes()
    if "--exact" in sys.argv:
        opens, closes = ([round(price * 100) for price in column.tolist()] for column in (minutes.open, minutes.close))

        def prepared() -> Callable[[], Outcome]:
            return lambda: in_decimals(opens, closes)

        measure("bare loop, decimal money", None, len(minutes), prepared, lambda done: done, "no engine, no checks")
        return
    prices, lasts = minutes.open.tolist(), minutes.close.tolist()
    measure(
        "bare loop, floats",
        None,
        len(minutes),
        lambda: lambda: in_floats(prices, lasts),
        lambda done: done,
        "no engine, no checks",
    )


if __name__ == "__main__":
    main()

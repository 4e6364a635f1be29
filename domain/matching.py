"""Which price does this bar give this order? The rules of fills inside a bar."""

from decimal import Decimal

from domain.costs import Costs
from domain.money import exact
from domain.order import OrderCreated, OrderType

# What the simulated venue can match so far; everything else is refused with the reason, never rewritten.
SUPPORTED_TYPES = frozenset({OrderType.MARKET})


def match(order: OrderCreated, bar_open: float, costs: Costs) -> Decimal:
    """Return the price at which the order fills in the bar.

    A market order fills at the bar's open, plus slippage.

    bar_open: the open of the first bar that opens at or after the order was placed (no look-ahead).
    """
    return costs.slipped(exact(bar_open), order.side)

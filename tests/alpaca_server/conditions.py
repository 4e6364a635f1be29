"""How the exchange behaves when nothing is wrong: what a test may set while it runs."""

from decimal import Decimal
from typing import Any

import msgspec


class Conditions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Delays in wall seconds, shares between 0 and 1."""

    fill_seconds: float = 0.005
    """From one state of an order to the next: taken, new, filled; cancel requested, cancelled."""
    partial_share: float = 0.0
    """The share of orders that fill in two parts; which ones, the seed and the order's number decide."""
    spread_bps: Decimal = Decimal(2)
    rate_limit: int = 200
    """Requests a minute for each account, and again for its data."""
    page_rows: int = 10_000
    """The most rows a page of bars has, whatever `limit` asks for."""
    reap_seconds: float = 90.0
    """How long a dead stream keeps its place."""
    symbol_limit: int = 30
    """How many symbols a data stream may ask for."""

    def changed(self, changes: dict[str, Any]) -> "Conditions":
        """Return these conditions with some changed; ValidationError when there are none such."""
        return msgspec.convert(msgspec.to_builtins(self) | changes, Conditions, strict=False)

    def take(self, other: "Conditions") -> None:
        """Become like other conditions: whoever holds these sees the change."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(other, name))

"""What a dealer works with: the market it sees, and who hears of its orders."""

from datetime import datetime
from decimal import Decimal
from typing import Protocol

import msgspec

from domain.working_order import OrderHandle


class Market(Protocol):
    """What the dealer sees of the market at this instant; moments are microseconds since 1970 UTC."""

    instant: int
    symbol_index: dict[str, int]

    @property
    def now(self) -> datetime: ...
    def moment(self) -> int: ...
    def require_price(self, symbol: str) -> None: ...
    def last_close(self, symbol: str) -> Decimal: ...
    def mark(self, symbol: str) -> Decimal: ...
    def bar_age(self, symbol: str) -> float: ...
    def opened_at(self, symbol: str) -> int: ...
    def place_of(self, symbol: str) -> int: ...
    def session_close(self, symbol: str, moment: int) -> int: ...


class LedgerLine(msgspec.Struct, frozen=True):
    """Cash and one symbol's quantity right after a fill at an instant of the timeline."""

    instant: int
    cash: Decimal
    symbol: str
    quantity: Decimal


class Told(Protocol):
    """Who hears of the orders: the session, which tells the strategy."""

    hears_fills: bool

    def order_changed(self, handle: OrderHandle) -> None: ...
    def order_filled(self) -> None: ...

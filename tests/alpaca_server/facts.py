"""What the book is made of: each line of its file is one of these, and nothing is ever changed or taken back."""

from decimal import Decimal

import msgspec

from tests.alpaca_server.conditions import Conditions
from tests.alpaca_server.orders import Execution, Order


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="fact", tag=True):
    """Something that happened at the exchange."""


class BookOpened(Fact, frozen=True):
    """The first line: `book_id` makes the ids of this book's orders and executions its own."""

    book_id: str
    seed: int


class ClockSet(Fact, frozen=True):
    """The market's clock shows `market` at the wall time `wall` and runs on `speed` times as fast."""

    wall: int
    market: int
    speed: float


class OrderMoved(Fact, frozen=True):
    """An order was taken or its state changed; `event` is the word the stream says, none for a silent change."""

    environment: str
    at: int
    event: str | None
    order: Order
    execution: Execution | None = None


class CashMoved(Fact, frozen=True):
    """Dollars came to an account, or left it, without an order."""

    environment: str
    amount: Decimal


class PositionMoved(Fact, frozen=True):
    """A quantity came to an account, or left it, without an order."""

    environment: str
    symbol: str
    qty: Decimal
    price: Decimal


class PriceSet(Fact, frozen=True):
    """From `at` on a symbol trades at this price."""

    symbol: str
    at: int
    price: Decimal


class BarGiven(Fact, frozen=True):
    """A bar of a symbol: what the market did from `at` on for `seconds`."""

    symbol: str
    at: int
    seconds: float
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class AssetChanged(Fact, frozen=True):
    """An asset's standing changed."""

    symbol: str
    status: str
    tradable: bool


class ConditionsSet(Fact, frozen=True):
    """The exchange behaves like this from now on."""

    conditions: Conditions


class RequestSeen(Fact, frozen=True):
    """A request arrived, by the wall's clock; written before anything comes of it."""

    number: int
    wall: int
    environment: str
    method: str
    path: str
    query: str
    client_order_id: str | None
    faults: tuple[str, ...] = ()


AnyFact = (
    BookOpened
    | ClockSet
    | OrderMoved
    | CashMoved
    | PositionMoved
    | PriceSet
    | BarGiven
    | AssetChanged
    | ConditionsSet
    | RequestSeen
)

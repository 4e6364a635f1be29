"""What Weaver needs of an exchange: protocols and plain values; the adapters are in `interfaces/exchanges`.

Quantities, prices and money are exact decimals in quote currency and units; times are UTC. Nothing here blocks for
ever: every call of an adapter has a deadline of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, runtime_checkable

from domain.instruments import AssetClass, Instrument
from domain.market import Bars, Timeframe
from domain.order import Liquidity, OrderCreated, OrderType, Side, TimeInForce


@dataclass(frozen=True, slots=True)
class OrderTicket:
    """An order as it is sent. limit, stop, trail, trail_percent: None where the type has none.

    intent: what the strategy asked for, with all that an exchange inside this process needs to know.
    """

    client_order_id: str
    symbol: str
    side: Side
    qty: Decimal
    order_type: OrderType
    time_in_force: TimeInForce
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail: Decimal | None = None
    trail_percent: Decimal | None = None
    intent: OrderCreated | None = None


class ExchangeStatus(StrEnum):
    """Where an order is at the exchange. Every word an adapter does not know means WORKING: it may still trade."""

    WORKING = "working"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"

    @property
    def is_final(self) -> bool:
        """Whether the exchange has said its last word."""
        return self is not ExchangeStatus.WORKING


@dataclass(frozen=True, slots=True)
class ExchangeOrder:
    """An order as the exchange has it.

    client_order_id: ours for orders of Weaver, anything for orders placed by hand. word: the exchange's own status.
    reason: why it was rejected, where the exchange says. qty: None for an order by amount of money. time_in_force: the
    exchange's own word, None where it does not say.
    """

    exchange_order_id: str
    client_order_id: str
    symbol: str
    side: Side
    qty: Decimal | None
    order_type: str
    status: ExchangeStatus
    word: str
    filled_qty: Decimal
    filled_avg_price: Decimal | None
    submitted_at: datetime
    updated_at: datetime
    limit: Decimal | None = None
    stop: Decimal | None = None
    reason: str | None = None
    time_in_force: str | None = None


@dataclass(frozen=True, slots=True)
class ExchangeExecution:
    """One execution as the exchange reports it, by stream or by query: the same `execution_id` either way, for ever.

    cumulative_qty: filled of the order up to and including this one. fee, base_fee: None where the exchange does not
    say; they are then computed from the run's costs. liquidity: None where it does not say.
    """

    execution_id: str
    exchange_order_id: str
    symbol: str
    side: Side
    qty: Decimal
    price: Decimal
    cumulative_qty: Decimal
    at: datetime
    client_order_id: str | None = None
    fee: Decimal | None = None
    base_fee: Decimal | None = None
    liquidity: Liquidity | None = None


@dataclass(frozen=True, slots=True)
class ExchangePosition:
    """What the exchange says is held: qty below zero is short. available: what open orders do not hold."""

    symbol: str
    qty: Decimal
    available: Decimal
    avg_price: Decimal | None
    market_value: Decimal | None


@dataclass(frozen=True, slots=True)
class ExchangeAccount:
    """The account as the exchange has it. blocked: why it may not trade, None if it may.

    cash_buying_power: what may be spent on what cannot be bought on margin, such as crypto; None where that is
    `buying_power` too.
    """

    account_id: str
    currency: str
    cash: Decimal
    equity: Decimal
    buying_power: Decimal
    blocked: str | None = None
    cash_buying_power: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What the exchange says of one symbol. tradable: whether it takes orders of it now; reason: why not."""

    symbol: str
    asset_class: AssetClass
    tradable: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The exchange has taken the order."""

    order: ExchangeOrder


@dataclass(frozen=True, slots=True)
class Declined:
    """The exchange said no, and means it: there is no such order. code: its own, where it gives one."""

    reason: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """Nobody knows whether the exchange has taken the request: it must be asked before anything is sent again."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing has left this machine, so there is no such order: it may be sent later, under the same id."""

    reason: str


type SubmitOutcome = Accepted | Declined | OutcomeUnknown | NotSent


class CancelOutcome(StrEnum):
    """What became of a request to cancel.

    Only DONE ends an order, and only an exchange inside this process says it; of any other a final status does.
    """

    DONE = "done"
    TAKEN = "taken"
    NOT_CANCELABLE = "not_cancelable"
    NOT_FOUND = "not_found"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ExchangeUpdate:
    """A message of the exchange's order stream. event: its own word; execution: what was executed, if anything was."""

    event: str
    order: ExchangeOrder
    execution: ExchangeExecution | None = None


class ExchangeListener(Protocol):
    """Who hears an exchange's order stream. Called from the stream's thread; must return at once and never raise."""

    def stream_opened(self) -> None:
        """The stream is subscribed, for the first time or again: what happened before has to be queried."""
        ...

    def stream_closed(self, reason: str) -> None:
        """Nothing is heard any more until the next `stream_opened`."""
        ...

    def updated(self, update: ExchangeUpdate) -> None:
        """An order changed."""
        ...

    def misunderstood(self, raw: str, reason: str) -> None:
        """A message could not be read: it is kept as it came, and the orders have to be queried."""
        ...


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an exchange adapter declares of itself.

    asset_classes: what it trades. streaming: whether it has an order stream. is_real_money: whether orders cost money.
    matches_bars: whether fills are made by this process from the run's bars, so that nothing has to be reconciled.
    """

    asset_classes: frozenset[AssetClass]
    streaming: bool
    is_real_money: bool
    matches_bars: bool = False


@runtime_checkable
class Exchange(Protocol):
    """One account at one exchange; safe to be used by several threads.

    name: unique over all accounts, such as `alpaca-paper`. Every method that asks raises ExchangeUnavailable when the
    exchange cannot be asked or does not answer in time, CredentialsRefused when it does not accept the keys.
    """

    name: str
    capabilities: Capabilities

    def instrument(self, symbol: str) -> Instrument:
        """Return what the exchange allows of a symbol: increments, minimums, order types and times in force."""
        ...

    def listing(self, symbol: str) -> Listing | None:
        """Return what the exchange says of a symbol, None if it has never heard of it."""
        ...

    def submit(self, ticket: OrderTicket) -> SubmitOutcome:
        """Send an order once. Raises nothing.

        What goes wrong before the first byte is sent is NotSent, whatever goes wrong on the way an OutcomeUnknown.
        """
        ...

    def cancel(self, exchange_order_id: str) -> CancelOutcome:
        """Ask for an order to be cancelled, once. Raises nothing."""
        ...

    def find(self, client_order_id: str) -> ExchangeOrder | None:
        """Return the order of that client id; None only if the exchange said that there is none."""
        ...

    def open_orders(self) -> Sequence[ExchangeOrder]:
        """Return every order that may still trade, whoever placed it."""
        ...

    def orders_since(self, after: datetime) -> Sequence[ExchangeOrder]:
        """Return every order placed since a moment, by whomever, ended ones too, oldest first, all pages of it."""
        ...

    def executions(self, after: datetime) -> Sequence[ExchangeExecution]:
        """Return every execution since a moment, oldest first, all pages of it."""
        ...

    def positions(self) -> Sequence[ExchangePosition]:
        """Return what is held."""
        ...

    def account(self) -> ExchangeAccount:
        """Return the account."""
        ...

    def time(self) -> datetime:
        """Return what time it is at the exchange, UTC."""
        ...

    def follow(self, listener: ExchangeListener) -> None:
        """Open the order stream in a thread of its own and keep it open until `unfollow` or `close`."""
        ...

    def unfollow(self) -> None:
        """Close the order stream and leave its place to others; `follow` opens it again."""
        ...

    def close(self) -> None:
        """Close the stream and every connection."""
        ...


@dataclass(frozen=True, slots=True)
class FeedBar:
    """One closed bar of a feed. opened_at: microseconds since 1970 UTC. trade_count: None where the feed has none."""

    symbol: str
    opened_at: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    trade_count: int | None = None


@runtime_checkable
class BarFeed(Protocol):
    """Where the bars of a paper or live run come from; safe to be used by several threads.

    name: unique, such as `alpaca` or `replay`.
    """

    name: str

    def follow(self, symbols: Sequence[str], timeframe: Timeframe) -> None:
        """Begin to listen to these bars, so that `closed` can answer at once; listening already changes nothing."""
        ...

    def unfollow(self) -> None:
        """Listen to nothing until `follow` is called again: a connection that is not needed may be another's."""
        ...

    def closed(
        self, symbols: Sequence[str], timeframe: Timeframe, opened_at: int, patience: float
    ) -> Mapping[str, FeedBar]:
        """Return the bars that opened at a moment (microseconds since 1970 UTC), of the symbols that have one.

        Waits at most `patience` seconds for those that are missing; a market without a trade has no bar. Returns what
        there is, and raises nothing: a feed that is away has no bars, and says so in `state`.
        """
        ...

    def history(self, symbol: str, timeframe: Timeframe, start: datetime, end: datetime) -> Bars:
        """Return the bars that open in [start, end), possibly none; raise ExchangeUnavailable if it cannot be asked."""
        ...

    def state(self) -> Mapping[str, str]:
        """Return how the feed is, for people: `status` (up, down, idle) and whatever explains it."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


@dataclass(frozen=True, slots=True)
class ExchangeDescription:
    """What `weaver doctor` and `GET /info` say of an adapter, without connecting to anything.

    modes: what its credentials allow, `paper`, `live` or both. error: why it cannot be used, None if it can.
    venue: whose rules and costs its runs have, None for those they are created with.
    """

    name: str
    summary: str
    modes: tuple[str, ...]
    source: str
    error: str | None = None
    venue: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)


class ExchangeCatalog(Protocol):
    """The exchanges this process knows."""

    def list(self) -> Sequence[ExchangeDescription]:
        """Return every adapter found, unusable ones included, by name."""
        ...

    def describe(self, name: str) -> ExchangeDescription:
        """Return one; raise InvalidInput with a suggestion for an unknown name."""
        ...

    def open(self, name: str, mode: str) -> Exchange:
        """Return the account, connecting lazily; raise InvalidInput naming the setting that is missing."""
        ...

    def feed(self, name: str) -> BarFeed:
        """Return the bars that belong to an exchange."""
        ...

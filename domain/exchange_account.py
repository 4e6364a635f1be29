"""An account at an exchange, as Weaver has compared it with its own journal."""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID, uuid5

import msgspec

from domain.events import Aggregate, Event

type DiscrepancyKind = Literal[
    "position", "external_order", "missing_order", "unknown_execution", "overfill", "unreadable_message", "account"
]
type DiscrepancyPolicy = Literal["adopt", "ignore", "halt"]
POLICIES: tuple[DiscrepancyPolicy, ...] = ("adopt", "ignore", "halt")
# A fee taken from what was bought is known exactly only at the end of the day: so much of a position may be off.
TOLERANCE = Decimal("0.005")

_NAMESPACE = UUID("77656176-6572-8163-a36f-756e74000000")


class HeldPosition(msgspec.Struct, frozen=True):
    """What the exchange says is held of a symbol, and what Weaver's runs hold of it there."""

    symbol: str
    at_exchange: Decimal
    of_runs: Decimal

    @property
    def differs(self) -> bool:
        """Whether the two are further apart than fees that are not known yet explain."""
        return abs(self.at_exchange - self.of_runs) > TOLERANCE * abs(self.of_runs)


class AccountReconciled(Event, frozen=True, kw_only=True):
    """Both sides were compared, and what differs has been dealt with.

    cause: `start`, `reconnect`, `timer` or `discrepancy`. open_orders, external_orders: at the exchange, Weaver's and
    others'. executions: how many were found that the journal had missed. blocked: why
    the account may not trade, None if it may.
    """

    TOPIC: ClassVar[str] = "account.reconciled"

    exchange: str
    cause: str
    account_id: str
    currency: str
    cash: Decimal
    equity: Decimal
    buying_power: Decimal
    positions: tuple[HeldPosition, ...]
    open_orders: int
    external_orders: int
    executions: int
    seconds: float
    blocked: str | None = None

    def settles(self, found: "AccountDiscrepancyFound") -> bool:
        """Return whether the comparison shows that the discrepancy is gone.

        A position differs until both sides hold the same; orders of others are there as long as any is; an account is
        blocked until the exchange lets it trade. Nothing else can be told from a comparison.
        """
        match found.kind:
            case "position":
                return not any(held.differs for held in self.positions if held.symbol == found.subject)
            case "external_order":
                return self.external_orders == 0
            case "account":
                return self.blocked is None
            case _:
                return False


class AccountDiscrepancyFound(Event, frozen=True, kw_only=True):
    """The exchange and the journal say different things.

    kind: of what. subject: the symbol, order or message concerned. expected: the journal's, found: the exchange's.
    policy: what was done about it: `adopt` (the exchange is right), `ignore`, or `halt` (nothing is traded until a
    person resumes).
    """

    TOPIC: ClassVar[str] = "account.discrepancy_found"

    exchange: str
    kind: DiscrepancyKind
    subject: str
    message: str
    expected: str | None = None
    found: str | None = None
    policy: DiscrepancyPolicy
    run_id: UUID | None = None


def account_stream_id(exchange: str) -> UUID:
    """Return the id of the stream of an exchange's account: always the same for the same name."""
    return uuid5(_NAMESPACE, exchange)


class ExchangeAccountRecord(Aggregate):
    """What is known of an account, folded from its events.

    found: discrepancies by kind and subject, as last found, without those a later comparison showed to be gone: they
    are news when they come again.
    """

    TOPIC: ClassVar[str] = "account"

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.reconciled: AccountReconciled | None = None
        self.found: Mapping[tuple[str, str], AccountDiscrepancyFound] = {}

    def reconcile(self, reconciled: AccountReconciled) -> None:
        """Record that both sides were compared."""
        self.trigger(reconciled)

    def discrepancy(self, found: AccountDiscrepancyFound) -> bool:
        """Record a discrepancy; return False, and change nothing, for one that was found like this before."""
        known = self.found.get((found.kind, found.subject))
        if known is not None and (known.expected, known.found) == (found.expected, found.found):
            return False
        self.trigger(found)
        return True

    def apply(self, event: Event) -> None:
        """Change the state as the event says."""
        match event:
            case AccountReconciled():
                self.reconciled = event
                self.found = {key: found for key, found in self.found.items() if not event.settles(found)}
            case AccountDiscrepancyFound():
                self.found = {**self.found, (event.kind, event.subject): event}
            case _:
                raise TypeError(f"an account knows no event {type(event).TOPIC}")

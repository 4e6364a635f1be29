"""Compares what an exchange says with what the journal holds: before the first order, and after every reconnect."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from time import monotonic
from uuid import UUID

from application.clock import Clock
from application.exchange import (
    Exchange,
    ExchangeAccount,
    ExchangeExecution,
    ExchangeOrder,
    ExchangePosition,
)
from application.journal import Journal
from application.run_book import RunBook
from domain.errors import ExchangeUnavailable
from domain.events import Chain
from domain.exchange_account import (
    AccountDiscrepancyFound,
    AccountReconciled,
    DiscrepancyKind,
    DiscrepancyPolicy,
    ExchangeAccountRecord,
    HeldPosition,
    account_stream_id,
)
from domain.ids import CLIENT_ORDER_PREFIX
from domain.money import ZERO, plain
from domain.order import Order
from domain.risk import KILL_SWITCH_ID, Objection, RiskGuard

ACTOR = "reconciliation"
MOST_OF_A_MESSAGE = 10_000
# Clocks that differ by more are no accident of a slow answer.
MOST_DIFFERENCE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an exchange said when it was asked; seconds: how long that took.

    placed: the orders placed lately, ended ones too, where they were asked for.
    """

    account: ExchangeAccount
    open_orders: Sequence[ExchangeOrder]
    executions: Sequence[ExchangeExecution]
    positions: Sequence[ExchangePosition]
    seconds: float
    placed: Sequence[ExchangeOrder] = ()

    @property
    def orders(self) -> Collection[ExchangeOrder]:
        """Every order that was told of."""
        return {one.exchange_order_id: one for one in (*self.open_orders, *self.placed)}.values()


def take_snapshot(exchange: Exchange, after: datetime, clock: Clock, *, with_orders: bool) -> Snapshot:
    """Return the exchange's side, executions since a moment, and orders if they are wanted; raise as the exchange does.

    Raises ExchangeUnavailable when its clock and this machine's differ: bars would be looked for when there are none,
    and what was executed in the meantime could be passed over.
    """
    began = monotonic()
    _require_same_time(exchange, clock)
    account, orders = exchange.account(), exchange.open_orders()
    # asked for after the open ones: what was open then and has ended since is among them
    placed = exchange.orders_since(after) if with_orders else ()
    executions, positions = exchange.executions(after), exchange.positions()
    return Snapshot(account, orders, executions, positions, monotonic() - began, placed)


def _require_same_time(exchange: Exchange, clock: Clock) -> None:
    asked = clock.now()
    theirs = exchange.time()
    answered = clock.now()
    # it said so between these two moments, and is given the benefit of the doubt
    ahead = max(asked - theirs, timedelta(0)) or min(answered - theirs, timedelta(0))
    if abs(ahead) > MOST_DIFFERENCE:
        way = "ahead of" if ahead > timedelta(0) else "behind"
        raise ExchangeUnavailable(
            f"this machine's clock is {abs(ahead).total_seconds():,.0f} s {way} that of {exchange.name}: set it, for "
            "instance with NTP; no order leaves until both agree"
        )


class Reconciliation:
    """Finds what differs, records it once, and says whether trading may go on."""

    def __init__(self, journal: Journal, exchange: str, clock: Clock) -> None:
        self._journal = journal
        self._exchange = exchange
        self._clock = clock

    def compare(
        self, snapshot: Snapshot, books: Mapping[UUID, RunBook], known: Collection[str]
    ) -> list[AccountDiscrepancyFound]:
        """Return everything that differs.

        books: of every run of the account. known: the client ids of their orders. A symbol with orders that have not
        ended is left out: what is held of it changes while one looks.
        """
        now = self._clock.now()
        external = [one for one in snapshot.open_orders if one.client_order_id not in known]
        busy = {order.created.symbol for book in books.values() for order in book.orders.values()}
        positions = [one for one in self._positions(now, snapshot, books) if one.subject not in busy]
        strangers = [
            *map(partial(self._external_order, now), external),
            *self._executed_elsewhere(now, snapshot, known),
        ]
        return [*strangers, *positions, *self._account(now, snapshot)]

    def record(
        self,
        cause: str,
        snapshot: Snapshot,
        books: Mapping[UUID, RunBook],
        known: Collection[str],
        found: Sequence[AccountDiscrepancyFound],
        executions: int,
    ) -> list[AccountDiscrepancyFound]:
        """Record a comparison of both sides; return the discrepancies that were not known before.

        executions: how many were found that the journal had missed, and booked.
        """
        record = self._loaded()
        new = [one for one in found if record.discrepancy(one)]
        ours = sum(one.client_order_id in known for one in snapshot.open_orders)
        reconciled = AccountReconciled(
            at=self._clock.now(),
            exchange=self._exchange,
            cause=cause,
            account_id=snapshot.account.account_id,
            currency=snapshot.account.currency,
            cash=snapshot.account.cash,
            equity=snapshot.account.equity,
            buying_power=snapshot.account.buying_power,
            positions=self._held(snapshot, books),
            open_orders=ours,
            external_orders=len(snapshot.open_orders) - ours,
            executions=executions,
            seconds=round(snapshot.seconds, 6),
            blocked=snapshot.account.blocked,
        )
        record.reconcile(reconciled)
        self._save(record)
        return new

    def compared_at(self) -> datetime | None:
        """Return when both sides were compared last, None if they never were."""
        reconciled = self._loaded().reconciled
        return None if reconciled is None else reconciled.at

    def keep_message(self, raw: str, reason: str) -> None:
        """Record a message that could not be read, as it came."""
        now = self._clock.now()
        record = self._loaded()
        if record.discrepancy(
            self._found(now, "unreadable_message", now.isoformat(), reason, "adopt", found=raw[:MOST_OF_A_MESSAGE])
        ):
            self._save(record)

    def halt(self, found: AccountDiscrepancyFound) -> None:
        """Throw the kill switch: a person has to look."""
        guard = self._journal.load(RiskGuard, KILL_SWITCH_ID) or RiskGuard(KILL_SWITCH_ID)
        figures = {"expected": found.expected or "", "found": found.found or ""}
        guard.halt(self._clock.now(), None, Objection("discrepancy", found.message, figures))
        self._journal.record(guard, run_id=None, chain=self._chain())

    def adopt(self, order: Order, run_id: UUID) -> None:
        """Record an order of a run that the exchange has, and the journal had lost."""
        self._journal.record(order, run_id=run_id, chain=self._chain())

    def _loaded(self) -> ExchangeAccountRecord:
        stream_id = account_stream_id(self._exchange)
        return self._journal.load(ExchangeAccountRecord, stream_id) or ExchangeAccountRecord(stream_id)

    def _save(self, record: ExchangeAccountRecord) -> None:
        self._journal.record(record, run_id=None, chain=self._chain())

    def _chain(self) -> Chain:
        stream_id = str(account_stream_id(self._exchange))
        return Chain(stream_id, stream_id, actor=ACTOR)

    def _external_order(self, now: datetime, order: ExchangeOrder) -> AccountDiscrepancyFound:
        is_ours = order.client_order_id.startswith(CLIENT_ORDER_PREFIX)
        who = "an order of Weaver that no run of this database has" if is_ours else "an order placed elsewhere"
        shown = f"{order.side} {plain(order.qty) if order.qty is not None else ''} {order.symbol}"
        return self._found(
            now,
            "external_order",
            order.exchange_order_id,
            f"{who} works at {self._exchange}: {shown} ({order.order_type}, {order.word})",
            "ignore",
            found=shown,
        )

    def _executed_elsewhere(
        self, now: datetime, snapshot: Snapshot, known: Collection[str]
    ) -> list[AccountDiscrepancyFound]:
        """Orders of Weaver that were executed, have ended, and that no run has: of one that a restore has lost."""
        found = []
        for one in snapshot.orders:
            is_strange = one.client_order_id.startswith(CLIENT_ORDER_PREFIX) and one.client_order_id not in known
            if is_strange and one.status.is_final and one.filled_qty:
                shown = f"{one.side} {plain(one.filled_qty)} {one.symbol}"
                message = (
                    f"an order of Weaver that no run of this database has was executed at {self._exchange}: {shown}"
                )
                subject = one.exchange_order_id
                found.append(self._found(now, "unknown_execution", subject, message, "ignore", found=shown))
        return found

    def _positions(
        self, now: datetime, snapshot: Snapshot, books: Mapping[UUID, RunBook]
    ) -> list[AccountDiscrepancyFound]:
        found = []
        for one in self._held(snapshot, books):
            if not one.differs:
                continue
            # more than the runs hold is somebody's own; less means that a run counts on what is not there
            is_short = abs(one.at_exchange) < abs(one.of_runs) or one.at_exchange * one.of_runs < 0
            policy: DiscrepancyPolicy = "halt" if is_short else "ignore"
            message = (
                f"{self._exchange} holds {plain(one.at_exchange)} {one.symbol}, the runs there {plain(one.of_runs)}"
            )
            expected, seen = plain(one.of_runs), plain(one.at_exchange)
            found.append(self._found(now, "position", one.symbol, message, policy, expected=expected, found=seen))
        return found

    def _account(self, now: datetime, snapshot: Snapshot) -> list[AccountDiscrepancyFound]:
        if snapshot.account.blocked is None:
            return []
        message = f"{self._exchange} does not let the account trade: {snapshot.account.blocked}"
        return [
            self._found(now, "account", snapshot.account.account_id, message, "halt", found=snapshot.account.blocked)
        ]

    def _held(self, snapshot: Snapshot, books: Mapping[UUID, RunBook]) -> tuple[HeldPosition, ...]:
        of_runs: dict[str, Decimal] = {}
        for book in books.values():
            for symbol, quantity in book.quantities().items():
                of_runs[symbol] = of_runs.get(symbol, ZERO) + quantity
        at_exchange = {one.symbol: one.qty for one in snapshot.positions}
        return tuple(
            HeldPosition(symbol, at_exchange.get(symbol, ZERO), of_runs.get(symbol, ZERO))
            for symbol in sorted({*of_runs, *at_exchange})
        )

    def _found(
        self,
        now: datetime,
        kind: DiscrepancyKind,
        subject: str,
        message: str,
        policy: DiscrepancyPolicy,
        *,
        expected: str | None = None,
        found: str | None = None,
    ) -> AccountDiscrepancyFound:
        return AccountDiscrepancyFound(
            at=now,
            exchange=self._exchange,
            kind=kind,
            subject=subject,
            message=message,
            expected=expected,
            found=found,
            policy=policy,
        )

"""What every exchange adapter must do, as tests: inherit from `ExchangeContract` and give it a `scene`."""

import itertools
import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

from application.exchange import (
    Accepted,
    CancelOutcome,
    Declined,
    Exchange,
    ExchangeExecution,
    ExchangeOrder,
    ExchangeStatus,
    ExchangeUpdate,
    OrderTicket,
    OutcomeUnknown,
)
from domain.order import OrderType, TimeInForce

PATIENCE = 15.0
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)


class Scene(Protocol):
    """An exchange at which a symbol trades, with an account that can afford all of this.

    symbol: one that is listed. price: about what it trades at. qty: what an order may be of.
    too_small: a quantity the exchange refuses. unlisted: a symbol nobody has heard of.
    """

    exchange: Exchange
    symbol: str
    price: Decimal
    qty: Decimal
    too_small: Decimal
    unlisted: str


@dataclass
class Listening:
    """An ExchangeListener that remembers what it heard; `events` are `opened`, `closed`, `updated`, `misunderstood`."""

    heard: queue.Queue[tuple[str, object]] = field(default_factory=queue.Queue)
    events: list[tuple[str, object]] = field(default_factory=list)

    def stream_opened(self) -> None:
        self.heard.put(("opened", None))

    def stream_closed(self, reason: str) -> None:
        self.heard.put(("closed", reason))

    def updated(self, update: ExchangeUpdate) -> None:
        self.heard.put(("updated", update))

    def misunderstood(self, raw: str, reason: str) -> None:
        self.heard.put(("misunderstood", (raw, reason)))

    def wait_for(self, what: str, satisfied: Callable[[object], bool] = lambda told: True) -> object:
        """Return what is told with the next event of that name that satisfies; AssertionError if none comes."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                name, told = self.heard.get(timeout=max(deadline - time.monotonic(), 0.01))
            except queue.Empty:
                raise AssertionError(f"no {what} came; heard were {self.events}") from None
            self.events.append((name, told))
            if name == what and satisfied(told):
                return told

    @property
    def updates(self) -> list[ExchangeUpdate]:
        """The updates heard so far, of those that were waited for."""
        return [told for name, told in self.events if isinstance(told, ExchangeUpdate)]

    @property
    def executions(self) -> list[ExchangeExecution]:
        """The executions among them."""
        return [update.execution for update in self.updates if update.execution is not None]


def until[Value](ask: Callable[[], Value], satisfied: Callable[[Value], bool]) -> Value:
    """Return the first answer that satisfies; AssertionError if none does in time."""
    deadline = time.monotonic() + PATIENCE
    while not satisfied(answer := ask()):
        assert time.monotonic() < deadline, f"waited in vain, the last answer was {answer}"
        time.sleep(0.01)
    return answer


def market(scene: Scene, qty: Decimal | None = None) -> OrderTicket:
    """Return a buy that fills at once."""
    return OrderTicket(
        f"wv1-contract-{next(_numbers)}", scene.symbol, "buy", qty or scene.qty, OrderType.MARKET, TimeInForce.GTC
    )


def resting(scene: Scene) -> OrderTicket:
    """Return a buy that works on, half a market away."""
    limit = (scene.price / 2).quantize(Decimal(1))
    return OrderTicket(
        f"wv1-contract-{next(_numbers)}",
        scene.symbol,
        "buy",
        scene.qty,
        OrderType.LIMIT,
        TimeInForce.GTC,
        limit=limit,
    )


def accepted(scene: Scene, ticket: OrderTicket) -> ExchangeOrder:
    """Submit an order that is taken, and return it."""
    outcome = scene.exchange.submit(ticket)
    assert isinstance(outcome, Accepted), outcome
    return outcome.order


def found(scene: Scene, client_order_id: str, satisfied: Callable[[ExchangeOrder], bool]) -> ExchangeOrder:
    """Return the order once it satisfies."""
    order = until(lambda: scene.exchange.find(client_order_id), lambda one: one is not None and satisfied(one))
    assert order is not None
    return order


def is_filled(order: ExchangeOrder) -> bool:
    """Whether all of it is filled."""
    return order.status is ExchangeStatus.FILLED


class ExchangeContract:
    """The promises of `application/exchange.py`; a class of tests inherits them and has a fixture `scene`."""

    def test_it_says_what_it_is(self, scene: Scene) -> None:
        assert isinstance(scene.exchange, Exchange)
        assert scene.exchange.name
        instrument = scene.exchange.instrument(scene.symbol)
        assert instrument.symbol == scene.symbol
        assert instrument.asset_class in scene.exchange.capabilities.asset_classes
        assert TimeInForce.GTC in instrument.capabilities[OrderType.MARKET]

    def test_it_knows_what_is_listed(self, scene: Scene) -> None:
        listing = scene.exchange.listing(scene.symbol)
        assert listing is not None
        assert (listing.symbol, listing.tradable, listing.reason) == (scene.symbol, True, None)
        assert listing.asset_class == scene.exchange.instrument(scene.symbol).asset_class
        assert scene.exchange.listing(scene.unlisted) is None

    def test_an_order_is_not_there_before_it_is_sent_and_is_afterwards(self, scene: Scene) -> None:
        ticket = resting(scene)
        assert scene.exchange.find(ticket.client_order_id) is None
        order = accepted(scene, ticket)
        assert (order.client_order_id, order.symbol, order.side) == (ticket.client_order_id, scene.symbol, "buy")
        assert (order.qty, order.limit, order.order_type) == (ticket.qty, ticket.limit, "limit")
        again = scene.exchange.find(ticket.client_order_id)
        assert again is not None
        assert again.exchange_order_id == order.exchange_order_id

    def test_the_same_id_is_never_taken_twice(self, scene: Scene) -> None:
        ticket = resting(scene)
        order = accepted(scene, ticket)
        for _ in range(2):
            outcome = scene.exchange.submit(ticket)
            is_same = isinstance(outcome, Accepted) and outcome.order.exchange_order_id == order.exchange_order_id
            assert is_same or isinstance(outcome, OutcomeUnknown), "a second order, or a refusal of one that exists"
        ours = [one for one in scene.exchange.open_orders() if one.client_order_id == ticket.client_order_id]
        assert len(ours) == 1

    def test_many_threads_with_one_id_make_one_order(self, scene: Scene) -> None:
        ticket = resting(scene)
        with ThreadPoolExecutor(4) as threads:
            outcomes = list(threads.map(scene.exchange.submit, [ticket] * 8))
        assert not [one for one in outcomes if not isinstance(one, (Accepted, OutcomeUnknown))]
        assert len({one.order.exchange_order_id for one in outcomes if isinstance(one, Accepted)}) == 1
        ours = [one for one in scene.exchange.open_orders() if one.client_order_id == ticket.client_order_id]
        assert len(ours) == 1

    def test_a_refused_order_is_nowhere(self, scene: Scene) -> None:
        ticket = market(scene, scene.too_small)
        outcome = scene.exchange.submit(ticket)
        assert isinstance(outcome, Declined)
        assert outcome.reason
        assert scene.exchange.find(ticket.client_order_id) is None
        assert ticket.client_order_id not in [one.client_order_id for one in scene.exchange.open_orders()]

    def test_a_working_order_is_open_until_it_is_cancelled(self, scene: Scene) -> None:
        order = accepted(scene, resting(scene))
        assert order.exchange_order_id in [one.exchange_order_id for one in scene.exchange.open_orders()]
        until(lambda: scene.exchange.cancel(order.exchange_order_id), lambda outcome: outcome is CancelOutcome.TAKEN)
        ended = found(scene, order.client_order_id, lambda one: one.status.is_final)
        assert (ended.status, ended.filled_qty) == (ExchangeStatus.CANCELLED, Decimal(0))
        assert order.exchange_order_id not in [one.exchange_order_id for one in scene.exchange.open_orders()]

    def test_what_is_over_or_unknown_cannot_be_cancelled(self, scene: Scene) -> None:
        order = accepted(scene, market(scene))
        found(scene, order.client_order_id, is_filled)
        assert scene.exchange.cancel(order.exchange_order_id) is CancelOutcome.NOT_CANCELABLE
        nobodys = "00000000-0000-4000-8000-000000000000"
        assert scene.exchange.cancel(nobodys) is CancelOutcome.NOT_FOUND
        assert scene.exchange.cancel("no id at all") is CancelOutcome.NOT_FOUND

    def test_a_fill_shows_in_executions_and_positions(self, scene: Scene) -> None:
        before = {one.symbol: one.qty for one in scene.exchange.positions()}.get(scene.symbol, Decimal(0))
        order = accepted(scene, market(scene))
        filled = found(scene, order.client_order_id, is_filled)
        assert filled.filled_avg_price is not None
        executions = [
            one for one in scene.exchange.executions(LONG_AGO) if one.exchange_order_id == order.exchange_order_id
        ]
        assert sum(one.qty for one in executions) == filled.filled_qty == scene.qty
        assert executions[-1].cumulative_qty == filled.filled_qty
        assert [one.cumulative_qty for one in executions] == sorted({one.cumulative_qty for one in executions})
        assert len({one.execution_id for one in executions}) == len(executions)
        held = next(one for one in scene.exchange.positions() if one.symbol == scene.symbol)
        assert before < held.qty <= before + filled.filled_qty
        assert held.available <= held.qty

    def test_executions_are_asked_for_from_a_moment_on(self, scene: Scene) -> None:
        orders = [accepted(scene, market(scene)) for _ in range(3)]
        for order in orders:
            found(scene, order.client_order_id, is_filled)
        everything = scene.exchange.executions(LONG_AGO)
        assert [one.at for one in everything] == sorted(one.at for one in everything)
        last = everything[-1]
        since = scene.exchange.executions(last.at)
        assert last.execution_id in [one.execution_id for one in since]
        assert [one.execution_id for one in since if one.at < last.at] == []

    def test_orders_are_asked_for_from_a_moment_on_ended_ones_too(self, scene: Scene) -> None:
        ended = accepted(scene, market(scene))
        found(scene, ended.client_order_id, is_filled)
        works = accepted(scene, resting(scene))
        ids = [ended.client_order_id, works.client_order_id]
        everything = scene.exchange.orders_since(LONG_AGO)
        assert [one.client_order_id for one in everything if one.client_order_id in ids] == ids
        assert [one.submitted_at for one in everything] == sorted(one.submitted_at for one in everything)
        since = scene.exchange.orders_since(works.submitted_at)
        assert [one.client_order_id for one in since if one.client_order_id in ids] == [works.client_order_id]
        assert next(one for one in since if one.client_order_id == works.client_order_id).time_in_force == "gtc"

    def test_the_stream_tells_of_each_execution_as_the_query_does(self, scene: Scene) -> None:
        listening = Listening()
        scene.exchange.follow(listening)
        listening.wait_for("opened")
        order = accepted(scene, market(scene))
        listening.wait_for(
            "updated",
            lambda told: (
                isinstance(told, ExchangeUpdate)
                and told.order.exchange_order_id == order.exchange_order_id
                and told.order.status is ExchangeStatus.FILLED
            ),
        )
        heard = [one for one in listening.executions if one.exchange_order_id == order.exchange_order_id]
        asked = [one for one in scene.exchange.executions(LONG_AGO) if one.exchange_order_id == order.exchange_order_id]
        assert [(one.execution_id, one.qty, one.price, one.cumulative_qty) for one in heard] == [
            (one.execution_id, one.qty, one.price, one.cumulative_qty) for one in asked
        ]
        assert not [told for name, told in listening.events if name == "misunderstood"]

    def test_the_account_is_as_the_exchange_has_it(self, scene: Scene) -> None:
        account = scene.exchange.account()
        assert account.account_id
        assert account.blocked is None
        assert account.equity > 0
        assert scene.exchange.account().account_id == account.account_id

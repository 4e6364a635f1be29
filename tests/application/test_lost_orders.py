"""A journal that was restored is behind the exchange: orders of its runs are taken back, none is placed twice."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from application.exchange import ExchangeStatus, OrderTicket
from application.journal import Journal
from application.lost_orders import ADOPTED
from domain.ids import OrderIds, new_id
from domain.order import OrderStatus, OrderType, TimeInForce
from domain.tape import Tape, TapeDecided, tape_stream_id
from interfaces.event_store import journal_environment
from tests.application.account_scene import CHAIN, SYMBOL, Scene
from tests.application.test_traded_account import discrepancies


@pytest.fixture
def scene(database_url: str) -> Iterator[Scene]:
    with Journal(journal_environment(database_url, pool_size=1)) as journal:
        yield Scene(journal)


def placed(scene: Scene, client_order_id: str, qty: str = "2") -> OrderTicket:
    """Let the exchange have an order that the journal knows nothing of."""
    ticket = OrderTicket(client_order_id, SYMBOL, "buy", Decimal(qty), OrderType.LIMIT, TimeInForce.GTC)
    scene.exchange.arrive_late(ticket)
    scene.exchange.updates.clear()
    return ticket


def test_orders_of_a_run_that_the_journal_has_lost_are_its_own_again(scene: Scene) -> None:
    scene.decide(1)
    scene.listen()
    scene.go_on(1)
    scene.exchange.fill(scene.name(1), "2")
    scene.go_on(1)
    for number in (2, 5, 4_000, 8_999):
        placed(scene, scene.name(number))
    scene.exchange.fill(scene.name(2), "2")
    scene.exchange.fill(scene.name(5), "0.5")
    scene.exchange.end(scene.name(4_000), ExchangeStatus.CANCELLED, "canceled")
    scene.restart()
    scene.latch.halt("restored")
    scene.listen()
    scene.go_on(15)
    assert [scene.status(number) for number in (2, 4_000)] == [OrderStatus.FILLED, OrderStatus.CANCELLED]
    assert scene.order(2).created.tag == ADOPTED
    assert (scene.order(5).filled_qty, scene.status(5)) == (Decimal("0.5"), OrderStatus.PARTIAL)
    # what works at the exchange while trading is halted is cancelled there, adopted or not
    assert set(scene.exchange.cancel_requests) == {scene.name(5), scene.name(8_999)}
    assert [scene.requests(number) for number in (2, 5, 4_000, 8_999)] == [1, 1, 1, 1]
    assert (discrepancies(scene), scene.account.is_ready) == ([], True)


def test_what_no_run_of_this_store_has_placed_is_shown_and_left_alone(scene: Scene) -> None:
    scene.listen()
    other = OrderIds(new_id(), scene.run.id)
    placed(scene, other.client_order_id(1))
    placed(scene, other.client_order_id(2))
    scene.exchange.fill(other.client_order_id(2), "2")
    placed(scene, "by hand")
    scene.restart()
    scene.listen()
    scene.go_on(5)
    found = [
        scene.journal.catalogue.decode(one.topic, one.state)
        for one in scene.journal.read(0, 1_000)
        if one.topic == "account.discrepancy_found"
    ]
    assert sorted((one.kind, one.policy) for one in found) == [  # type: ignore[attr-defined]
        ("external_order", "ignore"),
        ("external_order", "ignore"),
        ("position", "ignore"),
        ("unknown_execution", "ignore"),
    ]
    assert scene.exchange.cancel_requests == []


def ticked(scene: Scene) -> None:
    """Let the run have seen a tick that it has not decided on."""
    tape = scene.journal.load(Tape, tape_stream_id(scene.run.id)) or Tape(tape_stream_id(scene.run.id))
    tape.tick(scene.clock.now(), scene.run.id, (), missed=0, missed_because=None, lateness=0.0, seen=0)
    scene.journal.record(tape, run_id=scene.run.id, chain=CHAIN)


def decided(scene: Scene) -> None:
    tape = scene.journal.load(Tape, tape_stream_id(scene.run.id))
    assert tape is not None
    tape.trigger(
        TapeDecided(
            at=scene.clock.now(), run_id=scene.run.id, cause=f"{tape.id}:1", number=tape.ticks, orders=1, cancels=0
        )
    )
    scene.journal.record(tape, run_id=scene.run.id, chain=CHAIN)


@pytest.mark.parametrize("is_filled", [True, False])
@pytest.mark.parametrize("is_halted", [True, False])
def test_an_order_that_is_decided_once_more_is_the_one_at_the_exchange(
    scene: Scene, is_halted: bool, is_filled: bool
) -> None:
    placed(scene, scene.name(1))
    placed(scene, scene.name(2))
    if is_filled:
        scene.exchange.fill(scene.name(1), "2")
    ticked(scene)
    scene.restart()
    if is_halted:
        scene.latch.halt("restored")
    scene.listen()
    scene.go_on(5)
    assert not scene.account.is_ready
    assert scene.journal.stream(scene.ids.order_id(1)) == []
    scene.decide(1)
    decided(scene)
    scene.go_on(20)
    assert [scene.requests(number) for number in (1, 2)] == [1, 1]
    assert scene.order(1).filled_qty == (Decimal(2) if is_filled else 0)
    assert scene.order(1).exchange_order_id is not None
    assert scene.order(2).created.tag == ADOPTED
    assert scene.status(1) is (OrderStatus.FILLED if is_filled else OrderStatus.ACCEPTED)
    wanted_cancelled = {scene.name(2)} | (set() if is_filled else {scene.name(1)})
    assert set(scene.exchange.cancel_requests) == (wanted_cancelled if is_halted else set())
    assert [one for one in discrepancies(scene) if one.startswith("risk")] == []


def test_a_run_that_does_not_decide_holds_nobody_up_for_ever(scene: Scene) -> None:
    placed(scene, scene.name(1))
    scene.exchange.fill(scene.name(1), "2")
    ticked(scene)
    scene.restart()
    scene.listen()
    scene.go_on(50)
    assert not scene.account.is_ready
    scene.go_on(20)
    assert (scene.account.is_ready, scene.status(1)) == (True, OrderStatus.FILLED)


def test_orders_are_found_however_long_ago_if_the_journal_knows_of_no_comparison(scene: Scene) -> None:
    placed(scene, scene.name(1))
    scene.exchange.fill(scene.name(1), "2")
    scene.exchange.updates.clear()
    scene.clock.advance(3_600)
    scene.restart()
    scene.listen()
    scene.go_on(1)
    assert scene.status(1) is OrderStatus.FILLED


@pytest.mark.parametrize(
    ("word", "limit", "stop", "recorded"),
    [
        ("limit", "99", None, OrderType.LIMIT),
        ("stop_limit", "99", "98", OrderType.STOP_LIMIT),
        ("trailing_stop", None, "98", OrderType.STOP),
        ("trailing_stop", None, None, OrderType.MARKET),
        ("a word of tomorrow", None, None, OrderType.MARKET),
    ],
)
def test_an_order_is_adopted_as_far_as_it_is_known(
    scene: Scene, word: str, limit: str | None, stop: str | None, recorded: OrderType
) -> None:
    placed(scene, scene.name(1))
    prices = [None if price is None else Decimal(price) for price in (limit, stop)]
    there = scene.exchange.orders[scene.name(1)]
    scene.exchange.orders[scene.name(1)] = replace(
        there, order_type=word, limit=prices[0], stop=prices[1], time_in_force="day"
    )
    scene.restart()
    scene.listen()
    intent = scene.order(1).created
    assert (intent.order_type, intent.price, intent.stop_price, intent.time_in_force) == (
        recorded,
        *prices,
        TimeInForce.DAY,
    )

"""Both sides of an account, compared: no order leaves before, and nothing that was not heard of stays unknown."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from application.exchange import ExchangeStatus
from application.journal import Journal
from domain.order import OrderStatus
from interfaces.event_store import journal_environment
from tests.application.account_scene import SYMBOL, Scene
from tests.fakes import ControlledClock


@pytest.fixture
def scene(database_url: str) -> Iterator[Scene]:
    with Journal(journal_environment(database_url, pool_size=1)) as journal:
        yield Scene(journal)


def discrepancies(scene: Scene) -> list[str]:
    """The topics of what is recorded of the account and of the kill switch."""
    entries = scene.journal.read(0, 1_000)
    return [one.topic for one in entries if one.topic.startswith("risk.") or one.topic.endswith("discrepancy_found")]


def test_nothing_leaves_before_both_sides_were_compared(scene: Scene) -> None:
    scene.decide(1)
    scene.go_on(3)
    assert (scene.account.is_ready, scene.requests(1)) == (False, 0)
    scene.listen()
    scene.go_on(1)
    assert (scene.account.is_ready, scene.requests(1)) == (True, 1)


@pytest.mark.parametrize(("behind", "said"), [(3_600, "3,600 s ahead of"), (-3_600, "3,600 s behind")])
def test_no_order_leaves_while_the_clocks_differ(scene: Scene, behind: int, said: str) -> None:
    scene.exchange.behind = timedelta(seconds=behind)
    scene.decide(1)
    scene.listen()
    scene.go_on(20)
    assert (scene.account.is_ready, scene.requests(1)) == (False, 0)
    assert scene.account.failure is not None
    assert f"this machine's clock is {said} that of exchange-paper" in scene.account.failure
    scene.exchange.behind = timedelta(seconds=9)  # as much as a slow answer may make of it
    scene.go_on(20)
    assert (scene.account.is_ready, scene.requests(1)) == (True, 1)


def test_a_stream_lost_while_both_sides_are_compared_keeps_orders_back(scene: Scene) -> None:
    scene.account.hear()
    bring_back = scene.questions.reach()
    scene.account.lose("cut")
    bring_back()
    scene.decide(1)
    scene.go_on(20, is_heard=False)
    assert (scene.account.is_ready, scene.requests(1)) == (False, 0)
    assert scene.account.failure == "the order stream of exchange-paper is down: cut"


def test_what_was_asked_before_the_stream_was_heard_is_asked_again(scene: Scene) -> None:
    scene.listen()
    scene.decide(1)
    scene.go_on(1)
    scene.account.lose("cut")
    scene.turn(3)  # asks, while nothing is heard
    bring_back = scene.questions.reach()
    scene.exchange.fill(scene.name(1), "2")  # nobody hears of it
    scene.account.hear()
    bring_back()
    assert not scene.account.is_ready
    scene.questions.answer_all()
    assert (scene.account.is_ready, scene.status(1)) == (True, OrderStatus.FILLED)


def test_a_fill_of_an_order_that_has_ended_is_booked_although_nobody_heard_of_it(scene: Scene) -> None:
    scene.listen()
    scene.decide(1)
    scene.go_on(1)
    scene.exchange.end(scene.name(1), ExchangeStatus.CANCELLED, "canceled")
    scene.go_on(1)
    scene.account.lose("cut")
    scene.exchange.fill(scene.name(1), "0.5")
    scene.listen()
    assert scene.topics(1)[-2:] == ["cancelled", "partially_filled"]


def test_a_fill_of_an_order_that_had_ended_before_the_restart_is_booked_by_either_way(scene: Scene) -> None:
    scene.listen()
    scene.decide(1)
    scene.go_on(1)
    scene.exchange.end(scene.name(1), ExchangeStatus.CANCELLED, "canceled")
    scene.go_on(1)
    scene.exchange.fill(scene.name(1), "0.5")
    scene.clock.advance(3600)
    scene.restart()
    scene.listen()
    assert scene.order(1).filled_qty == Decimal("0.5")
    scene.exchange.fill(scene.name(1), "0.25")
    scene.go_on(1)
    assert scene.order(1).filled_qty == Decimal("0.75")


def test_a_fill_after_a_cancel_is_booked_although_its_message_was_lost(scene: Scene) -> None:
    scene.listen()
    scene.decide(1)
    scene.go_on(1)
    scene.exchange.end(scene.name(1), ExchangeStatus.CANCELLED, "canceled")
    scene.go_on(1)
    scene.exchange.fill(scene.name(1), "0.5")
    scene.exchange.updates.clear()
    scene.go_on(12)
    assert scene.order(1).filled_qty == Decimal("0.5")


def test_an_order_that_comes_after_it_was_given_up_is_cancelled_and_its_fills_are_booked(scene: Scene) -> None:
    scene.listen()
    scene.exchange.mishaps.append("request lost")
    ticket = scene.decide(1)
    scene.turn()
    scene.questions.answer_all()
    scene.stop()
    scene.go_on(20)
    assert scene.status(1) is OrderStatus.CANCELLED
    scene.exchange.arrive_late(ticket)
    scene.exchange.fill(scene.name(1), "0.5")
    scene.go_on(1)
    assert scene.exchange.cancel_requests == [scene.name(1)]
    assert scene.order(1).filled_qty == Decimal("0.5")


def test_an_order_that_came_late_and_unheard_is_found_open(scene: Scene) -> None:
    scene.listen()
    scene.exchange.mishaps.append("request lost")
    ticket = scene.decide(1, valid_until=scene.clock.now() + timedelta(seconds=1))
    scene.go_on(20)
    scene.exchange.arrive_late(ticket)
    scene.restart()
    scene.listen()
    assert scene.exchange.cancel_requests == [scene.name(1)]
    assert discrepancies(scene) == []


def test_an_order_that_came_late_and_was_filled_unheard_is_found_by_its_fill(scene: Scene) -> None:
    scene.listen()
    scene.exchange.mishaps.append("request lost")
    ticket = scene.decide(1, valid_until=scene.clock.now() + timedelta(seconds=1))
    scene.go_on(20)
    scene.exchange.arrive_late(ticket)
    scene.exchange.fill(scene.name(1), "2")
    scene.restart()
    scene.listen()
    scene.go_on(5)
    assert scene.order(1).filled_qty == 2
    assert discrepancies(scene) == []


def test_a_fill_is_found_that_bears_a_time_of_an_hour_ago(scene: Scene) -> None:
    scene.exchange.clock = ControlledClock(scene.clock.now() - timedelta(hours=1))
    scene.exchange.behind = timedelta(hours=-1)  # what it says the time is agrees
    scene.listen()
    scene.decide(1)
    scene.go_on(1)
    scene.exchange.fill(scene.name(1), "2")
    scene.exchange.updates.clear()
    scene.account.lose("cut")
    scene.listen()
    scene.go_on(1)
    assert scene.status(1) is OrderStatus.FILLED


def test_a_position_that_is_short_is_looked_at_twice_and_then_halts_everything(scene: Scene) -> None:
    scene.listen()
    scene.decide(1)
    scene.go_on(1)
    scene.exchange.fill(scene.name(1), "2")
    scene.go_on(1)
    scene.exchange.foreign[SYMBOL] = Decimal(-1)
    scene.account.lose("cut")
    scene.listen()
    assert discrepancies(scene) == []
    scene.go_on(3)
    assert discrepancies(scene) == ["account.discrepancy_found", "risk.halted"]
    assert scene.latch.reason is not None


def test_a_position_that_was_moving_while_one_looked_is_no_discrepancy(scene: Scene) -> None:
    scene.listen()
    scene.exchange.foreign[SYMBOL] = Decimal(1)
    scene.account.lose("cut")
    scene.listen()
    scene.exchange.foreign.clear()
    scene.go_on(3)
    assert (scene.account.is_ready, discrepancies(scene)) == (True, [])


def test_a_heap_of_unreadable_messages_is_one_reason_to_ask(scene: Scene) -> None:
    scene.listen()
    asked = 0
    for number in range(20):
        scene.account.quarantine(f"half a mess{number}", "it ends")
        scene.turn(0.02)
        asked += len(scene.questions.waiting)
        scene.questions.answer_all()
    scene.turn(1)
    assert asked + len(scene.questions.waiting) == 1


def test_who_leaves_the_account_hears_nothing_and_sends_nothing(scene: Scene) -> None:
    scene.listen()
    scene.account.leave("another process trades this account")
    scene.decide(1)
    scene.go_on(400, is_heard=False)
    assert (scene.account.is_ready, scene.requests(1), scene.topics(1)) == (False, 0, ["created", "expired"])


def test_the_age_of_a_comparison_grows_until_the_next_one(scene: Scene) -> None:
    scene.turn(700)
    assert scene.account.reconciliation_age == 700, "before the first it is as old as the account is looked after"
    scene.listen()
    assert scene.account.reconciliation_age == 0
    scene.turn(200)
    assert scene.account.reconciliation_age == 200
    scene.restart()
    assert scene.account.reconciliation_age == 200, "the journal knows"


def test_orders_that_have_not_ended_are_counted_by_status(scene: Scene) -> None:
    scene.listen()
    none = {"pending": 0, "submitted": 0, "accepted": 0, "partial": 0, "unknown": 0}
    assert scene.account.orders() == none
    scene.decide(1)
    assert scene.account.orders() == none | {"pending": 1}
    scene.go_on(1)
    assert scene.status(1) is OrderStatus.ACCEPTED
    assert scene.account.orders() == none | {"accepted": 1}

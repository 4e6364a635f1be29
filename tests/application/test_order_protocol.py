"""Orders on their way to an exchange: whatever is lost, late, repeated or in doubt, each is there at most once."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from application.exchange import ExchangeStatus
from application.journal import Journal
from domain.order import OrderStatus
from interfaces.event_store import journal_environment
from tests.application.account_scene import Scene


@pytest.fixture
def scene(database_url: str) -> Iterator[Scene]:
    with Journal(journal_environment(database_url, pool_size=1)) as journal:
        scene = Scene(journal)
        scene.listen()
        yield scene


def test_an_order_is_recorded_before_it_is_sent_and_ends_with_its_fill(scene: Scene) -> None:
    scene.decide(1)
    scene.turn()
    assert (scene.topics(1), scene.requests(1)) == (["created", "submitted"], 0)
    scene.go_on(1)
    scene.exchange.fill(scene.name(1), "2")
    scene.go_on(1)
    assert scene.topics(1) == ["created", "submitted", "accepted", "filled"]
    assert scene.requests(1) == 1


def test_an_order_whose_answer_was_lost_is_found_and_not_sent_again(scene: Scene) -> None:
    scene.exchange.mishaps.append("answer lost")
    scene.decide(1)
    scene.go_on(2, is_heard=False)
    assert scene.topics(1) == ["created", "submitted", "outcome_unknown", "accepted"]
    assert scene.requests(1) == 1


def test_a_lost_request_is_repeated_under_its_id_after_ten_seconds_of_absence(scene: Scene) -> None:
    scene.exchange.mishaps.append("request lost")
    scene.decide(1)
    scene.go_on(9)
    assert scene.requests(1) == 0
    scene.go_on(3)
    assert scene.topics(1) == ["created", "submitted", "outcome_unknown", "submitted", "accepted"]
    assert scene.exchange.accepted == {scene.name(1): 1}


def test_a_lost_request_that_is_too_late_to_repeat_expires(scene: Scene) -> None:
    scene.exchange.mishaps.append("request lost")
    scene.decide(1, valid_until=scene.clock.now() + timedelta(seconds=5))
    scene.go_on(20)
    assert scene.topics(1) == ["created", "submitted", "outcome_unknown", "expired"]
    assert scene.requests(1) == 0


def test_an_exchange_that_cannot_be_asked_is_not_one_without_the_order(scene: Scene) -> None:
    scene.exchange.mishaps.append("answer lost")
    scene.decide(1)
    scene.turn()
    scene.exchange.is_away = True
    scene.go_on(40, is_heard=False)
    assert scene.status(1) is OrderStatus.UNKNOWN
    scene.exchange.is_away = False
    scene.go_on(6, is_heard=False)
    assert scene.status(1) is OrderStatus.ACCEPTED
    assert scene.requests(1) == 1


def test_an_order_that_is_shown_late_is_the_same_order(scene: Scene) -> None:
    scene.exchange.mishaps.append("answer lost")
    scene.decide(1)
    scene.exchange.hidden.add(scene.name(1))
    scene.go_on(15, is_heard=False)
    scene.exchange.hidden.clear()
    scene.go_on(15, is_heard=False)
    assert scene.exchange.accepted == {scene.name(1): 1}
    assert scene.status(1) is OrderStatus.ACCEPTED


def test_a_refused_order_is_rejected(scene: Scene) -> None:
    scene.exchange.mishaps.append("refused")
    scene.decide(1)
    scene.go_on(1)
    assert scene.topics(1) == ["created", "submitted", "rejected"]


def test_a_refused_repetition_does_not_reject_an_order_that_came_after_all(scene: Scene) -> None:
    ticket = scene.decide(1)
    scene.exchange.mishaps.extend(["request lost", "refused"])
    scene.go_on(10)
    while not scene.exchange.requests:
        scene.turn(0.25)
        scene.questions.answer_all()
    scene.exchange.arrive_late(ticket)
    scene.go_on(2, is_heard=False)
    assert scene.status(1) is OrderStatus.ACCEPTED


def test_a_refused_repetition_of_a_request_that_never_came_is_rejected(scene: Scene) -> None:
    scene.exchange.mishaps.extend(["request lost", "refused"])
    scene.decide(1)
    scene.go_on(30)
    assert scene.topics(1)[-1] == "rejected"


def test_what_never_left_is_sent_later_and_recorded_as_sent_once(scene: Scene) -> None:
    scene.exchange.mishaps.extend(["not sent", "not sent"])
    scene.decide(1)
    scene.go_on(3)
    assert scene.topics(1) == ["created", "submitted", "accepted"]


def test_a_process_that_died_before_the_request_is_followed_by_one_that_asks_first(scene: Scene) -> None:
    scene.decide(1)
    scene.turn()
    scene.restart()
    scene.listen()
    scene.go_on(9)
    assert scene.requests(1) == 0
    scene.go_on(4)
    assert scene.topics(1) == ["created", "submitted", "submitted", "accepted"]


def test_a_process_that_died_after_the_request_is_followed_by_one_that_finds_it(scene: Scene) -> None:
    scene.decide(1)
    scene.turn()
    scene.questions.reach()
    scene.restart()
    scene.listen()
    scene.go_on(20)
    assert scene.topics(1) == ["created", "submitted", "accepted"]
    assert scene.requests(1) == 1


def test_of_two_processes_that_see_the_same_order_one_sends_it(scene: Scene) -> None:
    first, first_questions = scene.account, scene.questions
    second = scene.process()
    second.hear()
    scene.questions.answer_all()
    scene.decide(1)
    second.catch_up(scene.run.id)
    first.turn()
    second.turn()
    assert [len(one.waiting) for one in (first_questions, scene.questions)] == [1, 0]
    assert scene.topics(1) == ["created", "submitted"]


def test_nothing_leaves_after_a_stop_that_nobody_here_has_heard_of_yet(scene: Scene) -> None:
    scene.decide(1)
    scene.stop(is_heard=False)
    scene.account.turn()
    scene.questions.answer_all()
    assert scene.requests(1) == 0
    assert scene.topics(1) == ["created", "submitted", "cancelled"]


def test_a_halt_holds_back_a_request_that_waits_for_its_thread(scene: Scene) -> None:
    scene.decide(1)
    scene.turn()
    scene.latch.halt("a person halted all trading")
    scene.go_on(2)
    assert (scene.requests(1), scene.status(1)) == (0, OrderStatus.REJECTED)


def test_a_process_that_was_suspended_sends_nothing_that_is_too_late(scene: Scene) -> None:
    scene.decide(1)
    scene.turn()
    scene.clock.advance(60)
    scene.go_on(2)
    assert (scene.requests(1), scene.status(1)) == (0, OrderStatus.EXPIRED)


def test_a_fill_that_comes_before_the_answer_is_booked_after_the_acceptance(scene: Scene) -> None:
    scene.decide(1)
    scene.turn()
    bring_back = scene.questions.reach()
    scene.exchange.fill(scene.name(1), "2")
    scene.account.take(scene.exchange.updates.pop())
    bring_back()
    scene.go_on(2)
    assert scene.topics(1) == ["created", "submitted", "accepted", "filled"]


def test_a_cancelled_order_ends_with_what_was_filled_of_it(scene: Scene) -> None:
    scene.decide(1)
    scene.go_on(1)
    scene.exchange.fill(scene.name(1), "0.5")
    scene.exchange.end(scene.name(1), ExchangeStatus.CANCELLED, "canceled")
    scene.account.take(scene.exchange.updates.pop())  # the message of the fill is lost
    scene.questions.answer_all()
    assert scene.topics(1)[2:] == ["accepted", "partially_filled", "cancelled"]


def test_a_taken_cancel_is_no_end(scene: Scene) -> None:
    scene.decide(1)
    scene.go_on(1)
    scene.cancel(1)
    scene.go_on(10)
    assert scene.status(1) is OrderStatus.ACCEPTED
    scene.exchange.end(scene.name(1), ExchangeStatus.CANCELLED, "canceled")
    scene.go_on(1)
    assert scene.status(1) is OrderStatus.CANCELLED


def test_a_cancel_without_an_answer_is_asked_for_again_and_not_in_a_storm(scene: Scene) -> None:
    scene.decide(1)
    scene.go_on(1)
    scene.exchange.unanswered_cancels = 0
    scene.cancel(1)
    scene.go_on(60)
    assert 5 <= scene.exchange.unanswered_cancels <= 20
    scene.exchange.unanswered_cancels = None
    scene.go_on(10)
    assert scene.exchange.cancel_requests


def test_an_order_that_the_exchange_calls_filled_with_less_has_ended(scene: Scene) -> None:
    scene.decide(1)
    scene.go_on(1)
    scene.exchange.fill(scene.name(1), "1.5")
    scene.exchange.end(scene.name(1), ExchangeStatus.FILLED, "filled")
    scene.go_on(1)
    order = scene.order(1)
    assert (order.status, order.filled_qty) == (OrderStatus.CANCELLED, Decimal("1.5"))


def test_more_than_was_ordered_is_booked_and_halts_the_run(scene: Scene) -> None:
    scene.decide(1)
    scene.go_on(1)
    scene.exchange.fill(scene.name(1), "3")
    scene.go_on(1)
    assert scene.order(1).filled_qty == 3
    assert "risk.halted" in [one.topic for one in scene.journal.read(0, 100)]


def test_nothing_is_sent_by_a_process_whose_hold_of_the_account_has_run_out(scene: Scene) -> None:
    scene.decide(1)
    scene.turn()
    scene.is_ours = False
    scene.go_on(3)
    assert (scene.topics(1), scene.requests(1)) == (["created", "submitted"], 0)
    scene.is_ours = True
    scene.go_on(3)
    assert scene.topics(1) == ["created", "submitted", "accepted"]
    assert scene.exchange.accepted == {scene.name(1): 1}

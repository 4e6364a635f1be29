"""Orders at the simulated exchange, whose book is the journal: what a restart finds there is in no doubt."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from application.journal import Journal
from application.traded_account import TradedAccount
from domain.order import OrderStatus
from interfaces.event_store import journal_environment
from interfaces.exchanges.simulated import NAME, SimulatedExchange
from tests.application.account_scene import CHAIN, Scene
from tests.fakes import Questions


class Simulated:
    """An account at the simulated exchange, with the runs and the clock of a scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.restart()

    def restart(self) -> None:
        """Let another process look after the account: it knows what the journal does."""
        scene, self.questions = self.scene, Questions()
        self.account = scene.account = TradedAccount(
            SimulatedExchange(scene.clock),
            ("paper", NAME),
            scene.journal,
            scene.latch,
            scene.clock,
            self.questions,
            lambda message, fields: scene.reports.append(message),
            lambda: True,
            scene.clock.seconds,
        )
        self.account.begin()

    def go_on(self, seconds: int) -> None:
        """Let everything take its course for some seconds."""
        for _ in range(4 * seconds):
            self.scene.turn(0.25)
            self.questions.answer_all()


@pytest.fixture
def simulated(database_url: str) -> Iterator[Simulated]:
    with Journal(journal_environment(database_url, pool_size=1)) as journal:
        yield Simulated(Scene(journal, NAME))


def test_an_order_that_works_since_before_a_restart_is_cancelled_at_once(simulated: Simulated) -> None:
    scene = simulated.scene
    scene.decide(1, order_type="limit", price=Decimal(90))
    simulated.go_on(1)
    simulated.restart()
    simulated.go_on(1)
    scene.cancel(1)
    scene.decide(2)
    simulated.go_on(1)
    assert (scene.status(1), scene.status(2)) == (OrderStatus.CANCELLED, OrderStatus.ACCEPTED)
    assert scene.reports == []


def test_an_order_that_was_to_be_cancelled_at_a_restart_is(simulated: Simulated) -> None:
    scene = simulated.scene
    scene.decide(1, order_type="limit", price=Decimal(90))
    simulated.go_on(1)
    scene.cancel(1)
    simulated.restart()
    simulated.go_on(1)
    assert scene.status(1) is OrderStatus.CANCELLED


def test_an_order_whose_acceptance_was_not_recorded_is_sent_again(simulated: Simulated) -> None:
    scene = simulated.scene
    scene.decide(1)
    order = scene.order(1)
    order.submit(scene.clock.now())
    scene.journal.record(order, run_id=scene.run.id, chain=CHAIN)
    simulated.restart()
    simulated.go_on(1)
    assert scene.topics(1) == ["created", "submitted", "submitted", "accepted"]


def test_a_halt_cancels_what_works_since_before_a_restart(simulated: Simulated) -> None:
    scene = simulated.scene
    scene.decide(1, order_type="limit", price=Decimal(90))
    simulated.go_on(1)
    simulated.restart()
    scene.latch.halt("enough")
    simulated.go_on(1)
    assert scene.status(1) is OrderStatus.CANCELLED

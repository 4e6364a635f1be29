"""The outbox reader's place among others: one process looks after an account, and the others leave it alone."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from application.execution import STANDING_BY, Execution
from application.journal import Journal
from application.journal_hub import JournalHub
from application.kill_latch import KillSwitchLatch
from interfaces.event_store import journal_environment
from tests.application.account_scene import Scene
from tests.fakes import InMemoryExchange
from tests.system.weaver_process import wait_until

SECONDS = 20.0


class Claims:
    """Implements `RunClaims`; whether the account is to be had, the test says."""

    def __init__(self, *, is_free: bool = True) -> None:
        self.is_free = is_free

    def claim(self, run_id: UUID) -> bool:
        return self.is_free

    def release(self, run_id: UUID) -> None:
        self.is_free = True

    def close(self) -> None:
        self.is_free = True


@pytest.fixture
def scene(database_url: str) -> Iterator[Scene]:
    with Journal(journal_environment(database_url, pool_size=2)) as journal:
        yield Scene(journal)


@pytest.fixture
def begin(scene: Scene) -> Iterator[Callable[[Claims], Execution]]:
    """Starts an outbox reader of the scene's account; it is stopped in the end."""
    started: list[Execution] = []

    def start(claims: Claims) -> Execution:
        execution = Execution(
            scene.exchange,
            scene.adapter,
            "paper",
            scene.journal,
            JournalHub(),
            claims,
            KillSwitchLatch(),
            scene.clock,
            lambda message, fields: None,
        )
        started.append(execution)
        execution.start()
        return execution

    yield start
    for one in started:
        one.stop()


def follows(exchange: InMemoryExchange) -> bool:
    """Whether somebody hears the order stream."""
    return exchange.listener is not None


def test_an_account_of_another_process_is_left_alone(scene: Scene, begin: Callable[[Claims], Execution]) -> None:
    execution = begin(Claims(is_free=False))
    wait_until(lambda: execution.failure == STANDING_BY, SECONDS, "it stands by")
    assert (execution.is_ready, follows(scene.exchange)) == (False, False)
    assert execution.is_standing_by


def test_who_looks_after_an_account_shows_that_it_does_until_its_thread_is_gone(
    scene: Scene, begin: Callable[[Claims], Execution]
) -> None:
    execution = begin(Claims())
    wait_until(lambda: follows(scene.exchange), SECONDS, "the stream is followed")
    wait_until(lambda: execution.seconds_since_turn < 0.5, SECONDS, "it turns")
    assert (execution.alive, execution.is_standing_by) == (True, False)
    execution.stop()
    last = execution.seconds_since_turn
    wait_until(lambda: execution.seconds_since_turn > last + 0.3, SECONDS, "it grows")
    assert not execution.alive


def test_who_loses_the_account_gives_its_stream_back_and_may_have_it_again(
    scene: Scene, begin: Callable[[Claims], Execution]
) -> None:
    claims = Claims()
    execution = begin(claims)
    wait_until(lambda: follows(scene.exchange), SECONDS, "the stream is followed")
    execution.stream_opened()
    wait_until(lambda: execution.is_ready, SECONDS, "it is ready")
    claims.is_free = False
    wait_until(lambda: not follows(scene.exchange), SECONDS, "the stream is given back")
    assert (execution.is_ready, execution.failure) == (False, STANDING_BY)
    claims.is_free = True
    wait_until(lambda: follows(scene.exchange), SECONDS, "the stream is followed again")
    assert not execution.is_ready
    execution.stream_opened()
    wait_until(lambda: execution.is_ready, SECONDS, "it is ready again")


def test_what_was_decided_while_another_process_had_the_account_is_sent_by_the_next(
    scene: Scene, begin: Callable[[Claims], Execution]
) -> None:
    claims = Claims(is_free=False)
    execution = begin(claims)
    scene.decide(1, valid_until=scene.clock.now() + timedelta(minutes=1))
    wait_until(lambda: execution.failure == STANDING_BY, SECONDS, "it stands by")
    claims.is_free = True
    wait_until(lambda: follows(scene.exchange), SECONDS, "the stream is followed")
    assert scene.requests(1) == 0
    execution.stream_opened()
    wait_until(lambda: scene.requests(1) == 1, SECONDS, "the order is sent")

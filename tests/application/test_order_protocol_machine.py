"""An account through everything that can happen to it, in any order; the book of the exchange is the judge."""

import itertools
from collections.abc import Callable
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from application.exchange import ExchangeStatus
from application.journal import Journal
from domain.order import OrderFill
from interfaces.event_store import journal_environment
from tests.application.account_scene import Scene

MOST_ORDERS = 4
PARTS = st.sampled_from(["0.5", "1", "2"])
_numbers = itertools.count(1)


class AccountMachine(RuleBasedStateMachine):
    """Decide, accept, drop, fill, repeat, reorder, disconnect, crash, recover, stop, halt."""

    journal: Journal

    @initialize()
    def begin(self) -> None:
        self.scene = Scene(self.journal, f"machine{next(_numbers)}")
        self.answers: list[Callable[[], None]] = []
        self.decided = 0
        self.is_stopped = False
        self.requests_at_halt: int | None = None
        self.sent_at_stop: set[str] = set()
        self.scene.listen()

    # What the run decides.

    @precondition(lambda self: self.decided < MOST_ORDERS and not self.is_stopped)
    @rule()
    def decide(self) -> None:
        self.decided += 1
        self.scene.decide(self.decided)

    @precondition(lambda self: self.decided)
    @rule(which=st.integers(0, MOST_ORDERS - 1))
    def cancel(self, which: int) -> None:
        self.scene.cancel(1 + which % self.decided)

    @precondition(lambda self: not self.is_stopped)
    @rule(is_heard=st.booleans())
    def stop(self, is_heard: bool) -> None:
        self.is_stopped = True
        self.sent_at_stop = {self.scene.name(number) for number in self._numbers() if self.scene.order(number).attempts}
        self.scene.stop(is_heard=is_heard)

    @precondition(lambda self: self.requests_at_halt is None)
    @rule()
    def halt(self) -> None:
        self.scene.latch.halt("a person halted all trading")
        self.scene.account.cancel_everything()
        self.requests_at_halt = self.scene.exchange.requests.total()

    # How time and messages pass.

    @rule(seconds=st.sampled_from([0.0, 0.25, 1.0, 4.0, 20.0]), knows=st.booleans())
    def turn(self, seconds: float, knows: bool) -> None:
        self.scene.turn(seconds, knows=knows)

    @rule(is_heard=st.booleans())
    def go_on(self, is_heard: bool) -> None:
        self.scene.go_on(2, is_heard=is_heard, step=1.0)

    @precondition(lambda self: self.scene.questions.waiting)
    @rule(which=st.integers(0, 5))
    def reach(self, which: int) -> None:
        self.answers.append(self.scene.questions.reach(which % len(self.scene.questions.waiting)))

    @precondition(lambda self: self.answers)
    @rule(which=st.integers(0, 5))
    def bring_back(self, which: int) -> None:
        self.answers.pop(which % len(self.answers))()

    @precondition(lambda self: self.scene.exchange.updates)
    @rule(which=st.integers(0, 5), is_repeated=st.booleans())
    def tell(self, which: int, is_repeated: bool) -> None:
        updates = self.scene.exchange.updates
        index = which % len(updates)
        update = updates[index]
        if not is_repeated:
            del updates[index]
        self.scene.account.take(update)

    @precondition(lambda self: self.scene.exchange.updates)
    @rule()
    def lose_a_message(self) -> None:
        # on a real stream only together with the connection
        self.disconnect()
        self.scene.account.hear()

    @rule()
    def disconnect(self) -> None:
        self.scene.exchange.updates.clear()
        self.scene.account.lose("cut")

    @rule()
    def connect(self) -> None:
        self.scene.account.hear()

    @rule()
    def crash(self) -> None:
        self.answers.clear()
        self.scene.restart()

    # What goes on at the exchange.

    @rule(mishap=st.sampled_from(["request lost", "answer lost", "not sent", "refused"]))
    def mishap(self, mishap: str) -> None:
        self.scene.exchange.mishaps.append(mishap)  # type: ignore[arg-type]

    @rule(is_away=st.booleans())
    def be_away(self, is_away: bool) -> None:
        self.scene.exchange.is_away = is_away

    @precondition(lambda self: self.decided)
    @rule(which=st.integers(0, MOST_ORDERS - 1))
    def hide_or_show(self, which: int) -> None:
        self.scene.exchange.hidden ^= {self.scene.name(1 + which % self.decided)}

    @precondition(lambda self: self._at_the_exchange())
    @rule(which=st.integers(0, MOST_ORDERS - 1), part=PARTS)
    def fill(self, which: int, part: str) -> None:
        names = self._at_the_exchange()
        name = names[which % len(names)]
        left = (self.scene.exchange.orders[name].qty or Decimal(0)) - self.scene.exchange.orders[name].filled_qty
        if left > 0:
            self.scene.exchange.fill(name, str(min(left, Decimal(part))))

    @precondition(lambda self: self.scene.exchange.cancel_requests)
    @rule(is_heard=st.booleans())
    def finish_cancels(self, is_heard: bool) -> None:
        self._finish_cancels(len(self.scene.exchange.cancel_requests))
        if is_heard:
            self.scene.go_on(1, step=1.0)

    # What must hold at any time.

    @invariant()
    def accepted_once_and_recorded_before(self) -> None:
        for name, count in self.scene.exchange.accepted.items():
            assert count == 1, f"{name} was accepted {count} times"
        for number in self._numbers():
            requests, order = self.scene.requests(number), self.scene.order(number)
            assert requests <= order.attempts, f"{requests} requests, {order.attempts} recorded"

    @invariant()
    def nothing_booked_that_did_not_happen(self) -> None:
        happened = {one.execution_id for one in self.scene.exchange.booked}
        booked = self._booked()
        assert len(booked) == len(set(booked)), "an execution was booked twice"
        assert set(booked) <= happened

    @invariant()
    def nothing_leaves_after_a_halt_or_a_stop(self) -> None:
        if self.requests_at_halt is not None:
            assert self.scene.exchange.requests.total() == self.requests_at_halt
        if self.is_stopped:
            assert set(self.scene.exchange.requests) <= self.sent_at_stop

    def teardown(self) -> None:
        """Let everything be heard and asked, and compare both sides."""
        scene = self.scene
        exchange = scene.exchange
        exchange.is_away = False
        exchange.hidden.clear()
        exchange.mishaps.clear()
        while self.answers:
            self.answers.pop()()
        if not self.is_stopped:
            self.stop(True)
        scene.listen()
        for _ in range(4):
            for number in self._numbers():
                scene.cancel(number)
            scene.go_on(20, step=1.0)
            self._finish_cancels(len(exchange.cancel_requests))
        scene.account.lose("cut")
        scene.listen()
        scene.go_on(6, step=1.0)
        self._require_equal_sides()
        before = scene.journal.head()
        scene.restart()
        scene.listen()
        scene.go_on(6, step=1.0)
        new = [one.topic for one in scene.journal.read(before, 100) if one.topic != "account.reconciled"]
        assert new == [], "recovering again changes something"

    def _require_equal_sides(self) -> None:
        happened = sorted(one.execution_id for one in self.scene.exchange.booked)
        assert sorted(self._booked()) == happened, "an execution is missing"
        filled = sum((self.scene.order(number).filled_qty for number in self._numbers()), Decimal(0))
        assert filled == sum((one.qty for one in self.scene.exchange.booked), Decimal(0))
        for number in self._numbers():
            order, there = self.scene.order(number), self.scene.exchange.orders.get(self.scene.name(number))
            assert order.status.is_final, f"order {number} is {order.status}"
            assert there is None or there.status.is_final, f"order {number} works at the exchange: {order.status}"

    def _finish_cancels(self, count: int) -> None:
        requests = self.scene.exchange.cancel_requests
        for _ in range(min(count, len(requests))):
            name = requests.pop(0)
            if not self.scene.exchange.orders[name].status.is_final:
                self.scene.exchange.end(name, ExchangeStatus.CANCELLED, "canceled")

    def _numbers(self) -> range:
        return range(1, self.decided + 1)

    def _at_the_exchange(self) -> list[str]:
        return list(self.scene.exchange.orders)

    def _booked(self) -> list[str]:
        booked = []
        for number in self._numbers():
            for entry in self.journal.stream(self.scene.order(number).id):
                event = self.journal.catalogue.decode(entry.topic, entry.state)
                if isinstance(event, OrderFill):
                    booked.append(event.execution_id)
        return booked


def test_an_account_survives_everything_in_any_order(database_url: str) -> None:
    with Journal(journal_environment(database_url, pool_size=1)) as journal:
        machine = type("Machine", (AccountMachine,), {"journal": journal})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=20,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )

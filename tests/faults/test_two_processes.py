"""Two `weaver serve` on one database: one trades, the other stands by, and nothing is sent twice."""

import os
import signal
import time

import pytest

from tests.faults.trial import Stage
from tests.system.weaver_process import WeaverServer

pytestmark = pytest.mark.timeout(600)

# Claims are looked at every five seconds; the rest is the start of a session on a busy machine.
TAKE_OVER_SECONDS = 60.0
SUSPENDED_SECONDS = 15.0
# While the stream is another's the exchange is asked less and less often.
HELD_STREAM_SECONDS = 120.0
READY = 'weaver_exchange_ready{exchange="alpaca-paper"} 1.0'


def stand_by(stage: Stage) -> WeaverServer:
    """Start a second server."""
    second = stage.server()
    second.start()
    return second


def suspend(stage: Stage, server: WeaverServer) -> None:
    """Suspend a server; what it has started goes on."""
    os.kill(server.pid, signal.SIGSTOP)
    stage.suspended += 1


def test_the_second_takes_over_when_the_first_is_killed(stage: Stage) -> None:
    stage.trade()
    second = stand_by(stage)
    stage.weaver.kill()
    stage.weaver = stage.servers[1]
    killed_at, before = time.monotonic(), len(stage.accepted())
    assert second is stage.weaver
    stage.wait(lambda: len(stage.accepted()) > before, TAKE_OVER_SECONDS, "the second trades")
    stage.story.tell(f"taken over after {time.monotonic() - killed_at:.1f} s")
    stage.recover()
    stage.stop()
    assert stage.judged() == [], stage.told()


def test_a_first_that_was_suspended_and_goes_on_sends_nothing_twice(stage: Stage) -> None:
    stage.trade()
    stand_by(stage)
    suspend(stage, stage.weaver)
    try:
        time.sleep(SUSPENDED_SECONDS)  # it is suspended, and nothing can be waited for
    finally:
        os.kill(stage.weaver.pid, signal.SIGCONT)
    stage.recover()
    stage.stop()
    assert stage.judged() == [], stage.told()


def test_a_first_that_was_suspended_while_the_second_took_over_sends_nothing_twice(stage: Stage) -> None:
    stage.trade()
    second, first = stand_by(stage), stage.weaver
    suspend(stage, first)
    try:
        stage.cut_database()  # what it held is free, and it does not know
        stage.alpaca.break_streams(stream="*")  # as an exchange does with who answers no ping: it allows one of each
        stage.wait(lambda: READY in second.api.get("/metrics").text, HELD_STREAM_SECONDS, "the second has the account")
        before = len(stage.accepted())
        stage.wait(lambda: len(stage.accepted()) > before, TAKE_OVER_SECONDS, "the second trades")
    finally:
        os.kill(first.pid, signal.SIGCONT)
    stage.weaver = stage.servers[1]
    assert second is stage.weaver
    stage.recover()
    stage.stop()
    assert stage.judged() == [], stage.told()


def test_a_database_that_lets_go_of_everybody_leaves_one_that_trades(stage: Stage) -> None:
    stage.trade()
    stand_by(stage)
    stage.cut_database()
    stage.recover()
    stage.stop()
    assert stage.judged() == [], stage.told()

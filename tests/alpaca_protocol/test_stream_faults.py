"""What can go wrong with the stream of trade updates, heard by a bare websocket and by alpaca-py."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.alpaca_protocol.clients import Listener, listening
from tests.alpaca_server.client import LocalAlpaca, until

LIFE = ["pending_new", "new", "fill"]


class Ear:
    """A websocket on `/stream`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def hear(self, seconds: float = 10) -> dict[str, Any]:
        heard: dict[str, Any] = json.loads(self.socket.recv(timeout=seconds))
        return heard

    def events(self, count: int) -> list[str]:
        return [self.hear()["data"]["event"] for _ in range(count)]

    def hears_nothing(self, seconds: float = 0.3) -> bool:
        try:
            self.socket.recv(timeout=seconds)
        except TimeoutError:
            return True
        return False


@contextlib.contextmanager
def ear(alpaca: LocalAlpaca, environment: str = "paper", *, listens: bool = True) -> Iterator[Ear]:
    """Connect to `/stream`, log in and listen."""
    given = alpaca.addresses
    with connect(given[f"{environment}_stream_url"]) as socket:
        client = Ear(socket)
        if listens:
            client.say(action="auth", key=given[f"{environment}_key_id"], secret=given[f"{environment}_secret_key"])
            client.hear()
            client.say(action="listen", data={"streams": ["trade_updates"]})
            client.hear()
        yield client


def trade(alpaca: LocalAlpaca, environment: str = "paper") -> dict[str, Any]:
    order = {"symbol": "BTC/USD", "side": "buy", "type": "market", "time_in_force": "gtc", "qty": "0.001"}
    return alpaca.place(environment=environment, **order)


def test_both_ways_to_log_in_and_what_is_answered(alpaca: LocalAlpaca) -> None:
    with ear(alpaca, listens=False) as client:
        client.say(action="listen", data={"streams": ["trade_updates"]})
        assert client.hear()["data"]["status"] == "unauthorized"
        client.say(action="auth", key=alpaca.paper_key_id, secret="wrong")
        assert client.hear()["data"] == {"status": "unauthorized", "action": "authenticate"}
        client.say(action="auth", key=alpaca.live_key_id, secret=alpaca.live_secret_key)
        assert client.hear()["data"]["status"] == "unauthorized"
        keys = {"key_id": alpaca.paper_key_id, "secret_key": alpaca.paper_secret_key}
        client.say(action="authenticate", data=keys)
        assert client.hear() == {
            "stream": "authorization",
            "data": {"status": "authorized", "action": "authenticate"},
        }
        client.say(action="listen", data={"streams": ["trade_updates", "weather"]})
        assert client.hear() == {"stream": "listening", "data": {"streams": ["trade_updates"]}}
        client.say(action="listen", data={"streams": []})
        assert client.hear() == {"stream": "listening", "data": {"streams": []}}
        trade(alpaca)
        assert client.hears_nothing()


def test_paper_sends_binary_frames_and_live_sends_text(alpaca: LocalAlpaca) -> None:
    for environment, kind in (("paper", bytes), ("live", str)):
        with ear(alpaca, environment) as client:
            trade(alpaca, environment)
            assert isinstance(client.socket.recv(timeout=10), kind)


def test_a_handshake_may_ask_for_message_pack(alpaca: LocalAlpaca) -> None:
    headers = {"Content-Type": "application/msgpack"}
    with connect(alpaca.paper_stream_url, additional_headers=headers) as socket:
        socket.send(msgpack.packb({"action": "auth", "key": alpaca.paper_key_id, "secret": alpaca.paper_secret_key}))
        assert msgpack.unpackb(socket.recv(timeout=10))["data"]["status"] == "authorized"


def test_an_update_says_everything_alpaca_says(alpaca: LocalAlpaca) -> None:
    with ear(alpaca) as client:
        order = trade(alpaca)
        pending, new, fill = (client.hear()["data"] for _ in range(3))
    assert [one["event"] for one in (pending, new, fill)] == LIFE
    assert pending.keys() == {"at", "event_id", "event", "timestamp", "order"}
    assert new.keys() == pending.keys() | {"execution_id"}
    assert fill.keys() == new.keys() | {"price", "qty", "position_qty", "swap_rate", "settle_date"}
    assert fill["order"]["id"] == order["id"]
    assert len(fill["event_id"]) == 26
    assert pending["event_id"] < new["event_id"] < fill["event_id"]


def test_a_second_connection_is_turned_away_until_the_first_has_gone(alpaca: LocalAlpaca) -> None:
    with ear(alpaca):
        with pytest.raises(InvalidStatus) as caught, ear(alpaca):
            pass
        assert caught.value.response.status_code == 429
        with ear(alpaca, "live"):
            pass
    until(lambda: alpaca.streams()["paper", "trade_updates"]["taken"] == 0)
    with ear(alpaca):
        pass


def test_a_dead_connection_may_keep_its_place_for_a_while(alpaca: LocalAlpaca) -> None:
    alpaca.fault("linger", seconds=0.5, stream="trade_updates")
    with ear(alpaca):
        pass
    until(lambda: alpaca.streams()["paper", "trade_updates"]["connections"] == 0)
    with pytest.raises(InvalidStatus), ear(alpaca):
        pass
    until(lambda: alpaca.streams()["paper", "trade_updates"]["taken"] == 0)
    with ear(alpaca):
        pass


def test_messages_are_doubled_lost_and_swapped(alpaca: LocalAlpaca) -> None:
    with ear(alpaca) as client:
        alpaca.fault("duplicate", event="fill")
        trade(alpaca)
        assert client.events(4) == [*LIFE, "fill"]
        alpaca.fault("lose", event="new")
        trade(alpaca)
        assert client.events(2) == ["pending_new", "fill"]
        alpaca.fault("reorder", event="new")
        trade(alpaca)
        assert client.events(3) == ["pending_new", "fill", "new"]
        alpaca.fault("reorder", event="fill")
        trade(alpaca)
        assert client.events(3) == LIFE, "a message nothing follows is sent after half a second"


def test_a_message_may_be_late(alpaca: LocalAlpaca) -> None:
    with ear(alpaca) as client:
        alpaca.fault("delay", event="fill", seconds=0.5)
        trade(alpaca)
        assert client.events(2) == ["pending_new", "new"]
        assert client.hears_nothing(0.2)
        assert client.events(1) == ["fill"]


def test_messages_may_hold_words_nobody_knows_or_no_json(alpaca: LocalAlpaca) -> None:
    with ear(alpaca) as client:
        alpaca.fault("rewrite_message", event="new", field="event", value="reviewed")
        alpaca.fault("rewrite_message", event="fill", field="status", value="under_review")
        trade(alpaca)
        assert client.events(2) == ["pending_new", "reviewed"]
        assert client.hear()["data"]["order"]["status"] == "under_review"
        alpaca.fault("malformed", event="new")
        trade(alpaca)
        assert client.events(1) == ["pending_new"]
        with pytest.raises(json.JSONDecodeError):
            client.hear()
        assert client.events(1) == ["fill"]


def test_a_connection_is_cut_in_the_middle_and_nothing_is_sent_again(alpaca: LocalAlpaca) -> None:
    with ear(alpaca) as client:
        alpaca.fault("cut", event="fill")
        trade(alpaca)
        with pytest.raises(ConnectionClosed):
            client.events(3)
    with ear(alpaca) as client:
        assert client.hears_nothing()


def test_a_mute_connection_answers_pings_or_does_not(alpaca: LocalAlpaca) -> None:
    with ear(alpaca) as client:
        assert alpaca.break_streams("mute_with_pongs") == 1
        trade(alpaca)
        assert client.hears_nothing()
        assert client.socket.ping().wait(5)
    until(lambda: alpaca.streams()["paper", "trade_updates"]["taken"] == 0)
    alpaca.conditions(reap_seconds=3)
    with ear(alpaca) as client:
        alpaca.fault("mute", event="new")
        trade(alpaca)
        assert client.events(1) == ["pending_new"]
        assert not client.socket.ping().wait(0.3)
        with pytest.raises(ConnectionClosed):
            client.hear()


def test_what_was_said_before_a_connection_fell_mute_is_heard(alpaca: LocalAlpaca) -> None:
    alpaca.conditions(reap_seconds=1)
    with ear(alpaca) as client:
        alpaca.fault("delay", event="pending_new", seconds=0.3)
        alpaca.fault("mute", event="new")
        trade(alpaca)
        assert client.events(1) == ["pending_new"]
        assert client.hears_nothing()


def test_a_handshake_and_a_login_may_be_refused(alpaca: LocalAlpaca) -> None:
    alpaca.fault("refuse_handshake", stream="trade_updates", status=429)
    with pytest.raises(InvalidStatus) as caught, ear(alpaca):
        pass
    assert caught.value.response.status_code == 429
    alpaca.fault("refuse_login", stream="trade_updates")
    with ear(alpaca, listens=False) as client:
        for word in ("unauthorized", "authorized"):
            client.say(action="auth", key=alpaca.paper_key_id, secret=alpaca.paper_secret_key)
            assert client.hear()["data"]["status"] == word


def test_alpaca_py_comes_back_after_a_cut_and_has_missed_what_happened(alpaca: LocalAlpaca) -> None:
    with listening(alpaca) as listener:
        assert isinstance(listener, Listener)
        assert alpaca.break_streams("cut") == 1
        until(lambda: alpaca.streams()["paper", "trade_updates"]["listening"] == 0)
        trade(alpaca)
        alpaca.wait_for_listener()
        trade(alpaca)
        listener.wait_for(*LIFE)


def test_the_stream_survives_the_kill_of_the_exchange(alpaca: LocalAlpaca) -> None:
    with listening(alpaca) as listener:
        alpaca.kill()
        alpaca.start()
        alpaca.wait_for_listener()
        trade(alpaca)
        listener.wait_for(*LIFE)

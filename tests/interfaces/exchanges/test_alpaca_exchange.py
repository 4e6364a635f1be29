"""The Alpaca adapter against a local Alpaca, over real sockets: the contract of exchanges, and what goes wrong."""

import time
from typing import Any

import pytest

from application.exchange import (
    Accepted,
    CancelOutcome,
    Exchange,
    ExchangeStatus,
    ExchangeUpdate,
    NotSent,
    OutcomeUnknown,
)
from domain.errors import CredentialsRefused, ExchangeUnavailable, InvalidInput
from interfaces.exchanges.alpaca_plugin import plugin
from interfaces.logs import configure_logs
from interfaces.settings import Settings
from tests.alpaca_server.client import LocalAlpaca
from tests.interfaces.exchanges.conftest import AlpacaScene, alpaca_settings
from tests.interfaces.exchanges.contract import (
    LONG_AGO,
    ExchangeContract,
    Listening,
    accepted,
    found,
    is_filled,
    market,
    resting,
    until,
)


class TestContract(ExchangeContract):
    """Every promise of the port."""


FAULTS: dict[str, dict[str, Any]] = {
    "dropped before": {"kind": "drop", "when": "before"},
    "dropped after": {"kind": "drop", "when": "after"},
    "504 before": {"kind": "error", "status": 504, "body": "html", "when": "before"},
    "504 after": {"kind": "error", "status": 504, "body": "html", "when": "after"},
    "500 after": {"kind": "error", "status": 500, "when": "after"},
    "429 before": {"kind": "error", "status": 429, "when": "before", "headers": False},
    "429 after": {"kind": "error", "status": 429, "when": "after", "headers": False},
    "bad JSON after": {"kind": "body", "body": "bad_json", "when": "after"},
    "HTML after": {"kind": "body", "body": "html", "when": "after"},
    "empty after": {"kind": "body", "body": "empty", "when": "after"},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_an_order_whose_answer_is_lost_is_sent_once_and_found_if_it_is_there(
    scene: AlpacaScene, fault: dict[str, Any]
) -> None:
    scene.local.fault(method="POST", path="/v2/orders", **fault)
    ticket = resting(scene)
    assert isinstance(scene.exchange.submit(ticket), OutcomeUnknown)
    is_there = fault["when"] == "after"
    assert (scene.exchange.find(ticket.client_order_id) is not None) == is_there
    # whoever sends it again, under the same id, still has one order
    again = scene.exchange.submit(ticket)
    assert isinstance(again, OutcomeUnknown if is_there else Accepted)
    assert len(orders_sent(scene.local, ticket.client_order_id)) == 2
    assert [one.client_order_id for one in scene.exchange.open_orders()] == [ticket.client_order_id]


def orders_sent(local: LocalAlpaca, client_order_id: str) -> list[dict[str, Any]]:
    """Return the requests for an order of that id that have reached Alpaca."""
    return [
        one
        for one in local.audit()["requests"]
        if one["method"] == "POST" and one["client_order_id"] == client_order_id
    ]


def test_words_nobody_has_heard_of_are_a_working_order(scene: AlpacaScene) -> None:
    scene.local.fault(kind="rewrite", method="POST", path="/v2/orders", field="status", value="under_review")
    order = accepted(scene, resting(scene))
    assert (order.status, order.word) == (ExchangeStatus.WORKING, "under_review")


def test_a_cancel_without_an_answer_is_unknown_and_may_be_repeated(scene: AlpacaScene) -> None:
    order = accepted(scene, resting(scene))
    scene.local.fault(kind="drop", method="DELETE", path="/v2/orders/*", when="after")
    assert scene.exchange.cancel(order.exchange_order_id) is CancelOutcome.UNKNOWN
    ended = found(scene, order.client_order_id, lambda one: one.status.is_final)
    assert ended.status is ExchangeStatus.CANCELLED


def test_an_order_that_fills_while_it_is_cancelled_is_found_filled(scene: AlpacaScene) -> None:
    order = accepted(scene, resting(scene))
    scene.local.fault(kind="fill_on_cancel", share="1")
    scene.exchange.cancel(order.exchange_order_id)
    assert found(scene, order.client_order_id, lambda one: one.status.is_final).filled_qty == order.qty


def test_an_exchange_that_is_not_there_is_said_not_to_be(scene: AlpacaScene) -> None:
    scene.local.kill()
    outcome = scene.exchange.submit(resting(scene))
    assert isinstance(outcome, NotSent)
    started = time.monotonic()
    with pytest.raises(ExchangeUnavailable, match="Alpaca cannot be asked: no connection"):
        scene.exchange.account()
    assert time.monotonic() - started < 15.0
    scene.local.start()
    assert scene.exchange.account().cash > 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"alpaca_paper_key_id": "PKWRONG"}, "does not accept the paper keys"),
        ({"alpaca_paper_key_id": "AKLOCALLIVE", "alpaca_paper_secret_key": "live-secret"}, "not of Alpaca's paper"),
    ],
    ids=["wrong", "of live"],
)
def test_keys_that_are_not_accepted_are_said_to_be_so(local: LocalAlpaca, changes: dict[str, str], said: str) -> None:
    exchange = plugin.open("paper", alpaca_settings(local, **changes))
    try:
        with pytest.raises(CredentialsRefused, match=said):
            exchange.account()
    finally:
        exchange.close()


def test_paper_and_live_are_open_at_the_same_time(local: LocalAlpaca) -> None:
    settings = alpaca_settings(local)
    exchanges = [plugin.open(mode, settings) for mode in plugin.modes(settings)]
    try:
        assert [one.name for one in exchanges] == ["alpaca-paper", "alpaca-live"]
        assert [one.capabilities.is_real_money for one in exchanges] == [False, True]
        assert len({one.account().account_id for one in exchanges}) == 2
        # paper sends binary frames, live sends text
        for exchange in exchanges:
            listening = Listening()
            exchange.follow(listening)
            listening.wait_for("opened")
            scene = AlpacaScene(exchange, local)
            order = accepted(scene, market(scene))
            listening.wait_for("updated", is_update_of(order.exchange_order_id, "fill"))
    finally:
        for exchange in exchanges:
            exchange.close()


def is_update_of(exchange_order_id: str, event: str) -> Any:
    """Return whether something told is this event of this order, as a function."""
    return lambda told: (
        isinstance(told, ExchangeUpdate) and told.order.exchange_order_id == exchange_order_id and told.event == event
    )


@pytest.fixture
def listening(scene: AlpacaScene) -> Listening:
    """Someone who listens to the account, from now on."""
    listener = Listening()
    scene.exchange.follow(listener)
    listener.wait_for("opened")
    return listener


def fills_are_heard(scene: AlpacaScene, listening: Listening) -> None:
    """Assert that the stream works."""
    order = accepted(scene, market(scene))
    listening.wait_for("updated", is_update_of(order.exchange_order_id, "fill"))


def test_a_stream_that_is_cut_is_back_within_a_second(scene: AlpacaScene, listening: Listening) -> None:
    assert scene.local.break_streams("cut") == 1
    listening.wait_for("closed")
    lost_at = time.monotonic()
    listening.wait_for("opened")
    assert time.monotonic() - lost_at < 1.0
    fills_are_heard(scene, listening)


def test_what_happened_while_the_stream_was_away_is_in_the_queries(scene: AlpacaScene, listening: Listening) -> None:
    scene.local.fault(kind="refuse_handshake", status=503, count=3)
    scene.local.break_streams("cut")
    listening.wait_for("closed")
    order = accepted(scene, market(scene))
    found(scene, order.client_order_id, is_filled)
    listening.wait_for("opened")
    assert order.exchange_order_id in [one.exchange_order_id for one in scene.exchange.executions(LONG_AGO)]


def test_a_stream_that_answers_no_pings_is_noticed_and_replaced(
    local: LocalAlpaca, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interfaces.alpaca_wire.socket.PING_EVERY", 0.3)
    monkeypatch.setattr("interfaces.alpaca_wire.socket.PONG_WITHIN", 0.3)
    scene = AlpacaScene(plugin.open("paper", alpaca_settings(local)), local)
    try:
        listening = Listening()
        scene.exchange.follow(listening)
        listening.wait_for("opened")
        # the server frees the place of a connection it has lost long after the client has noticed
        local.conditions(reap_seconds=1.0)
        local.break_streams("mute")
        assert "no sign of life" in str(listening.wait_for("closed"))
        listening.wait_for("opened")
    finally:
        scene.exchange.close()


def test_a_stream_that_is_mute_after_an_order_is_replaced(
    scene: AlpacaScene, listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interfaces.exchanges.alpaca_stream.MESSAGE_WITHIN", 0.5)
    scene.local.fault(kind="lose", count=None)
    order = accepted(scene, resting(scene))
    assert "no message for 0.5 s" in str(listening.wait_for("closed"))
    scene.local.clear_faults()
    listening.wait_for("opened")
    assert [one.exchange_order_id for one in scene.exchange.open_orders()] == [order.exchange_order_id]
    fills_are_heard(scene, listening)


def test_orders_that_are_told_of_do_not_end_the_stream(
    scene: AlpacaScene, listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interfaces.exchanges.alpaca_stream.MESSAGE_WITHIN", 0.3)
    for _ in range(3):
        order = accepted(scene, resting(scene))
        listening.wait_for("updated", is_update_of(order.exchange_order_id, "new"))
    time.sleep(1.0)  # long enough for the stream to be thought mute, were an order remembered that was told of
    fills_are_heard(scene, listening)
    assert [name for name, _ in listening.events if name in ("closed", "opened")] == ["opened"]


def test_a_malformed_message_is_handed_on_and_the_next_is_heard(scene: AlpacaScene, listening: Listening) -> None:
    scene.local.fault(kind="malformed", event="new")
    order = accepted(scene, market(scene))
    told = listening.wait_for("misunderstood")
    assert str(told).startswith("""('{"stream":"trade_updates",""")
    listening.wait_for("updated", is_update_of(order.exchange_order_id, "fill"))


def test_a_listener_that_fails_does_not_end_the_stream(scene: AlpacaScene) -> None:
    class Failing(Listening):
        def updated(self, update: ExchangeUpdate) -> None:
            if update.event == "new":
                raise RuntimeError("a fault of the listener")
            super().updated(update)

    listening = Failing()
    scene.exchange.follow(listening)
    listening.wait_for("opened")
    order = accepted(scene, market(scene))
    assert "was not taken: RuntimeError" in str(listening.wait_for("misunderstood"))
    listening.wait_for("updated", is_update_of(order.exchange_order_id, "fill"))


def test_a_message_that_comes_twice_is_one_execution(scene: AlpacaScene, listening: Listening) -> None:
    scene.local.fault(kind="duplicate", event="fill")
    order = accepted(scene, market(scene))
    for _ in range(2):
        listening.wait_for("updated", is_update_of(order.exchange_order_id, "fill"))
    assert len(listening.executions) == 2
    assert len({one.execution_id for one in listening.executions}) == 1


def test_parts_of_a_fill_are_executions_of_their_own(scene: AlpacaScene, listening: Listening) -> None:
    scene.local.fault(kind="partial")
    order = accepted(scene, market(scene))
    listening.wait_for("updated", is_update_of(order.exchange_order_id, "fill"))
    asked = [one for one in scene.exchange.executions(LONG_AGO) if one.exchange_order_id == order.exchange_order_id]
    assert len(asked) == 2
    assert [one.execution_id for one in listening.executions] == [one.execution_id for one in asked]


def test_a_busy_account_is_said_to_be_so_and_asked_for_again_after_a_while(local: LocalAlpaca) -> None:
    local.fault(kind="refuse_handshake", status=429, count=None)
    exchange = plugin.open("paper", alpaca_settings(local))
    try:
        listening = Listening()
        exchange.follow(listening)
        assert "one connection of an account" in str(listening.wait_for("closed"))
        assert attempts(local, "refuse_handshake", 1.5) == 1
    finally:
        exchange.close()


def test_a_refused_login_is_told_and_is_no_storm(local: LocalAlpaca) -> None:
    exchange = plugin.open("paper", alpaca_settings(local, alpaca_paper_secret_key="wrong"))
    try:
        listening = Listening()
        exchange.follow(listening)
        assert "does not accept the paper keys" in str(listening.wait_for("closed"))
        seen = connections(local)
        time.sleep(1.5)
        assert connections(local) == seen
    finally:
        exchange.close()


def attempts(local: LocalAlpaca, kind: str, seconds: float) -> int:
    """Return how often a fault has struck after so many seconds."""
    time.sleep(seconds)
    return sum(int(one["hits"]) for one in local.control("GET", "/faults") if one["kind"] == kind)


def connections(local: LocalAlpaca) -> int:
    """Return how many connections the paper account's stream has now."""
    return int(local.streams()["paper", "trade_updates"]["connections"])


def test_a_stream_that_is_dropped_again_and_again_is_no_storm(scene: AlpacaScene, listening: Listening) -> None:
    fault = scene.local.fault(kind="refuse_handshake", status=503, count=None)
    scene.local.break_streams("cut")
    listening.wait_for("closed")
    time.sleep(4.0)
    assert 1 <= scene.local.hits(fault) <= 12


def test_the_stream_survives_its_exchange(scene: AlpacaScene, listening: Listening) -> None:
    scene.local.kill()
    listening.wait_for("closed")
    scene.local.start()
    listening.wait_for("opened")
    scene.local.price("BTC/USD", "60000")
    fills_are_heard(scene, listening)


def test_closing_is_quick_and_nothing_is_told_afterwards(scene: AlpacaScene, listening: Listening) -> None:
    started = time.monotonic()
    scene.exchange.close()
    assert time.monotonic() - started < 2.0
    until(lambda: connections(scene.local), lambda number: not number)
    assert listening.heard.empty()


def test_no_key_is_in_any_log(local: LocalAlpaca, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("DEBUG", "json")
    exchange = plugin.open("paper", alpaca_settings(local))
    try:
        listening = Listening()
        exchange.follow(listening)
        listening.wait_for("opened")
        fills_are_heard(AlpacaScene(exchange, local), listening)
        local.fault("error", method="GET", path="/v2/account", status=503)
        exchange.account()
    finally:
        exchange.close()
    logged = capsys.readouterr().err
    assert "asked again" in logged
    assert local.paper_secret_key not in logged
    assert local.paper_key_id not in logged


def test_a_closed_exchange_sends_nothing(scene: AlpacaScene) -> None:
    scene.exchange.close()
    assert isinstance(scene.exchange.submit(resting(scene)), NotSent)
    with pytest.raises(ExchangeUnavailable, match="closed here"):
        scene.exchange.account()


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("alpaca_paper_url", "paper-api.alpaca.markets", "WEAVER_ALPACA_PAPER_URL: must look like https://host"),
        ("alpaca_data_url", "http://[", "WEAVER_ALPACA_DATA_URL: must look like"),
        ("alpaca_live_url", "https://host:port", "WEAVER_ALPACA_LIVE_URL: must look like"),
        ("alpaca_paper_stream_url", "https://stream", "WEAVER_ALPACA_PAPER_STREAM_URL: must look like wss://host"),
    ],
)
def test_an_address_that_is_none_is_said_to_be_at_the_start(setting: str, value: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Settings.read(**{setting: value})


def test_an_exchange_that_was_never_followed_can_be_closed(local: LocalAlpaca) -> None:
    exchange: Exchange = plugin.open("paper", alpaca_settings(local))
    exchange.close()

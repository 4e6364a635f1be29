"""The streams of market data, as alpaca-py and a bare websocket hear them."""

import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from alpaca.data.live import CryptoDataStream, StockDataStream
from websockets.sync.client import ClientConnection, connect

from tests.alpaca_protocol.clients import end
from tests.alpaca_server.client import LocalAlpaca, until

MIDDAY = "2026-01-14T17:00:30Z"


@pytest.fixture
def market(exchange: LocalAlpaca) -> LocalAlpaca:
    """A local Alpaca with made-up prices, whose clock is moved by hand."""
    exchange.reset(start=MIDDAY, speed=0)
    return exchange


@contextlib.contextmanager
def heard(market: LocalAlpaca, *channels: str, symbol: str = "BTC/USD") -> Iterator[dict[str, list[Any]]]:
    """Run alpaca-py's stream for some channels of a symbol; give what it hands over."""
    kind, path, name = (
        (CryptoDataStream, "/v1beta3/crypto/us", "crypto") if "/" in symbol else (StockDataStream, "/v2/iex", "stocks")
    )
    stream: Any = kind(
        market.paper_key_id,
        market.paper_secret_key,
        url_override=f"{market.data_stream_url}{path}",
    )
    got: dict[str, list[Any]] = {channel: [] for channel in channels}

    def taker(channel: str) -> Any:
        async def take(message: Any) -> None:
            got[channel].append(message)

        return take

    for channel in channels:
        getattr(stream, f"subscribe_{channel}")(taker(channel), symbol)
    thread = threading.Thread(target=stream.run, daemon=True)
    thread.start()
    market.wait_for_listener("data", name)
    try:
        yield got
    finally:
        end(stream, thread)


def test_trades_quotes_and_bars_come_as_the_clock_moves(market: LocalAlpaca) -> None:
    with heard(market, "trades", "quotes", "bars", "daily_bars") as got:
        market.clock(advance=3)
        until(lambda: len(got["trades"]) == 3)
        assert got["trades"][0].timestamp.isoformat() == "2026-01-14T17:00:31+00:00"
        assert [one.symbol for one in got["quotes"]] == ["BTC/USD"] * 3
        assert got["bars"] == []
        market.clock(advance=27)
        until(lambda: len(got["bars"]) == 1)
        assert got["bars"][0].timestamp.isoformat() == "2026-01-14T17:00:00+00:00"
        assert got["bars"][0].close == got["trades"][-2].price
        until(lambda: len(got["daily_bars"]) == 1)


def test_shares_have_their_own_stream(market: LocalAlpaca) -> None:
    with heard(market, "trades", symbol="AAPL") as got:
        market.clock(advance=2)
        until(lambda: len(got["trades"]) == 2)
        assert got["trades"][0].exchange == "V"


def test_a_given_bar_is_heard_at_its_minute_and_a_late_one_at_once(market: LocalAlpaca) -> None:
    with heard(market, "bars", "updated_bars") as got:
        market.price("BTC/USD", "60000")
        market.clock(advance=60)
        until(lambda: len(got["bars"]) == 1)
        market.bar("BTC/USD", "60000", "60500", "59500", "60100")
        until(lambda: len(got["updated_bars"]) == 1)
        assert (got["bars"][-1].timestamp, got["bars"][-1].high) == (got["bars"][0].timestamp, 60500)


def test_an_accelerated_clock_makes_minutes_of_seconds(market: LocalAlpaca) -> None:
    market.clock(speed=60)
    with heard(market, "bars") as got:
        until(lambda: len(got["bars"]) >= 3)
        minutes = [bar.timestamp.minute for bar in got["bars"]]
        assert minutes == list(range(minutes[0], minutes[0] + len(minutes)))


class Bare:
    """A websocket that speaks JSON."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def say(self, **message: Any) -> None:
        self._socket.send(json.dumps(message))

    def hear(self) -> list[dict[str, Any]]:
        frame = self._socket.recv(timeout=10)
        assert isinstance(frame, str), "JSON comes as text"
        heard: list[dict[str, Any]] = json.loads(frame)
        return heard


@contextlib.contextmanager
def bare(market: LocalAlpaca, *, logs_in: bool = True, path: str = "/v1beta3/crypto/us") -> Iterator[Bare]:
    with connect(f"{market.data_stream_url}{path}") as socket:
        client = Bare(socket)
        assert client.hear() == [{"T": "success", "msg": "connected"}]
        if logs_in:
            client.say(action="auth", key=market.paper_key_id, secret=market.paper_secret_key)
            assert client.hear() == [{"T": "success", "msg": "authenticated"}]
        yield client


def test_a_subscription_is_answered_with_all_there_is(market: LocalAlpaca) -> None:
    with bare(market) as client:
        client.say(action="subscribe", bars=["BTC/USD"])
        [answer] = client.hear()
        assert (answer["T"], answer["bars"], answer["trades"]) == ("subscription", ["BTC/USD"], [])
        client.say(action="subscribe", trades=["*"])
        [answer] = client.hear()
        assert (answer["bars"], answer["trades"]) == (["BTC/USD"], ["*"])
        client.say(action="unsubscribe", bars=["BTC/USD"])
        assert client.hear()[0]["bars"] == []
        market.clock(advance=1)
        [trade] = client.hear()
        assert trade.keys() == {"T", "S", "t", "p", "s", "i", "tks"}
        assert trade["t"] == "2026-01-14T17:00:31Z"


def error(client: Bare) -> tuple[int, str]:
    [message] = client.hear()
    assert message["T"] == "error"
    return message["code"], message["msg"]


def test_every_mistake_has_its_code(market: LocalAlpaca) -> None:
    with bare(market, logs_in=False) as client:
        client.say(action="subscribe", bars=["BTC/USD"])
        assert error(client) == (401, "not authenticated")
    with bare(market, logs_in=False) as client:
        client.say(action="auth", key="wrong", secret="wrong")
        assert error(client) == (402, "auth failed")
    with bare(market, path="/v2/sip", logs_in=False) as client:
        client.say(action="auth", key=market.paper_key_id, secret=market.paper_secret_key)
        assert error(client) == (409, "insufficient subscription")
    with bare(market) as client:
        client.say(action="auth", key=market.paper_key_id, secret=market.paper_secret_key)
        assert error(client) == (403, "already authenticated")
        client.say(action="dance")
        assert error(client) == (400, "invalid syntax")
        client.say(action="subscribe", bars=[f"S{number}/USD" for number in range(31)])
        assert error(client) == (405, "symbol limit exceeded")
        with bare(market, logs_in=False) as second:
            second.say(action="auth", key=market.paper_key_id, secret=market.paper_secret_key)
            assert error(second) == (406, "connection limit exceeded")


def test_the_two_accounts_have_a_connection_each(market: LocalAlpaca) -> None:
    with bare(market), bare(market, logs_in=False) as other:
        other.say(action="auth", key=market.live_key_id, secret=market.live_secret_key)
        assert other.hear() == [{"T": "success", "msg": "authenticated"}]

"""Alpaca's closed bars, from a local Alpaca over real sockets: by stream, by query, and by both when one fails."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from application.exchange import BarFeed, FeedBar
from domain.aggregation import aggregate
from domain.errors import CredentialsRefused, ExchangeUnavailable
from domain.market import Bars, Timeframe, from_microseconds, to_microseconds
from interfaces.market_data.alpaca_data import open_feed
from interfaces.market_data.alpaca_feed import CRYPTO, AlpacaFeed
from tests.alpaca_server.client import LocalAlpaca, local_alpaca, until
from tests.interfaces.exchanges.conftest import alpaca_settings

MINUTE, FIVE = Timeframe.parse("1m"), Timeframe.parse("5m")
BTC, ETH = "BTC/USD", "ETH/USD"
# A minute of the market is half a second: long enough for everything to be told in time.
SPEED = 120.0
PATIENCE = 4.0
NO_KEYS = {f"alpaca_{mode}_{half}": None for mode in ("paper", "live") for half in ("key_id", "secret_key")}


class MarketTime:
    """The local Alpaca's clock, read once; a Clock."""

    def __init__(self, local: LocalAlpaca) -> None:
        shown = local.clock()
        self._read_at = time.monotonic()
        self._market, self._speed = datetime.fromisoformat(shown["at"]), float(shown["speed"])

    def now(self) -> datetime:
        return self._market + timedelta(seconds=(time.monotonic() - self._read_at) * self._speed)

    def wait_for(self, opened_at: int, timeframe: Timeframe) -> None:
        """Return when the bar that opens then is over."""
        closes = from_microseconds(opened_at) + timeframe.duration
        while (left := (closes - self.now()).total_seconds()) > 0:
            time.sleep(left / self._speed)

    def next(self, timeframe: Timeframe) -> int:
        """Return when the next bar opens."""
        now = to_microseconds(self.now())
        return now - now % timeframe.microseconds + timeframe.microseconds


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAlpaca]:
    """A local Alpaca whose minutes take half a second; a process for all tests of this file."""
    book = tmp_path_factory.mktemp("alpaca") / "book.jsonl"
    with local_alpaca(book, "--speed", str(SPEED)) as server:
        yield server


@pytest.fixture
def market(local: LocalAlpaca) -> Iterator[LocalAlpaca]:
    """The local Alpaca on a Wednesday in New York, nothing wrong with it."""
    local.clock(at="2026-08-12T15:00:10Z")
    yield local
    local.clear_faults()
    local.conditions(page_rows=10_000)


@contextmanager
def opened(local: LocalAlpaca, **changes: Any) -> Iterator[AlpacaFeed]:
    """Give a feed on the local Alpaca's time."""
    feed = open_feed(alpaca_settings(local, **changes), MarketTime(local))
    try:
        yield feed
    finally:
        feed.close()


def listens(local: LocalAlpaca, stream: str = "crypto") -> Callable[[], bool]:
    return lambda: local.streams()["data", stream]["listening"] > 0


def values(bar: FeedBar) -> tuple[float, ...]:
    return bar.open, bar.high, bar.low, bar.close, bar.volume


def row(bars: Bars, opened_at: int) -> tuple[float, ...]:
    """Return the values of the bar of that time."""
    [place] = (bars.time == opened_at).nonzero()[0].tolist()
    return tuple(float(getattr(bars, name)[place]) for name in ("open", "high", "low", "close", "volume"))


def queried(feed: BarFeed, symbol: str, timeframe: Timeframe, opened_at: int) -> tuple[float, ...]:
    """Return what Alpaca answers of one bar."""
    start = from_microseconds(opened_at)
    return row(feed.history(symbol, timeframe, start, start + timeframe.duration), opened_at)


def queries(local: LocalAlpaca) -> int:
    """Return how often bars were queried so far."""
    requests = local.control("GET", "/requests?environment=data")
    return sum(1 for one in requests if one["path"].endswith("/bars"))


def test_a_minute_is_told_by_the_stream_and_is_what_a_query_answers(market: LocalAlpaca) -> None:
    with opened(market) as feed:
        assert isinstance(feed, BarFeed)
        feed.follow([BTC, ETH], MINUTE)
        until(listens(market))
        clock, asked = MarketTime(market), queries(market)
        opened_at = clock.next(MINUTE)
        clock.wait_for(opened_at, MINUTE)
        found = feed.closed([BTC, ETH], MINUTE, opened_at, PATIENCE)
        assert queries(market) == asked
        assert {symbol: bar.opened_at for symbol, bar in found.items()} == {BTC: opened_at, ETH: opened_at}
        for symbol, bar in found.items():
            assert values(bar) == queried(feed, symbol, MINUTE, opened_at)
            assert bar.trade_count is not None
        assert feed.state() == {"status": "up", "crypto": "up"}


def test_without_keys_crypto_is_queried(market: LocalAlpaca) -> None:
    with opened(market, **NO_KEYS) as feed:
        clock = MarketTime(market)
        opened_at = clock.next(MINUTE)
        clock.wait_for(opened_at, MINUTE)
        found = feed.closed([BTC], MINUTE, opened_at, PATIENCE)
        assert values(found[BTC]) == queried(feed, BTC, MINUTE, opened_at)
        assert feed.state() == {"status": "up", "crypto": "up: by query only: no keys are set"}
        with pytest.raises(CredentialsRefused, match="set WEAVER_ALPACA_PAPER_KEY_ID"):
            feed.history("SPY", MINUTE, clock.now() - timedelta(hours=1), clock.now())


@pytest.mark.parametrize("timeframe", [FIVE, Timeframe.parse("1h")], ids=str)
def test_longer_bars_are_what_the_aggregator_makes_of_minutes_also_when_the_feed_began_in_their_midst(
    market: LocalAlpaca, timeframe: Timeframe
) -> None:
    clock = MarketTime(market)
    opened_at = clock.next(timeframe) - timeframe.microseconds
    with opened(market) as feed:
        feed.follow([BTC], timeframe)
        # the bar began before anybody listened
        market.clock(advance=(opened_at + timeframe.microseconds - to_microseconds(clock.now())) / 1e6 - 120)
        clock = MarketTime(market)
        clock.wait_for(opened_at, timeframe)
        bar = feed.closed([BTC], timeframe, opened_at, PATIENCE)[BTC]
        start = from_microseconds(opened_at)
        minutes = feed.history(BTC, MINUTE, start, start + timeframe.duration)
        assert len(minutes) == timeframe.seconds // 60
        assert values(bar) == row(aggregate(minutes, timeframe).bars, opened_at)


def test_a_longer_bar_of_which_minutes_are_not_known_is_left_out(market: LocalAlpaca) -> None:
    with opened(market) as feed:
        feed.follow([BTC], FIVE)
        until(listens(market))
        market.fault("error", environment="data", path="/v1beta3/*", status=503, count=None)
        clock = MarketTime(market)
        opened_at = clock.next(FIVE) - FIVE.microseconds
        clock.wait_for(opened_at, FIVE)
        with capture_logs() as logs:
            assert feed.closed([BTC], FIVE, opened_at, 1.5) == {}
        assert "a bar is left out: not all of its minutes are known" in [entry["event"] for entry in logs]
        assert feed.state()["crypto"].startswith("up: Alpaca cannot be asked")


def test_minutes_go_on_while_the_stream_is_away_and_after_it_is_back(market: LocalAlpaca) -> None:
    with opened(market) as feed:
        feed.follow([BTC], MINUTE)
        until(listens(market))
        clock, states = MarketTime(market), []
        fault: dict[str, Any] = {}
        for number in range(8):
            opened_at = clock.next(MINUTE)
            if number == 1:
                fault = market.fault("refuse_handshake", environment="data", status=503, count=2)
                market.break_streams("cut", stream="crypto", environment="data")
                until(lambda: feed.state()["crypto"].startswith("down"))
            clock.wait_for(opened_at, MINUTE)
            found = feed.closed([BTC], MINUTE, opened_at, PATIENCE)
            assert values(found[BTC]) == queried(feed, BTC, MINUTE, opened_at)
            states.append(feed.state()["crypto"].partition(":")[0])
        assert states[0] == "up"
        assert market.hits(fault) == 2
        until(lambda: feed.state()["status"] == "up")


def test_a_stream_that_does_not_tell_of_bars_is_replaced(market: LocalAlpaca) -> None:
    with opened(market) as feed:
        feed.follow([BTC], MINUTE)
        until(listens(market))
        fault = market.fault("lose", stream="crypto", event="b", count=None)
        clock = MarketTime(market)
        with capture_logs() as logs:
            for _ in range(5):
                opened_at = clock.next(MINUTE)
                clock.wait_for(opened_at, MINUTE)
                found = feed.closed([BTC], MINUTE, opened_at, PATIENCE)
                assert values(found[BTC]) == queried(feed, BTC, MINUTE, opened_at)
        assert market.hits(fault)
        assert "3 bars in a row were not told of" in [entry.get("reason") for entry in logs]


def test_a_symbol_that_does_not_trade_has_no_bar_and_costs_the_patience_only(market: LocalAlpaca) -> None:
    with opened(market) as feed:
        clock = MarketTime(market)
        opened_at = clock.next(MINUTE)
        clock.wait_for(opened_at, MINUTE)
        started = time.monotonic()
        found = feed.closed([BTC, "NOPE/USD"], MINUTE, opened_at, 1.5)
        assert set(found) == {BTC}
        assert 1.0 < time.monotonic() - started < 2.5


def test_an_alpaca_that_does_not_answer_costs_the_patience_only(market: LocalAlpaca) -> None:
    with opened(market, **NO_KEYS) as feed:
        market.fault("hang", environment="data", path="*", count=None)
        started = time.monotonic()
        assert feed.closed([BTC], MINUTE, MarketTime(market).next(MINUTE), 1.0) == {}
        assert time.monotonic() - started < 2.0
        assert feed.state()["status"] == "down"


def test_keys_that_are_not_accepted_are_in_the_state(market: LocalAlpaca) -> None:
    with opened(market, alpaca_paper_secret_key="wrong") as feed:
        feed.follow([BTC], MINUTE)
        until(lambda: feed.state()["status"] == "down")
        assert "Alpaca does not accept the paper keys" in feed.state()["crypto"]
        assert feed.closed([BTC], MINUTE, MarketTime(market).next(MINUTE), 0.5) == {}
        with pytest.raises(CredentialsRefused):
            feed.history(BTC, MINUTE, datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 8, 2, tzinfo=UTC))


def test_a_bar_that_is_corrected_in_time_is_handed_out_corrected_and_later_only_logged(market: LocalAlpaca) -> None:
    with opened(market) as feed:
        feed.follow([BTC], MINUTE)
        until(listens(market))
        clock = MarketTime(market)
        opened_at = clock.next(MINUTE)
        clock.wait_for(opened_at, MINUTE)
        correct(market, opened_at, "2")
        time.sleep(0.2)  # the correction is on its way; nothing tells when it has come
        assert values(feed.closed([BTC], MINUTE, opened_at, PATIENCE)[BTC]) == (2.0, 2.0, 2.0, 2.0, 1.0)
        with capture_logs() as logs:
            correct(market, opened_at, "3")
            until(lambda: any(entry["event"] == "a bar was corrected after it was traded on" for entry in logs))
        assert values(feed.closed([BTC], MINUTE, opened_at, PATIENCE)[BTC])[0] == 2.0


def correct(local: LocalAlpaca, opened_at: int, price: str) -> None:
    """Let a minute of the past have been one price, and be told of again."""
    local.bar(BTC, price, price, price, price, at=f"{from_microseconds(opened_at):%Y-%m-%dT%H:%M:%SZ}")


@pytest.mark.parametrize("timeframe", ["1s", "5s"])
def test_bars_under_a_minute_are_made_of_the_trades_told(tmp_path: Path, timeframe: str) -> None:
    length = Timeframe.parse(timeframe)
    with local_alpaca(tmp_path / "book.jsonl") as market, opened(market) as feed:
        feed.follow([BTC], length)
        until(listens(market))
        clock = MarketTime(market)
        opened_at = clock.next(length)
        for _ in range(2):
            clock.wait_for(opened_at, length)
            started = time.monotonic()
            found = feed.closed([BTC], length, opened_at, PATIENCE)
            assert time.monotonic() - started < 1.0
            start = from_microseconds(opened_at)
            until(lambda: clock.now() > start + length.duration)  # noqa: B023  called at once
            made = feed.history(BTC, length, start, start + length.duration)
            assert {BTC: values(found[BTC])} == {BTC: row(made, opened_at)}
            opened_at += length.microseconds


def test_a_bar_of_trades_of_which_not_all_were_heard_is_left_out(tmp_path: Path) -> None:
    length = Timeframe.parse("5s")
    with local_alpaca(tmp_path / "book.jsonl") as market, opened(market) as feed:
        feed.follow([BTC], length)
        until(listens(market))
        clock = MarketTime(market)
        opened_at = clock.next(length)
        while clock.now() < from_microseconds(opened_at) + timedelta(seconds=1.5):
            time.sleep(0.01)
        market.break_streams("cut", stream="crypto", environment="data")
        clock.wait_for(opened_at, length)
        until(lambda: feed.state()["status"] == "up")
        assert feed.closed([BTC], length, opened_at, 1.0) == {}
        following = opened_at + length.microseconds
        clock.wait_for(following, length)
        assert set(feed.closed([BTC], length, following, 1.0)) == {BTC}


def test_history_is_the_same_however_short_alpacas_pages_are(market: LocalAlpaca) -> None:
    start, end = datetime(2026, 8, 11, 3, 7, tzinfo=UTC), datetime(2026, 8, 11, 4, 20, tzinfo=UTC)
    with opened(market) as feed:
        whole = feed.history(BTC, MINUTE, start, end)
        assert (whole.start_time, whole.end_time, len(whole)) == (start, end, 73)
        market.conditions(page_rows=7)
        assert feed.history(BTC, MINUTE, start, end).content_hash() == whole.content_hash()


@pytest.mark.parametrize("timeframe", ["1m", "5m", "1h", "4h", "1d"])
@pytest.mark.parametrize("symbol", [BTC, "SPY"])
def test_history_has_only_bars_that_are_over(market: LocalAlpaca, symbol: str, timeframe: str) -> None:
    length = Timeframe.parse(timeframe)
    with opened(market) as feed:
        now = MarketTime(market).now()
        bars = feed.history(symbol, length, now - timedelta(days=8), now + timedelta(days=1))
        assert len(bars)
        if symbol == BTC or timeframe != "1d":
            # some minutes of the market have passed meanwhile
            assert bars.end_time <= now + timedelta(minutes=20)
            assert not (bars.time % length.microseconds).any()


def test_days_of_shares_are_labelled_with_the_open_of_their_session(market: LocalAlpaca) -> None:
    with opened(market) as feed:
        days = feed.history("SPY", Timeframe.parse("1d"), datetime(2026, 8, 7, tzinfo=UTC), MarketTime(market).now())
        assert [from_microseconds(at) for at in days.time.tolist()] == [
            datetime(2026, 8, day, 13, 30, tzinfo=UTC) for day in (7, 10, 11)
        ]


def test_minutes_of_shares_come_by_the_free_stream(market: LocalAlpaca) -> None:
    with opened(market) as feed:
        feed.follow(["SPY"], MINUTE)
        until(listens(market, "stocks"))
        clock = MarketTime(market)
        opened_at = clock.next(MINUTE)
        clock.wait_for(opened_at, MINUTE)
        # both kinds share the patience, and the second is followed only now
        found = feed.closed(["SPY", BTC], MINUTE, opened_at, 4 * PATIENCE)
        assert set(found) == {"SPY", BTC}
        assert values(found["SPY"]) == queried(feed, "SPY", MINUTE, opened_at)


def test_a_feed_that_is_not_needed_leaves_its_connection_to_another_and_may_come_back(market: LocalAlpaca) -> None:
    with opened(market) as first, opened(market) as second:
        first.follow([BTC], MINUTE)
        until(lambda: first.state()["status"] == "up")
        second.follow([BTC], MINUTE)
        until(lambda: "one connection" in second.state()[CRYPTO])
        first.unfollow()
        assert first.state()["status"] == "idle"
        until(lambda: second.state()["status"] == "up", 60.0)
        second.unfollow()
        first.follow([BTC], MINUTE)
        until(lambda: first.state()["status"] == "up", 60.0)


def test_an_alpaca_that_is_away_is_said_to_be(market: LocalAlpaca) -> None:
    with opened(market) as feed:
        now = MarketTime(market).now()
        market.kill()
        with pytest.raises(ExchangeUnavailable, match="no connection"):
            feed.history(BTC, MINUTE, now - timedelta(hours=1), now)
        market.start()


def test_whoever_waits_is_let_go_when_the_feed_is_closed(market: LocalAlpaca) -> None:
    with opened(market) as feed:
        feed.follow([BTC], MINUTE)
        until(listens(market))
        ended = threading.Event()
        far = MarketTime(market).next(MINUTE) + 3600 * 1_000_000

        def wait() -> None:
            feed.closed([BTC], MINUTE, far, 60.0)
            ended.set()

        threading.Thread(target=wait, daemon=True).start()
        feed.close()
        assert ended.wait(5.0)

"""Market data of the past and the latest, as alpaca-py reads them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from alpaca.common.exceptions import APIError
from alpaca.data.enums import DataFeed
from alpaca.data.historical import CryptoHistoricalDataClient, StockHistoricalDataClient
from alpaca.data.models import BarSet
from alpaca.data.requests import (
    CryptoBarsRequest,
    CryptoLatestBarRequest,
    CryptoLatestOrderbookRequest,
    CryptoLatestQuoteRequest,
    CryptoLatestTradeRequest,
    CryptoSnapshotRequest,
    CryptoTradesRequest,
    StockBarsRequest,
    StockLatestQuoteRequest,
    StockSnapshotRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

from tests.alpaca_server.client import LocalAlpaca, local_alpaca, until

# A Wednesday; New York opens at 14:30 UTC.
NOW = datetime(2026, 1, 14, 20, 30, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
FIVE_MINUTES = TimeFrame(5, TimeFrameUnit.Minute)


@pytest.fixture
def market(exchange: LocalAlpaca) -> LocalAlpaca:
    """A local Alpaca whose clock stands still, with made-up prices."""
    exchange.reset(start=NOW.isoformat(), speed=0, seed=7)
    exchange.conditions(rate_limit=100_000)
    return exchange


@pytest.fixture
def crypto(market: LocalAlpaca) -> CryptoHistoricalDataClient:
    return CryptoHistoricalDataClient(url_override=market.data_url)


@pytest.fixture
def shares(market: LocalAlpaca) -> StockHistoricalDataClient:
    return StockHistoricalDataClient(market.paper_key_id, market.paper_secret_key, url_override=market.data_url)


def bars_of(answer: Any, symbol: str) -> list[Any]:
    assert isinstance(answer, BarSet)
    return answer.data[symbol]


def raw(market: LocalAlpaca, path: str, **query: Any) -> httpx.Response:
    return httpx.get(f"{market.data_url}{path}", params=query)


def test_the_same_seed_makes_the_same_market(market: LocalAlpaca) -> None:
    query = {"symbols": "BTC/USD", "timeframe": "1Hour", "start": "2026-01-10", "end": "2026-01-12"}

    def rows(seed: int) -> Any:
        market.reset(start=NOW.isoformat(), speed=0, seed=seed)
        return raw(market, "/v1beta3/crypto/us/bars", **query).json()

    assert rows(7) == rows(7) != rows(8)


def test_minutes_appear_when_they_are_over_and_hours_while_they_form(crypto: CryptoHistoricalDataClient) -> None:
    start = NOW - 2 * HOUR
    minutes = bars_of(
        crypto.get_crypto_bars(CryptoBarsRequest(symbol_or_symbols="BTC/USD", timeframe=TimeFrame.Minute, start=start)),
        "BTC/USD",
    )
    assert minutes[-1].timestamp == datetime(2026, 1, 14, 20, 29, tzinfo=UTC)
    assert minutes[0].timestamp == datetime(2026, 1, 14, 18, 31, tzinfo=UTC)
    hours = bars_of(
        crypto.get_crypto_bars(CryptoBarsRequest(symbol_or_symbols="BTC/USD", timeframe=TimeFrame.Hour, start=start)),
        "BTC/USD",
    )
    assert [bar.timestamp.hour for bar in hours] == [19, 20]
    formed = [bar for bar in minutes if bar.timestamp >= hours[-1].timestamp]
    assert (hours[-1].open, hours[-1].trade_count) == (formed[0].open, 30 * 60 + 31)
    assert hours[-1].high >= max(bar.high for bar in formed)


def test_longer_bars_are_made_of_the_shorter_ones(crypto: CryptoHistoricalDataClient) -> None:
    def of(timeframe: Any) -> list[Any]:
        start, end = NOW.replace(hour=3, minute=0, second=0), NOW.replace(hour=9, minute=59, second=0)
        request = CryptoBarsRequest(symbol_or_symbols="ETH/USD", timeframe=timeframe, start=start, end=end)
        return bars_of(crypto.get_crypto_bars(request), "ETH/USD")

    minutes, fives = of(TimeFrame.Minute), of(FIVE_MINUTES)
    assert (len(minutes), len(fives)) == (420, 84)
    for index, bar in enumerate(fives):
        inside = minutes[5 * index : 5 * index + 5]
        assert (bar.timestamp, bar.open, bar.close) == (inside[0].timestamp, inside[0].open, inside[-1].close)
        assert (bar.high, bar.low) == (max(one.high for one in inside), min(one.low for one in inside))
        assert bar.volume == pytest.approx(sum(one.volume for one in inside), abs=1e-6)


def test_pages_may_be_shorter_than_asked_for_and_only_a_null_token_ends(
    market: LocalAlpaca, crypto: CryptoHistoricalDataClient
) -> None:
    request = CryptoBarsRequest(
        symbol_or_symbols=["ETH/USD", "BTC/USD"],
        timeframe=TimeFrame.Minute,
        start=NOW - 2 * HOUR,
    )
    whole = crypto.get_crypto_bars(request)
    market.conditions(page_rows=7)
    try:
        before = len(market.requests("GET", "/v1beta3/crypto/us/bars", "data"))
        assert crypto.get_crypto_bars(request) == whole
        assert len(market.requests("GET", "/v1beta3/crypto/us/bars", "data")) - before == -(-2 * 119 // 7)
        first = raw(market, "/v1beta3/crypto/us/bars", symbols="BTC/USD,ETH/USD", timeframe="1Min").json()
        assert [*first["bars"]] == ["BTC/USD"]
        assert len(first["bars"]["BTC/USD"]) == 7
        assert first["bars"]["BTC/USD"][0]["t"] == "2026-01-14T00:00:00Z"
        assert first["next_page_token"]
    finally:
        market.conditions(page_rows=10_000)


def test_a_day_of_crypto_begins_at_midnight_utc_and_one_of_shares_in_new_york(
    crypto: CryptoHistoricalDataClient, shares: StockHistoricalDataClient
) -> None:
    start = NOW - timedelta(days=6)
    days = bars_of(
        crypto.get_crypto_bars(CryptoBarsRequest(symbol_or_symbols="BTC/USD", timeframe=TimeFrame.Day, start=start)),
        "BTC/USD",
    )
    assert [bar.timestamp for bar in days] == [datetime(2026, 1, day, tzinfo=UTC) for day in range(9, 15)]
    sessions = bars_of(
        shares.get_stock_bars(
            StockBarsRequest(symbol_or_symbols="AAPL", timeframe=TimeFrame.Day, start=start, feed=DataFeed.IEX)
        ),
        "AAPL",
    )
    assert [bar.timestamp for bar in sessions] == [datetime(2026, 1, day, 5, tzinfo=UTC) for day in (9, 12, 13, 14)]


def test_the_latest_of_every_kind_can_be_read(
    crypto: CryptoHistoricalDataClient, shares: StockHistoricalDataClient
) -> None:
    quote: Any = crypto.get_crypto_latest_quote(CryptoLatestQuoteRequest(symbol_or_symbols="BTC/USD"))
    trade: Any = crypto.get_crypto_latest_trade(CryptoLatestTradeRequest(symbol_or_symbols="BTC/USD"))
    bar: Any = crypto.get_crypto_latest_bar(CryptoLatestBarRequest(symbol_or_symbols="BTC/USD"))
    book: Any = crypto.get_crypto_latest_orderbook(CryptoLatestOrderbookRequest(symbol_or_symbols="BTC/USD"))
    snapshot: Any = crypto.get_crypto_snapshot(CryptoSnapshotRequest(symbol_or_symbols="BTC/USD"))
    assert quote["BTC/USD"].bid_price < trade["BTC/USD"].price < quote["BTC/USD"].ask_price
    assert bar["BTC/USD"].timestamp == NOW.replace(minute=29, second=0)
    assert book["BTC/USD"].bids[0].price == quote["BTC/USD"].bid_price
    assert snapshot["BTC/USD"].daily_bar.timestamp == datetime(2026, 1, 14, tzinfo=UTC)
    of_shares: Any = shares.get_stock_latest_quote(
        StockLatestQuoteRequest(symbol_or_symbols=["AAPL", "MSFT"], feed=DataFeed.IEX)
    )
    assert of_shares.keys() == {"AAPL", "MSFT"}
    snapshots: Any = shares.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols="AAPL", feed=DataFeed.IEX))
    assert snapshots["AAPL"].latest_trade.price > 0


def test_trades_of_the_past_make_the_bars(crypto: CryptoHistoricalDataClient) -> None:
    start, end = NOW.replace(minute=10, second=0), NOW.replace(minute=10, second=59)
    trades: Any = crypto.get_crypto_trades(CryptoTradesRequest(symbol_or_symbols="BTC/USD", start=start, end=end))
    [bar] = bars_of(
        crypto.get_crypto_bars(
            CryptoBarsRequest(symbol_or_symbols="BTC/USD", timeframe=TimeFrame.Minute, start=start, end=end)
        ),
        "BTC/USD",
    )
    prices = [trade.price for trade in trades["BTC/USD"]]
    assert len(prices) == 60
    assert (bar.open, bar.high, bar.low, bar.close) == (prices[0], max(prices), min(prices), prices[-1])


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"symbols": "BTCUSD"}, 400, "does not match ^[A-Z]+x?/[A-Z]+$"),
        ({"symbols": "BTC/USD", "colour": "red"}, 400, "unexpected query parameter(s): colour"),
        ({"symbols": "BTC/USD", "limit": 10_001}, 400, "limit"),
        ({"symbols": "BTC/USD", "page_token": "nonsense"}, 400, "page_token"),
        ({"symbols": "BTC/USD", "timeframe": "61Min"}, 400, "timeframe"),
    ],
)
def test_errors_of_data_have_no_code(market: LocalAlpaca, query: dict[str, Any], status: int, words: str) -> None:
    answer = raw(market, "/v1beta3/crypto/us/bars", **{"timeframe": "1Min"} | query)
    assert answer.status_code == status
    assert answer.json().keys() == {"message"}
    assert words in answer.json()["message"]


def test_an_unknown_symbol_is_an_empty_answer(market: LocalAlpaca) -> None:
    answer = raw(market, "/v1beta3/crypto/us/bars", symbols="NONE/USD", timeframe="1Min")
    assert (answer.status_code, answer.json()) == (200, {"bars": {}, "next_page_token": None})


def test_the_consolidated_tape_of_the_last_minutes_costs_money(shares: StockHistoricalDataClient) -> None:
    with pytest.raises(APIError, match="recent SIP data"):
        shares.get_stock_bars(StockBarsRequest(symbol_or_symbols="AAPL", timeframe=TimeFrame.Minute))
    old = StockBarsRequest(
        symbol_or_symbols="AAPL",
        timeframe=TimeFrame.Hour,
        start=NOW - 5 * HOUR,
        end=NOW - HOUR,
    )
    assert bars_of(shares.get_stock_bars(old), "AAPL")


def test_a_given_bar_is_what_the_past_shows(market: LocalAlpaca) -> None:
    market.price("BTC/USD", "60000")
    market.clock(advance=60)
    bar = market.bar("BTC/USD", "60010", "60100.5", "59900", "60050", volume="8")
    assert bar["at"] == int(NOW.replace(second=0).timestamp()) * 1_000_000_000
    query = {"symbols": "BTC/USD", "timeframe": "1Min", "start": "2026-01-14T20:29:00Z"}
    minutes = raw(market, "/v1beta3/crypto/us/bars", **query).json()["bars"]["BTC/USD"]
    given = {"o": 60010, "h": 60100.5, "l": 59900, "c": 60050, "v": 8, "n": 4, "vw": 60015.125}
    assert minutes[1:] == [{"t": "2026-01-14T20:30:00Z", **given}]
    latest = raw(market, "/v1beta3/crypto/us/latest/trades", symbols="BTC/USD").json()
    assert latest["trades"]["BTC/USD"]["p"] == 60050


def test_bars_of_a_file_are_the_past_and_then_happen(tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    closes = {20: "101", 29: "102", 30: "90", 31: "103"}
    rows = [f"2026-01-14T20:{minute}:00Z,100,110,80,{close},5" for minute, close in closes.items()]
    file.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]))
    start = NOW.replace(second=5).isoformat()
    options = ["--start", start, "--speed", "0", "--bars", f"ETH/USD={file}", "--set", "spread_bps=0"]
    with local_alpaca(tmp_path / "book.jsonl", *options) as server:
        query = {"symbols": "ETH/USD", "timeframe": "1Min", "start": "2026-01-14T20:20:00Z"}

        def shown() -> list[tuple[str, float, float]]:
            bars = raw(server, "/v1beta3/crypto/us/bars", **query).json()["bars"]["ETH/USD"]
            return [(bar["t"][14:16], bar["h"], bar["c"]) for bar in bars]

        assert shown() == [("20", 110, 101), ("29", 110, 102)]
        order = {"symbol": "ETH/USD", "side": "buy", "time_in_force": "gtc", "qty": "1"}
        server.place("dip", **order, type="limit", limit_price="85")
        until(lambda: server.audit()["orders"][0]["status"] == "new")
        server.clock(advance=60)
        until(lambda: server.audit()["orders"][0]["status"] == "filled")
        assert server.audit()["executions"][0]["price"] == "85"
        assert shown()[-1] == ("30", 110, 90)

"""Downloads: what the store lacks and nothing else, whole also after an interruption, and clear about what is wrong."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.clock import WallClock
from domain.errors import CredentialsRefused, ExchangeUnavailable, SymbolNotFound
from domain.market import Timeframe, to_microseconds
from interfaces.market_data.alpaca_bars import AlpacaBars
from interfaces.market_data.alpaca_data import open_bars
from interfaces.market_data.alpaca_download import Downloaded, download, lacking
from interfaces.market_data.bar_store import BarStore
from tests.alpaca_server.client import LocalAlpaca, local_alpaca
from tests.interfaces.exchanges.conftest import alpaca_settings

MINUTE = Timeframe.parse("1m")
START, END = datetime(2026, 8, 3, tzinfo=UTC), datetime(2026, 8, 4, tzinfo=UTC)
BTC = "BTC/USD"
HOURS = st.sets(st.integers(0, 47))


@given(HOURS)
def test_what_is_lacking_and_what_is_stored_make_the_whole(hours: set[int]) -> None:
    hour = Timeframe.parse("1h")
    times = np.array([to_microseconds(START + timedelta(hours=at)) for at in sorted(hours)], np.int64)
    stretches = lacking(times, hour, START, START + timedelta(hours=48), timedelta(0))
    covered = set(hours)
    for one in stretches:
        span = range((one.start - START) // hour.duration, (one.end - START) // hour.duration)
        assert not covered & set(span), "asked for twice, or although it is stored"
        covered |= set(span)
    # a few missing bars between others are taken for a market without trades
    assert all(
        {at - 1, at - 2, at - 3} & covered and {at + 1, at + 2, at + 3} & covered for at in set(range(48)) - covered
    )
    assert [one.start for one in stretches] == sorted(one.start for one in stretches)


@pytest.fixture(scope="module")
def alpaca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAlpaca]:
    """A local Alpaca, a fortnight later."""
    book = tmp_path_factory.mktemp("alpaca") / "book.jsonl"
    with local_alpaca(book, "--start", "2026-08-17T12:00:00Z") as server:
        yield server


@pytest.fixture
def bars(alpaca: LocalAlpaca) -> Iterator[AlpacaBars]:
    """Its bars, in pages of half a day."""
    alpaca.conditions(page_rows=700, rate_limit=100_000)
    opened = open_bars(alpaca_settings(alpaca), WallClock())
    yield opened
    opened.close()
    alpaca.clear_faults()


@pytest.fixture
def store(database_url: str) -> BarStore:
    return BarStore(database_url)


def fetched(bars: AlpacaBars, store: BarStore, start: datetime = START, end: datetime = END) -> Downloaded:
    return download(bars, store, BTC, MINUTE, start, end, lambda fraction: None)


def asked(alpaca: LocalAlpaca) -> int:
    return len(alpaca.control("GET", "/requests?environment=data"))


def test_a_download_is_stored_and_done_once(alpaca: LocalAlpaca, bars: AlpacaBars, store: BarStore) -> None:
    told: list[float] = []
    assert download(bars, store, BTC, MINUTE, START, END, told.append) == Downloaded(1440, 1440)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 2
    assert store.load(BTC, MINUTE, START, END).content_hash() == bars.history(BTC, MINUTE, START, END).content_hash()
    before = asked(alpaca)
    assert fetched(bars, store) == Downloaded(0, 0)
    assert asked(alpaca) == before


@pytest.mark.parametrize(
    ("part", "pages"),
    [("everything", 3), ("before", 0), ("before", 2), ("before", 4), ("after", 1), ("between", 1), ("between", 2)],
)
def test_an_interrupted_download_goes_on(
    alpaca: LocalAlpaca, bars: AlpacaBars, store: BarStore, part: str, pages: int
) -> None:
    day = timedelta(days=1)
    for known in {"everything": [], "before": [1], "after": [-1], "between": [-1, 1]}[part]:
        fetched(bars, store, START + known * day, END + known * day)
    alpaca.fault("error", environment="data", path="/v1beta3/*", status=400, skip=pages, count=1)
    with pytest.raises(ExchangeUnavailable, match="the same command goes on from there"):
        fetched(bars, store, START - day, END + day)
    fetched(bars, store, START - day, END + day)
    assert len(store.load(BTC, MINUTE, START - day, END + day)) == 3 * 1440


def test_a_symbol_nobody_knows_is_said_to_be_unknown(bars: AlpacaBars, store: BarStore) -> None:
    with pytest.raises(SymbolNotFound, match="Alpaca has no bars of NOPE/USD: pairs are written as BTC/USD"):
        download(bars, store, "NOPE/USD", MINUTE, START, END, lambda fraction: None)


def test_a_known_symbol_without_bars_in_that_time_is_no_error(bars: AlpacaBars, store: BarStore) -> None:
    saturday = datetime(2026, 8, 8, tzinfo=UTC)
    came = download(bars, store, "SPY", MINUTE, saturday, saturday + timedelta(days=1), lambda fraction: None)
    assert came == Downloaded(0, 0)


def test_shares_without_keys_are_refused_with_what_to_set(alpaca: LocalAlpaca, store: BarStore) -> None:
    names = ("alpaca_paper_key_id", "alpaca_live_key_id")
    keyless = open_bars(alpaca_settings(alpaca, **dict.fromkeys(names)), WallClock())
    with pytest.raises(CredentialsRefused, match="set WEAVER_ALPACA_PAPER_KEY_ID"):
        download(keyless, store, "SPY", MINUTE, START, END, lambda fraction: None)
    assert download(keyless, store, BTC, MINUTE, START, END, lambda fraction: None).bars == 1440
    keyless.close()


def test_days_of_shares_are_not_downloaded_again(alpaca: LocalAlpaca, bars: AlpacaBars, store: BarStore) -> None:
    days = Timeframe.parse("1d")
    first = datetime(2026, 7, 1, tzinfo=UTC)
    came = download(bars, store, "SPY", days, first, END, lambda fraction: None)
    assert came.bars == came.written == 23
    before = asked(alpaca)
    assert download(bars, store, "SPY", days, first, END, lambda fraction: None).written == 0
    assert asked(alpaca) <= before + 1

"""The bar store, against a real PostgreSQL: exact, ordered, and the same in SQL."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo

from application.ports import BarCoverage, BarSource
from domain.errors import BarsInvalid, DatabaseUnavailable, SymbolNotFound
from domain.ids import new_id
from domain.market import Bars, Timeframe, to_microseconds
from domain.run import BarFile
from interfaces.database import migrate, pool
from interfaces.market_data import bar_store
from interfaces.market_data.bar_chunks import CHUNK_BARS, UNTOLD
from interfaces.market_data.bar_store import CHUNKS_AT_ONCE, BarStore, Candle, Chart
from interfaces.market_data.sample_bars import sample_bars
from tests.interfaces.market_data.bar_files import csv_file, row
from tests.interfaces.market_data.stored_bars import MINUTE, SECOND, START, at, everything, flat, require_exact_series
from tests.postgres_servers import fresh_database, with_database


@pytest.fixture
def store(database_url: str) -> BarStore:
    """A store without bars."""
    return BarStore(database_url)


@pytest.fixture(scope="module")
def lasting_url(server_url: str, migrated_template: str) -> Iterator[str]:
    """A database for many examples."""
    with fresh_database(server_url, f"weaver_bar_store_{os.getpid()}", migrated_template) as url:
        yield url


@pytest.fixture(scope="module")
def lasting_store(lasting_url: str) -> BarStore:
    """A store for many examples, each over the ones before."""
    return BarStore(lasting_url)


def test_a_store_is_a_source_of_bars(store: BarStore, tmp_path: Path) -> None:
    source: BarSource = store
    path = csv_file(tmp_path, [row(0), row(1)])

    assert len(source.read_file(BarFile("BTC/USD", str(path)), MINUTE)) == 2
    assert source.coverage("BTC/USD", MINUTE) is None
    assert len(source.load("BTC/USD", MINUTE, None, None)) == 0


def test_saved_bars_come_back_exactly(store: BarStore, database_url: str) -> None:
    bars = sample_bars(days=3)

    assert store.save(bars, "sample") == len(bars)
    assert everything(store, bars.symbol).content_hash() == bars.content_hash()
    assert store.coverage(bars.symbol, MINUTE) == BarCoverage(
        bars.symbol, MINUTE, len(bars), bars.start_time, bars.end_time, "sample"
    )
    require_exact_series(store, database_url)


def test_loaded_columns_are_native_arrays_of_their_own(store: BarStore) -> None:
    store.save(flat([0, 1], 10), "test")

    bars = everything(store)

    assert bars.time.dtype == np.int64
    for column in (bars.open, bars.high, bars.low, bars.close, bars.volume):
        assert column.dtype == np.float64
        assert column.flags.c_contiguous


prices = st.floats(min_value=1e-300, max_value=1e300)
volumes = st.floats(min_value=0, max_value=1e300).map(abs)
moments = st.integers(
    to_microseconds(datetime(1900, 1, 1, tzinfo=UTC)), to_microseconds(datetime(2200, 1, 1, tzinfo=UTC))
)


@st.composite
def any_bars(draw: st.DrawFn) -> Bars:
    time = np.array(sorted(draw(st.sets(moments, max_size=12))), np.int64)
    columns = draw(st.lists(st.tuples(prices, prices, prices, prices, volumes), min_size=len(time), max_size=len(time)))
    values = np.array(columns).reshape(-1, 5)
    four = values[:, :4]
    high, low = four.max(axis=1, initial=0), four.min(axis=1, initial=np.inf)
    daily = Timeframe.parse("1d")
    return Bars("ANY/BARS", daily, time, four[:, 0], high, low, four[:, 3], values[:, 4])


@settings(max_examples=60, deadline=None)
@given(first=any_bars(), second=any_bars())
def test_any_bars_come_back_exactly_the_later_ones_over_the_earlier(
    lasting_store: BarStore, first: Bars, second: Bars
) -> None:
    before = everything(lasting_store, first.symbol, first.timeframe)
    for bars in (first, second):
        lasting_store.save(bars, "test")

    after = everything(lasting_store, first.symbol, first.timeframe)

    expected: dict[int, tuple[float, ...]] = {}
    for bars in (before, first, second):
        columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
        expected |= dict(
            zip(bars.time.tolist(), zip(*(column.tolist() for column in columns), strict=True), strict=True)
        )
    found = (after.open, after.high, after.low, after.close, after.volume)
    assert after.time.tolist() == sorted(expected)
    assert list(zip(*(column.tolist() for column in found), strict=True)) == [expected[t] for t in sorted(expected)]
    coverage = lasting_store.coverage(first.symbol, first.timeframe)
    assert (coverage.bars if coverage else 0) == len(expected)


def test_overlapping_bars_replace_those_of_equal_times(store: BarStore, database_url: str) -> None:
    assert store.save(flat([0, 1, 2, 3], 10), "one") == 4
    assert store.save(flat([2, 3, 4, 5], 20), "two") == 4

    assert everything(store).open.tolist() == [10, 10, 20, 20, 20, 20]
    assert store.coverage("BTC/USD", MINUTE) == BarCoverage("BTC/USD", MINUTE, 6, START, at(6), "one, two")
    require_exact_series(store, database_url)


def test_saving_the_same_again_writes_nothing(store: BarStore) -> None:
    store.save(flat([0, 1, 2], 10), "test")
    before = store.series()

    assert store.save(flat([0, 1, 2], 10), "test") == 0
    assert store.save(flat([1, 2, 3], 10), "test") == 1
    assert [one.source for one in before] == [one.source for one in store.series()] == ["test"]


def test_bars_saved_before_the_earlier_ones_are_loaded_in_order(store: BarStore, database_url: str) -> None:
    far = 3 * CHUNK_BARS
    store.save(flat([10, 11, 12, far], 30), "test")
    store.save(flat([0, 5, 11, CHUNK_BARS], 20), "test")

    # A server that reads the table from its beginning, as it does for large series.
    by_disk = BarStore(make_conninfo(database_url, options="-c enable_indexscan=off -c enable_bitmapscan=off"))
    for bars in (everything(store), everything(by_disk)):
        assert bars.time.tolist() == flat([0, 5, 10, 11, 12, CHUNK_BARS, far], 1).time.tolist()
        assert bars.open.tolist() == [20, 20, 30, 20, 30, 20, 30]
    require_exact_series(store, database_url)


def test_an_import_writes_no_chunk_in_which_nothing_changes(store: BarStore, database_url: str) -> None:
    def written() -> dict[int, str]:
        with psycopg.connect(database_url) as connection:
            return dict(connection.execute("select chunk, xmin::text from bar_chunks").fetchall())

    minutes = list(range(4 * CHUNK_BARS))
    store.save(flat(minutes, 10), "test")
    before = written()
    bars = flat(minutes, 10)
    assert store.save(bars, "test") == 0
    assert written() == before

    bars.close[2 * CHUNK_BARS] = 9  # one array is all four prices
    assert store.save(bars, "test") == 1

    [changed] = dict(written().items() - before.items())
    assert before.keys() == written().keys()
    span = CHUNK_BARS * MINUTE.microseconds
    assert changed * span <= bars.time[2 * CHUNK_BARS] < (changed + 1) * span
    assert everything(store).content_hash() == bars.content_hash()


def test_a_replaced_bar_loses_the_trade_count_of_the_one_before(store: BarStore, database_url: str) -> None:
    store.save(flat([0, 1], 10), "test")
    with psycopg.connect(database_url) as connection:
        connection.execute("update bar_chunks set trade_count = int8send(7) || int8send(7)")

    store.save(flat([0], 20), "test")

    assert [candle.trade_count for candle in store.candles("BTC/USD", MINUTE, None, None, 5)] == [None, 7]


def test_no_bars_store_nothing(store: BarStore) -> None:
    assert store.save(flat([], 10), "test") == 0
    assert store.series() == []


def test_bars_that_break_a_rule_leave_the_store_as_it_was(store: BarStore) -> None:
    store.save(flat([0, 1], 10), "test")
    before = everything(store).content_hash()

    with pytest.raises(BarsInvalid, match="row 2"):
        store.save(flat([2, 2], 20), "test")
    with pytest.raises(BarsInvalid, match="not above zero"):
        store.save(flat([5], 0), "test")

    assert everything(store).content_hash() == before


def test_series_are_kept_apart_and_listed_by_symbol_then_length(store: BarStore) -> None:
    hour = Timeframe.parse("1h")
    for bars in (
        flat([0], 1, "ETH/USD"),
        flat([0, 1], 2, timeframe=hour),
        flat([0], 3),
        flat([0], 4, timeframe=SECOND),
    ):
        store.save(bars, "test")

    assert [(one.symbol, one.timeframe.name, one.bars) for one in store.series()] == [
        ("BTC/USD", "1s", 1),
        ("BTC/USD", "1m", 1),
        ("BTC/USD", "1h", 2),
        ("ETH/USD", "1m", 1),
    ]
    assert everything(store, timeframe=hour).open.tolist() == [2, 2]
    assert everything(store, "ETH/USD").open.tolist() == [1]


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        (None, None, [0, 1, 2, 5]),
        (at(1), None, [1, 2, 5]),
        (None, at(2), [0, 1]),
        (at(1), at(5), [1, 2]),
        (at(3), at(5), []),
        (at(2), at(2), []),
        (at(5), at(1), []),
        (at(0) + timedelta(microseconds=1), at(2) + timedelta(microseconds=1), [1, 2]),
        (datetime(2024, 1, 1, 1, 1, tzinfo=UTC).astimezone(tz=None) - timedelta(hours=1), None, [1, 2, 5]),
    ],
)
def test_a_range_includes_its_start_and_not_its_end(
    store: BarStore, start: datetime | None, end: datetime | None, minutes: list[int]
) -> None:
    store.save(flat([0, 1, 2, 5], 10), "test")

    assert store.load("BTC/USD", MINUTE, start, end).time.tolist() == flat(minutes, 10).time.tolist()


@pytest.mark.parametrize("edge", [0, CHUNK_BARS, 7 * CHUNK_BARS])
@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_a_range_that_ends_at_the_edge_of_a_chunk_is_exact(store: BarStore, edge: int, beside: int) -> None:
    first = to_microseconds(START) // (CHUNK_BARS * MINUTE.microseconds) * CHUNK_BARS
    minutes = first - to_microseconds(START) // MINUTE.microseconds + np.arange(-3, 9 * CHUNK_BARS)
    bars = flat(minutes.tolist(), 10)
    store.save(bars, "test")
    moment = at(int(minutes[0]) + 3 + edge + beside)

    for start, end in ((None, moment), (moment, None)):
        assert store.load("BTC/USD", MINUTE, start, end).content_hash() == bars.between(start, end).content_hash()


# -- the same in SQL -------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(bars=any_bars())
def test_the_view_shows_every_bar_exactly(lasting_store: BarStore, lasting_url: str, bars: Bars) -> None:
    lasting_store.save(bars, "test")
    stored = everything(lasting_store, bars.symbol, bars.timeframe)

    with psycopg.connect(lasting_url, options="-c TimeZone=UTC") as connection:
        rows = connection.execute(
            "select (extract(epoch from time) * 1000000)::bigint, open, high, low, close, volume, trade_count "
            "from bars where symbol = %s and timeframe = %s order by time",
            (bars.symbol, bars.timeframe.name),
        ).fetchall()

    columns = (stored.time, stored.open, stored.high, stored.low, stored.close, stored.volume)
    assert [row[:6] for row in rows] == list(zip(*(column.tolist() for column in columns), strict=True))
    assert {row[6] for row in rows} <= {None}


def test_a_chunk_whose_columns_differ_in_length_is_refused(store: BarStore, database_url: str) -> None:
    store.save(flat([0, 1], 10), "test")
    before = everything(store).content_hash()

    with psycopg.connect(database_url, autocommit=True) as connection:
        for column in ("time", "open", "high", "low", "close", "volume", "trade_count"):
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(f"update bar_chunks set {column} = int8send(0)".encode())

    assert everything(store).content_hash() == before


def test_a_lender_lends_connections_to_short_looks_which_see_the_same(store: BarStore, database_url: str) -> None:
    store.save(flat([0, 1, 2], 100), "test")
    with pool(database_url, max_size=1) as lender:
        borrowing = BarStore(database_url, lender)
        assert borrowing.coverage("BTC/USD", MINUTE) == store.coverage("BTC/USD", MINUTE)
        assert borrowing.series() == store.series()
        assert borrowing.candles("BTC/USD", MINUTE, None, None, 2) == store.candles("BTC/USD", MINUTE, None, None, 2)
        assert lender.get_stats()["requests_num"] == 3

        borrowing.save(flat([3], 101), "test")
        assert everything(borrowing).content_hash() == everything(store).content_hash()
        assert lender.get_stats()["requests_num"] == 3, "long reads and imports have a connection of their own"


# -- candles -------------------------------------------------------------------------------------------------------


def test_candles_are_the_last_of_the_range_oldest_first(store: BarStore) -> None:
    store.save(flat([0, 1, 2, 3, 4], 10), "test")

    def opens(start: datetime | None, end: datetime | None, limit: int) -> list[datetime]:
        return [candle.timestamp for candle in store.candles("BTC/USD", MINUTE, start, end, limit)]

    assert opens(None, None, 2) == [at(3), at(4)]
    assert opens(at(1), at(4), 2) == [at(2), at(3)]
    assert opens(at(1), at(3), 10) == [at(1), at(2)]
    assert opens(at(7), None, 10) == []
    assert opens(None, None, 0) == []


def test_candles_reach_back_over_as_many_chunks_as_it_takes(store: BarStore) -> None:
    minutes = list(range(0, 2 * CHUNKS_AT_ONCE * CHUNK_BARS, 100))
    store.save(flat(minutes, 10), "test")

    for limit in (1, 7, CHUNK_BARS // 100, len(minutes) - 1, len(minutes), len(minutes) + 1):
        shown = store.candles("BTC/USD", MINUTE, None, None, limit)
        assert [candle.timestamp for candle in shown] == [at(minute) for minute in minutes[-limit:]]


def test_a_candle_tells_the_bar_in_utc(store: BarStore) -> None:
    time = np.array([to_microseconds(START)])
    store.save(Bars("BTC/USD", MINUTE, time, *map(np.atleast_1d, (10.1, 12.2, 9.3, 11.4, 5.5))), "test")

    [candle] = store.candles("BTC/USD", MINUTE, None, None, 1)

    assert candle == Candle("BTC/USD", "1m", START, 10.1, 12.2, 9.3, 11.4, 5.5, None)
    assert candle.timestamp.utcoffset() == timedelta(0)


# -- charts --------------------------------------------------------------------------------------------------------


def test_a_chart_that_has_room_for_every_bar_shows_the_bars_themselves(store: BarStore) -> None:
    store.save(flat([0, 1, 2, 700, 1500], 10), "test")

    chart = store.chart("BTC/USD", MINUTE, None, None, 5)

    assert (chart.timeframe, chart.seconds) == ("1m", 60)
    assert chart.candles == store.candles("BTC/USD", MINUTE, None, None, 5)
    part = store.chart("BTC/USD", MINUTE, at(1), at(701), 3)
    assert part.candles == store.candles("BTC/USD", MINUTE, at(1), at(701), 3)


def test_a_chart_of_nothing_is_empty(store: BarStore) -> None:
    assert store.chart("BTC/USD", MINUTE, None, None, 2) == Chart("1m", 60, [])
    store.save(flat([0], 10), "test")
    assert store.chart("BTC/USD", MINUTE, at(1), at(2), 2) == Chart("1m", 60, [])


@settings(deadline=None, max_examples=40)
@given(
    gaps=st.lists(st.sampled_from([1, 1, 1, 2, 500, 1_441]), min_size=1, max_size=80),
    most=st.integers(2, 30),
    start=st.none() | st.integers(-10, 3_000),
    end=st.none() | st.integers(-10, 60_000),
    data=st.data(),
)
def test_a_chart_is_what_a_loop_over_the_stored_bars_adds_up(
    lasting_store: BarStore, gaps: list[int], most: int, start: int | None, end: int | None, data: st.DataObject
) -> None:
    minutes = np.cumsum(gaps)
    columns = np.array(data.draw(st.lists(st.tuples(*[st.integers(1, 9)] * 3), min_size=len(gaps), max_size=len(gaps))))
    opens, closes, volumes = columns.T.astype(float)
    time = to_microseconds(START) + minutes * MINUTE.microseconds
    symbol = f"C{new_id().hex[-20:]}"
    highs, lows = np.maximum(opens, closes) + 1, np.minimum(opens, closes) / 2
    lasting_store.save(Bars(symbol, MINUTE, time, opens, highs, lows, closes, volumes), "test")
    bounds = None if start is None else at(start), None if end is None else at(end)

    chart = lasting_store.chart(symbol, MINUTE, *bounds, most)

    bars = lasting_store.candles(symbol, MINUTE, *bounds, len(gaps))
    assert len(chart.candles) <= most
    length = timedelta(seconds=chart.seconds)
    assert {candle.timeframe for candle in chart.candles} <= {chart.timeframe}
    placed = []
    for candle in chart.candles:
        inside = [bar for bar in bars if candle.timestamp <= bar.timestamp < candle.timestamp + length]
        placed += inside
        assert (candle.open, candle.close) == (inside[0].open, inside[-1].close)
        assert (candle.high, candle.low) == (max(bar.high for bar in inside), min(bar.low for bar in inside))
        assert (candle.volume, candle.trade_count) == (sum(bar.volume for bar in inside), None)
    assert placed == bars


def test_a_long_chart_is_added_up_stretch_by_stretch(store: BarStore, monkeypatch: pytest.MonkeyPatch) -> None:
    bars = sample_bars(days=5)
    store.save(bars, "sample")
    at_once = store.chart(bars.symbol, MINUTE, None, None, 100)
    monkeypatch.setattr(bar_store, "CHUNKS_SUMMED_AT_ONCE", 1)

    in_stretches = store.chart(bars.symbol, MINUTE, None, None, 100)

    assert at_once.timeframe == in_stretches.timeframe == "2h"
    assert len(in_stretches.candles) == 60
    volumes = [candle.volume for candle in at_once.candles]
    assert [candle.volume for candle in in_stretches.candles] == pytest.approx(volumes)
    assert [replace(candle, volume=0) for candle in in_stretches.candles] == [
        replace(candle, volume=0) for candle in at_once.candles
    ]


def test_trades_are_counted_where_every_bar_tells_them(store: BarStore, database_url: str) -> None:
    store.save(flat([0, 1, 2, 3, 4, 5], 10), "test")
    with psycopg.connect(database_url, autocommit=True) as connection:
        counts = np.array([3, 4, 5, 6, UNTOLD, 7], ">i8").tobytes()
        connection.execute("update bar_chunks set trade_count = %s", (counts,))

    chart = store.chart("BTC/USD", MINUTE, None, None, 3)

    assert [(candle.timestamp, candle.trade_count) for candle in chart.candles] == [
        (at(0), 7),
        (at(2), 11),
        (at(4), None),
    ]


# -- what is not there ---------------------------------------------------------------------------------------------


def test_a_symbol_without_bars_is_refused_with_what_to_do(store: BarStore) -> None:
    with pytest.raises(SymbolNotFound) as empty:
        store.require_coverage("BTC/USD", MINUTE)
    store.save(flat([0], 1, "ETH/USD"), "test")
    store.save(flat([0], 1, timeframe=SECOND), "test")
    with pytest.raises(SymbolNotFound) as other:
        store.require_coverage("BTC/USD", MINUTE)

    how = "import them with weaver data import FILE --symbol BTC/USD --timeframe 1m"
    assert empty.value.message == f"no bars of BTC/USD 1m are stored (nothing is stored): {how}"
    assert other.value.message == f"no bars of BTC/USD 1m are stored (stored are BTC/USD 1s, ETH/USD 1m): {how}"


def test_of_many_series_some_are_named(store: BarStore) -> None:
    for number in range(15):
        store.save(flat([0], 1, f"COIN{number:02}/USD"), "test")

    with pytest.raises(SymbolNotFound, match=r"COIN10/USD 1m, COIN11/USD 1m and 3 more\)"):
        store.require_coverage("BTC/USD", MINUTE)


def test_a_database_that_is_away_is_said_to_be_so(server_url: str) -> None:
    store = BarStore(with_database(server_url, "weaver_of_nobody"))

    for call in (store.series, lambda: everything(store), lambda: store.save(flat([0], 1), "test")):
        with pytest.raises(DatabaseUnavailable):
            call()


def test_the_oldest_supported_server_does_it_too(system_database_url: str) -> None:
    migrate(system_database_url)
    store = BarStore(system_database_url)
    bars = sample_bars(days=2)

    store.save(bars.between(None, bars.start_time + timedelta(days=1)), "test")
    store.save(bars, "test")

    assert everything(store, bars.symbol).content_hash() == bars.content_hash()
    require_exact_series(store, system_database_url)

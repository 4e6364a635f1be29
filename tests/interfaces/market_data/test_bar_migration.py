"""Bars stored as rows before they were stored in chunks: moved there and back without a bit lost."""

import psycopg
import pytest

from domain.market import TIMEFRAMES, Bars, Timeframe
from interfaces.database import connect, downgrade, migrate
from interfaces.market_data.bar_chunks import POSTGRES_EPOCH
from interfaces.market_data.bar_store import BarStore
from interfaces.market_data.sample_bars import sample_bars

ROWS = "select *, (extract(epoch from time) * 1000000)::bigint from bars order by symbol, timeframe, time"


@pytest.fixture(params=["embedded", "system"])
def old_url(request: pytest.FixtureRequest) -> str:
    """A database in which bars are rows, on each kind of server."""
    kind = "empty_database_url" if request.param == "embedded" else "system_database_url"
    url = str(request.getfixturevalue(kind))
    migrate(url)
    downgrade(url, "0001")
    return url


def series() -> list[Bars]:
    """Return bars of every timeframe, around 1970 and around 2000, in numbers that take all digits."""
    made = []
    for place, name in enumerate(TIMEFRAMES):
        timeframe = Timeframe.parse(name)
        sample = sample_bars(days=1, seed=place)
        time = (sample.time - sample.time[0]) // 60_000_000 * timeframe.microseconds - 700 * timeframe.microseconds
        time += (place % 2) * POSTGRES_EPOCH
        open_, high, low, close = (column / 3 for column in (sample.open, sample.high, sample.low, sample.close))
        made.append(Bars("OLD/USD", timeframe, time, open_, high, low, close, sample.volume * 1e-9))
    return made


def insert_rows(connection: psycopg.Connection[tuple[object, ...]], bars: Bars) -> None:
    with connection.cursor().copy(
        "copy bars (symbol, timeframe, time, open, high, low, close, volume, trade_count) from stdin"
    ) as copy:
        columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
        for place, (time, *values) in enumerate(
            zip(bars.time.astype("datetime64[us]").tolist(), *(column.tolist() for column in columns), strict=True)
        ):
            copy.write_row((bars.symbol, bars.timeframe.name, time, *values, place if place % 900 == 3 else None))


def test_rows_become_chunks_and_rows_again(old_url: str) -> None:
    saved = series()
    with connect(old_url) as connection:
        for bars in saved:
            insert_rows(connection, bars)
        before = connection.execute(ROWS).fetchall()

    migrate(old_url)

    store = BarStore(old_url)
    for bars in saved:
        assert store.load(bars.symbol, bars.timeframe, None, None).content_hash() == bars.content_hash()
        told = {candle.trade_count for candle in store.candles(bars.symbol, bars.timeframe, None, None, len(bars))}
        assert told == {None, 3, 903}
        assert store.save(bars, "again") == 0  # every chunk has the number that an import gives it
    with connect(old_url) as connection:
        assert connection.execute(ROWS).fetchall() == before

    downgrade(old_url, "0001")
    with connect(old_url) as connection:
        assert connection.execute(ROWS).fetchall() == before
        kind = connection.execute("select relkind::text from pg_class where relname = 'bars'").fetchone()
        assert kind == ("r",)


def test_a_dumped_table_of_chunks_is_restored_bit_for_bit(database_url: str) -> None:
    bars = sample_bars(days=1)
    store = BarStore(database_url)
    store.save(bars, "test")
    with connect(database_url) as connection, connection.cursor() as cursor:
        with cursor.copy("copy bar_chunks to stdout") as copy:
            dumped = b"".join(copy)
        cursor.execute("truncate bar_chunks")
        with cursor.copy("copy bar_chunks from stdin") as copy:
            copy.write(dumped)

    assert store.load(bars.symbol, bars.timeframe, None, None).content_hash() == bars.content_hash()

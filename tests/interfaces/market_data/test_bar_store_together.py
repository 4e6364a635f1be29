"""The bar store used by many at once, and left by writers that die: every import is seen whole or not at all."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from domain.errors import DatabaseUnavailable
from interfaces.market_data.bar_chunks import CHUNK_BARS
from interfaces.market_data.bar_store import BarStore
from tests.interfaces.market_data.stored_bars import MINUTE, SECOND, everything, flat, require_exact_series


@pytest.fixture
def store(database_url: str) -> BarStore:
    """A store without bars."""
    return BarStore(database_url)


def test_imports_of_one_series_at_the_same_time_all_arrive(store: BarStore, database_url: str) -> None:
    begin = threading.Barrier(6)

    def save(number: int) -> int:
        begin.wait(10)
        return store.save(flat(list(range(number * 100, number * 100 + 200)), number + 1.0), f"source {number}")

    with ThreadPoolExecutor(6) as threads:
        written = list(threads.map(save, range(6)))

    assert written == [200] * 6
    assert len(everything(store)) == 700
    require_exact_series(store, database_url)
    coverage = store.require_coverage("BTC/USD", MINUTE)
    assert sorted(coverage.source.split(", ")) == [f"source {number}" for number in range(6)]


def test_a_load_sees_an_import_whole_or_not_at_all(store: BarStore) -> None:
    seconds = list(range(0, 200 * CHUNK_BARS, 25))
    store.save(flat(seconds, 1, timeframe=SECOND), "test")
    done = threading.Event()

    def replace() -> None:
        try:
            for price in range(2, 8):
                store.save(flat(seconds, price, timeframe=SECOND), "test")
        finally:
            done.set()

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(replace)
        seen: list[set[float]] = []
        while not done.is_set() or not seen or seen[-1] != {7.0}:
            seen.append(set(everything(store, timeframe=SECOND).open.tolist()))
            if done.is_set():
                writing.result(10)

    assert all(len(prices) == 1 for prices in seen)
    assert len(seen) > 1


def test_an_import_that_dies_leaves_nothing(store: BarStore, database_url: str) -> None:
    store.save(flat([0], 1), "test")
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(
            "create function die() returns trigger language plpgsql as $$ begin "
            "perform pg_terminate_backend(pg_backend_pid()); return new; end $$"
        )
        admin.execute("create trigger die before update on bar_series for each row execute function die()")
        with pytest.raises(DatabaseUnavailable):
            store.save(flat([0, 1, 2], 2), "test")
        admin.execute("drop trigger die on bar_series")

    assert everything(store).open.tolist() == [1]
    assert store.save(flat([0, 1, 2], 2), "test") == 3
    require_exact_series(store, database_url)


def test_a_database_whose_transactions_are_strict_merges_all_the_same(store: BarStore, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'alter database "{name}" set default_transaction_isolation to serializable'.encode())

    test_imports_of_one_series_at_the_same_time_all_arrive(store, database_url)
